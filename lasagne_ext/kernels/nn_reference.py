"""Convolution and pooling in plain NumPy: the reference of the compiled kernels and their fallback.

Spatial axes, any number of them, come last. Convolution here is cross-correlation. `pads` are
pairs (before, after). Windows of a pooled image may reach beyond it on either side.
"""
import itertools
import math

import numpy as np
from numpy.lib.stride_tricks import as_strided

#: Bytes of unrolled windows held at a time.
_BLOCK = 2 ** 22


def convolve(image, kernel, pads, strides, dilations, groups, unshared=False):
    """Return the cross-correlation: ``(batch, filters, *output size)``."""
    size, filters = kernel.shape[-len(strides):], kernel.shape[0]
    weights = _matrices(kernel, len(strides), groups, unshared)
    windows = _windows(image, size, pads, strides, dilations)
    out = np.empty((len(image), filters) + windows.shape[-len(strides):], dtype=image.dtype)
    for part in _parts(windows):
        columns = _columns(windows[part], len(strides), groups)
        if unshared:      # (groups, points, filters, K) @ (groups, points, K, batch)
            values = np.matmul(weights, columns.transpose(0, 3, 1, 2)).transpose(3, 0, 2, 1)
        else:             # (groups, filters, K) @ (groups, K, batch * points)
            values = np.matmul(weights, columns.reshape(columns.shape[:2] + (-1,))).reshape(
                weights.shape[:2] + columns.shape[2:]).transpose(2, 0, 1, 3)
        out[part] = values.reshape(out[part].shape)
    return out


