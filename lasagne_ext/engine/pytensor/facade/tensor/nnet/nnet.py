"""Activation functions, softmax and cross-entropies."""
import warnings

import pytensor.tensor as pt
from pytensor.compile.builders import OpFromGraph
from pytensor.graph.basic import Variable
from pytensor.tensor.extra_ops import Unique
from pytensor.tensor.math import sigmoid, softplus
from theano.tensor.nnet.blocksparse import sparse_block_dot
from theano.tensor.nnet.sigm import as_float
from theano.tensor.nnet.softmax_rewrites import (
    crossentropy_to_crossentropy_with_softmax, graph_merge_softmax_with_crossentropy_softmax,
    local_advanced_indexing_crossentropy_onehot, local_argmax_pushdown, local_log_of_softmax,
    local_softmax_grad_of_quotient)

from lasagne_ext.engine.pytensor._dispatch import register_dispatch
from lasagne_ext.engine.pytensor._names import ENGINE, refuse
from lasagne_ext.engine.runtime.softmax import (
    CrossentropyCategorical1Hot, CrossentropyCategorical1HotGrad, CrossentropySoftmax1HotWithBiasDx,
    FLOATS, LogSoftmax, Softmax, SoftmaxGrad, check_labels, check_matrix, crossentropy_categorical_1hot,
    crossentropy_categorical_1hot_grad, crossentropy_softmax_1hot_with_bias_dx, logsoftmax_op,
    softmax_crossentropy, softmax_grad, softmax_op)

# PyTensor has a rewrite of that name; and one of ours does what three of Theano's do.
local_logsoftmax = local_log_of_softmax
local_advanced_indexing_crossentropy_onehot_grad = local_softmax_grad_of_quotient
local_logsoftmax_grad = local_softmax_grad_of_quotient
local_softmax_grad_to_crossentropy_with_softmax_grad = local_softmax_grad_of_quotient

#: Constants of Klambauer et al. (2017), Self-Normalizing Neural Networks.
_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946


def relu(x, alpha=0):
    """Rectify, elementwise.

    Parameters
    ----------
    x : Variable
    alpha : number or Variable
        Slope below zero; broadcasts against `x`.
    """
    if not isinstance(alpha, Variable) and alpha == 0:
        return 0.5 * (x + abs(x))
    # Factors that are Python numbers leave a float32 slope float32.
    alpha = pt.as_tensor_variable(alpha)
    return 0.5 * (1 + alpha) * x + 0.5 * (1 - alpha) * abs(x)


def elu(x, alpha=1):
    """Compute the exponential linear unit: ``alpha * (exp(x) - 1)`` below zero, `x` above."""
    return pt.switch(x > 0, x, alpha * pt.expm1(x))


def selu(x):
    """Compute the scaled exponential linear unit, which keeps mean 0 and variance 1 through layers."""
    return _SELU_SCALE * elu(x, _SELU_ALPHA)


def softsign(x):
    """Compute ``x / (1 + abs(x))``, elementwise."""
    x = as_float(x)
    dummy = x.type()
    # The derivative of the quotient as it stands is a difference, which loses its digits far from zero.
    op = OpFromGraph([dummy], [dummy / (1 + abs(dummy))], inline=True, name='softsign',
                     pullback=lambda inputs, outputs, cotangents:
                     [cotangents[0] / (1 + abs(inputs[0])) ** 2])
    return op(x)


def softmax(c):
    """Compute the softmax of every row.

    Parameters
    ----------
    c : matrix of floats
        Or a vector, which is taken for a matrix of one row, with a warning.

    Returns
    -------
    matrix
        In the dtype of `c`.
    """
    c = pt.as_tensor_variable(c)
    if c.broadcastable[-1]:
        warnings.warn('softmax along an axis of length 1 gives ones', skip_file_prefixes=ENGINE)
    return softmax_op(c)


def logsoftmax(c):
    """Compute the logarithm of the softmax of every row without overflow; as :func:`softmax`."""
    return logsoftmax_op(c)


def softmax_graph(c):
    """Spell the softmax along the last axis out in elementary operations, for a tensor of any rank."""
    return pt.exp(c) / pt.exp(c).sum(axis=-1, keepdims=True)


class SoftmaxWithBias:
    """Compute the softmax of every row of ``x + b``."""

    def __call__(self, x, b):
        x, b = pt.as_tensor_variable(x), pt.as_tensor_variable(b)
        check_matrix('x', x)
        _check_bias(b)
        return softmax_op(_add_bias(x, b))


softmax_with_bias = SoftmaxWithBias()


