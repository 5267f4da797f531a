"""Where rewrites of one's own are registered, and Ops that check and build."""
from pytensor.raise_op import Assert, assert_op
from pytensor.tensor.basic import MakeVector, make_vector
from pytensor.tensor.rewriting.basic import (register_canonicalize, register_specialize, register_stabilize,
                                             register_uncanonicalize, register_useless)
from pytensor.tensor.rewriting.shape import ShapeFeature

from theano.gof.opt import local_optimizer

from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.tensor_functions import extract_constant

assert_ = assert_op

__getattr__ = refuse(__name__, dict.fromkeys(
    ['Canonizer', 'FusionOptimizer', 'InplaceElemwiseOptimizer', 'ShapeOptimizer', 'UnShapeOptimizer',
     'apply_local_dimshuffle_lift', 'apply_rebroadcast_opt', 'broadcast_like', 'get_clients', 'get_clients2',
     'local_add_canonizer', 'local_mul_canonizer', 'merge_two_slices', 'MakeVectorPrinter',
     'register_specialize_device'],
    'rewrites are those of PyTensor: see pytensor.tensor.rewriting'))

__all__ = ['Assert', 'MakeVector', 'ShapeFeature', 'assert_', 'assert_op', 'extract_constant',
           'local_optimizer', 'make_vector', 'register_canonicalize', 'register_specialize',
           'register_stabilize', 'register_uncanonicalize', 'register_useless']
