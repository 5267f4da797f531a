"""What looks wrong or doubtful in the value of a layer."""
import lasagne
import numpy as np

from lasagne_ext.network.expressions import flattened
from lasagne_ext.network.wording import nonlinearity_name

#: From these shares on, dead units and saturated values are worth a word.
_DEAD_SHARE, _SATURATED_SHARE = .4, .25

#: Where a squashing function counts as saturated: so near, relative to its range, to either end.
_NEAR_END = .01

#: Inputs larger than this slow learning down.
_LARGE_INPUT = 20

#: With fewer samples it says little that they all give the same.
_ENOUGH_SAMPLES = 8


def value_suspicions(layer, value):
    """What looks suspicious in the value of a layer, as a list of texts.

    Parameters
    ----------
    layer : Layer
    value : array, or tuple, list or dict of arrays
    """
    arrays = [array for array in flattened(value) if array.dtype.kind == 'f' and array.size]
    bad = [array for array in arrays if not np.isfinite(array).all()]
    if bad:
        return ['its value holds %d NaN and %d Inf; check_numerics says where they begin' % (
            sum(int(np.isnan(array).sum()) for array in bad),
            sum(int(np.isinf(array).sum()) for array in bad))]
    return [text for array in arrays for text in _of_array(layer, array)]


def _of_array(layer, value):
    if isinstance(layer, lasagne.layers.InputLayer):
        largest = np.abs(value).max()
        return ['the inputs reach %.4g; networks learn faster from numbers of the size of 1: divide them, '
                'or take their mean away' % largest] if largest > _LARGE_INPUT else []
    checks = (check(value) for name, check in _BY_NONLINEARITY.items()
              if nonlinearity_name(getattr(layer, 'nonlinearity', None)) == name)
    return [text for text in checks if text]


def is_constant(value):
    """Whether many samples all have the same value."""
    return all(array.ndim > 0 and len(array) >= _ENOUGH_SAMPLES and (array == array[:1]).all()
               for array in flattened(value))


def _units(value):
    """One row per sample and position, one column per unit or channel."""
    return np.moveaxis(value, 1, -1).reshape(-1, value.shape[1]) if value.ndim > 1 else value[:, None]


def _dead(value):
    dead = (_units(value) == 0).all(axis=0)
    if dead.mean() < _DEAD_SHARE:
        return None
    return ('%d of %d rectified units (%.0f %%) are 0 for all %d samples: dead, and they get no gradient; '
            'smaller steps, other initial weights, or leaky_rectify help' % (
                dead.sum(), dead.size, 100 * dead.mean(), len(value)))


def _saturated(low, high):
    def check(value):
        margin = _NEAR_END * (high - low)
        share = ((value < low + margin) | (value > high - margin)).mean()
        if share < _SATURATED_SHARE:
            return None
        return ('%.0f %% of its values are nearly %d or %d: saturated, and hardly any gradient passes'
                % (100 * share, low, high))
    return check


_BY_NONLINEARITY = {'rectify': _dead, 'sigmoid': _saturated(0, 1), 'tanh': _saturated(-1, 1)}
