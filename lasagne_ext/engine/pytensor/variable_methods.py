"""Theano's methods of tensor variables and types, put into PyTensor's classes."""
import numpy as np
from pytensor.tensor.type import TensorType
from pytensor.tensor.variable import TensorConstant, TensorVariable, _tensor_py_operators

from lasagne_ext.engine.pytensor import tensor_functions, tensor_functions_math, tensor_types


def install():
    """Give PyTensor's variables what Theano's have; harmless when done already."""
    tensor_functions.install_conversion()
    operators = _tensor_py_operators
    operators.reshape = _reshape
    operators.get_scalar_constant_value = _get_scalar_constant_value
    operators.choose = _choose
    operators.conj = operators.conjugate = tensor_functions_math.conj
    operators.squeeze = tensor_functions.squeeze
    operators.norm = _norm
    TensorType.Variable = tensor_types.TensorVariable
    TensorType.Constant = TensorConstant
    TensorType.sparse_grad = False
    TensorType.value_zeros = _value_zeros


def _reshape(self, shape, ndim=None):
    """`self` in another shape; `ndim` is needed where the length of `shape` is not known."""
    return tensor_functions.reshape(self, shape, ndim)


def _get_scalar_constant_value(self):
    """The one value that all elements have."""
    return tensor_functions.get_scalar_constant_value(self)


def _choose(self, choices, out=None, mode='raise'):
    """Elements picked among several arrays."""
    return tensor_functions.choose(self, choices, out, mode)


def _norm(self, L, axis=None, keepdims=False):
    """The root of the sum of powers along axes."""
    if L == 0 or np.isinf(L):
        raise NotImplementedError('norm: expected a finite order other than 0, got %r' % (L,))
    return (abs(self) ** L).sum(axis, keepdims=keepdims) ** (1. / L)


def _value_zeros(self, shape):
    """An array of zeros of this dtype."""
    return np.zeros(shape, dtype=self.dtype)
