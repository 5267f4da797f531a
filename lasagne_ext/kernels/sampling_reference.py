"""NumPy reference of the sampling kernels: what the C code must compute, written to be read.

Each public function at the end has the signature and the meaning of its namesake in
:mod:`lasagne_ext.kernels.sampling`, and answers in its place where no library was built. A value
takes the way that it takes in C: :func:`pixel_coordinates` of the points, along each axis their
taps, which :func:`source_index` finds in the image, and the blend of these. Images have two or three
spatial axes, ``(batch, channels, *size)``; coordinates are counted from the last axis: x, y, then z.
All of them are worked out in float64. Points that are not finite make NaN, no warnings.
"""
import itertools
from collections import namedtuple

import numpy as np

#: What the points are, see :mod:`lasagne_ext.kernels.sampling`; in the order of `enum points` in sampling.h.
POINTS = ('affine', 'projective', 'grid', 'flow')

#: Taps of a point along an axis, counted from the pixel at or below it ('nearest': the one nearest to it).
#: In the order of `enum interpolation` in sampling.h.
TAPS = {'nearest': (0,), 'bilinear': (0, 1), 'bicubic': (-1, 0, 1, 2)}

INTERPOLATIONS = tuple(TAPS)

#: In the order of `enum border` in border.h. The rule of each is in :func:`source_position`.
BORDER_MODES = ('zeros', 'nearest', 'mirror', 'reflect', 'wrap')

#: How to sample. `points` is one of POINTS; `cubic` is the coefficient of bicubic interpolation.
SamplingMode = namedtuple('SamplingMode', 'points interpolation border_mode align_corners cubic')

#: Most samples that a footprint takes on either side of its point; MAX_STEPS in footprint.h.
MAX_STEPS = 31


def border_period(size, border_mode, maximum=max):
    """Return after how many pixels the extended image repeats itself, or None where it does not."""
    return {'mirror': maximum(1, 2 * (size - 1)), 'reflect': 2 * size, 'wrap': size}.get(border_mode)


def source_position(position, size, border_mode, period, module=np):
    """Apply the rule of a border mode to whole-number positions on the extended image.

    It serves the graphs of Theano and of JAX too.

    Parameters
    ----------
    position : array
        Whole numbers, as floats.
    size : int or array
        Of the image along this axis.
    border_mode : str
        One of BORDER_MODES.
    period : int, array or None
        What :func:`border_period` gives for both.
    module
        Whose ``mod``, ``where`` and ``clip`` to apply: numpy, theano.tensor or jax.numpy.

    Returns
    -------
    position : array
        Inside the image, still as floats.
    exists : array or None
        False where the extended image has no pixel of the image, but 0; None where it always has.
    """
    if border_mode == 'zeros':
        exists = (position >= 0) & (position < size)
        return module.clip(position, 0, size - 1), exists
    if period is not None:
        position = module.mod(position, period)
    if border_mode in ('mirror', 'reflect'):
        position = module.where(position < size, position,
                                period - position - int(border_mode == 'reflect'))
    return module.clip(position, 0, size - 1), None


def source_index(position, size, border_mode):
    """Return the int64 index of the pixel at each whole-number position, and whether there is one."""
    index, exists = source_position(position, size, border_mode, border_period(size, border_mode))
    return index.astype('int64'), np.ones(position.shape, dtype=bool) if exists is None else exists


def cubic_weights(t, a):
    """Return the weights of the pixels at -1, 0, 1 and 2 for a point at t: Keys' kernel, equation 4 there.

    R. G. Keys: Cubic convolution interpolation for digital image processing, 1981.
    """
    return [a * t * (1 - t) ** 2,
            (a + 2) * t ** 3 - (a + 3) * t ** 2 + 1,
            -(a + 2) * t ** 3 + (2 * a + 3) * t ** 2 - a * t,
            a * t ** 2 * (1 - t)]


