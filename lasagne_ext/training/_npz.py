"""Archives of arrays: written whole or not at all, and read without trusting them."""
import contextlib
import io
import os
import re
import secrets
import socket
import sys
import zipfile
from collections import OrderedDict

import numpy as np

#: What an archive is called while it is being written: of which machine and process it is.
_TEMPORARY = '.lasagne_ext-checkpoint-%s-%s-%s.tmp'

#: What the messages of the reader of NumPy's format call arrays of Python objects.
_OF_OBJECTS = 'allow_pickle'


class CheckpointError(ValueError):
    """A checkpoint cannot be written or read, or does not fit; the message names the file.

    Attributes
    ----------
    of_another : bool
        Whether it is whole, but of another network or another training.
    """

    of_another = False


def write(path, arrays):
    """Put an archive in the place of the file at `path`, if there is one, in a single step.

    Parameters
    ----------
    path : str
    arrays : dict
        Name -> array, none of Python objects.

    Raises
    ------
    OSError
        If it cannot be written; the file that was there is still there.
    """
    path = os.path.realpath(path)                 # a link stays one
    folder = os.path.dirname(path)
    _remove_leftovers(folder)
    temporary = os.path.join(folder, _TEMPORARY % (_machine(), os.getpid(), secrets.token_hex(4)))
    try:
        with open(temporary, 'xb') as f:
            with zipfile.ZipFile(f, 'w') as archive:
                for name, array in arrays.items():
                    with archive.open(name + '.npy', 'w', force_zip64=True) as member:
                        np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
            # A new name that reaches the disk before its contents would stand for an empty file.
            f.flush()
            os.fsync(f.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.remove(temporary)
        raise
    _sync_folder(folder)


def _sync_folder(folder):
    """Have the new name on disk too, where the operating system and the file system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _machine():
    return re.sub(r'[^A-Za-z0-9.]', '_', socket.gethostname())[:60]


def _remove_leftovers(folder):
    """Remove what processes of this machine left behind when they were killed while writing."""
    pattern = re.compile(_TEMPORARY.replace('.', r'\.') % (re.escape(_machine()), r'(\d+)', '[0-9a-f]+'))
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            found = pattern.fullmatch(name)
            if found and not _runs(int(found.group(1))):
                with contextlib.suppress(OSError):
                    os.remove(os.path.join(folder, name))


def _runs(process):
    """Whether a process may still be running."""
    if process == os.getpid():
        return True
    if sys.platform == 'win32':
        # Asking would end it there; but a file that is open cannot be removed.
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        pass
    return True


def read(path, allow_pickle=False):
    """All arrays of an archive.

    Parameters
    ----------
    path : str
    allow_pickle : bool
        Whether arrays of Python objects are loaded, which may run any program.

    Returns
    -------
    OrderedDict
        Name -> array.

    Raises
    ------
    OSError
        If the file cannot be opened.
    CheckpointError
        If it is not a whole archive of arrays.
    """
    with open(path, 'rb') as f:
        try:
            archive = zipfile.ZipFile(f)
            # Bytes first: only when all of a member has been read is its checksum compared.
            return OrderedDict(
                (re.sub(r'\.npy$', '', name), np.lib.format.read_array(
                    io.BytesIO(archive.read(name)), allow_pickle, {'encoding': 'latin1'}))
                for name in archive.namelist())
        except Exception as error:                # a damaged file makes the readers fail in any way
            if _OF_OBJECTS in str(error):
                raise CheckpointError(
                    '%s: holds an array of Python objects, as numpy.savez makes of a list without a star; '
                    'reading it can run any program that its maker put there, so it is done only when '
                    'asked for, with allow_pickle=True' % path) from error
            raise CheckpointError('%s: is damaged or was cut off (%s)'
                                  % (path, error or type(error).__name__)) from error
