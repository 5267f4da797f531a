"""Tensor variables and constants."""
from pytensor.tensor.variable import TensorConstant, TensorConstantSignature, _tensor_py_operators

from lasagne_ext.engine.pytensor.tensor_functions import AsTensorError
from lasagne_ext.engine.pytensor.tensor_types import TensorVariable

__all__ = ['AsTensorError', 'TensorConstant', 'TensorConstantSignature', 'TensorVariable',
           '_tensor_py_operators']
