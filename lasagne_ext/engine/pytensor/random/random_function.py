"""The Op that draws from a ``RandomState``, and the shapes of what it draws."""
from functools import reduce

import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType, grad_undefined
from pytensor.graph.basic import Apply, Variable
from pytensor.tensor.basic import get_vector_length
from pytensor.tensor.exceptions import ShapeError
from pytensor.tensor.type import integer_dtypes

from lasagne_ext.engine.pytensor.random import draws
from lasagne_ext.engine.pytensor.random.state_type import RandomStateType, borrow, encode
from lasagne_ext.engine.pytensor.tensor.adoption import Op


_NO_SIZE = pt.constant(np.array([], 'int64'))

#: Drawing functions that add an axis -> its length, from a node's inputs and their shapes.
_ADDED = {draws.permutation: lambda inputs, shapes: inputs[2],
          draws.multinomial: lambda inputs, shapes: shapes[3][-1]}


class RandomFunction(Op):
    """Draw numbers; inputs (state, size, arguments...), outputs (new state, sample).

    Parameters
    ----------
    fn : str or function
        A method of ``numpy.random.RandomState``, or what is called with one, the arguments and the
        size, which is None if `size` has length 0.
    outtype : TensorType
        The sample's.
    inplace : bool
        Only False: a state is small.
    ndim_added : int
        How many more axes the sample has than `size` is long.
    """

    __props__ = ('fn', 'outtype', 'ndim_added')

    def __init__(self, fn, outtype, inplace=False, ndim_added=0):
        if inplace:
            raise NotImplementedError('RandomFunction: inplace=True is not supported')
        self.fn = fn
        self.outtype = outtype
        self.ndim_added = ndim_added

    @property
    def exec_fn(self):
        """The function that draws."""
        return getattr(np.random.RandomState, self.fn) if isinstance(self.fn, str) else self.fn

    def __str__(self):
        return 'RandomFunction{%s}' % self.exec_fn.__name__

    def make_node(self, r, shape, *args):
        if not isinstance(r, Variable) or not isinstance(r.type, RandomStateType):
            raise TypeError('%s draws from a variable of RandomStateType, got %s'
                            % (self, getattr(r, 'type', r)))
        shape = pt.as_tensor_variable(_NO_SIZE if isinstance(shape, tuple) and not shape else shape, ndim=1)
        if shape.dtype not in ('int64', 'int32'):
            raise TypeError('the shape must be of int32 or int64, got %s' % shape.type)
        return Apply(self, [r, shape] + [pt.as_tensor_variable(arg) for arg in args],
                     [r.type(), self.outtype()])

    def perform(self, node, inputs, output_storage):
        words, size, *args = inputs
        size = tuple(int(length) for length in size) or None
        if size is not None and len(size) + self.ndim_added != self.outtype.ndim:
            raise ValueError('%s: size must have length %d, got %s'
                             % (self, self.outtype.ndim - self.ndim_added, size))
        random_state = borrow(words)
        sample = np.asarray(self.exec_fn(random_state, *args, size), dtype=self.outtype.dtype)
        if size is None and sample.ndim == 0:
            sample = sample.reshape([1] * self.outtype.ndim)
        if sample.ndim != self.outtype.ndim:
            raise ValueError('%s: expected %d dimensions, drew %d'
                             % (self, self.outtype.ndim, sample.ndim))
        if size is not None and sample.shape[:len(size)] != size:
            raise ValueError('%s: expected shape %s, drew %s' % (self, size, sample.shape))
        output_storage[0][0] = encode(random_state)
        output_storage[1][0] = sample

    def infer_shape(self, node, input_shapes):
        size = node.inputs[1]
        ndim = self.outtype.ndim - self.ndim_added
        if size.type.shape == (0,) and ndim or self.ndim_added and self.fn not in _ADDED:
            raise ShapeError('the shape depends on the values of the arguments')
        added = [_ADDED[self.fn](node.inputs, input_shapes)] if self.ndim_added else []
        return [input_shapes[0], tuple(size[i] for i in range(ndim)) + tuple(added)]

    def pullback(self, inputs, outputs, cotangents):
        return [grad_undefined(self, i, x, 'Random numbers have no gradient') for i, x in enumerate(inputs)]

    def pushforward(self, inputs, outputs, tangents):
        return [DisconnectedType()() for _ in outputs]


def infer_size(ndim, size, *args):
    """The size of a draw.

    Parameters
    ----------
    ndim : int or None
        Its length, needed if `size` is a vector of unknown length.
    size : tuple, list, vector variable or None
        A -1 in it stands for that axis of the arguments; None for what these broadcast to.
    args : variables
        Arguments of the draw.

    Returns
    -------
    size : int64 vector variable
    shape : tuple
        Static shape: the lengths that are constants, None for the others.
    """
    if isinstance(size, (tuple, list)):
        if ndim not in (None, len(size)):
            raise ValueError('ndim should be equal to len(shape), but ndim = %s, len(shape) = %s, '
                             'shape = %s' % (ndim, len(size), size))
        ndim = len(size)
        lengths = [_length(i - ndim, length, args) for i, length in enumerate(size)]
        shape = tuple(None if isinstance(length, Variable) else int(length) for length in lengths)
        size = pt.as_tensor_variable(lengths, ndim=1) if lengths else _NO_SIZE
    elif size is None:
        if not args:
            raise TypeError('the size cannot be inferred: give size')
        template = reduce(lambda a, b: a + b, args)
        size, ndim, shape = template.shape, template.ndim, template.type.shape
    else:
        size = pt.as_tensor_variable(size)
        if size.ndim != 1:
            raise TypeError('shape must be a vector or list of scalar, got %s' % size.type)
        ndim = get_vector_length(size) if ndim is None else ndim
        shape = (None,) * ndim
    if size.dtype not in integer_dtypes:
        raise TypeError('shape must be an integer vector or list, got %s' % size.dtype)
    if max((arg.ndim for arg in args), default=0) > ndim:
        raise ValueError('ndim should be at least as big as required by args value',
                         (ndim, [arg.ndim for arg in args]), args)
    return pt.cast(size, 'int64'), shape


def _length(axis, length, args):
    """One length of a size, an int if it is known; `axis` counts from the end."""
    if isinstance(length, Variable) or length >= 0:
        return length
    if length != -1:
        raise ValueError('a length must be a variable, -1 or at least 0, got %s' % length)
    candidates = [arg for arg in args if arg.ndim >= -axis]
    if not candidates:
        raise ValueError('a length of -1 must be that of an axis of the arguments')
    for arg in candidates:
        if not arg.type.broadcastable[axis]:
            return arg.shape[axis]
    return 1
