"""Ops of the softmax of the rows of a matrix, its logarithm, and its cross-entropy with class numbers."""
import numpy as np
from theano.gof import Apply, Op
from theano.gradient import DisconnectedType, disconnected_type, grad_undefined
from theano.tensor import arange, as_tensor_variable, set_subtensor, shape_padleft, zeros_like
from theano.tensor.basic import discrete_dtypes

from lasagne_ext.engine.runtime.static_shapes import static_shape, tensor_type
from lasagne_ext.engine.runtime.warning import warn_caller

FLOATS = ('float16', 'float32', 'float64')

#: What is not finite gives NaN, and that is the answer.
_quietly = np.errstate(all='ignore')


class _RowOp(Op):
    """Map a float matrix to one of its type."""

    __props__ = ()

    def make_node(self, x):
        x = _as_rows(x, type(self).__name__)
        return Apply(self, [x], [x.type()])

    def infer_shape(self, node, shapes):
        return shapes


class Softmax(_RowOp):
    """Compute ``exp(x) / sum(exp(x))`` of every row."""

    @_quietly
    def perform(self, node, inputs, output_storage):
        x, = inputs
        output_storage[0][0] = _softmax_rows(x)[0].astype(x.dtype, copy=False)

    def L_op(self, inputs, outputs, output_grads):
        return [softmax_grad(output_grads[0], outputs[0])]

    def R_op(self, inputs, eval_points):
        # The Jacobian is symmetric.
        return [None if eval_points[0] is None else softmax_grad(eval_points[0], self(*inputs))]


class LogSoftmax(_RowOp):
    """Compute ``x - log(sum(exp(x)))`` of every row."""

    @_quietly
    def perform(self, node, inputs, output_storage):
        x, = inputs
        total, maximum = _softmax_rows(x)[1:]
        output_storage[0][0] = ((x - maximum) - np.log(total)).astype(x.dtype, copy=False)

    def L_op(self, inputs, outputs, output_grads):
        g, = output_grads
        return [g - g.sum(axis=1, keepdims=True) * softmax_op(inputs[0])]

    def R_op(self, inputs, eval_points):
        v, = eval_points
        if v is None:
            return [None]
        return [v - (v * softmax_op(inputs[0])).sum(axis=1, keepdims=True)]


class SoftmaxGrad(Op):
    """Gradient of :class:`Softmax`: inputs (gradient of the output, output)."""

    __props__ = ()

    def make_node(self, dy, sm):
        dy, sm = as_tensor_variable(dy), as_tensor_variable(sm)
        if dy.ndim not in (1, 2) or dy.dtype not in FLOATS:
            raise ValueError('dy must be 1-d or 2-d tensor of floats. Got %s' % dy.type)
        dy, sm = (shape_padleft(v) if v.ndim == 1 else v for v in (dy, sm))
        return Apply(self, [dy, sm], [sm.type()])

    @_quietly
    def perform(self, node, inputs, output_storage):
        dy, sm = inputs
        weighted = dy * sm
        gradient = weighted - weighted.sum(axis=1, keepdims=True) * sm
        output_storage[0][0] = gradient.astype(sm.dtype, copy=False)

    def infer_shape(self, node, shapes):
        return [shapes[1]]

    def L_op(self, inputs, outputs, output_grads):
        dy, sm = inputs
        g, = output_grads
        centred = g - (g * sm).sum(axis=1, keepdims=True)
        return [centred * sm, centred * dy - g * (dy * sm).sum(axis=1, keepdims=True)]


softmax_op = Softmax()
logsoftmax_op = LogSoftmax()
softmax_grad = SoftmaxGrad()


def _softmax_rows(x):
    """Return the softmax of the rows of an array, the sums of their exponentials, and their maxima."""
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