def convolve_kernel_grad(image, output_grad, size, pads, strides, dilations, groups, unshared=False):
    """Return the gradient of :func:`convolve` to a kernel of spatial `size`."""
    filters, out_size = output_grad.shape[1], output_grad.shape[2:]
    shape = (filters,) + (out_size if unshared else ()) + (image.shape[1] // groups,) + tuple(size)
    total = np.zeros(shape, dtype=image.dtype)
    windows = _windows(image, size, pads, strides, dilations)
    for part in _parts(windows):
        columns = _columns(windows[part], len(strides), groups)
        grad = _grouped(output_grad[part], groups)
        if unshared:      # (groups, points, filters, batch) @ (groups, points, batch, K)
            change = np.matmul(grad.transpose(1, 3, 2, 0), columns.transpose(0, 3, 2, 1))
            change = change.swapaxes(1, 2)
        else:             # (groups, filters, batch * points) @ (groups, batch * points, K)
            grad = grad.transpose(1, 2, 0, 3)
            change = np.matmul(grad.reshape(grad.shape[:2] + (-1,)),
                               columns.reshape(columns.shape[:2] + (-1,)).swapaxes(1, 2))
        total += change.reshape(shape)
    return total


def convolve_image_grad(kernel, output_grad, size, pads, strides, dilations, groups, unshared=False):
    """Return the gradient of :func:`convolve` to an image of spatial `size`."""
    rank, batch = len(strides), len(output_grad)
    window, out_size = kernel.shape[-rank:], output_grad.shape[2:]
    channels = kernel.shape[-rank - 1] * groups
    weights = _matrices(kernel, rank, groups, unshared)
    grad = _grouped(output_grad, groups)
    if unshared:          # (groups, points, K, filters) @ (groups, points, filters, batch)
        columns = np.matmul(weights.swapaxes(2, 3), grad.transpose(1, 3, 2, 0)).transpose(3, 0, 2, 1)
    else:                 # (groups, K, filters) @ (batch, groups, filters, points)
        columns = np.matmul(weights.swapaxes(1, 2), grad)
    columns = columns.reshape((batch, channels) + window + out_size)
    padded = np.zeros((batch, channels) + tuple(
        length + before + after for length, (before, after) in zip(size, pads)), output_grad.dtype)
    for offset in itertools.product(*map(range, window)):
        target = tuple(slice(o * dilation, o * dilation + stride * (count - 1) + 1, stride)
                       for o, dilation, stride, count in zip(offset, dilations, strides, out_size))
        padded[(Ellipsis,) + target] += columns[(slice(None),) * 2 + offset]
    return np.ascontiguousarray(padded[(Ellipsis,) + _inner(size, pads)])


def _matrices(kernel, rank, groups, unshared):
    """Return the weights as ``(groups, filters, K)``; unshared ``(groups, points, filters, K)``."""
    filters, depth = kernel.shape[0] // groups, math.prod(kernel.shape[-rank - 1:])
    if not unshared:
        return kernel.reshape(groups, filters, depth)
    points = math.prod(kernel.shape[1:1 + rank])
    return kernel.reshape(groups, filters, points, depth).swapaxes(1, 2)


def _grouped(grad, groups):
    """Reshape to ``(batch, groups, filters, points)``."""
    batch, filters = grad.shape[:2]
    return grad.reshape(batch, groups, filters // groups, math.prod(grad.shape[2:]))


def _windows(image, size, pads, strides, dilations):
    """Return a view ``(batch, channels, *size, *output size)`` of the padded image."""
    image = _padded(image, pads, 0)
    points = tuple((length - (k - 1) * dilation - 1) // stride + 1 for length, k, dilation, stride
                   in zip(image.shape[2:], size, dilations, strides))
    steps = image.strides[2:]
    return as_strided(
        image, image.shape[:2] + tuple(size) + points,
        image.strides[:2] + tuple(step * dilation for step, dilation in zip(steps, dilations))
        + tuple(step * stride for step, stride in zip(steps, strides)), writeable=False)


def _parts(windows):
    """Return slices of the batch whose unrolled windows are no larger than a block."""
    each = windows.itemsize * math.prod(windows.shape[1:])
    step = max(1, _BLOCK // max(1, each))
    return [slice(start, start + step) for start in range(0, len(windows), step)]


def _columns(windows, rank, groups):
    """Copy windows, unrolled: ``(groups, K, batch, points)``."""
    batch, channels = windows.shape[:2]
    size, points = windows.shape[2:2 + rank], windows.shape[2 + rank:]
    windows = windows.reshape((batch, groups, channels // groups) + size + points)
    windows = np.moveaxis(windows, 0, 2 + rank)
    return windows.reshape(groups, channels // groups * math.prod(size), batch, math.prod(points))


def _padded(image, pads, value):
    if not any(map(any, pads)):
        return image
    widths = [(0, 0)] * (image.ndim - len(pads)) + [tuple(pad) for pad in pads]
    return np.pad(image, widths, constant_values=value)


def _inner(size, pads):
    return tuple(slice(before, before + length) for length, (before, _) in zip(size, pads))


def pool(image, out_size, window, strides, pads, mode):
    """Pool the last axes of `image`: ``(..., *out_size)``."""
    padded = _padded(image, _reach(image, out_size, window, strides, pads), _neutral(image, mode))
    total = None
    for part in _offsets(out_size, window, strides):
        if total is None:
            total = padded[part].copy()
        elif mode == 'max':
            np.maximum(total, padded[part], out=total)
        else:
            total += padded[part]
    if mode.startswith('average'):
        counts = window_counts(image.shape[-len(window):], out_size, window, strides, pads, mode)
        total = (total / counts).astype(image.dtype)
    return total


def max_pool_grad(image, maximum, output_grad, window, strides, pads):
    """Return the gradient of max pooling to `image`: to every element that equals its window's maximum."""
    return _collect(image, maximum.shape, window, strides, pads,
                    lambda values, part: np.where(values[part] == maximum, output_grad, 0))


def max_pool_grad_grad(image, maximum, image_grad, window, strides, pads):
    """Return the transpose of :func:`max_pool_grad`: sums of `image_grad` where the maxima are."""
    out_size = maximum.shape[-len(window):]
    reach = _reach(image, out_size, window, strides, pads)
    values, grads = _padded(image, reach, 0), _padded(image_grad, reach, 0)
    total = np.zeros_like(maximum)
    for part in _offsets(out_size, window, strides):
        total += np.where(values[part] == maximum, grads[part], 0)
    return total


def mean_pool_grad(image, output_grad, window, strides, pads, mode):
    """Return the gradient of pooling by sum or average to `image`, of which only shape and type matter."""
    share = output_grad
    if mode.startswith('average'):
        out_size = output_grad.shape[-len(window):]
        counts = window_counts(image.shape[-len(window):], out_size, window, strides, pads, mode)
        share = (output_grad / counts).astype(image.dtype)
    return _collect(image, output_grad.shape, window, strides, pads, lambda values, part: share)


def window_counts(size, out_size, window, strides, pads, mode):
    """Return how many elements each window's sum is divided by: an array of `out_size`."""
    counts = np.ones(out_size)
    for axis, (length, count, width, stride, (before, after)) in enumerate(
            zip(size, out_size, window, strides, pads)):
        start = np.arange(count) * stride
        end = np.minimum(start + width, before + length + after)
        if mode == 'average_exc_pad':
            start, end = np.maximum(start, before), np.minimum(end, before + length)
        counts *= (end - start).reshape([-1 if axis == a else 1 for a in range(len(size))])
    return counts


def _collect(image, out_shape, window, strides, pads, contribution):
    out_size = out_shape[-len(window):]
    reach = _reach(image, out_size, window, strides, pads)
    values = _padded(image, reach, 0)
    total = np.zeros(values.shape, dtype=image.dtype)
    for part in _offsets(out_size, window, strides):
        total[part] += contribution(values, part)
    return np.ascontiguousarray(total[(Ellipsis,) + _inner(image.shape[-len(window):], reach)])


def _reach(image, out_size, window, strides, pads):
    """Return padding wide enough for every window."""
    return [(before, max(after, (count - 1) * stride + width - before - length))
            for length, count, width, stride, (before, after)
            in zip(image.shape[-len(window):], out_size, window, strides, pads)]


def _offsets(out_size, window, strides):
    """Yield the index, a view of `out_size`, of one element of every window at a time."""
    for offset in itertools.product(*map(range, window)):
        yield (Ellipsis,) + tuple(slice(o, o + stride * (count - 1) + 1, stride) if count else slice(0, 0)
                                  for o, stride, count in zip(offset, strides, out_size))


def _neutral(image, mode):
    if mode != 'max':
        return 0
    return -np.inf if image.dtype.kind == 'f' else np.iinfo(image.dtype).min
