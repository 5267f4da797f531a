"""Ops of pooling in JAX."""
import itertools

import jax
import jax.numpy as jnp
import numpy as np
from pytensor.link.jax.dispatch import jax_funcify

from lasagne_ext.engine.runtime.pooling import (
    AveragePoolGrad, DownsampleFactorMaxGradGrad, MaxPoolGrad, Pool)
from lasagne_ext.kernels.nn_reference import window_counts


@jax_funcify.register(Pool)
def _pool(op, node, **kwargs):
    def pool(image, *geometry):
        windows = _Windows(op, image.shape, geometry)
        if op.mode == 'max':
            return windows.reduce(image, jax.lax.max)
        return windows.averaged(windows.reduce(image, jax.lax.add))
    return pool


@jax_funcify.register(AveragePoolGrad)
def _average_pool_grad(op, node, **kwargs):
    def average_pool_grad(image, top, *geometry):
        windows = _Windows(op, image.shape, geometry)
        op.check_pooled(image, top, **windows.geometry)
        image = jax.ShapeDtypeStruct(image.shape, image.dtype)
        return jax.linear_transpose(lambda image: windows.reduce(image, jax.lax.add), image)(
            windows.averaged(top))[0]
    return average_pool_grad


@jax_funcify.register(MaxPoolGrad)
def _max_pool_grad(op, node, **kwargs):
    def max_pool_grad(image, maximum, top, *geometry):
        windows = _Windows(op, image.shape, geometry)
        op.check_pooled(image, maximum, top, **windows.geometry)
        total = 0
        for part in windows.parts():
            is_maximum = part.take(image) == part.widen(maximum)
            total += part.put(jnp.where(is_maximum & part.mask, part.widen(top), 0))
        return total
    return max_pool_grad


@jax_funcify.register(DownsampleFactorMaxGradGrad)
def _max_pool_grad_grad(op, node, **kwargs):
    def max_pool_grad_grad(image, maximum, image_grad, *geometry):
        windows = _Windows(op, image.shape, geometry)
        op.check_pooled(image, maximum, **windows.geometry)
        total = 0
        for part in windows.parts():
            is_maximum = part.take(image) == part.widen(maximum)
            total += part.narrow(jnp.where(is_maximum & part.mask, part.take(image_grad), 0))
        return total
    return max_pool_grad_grad


class _Windows:
    """Windows of an image of known shape."""

    def __init__(self, op, shape, geometry):
        self.mode = op.mode
        self.outer, self.size = tuple(shape[:-op.ndim]), tuple(shape[-op.ndim:])
        self.window, self.strides, self.pads = op.geometry(*[np.asarray(vector) for vector in geometry])
        self.geometry = {'window': self.window, 'strides': self.strides, 'pads': self.pads}
        self.count = op.out_size(self.size, self.window, self.strides, [before for before, _ in self.pads])

    def reduce(self, image, function):
        """Return maxima or sums; what lies beyond the image has no effect."""
        pads = [(before, (count - 1) * stride + width - length - before) for count, stride, width, length,
                (before, _) in zip(self.count, self.strides, self.window, self.size, self.pads)]
        if 0 in self.count:
            return jnp.zeros(self.outer + self.count, image.dtype)
        # A window may end before the image does.
        image = image[(Ellipsis,) + tuple(slice(length + min(after, 0)) for length, (_, after)
                                          in zip(self.size, pads))]
        ones = (1,) * len(self.outer)
        return jax.lax.reduce_window(
            image, _neutral(image.dtype, function), function, ones + self.window, ones + self.strides,
            [(0, 0)] * len(ones) + [(before, max(after, 0)) for before, after in pads])

    def averaged(self, sums):
        if not self.mode.startswith('average'):
            return sums
        counts = window_counts(self.size, self.count, self.window, self.strides, self.pads, self.mode)
        return (sums / counts.astype('float32' if sums.dtype == 'float32' else 'float64')).astype(sums.dtype)

    def parts(self):
        """Take the windows apart so that the pieces of none overlap: as few parts as possible."""
        steps = [range(0, width, stride) for width, stride in zip(self.window, self.strides)]
        return [_Part(self, start) for start in itertools.product(*steps)]


class _Part:
    """Elements `start` to `start` + stride of every window: side by side, they tile the image."""

    def __init__(self, windows, start):
        self.windows = windows
        self.tiled = tuple(count * stride for count, stride in zip(windows.count, windows.strides))
        self.before = [pad - first for (pad, _), first in zip(windows.pads, start)]
        self.mask = np.ones((), dtype=bool)
        for axis, (count, width, stride, first) in enumerate(
                zip(windows.count, windows.window, windows.strides, start)):
            inside = np.arange(stride) < width - first
            shape = [-1 if axis == a else 1 for a in range(len(start))]
            self.mask = self.mask & np.tile(inside, count).reshape(shape)

    def take(self, image):
        """Return the part of the image that the pieces cover, zeros where they lie beyond."""
        return self._shift(image, self.before, self.windows.size, self.tiled)

    def put(self, tiled):
        """Return an image of nothing but the pieces: :meth:`take`, transposed."""
        return self._shift(tiled, [-before for before in self.before], self.tiled, self.windows.size)

    def widen(self, pooled):
        """Repeat the value of each window for all of its piece."""
        for axis, stride in enumerate(self.windows.strides):
            pooled = jnp.repeat(pooled, stride, axis=axis - len(self.windows.strides))
        return pooled

    def narrow(self, tiled):
        """Sums over the pieces."""
        pairs = [number for pair in zip(self.windows.count, self.windows.strides) for number in pair]
        axes = tuple(range(-1, -2 * len(self.windows.count), -2))
        return tiled.reshape(self.windows.outer + tuple(pairs)).sum(axis=axes)

    def _shift(self, array, before, size, new_size):
        pads = [(0, 0, 0)] * len(self.windows.outer) + [
            (low, new - length - low, 0) for low, length, new in zip(before, size, new_size)]
        return jax.lax.pad(array, np.zeros((), array.dtype), pads)


def _neutral(dtype, function):
    if function is jax.lax.add:
        return np.zeros((), dtype)
    return np.array(-np.inf if np.issubdtype(dtype, np.floating) else np.iinfo(dtype).min, dtype)
