"""Forms of tensor Ops and of printing for Numba."""
import warnings

from pytensor.link.numba.dispatch.basic import (
    generate_fallback_impl, numba_funcify, numba_njit, register_funcify_default_op_cache_key)
from theano.printing import Print

from lasagne_ext.engine.pytensor.tensor.broadcast import Unbroadcast


@register_funcify_default_op_cache_key(Unbroadcast)
def numba_unbroadcast(op, **kwargs):
    @numba_njit
    def unbroadcast(x):
        return x
    # Compiled functions are cached on disk; the number is to be raised when this one moves or changes.
    return unbroadcast, 2


@numba_funcify.register(Print)
def numba_print(op, node, **kwargs):
    # Python prints, so Python is called, and PyTensor warns of what was asked for.
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', UserWarning)
        return generate_fallback_impl(op, node, **kwargs)