def _as_rows(x, name):
    """Return `x` as a matrix of floats, a vector as one row."""
    x = as_tensor_variable(x)
    if x.ndim not in (1, 2) or x.dtype not in FLOATS:
        raise ValueError('x must be 1-d or 2-d tensor of floats. Got %s' % x.type)
    if x.ndim == 1:
        warn_caller('%s of a vector gives a matrix of one row; pass x.dimshuffle("x", 0)' % name)
        x = shape_padleft(x)
    return x


def check_matrix(name, x):
    """Refuse what is not a matrix of floats."""
    if x.ndim != 2 or x.dtype not in FLOATS:
        raise ValueError('%s must be 2-d tensor of floats, got %s' % (name, x.type))


class CrossentropyCategorical1Hot(Op):
    """Compute ``-log(coding_dist[i, true_one_of_n[i]])`` of every row i."""

    __props__ = ()

    def make_node(self, coding_dist, true_one_of_n):
        coding_dist = as_tensor_variable(coding_dist)
        true_one_of_n = as_tensor_variable(true_one_of_n)
        if coding_dist.ndim != 2:
            raise TypeError('matrix required for argument: coding_dist, got %s' % coding_dist.type)
        if true_one_of_n.ndim != 1 or true_one_of_n.dtype not in ('int32', 'int64'):
            raise TypeError('vector of int32 or int64 required for argument: true_one_of_n, got %s'
                            % true_one_of_n.type)
        output = tensor_type(coding_dist.dtype, (None,))()
        return Apply(self, [coding_dist, true_one_of_n], [output])

    @_quietly
    def perform(self, node, inputs, output_storage):
        coding_dist, labels = inputs
        rows, labels = _chosen_places(coding_dist, labels)
        output_storage[0][0] = -np.log(coding_dist[rows, labels])

    def infer_shape(self, node, shapes):
        return [(shapes[0][0],)]

    def L_op(self, inputs, outputs, output_grads):
        coding_dist, labels = inputs
        return [crossentropy_categorical_1hot_grad(output_grads[0], coding_dist, labels),
                grad_undefined(self, 1, labels)]


class CrossentropyCategorical1HotGrad(Op):
    """Gradient of :class:`CrossentropyCategorical1Hot`: inputs (output gradient, coding_dist, labels)."""

    __props__ = ()

    def make_node(self, g_y, coding_dist, true_one_of_n):
        inputs = [as_tensor_variable(value) for value in (g_y, coding_dist, true_one_of_n)]
        return Apply(self, inputs, [inputs[1].type()])

    @_quietly
    def perform(self, node, inputs, output_storage):
        g_y, coding_dist, labels = inputs
        rows, labels = _chosen_places(coding_dist, labels)
        gradient = np.zeros_like(coding_dist)
        gradient[rows, labels] = -g_y / coding_dist[rows, labels]
        output_storage[0][0] = gradient

    def infer_shape(self, node, shapes):
        return [shapes[1]]

    def L_op(self, inputs, outputs, output_grads):
        g_y, coding_dist, labels = inputs
        rows = arange(coding_dist.shape[0])
        chosen, g = coding_dist[rows, labels], output_grads[0][rows, labels]
        second = set_subtensor(zeros_like(coding_dist)[rows, labels], g * g_y / chosen ** 2)
        return [-g / chosen, second, grad_undefined(self, 2, labels)]


