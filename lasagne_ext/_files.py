"""Write files whole or not at all."""
import contextlib
import os
import re
import secrets
import socket
import sys

#: Name of a file while it is being written, with the machine and the process.
_UNFINISHED = '.lasagne_ext-%s-%s-%s.tmp'


@contextlib.contextmanager
def whole_file(path):
    """Write a file under another name, which takes the place of `path` once all is on the disk.

    Parameters
    ----------
    path : str
        Name of the file in the end; of a link, the file that it leads to is replaced.

    Yields
    ------
    str
        The name to write to, in the same folder. When the block ends in an error that file is removed, and
        what was at `path` is still there. What a killed process leaves is removed by the next file that is
        written in that folder.
    """
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    _remove_leftovers(folder)
    # Not by tempfile, whose files nobody else may read.
    unfinished = os.path.join(folder, _UNFINISHED % (_machine_name(), os.getpid(), secrets.token_hex(4)))
    try:
        yield unfinished
        # A new name that reaches the disk before its contents would stand for an empty file.
        with open(unfinished, 'rb+') as f:
            os.fsync(f.fileno())
        os.replace(unfinished, target)
    except OSError as error:
        if error.filename == unfinished:     # nobody knows that name
            error.filename = path
        raise
    finally:
        with contextlib.suppress(OSError):
            os.remove(unfinished)
    # The new name on the disk too, where the operating system and the file system can.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _machine_name():
    return re.sub(r'[^A-Za-z0-9.]', '_', socket.gethostname())[:60]


def _remove_leftovers(folder):
    """Remove what processes of this machine left behind when they were killed while writing."""
    # Checkpoints had a name of their own before.
    pattern = re.compile(r'\.lasagne_ext-(?:checkpoint-)?%s-(\d+)-[0-9a-f]+\.tmp'
                         % re.escape(_machine_name()))
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            found = pattern.fullmatch(name)
            if found and not _is_running(int(found.group(1))):
                with contextlib.suppress(OSError):
                    os.remove(os.path.join(folder, name))


def _is_running(process):
    """Return whether a process may still be running."""
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
