"""Runs a program so that its first ``import theano`` or ``import lasagne`` activates the engine.

Started by path in a process of its own, before lasagne_ext is imported, so that the program may still
set ``THEANO_FLAGS`` and the like for itself. It stands alone: importing the package would be too late.
"""
import importlib.abc
import importlib.util
import os
import sys
import types


class _Activator(importlib.abc.MetaPathFinder):
    """Imports lasagne_ext in place of the first of the packages that it makes importable."""

    def __init__(self, package_folder):
        self._package_folder = package_folder

    def find_spec(self, name, path=None, target=None):
        if name not in ('theano', 'lasagne', 'lasagne_ext'):
            return None
        sys.meta_path.remove(self)
        if importlib.util.find_spec('lasagne_ext') is None:
            sys.path.append(self._package_folder)
        if name == 'lasagne_ext':
            return importlib.util.find_spec(name)
        __import__('lasagne_ext')
        module = sys.modules[name]
        spec = importlib.util.spec_from_loader(name, _Loaded(module))
        # Python takes the spec of a module that has appeared meanwhile, and would load it again.
        module.__spec__ = spec
        return spec


class _Loaded(importlib.abc.Loader):
    """Hands out a module that is there already, as it is."""

    def __init__(self, module):
        self._module, self._spec = module, module.__spec__

    def create_module(self, spec):
        return self._module

    def exec_module(self, module):
        module.__spec__ = self._spec


def _is_program(frame):
    return frame.f_globals is sys.modules['__main__'].__dict__


def _hide_our_frames():
    """Let the traceback about to be printed start in the program, whoever prints it."""
    print_exception = sys.excepthook

    def excepthook(kind, value, traceback):
        while traceback is not None and not _is_program(traceback.tb_frame):
            traceback = traceback.tb_next
        print_exception(kind, value.with_traceback(traceback), traceback)

    sys.excepthook = excepthook


def run(path, arguments):
    """Run a Python file as ``python PATH ARGUMENTS`` would."""
    with open(path, 'rb') as f:
        source = f.read()
    sys.meta_path.insert(0, _Activator(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
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


if __name__ == '__main__':
    run(sys.argv[1], sys.argv[2:])
