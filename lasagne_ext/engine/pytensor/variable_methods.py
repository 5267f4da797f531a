"""Theano's methods of tensor variables and types, put into PyTensor's classes."""
import numpy as np
from pytensor.compile.sharedvalue import shared_constructor
from pytensor.scalar.basic import LogicalComparison
from pytensor.tensor.type import TensorType
from pytensor.tensor.variable import TensorConstant, _tensor_py_operators

from lasagne_ext.engine.pytensor import (tensor_functions, tensor_functions_math, tensor_functions_shapes,
                                         tensor_indexing, tensor_linalg, tensor_reductions, tensor_rewrites,
                                         tensor_types)

#: Methods that are functions of the variable.
_REDUCTIONS = ('all', 'any', 'argmax', 'argmin', 'max', 'min', 'norm', 'prod', 'ptp', 'std', 'sum', 'var')


def install():
    """Give PyTensor's variables what Theano's have; harmless when done already."""
    tensor_functions.install_conversion()
    tensor_rewrites.install()
    for kind in (np.number, float, int, complex):
        shared_constructor.register(kind, tensor_types.scalar_constructor)
    operators = _tensor_py_operators
    operators.reshape = _reshape
    operators.get_scalar_constant_value = _get_scalar_constant_value
    operators.choose = _choose
    operators.conj = operators.conjugate = tensor_functions_math.conj
    operators.__getitem__ = tensor_indexing.getitem
    operators.__bool__ = _bool
    operators.take = tensor_functions_shapes.take
    operators.trace = tensor_linalg.trace
    for name in _REDUCTIONS:
        setattr(operators, name, getattr(tensor_reductions, name))
    operators.mean = _mean
    TensorType.clone = _clone
    TensorType.Variable = tensor_types.TensorVariable
    TensorType.Constant = TensorConstant
    TensorType.sparse_grad = False
    TensorType.value_zeros = _value_zeros
    TensorType.value_validity_msg = _value_validity_msg


def _bool(self):
    """True, as of any object; but ``if x < y`` and ``a < b < c`` are mistakes."""
    if self.owner is not None and isinstance(getattr(self.owner.op, 'scalar_op', None), LogicalComparison):
        raise TypeError('a symbolic comparison is neither true nor false; use theano.tensor.switch or and_')
    return True


def _reshape(self, shape, ndim=None):
    """`self` in another shape; `ndim` is needed where the length of `shape` is not known."""
    return tensor_functions_shapes.reshape(self, shape, ndim)


def _get_scalar_constant_value(self):
    """The one value that all elements have."""
    return tensor_functions.get_scalar_constant_value(self)


def _choose(self, choices, out=None, mode='raise'):
    """Elements picked among several arrays."""
    return tensor_functions_shapes.choose(self, choices, out, mode)


def _mean(self, axis=None, dtype=None, keepdims=False, acc_dtype=None):
    """Mean along axes."""
    return tensor_reductions.mean(self, axis, dtype, keepdims=keepdims, acc_dtype=acc_dtype)


def _clone(self, dtype=None, shape=None, broadcastable=None, **kwargs):
    """A type like this of another dtype or broadcast pattern."""
    if broadcastable is not None:
        shape = tensor_types.static_shape(broadcastable)
    return type(self)(self.dtype if dtype is None else dtype, self.shape if shape is None else shape,
                      name=self.name)


def _value_zeros(self, shape):
    """An array of zeros of this dtype."""
    return np.zeros(shape, dtype=self.dtype)


def _value_validity_msg(self, a):
    """Why a value is none of this type."""
    try:
        self.filter(a, strict=True)
    except Exception as error:
        return str(error)
    return 'value is valid'
