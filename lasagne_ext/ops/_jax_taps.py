"""Interpolate by jax.numpy: the pixels that points are blended from, and the weights of the blend.

Along each axis a point has a few taps: whole-number positions on the image extended by its border.
What the point gets is the sum over all combinations of taps, one of each axis.
"""
import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np

from lasagne_ext.kernels.sampling_reference import (TAPS, border_period, cubic_slopes, cubic_weights,
                                                    source_position)


class _Axis:
    """Taps of every coordinate along an axis.

    Attributes
    ----------
    pixels : list
        Per tap its index, times `stride`, and where it exists (None: everywhere).
    frac : float64 Array
        How far the coordinate is from the pixel below; 0 where all taps are the same pixel.
    weights : list of float64 Arrays
        Per tap.
    """

    def __init__(self, coordinate, size, stride, mode):
        self.interpolation, self.cubic = mode.interpolation, mode.cubic
        start = jnp.floor(coordinate + .5 if mode.interpolation == 'nearest' else coordinate)
        self.frac = coordinate - start
        period = border_period(size, mode.border_mode)
        if period is not None:
            # A float64 beyond 2**53 has no successor that differs from it by one: it is counted
            # from the start of its period.
            start = jnp.mod(start, period)
        self.pixels = [source_position(start + tap, size, mode.border_mode, period, jnp)
                       for tap in TAPS[mode.interpolation]]
        if mode.border_mode != 'zeros' and len(self.pixels) > 1:
            first, *others = [index for index, _ in self.pixels]
            same = jnp.all(jnp.stack([index == first for index in others]), axis=0)
            self.frac = jnp.where(same, 0, self.frac)                          # Inf - Inf would be NaN
        self.weights = {'nearest': lambda: [jnp.ones_like(self.frac)],
                        'bilinear': lambda: [1 - self.frac, self.frac],
                        'bicubic': lambda: cubic_weights(self.frac, self.cubic)}[mode.interpolation]()
        self.pixels = [(index.astype('int32') * np.int32(stride), exists) for index, exists in self.pixels]

    def blend(self, values):
        """Interpolate the taps' values, of any dtype, exactly where the fraction is 0."""
        if self.interpolation == 'nearest':
            return values[0]
        frac = _like(self.frac, values[0])
        if self.interpolation == 'bilinear':
            start, end = values
            return jnp.where(frac == 0, start, start + frac * (end - start))
        mixed = sum(_like(weight, value) * value for weight, value in zip(self.weights, values))
        return jnp.where(frac == 0, values[1], mixed)

    def derivative(self, values):
        """Return the derivative of :meth:`blend` by the coordinate: from the right where it has a kink."""
        if self.interpolation == 'bilinear':
            return values[1] - values[0]
        return sum(jnp.where(slope == 0, 0, slope * value)
                   for slope, value in zip(cubic_slopes(self.frac, self.cubic), values))


def _like(array, values):
    """Return `array` ``(N, *out_size)`` in the dtype of `values`, which may have channels behind N."""
    array = array.astype(values.dtype)
    return array if array.ndim == values.ndim else array[:, None]


def _starts(count, size):
    """Return the flat indices at which `count` blocks of `size` begin."""
    dtype = 'int32' if (count + 1) * size < 2 ** 31 else 'int64'
    return np.arange(count, dtype=dtype) * np.dtype(dtype).type(size)


