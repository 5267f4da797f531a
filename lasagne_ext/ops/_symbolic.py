"""Sample by a symbolic graph of elementary operations, in all modes and two or three dimensions.

It serves the second derivatives and the R-operator of the sampling Ops, whose kernels give first
derivatives only. N counts transforms, P the output's pixels, and axes of coordinates begin with x;
sizes are symbolic int64 vectors, x first too. The taps of a footprint are taken together, so that
memory is that of plain sampling times their number.
"""
import functools
import operator

import numpy as np
import theano
import theano.tensor as T

from lasagne_ext.kernels.sampling_reference import MAX_STEPS, TAPS, border_period, source_position


def half_extents(size, align_corners):
    """Return the pixels between the middle of each axis and its normalised coordinate 1."""
    return (T.cast(size, 'float64') - (1 if align_corners else 0)) / 2


def divisors(size, align_corners):
    """Return the same, to divide by."""
    # An axis of size 1 has its only position at 0, so that any divisor but 0 serves.
    return T.maximum(half_extents(size, align_corners), .5)


def centres(size):
    """Return the coordinates of the middle, in pixels."""
    return (T.cast(size, 'float64') - 1) / 2


def places(size, rank):
    """Return the coordinates of all pixels, ``(rank, P)`` float64."""
    pixel = T.arange(_product(size, rank))
    rows = [pixel % size[0], pixel // size[0] % size[1], pixel // (size[0] * size[1])]
    return T.cast(T.stack(rows[:rank]), 'float64')


def _product(size, rank):
    # Theano's reductions other than the sum have no R-operator.
    return functools.reduce(operator.mul, [size[k] for k in range(rank)])


def offsets(size, rank):
    """Return the same, counted from the middle."""
    return places(size, rank) - centres(size).dimshuffle(0, 'x')


def homogeneous(positions):
    """Append a row of ones."""
    return T.concatenate([positions, T.ones_like(positions[:1])])


def directional_derivative(image, coordinates, steps, mode):
    """Return the derivative of the sampled values along a change of the coordinates.

    Parameters
    ----------
    image : tensor
        ``(batch, channels, *size)``; transforms n belong to image ``n // (N / batch)``.
    coordinates, steps : float64 tensors, (N, rank, P)
        Coordinates in pixels, and the direction in which they change.
    mode : SamplingMode
        As for the kernels.

    Returns
    -------
    tensor, (N, channels, P)
        In the image's dtype; at a kink the right-hand derivative. NaN where a point is not finite.
    """
    rank = image.ndim - 2
    steps = steps.dimshuffle(0, 1, 2, 'x')
    return _weighted(image, coordinates, mode, lambda taps: sum(
        _products([(steps * taps.slopes)[:, k] if k == moving else taps.weights[:, k]
                   for k in range(rank)]) for moving in range(rank)))


def sampled(image, coordinates, mode):
    """Return the sampled values, of which :func:`directional_derivative` gives the changes."""
    return _weighted(image, coordinates, mode, lambda taps: _products(
        [taps.weights[:, k] for k in range(image.ndim - 2)]))


def _weighted(image, coordinates, mode, weigh):
    """Return sums of pixels around points, with the weights that a function of their taps gives."""
    rank = image.ndim - 2
    infinite = functools.reduce(T.or_, [test(coordinates[:, k]) for k in range(rank)
                                        for test in (T.isnan, T.isinf)])
    taps = _Taps(T.switch(infinite.dimshuffle(0, 'x', 1), 0, coordinates), image.shape[:1:-1], mode)
    values = _pixels(image, taps)
    weights = T.cast(weigh(taps), image.dtype).dimshuffle(0, 'x', 1, 2)
    return T.switch(infinite.dimshuffle(0, 'x', 1), T.constant(np.nan, dtype=image.dtype),
                    T.sum(values * weights, axis=3))


class _Taps:
    """Taps of points: the pixels along each axis that take part, all ``(N, rank, P, taps)``.

    Attributes
    ----------
    index, exists : int64 tensor, and bool tensor or None
        Where they are by the border's rule, and which of them exist (None: all).
    weights, slopes : float64 tensors
        How much each counts, and the derivative of that to the coordinate.
    size : int64 vector
        Of the image.
    """

    def __init__(self, coordinates, size, mode):
        self.size = size
        below = T.floor(coordinates + .5 if mode.interpolation == 'nearest' else coordinates)
        rest = (coordinates - below).dimshuffle(0, 1, 2, 'x')
        coefficients = _coefficients(mode)
        self.weights = _polynomial(coefficients, rest)
        self.slopes = _polynomial(coefficients[1:] * np.arange(1, len(coefficients))[:, None], rest)
        self.index, self.exists = _border(below.dimshuffle(0, 1, 2, 'x'), TAPS[mode.interpolation],
                                          T.cast(size, 'float64').dimshuffle('x', 0, 'x', 'x'),
                                          mode.border_mode)


def _coefficients(mode):
    """Return the weights of all taps as polynomials of the fraction: ``(degree + 1, taps)``."""
    if mode.interpolation == 'nearest':
        return np.array([[1.]])
    if mode.interpolation == 'bilinear':
        return np.array([[1., 0.], [-1., 1.]])
    a = mode.cubic
    return np.array([[0, 1, 0, 0],
                     [a, 0, -a, 0],
                     [-2 * a, -(a + 3), 2 * a + 3, a],
                     [a, a + 2, -(a + 2), -a]], dtype='float64')


def _polynomial(coefficients, x):
    """Apply Horner's rule to x ``(N, rank, P, 1)``, by the rows of `coefficients`."""
    result = T.zeros_like(x)
    for row in coefficients[::-1]:
        result = result * x + row.reshape(1, 1, 1, -1)
    return result


def _border(below, taps, size, border_mode):
    """Return indices of the pixels at `below` + `taps`, and which of those exist (None: all)."""
    period = border_period(size, border_mode, T.maximum)
    if period is not None:
        # A float64 beyond 2**53 has no successor that differs from it by one.
        below = T.mod(below, period)
    position = below + np.array(taps, dtype='float64').reshape(1, 1, 1, -1)
    position, exists = source_position(position, size, border_mode, period, T)
    return T.cast(position, 'int64'), exists


def _outer(first, second, combine):
    """Combine all pairs of entries of the last axes of two tensors ``(N, P, taps)``, in one axis."""
    return combine(first.dimshuffle(0, 1, 2, 'x'), second.dimshuffle(0, 1, 'x', 2)).flatten(3)


def _products(factors):
    """Multiply one entry of each, the first axis running fastest."""
    result = factors[-1]
    for factor in factors[-2::-1]:
        result = _outer(result, factor, lambda a, b: a * b)
    return result


def _pixels(image, taps):
    """Return the pixels at all combinations of the axes' taps, ``(N, channels, P, combinations)``."""
    rank = image.ndim - 2
    place = taps.index[:, rank - 1]
    for k in range(rank - 2, -1, -1):
        place = _outer(place, taps.index[:, k], lambda a, b, size=taps.size[k]: a * size + b)
    batch, channels, count = image.shape[0], image.shape[1], place.shape[0]
    owner = T.arange(count) // T.maximum(count // T.maximum(batch, 1), 1)
    plane = owner.dimshuffle(0, 'x') * channels + T.arange(channels).dimshuffle('x', 0)
    index = (plane * _product(taps.size, rank)).dimshuffle(0, 1, 'x', 'x') + place.dimshuffle(0, 'x', 1, 2)
    values = image.flatten()[index.flatten()].reshape(index.shape, ndim=4)
    if taps.exists is None:
        return values
    exists = taps.exists[:, rank - 1]
    for k in range(rank - 2, -1, -1):
        exists = _outer(exists, taps.exists[:, k], T.and_)
    return T.switch(exists.dimshuffle(0, 'x', 1, 2), values, 0)


def footprint_derivative(image, coordinates, footprint, steps, footprint_step, mode):
    """Return the derivative of footprint-sampled values along a change of the coordinates and of the footprints.

    Parameters
    ----------
    image : tensor
        ``(batch, channels, *size)``; transforms n belong to image ``n // (N / batch)``.
    coordinates, steps : float64 tensors, (N, rank, P)
        In pixels.
    footprint, footprint_step : float64 tensors, (N, P, rank, rank)
        In pixels, as for the kernels.
    mode : SamplingMode
        As for the kernels.

    Returns
    -------
    tensor, (N, channels, P)
        In the image's dtype. NaN where a point or its footprint is not finite.
    """
    spread, spread_step = (which.dimshuffle(0, 2, 3, 1) for which in (footprint, footprint_step))
    bad, offsets, weights = _spread_taps(spread, image.ndim - 2)
    coordinates = T.switch(bad.dimshuffle(0, 'x', 1), np.nan, coordinates)
    change = directional_derivative(image, _places_of_taps(coordinates, spread, offsets),
                                    _places_of_taps(steps, spread_step, offsets), mode)
    return _weighted_mean(change, weights, image.dtype)


def footprint_sampled(image, coordinates, footprint, mode):
    """Return footprint-sampled values, of which :func:`footprint_derivative` gives the changes."""
    spread = footprint.dimshuffle(0, 2, 3, 1)
    bad, offsets, weights = _spread_taps(spread, image.ndim - 2)
    coordinates = T.switch(bad.dimshuffle(0, 'x', 1), np.nan, coordinates)
    return _weighted_mean(sampled(image, _places_of_taps(coordinates, spread, offsets), mode), weights,
                 image.dtype)


def _spread_taps(spread, rank):
    """Tell which points have no finite footprint, and the taps of those that have."""
    bad = T.or_(T.isnan(spread), T.isinf(spread)).any(axis=(1, 2))
    lengths = T.sqrt(T.sum(T.sqr(T.switch(bad.dimshuffle(0, 'x', 'x', 1), 0, spread)), axis=1))
    # That the number of taps depends on the footprint, in jumps, is no matter of derivatives.
    reach = theano.gradient.disconnected_grad(T.minimum(T.ceil(lengths), MAX_STEPS))
    return (bad,) + _footprint_taps(reach, rank)


def _places_of_taps(places, change, offsets):
    """Turn places ``(N, rank, P)`` of points into those of all their taps ``(N, rank, taps * P)``."""
    along = T.sum(change.dimshuffle(0, 1, 2, 'x', 3) * offsets.dimshuffle(0, 'x', 1, 2, 3), axis=2)
    return (places.dimshuffle(0, 1, 'x', 2) + along).flatten(3)


def _weighted_mean(values, weights, dtype):
    """Return weighted means over the taps."""
    values = values.reshape((values.shape[0], values.shape[1], weights.shape[1], weights.shape[2]))
    weights = T.cast(weights, dtype).dimshuffle(0, 'x', 1, 2)
    return T.sum(T.switch(T.gt(weights, 0), weights * values, 0), axis=2)


def _footprint_taps(reach, rank):
    """Return offsets, (N, rank, taps, P), and weights, (N, taps, P), of all combinations of taps.

    Parameters
    ----------
    reach : tensor, (N, rank, P)
        Taps on either side of a point along each direction. For the taps that a point lacks, and
        others have, the weights are 0.
    """
    # A zero more, because there may be no points.
    widths = [2 * T.cast(T.max(T.concatenate([T.zeros((1,)), reach[:, d].flatten()])), 'int64') + 1
              for d in range(rank)]
    numbers = T.arange(T.prod(T.stack(widths)))
    m = []
    for width in widths:
        m.append(numbers % width - width // 2)
        numbers = numbers // width
    m = T.cast(T.stack(m), 'float64').dimshuffle('x', 0, 1, 'x')
    reach = reach.dimshuffle(0, 1, 'x', 2)
    weights = T.maximum(reach + 1 - abs(m), 0) / T.sqr(reach + 1)
    return m / T.sqrt(T.maximum(T.sqr(reach + 1) - 1, 1)), T.prod(weights, axis=1)
