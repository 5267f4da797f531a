"""Kernels of the library as functions that Numba calls.

Each goes by a name that is looked up when Numba loads what it has compiled: a function with an address
in it could not be cached on disk, and one that runs Python cannot be either.
"""
import hashlib
import warnings

import numba
import numpy as np
from llvmlite import binding
from numba import types

from lasagne_ext import kernels
from lasagne_ext.kernels import nn

#: To be raised with every change of what is compiled: it is cached on disk.
VERSION = 2


def compiled(kind):
    """Register what makes an Op's function, ``make(op, node)``, for the nodes that can be compiled.

    Parameters
    ----------
    kind : class
        The Op; nodes that cannot be compiled run in Python.
    """
    # Imported above, it would import the modules that use this one while it is half made.
    from pytensor.link.numba.dispatch.basic import register_funcify_and_cache_key

    def register(make):
        @register_funcify_and_cache_key(kind)
        def dispatch(op, node, **kwargs):
            if can_compile(op, node):
                return make(op, node), key(op, node)
            return in_python(op, node)
        return make
    return register


def can_compile(op, node):
    """Return whether the library computes this node; Python does otherwise."""
    dtype = node.outputs[0].type.dtype
    rank = op.convdim if hasattr(op, 'convdim') else op.ndim
    return (kernels.library is not None and dtype in ('float32', 'float64') and rank <= nn.MAX_RANK
            and not getattr(op, 'unshared', False))


def external(name, dtype, result, *pointed):
    """Return a function of the library that takes pointers to values of some types of Numba's."""
    dtype = np.dtype(dtype)
    symbol = 'lasagne_ext_%s_%s' % (name, dtype)
    binding.add_symbol(symbol, kernels.library.address(name, dtype))
    return types.ExternalFunction(symbol, result(*map(types.CPointer, pointed)))


def kernel(name, node, arrays):
    """Return a kernel that takes pointers to `arrays` arrays and to its geometry."""
    dtype = node.outputs[0].type.dtype
    return external(name, dtype, types.int32, *[numba.from_dtype(np.dtype(dtype))] * arrays, types.intp)


def key(op, node):
    """Return what tells a compiled function from all others."""
    output = node.outputs[0].type
    words = 'lasagne_ext', VERSION, str(op), output.dtype, output.ndim
    return hashlib.sha256(repr(words).encode()).hexdigest()


def in_python(op, node):
    """Return the function that runs the node in Python."""
    from pytensor.link.numba.dispatch.basic import generate_fallback_impl
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        return generate_fallback_impl(op, node), None
