"""The derivative of sampling with footprints as a symbolic graph: for all derivatives beyond the first.

N counts transforms, P the output's pixels, and axes of coordinates begin with x. The taps of a
footprint are taken together, so that memory is that of plain sampling times their number.
"""
import numpy as np
import theano
import theano.tensor as T

from lasagne_ext.kernels.sampling_reference import MAX_STEPS
from lasagne_ext.ops import _reference


def directional_derivative(image, coordinates, footprint, steps, footprint_step, mode):
    """Derivative of footprint-sampled values along a change of the coordinates and of the footprints.

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
    change = _reference.directional_derivative(image, _moved(coordinates, spread, offsets),
                                               _moved(steps, spread_step, offsets), mode)
    return _mean(change, weights, image.dtype)


def sampled(image, coordinates, footprint, mode):
    """The footprint-sampled values themselves, as :func:`directional_derivative` gives their changes."""
    spread = footprint.dimshuffle(0, 2, 3, 1)
    bad, offsets, weights = _spread_taps(spread, image.ndim - 2)
    coordinates = T.switch(bad.dimshuffle(0, 'x', 1), np.nan, coordinates)
    return _mean(_reference.sampled(image, _moved(coordinates, spread, offsets), mode), weights,
                 image.dtype)


def _spread_taps(spread, rank):
    """Which points have no finite footprint, and the taps of those that have, as :func:`_taps`."""
    bad = T.or_(T.isnan(spread), T.isinf(spread)).any(axis=(1, 2))
    lengths = T.sqrt(T.sum(T.sqr(T.switch(bad.dimshuffle(0, 'x', 'x', 1), 0, spread)), axis=1))
    # That the number of taps depends on the footprint, in jumps, is no matter of derivatives.
    reach = theano.gradient.disconnected_grad(T.minimum(T.ceil(lengths), MAX_STEPS))
    return (bad,) + _taps(reach, rank)


def _moved(places, change, offsets):
    """Places ``(N, rank, P)`` of points as those of all their taps ``(N, rank, taps * P)``."""
    along = T.sum(change.dimshuffle(0, 1, 2, 'x', 3) * offsets.dimshuffle(0, 'x', 1, 2, 3), axis=2)
    return (places.dimshuffle(0, 1, 'x', 2) + along).flatten(3)


def _mean(values, weights, dtype):
    """Weighted means over the taps."""
    values = values.reshape((values.shape[0], values.shape[1], weights.shape[1], weights.shape[2]))
    weights = T.cast(weights, dtype).dimshuffle(0, 'x', 1, 2)
    return T.sum(T.switch(T.gt(weights, 0), weights * values, 0), axis=2)


def _taps(reach, rank):
    """Offsets, (N, rank, taps, P), and weights, (N, taps, P), of all combinations of taps.

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
