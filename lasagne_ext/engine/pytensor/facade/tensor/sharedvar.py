"""Shared variables that hold arrays."""
from lasagne_ext.engine.pytensor.tensor_types import (ScalarSharedVariable, TensorSharedVariable,
                                                      load_shared_variable, scalar_constructor,
                                                      tensor_constructor)

__all__ = ['ScalarSharedVariable', 'TensorSharedVariable', 'load_shared_variable', 'scalar_constructor',
           'tensor_constructor']
