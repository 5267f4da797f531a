"""The kernels behind the operations: compiled where possible, NumPy otherwise.

Every function takes contiguous or strided arrays of any layout and returns new C-contiguous
ones. Images are ``(batch, channels, rows, columns)`` in float32 or float64, theta is
``(batch, 2, 3)`` and a grid ``(batch, rows, columns, 2)``, either in any floating point type.
Arguments are trusted: the Ops in :mod:`lasagne_ext.ops` check them.
"""
import numbers
import os

import numpy as np

from lasagne_ext.kernels import oracle
from lasagne_ext.kernels._library import Geometry, KernelWarning, load_library

__all__ = ['BORDER_MODES', 'KernelWarning', 'affine_backward', 'affine_forward', 'get_num_threads',
           'grid_backward', 'grid_forward', 'library', 'set_num_threads']

#: Kept in step with `enum border` in common.h.
BORDER_MODES = ('zeros', 'nearest', 'mirror', 'wrap')

#: Kept in step with ROW_BLOCK in common.h.
_ROW_BLOCK = 16

#: Below this many output values, waking a second thread costs more than it brings.
_VALUES_WORTH_A_THREAD = 16384

library = load_library()

_threads = library.default_threads() if library else 1


def get_num_threads():
    """Threads that a kernel may use.

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


def _geometry(image_shape, out_size, border_mode, align_corners):
    values = image_shape[0] * image_shape[1] * out_size[0] * out_size[1]
    threads = min(_threads, 1 + values // _VALUES_WORTH_A_THREAD)
    return Geometry(*image_shape, *out_size, BORDER_MODES.index(border_mode), int(align_corners),
                    threads)


def affine_forward(image, theta, rows, columns, border_mode, align_corners):
    """Sample `image` at the affine grid of `theta`: ``(batch, channels, rows, columns)``."""
    if library is None:
        return oracle.affine_forward(image, theta, rows, columns, border_mode, align_corners)
    image = np.ascontiguousarray(image)
    theta = np.ascontiguousarray(theta, dtype='float64')
    out = np.empty(image.shape[:2] + (rows, columns), dtype=image.dtype)
    library.call('affine_forward', image.dtype, (image, theta, out),
                 _geometry(image.shape, (rows, columns), border_mode, align_corners))
    return out


def affine_backward(image, theta, output_grad, border_mode, align_corners):
    """Gradients ``(input_grad, theta_grad)`` of :func:`affine_forward`, each like its variable."""
    if library is None:
        return oracle.affine_backward(image, theta, output_grad, border_mode, align_corners)
    image = np.ascontiguousarray(image)
    output_grad = np.ascontiguousarray(output_grad)
    points = np.ascontiguousarray(theta, dtype='float64')
    rows = output_grad.shape[2]
    geometry = _geometry(image.shape, output_grad.shape[2:], border_mode, align_corners)
    input_grad = np.empty_like(image)
    # One partial sum per block of rows, added in a fixed order whatever the number of threads.
    partial = np.empty((len(image), -(-rows // _ROW_BLOCK), 2, 3))
    library.call('affine_input_grad', image.dtype, (points, output_grad, input_grad), geometry)
    library.call('affine_theta_grad', image.dtype, (image, points, output_grad, partial), geometry)
    return input_grad, partial.sum(axis=1).astype(theta.dtype)


def grid_forward(image, grid, border_mode, align_corners):
    """Sample `image` at the points of `grid`."""
    if library is None:
        return oracle.grid_forward(image, grid, border_mode, align_corners)
    image, grid = np.ascontiguousarray(image), np.ascontiguousarray(grid)
    out = np.empty(image.shape[:2] + grid.shape[1:3], dtype=image.dtype)
    library.call('grid_forward', image.dtype, (image, grid, int(grid.itemsize == 8), out),
                 _geometry(image.shape, grid.shape[1:3], border_mode, align_corners))
    return out


def grid_backward(image, grid, output_grad, border_mode, align_corners):
    """Gradients ``(input_grad, grid_grad)`` of :func:`grid_forward`, each like its variable."""
    if library is None:
        return oracle.grid_backward(image, grid, output_grad, border_mode, align_corners)
    image, grid = np.ascontiguousarray(image), np.ascontiguousarray(grid)
    output_grad = np.ascontiguousarray(output_grad)
    geometry = _geometry(image.shape, grid.shape[1:3], border_mode, align_corners)
    input_grad, grid_grad = np.empty_like(image), np.empty_like(grid)
    is_double = int(grid.itemsize == 8)
    library.call('grid_input_grad', image.dtype, (grid, is_double, output_grad, input_grad), geometry)
    library.call('grid_grid_grad', image.dtype,
                 (image, grid, is_double, output_grad, grid_grad), geometry)
    return input_grad, grid_grad
