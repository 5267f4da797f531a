"""Batch normalization."""
import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.scalar.basic import upcast

from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.tensor.broadcast import addbroadcast, patternbroadcast

#: What cuDNN imposed once, and Theano everywhere.
_SMALLEST_EPSILON = 1e-5


def batch_normalization(inputs, gamma, beta, mean, std, mode='low_mem'):
    """Compute ``(inputs - mean) * gamma / std + beta``, all of the rank of `inputs` or broadcast to it.

    Parameters
    ----------
    inputs, gamma, beta, mean, std : Variable
    mode : {'low_mem', 'high_mem'}
        In which order the products are taken; the optimizer fuses either.
    """
    if mode == 'low_mem':
        return (inputs - mean) / std * gamma + beta
    if mode == 'high_mem':
        return (inputs - mean) * (gamma / std) + beta
    raise ValueError('mode must be either "low_mem", "high_mem", got %r' % (mode,))


def batch_normalization_train(inputs, gamma, beta, axes='per-activation', epsilon=1e-4,
                              running_average_factor=0.1, running_mean=None, running_var=None):
    """Normalize by the mean and variance of the inputs themselves.

    Parameters
    ----------
    inputs : Variable
    gamma, beta : Variable
        Scale and shift, with an axis of length 1 for each of `axes`, or without those axes.
    axes : {'per-activation', 'spatial'} or tuple of int
        What is averaged over: the first axis; the first and those from the third on; or these.
    epsilon : float
        Added to the variance; at least 1e-5.
    running_average_factor : float
        Weight of this batch in the running averages.
    running_mean, running_var : Variable, optional
        Both or neither, in the layout of `gamma`.

    Returns
    -------
    tuple
        Output, mean, inverse standard deviation; then the new running mean and the new running
        variance, if the old ones were given. That variance is the unbiased one.
    """
    axes, kept = _prepare_batch_normalization_axes(axes, inputs.ndim)
    if (running_mean is None) != (running_var is None):
        raise ValueError('running_mean and running_var must either both be given or both be None')
    parameters = dict(gamma=gamma, beta=beta)
    if running_mean is not None:
        parameters.update(running_mean=running_mean, running_var=running_var)
    is_full = _check_ranks(parameters, inputs.ndim, len(kept))
    epsilon = _check_epsilon(epsilon)
    inputs, gamma, beta, *running = _as_common_dtype(
        inputs, *[_expand(value, axes, kept, inputs.ndim) for value in parameters.values()])

    mean, var = inputs.mean(axes, keepdims=True), inputs.var(axes, keepdims=True)
    invstd = 1 / pt.sqrt(var + epsilon.astype(inputs.dtype))
    results = [(inputs - mean) * (gamma * invstd) + beta, mean, invstd]
    if running:
        factor = pt.as_tensor_variable(running_average_factor).astype(inputs.dtype)
        count = (pt.prod(inputs.shape) / pt.prod(gamma.shape)).astype(inputs.dtype)
        for old, new in zip(running, (mean, count / (count - 1) * var)):
            new = old * (1 - factor) + new * factor
            results.append(patternbroadcast(new, old.broadcastable))
    if not is_full:
        results[1:] = [result.dimshuffle(kept) for result in results[1:]]
    return tuple(results)


def batch_normalization_test(inputs, gamma, beta, mean, var, axes='per-activation', epsilon=1e-4):
    """Normalize by a given mean and variance; arguments as :func:`batch_normalization_train`."""
    axes, kept = _prepare_batch_normalization_axes(axes, inputs.ndim)
    parameters = dict(gamma=gamma, beta=beta, mean=mean, var=var)
    _check_ranks(parameters, inputs.ndim, len(kept))
    epsilon = _check_epsilon(epsilon)
    inputs, gamma, beta, mean, var = _as_common_dtype(
        inputs, *[_expand(value, axes, kept, inputs.ndim) for value in parameters.values()])
    return (inputs - mean) * (gamma / pt.sqrt(var + epsilon.astype(inputs.dtype))) + beta


def _prepare_batch_normalization_axes(axes, ndim):
    """Return the axes to average over, and the others, as sorted tuples of int."""
    if isinstance(axes, str) and axes == 'per-activation':
        axes = (0,)
    elif isinstance(axes, str) and axes == 'spatial':
        axes = (0,) + tuple(range(2, ndim))
    elif isinstance(axes, (tuple, list, np.ndarray)):
        axes = tuple(sorted(int(axis) for axis in axes))
    else:
        raise ValueError('invalid axes: %s' % (axes,))
    if not axes:
        raise ValueError('there should be at least one normalization axis')
    if axes[0] < 0 or axes[-1] >= ndim:
        raise ValueError('axes should be less than ndim (<%d), but %s given' % (ndim, axes))
    return axes, tuple(axis for axis in range(ndim) if axis not in axes)


def _check_ranks(parameters, full, reduced):
    """Return whether the parameters, which must all have one rank, have that of the inputs."""
    expected = full if parameters['gamma'].ndim == full else reduced
    for name, value in parameters.items():
        if value.ndim != expected:
            raise ValueError('%s must have as many dimensions as there are non-normalized axes, or as the '
                             'inputs, and all parameters the same; got %d, expected %d'
                             % (name, value.ndim, expected))
    return expected == full


def _expand(value, axes, kept, ndim):
    """Give a parameter an axis of length 1 for every axis averaged over."""
    value = pt.as_tensor_variable(value)
    if value.ndim == ndim:
        return addbroadcast(value, *axes)
    return value.dimshuffle([kept.index(axis) if axis in kept else 'x' for axis in range(ndim)])


def _check_epsilon(epsilon):
    """Return `epsilon` in floatX, where 1e-5 in single precision is too small by a rounding error."""
    epsilon = np.asarray(epsilon, dtype=pytensor.config.floatX)
    if float(epsilon) < _SMALLEST_EPSILON:
        raise ValueError('epsilon must be at least 1e-5, got %s' % epsilon)
    return epsilon


def _as_common_dtype(*values):
    values = [pt.as_tensor_variable(value) for value in values]
    dtype = upcast(*[value.dtype for value in values])
    return [value.astype(dtype) for value in values]


_ORDINARY = 'the graph is made of ordinary operations from the beginning'
_FUNCTION = 'use batch_normalization_%s, whose graph is made of ordinary operations'

__getattr__ = refuse(__name__, {
    'AbstractBatchNormInference': _FUNCTION % 'test',
    'AbstractBatchNormTrain': _FUNCTION % 'train',
    'AbstractBatchNormTrainGrad': 'take theano.grad of what batch_normalization_train returns',
    'BNComposite': 'use batch_normalization; the optimizer fuses it',
    'bn_groupopt': _ORDINARY,
    'local_abstract_batch_norm_inference': _ORDINARY,
    'local_abstract_batch_norm_train': _ORDINARY,
    'local_abstract_batch_norm_train_grad': _ORDINARY})
