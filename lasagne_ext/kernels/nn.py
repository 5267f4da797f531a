"""Convolution and pooling, compiled where possible, NumPy otherwise.

Images are ``(batch, channels, *size)`` with one to three spatial axes; a kernel is
``(filters, channels of a group, *size)``, unshared ``(filters, *output size, channels, *size)``.
Pooling takes any number of axes before the spatial ones. `pads` are pairs (before, after). Arrays may
be of any layout; new C-contiguous ones are returned. Arguments are trusted: the Ops check them.
"""
import math

import numpy as np

from lasagne_ext import kernels
from lasagne_ext.kernels import nn_oracle

#: Kept in step with `enum pooling` in pool.c.
POOL_MODES = ('max', 'sum', 'average_inc_pad', 'average_exc_pad')

#: Kept in step with AXES in convolution.h and pool.c.
MAX_RANK = 3


def convolve(image, kernel, pads, strides, dilations, groups, unshared=False, flip=False):
    """Cross-correlation, or convolution where `flip` is set: ``(batch, filters, *output size)``."""
    rank = len(strides)
    if not _can_run(image, kernel, rank=rank, unshared=unshared):
        return _in_float16(nn_oracle.convolve, image, _flipped(kernel, rank, flip))(
            pads, strides, dilations, groups, unshared)
    size = kernel.shape[2:]
    out_size = tuple(
        (length + sum(pad) - (width - 1) * dilation - 1) // stride + 1
        for length, pad, width, dilation, stride in zip(image.shape[2:], pads, size, dilations, strides))
    out = np.empty((len(image), len(kernel)) + out_size, dtype=image.dtype)
    return _convolution('convolution_forward', (image, kernel), out, image.shape, kernel.shape, out_size,
                        pads, strides, dilations, groups, flip)


def convolve_kernel_grad(image, output_grad, size, pads, strides, dilations, groups, unshared=False,
                         flip=False):
    """Gradient of :func:`convolve` to a kernel of spatial `size`."""
    if not _can_run(image, output_grad, rank=len(strides), unshared=unshared):
        return _flipped(_in_float16(nn_oracle.convolve_kernel_grad, image, output_grad)(
            size, pads, strides, dilations, groups, unshared), len(strides), flip)
    grad = np.empty((output_grad.shape[1], image.shape[1] // groups) + tuple(size), dtype=image.dtype)
    return _convolution('convolution_kernel_grad', (image, output_grad), grad, image.shape, grad.shape,
                        output_grad.shape[2:], pads, strides, dilations, groups, flip)


def convolve_image_grad(kernel, output_grad, size, pads, strides, dilations, groups, unshared=False,
                        flip=False):
    """Gradient of :func:`convolve` to an image of spatial `size`."""
    rank = len(strides)
    if not _can_run(kernel, output_grad, rank=rank, unshared=unshared):
        return _in_float16(nn_oracle.convolve_image_grad, _flipped(kernel, rank, flip), output_grad)(
            size, pads, strides, dilations, groups, unshared)
    grad = np.empty((len(output_grad), kernel.shape[1] * groups) + tuple(size), dtype=kernel.dtype)
    return _convolution('convolution_image_grad', (kernel, output_grad), grad, grad.shape, kernel.shape,
                        output_grad.shape[2:], pads, strides, dilations, groups, flip)


def pool(image, out_size, window, strides, pads, mode):
    """Pool the last axes: ``(..., *out_size)``."""
    if not _can_run(image, rank=len(window)):
        return nn_oracle.pool(image, out_size, window, strides, pads, mode)
    out = np.empty(image.shape[:-len(window)] + tuple(out_size), dtype=image.dtype)
    return _pooling('pool_forward', (image,), out, image.shape, out_size, window, strides, pads, mode)


def max_pool_grad(image, maximum, output_grad, window, strides, pads):
    """Gradient of max pooling to `image`: to every element that equals its window's maximum."""
    if not _can_run(image, maximum, output_grad, rank=len(window)):
        return nn_oracle.max_pool_grad(image, maximum, output_grad, window, strides, pads)
    return _pooling('pool_max_grad', (image, maximum, output_grad), np.empty(image.shape, image.dtype),
                    image.shape, maximum.shape[-len(window):], window, strides, pads, 'max')


def max_pool_grad_grad(image, maximum, image_grad, window, strides, pads):
    """What :func:`max_pool_grad` is transposed: sums of `image_grad` where the maxima are."""
    if not _can_run(image, maximum, image_grad, rank=len(window)):
        return nn_oracle.max_pool_grad_grad(image, maximum, image_grad, window, strides, pads)
    return _pooling('pool_max_grad_grad', (image, maximum, image_grad), np.empty(maximum.shape, image.dtype),
                    image.shape, maximum.shape[-len(window):], window, strides, pads, 'max')


def mean_pool_grad(image, output_grad, window, strides, pads, mode):
    """Gradient of pooling by sum or average to `image`, of which only shape and type matter."""
    if not _can_run(image, output_grad, rank=len(window)):
        return nn_oracle.mean_pool_grad(image, output_grad, window, strides, pads, mode)
    return _pooling('pool_mean_grad', (output_grad,), np.empty(image.shape, image.dtype), image.shape,
                    output_grad.shape[-len(window):], window, strides, pads, mode)


def _can_run(*arrays, rank, unshared=False):
    """Whether the library has a kernel for these arrays."""
    return (kernels.library is not None and rank <= MAX_RANK and not unshared
            and arrays[0].dtype in ('float32', 'float64')
            and all(array.dtype == arrays[0].dtype for array in arrays))


def _in_float16(function, *arrays):
    """`function` of two arrays, with sums in float32 if they are shorter."""
    dtype = arrays[0].dtype
    if dtype != 'float16':
        return lambda *arguments: function(*arrays, *arguments)
    longer = [array.astype('float32') for array in arrays]
    return lambda *arguments: function(*longer, *arguments).astype(dtype)


def _flipped(kernel, rank, flip):
    return np.ascontiguousarray(kernel[(Ellipsis,) + (slice(None, None, -1),) * rank]) if flip else kernel


def _convolution(name, arrays, result, image_shape, kernel_shape, out_size, pads, strides, dilations, groups,
                 flip):
    # Laid out as `convolution` in convolution.h.
    geometry = np.array(
        [image_shape[0], image_shape[1], kernel_shape[0], groups] + _axes(image_shape[2:])
        + _axes(kernel_shape[2:]) + _axes(out_size) + _axes(strides) + _axes(dilations)
        + _axes([before for before, _ in pads], 0) + [int(flip)], dtype=np.intp)
    return _run(name, arrays, result, geometry)


def _pooling(name, arrays, result, image_shape, out_size, window, strides, pads, mode):
    rank = len(window)
    # Laid out as `pooling` in pool.c.
    geometry = np.array(
        [math.prod(image_shape[:-rank])] + _axes(image_shape[-rank:]) + _axes(out_size) + _axes(window)
        + _axes(strides) + _axes([before for before, _ in pads], 0) + _axes([after for _, after in pads], 0)
        + [POOL_MODES.index(mode)], dtype=np.intp)
    return _run(name, arrays, result, geometry)


def _axes(values, missing=1):
    """Values for three axes; those there are come last."""
    return [missing] * (MAX_RANK - len(values)) + list(values)


def _run(name, arrays, result, geometry):
    if result.size:
        arrays = [np.ascontiguousarray(array) for array in arrays]
        kernels.library.run(name, result.dtype, [*arrays, result, geometry])
    return result