def cubic_slopes(t, a):
    """Return the derivatives of :func:`cubic_weights` by t."""
    return [a * (3 * t ** 2 - 4 * t + 1),
            3 * (a + 2) * t ** 2 - 2 * (a + 3) * t,
            -3 * (a + 2) * t ** 2 + 2 * (2 * a + 3) * t - a,
            a * (2 * t - 3 * t ** 2)]


class _AxisTaps:
    """The taps of points along one axis: `pixels`, a list of :func:`source_index`, and their blend."""

    def __init__(self, position, size, mode):
        self.interpolation, self.cubic = mode.interpolation, mode.cubic
        start = np.floor(position)
        if mode.interpolation == 'nearest':
            # From 2**52 on every float64 is whole, and adding a half could round it up.
            start = np.where(np.abs(position) < 2 ** 52, np.floor(position + .5), start)
        frac = position - start
        # A float64 beyond 2**53 has no successor that differs from it by one; within a period it has.
        period = border_period(size, mode.border_mode)
        if period is not None:
            start = np.mod(start, period)
        self.pixels = [source_index(start + tap, size, mode.border_mode) for tap in TAPS[mode.interpolation]]
        if mode.border_mode == 'nearest':
            # One and the same pixel needs no blending (and Inf - Inf would be NaN).
            frac = np.where(np.all([index == self.pixels[0][0] for index, _ in self.pixels], axis=0), 0, frac)
        self.frac = frac

    def weights(self):
        if self.interpolation == 'nearest':
            return [np.ones_like(self.frac)]
        if self.interpolation == 'bilinear':
            return [1 - self.frac, self.frac]
        return cubic_weights(self.frac, self.cubic)

    def slopes(self):
        if self.interpolation == 'nearest':
            return [np.zeros_like(self.frac)]
        if self.interpolation == 'bilinear':
            return [-np.ones_like(self.frac), np.ones_like(self.frac)]
        return cubic_slopes(self.frac, self.cubic)

    def blend(self, values):
        """Interpolate the taps' values ``(P, channels)`` in their dtype, exactly where the fraction is 0."""
        if self.interpolation == 'nearest':
            return values[0]
        dtype = values[0].dtype
        frac = self.frac.astype(dtype)[:, None]
        if self.interpolation == 'bilinear':
            start, end = values
            return np.where(frac == 0, start, start + frac * (end - start))
        mixed = sum(weight.astype(dtype)[:, None] * value
                    for weight, value in zip(self.weights(), values))
        return np.where(frac == 0, values[1], mixed)

    def derivative(self, values):
        """Return the derivative of :meth:`blend` by the position: from the right where it has a kink."""
        return sum(np.where(slope[:, None] == 0, 0, slope[:, None] * value)
                   for slope, value in zip(self.slopes(), values))


