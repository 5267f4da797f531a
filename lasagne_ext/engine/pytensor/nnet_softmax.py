"""Softmax of the rows of a matrix, its logarithm and its gradient, as Ops that rewrites can see."""
import warnings

import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType, disconnected_type
from pytensor.graph.basic import Apply

from lasagne_ext.engine.pytensor._names import ENGINE
from lasagne_ext.engine.pytensor.tensor.adoption import Op

FLOATS = ('float16', 'float32', 'float64')

#: What is not finite gives NaN, and that is the answer.
quietly = np.errstate(all='ignore')


class RowOp(Op):
    """A float matrix in, one of its type out."""

    __props__ = ()

    def make_node(self, x):
        x = as_rows(x, type(self).__name__)
        return Apply(self, [x], [x.type()])

    def infer_shape(self, node, shapes):
        return shapes


class Softmax(RowOp):
    """``exp(x) / sum(exp(x))`` of every row."""

    @quietly
    def perform(self, node, inputs, output_storage):
        x, = inputs
        output_storage[0][0] = softmax_of(x)[0].astype(x.dtype, copy=False)

    def pullback(self, inputs, outputs, cotangents):
        return [softmax_grad(cotangents[0], outputs[0])]

    def pushforward(self, inputs, outputs, tangents):
        if isinstance(tangents[0].type, DisconnectedType):
            return [disconnected_type()]
        # The Jacobian is symmetric.
        return [softmax_grad(tangents[0], outputs[0])]


class LogSoftmax(RowOp):
    """``x - log(sum(exp(x)))`` of every row."""

    @quietly
    def perform(self, node, inputs, output_storage):
        x, = inputs
        total, maximum = softmax_of(x)[1:]
        output_storage[0][0] = ((x - maximum) - np.log(total)).astype(x.dtype, copy=False)

    def pullback(self, inputs, outputs, cotangents):
        g, = cotangents
        return [g - g.sum(axis=1, keepdims=True) * softmax_op(inputs[0])]

    def pushforward(self, inputs, outputs, tangents):
        v, = tangents
        if isinstance(v.type, DisconnectedType):
            return [disconnected_type()]
        return [v - (v * softmax_op(inputs[0])).sum(axis=1, keepdims=True)]


class SoftmaxGrad(Op):
    """Gradient of :class:`Softmax`: inputs (gradient of the output, output)."""

    __props__ = ()

    def make_node(self, dy, sm):
        dy, sm = pt.as_tensor_variable(dy), pt.as_tensor_variable(sm)
        if dy.ndim not in (1, 2) or dy.dtype not in FLOATS:
            raise ValueError('dy must be 1-d or 2-d tensor of floats. Got %s' % dy.type)
        dy, sm = (pt.shape_padleft(v) if v.ndim == 1 else v for v in (dy, sm))
        return Apply(self, [dy, sm], [sm.type()])

    @quietly
    def perform(self, node, inputs, output_storage):
        dy, sm = inputs
        weighted = dy * sm
        gradient = weighted - weighted.sum(axis=1, keepdims=True) * sm
        output_storage[0][0] = gradient.astype(sm.dtype, copy=False)

    def infer_shape(self, node, shapes):
        return [shapes[1]]

    def pullback(self, inputs, outputs, cotangents):
        dy, sm = inputs
        g, = cotangents
        centred = g - (g * sm).sum(axis=1, keepdims=True)
        return [centred * sm, centred * dy - g * (dy * sm).sum(axis=1, keepdims=True)]


softmax_op = Softmax()
logsoftmax_op = LogSoftmax()
softmax_grad = SoftmaxGrad()


class SoftmaxWithBias:
    """Callable: softmax of every row of ``x + b``."""

    def __call__(self, x, b):
        x, b = pt.as_tensor_variable(x), pt.as_tensor_variable(b)
        check_rows('x', x)
        check_bias(b)
        return softmax_op(add_bias(x, b))


softmax_with_bias = SoftmaxWithBias()


def softmax(c):
    """Softmax of every row.

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
        warnings.warn('softmax along an axis of length 1 gives ones')
    return softmax_op(c)


def logsoftmax(c):
    """Logarithm of the softmax of every row, which does not overflow; as :func:`softmax`."""
    return logsoftmax_op(c)


def softmax_graph(c):
    """Softmax along the last axis of a tensor of any rank, spelt out in elementary operations."""
    return pt.exp(c) / pt.exp(c).sum(axis=-1, keepdims=True)


def softmax_of(x):
    """NumPy: softmax of the rows of `x`, the sums of their exponentials, and their maxima."""
    if not x.size:
        return x, np.ones((len(x), 1), x.dtype), np.zeros((len(x), 1), x.dtype)
    if x.dtype == 'float16':
        x = x.astype('float32')
    maximum = x.max(axis=1, keepdims=True)
    e = x - maximum
    np.exp(e, out=e)
    total = e.sum(axis=1, keepdims=True)
    e /= total
    return e, total, maximum


def add_bias(x, b):
    """``x + b`` in the dtype of `x`."""
    return x + b.astype(x.dtype).dimshuffle('x', 0)


def as_rows(x, name):
    """`x` as a matrix of floats, a vector as one row."""
    x = pt.as_tensor_variable(x)
    if x.ndim not in (1, 2) or x.dtype not in FLOATS:
        raise ValueError('x must be 1-d or 2-d tensor of floats. Got %s' % x.type)
    if x.ndim == 1:
        warnings.warn('%s of a vector gives a matrix of one row; pass x.dimshuffle("x", 0)' % name,
                      skip_file_prefixes=ENGINE)
        x = pt.shape_padleft(x)
    return x


def check_rows(name, x):
    """An error unless `x` is a matrix of floats."""
    if x.ndim != 2 or x.dtype not in FLOATS:
        raise ValueError('%s must be 2-d tensor of floats, got %s' % (name, x.type))


def check_bias(b):
    """An error unless `b` is a vector of floats."""
    if b.ndim != 1 or b.dtype not in FLOATS:
        raise ValueError('b must be 1-d tensor of floats, got %s' % b.type)