class CrossentropySoftmaxArgmax1HotWithBias:
    """Compute the cross-entropy of ``softmax(x + b)`` with `y_idx`, that softmax, and its argmax."""

    def __call__(self, x, b, y_idx):
        x, b, y_idx = (pt.as_tensor_variable(value) for value in (x, b, y_idx))
        check_matrix('x', x)
        _check_bias(b)
        check_labels(y_idx)
        biased = _add_bias(x, b)
        nll, sm = softmax_crossentropy(biased, y_idx)
        return [nll, sm, pt.argmax(biased, axis=1).astype(y_idx.dtype)]


crossentropy_softmax_argmax_1hot_with_bias = CrossentropySoftmaxArgmax1HotWithBias()


def crossentropy_softmax_1hot_with_bias(x, b, y_idx):
    """Compute the cross-entropy of ``softmax(x + b)`` with class numbers, and that softmax."""
    return crossentropy_softmax_argmax_1hot_with_bias(x, b, y_idx)[:2]


def crossentropy_softmax_1hot(x, y_idx):
    """Compute the cross-entropy of ``softmax(x)`` with class numbers, and that softmax."""
    return softmax_crossentropy(x, y_idx)


def crossentropy_softmax_max_and_argmax_1hot_with_bias(x, b, y_idx):
    """Compute cross-entropy, ``softmax(x + b)``, its largest probability in every row, and where that is."""
    nll, sm = crossentropy_softmax_1hot_with_bias(x, b, y_idx)
    return nll, sm, *pt.max_and_argmax(sm, axis=-1)


def crossentropy_softmax_max_and_argmax_1hot(x, y_idx):
    """Compute cross-entropy, ``softmax(x)``, its largest probability in every row, and where that is."""
    nll, sm = crossentropy_softmax_1hot(x, y_idx)
    return nll, sm, *pt.max_and_argmax(sm, axis=-1)


def _add_bias(x, b):
    """Return ``x + b`` in the dtype of `x`."""
    return x + b.astype(x.dtype).dimshuffle('x', 0)


def _check_bias(b):
    """Refuse what is not a vector of floats."""
    if b.ndim != 1 or b.dtype not in FLOATS:
        raise ValueError('b must be 1-d tensor of floats, got %s' % b.type)


def binary_crossentropy(output, target):
    """Compute the cross-entropy of Bernoulli distributions, elementwise.

    Parameters
    ----------
    output : Variable
        Probabilities, strictly between 0 and 1 unless they come from a sigmoid.
    target : Variable
        Probabilities.
    """
    return -(target * pt.log(output) + (1.0 - target) * pt.log(1.0 - output))


def sigmoid_binary_crossentropy(output, target):
    """Compute the binary cross-entropy of ``sigmoid(output)``, elementwise, without overflow.

    Parameters
    ----------
    output : Variable
        Any real numbers.
    target : Variable
        Probabilities.
    """
    output, target = pt.as_tensor_variable(output), pt.as_tensor_variable(target)
    x, t = output.type(), target.type()
    loss = pt.softplus(-abs(x)) + x * ((x > 0) - t)

    def pullback(inputs, outputs, cotangents):
        (x, t), (g,) = inputs, cotangents
        return [_sum_like(x, g * (pt.sigmoid(x) - t)), _sum_like(t, g * -x)]
    return OpFromGraph([x, t], [loss], inline=True, pullback=pullback,
                       name='sigmoid_binary_crossentropy')(output, target)


def _sum_like(variable, gradient):
    """Sum a gradient over the axes along which its variable was repeated."""
    axes = [axis for axis, (mine, its) in enumerate(zip(variable.broadcastable, gradient.broadcastable))
            if mine and not its]
    return gradient.sum(axis=axes, keepdims=True) if axes else gradient


def categorical_crossentropy(coding_dist, true_dist):
    """Compute the cross-entropy of distributions along the last axis.

    Parameters
    ----------
    coding_dist : Variable
        Probabilities.
    true_dist : Variable
        Probabilities in the same shape; or, for a matrix `coding_dist`, a vector of class numbers.

    Raises
    ------
    TypeError
        If the ranks do not fit.
    """
    if true_dist.ndim == coding_dist.ndim:
        return -pt.sum(true_dist * pt.log(coding_dist), axis=coding_dist.ndim - 1)
    if true_dist.ndim == coding_dist.ndim - 1:
        return crossentropy_categorical_1hot(coding_dist, true_dist)
    raise TypeError('rank mismatch between coding and true distributions: got %d and %d dimensions, '
                    'expected as many or one less' % (coding_dist.ndim, true_dist.ndim))


