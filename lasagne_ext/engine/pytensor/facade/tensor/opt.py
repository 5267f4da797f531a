"""Registers for rewrites of one's own, and Ops that check and build."""
from pytensor.raise_op import Assert, assert_op
from pytensor.tensor.basic import MakeVector, make_vector

from theano.gof.opt import local_optimizer

from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.border import ShapeFeature
from lasagne_ext.engine.pytensor.rewriting import (register_canonicalize, register_specialize,
                                                   register_stabilize, register_uncanonicalize,
                                                   register_useless)
from lasagne_ext.engine.pytensor.tensor.conversion import extract_constant

assert_ = assert_op

__getattr__ = refuse(__name__, dict.fromkeys(
    ['add_calculate', 'apply_local_dimshuffle_lift', 'apply_rebroadcast_opt', 'attempt_distribution',
     'broadcast_like', 'Canonizer', 'check_for_x_over_absX', 'distribute_greedy',
     'elemwise_max_input_fct', 'encompasses_broadcastable', 'FusionOptimizer', 'get_clients',
     'get_clients2', 'inplace_elemwise_optimizer', 'InplaceElemwiseOptimizer', 'is_an_upcast',
     'is_dimshuffle_useless', 'is_inverse_pair', 'local_add_canonizer', 'local_add_mul_fusion',
     'local_elemwise_alloc_op', 'local_elemwise_fusion', 'local_elemwise_fusion_op',
     'local_mul_canonizer', 'local_reshape_chain', 'MakeVectorPrinter', 'merge_broadcastables',
     'merge_two_slices', 'mul_calculate', 'register_specialize_device', 'scalarconsts_rest',
     'ShapeOptimizer', 'UnShapeOptimizer'],
    'rewrites are those of PyTensor: see pytensor.tensor.rewriting'))
