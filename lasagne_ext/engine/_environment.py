"""Checks of what is installed on this machine, and errors where it does not fit."""
import contextlib
import importlib
import os
import shutil
import sys
import sysconfig
import warnings
from importlib import metadata

from lasagne_ext.engine import _imports


class EngineError(ImportError):
    """Lasagne cannot run in this environment; the message says what would help."""


class EngineWarning(UserWarning):
    """Lasagne runs, but slower than it could; the message says what would help."""


#: Files that stand between the line which imports a package and what is done about it.
_OF_IMPORTS = (os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep, contextlib.__file__,
               importlib.__file__, '<frozen importlib')


def warn(message):
    """Issue an EngineWarning at the line of the program that has imported Theano or Lasagne."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_OF_IMPORTS):
        frame = frame.f_back
    warnings.warn_explicit(message, EngineWarning, frame.f_code.co_filename, frame.f_lineno)


def installed_version(distribution):
    """Return the version of an installed distribution, or None."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def version_tuple(version, length=2):
    """Return the leading numbers of a version: ``'1.23.5rc1'`` gives ``(1, 23)``."""
    numbers = []
    for part in version.split('.')[:length]:
        digits = ''.join(c for c in part if c.isdigit())
        numbers.append(int(digits or 0))
    return tuple(numbers)


#: PyTensor's versions that the facade is tested with: from the first on, to before the second.
PYTENSOR_RANGE = ((3, 3, 5), (3, 4))


def check_pytensor_can_run():
    """Refuse, in one clear sentence, an environment in which the engine `pytensor` cannot run.

    Raises
    ------
    EngineError
        With the command that mends the environment.
    """
    first, beyond = ['.'.join(map(str, version)) for version in PYTENSOR_RANGE]
    requirement = 'pytensor>=%s,<%s' % (first, beyond)
    if sys.version_info[:2] < (3, 12):
        raise EngineError('the engine "pytensor" needs Python 3.12 or newer, this is Python %d.%d; '
                          'on it use the engine "theano": unset LASAGNE_EXT_ENGINE and '
                          'pip install "Theano==1.0.5"' % sys.version_info[:2])
    version = installed_version('pytensor')
    if version is None:
        raise EngineError('PyTensor is not installed; mend it with: pip install "%s"' % requirement)
    if not PYTENSOR_RANGE[0] <= version_tuple(version, 3) < PYTENSOR_RANGE[1]:
        raise EngineError('PyTensor %s is outside the range that lasagne_ext is tested with; mend it '
                          'with: pip install "%s"' % (version, requirement))


def check_theano_can_run():
    """Refuse, in one clear sentence, an environment in which Theano 1.0.5 cannot be imported.

    Raises
    ------
    EngineError
        With the command that mends the environment.
    """
    if not (3, 8) <= sys.version_info[:2] < (3, 12):
        raise EngineError('the engine "theano" needs Python 3.8 to 3.11, since Theano 1.0.5 cannot be '
                          'installed elsewhere; this is Python %d.%d, use the engine "pytensor": unset '
                          'LASAGNE_EXT_ENGINE' % sys.version_info[:2])
    if _imports.find_elsewhere('theano') is None:
        raise EngineError('Theano is not installed; mend it with: pip install "Theano==1.0.5"')
    numpy = installed_version('numpy')
    if numpy is not None and version_tuple(numpy) >= (1, 24):
        raise EngineError('Theano 1.0.5 cannot run on NumPy %s; mend it with: '
                          'pip install "numpy>=1.19,<1.24" "scipy<1.14"' % numpy)


@contextlib.contextmanager
def silent_warnings():
    """Hide, for a ``with`` block, what Python warns of when it imports packages that will stay as they are."""
    with warnings.catch_warnings():
        for category in (DeprecationWarning, FutureWarning, SyntaxWarning, PendingDeprecationWarning):
            warnings.simplefilter('ignore', category)
        yield


def missing_compiler():
    """Return why C++ code cannot be compiled here, with the remedy, or None where it can."""
    names = ['clang++'] if sys.platform == 'darwin' else ['g++']
    if not any(shutil.which(name) for name in names):
        return ('no C++ compiler (%s) was found: networks run in pure Python, many times '
                'slower. Install one (Debian and Ubuntu: apt-get install '
                'g++; Fedora: dnf install gcc-c++; conda: conda install gxx; macOS: '
                'xcode-select --install) and restart Python' % ' or '.join(names))
    include = sysconfig.get_path('include')
    if not os.path.exists(os.path.join(include, 'Python.h')):
        return ('the header files of Python are missing (no Python.h in %s): networks run in pure '
                'Python, many times slower. Install them (Debian and Ubuntu: apt-get install '
                'python3-dev; Fedora: dnf install python3-devel) and restart Python' % include)
    return None
