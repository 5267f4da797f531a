"""Interpolation in NumPy: the pixels that a point is blended from, and the weights of the blend.

Along each axis a point has a few taps: whole-number positions on the image extended by its border.
What the point gets is the sum over all combinations of taps, one of each axis.
"""
import itertools

import numpy as np

#: Where the taps lie, counted from the pixel at or below the point (`nearest`: the one nearest to it).
_OFFSETS = {'nearest': (0,), 'bilinear': (0, 1), 'bicubic': (-1, 0, 1, 2)}


def _period(size, border_mode):
    return {'mirror': max(1, 2 * (size - 1)), 'reflect': 2 * size, 'wrap': size}.get(border_mode)


def into_image(position, size, border_mode):
    """The pixels at whole-number positions (as floats); also tell which count: outside of zeros none."""
    counts = np.ones(position.shape, dtype=bool)
    period = _period(size, border_mode)
    if period is not None:
        position = np.mod(position, period)
    if border_mode == 'zeros':
        counts = (position >= 0) & (position < size)
    elif border_mode == 'mirror':
        position = np.where(position < size, position, 2 * (size - 1) - position)
    elif border_mode == 'reflect':
        position = np.where(position < size, position, 2 * size - 1 - position)
    return np.clip(position, 0, size - 1).astype('int64'), counts


def cubic_weights(t, a):
    """Weights of the pixels at -1, 0, 1 and 2 for a point at t: Keys' kernel, equation 4 there.

    R. G. Keys: Cubic convolution interpolation for digital image processing, 1981.
    """
    return [a * t * (1 - t) ** 2,
            (a + 2) * t ** 3 - (a + 3) * t ** 2 + 1,
            -(a + 2) * t ** 3 + (2 * a + 3) * t ** 2 - a * t,
            a * t ** 2 * (1 - t)]


def cubic_slopes(t, a):
    """Derivatives of :func:`cubic_weights` by t."""
    return [a * (3 * t ** 2 - 4 * t + 1),
            3 * (a + 2) * t ** 2 - 2 * (a + 3) * t,
            -3 * (a + 2) * t ** 2 + 2 * (2 * a + 3) * t - a,
            a * (2 * t - 3 * t ** 2)]


class _AxisTaps:
    """The taps of points along one axis: `pixels`, a list of (index, counts), and their blend."""

    def __init__(self, position, size, mode):
        self.interpolation, self.cubic = mode.interpolation, mode.cubic
        start = np.floor(position)
        if mode.interpolation == 'nearest':
            # From 2**52 on every float64 is whole, and adding a half could round it up.
            start = np.where(np.abs(position) < 2 ** 52, np.floor(position + .5), start)
        t = position - start
        # A float64 beyond 2**53 has no successor that differs from it by one; within a period it has.
        period = _period(size, mode.border_mode)
        if period is not None:
            start = np.mod(start, period)
        self.pixels = [into_image(start + k, size, mode.border_mode)
                       for k in _OFFSETS[mode.interpolation]]
        if mode.border_mode == 'nearest':
            # One and the same pixel needs no blending (and Inf - Inf would be NaN).
            t = np.where(np.all([index == self.pixels[0][0] for index, _ in self.pixels], axis=0), 0, t)
        self.t = t

    def weights(self):
        if self.interpolation == 'nearest':
            return [np.ones_like(self.t)]
        if self.interpolation == 'bilinear':
            return [1 - self.t, self.t]
        return cubic_weights(self.t, self.cubic)

    def slopes(self):
        if self.interpolation == 'nearest':
            return [np.zeros_like(self.t)]
        if self.interpolation == 'bilinear':
            return [-np.ones_like(self.t), np.ones_like(self.t)]
        return cubic_slopes(self.t, self.cubic)

    def blend(self, values):
        """Interpolate the taps' values ``(P, channels)`` in their dtype, exactly where t is 0."""
        if self.interpolation == 'nearest':
            return values[0]
        dtype = values[0].dtype
        t = self.t.astype(dtype)[:, None]
        if self.interpolation == 'bilinear':
            start, end = values
            return np.where(t == 0, start, start + t * (end - start))
        mixed = sum(weight.astype(dtype)[:, None] * value
                    for weight, value in zip(self.weights(), values))
        return np.where(t == 0, values[1], mixed)

    def derivative(self, values):
        """Derivative of :meth:`blend` by the position: from the right where it has a kink."""
        return sum(np.where(slope[:, None] == 0, 0, slope[:, None] * value)
                   for slope, value in zip(self.slopes(), values))


class Taps:
    """Points at `positions` ``(rank, P)`` in pixels, x first, of the images numbered by `owners` ``(P,)``."""

    def __init__(self, positions, owners, size, mode):
        self.owners = owners
        self.finite = np.isfinite(positions).all(axis=0)
        self.axes = [_AxisTaps(position, extent, mode)
                     for position, extent in zip(np.where(self.finite, positions, 0), size[::-1])]

    def _pixels(self, image, taps):
        """The pixels ``(P, channels)`` at one tap of each axis, x first."""
        planes = np.moveaxis(image, 1, -1)
        values = planes[(self.owners,) + tuple(index for index, _ in taps[::-1])]
        counts = np.all([counts for _, counts in taps], axis=0)
        return np.where(counts[:, None], values, image.dtype.type(0))

    def _reduce(self, image, along=None, taps=()):
        """Blend x first, y next; along the coordinate `along` take the derivative instead."""
        coordinate = len(self.axes) - len(taps) - 1
        if coordinate < 0:
            return self._pixels(image, taps)
        axis = self.axes[coordinate]
        values = [self._reduce(image, along, (tap,) + taps) for tap in axis.pixels]
        return axis.derivative(values) if coordinate == along else axis.blend(values)

    def values(self, image):
        """What the points get, ``(P, channels)``."""
        return np.where(self.finite[:, None], self._reduce(image), image.dtype.type(np.nan))

    def position_grad(self, image, grads):
        """Gradient ``(rank, P)`` to the positions of that to the values, ``(P, channels)``."""
        image = image.astype('float64')
        along = np.stack([(grads * self._reduce(image, coordinate)).sum(axis=1)
                          for coordinate in range(len(self.axes))])
        return np.where(self.finite, along, np.nan)

    def scatter(self, grads, input_grad):
        """Add to `input_grad` what the gradient ``(P, channels)`` of the values is to the image."""
        planes = np.moveaxis(input_grad, 1, -1)
        for taps in itertools.product(*(zip(axis.pixels, axis.weights()) for axis in self.axes)):
            weight = np.prod([weight for _, weight in taps], axis=0)
            those = self.finite & np.all([counts for (_, counts), _ in taps], axis=0)
            where = (self.owners,) + tuple(index for (index, _), _ in taps[::-1])
            np.add.at(planes, tuple(index[those] for index in where),
                      (grads * weight.astype(grads.dtype)[:, None])[those])
