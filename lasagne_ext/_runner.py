"""Running an unmodified program with the engine active."""
import os
import sys
import types


class ScriptError(Exception):
    """The program could not be read; nothing of it has been run."""


def run_script(path, arguments):
    """Run a Python file as ``python PATH ARGUMENTS`` would, Theano and Lasagne importable.

    The program is ``__main__``, sees its own ``sys.argv`` and folder, and ends as it would alone:
    an error leaves with its traceback, which starts in the program, and ``sys.exit`` with its
    status.

    Parameters
    ----------
    path : str
        The program.
    arguments : list of str
        What follows it on the command line.

    Raises
    ------
    ScriptError
        If the file cannot be read.
    """
    try:
        with open(path, 'rb') as f:
            source = f.read()
    except OSError as error:
        raise ScriptError('cannot open %r: %s' % (path, error.strerror)) from None
    # Since 3.9 the interpreter tells a program its absolute path, while argv[0] stays as typed.
    file_name = os.path.abspath(path) if sys.version_info >= (3, 9) else path
    module = types.ModuleType('__main__')
    module.__dict__.update(__file__=file_name, __cached__=None, __builtins__=__builtins__)
    sys.modules['__main__'] = module
    sys.argv[:] = [path] + arguments
    sys.path[0] = os.path.dirname(os.path.realpath(path))
    try:
        exec(compile(source, file_name, 'exec', dont_inherit=True), module.__dict__)
    except SystemExit:
        raise
    except BaseException:
        _hide_our_frames()
        raise


def _hide_our_frames():
    """Let the traceback about to be printed start in the program, whoever prints it."""
    print_exception = sys.excepthook

    def excepthook(kind, value, traceback):
        while traceback is not None and not _is_program(traceback.tb_frame):
            traceback = traceback.tb_next
        print_exception(kind, value.with_traceback(traceback), traceback)

    sys.excepthook = excepthook


def _is_program(frame):
    return frame.f_globals is sys.modules['__main__'].__dict__
