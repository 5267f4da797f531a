"""Shared variables that hold arrays."""
from theano.compile import SharedVariable, shared_constructor

from lasagne_ext.engine.pytensor.shared import scalar_constructor, tensor_constructor
from lasagne_ext.engine.pytensor.tensor.variables import (ScalarSharedVariable, TensorSharedVariable,
                                                          load_shared_variable)