class Prepend_scalar_to_each_row:
    """Put a column of one number before a matrix."""

    def __call__(self, val, mat):
        val = pt.as_tensor_variable(val)
        if not isinstance(mat, Variable) or mat.ndim != 2:
            raise TypeError('Expected a matrix as input, got %s' % getattr(mat, 'type', type(mat)))
        if val.ndim != 0:
            raise TypeError('Expected a scalar to prepend, got %s' % val.type)
        column = pt.alloc(val.astype(mat.dtype), mat.shape[0], 1)
        return pt.concatenate([column, mat], axis=1)


class Prepend_scalar_constant_to_each_row:
    """Put a column of a number chosen beforehand before a matrix."""

    def __init__(self, val=0):
        self.val = val

    def __call__(self, mat):
        return prepend_scalar_to_each_row(self.val, mat)


prepend_scalar_to_each_row = Prepend_scalar_to_each_row()
prepend_0_to_each_row = Prepend_scalar_constant_to_each_row(0.)
prepend_1_to_each_row = Prepend_scalar_constant_to_each_row(1.)


def confusion_matrix(actual, pred):
    """Count how often each value of `pred` meets each value of `actual`.

    Parameters
    ----------
    actual, pred : vector

    Returns
    -------
    list
        The matrix of counts, rows for actual and columns for predicted values, and the sorted values.
    """
    for name, value in (('actual', actual), ('pred', pred)):
        if value.ndim != 1:
            raise ValueError('%s must be 1-d tensor variable, got %d dimensions' % (name, value.ndim))
    order = Unique()(pt.concatenate([actual, pred]))
    one_hot = [pt.eq(value.dimshuffle(0, 'x'), order).astype('int64') for value in (actual, pred)]
    return [pt.dot(one_hot[0].T, one_hot[1]), order]


def h_softmax(x, batch_size, n_outputs, n_classes, n_outputs_per_class, W1, b1, W2, b2, target=None):
    """Compute a softmax in two levels: of the class, and of the output within its class.

    Parameters
    ----------
    x : matrix, (batch_size, features)
    batch_size, n_outputs, n_classes, n_outputs_per_class : int
        Outputs are numbered class by class; ``n_classes * n_outputs_per_class >= n_outputs``.
    W1 : matrix, (features, n_classes)
    b1 : vector, (n_classes,)
    W2 : tensor3, (n_classes, features, n_outputs_per_class)
    b2 : matrix, (n_classes, n_outputs_per_class)
    target : vector or matrix of one column, optional
        Number of the output wanted of each row; only those are computed.

    Returns
    -------
    Variable
        Probabilities, ``(batch_size, n_outputs)``, or ``(batch_size,)`` of the targets.

    References
    ----------
    Goodman (2001): Classes for Fast Maximum Entropy Training.
    """
    class_probs = softmax(pt.dot(x, W1) + b1)
    if target is None:
        activations = pt.tensordot(x, W2, (1, 1)) + b2
        within = softmax(activations.reshape((-1, n_outputs_per_class)))
        within = within.reshape((batch_size, n_classes, -1))
        joint = class_probs.dimshuffle(0, 1, 'x') * within
        return joint.reshape((batch_size, -1))[:, :n_outputs]
    target = target.flatten()
    target_classes, places = target // n_outputs_per_class, target % n_outputs_per_class
    activations = sparse_block_dot(
        W2.dimshuffle('x', 0, 1, 2), x.dimshuffle(0, 'x', 1), pt.zeros((batch_size, 1), dtype='int32'),
        b2, target_classes.dimshuffle(0, 'x'))
    # One output block per row: the only axis between is of length 1.
    within = softmax(activations[:, 0])
    rows = pt.arange(batch_size)
    return class_probs[rows, target_classes] * within[rows, places]


register_dispatch(numba='lasagne_ext.engine.pytensor.numba_mode.softmax',
                  jax='lasagne_ext.engine.pytensor.jax_mode.softmax')

_BIAS = 'there is no Op of its own for a softmax with bias; the bias is added before'

__getattr__ = refuse(__name__, {
    'ScalarSoftsign': 'use softsign',
    'crossentropy_to_crossentropy_with_softmax_with_bias': _BIAS,
    'local_softmax_with_bias': _BIAS,
    'local_useless_crossentropy_softmax_1hot_with_bias_dx_alloc': 'the Op broadcasts by itself',
    'scalar_softsign': 'use softsign',
    'softmax_simplifier': 'the optimizer finds exp(x) / exp(x).sum(); write softmax(x) to be certain'})
