"""Numba's form of the tensor Ops."""
from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_default_op_cache_key

from lasagne_ext.engine.pytensor.tensor.broadcast import Unbroadcast


@register_funcify_default_op_cache_key(Unbroadcast)
def numba_unbroadcast(op, **kwargs):
    @numba_njit
    def unbroadcast(x):
        return x
    return unbroadcast
