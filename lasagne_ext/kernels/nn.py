"""Convolution and pooling, compiled where possible, NumPy otherwise.

Images are ``(batch, channels, *size)`` with one to three spatial axes; a kernel is
``(filters, channels of a group, *size)``, unshared ``(filters, *output size, channels, *size)``.
Pooling takes any number of axes before the spatial ones. `pads` are pairs (before, after). Arrays may
be of any layout; new C-contiguous ones are returned. Arguments are trusted: the Ops check them.
"""
import math

import numpy as np

from lasagne_ext import kernels
from lasagne_ext.kernels import nn_reference

#: Kept in step with `enum pooling` in pool.c.
POOL_MODES = ('max', 'sum', 'average_inc_pad', 'average_exc_pad')

#: Kept in step with AXES in convolution.h and pool.c.
MAX_RANK = 3


def convolve(image, kernel, pads, strides, dilations, groups, unshared=False, flip=False):
    """Return the cross-correlation, flipped the convolution: ``(batch, filters, *output size)``."""
    rank = len(strides)
    if not _can_run(image, kernel, rank=rank, unshared=unshared):
        return _by_reference(nn_reference.convolve, image, _flipped(kernel, rank, flip),
                             pads, strides, dilations, groups, unshared)
    size = kernel.shape[2:]
    out_size = tuple(
        (length + sum(pad) - (width - 1) * dilation - 1) // stride + 1
        for length, pad, width, dilation, stride in zip(image.shape[2:], pads, size, dilations, strides))
    out = np.empty((len(image), len(kernel)) + out_size, dtype=image.dtype)
    return _run('convolution_forward', (image, kernel), out, _convolution(
        image.shape, kernel.shape, out_size, pads, strides, dilations, groups, flip))


def convolve_kernel_grad(image, output_grad, size, pads, strides, dilations, groups, unshared=False,
                         flip=False):
    """Return the gradient of :func:`convolve` to a kernel of spatial `size`."""
    rank = len(strides)
    if not _can_run(image, output_grad, rank=rank, unshared=unshared):
        return _flipped(_by_reference(nn_reference.convolve_kernel_grad, image, output_grad,
                                      size, pads, strides, dilations, groups, unshared), rank, flip)
    grad = np.empty((output_grad.shape[1], image.shape[1] // groups) + tuple(size), dtype=image.dtype)
    return _run('convolution_kernel_grad', (image, output_grad), grad, _convolution(
        image.shape, grad.shape, output_grad.shape[2:], pads, strides, dilations, groups, flip))


def convolve_image_grad(kernel, output_grad, size, pads, strides, dilations, groups, unshared=False,
                        flip=False):
    """Return the gradient of :func:`convolve` to an image of spatial `size`."""
    rank = len(strides)
    if not _can_run(kernel, output_grad, rank=rank, unshared=unshared):
        return _by_reference(nn_reference.convolve_image_grad, _flipped(kernel, rank, flip), output_grad,
                             size, pads, strides, dilations, groups, unshared)
    grad = np.empty((len(output_grad), kernel.shape[1] * groups) + tuple(size), dtype=kernel.dtype)
    return _run('convolution_image_grad', (kernel, output_grad), grad, _convolution(
        grad.shape, kernel.shape, output_grad.shape[2:], pads, strides, dilations, groups, flip))


def pool(image, out_size, window, strides, pads, mode):
    """Pool the last axes: ``(..., *out_size)``."""
    if not _can_run(image, rank=len(window)):
        return nn_reference.pool(image, out_size, window, strides, pads, mode)
    out = np.empty(image.shape[:-len(window)] + tuple(out_size), dtype=image.dtype)
    return _run('pool_forward', (image,), out, _pooling(image.shape, out_size, window, strides, pads, mode))


def max_pool_grad(image, maximum, output_grad, window, strides, pads):
    """Return the gradient of max pooling to `image`: to every element that equals its window's maximum."""
    if not _can_run(image, maximum, output_grad, rank=len(window)):
        return nn_reference.max_pool_grad(image, maximum, output_grad, window, strides, pads)
    return _run('pool_max_grad', (image, maximum, output_grad), np.empty(image.shape, image.dtype), _pooling(
        image.shape, maximum.shape[-len(window):], window, strides, pads, 'max'))


def max_pool_grad_grad(image, maximum, image_grad, window, strides, pads):
    """Return the transpose of :func:`max_pool_grad`: sums of `image_grad` where the maxima are."""
    if not _can_run(image, maximum, image_grad, rank=len(window)):
        return nn_reference.max_pool_grad_grad(image, maximum, image_grad, window, strides, pads)
    return _run('pool_max_grad_grad', (image, maximum, image_grad), np.empty(maximum.shape, image.dtype),
                _pooling(image.shape, maximum.shape[-len(window):], window, strides, pads, 'max'))


def mean_pool_grad(image, output_grad, window, strides, pads, mode):
    """Return the gradient of pooling by sum or average to `image`, of which only shape and type matter."""
    if not _can_run(image, output_grad, rank=len(window)):
        return nn_reference.mean_pool_grad(image, output_grad, window, strides, pads, mode)
    return _run('pool_mean_grad', (output_grad,), np.empty(image.shape, image.dtype), _pooling(
        image.shape, output_grad.shape[-len(window):], window, strides, pads, mode))


def _can_run(*arrays, rank, unshared=False):
    """Return whether the library has a kernel for these arrays."""
    return (kernels.library is not None and rank <= MAX_RANK and not unshared
            and arrays[0].dtype in ('float32', 'float64')
            and all(array.dtype == arrays[0].dtype for array in arrays))


def _by_reference(function, first, second, *options):
    """Call `function` of two arrays, with sums in float32 if they are shorter."""
    if first.dtype == 'float16':
        return function(first.astype('float32'), second.astype('float32'), *options).astype('float16')
    return function(first, second, *options)


def _flipped(kernel, rank, flip):
    return np.ascontiguousarray(kernel[(Ellipsis,) + (slice(None, None, -1),) * rank]) if flip else kernel


def _convolution(image_shape, kernel_shape, out_size, pads, strides, dilations, groups, flip):
    """Lay out `convolution` of convolution.h."""
    return np.array(
        [image_shape[0], image_shape[1], kernel_shape[0], groups] + _axes(image_shape[2:])
        + _axes(kernel_shape[2:]) + _axes(out_size) + _axes(strides) + _axes(dilations)
        + _axes([before for before, _ in pads], 0) + [int(flip)], dtype=np.intp)


def _pooling(image_shape, out_size, window, strides, pads, mode):
    """Lay out `pooling` of pool.c."""
    rank = len(window)
    return np.array(
        [math.prod(image_shape[:-rank])] + _axes(image_shape[-rank:]) + _axes(out_size) + _axes(window)
        + _axes(strides) + _axes([before for before, _ in pads], 0) + _axes([after for _, after in pads], 0)
        + [POOL_MODES.index(mode)], dtype=np.intp)


def _axes(values, missing=1):
    """Return values for three axes; those there are come last."""
    return [missing] * (MAX_RANK - len(values)) + list(values)


def _run(kernel, arrays, result, geometry):
    """Fill `result` from arrays of any layout, and return it."""
    if result.size:
        kernels.library.run(kernel, result.dtype, [*map(np.ascontiguousarray, arrays), result, geometry])
    return result
