"""Kernels of the library as functions that Numba calls.

Each goes by a name that is looked up when Numba loads what it has compiled: a function with an address
in it could not be cached on disk, and one that runs Python cannot be cached either.
"""
import warnings

import numba
import numpy as np
from llvmlite import binding
from numba import types
from pytensor.link.numba.dispatch.basic import generate_fallback_impl

from lasagne_ext import kernels

_PREFIX = 'lasagne_ext_'

_THREADS = _PREFIX + 'get_threads'


def can_compile(op, node):
    """Whether the library computes this node; Python does otherwise."""
    dtype = node.outputs[0].type.dtype
    return (kernels.library is not None and dtype in ('float32', 'float64')
            and all(variable.type.dtype in (dtype, 'int64', 'int32', 'int16', 'int8')
                    for variable in node.inputs))


def kernel(name, dtype, arrays):
    """A kernel that takes pointers to `arrays` arrays and to its geometry."""
    dtype = np.dtype(dtype)
    symbol = '%s%s_%s' % (_PREFIX, name, dtype)
    binding.add_symbol(symbol, kernels.library.address(name, dtype))
    pointer = types.CPointer(numba.from_dtype(dtype))
    return types.ExternalFunction(symbol, types.int32(*[pointer] * arrays, types.CPointer(types.intp)))


def threads():
    """A function that tells how many threads a kernel may use."""
    binding.add_symbol(_THREADS, kernels.library.threads_address())
    return types.ExternalFunction(_THREADS, types.int32())


def in_python(op, node):
    """The node run in Python, which a function that Numba compiles can do but not cache."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        return generate_fallback_impl(op, node), None
