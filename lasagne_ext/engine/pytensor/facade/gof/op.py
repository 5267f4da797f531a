"""Base classes of Ops."""
from pytensor.link.c.op import OpenMPOp

from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.ops import COp, Op
from lasagne_ext.engine.pytensor.test_values import get_debug_values, get_test_value

PureOp = Op

#: Ops that hold a graph of their own; PyTensor finds them by itself.
ops_with_inner_function = {}

_C = 'an Op with C code derives from theano.Op and defines c_code'

__getattr__ = refuse(__name__, {
    'CLinkerOp': _C, 'CLinkerObject': _C, 'GCC_compiler': _C, 'simple_meth': _C, 'apply_meth': _C,
    'debug_error_message': 'set theano.config.compute_test_value and raise an error of your own',
    'debug_assert': 'use assert', 'missing_test_message': 'see theano.config.compute_test_value'})
