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

import numpy as np

from lasagne_ext import kernels
from lasagne_ext.kernels import sampling_reference
from lasagne_ext.kernels._library import pointer
from lasagne_ext.kernels.sampling_reference import BORDER_MODES, INTERPOLATIONS, POINTS, SamplingMode

__all__ = ['BORDER_MODES', 'INTERPOLATIONS', 'POINTS', 'SamplingMode', 'footprint_sample',
           'footprint_sample_backward', 'sample', 'sample_backward']

#: FOOTPRINT_BYTES in sampling.h, and the vectors' alignment.
_BYTES_PER_THREAD, _ALIGNMENT = 3 << 19, 64

#: What the kernels take for a gradient that nobody wants.
_UNWANTED = np.empty(0)


def sample(image, points, out_size, mode):
    """Return the values of the images at the points: ``(N, channels, *out_size)``."""
    if kernels.library is None:
        return sampling_reference.sample(image, points, out_size, mode)
    image, points = np.ascontiguousarray(image), _contiguous(points, mode)
    out = np.empty((len(points), image.shape[1]) + tuple(out_size), dtype=image.dtype)
    kernels.library.run('sample_forward', image.dtype, (
        image, points, out, *_geometry(image.shape, out.shape, mode, points.itemsize == 8)))
    return out


def sample_backward(image, points, output_grad, mode, wanted=(True, True)):
    """Return the gradients ``(input_grad, points_grad)`` of :func:`sample`; None for what is not wanted."""
    if kernels.library is None:
        return sampling_reference.sample_backward(image, points, output_grad, mode, wanted)
    image, contiguous = np.ascontiguousarray(image), _contiguous(points, mode)
    output_grad = np.ascontiguousarray(output_grad)
    input_grad = np.empty_like(image) if wanted[0] else _UNWANTED
    points_grad = np.empty_like(contiguous) if wanted[1] else _UNWANTED
    kernels.library.run('sample_backward', image.dtype, (
        image, contiguous, output_grad, input_grad, points_grad,
        *_geometry(image.shape, output_grad.shape, mode, contiguous.itemsize == 8, *wanted)))
    return (input_grad if wanted[0] else None,
            points_grad.astype(points.dtype, copy=False) if wanted[1] else None)


def footprint_sample(image, grid, footprint, mode):
    """Return weighted means of samples around the points of a grid, spread as `footprint` says.

    `footprint` is ``(N, *output size, rank, rank)`` in pixels of the image, of the grid's dtype:
    ``[..., r, d]`` is how far coordinate r of the samples spreads along direction d. With b its
    length along a direction, samples m = -M...M, M = ceil(b) but 31 at most, lie at
    m / sqrt((M + 1)^2 - 1) of it and weigh (M + 1 - |m|) / (M + 1)^2: the variance is b^2 / 6.
    """
    if kernels.library is None:
        return sampling_reference.footprint_sample(image, grid, footprint, mode)
    image, grid, footprint = (np.ascontiguousarray(array) for array in (image, grid, footprint))
    out = np.empty((len(grid), image.shape[1]) + grid.shape[1:-1], dtype=image.dtype)
    kernels.library.run('footprint_forward', image.dtype, (
        image, grid, footprint, out, *_geometry(image.shape, out.shape, mode, grid.itemsize == 8)))
    return out


def footprint_sample_backward(image, grid, footprint, output_grad, mode):
    """Return the gradients ``(input_grad, grid_grad, footprint_grad)`` of :func:`footprint_sample`."""
    if kernels.library is None:
        return sampling_reference.footprint_sample_backward(image, grid, footprint, output_grad, mode)
    image, grid, footprint, output_grad = (np.ascontiguousarray(array)
                                           for array in (image, grid, footprint, output_grad))
    grads = np.empty_like(image), np.empty_like(grid), np.empty_like(footprint)
    kernels.library.run('footprint_backward', image.dtype, (
        image, grid, footprint, output_grad, *grads,
        *_geometry(image.shape, output_grad.shape, mode, grid.itemsize == 8)))
    return grads


def _contiguous(points, mode):
    """Return matrices in float64, coordinates of points in their own dtype."""
    matrices = mode.points in ('affine', 'projective')
    return np.ascontiguousarray(points, dtype='float64' if matrices else None)


def _geometry(image_shape, out_shape, mode, double, wants_input=True, wants_points=True):
    """Return what every kernel takes last: pointers to its sizes, its coefficient and its workspace."""
    threads = kernels.get_num_threads()
    return (*_parameters(image_shape, out_shape, mode, double, wants_input, wants_points, threads),
            _workspace.reserve(threads))


@functools.lru_cache(maxsize=256)
def _parameters(image_shape, out_shape, mode, double, wants_input, wants_points, threads):
    """Lay out `geometry` of sampling.h; kept, since all else done for a small image takes no longer."""
    def three(size):                         # x first; a plane is a volume of depth 1
        return (tuple(size[::-1]) + (1,))[:3]

    sizes = np.array((image_shape[0],) + out_shape[:1] + image_shape[1:2] + three(image_shape[2:])
                     + three(out_shape[2:])
                     + (len(image_shape) - 2, POINTS.index(mode.points),
                        INTERPOLATIONS.index(mode.interpolation), BORDER_MODES.index(mode.border_mode),
                        mode.align_corners, double, wants_input, wants_points, threads), dtype='intp')
    return pointer(sizes), pointer(np.array([mode.cubic], dtype='float64'))


class _Workspace(threading.local):
    """Memory for the kernels' intermediate results, kept: fresh pages would cost more than small images."""

    threads = 0

    def reserve(self, threads):
        """Return a pointer to what so many threads need, aligned."""
        if self.threads < threads:
            memory = np.empty(threads * _BYTES_PER_THREAD + _ALIGNMENT, dtype='uint8')
            self.pointer, self.threads = pointer(memory[-memory.ctypes.data % _ALIGNMENT:]), threads
        return self.pointer


_workspace = _Workspace()