class Taps:
    """Taps of points.

    Parameters
    ----------
    places : list of float64 Arrays
        Per coordinate ``(N, *out_size)``, in pixels, x first.
    image_shape : tuple
        ``(batch, channels, *size)``; N is a multiple of the batch.
    mode : SamplingMode
        How to sample.
    present : bool Array, optional
        ``(N, *out_size)``: the points that are not left out.
    """

    def __init__(self, places, image_shape, mode, present=None):
        self.batch, self.channels, *size = image_shape
        self.plane = int(np.prod(size))
        self.owners = np.repeat(np.arange(self.batch), len(places[0]) // self.batch)
        self.finite = jnp.all(jnp.stack([jnp.isfinite(place) for place in places]), axis=0)
        if present is not None:
            self.finite &= present
        strides = [int(np.prod(size[::-1][:d])) for d in range(len(size))]
        self.axes = [_Axis(jnp.where(self.finite, place, 0), of, stride, mode)
                     for place, of, stride in zip(places, size[::-1], strides)]
        # Fused into what follows, they would be worked out again for every channel.
        self.finite, parts = jax.lax.optimization_barrier(
            (self.finite, [(axis.pixels, axis.frac, axis.weights) for axis in self.axes]))
        for axis, (axis.pixels, axis.frac, axis.weights) in zip(self.axes, parts):
            pass

    def _existing(self, taps):
        """Tell where the pixel at one tap of each axis exists."""
        exists = self.finite
        for _, inside in taps:
            exists = exists if inside is None else exists & inside
        return exists

    def _reduce(self, pixels, along=None, taps=()):
        """Blend ``pixels(*taps)`` x first, y next; at the coordinate `along` take the derivative."""
        coordinate = len(self.axes) - len(taps) - 1
        if coordinate < 0:
            return pixels(taps)
        axis = self.axes[coordinate]
        values = [self._reduce(pixels, along, (tap,) + taps) for tap in axis.pixels]
        return axis.derivative(values) if coordinate == along else axis.blend(values)

    def values(self, image):
        """Return what the points get, ``(N, channels, *out_size)``."""
        if not image.size:
            return jnp.zeros((len(self.owners), self.channels) + self.finite.shape[1:], image.dtype)
        flat = image.reshape(-1)
        starts = _starts(self.batch * self.channels, self.plane).reshape(self.batch, self.channels)
        starts = starts[self.owners].reshape((len(self.owners), -1) + (1,) * len(self.axes))

        def pixels(taps):
            at = starts + sum(index for index, _ in taps)[:, None]
            value = flat.at[at].get(mode='promise_in_bounds')
            if taps[0][1] is None:
                return value
            return jnp.where(self._existing(taps)[:, None], value, 0)

        return jnp.where(self.finite[:, None], self._reduce(pixels), jnp.nan).astype(image.dtype)

    def _groups(self):
        """Yield taps by the plane that they lie in: ``(rows, weights)``, each ``(points, taps of a plane)``.

        All taps of a volume at once would take much memory. A tap that does not exist lies in the
        row behind the last.
        """
        behind = self.batch * self.plane
        starts = _starts(self.batch, self.plane)[self.owners].reshape((-1,) + (1,) * len(self.axes))
        taps = [list(zip(axis.pixels, axis.weights)) for axis in self.axes[::-1]]
        for outer in itertools.product(*taps[:-2]):
            rows, weights = [], []
            for inner in itertools.product(*taps[-2:]):
                combined = outer + inner
                pixels, weight = zip(*combined)
                row = starts + sum(index for index, _ in pixels)
                rows.append(jnp.where(self._existing(pixels), row, behind).reshape(-1))
                weights.append(math.prod(weight).reshape(-1))
            yield jnp.stack(rows, axis=-1), jnp.stack(weights, axis=-1)

    def scatter(self, total, grads):
        """Add to `total` what the gradient to the values, ``(points, channels)``, is to the pixels."""
        for rows, weights in self._groups():
            total = jax.lax.platform_dependent(
                total, rows, weights.astype(total.dtype), grads, cpu=_scatter_in_turn, default=_scatter)
        return total

    def position_grads(self, pixels, grads):
        """Return the gradients to the coordinates of that to the values: per coordinate ``(N, *out_size)``.

        The sum over channels comes first, and is blended then, as the pixels are elsewhere.
        """
        bad = jnp.where(self.finite, 0., jnp.nan)
        if self.axes[0].interpolation == 'nearest':
            return [bad] * len(self.axes)
        products = [product for rows, _ in self._groups()
                    for product in jnp.moveaxis(jax.lax.platform_dependent(
                        pixels, rows, grads, cpu=_products_in_turn, default=_products), -1, 0)]
        products = [product.reshape(bad.shape) for product in products]
        return [self._reduce(lambda _, left=iter(products): next(left), d) + bad
                for d in range(len(self.axes))]


def as_rows(image):
    """Return the pixels of ``(batch, channels, *size)`` as ``(pixels + 1, channels)``; the last one holds zeros.

    All channels of a pixel lie together, so that each tap is read or written once and not per channel.
    """
    rows = as_list(image)
    return jnp.concatenate([rows, jnp.zeros_like(rows, shape=(1, rows.shape[1]))])


def as_list(images):
    """Return the pixels of ``(batch, channels, *size)`` as ``(pixels, channels)``."""
    pixels = images.shape[0] * int(np.prod(images.shape[2:]))
    return jnp.moveaxis(images, 1, -1).reshape(pixels, images.shape[1])


def as_images(rows, shape):
    """Undo :func:`as_rows`: `shape` is ``(batch, channels, *size)``."""
    return jnp.moveaxis(rows[:-1].reshape(shape[:1] + shape[2:] + shape[1:2]), -1, 1)


def _scatter(total, rows, weights, grads):
    for k in range(rows.shape[1]):
        total = total.at[rows[:, k]].add(weights[:, k, None] * grads, mode='promise_in_bounds')
    return total


def _scatter_in_turn(total, rows, weights, grads):
    """Do the same in a loop: on a processor, where XLA has one thread scatter anyway, a third of the time."""
    def add(point, total):
        grad = jax.lax.dynamic_slice_in_dim(grads, point, 1)
        for k in range(rows.shape[1]):
            row = rows[point, k]
            before = jax.lax.dynamic_slice_in_dim(total, row, 1)
            total = jax.lax.dynamic_update_slice_in_dim(total, before + weights[point, k] * grad, row, 0)
        return total
    return jax.lax.fori_loop(0, len(rows), add, total)


def _products(pixels, rows, grads):
    """Sum pixel times gradient over channels, per point and tap, in float64."""
    return jnp.stack([(pixels[rows[:, k]] * grads.astype('float64')).sum(axis=-1)
                      for k in range(rows.shape[1])], axis=-1)


def _products_in_turn(pixels, rows, grads):
    """Do the same in a loop: on a processor, reductions that gather are several times slower in XLA than a loop."""
    def put(point, products):
        grad = jax.lax.dynamic_slice_in_dim(grads, point, 1).astype('float64')
        sums = [(jax.lax.dynamic_slice_in_dim(pixels, rows[point, k], 1) * grad).sum()
                for k in range(rows.shape[1])]
        return jax.lax.dynamic_update_slice_in_dim(products, jnp.stack(sums)[None], point, 0)
    return jax.lax.fori_loop(0, len(rows), put, jnp.zeros(rows.shape))
