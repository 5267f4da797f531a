"""Running an unmodified program with the engine active."""
import os
import subprocess
import sys

from lasagne_ext import _bootstrap


class ScriptError(Exception):
    """The program could not be read; nothing of it has been run."""


def run_script(path, arguments):
    """Run a Python file as ``python PATH ARGUMENTS`` would, Theano and Lasagne importable.

    The program is ``__main__``, sees its own ``sys.argv`` and folder, and ends as it would alone: an
    error leaves with its traceback, which starts in the program, and ``sys.exit`` with its status.
    Theano is imported when the program does it, so that settings it makes before are heeded.

    Parameters
    ----------
    path : str
        The program.
    arguments : list of str
        What follows it on the command line.

    Returns
    -------
    int
        The program's exit status, where this process could not become the program.

    Raises
    ------
    ScriptError
        If the file cannot be read.
    """
    try:
        open(path, 'rb').close()
    except OSError as error:
        raise ScriptError('cannot open %r: %s' % (path, error.strerror)) from None
    command = [sys.executable, *subprocess._args_from_interpreter_flags(), _bootstrap.__file__, path,
               *arguments]
    if os.name == 'posix':
        sys.stdout.flush()
        sys.stderr.flush()
        os.execv(sys.executable, command)
    return subprocess.call(command)