class _Taps:
    """Points at `positions` ``(rank, P)`` in pixels, x first, of the images numbered by `owners` ``(P,)``.

    What a point gets is the sum over all combinations of taps, one of each axis.
    """

    def __init__(self, positions, owners, size, mode):
        self.owners = owners
        self.finite = np.isfinite(positions).all(axis=0)
        self.axes = [_AxisTaps(position, extent, mode)
                     for position, extent in zip(np.where(self.finite, positions, 0), size[::-1])]

    def _pixels(self, image, taps):
        """Return the pixels ``(P, channels)`` at one tap of each axis, x first."""
        planes = np.moveaxis(image, 1, -1)
        values = planes[(self.owners,) + tuple(index for index, _ in taps[::-1])]
        exists = np.all([exists for _, exists in taps], axis=0)
        return np.where(exists[:, None], values, image.dtype.type(0))

    def _reduce(self, image, slope_axis=None, taps=()):
        """Blend along x first, y next; along `slope_axis` take the derivative instead."""
        remaining = len(self.axes) - len(taps) - 1
        if remaining < 0:
            return self._pixels(image, taps)
        axis = self.axes[remaining]
        values = [self._reduce(image, slope_axis, (tap,) + taps) for tap in axis.pixels]
        return axis.derivative(values) if remaining == slope_axis else axis.blend(values)

    def values(self, image):
        """Return the interpolated values of the points, ``(P, channels)``."""
        return np.where(self.finite[:, None], self._reduce(image), image.dtype.type(np.nan))

    def position_grad(self, image, grads):
        """Return the gradient ``(rank, P)`` to the positions of that to the values, ``(P, channels)``."""
        image = image.astype('float64')
        slopes = np.stack([(grads * self._reduce(image, axis)).sum(axis=1) for axis in range(len(self.axes))])
        return np.where(self.finite, slopes, np.nan)

    def scatter(self, grads, input_grad):
        """Add to `input_grad` the gradient of the images, from that of the values, ``(P, channels)``."""
        planes = np.moveaxis(input_grad, 1, -1)
        for taps in itertools.product(*(zip(axis.pixels, axis.weights()) for axis in self.axes)):
            weight = np.prod([weight for _, weight in taps], axis=0)
            exists = self.finite & np.all([exists for (_, exists), _ in taps], axis=0)
            index = (self.owners,) + tuple(index for (index, _), _ in taps[::-1])
            np.add.at(planes, tuple(axis_index[exists] for axis_index in index),
                      (grads * weight.astype(grads.dtype)[:, None])[exists])


def _centre(size):
    return (size - 1) / 2


def _half_extent(size, align_corners):
    """Return the pixels between the middle of an axis and its normalised coordinate 1."""
    return (size - 1) / 2 if align_corners else size / 2


def _offsets(size):
    """Return the pixels between the middle of an axis and each of its pixels."""
    return np.arange(size) - _centre(size)


def normalised_positions(size, align_corners):
    """Return the normalised coordinates of the pixel centres along an axis, the middle being 0."""
    extent = _half_extent(size, align_corners)
    return _offsets(size) / extent if extent else _offsets(size)


def _lay_along(values, coordinate, rank):
    """Lay `values` along the axis of a coordinate, x being the last axis."""
    shape = [1] * rank
    shape[-1 - coordinate] = len(values)
    return np.reshape(values, shape)


def _homogeneous(out_size, align_corners):
    """Return ``x', y'[, z'], 1`` of every output pixel, each broadcasting over `out_size`."""
    return [_lay_along(normalised_positions(size, align_corners), coordinate, len(out_size))
            for coordinate, size in enumerate(out_size[::-1])] + [np.ones([1] * len(out_size))]


def affine_grid(theta, out_size, align_corners):
    """Return the grid ``(N, *out_size, rank)`` of theta ``(N, rank, rank + 1)``: equation 1 of the paper."""
    rank = len(out_size)
    theta = theta.astype('float64')[(Ellipsis,) + (None,) * rank]
    terms = [theta[:, :, k] * position
             for k, position in enumerate(_homogeneous(out_size, align_corners))]
    return np.moveaxis(sum(terms[1:], terms[0]), 1, -1)


def _multiply_row(row, extent, out_size, align_corners):
    """Multiply a row of a matrix, ``(N, rank + 1, 1, ...)``, by ``x', y'[, z'], 1`` and by `extent`.

    Written around the centres, with the ratio of the sizes as one factor, so that the identity
    gives whole numbers exactly.
    """
    total = row[:, -1] * extent
    for coordinate, size in reversed(list(enumerate(out_size[::-1]))):
        out_extent = _half_extent(size, align_corners)
        factor = extent / out_extent if out_extent else 0.
        total = row[:, coordinate] * factor * _lay_along(_offsets(size), coordinate, len(out_size)) + total
    return total


