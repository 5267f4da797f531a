"""Tensor variables and constants."""
from pytensor.tensor.variable import TensorConstantSignature

from lasagne_ext.engine.pytensor.border import TensorOperators as _tensor_py_operators
from lasagne_ext.engine.pytensor.tensor.conversion import AsTensorError
from lasagne_ext.engine.pytensor.tensor.variables import TensorConstant, TensorVariable
