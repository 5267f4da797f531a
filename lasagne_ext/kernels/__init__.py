"""The kernels behind the operations: compiled where possible, NumPy otherwise."""
import numbers
import os

from lasagne_ext.kernels._library import KernelWarning, load_library
from lasagne_ext.kernels._modes import BORDER_MODES, INTERPOLATIONS, POINTS, SamplingMode

__all__ = ['BORDER_MODES', 'INTERPOLATIONS', 'KernelWarning', 'POINTS', 'SamplingMode',
           'footprint_sample', 'footprint_sample_backward', 'get_num_threads', 'library', 'sample',
           'sample_backward', 'set_num_threads']

library = load_library()

_threads = library.default_threads() if library else 1


def get_num_threads():
    """Tell how many threads a kernel may use.

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
    if isinstance(count, bool) or not isinstance(count, numbers.Integral) or count < 1:
        raise ValueError('the number of threads must be a positive int, got %r' % (count,))
    _threads = int(count)
    if library is not None:
        library.set_threads(_threads)


# GNU OpenMP hangs in a process forked from one that has used it, unless it stays alone.
if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=lambda: set_num_threads(1))


# Last, because they look here for the library.
from lasagne_ext.kernels.sampling import (footprint_sample, footprint_sample_backward,  # noqa: E402
                                          sample, sample_backward)