@np.errstate(all='ignore')
def pixel_coordinates(points, out_size, in_size, mode):
    """Return where the output samples the image, in pixels: ``(rank, N, *out_size)``, x first."""
    rank, align_corners = len(in_size), mode.align_corners
    points = points.astype('float64')
    if mode.points == 'flow':
        return np.stack([_lay_along(np.arange(size), d, rank) + points[:, d]
                         for d, size in enumerate(out_size[::-1])])
    if mode.points == 'grid':
        return np.stack([_centre(size) + _half_extent(size, align_corners) * points[..., d]
                         for d, size in enumerate(in_size[::-1])])
    matrix = points[(Ellipsis,) + (None,) * rank]
    w = _multiply_row(matrix[:, -1], 1., out_size, align_corners) if mode.points == 'projective' else 1.
    return np.stack([_multiply_row(matrix[:, d], _half_extent(size, align_corners), out_size, align_corners) / w
                     + _centre(size) for d, size in enumerate(in_size[::-1])])


def _points_grad(points, positions, pixel_grad, in_size, mode):
    """Return the gradient to the points from that to their positions, both ``(rank, N, *out_size)``."""
    rank, out_size = len(in_size), positions.shape[2:]
    if mode.points == 'flow':
        return np.moveaxis(pixel_grad, 0, 1)
    extents = np.array([_half_extent(size, mode.align_corners) for size in in_size[::-1]])
    normalised_grad = pixel_grad * extents[(Ellipsis,) + (None,) * (rank + 1)]
    if mode.points == 'grid':
        return np.moveaxis(normalised_grad, 0, -1)
    rows = list(normalised_grad)
    if mode.points == 'projective':
        matrix = points.astype('float64')[(Ellipsis,) + (None,) * rank]
        w = _multiply_row(matrix[:, -1], 1., out_size, mode.align_corners)
        rows = [row / w for row in rows]
        rows.append(-sum(grad * (position - _centre(size)) / w for grad, position, size
                         in zip(pixel_grad, positions, in_size[::-1])))
    columns = _homogeneous(out_size, mode.align_corners)
    axes = tuple(range(1, rank + 1))
    return np.stack([np.stack([(row * column).sum(axis=axes) for column in columns], -1)
                     for row in rows], 1)


