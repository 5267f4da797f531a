"""Sampling of images at points, compiled where possible, NumPy otherwise.

Images are ``(batch, channels, rows, columns)`` or ``(batch, channels, depth, rows, columns)`` in
float32 or float64. Points are of any floating point type; what they are is said by the mode:

=============  ================================  ==========================================================
mode.points    shape                             meaning
=============  ================================  ==========================================================
'affine'       (N, rank, rank + 1)               rows give x, y (, z) of the input, normalised
'projective'   (N, rank + 1, rank + 1)           the same, and a last row that divides them
'grid'         (N, output size, rank)            x, y (, z) of every point, normalised
'flow'         (N, rank, output size)            how far every point lies from its place, in pixels
=============  ================================  ==========================================================

N is a multiple of the batch: points n belong to image ``n // (N / batch)``. Arrays may be of any
layout; new C-contiguous ones are returned. Arguments are trusted: the Ops in :mod:`lasagne_ext.ops`
check them.
"""
import functools
import threading
from collections import namedtuple

import numpy as np

from lasagne_ext import kernels
from lasagne_ext.kernels import oracle
from lasagne_ext.kernels._library import pointer
from lasagne_ext.kernels._modes import BORDER_MODES, INTERPOLATIONS, POINTS

#: Kept in step with FOOTPRINT_BYTES in sampling.h, and with the vectors' alignment.
_BYTES_PER_THREAD, _ALIGNMENT = 3 << 19, 64


def sample(image, points, out_size, mode):
    """Values of the images at the points: ``(N, channels, *out_size)``."""
    if kernels.library is None:
        return oracle.sample(image, points, out_size, mode)
    image, points = np.ascontiguousarray(image), _contiguous(points, mode)
    out = np.empty((len(points), image.shape[1]) + tuple(out_size), dtype=image.dtype)
    _run('sample_forward', image, (points, out), out.shape, mode)
    return out


def sample_backward(image, points, output_grad, mode, wanted=(True, True)):
    """Gradients ``(input_grad, points_grad)`` of :func:`sample`; None for what is not wanted."""
    if kernels.library is None:
        return oracle.sample_backward(image, points, output_grad, mode, wanted)
    image, places = np.ascontiguousarray(image), _contiguous(points, mode)
    output_grad = np.ascontiguousarray(output_grad)
    input_grad = np.empty_like(image) if wanted[0] else None
    points_grad = np.empty_like(places) if wanted[1] else None
    _run('sample_backward', image, (places, output_grad, _or_none(input_grad), _or_none(points_grad)),
         output_grad.shape, mode)
    return input_grad, None if points_grad is None else points_grad.astype(points.dtype, copy=False)


def footprint_sample(image, grid, footprint, mode):
    """Weighted means of samples around the points of a grid, spread as `footprint` says.

    `footprint` is ``(N, *output size, rank, rank)`` in pixels of the image, of the grid's dtype:
    ``[..., r, d]`` is how far coordinate r of the samples spreads along direction d. With b its
    length along a direction, samples m = -M...M, M = ceil(b) but 31 at most, lie at
    m / sqrt((M + 1)^2 - 1) of it and weigh (M + 1 - |m|) / (M + 1)^2: the variance is b^2 / 6.
    """
    if kernels.library is None:
        return oracle.footprint_sample(image, grid, footprint, mode)
    image, grid, footprint = (np.ascontiguousarray(array) for array in (image, grid, footprint))
    out = np.empty((len(grid), image.shape[1]) + grid.shape[1:-1], dtype=image.dtype)
    _run('footprint_forward', image, (grid, footprint, out), out.shape, mode)
    return out


def footprint_sample_backward(image, grid, footprint, output_grad, mode):
    """Gradients ``(input_grad, grid_grad, footprint_grad)`` of :func:`footprint_sample`."""
    if kernels.library is None:
        return oracle.footprint_sample_backward(image, grid, footprint, output_grad, mode)
    image, grid, footprint, output_grad = (np.ascontiguousarray(array)
                                           for array in (image, grid, footprint, output_grad))
    grads = np.empty_like(image), np.empty_like(grid), np.empty_like(footprint)
    _run('footprint_backward', image, (grid, footprint, output_grad) + grads, output_grad.shape, mode)
    return grads


def _contiguous(points, mode):
    """Matrices in float64, coordinates of points in their own dtype."""
    matrices = mode.points in ('affine', 'projective')
    return np.ascontiguousarray(points, dtype='float64' if matrices else None)


def _or_none(array):
    """What the kernels take for a gradient that nobody wants."""
    return np.empty(0) if array is None else array


def _run(kernel, image, arrays, out_shape, mode):
    wanted = tuple(array.size > 0 for array in arrays[-2:])
    threads = kernels.get_num_threads()
    parameters = _parameters(image.shape, out_shape, mode, arrays[0].itemsize == 8, wanted, threads)
    kernels.library.run(kernel, image.dtype,
                        (image,) + arrays + (parameters.sizes, parameters.cubic, _scratch.space(threads)))


#: Pointers to `geometry` in sampling.h and to the coefficient, and the arrays that hold them.
_Parameters = namedtuple('_Parameters', 'sizes cubic arrays')


@functools.lru_cache(maxsize=256)
def _parameters(image_shape, out_shape, mode, double, wanted, threads):
    """Kept, since all else that is done for a small image takes no longer."""
    def three(size):                         # x first; a plane is a volume of depth 1
        return (tuple(size[::-1]) + (1,))[:3]

    sizes = np.array((image_shape[0],) + out_shape[:1] + image_shape[1:2] + three(image_shape[2:])
                     + three(out_shape[2:])
                     + (len(image_shape) - 2, POINTS.index(mode.points),
                        INTERPOLATIONS.index(mode.interpolation), BORDER_MODES.index(mode.border_mode),
                        mode.align_corners, double, *wanted, threads), dtype='intp')
    cubic = np.array([mode.cubic], dtype='float64')
    return _Parameters(pointer(sizes), pointer(cubic), (sizes, cubic))


class _Scratch(threading.local):
    """Memory for the kernels' intermediate results, kept: fresh pages would cost more than small images."""

    threads = 0

    def space(self, threads):
        """A pointer to what so many threads need, aligned."""
        if self.threads < threads:
            memory = np.empty(threads * _BYTES_PER_THREAD + _ALIGNMENT, dtype='uint8')
            self.memory = memory[-memory.ctypes.data % _ALIGNMENT:]
            self.pointer, self.threads = pointer(self.memory), threads
        return self.pointer


_scratch = _Scratch()
