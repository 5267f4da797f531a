"""Why an operation gives NaN or Inf, told from what went in and what came out."""
import re

import numpy as np

from lasagne_ext.engine.monitoring import is_loop

#: How far back a producer is looked for.
_FAR = 4


def likely_cause(node, inputs, outputs):
    """A plain sentence on why a node made a bad value.

    Parameters
    ----------
    node : Apply
    inputs, outputs : list of array
        Their values.

    Returns
    -------
    str
    """
    if is_loop(node):
        return _of_loop(outputs)
    explain = _EXPLAIN.get(_kind(node))
    cause = explain(node, inputs) if explain else None
    return cause or _of_infinities(inputs) or _of_overflow(inputs, outputs)


def operation(node):
    """A node's operation in words, without what some add in braces by the dozen."""
    text = str(node.op)
    return text if len(text) <= 40 else re.split(r'[{(]', text)[0]


def cause_of_input(is_parameter):
    """The same of a value that the network was given."""
    if is_parameter:
        return ('an update put it there: most often the learning rate was too large, or the gradient '
                'was bad one step earlier; start again from good parameters and check that step')
    return 'the data hold it; look at how they were read and normalised'


def first_bad_step(output, steps):
    """The first time step at which a loop's output holds NaN or Inf.

    Parameters
    ----------
    output : array
        One row for each step, initial states before them.
    steps : int
    """
    return _finite_rows(output) - (len(output) - steps)


def growth(output):
    """By what factor a loop's values grow per step, while they are finite; None if nobody can tell."""
    rows = output.reshape(len(output), -1)[:_finite_rows(output)]
    sizes = np.abs(rows.astype('float64')).max(axis=1, initial=0)
    sizes = sizes[(sizes > 0).argmax():] if sizes.any() else sizes[:0]
    if len(sizes) < 2:
        return None
    return float(np.exp((np.log(sizes[-1]) - np.log(sizes[0])) / (len(sizes) - 1))) if sizes[-1] else 0.


def _finite_rows(output):
    """How many rows come before the first that holds NaN or Inf."""
    bad = ~np.isfinite(output.reshape(len(output), -1)).all(axis=1)
    return int(bad.argmax()) if bad.any() else len(output)


def _kind(node):
    return type(getattr(node.op, 'scalar_op', node.op)).__name__


def _made_by(variable, kinds):
    """The nearest of these operations among the few before a variable, or None."""
    variables = [variable]
    for _ in range(_FAR):
        nodes = [variable.owner for variable in variables if variable.owner is not None]
        for node in nodes:
            if _kind(node) in kinds:
                return node
        variables = [variable for node in nodes for variable in node.inputs]
    return None


def root_divided_by(node, inputs):
    """The square root whose gradient at 0 this node is: the layer to name is that of the root."""
    kind = _kind(node)
    if kind not in ('TrueDiv', 'Reciprocal', 'Inv'):
        return None
    divisor = 1 if kind == 'TrueDiv' else 0
    return _made_by(node.inputs[divisor], {'Sqrt'}) if (inputs[divisor] == 0).any() else None


_SATURATING = {'Softmax': 'softmax', 'SoftmaxWithBias': 'softmax', 'Sigmoid': 'sigmoid',
               'ScalarSigmoid': 'sigmoid', 'UltraFastScalarSigmoid': 'sigmoid'}

_UNSATURATED = ('; use lasagne.objectives.categorical_crossentropy (or binary_crossentropy) on the '
                'probabilities themselves, which is worked out without them, or clip these: '
                'T.clip(p, 1e-7, 1 - 1e-7)')


def _count(mask):
    return '%d of %d' % (mask.sum(), mask.size)


def _probabilities(variable):
    for kind, called in _SATURATING.items():
        if _made_by(variable, {kind}):
            return ', of the saturated probabilities of a %s' % called
    return ''


def _log(node, inputs, pole=0.):
    value = inputs[0]
    negative, zero = value < pole, value == pole
    if negative.any():
        return ('the logarithm of a negative number (%s inputs are below %g); clip it: '
                'T.log(T.maximum(x, 1e-7))' % (_count(negative), pole))
    if zero.any():
        saturated = _probabilities(node.inputs[0])
        remedy = _UNSATURATED if saturated else '; clip it: T.log(T.maximum(x, 1e-7))'
        return 'the logarithm of 0 (%s inputs)%s%s' % (_count(zero), saturated, remedy)
    return None


def _log1p(node, inputs):
    return _log(node, inputs, -1.)


def _divisor(variable, value):
    zero = value == 0
    if not zero.any():
        return None
    if _made_by(variable, {'Sqrt'}):
        return ('a division by the square root of 0 (%s): the gradient of a square root, and so of a '
                'norm or a standard deviation, is infinite at 0; add a small number under the root: '
                'T.sqrt(x + 1e-7)' % _count(zero))
    saturated = _probabilities(variable)
    if saturated:
        return 'a division by 0 (%s divisors)%s%s' % (_count(zero), saturated, _UNSATURATED)
    return ('a division by 0 (%s divisors are 0); add a small number to the divisor, or keep it away '
            'from 0: T.maximum(x, 1e-7)' % _count(zero))