def _owners(count, batch, out_size):
    """Return the image of each point in a flat list, for `count` transforms of `batch` images."""
    transforms = max(1, count // max(1, batch))
    return np.repeat(np.arange(count) // transforms, int(np.prod(out_size)))


def _as_list(images):
    """Flatten ``(N, channels, *size)`` to a list of points, ``(points, channels)``."""
    count = images.shape[0] * int(np.prod(images.shape[2:]))
    return np.moveaxis(images, 1, -1).reshape(count, images.shape[1])


def _as_images(values, count, size):
    """Undo :func:`_as_list`."""
    values = values.reshape((count,) + tuple(size) + values.shape[1:])
    return np.ascontiguousarray(np.moveaxis(values, -1, 1))


@np.errstate(all='ignore')
def sample(image, points, out_size, mode):
    in_size = image.shape[2:]
    positions = pixel_coordinates(points, out_size, in_size, mode).reshape(len(in_size), -1)
    owners = _owners(len(points), len(image), out_size)
    return _as_images(_Taps(positions, owners, in_size, mode).values(image), len(points), out_size)


@np.errstate(all='ignore')
def sample_backward(image, points, output_grad, mode, wanted=(True, True)):
    in_size, out_size = image.shape[2:], output_grad.shape[2:]
    positions = pixel_coordinates(points, out_size, in_size, mode)
    owners = _owners(len(points), len(image), out_size)
    taps = _Taps(positions.reshape(len(in_size), -1), owners, in_size, mode)
    grads = _as_list(output_grad)
    input_grad = points_grad = None
    if wanted[0]:
        input_grad = np.zeros_like(image, order='C')
        taps.scatter(grads, input_grad)
    if wanted[1]:
        pixel_grad = taps.position_grad(image, grads).reshape(positions.shape)
        points_grad = _points_grad(points, positions, pixel_grad, in_size, mode)
        points_grad = points_grad.astype(points.dtype, order='C')
    return input_grad, points_grad


class _Footprints:
    """Points ``(rank, P)`` with the footprints ``(rank, rank, P)`` that they are averaged over."""

    def __init__(self, image, grid, footprint, mode):
        self.in_size, self.mode = image.shape[2:], mode
        rank, out_size = len(self.in_size), grid.shape[1:-1]
        self.owners = _owners(len(grid), len(image), out_size)
        positions = pixel_coordinates(grid, out_size, self.in_size, mode).reshape(rank, -1)
        spread = np.moveaxis(footprint.astype('float64'), (-2, -1), (0, 1)).reshape(rank, rank, -1)
        self.finite = np.isfinite(positions).all(axis=0) & np.isfinite(spread).all(axis=(0, 1))
        self.positions = np.where(self.finite, positions, np.nan)
        self.spread = np.where(self.finite, spread, 0)
        self.steps = np.minimum(np.ceil(np.sqrt((self.spread ** 2).sum(axis=0))), MAX_STEPS)

    def samples(self):
        """Yield, per step along each direction, the points that have it, its offsets, weights and taps."""
        most = self.steps.max(axis=1, initial=0).astype(int)
        for m in np.ndindex(*(2 * most + 1)):
            m = (m - most)[:, None]
            chosen, = np.nonzero((np.abs(m) <= self.steps).all(axis=0))
            if not len(chosen):
                continue
            steps = self.steps[:, chosen]
            # The variance along a direction is a sixth of its squared length, as a tent's.
            offsets = m * (1 / np.sqrt(np.where(steps > 0, (steps + 1) ** 2 - 1, 1)))
            weights = np.prod((steps + 1 - np.abs(m)) / (steps + 1) ** 2, axis=0)
            spread = np.moveaxis(self.spread[:, :, chosen], 1, 0)
            positions = sum((offset * direction for offset, direction in zip(offsets, spread)),
                            self.positions[:, chosen])
            yield chosen, offsets, weights, _Taps(positions, self.owners[chosen], self.in_size, self.mode)


@np.errstate(all='ignore')
def footprint_sample(image, grid, footprint, mode):
    footprints = _Footprints(image, grid, footprint, mode)
    # Adding to -0.0 leaves everything as it is, -0.0 too.
    total = np.full((len(footprints.owners), image.shape[1]), -0., dtype=image.dtype)
    for chosen, _, weights, taps in footprints.samples():
        total[chosen] += weights.astype(image.dtype)[:, None] * taps.values(image)
    return _as_images(total, len(grid), grid.shape[1:-1])


@np.errstate(all='ignore')
def footprint_sample_backward(image, grid, footprint, output_grad, mode):
    footprints = _Footprints(image, grid, footprint, mode)
    grads = _as_list(output_grad)
    input_grad = np.zeros_like(image, order='C')
    pixel_grad = np.zeros_like(footprints.positions)
    spread_grad = np.zeros_like(footprints.spread)
    for chosen, offsets, weights, taps in footprints.samples():
        taps.scatter(grads[chosen] * weights.astype(image.dtype)[:, None], input_grad)
        position_grad = weights * taps.position_grad(image, grads[chosen])
        pixel_grad[:, chosen] += position_grad
        spread_grad[:, :, chosen] += position_grad[:, None] * offsets
    spread_grad[:, :, ~footprints.finite] = np.nan
    rank, points_shape = len(footprints.in_size), grid.shape[:-1]
    pixel_grad = pixel_grad.reshape((rank,) + points_shape)
    spread_grad = spread_grad.reshape((rank, rank) + points_shape)
    grid_grad = _points_grad(grid, pixel_grad, pixel_grad, footprints.in_size, mode)
    footprint_grad = np.moveaxis(spread_grad, (0, 1), (-2, -1))
    return (input_grad, grid_grad.astype(grid.dtype, order='C'),
            footprint_grad.astype(footprint.dtype, order='C'))
