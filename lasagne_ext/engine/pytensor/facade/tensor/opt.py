"""Registers for rewrites of one's own, and Ops that check and build."""
from pytensor.raise_op import Assert, assert_op
from pytensor.tensor.basic import MakeVector, make_vector
from pytensor.tensor.math import int_div, neg, true_div
from pytensor.tensor.type import discrete_dtypes, uint_dtypes

from theano.gof.opt import local_optimizer

from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.border import ShapeFeature, local_div_by_one, local_neg_to_mul
from lasagne_ext.engine.pytensor.rewriting import (register_canonicalize, register_specialize,
                                                   register_stabilize, register_uncanonicalize,
                                                   register_useless)
from lasagne_ext.engine.pytensor.tensor.conversion import extract_constant

assert_ = assert_op


@register_canonicalize
@local_optimizer([true_div, int_div])
def local_whole_div_by_one(fgraph, node):
    """Replace ``x / 1`` by `x`, and ``x // 1``, which is ``floor(x)``, only where `x` is whole."""
    if node.op != int_div or node.outputs[0].dtype in discrete_dtypes:
        return local_div_by_one.transform(fgraph, node)


@register_canonicalize
@local_optimizer([neg])
def local_signed_neg_to_mul(fgraph, node):
    """Replace ``-x`` by ``-1 * x``, but for unsigned numbers, which have no -1."""
    if node.outputs[0].dtype not in uint_dtypes:
        return local_neg_to_mul.transform(fgraph, node)


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
