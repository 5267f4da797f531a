"""Knowledge of which axes have length 1, and products of batches that keep it."""
import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType, disconnected_type
from pytensor.graph.basic import Apply

from lasagne_ext.engine.pytensor._dispatch import register_dispatch
from lasagne_ext.engine.pytensor.tensor.adoption import Op, adopting


class Unbroadcast(Op):
    """Op that returns its input, of which no longer is known that some axes have length 1."""

    view_map = {0: [0]}
    __props__ = ('axes',)

    def __init__(self, axes):
        self.axes = tuple(axes)

    def make_node(self, x):
        x = pt.as_tensor_variable(x)
        shape = [None if axis in self.axes else length for axis, length in enumerate(x.type.shape)]
        return Apply(self, [x], [x.type.clone(shape=shape)()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0]

    def infer_shape(self, node, input_shapes):
        return input_shapes

    def pullback(self, inputs, outputs, cotangents):
        return [pt.specify_shape(cotangents[0], inputs[0].type.shape)]

    def pushforward(self, inputs, outputs, tangents):
        if isinstance(tangents[0].type, DisconnectedType):
            return [disconnected_type()]
        return [self(tangents[0])]


def _axes(x, axes):
    for axis in axes:
        if not isinstance(axis, (int, np.integer)):
            raise TypeError('expected whole numbers as axes, got %r' % (axis,))
        if axis >= x.ndim:
            raise ValueError('expected axes of a %d-dimensional tensor, got %d' % (x.ndim, axis))
    return [axis for axis in axes if axis >= 0]


def addbroadcast(x, *axes):
    """`x`, broadcastable along `axes`, whose length must be 1 at run time."""
    x = pt.as_tensor_variable(x)
    pattern = list(x.broadcastable)
    for axis in _axes(x, axes):
        pattern[axis] = True
    return patternbroadcast(x, pattern)


def unbroadcast(x, *axes):
    """`x`, no longer broadcastable along `axes`."""
    x = pt.as_tensor_variable(x)
    pattern = list(x.broadcastable)
    for axis in _axes(x, axes):
        pattern[axis] = False
    return patternbroadcast(x, pattern)


def patternbroadcast(x, broadcastable):
    """`x`, broadcastable along just the axes for which the pattern is true.

    Their length must be 1 at run time.
    """
    x = pt.as_tensor_variable(x)
    _axes(x, [len(broadcastable) - 1])
    wanted = [axis for axis, flag in enumerate(broadcastable) if flag and not x.broadcastable[axis]]
    unwanted = [axis for axis, flag in enumerate(broadcastable) if not flag and x.broadcastable[axis]]
    if wanted:
        x = pt.specify_broadcastable(x, *wanted)
    return Unbroadcast(unwanted)(x) if unwanted else x


@adopting
class Rebroadcast:
    """Callable that makes axes broadcastable or not: ``Rebroadcast((0, True), (1, False))(x)``."""

    def __init__(self, *axis):
        self.axis = dict(axis)

    def __call__(self, x):
        x = pt.as_tensor_variable(x)
        pattern = list(x.broadcastable)
        for axis in _axes(x, self.axis):
            pattern[axis] = self.axis[axis]
        return patternbroadcast(x, pattern)


def batched_dot(a, b):
    """Products of pairs: ``batched_dot(a, b)[i] = dot(a[i], b[i])``."""
    a, b = pt.as_tensor_variable(a), pt.as_tensor_variable(b)
    if not (a.ndim and b.ndim):
        raise TypeError('batched_dot: expected a batch axis first, got %d and %d dimensions'
                        % (a.ndim, b.ndim))
    if a.ndim == 1 or b.ndim == 1:
        wide = max(a.ndim, b.ndim)
        return _pad_right(a, wide) * _pad_right(b, wide)
    if max(a.ndim, b.ndim) > 3:
        return batched_tensordot(a, b, [[a.ndim - 1], [max(1, b.ndim - 2)]])
    product = pt.matmul(a if a.ndim == 3 else a[:, None, :], b if b.ndim == 3 else b[:, :, None])
    if b.ndim == 2:
        product = product[:, :, 0]
    return product if a.ndim == 3 else product[:, 0]


def _pad_right(x, ndim):
    return x.dimshuffle(*range(x.ndim), *'x' * (ndim - x.ndim))


def batched_tensordot(x, y, axes=2):
    """Tensor products of pairs along the first axis, summed over `axes`.

    Parameters
    ----------
    x, y : tensor
        Their first axis is the batch.
    axes : int or pair of sequences of int
        How many trailing axes of `x` and leading axes of `y`, the batch apart, to sum over; or
        which ones of each, counted with the batch axis.
    """
    x, y = pt.as_tensor_variable(x), pt.as_tensor_variable(y)
    x_axes, y_axes = _summed_axes(x, y, axes)
    x_free = [axis for axis in range(1, x.ndim) if axis not in x_axes]
    y_free = [axis for axis in range(1, y.ndim) if axis not in y_axes]
    left = x.dimshuffle(0, *x_free, *x_axes)
    right = y.dimshuffle(0, *y_axes, *y_free)
    summed = pt.prod([x.shape[axis] for axis in x_axes] or [1], dtype='int64')
    left = left.reshape((x.shape[0], -1, summed)) if len(x_free) != 1 or len(x_axes) != 1 else left
    right = right.reshape((y.shape[0], summed, -1)) if len(y_free) != 1 or len(y_axes) != 1 else right
    shape = [x.shape[axis] for axis in [0] + x_free] + [y.shape[axis] for axis in y_free]
    pattern = ([x.broadcastable[axis] for axis in [0] + x_free]
               + [y.broadcastable[axis] for axis in y_free])
    return patternbroadcast(pt.matmul(left, right).reshape(shape, ndim=len(shape)), pattern)


def _summed_axes(x, y, axes):
    if np.isscalar(axes):
        count = int(axes)
        if count >= min(x.ndim, y.ndim):
            raise ValueError('batched_tensordot: expected fewer than %d axes to sum over, got %d'
                             % (min(x.ndim, y.ndim), count))
        return list(range(x.ndim - count, x.ndim)), list(range(1, 1 + count))
    if len(axes) != 2:
        raise ValueError('batched_tensordot: expected a number or a pair as axes, got %s' % (axes,))
    pair = [[int(axis) for axis in np.atleast_1d(part)] for part in axes]
    if len(pair[0]) != len(pair[1]):
        raise ValueError('batched_tensordot: expected as many axes of either, got %s' % (axes,))
    for operand, part in zip((x, y), pair):
        if any(not 0 < axis < operand.ndim for axis in part):
            raise ValueError('batched_tensordot: expected axes between 1 and %d, got %s'
                             % (operand.ndim - 1, part))
    return pair


register_dispatch(numba='lasagne_ext.engine.pytensor.numba_mode.tensor')
