"""The Op that draws from MRG31k3p."""
import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType, grad_undefined
from pytensor.graph.basic import Apply
from pytensor.tensor.basic import get_vector_length, infer_static_shape
from pytensor.tensor.type import TensorType, discrete_dtypes

from lasagne_ext.engine.pytensor.tensor.adoption import Op
from lasagne_ext.kernels import mrg


class MRGUniform(Op):
    """Numbers from the open interval (0, 1) and the streams' new states; inputs (state, size)."""

    __props__ = ('dtype', 'ndim')

    def __init__(self, dtype, ndim):
        if dtype not in mrg.NORM:
            raise TypeError('MRG_RandomStreams draws %s, got dtype %r' % (', '.join(sorted(mrg.NORM)), dtype))
        self.dtype = dtype
        self.ndim = ndim

    @classmethod
    def new(cls, rstate, ndim, dtype, size):
        """New state and sample, of as many axes as `size` is long if `ndim` is None."""
        size = pt.as_tensor_variable(size, ndim=1)
        return cls(dtype, get_vector_length(size) if ndim is None else ndim)(rstate, size)

    def make_node(self, rstate, size):
        rstate = pt.as_tensor_variable(rstate)
        size = pt.as_tensor_variable(size, ndim=1)
        if rstate.dtype != 'int32' or rstate.ndim != 2:
            raise TypeError('the state must be an int32 matrix, got %s' % rstate.type)
        if size.dtype not in discrete_dtypes:
            # An empty tuple becomes an empty array of floats.
            if size.type.shape != (0,):
                raise TypeError('size must be of integers, got %s' % size.type)
            size = size.astype('int64')
        _, shape = infer_static_shape([size[i] for i in range(self.ndim)])
        return Apply(self, [rstate, size], [rstate.type(), TensorType(self.dtype, shape)()])

    def perform(self, node, inputs, output_storage):
        rstate, size = inputs
        shape = self.shape(size)
        new_state, sample = mrg.uniform(rstate, int(np.prod(shape, dtype='int64')), self.dtype)
        output_storage[0][0] = new_state
        output_storage[1][0] = sample.reshape(shape)

    def shape(self, size):
        """The sample's shape for a value of `size`, checked."""
        shape = tuple(int(length) for length in size)
        if len(shape) != self.ndim:
            raise ValueError('size must have length %d, got %s' % (self.ndim, shape))
        if min(shape, default=0) < 0:
            raise ValueError('size must not be negative, got %s' % (shape,))
        if np.prod(shape, dtype=object) > mrg.M1:
            raise ValueError('MRG_RandomStreams does not draw more than 2**31 - 1 numbers at a time, '
                             'got size %s' % (shape,))
        return shape

    def infer_shape(self, node, input_shapes):
        size = node.inputs[1]
        return [input_shapes[0], tuple(size[i] for i in range(self.ndim))]

    def pullback(self, inputs, outputs, cotangents):
        return [grad_undefined(self, i, x, 'Random numbers have no gradient') for i, x in enumerate(inputs)]

    def pushforward(self, inputs, outputs, tangents):
        return [DisconnectedType()() for _ in outputs]
