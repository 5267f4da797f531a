"""The type of dense tensors."""
from pytensor.tensor.type import dtype_specs_map, values_eq_approx, values_eq_approx_always_true

from lasagne_ext.engine.pytensor.tensor_types import TensorType

__all__ = ['TensorType', 'dtype_specs_map', 'values_eq_approx', 'values_eq_approx_always_true']