def _division(node, inputs):
    return _divisor(node.inputs[1], inputs[1])


def _reciprocal(node, inputs):
    return _divisor(node.inputs[0], inputs[0])


def _sqrt(node, inputs):
    negative = inputs[0] < 0
    if not negative.any():
        return None
    return ('the square root of a negative number (%s inputs, the least %.4g), which rounding may have '
            'made of 0; T.sqrt(T.maximum(x, 1e-7))' % (_count(negative), np.nanmin(inputs[0])))


def _power(node, inputs):
    base, exponent = np.broadcast_arrays(*inputs[:2])
    if ((base == 0) & (exponent < 0)).any():
        root = (exponent == -.5).any()
        return ('0 to a negative power (%s)%s; add a small number: x + 1e-7'
                % (_count((base == 0) & (exponent < 0)),
                   ': the gradient of a square root, and so of a norm or a standard deviation, is infinite '
                   'at 0' if root else ''))
    broken = (base < 0) & (exponent != np.round(exponent))
    if broken.any():
        return 'a negative number to a fractional power (%s); T.maximum(x, 1e-7)' % _count(broken)
    return None


def _exponential(node, inputs):
    dtype = node.outputs[0].dtype
    limit = np.log(np.finfo(dtype).max)
    value = inputs[0]
    if not (value > limit).any():
        return None
    return ('exp of %.4g overflows: %s holds no more than exp(%.4g); subtract the maximum first, or use '
            'T.nnet.softmax, softplus or logsumexp forms that do' % (np.nanmax(value), dtype, limit))


def _softmax(node, inputs):
    value = inputs[0]
    axis = getattr(node.op, 'axis', -1)
    masked = np.isneginf(value).all(axis=-1 if axis is None else axis)
    if masked.any():
        return ('a softmax of nothing but -Inf (%s rows), as where a mask hides everything; leave at '
                'least one element, or mask with -1e9 in place of -Inf' % _count(masked))
    if np.isposinf(value).any():
        return 'a softmax of Inf'
    return None


def _crossentropy(node, inputs):
    picked = inputs[0][np.arange(len(inputs[1])), inputs[1]]
    zero = picked <= 0
    if not zero.any():
        return None
    return ('the logarithm of 0: the probability of the true class is 0 (%s targets); let the softmax be '
            'the output itself, with nothing between it and the loss, or clip it: '
            'T.clip(p, 1e-7, 1 - 1e-7)' % _count(zero))


_EXPLAIN = {
    'Log': _log, 'Log2': _log, 'Log10': _log, 'Log1p': _log1p, 'TrueDiv': _division,
    'Reciprocal': _reciprocal, 'Inv': _reciprocal, 'Sqrt': _sqrt, 'Pow': _power, 'Exp': _exponential,
    'Exp2': _exponential, 'Expm1': _exponential, 'Sinh': _exponential, 'Cosh': _exponential,
    'Softmax': _softmax, 'LogSoftmax': _softmax, 'CrossentropyCategorical1Hot': _crossentropy}


def _of_infinities(inputs):
    values = [value for value in inputs if isinstance(value, np.ndarray) and value.dtype.kind == 'f']
    infinite = [value for value in values if np.isinf(value).any()]
    if not infinite:
        return None
    if any((value == 0).any() for value in values) and len(values) > 1:
        return '0 times Inf, or Inf - Inf: an input is infinite already'
    return 'Inf - Inf, or Inf / Inf: an input is infinite already'


def _of_overflow(inputs, outputs):
    floating = [value for value in inputs if isinstance(value, np.ndarray) and value.dtype.kind == 'f']
    largest = max((float(np.abs(value).max(initial=0)) for value in floating), default=0.)
    bad = next(value for value in outputs
               if isinstance(value, np.ndarray) and not np.isfinite(value).all())
    limit = float(np.finfo(bad.dtype).max)
    # Of NaN among sums of products: some of these were Inf, of either sign.
    if np.isinf(bad).any() or largest > limit ** .5 / 1000:
        return ('the result exceeds %.3g, the largest %s, its inputs being as large as %.3g; scale them, '
                'use smaller weights or a smaller learning rate' % (limit, bad.dtype, largest))
    return 'nothing in its inputs explains it; is the operation itself at fault?'


def _of_loop(outputs):
    floating = [value for value in outputs if isinstance(value, np.ndarray) and value.dtype.kind == 'f'
                and value.ndim]
    factors = [factor for factor in map(growth, floating) if factor is not None]
    fastest = max(factors, default=0)
    if fastest > 1.5:
        return ('values grow %.3g x per step: exploding; clip the gradients '
                '(lasagne.updates.total_norm_constraint), use smaller recurrent weights, or fewer steps'
                % fastest)
    return ('an operation inside the loop made it; run the layer with unroll_scan=True to see which')
