"""Random Ops for Numba: MRG31k3p is the compiled kernel, all else runs in Python."""
import numba
import numpy as np
from numba import types
from numba.np.unsafe.ndarray import to_fixed_tuple
from pytensor.link.numba.dispatch.basic import (
    numba_funcify, numba_njit, register_funcify_and_cache_key)
from theano.tensor.raw_random import RandomFunction

from lasagne_ext import kernels
from lasagne_ext.engine.pytensor.numba_mode import library
from lasagne_ext.engine.runtime.random import ChoiceFromUniform, MRGUniform, MultinomialFromUniform

#: To be raised with every change of what is compiled here: it is cached on disk.
_VERSION = 2

#: The kernel of each dtype, where the library is there.
_KERNELS = {dtype: library.external('mrg_uniform', dtype, types.void, types.int32, types.int32,
                                    numba.from_dtype(np.dtype(dtype)), types.int64)
            for dtype in ('float32', 'float64') if kernels.library is not None}


@register_funcify_and_cache_key(MRGUniform)
def _mrg_uniform(op, node, **kwargs):
    if op.dtype not in _KERNELS:
        return _in_python(op, node), None
    kernel, dtype, ndim = _KERNELS[op.dtype], np.dtype(op.dtype), op.ndim

    @numba_njit
    def mrg_uniform(state, size):
        if size.size != ndim:
            raise ValueError('MRG_RandomStreams: size has the wrong length')
        count = 1
        for length in size:
            if length < 0:
                raise ValueError('MRG_RandomStreams: size must not be negative')
            count *= length
            if count >= 2 ** 31:
                raise ValueError('MRG_RandomStreams does not draw more than 2**31 - 1 numbers at a time')
        state = np.ascontiguousarray(state)
        new_state, sample = np.empty(state.shape, np.int32), np.empty(count, dtype)
        # Laid out as `mrg_draw` in mrg.c: with one thread.
        draw = np.array([count, state.shape[0], 1])
        kernel(state.ctypes, new_state.ctypes, sample.ctypes, draw.ctypes)
        return new_state, sample.reshape(to_fixed_tuple(size, ndim))
    return mrg_uniform, 'lasagne_ext mrg_uniform %d %s %d' % (_VERSION, op.dtype, ndim)


@numba_funcify.register(RandomFunction)
@numba_funcify.register(MultinomialFromUniform)
@numba_funcify.register(ChoiceFromUniform)
def _in_python(op, node, **kwargs):
    kinds = [types.Array(numba.from_dtype(output.type.numpy_dtype), output.type.ndim, 'C')
             for output in node.outputs]
    # Numba passes a single output as it is.
    signature = kinds[0] if len(kinds) == 1 else types.Tuple(kinds)

    def run(inputs):
        storage = [[None] for _ in node.outputs]
        op.perform(node, inputs, storage)
        outputs = tuple(np.asarray(cell[0], order='C') for cell in storage)
        return outputs[0] if len(outputs) == 1 else outputs

    @numba_njit
    def perform(*inputs):
        with numba.objmode(outputs=signature):
            outputs = run(inputs)
        return outputs
    return perform