class SoftmaxCrossentropy(Op):
    """Compute the cross-entropy of every row's softmax with a class number, and that softmax, in one go."""

    __props__ = ()

    def make_node(self, x, labels):
        x, labels = as_tensor_variable(x), as_tensor_variable(labels)
        check_matrix('x', x)
        check_labels(labels)
        return Apply(self, [x, labels], [tensor_type(x.dtype, static_shape(labels))(), x.type()])

    @_quietly
    def perform(self, node, inputs, output_storage):
        x, labels = inputs
        _check_label_values(labels, x)
        sm, total, maximum = _softmax_rows(x)
        rows = np.arange(len(x))
        nll = (maximum[:, 0] - x[rows, labels]) + np.log(total[:, 0])
        output_storage[0][0] = nll.astype(x.dtype, copy=False)
        output_storage[1][0] = sm.astype(x.dtype, copy=False)

    def infer_shape(self, node, shapes):
        return [(shapes[0][0],), shapes[0]]

    def connection_pattern(self, node):
        return [[True, True], [False, False]]

    def L_op(self, inputs, outputs, output_grads):
        labels, sm = inputs[1], outputs[1]
        g_nll, g_sm = output_grads
        terms = []
        if not isinstance(g_nll.type, DisconnectedType):
            terms.append(crossentropy_softmax_1hot_with_bias_dx(g_nll, sm, labels))
        if not isinstance(g_sm.type, DisconnectedType):
            terms.append(softmax_grad(g_sm, sm))
        return [sum(terms[1:], terms[0]) if terms else disconnected_type(), disconnected_type()]


class CrossentropySoftmax1HotWithBiasDx(Op):
    """Gradient of the cross-entropy to the softmax's input: ``dy * (sm - onehot(y_idx))``."""

    __props__ = ()

    def make_node(self, dy, sm, y_idx):
        dy, sm, y_idx = (as_tensor_variable(value) for value in (dy, sm, y_idx))
        if dy.ndim > 1 or dy.dtype not in FLOATS:
            raise ValueError('dy must be {0,1}-d tensor of floats, got %s' % dy.type)
        check_matrix('sm', sm)
        check_labels(y_idx)
        return Apply(self, [dy, sm, y_idx], [sm.type()])

    @_quietly
    def perform(self, node, inputs, output_storage):
        dy, sm, labels = inputs
        _check_label_values(labels, sm)
        dy = np.broadcast_to(dy, len(sm)).astype(sm.dtype, copy=False)
        gradient = dy[:, None] * sm
        gradient[np.arange(len(sm)), labels] -= dy
        output_storage[0][0] = gradient

    def infer_shape(self, node, shapes):
        return [shapes[1]]

    def L_op(self, inputs, outputs, output_grads):
        dy, sm, labels = inputs
        g, = output_grads
        rows = arange(labels.shape[0])
        g_dy = ((g * sm).sum(axis=1) - g[rows, labels]).astype(dy.dtype)
        if dy.ndim == 0:
            return [g_dy.sum(), dy * g, grad_undefined(self, 2, labels)]
        if dy.broadcastable[0]:
            g_dy = g_dy.sum(keepdims=True)
        return [g_dy, dy.dimshuffle(0, 'x') * g, grad_undefined(self, 2, labels)]


crossentropy_categorical_1hot = CrossentropyCategorical1Hot()
crossentropy_categorical_1hot_grad = CrossentropyCategorical1HotGrad()
crossentropy_softmax_1hot_with_bias_dx = CrossentropySoftmax1HotWithBiasDx()
softmax_crossentropy = SoftmaxCrossentropy()


def check_labels(labels):
    """Refuse labels that are not a vector of whole numbers."""
    if labels.ndim != 1 or labels.dtype not in discrete_dtypes:
        raise ValueError('y_idx must be 1-d tensor of [u]ints, got %s' % labels.type)


def _chosen_places(coding_dist, labels):
    """Index the chosen elements; labels beyond the last row are left out, as in Theano."""
    if len(labels) < len(coding_dist):
        raise IndexError('there are %d rows of probabilities and %d class numbers'
                         % (len(coding_dist), len(labels)))
    return np.arange(len(coding_dist)), labels[:len(coding_dist)]


def _check_label_values(labels, x):
    """Refuse labels unless every row of `x` has one within its columns."""
    if len(labels) != len(x):
        raise ValueError('number of rows in x (%d) does not match length of y (%d)'
                         % (len(x), len(labels)))
    if labels.size and (labels.min() < 0 or labels.max() >= x.shape[1]):
        raise ValueError('y_i value out of bounds: the labels lie in [%d, %d], the columns in [0, %d)'
                         % (labels.min(), labels.max(), x.shape[1]))
