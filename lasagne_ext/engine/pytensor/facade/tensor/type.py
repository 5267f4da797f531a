"""Type of dense tensors."""
from pytensor.tensor.type import (dtype_specs_map, values_eq_approx, values_eq_approx_always_true,
                                  values_eq_approx_remove_inf, values_eq_approx_remove_inf_nan,
                                  values_eq_approx_remove_nan)

from lasagne_ext.engine.pytensor.tensor.variables import TensorType, _value_validity_msg  # pickles name both
