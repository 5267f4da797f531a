"""The kernels behind the operations: compiled where possible, NumPy otherwise.

This module holds what they share: the library, and the number of threads. :mod:`.sampling` samples
images at points, :mod:`.nn` convolves and pools, :mod:`.mrg` draws random numbers: functions of arrays, each
calling its kernel in C, or where there is none its NumPy reference beside it. Read a kernel from its
reference: ``sampling_reference.py``, then ``sample.c``, which lists its headers in the order in which a value
passes through them.
"""
import os

from lasagne_ext.checks import is_whole
from lasagne_ext.kernels._library import KernelWarning, Library, load_library

__all__ = ['KernelWarning', 'Library', 'get_num_threads', 'library', 'set_num_threads']

#: The :class:`Library` in use, or None: NumPy does everything.
library = load_library()

_threads = library.default_threads() if library else 1


def get_num_threads():
    """Return how many threads a kernel may use.

    Returns
    -------
    int
        At first ``OMP_NUM_THREADS`` or the number of processors; 1 without compiled kernels.

    Examples
    --------
    >>> from lasagne_ext.ops import get_num_threads
    >>> get_num_threads() >= 1
    True
    """
    return _threads


def set_num_threads(count):
    """Set how many threads a kernel may use. Results do not depend on it.

    Parameters
    ----------
    count : int
        At least 1.

    Raises
    ------
    ValueError
        If `count` is not a positive whole number.

    Examples
    --------
    >>> from lasagne_ext.ops import get_num_threads, set_num_threads
    >>> before = get_num_threads()
    >>> set_num_threads(1)
    >>> get_num_threads()
    1
    >>> set_num_threads(before)
    """
    global _threads
    if not is_whole(count) or count < 1:
        raise ValueError('the number of threads must be a positive int, got %r' % (count,))
    _threads = int(count)
    if library is not None:
        library.set_threads(_threads)


# GNU OpenMP hangs in a process forked from one that has used it, unless it stays alone.
if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=lambda: set_num_threads(1))
