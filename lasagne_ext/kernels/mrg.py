"""Uniform numbers of the generator MRG31k3p, many streams at a time, compiled or by NumPy."""
import functools

import numpy as np

from lasagne_ext import kernels
from lasagne_ext.kernels._library import pointer

#: Moduli of the two recurrences; see mrg.c for these.
M1, M2 = 2 ** 31 - 1, 2 ** 31 - 21069

#: Factor from an integer in [1, M1] to the unit interval, per dtype. The one of float32 is the
#: greatest below 2 ** -31, since M1 is rounded up to 2 ** 31 and 1 must not be drawn.
NORM = {'float16': np.float64(np.float16(3.0458e-05)),
        'float32': np.nextafter(np.float32(2. ** -31), np.float32(0)),
        'float64': np.float64(2) ** -31}

#: Below this many values, waking a second thread costs more than it brings.
_VALUES_WORTH_A_THREAD = 1 << 18


def uniform(state, count, dtype):
    """Draw `count` numbers from the open interval (0, 1), number i from stream i modulo the streams.

    Parameters
    ----------
    state : int32 array, (streams, 6)
        State of every stream: the last three values of either recurrence, the newest first.
    count : int
        How many, less than 2 ** 31.
    dtype : numpy.dtype
        float16, float32 or float64.

    Returns
    -------
    new_state : int32 array, (streams, 6)
    sample : array of `dtype`, (count,)
    """
    dtype = np.dtype(dtype)
    if kernels.library is None or dtype == 'float16':
        return _uniform_reference(state, count, dtype)
    state = np.ascontiguousarray(state)
    new_state, sample = np.empty_like(state), np.empty(count, dtype)
    threads = min(kernels.get_num_threads(), 1 + count // _VALUES_WORTH_A_THREAD)
    kernels.library.run('mrg_uniform', dtype, (state, new_state, sample, _draw(count, len(state), threads)))
    return new_state, sample


@functools.lru_cache(maxsize=64)
def _draw(*numbers):
    """Lay out `mrg_draw` of mrg.c; kept, since it takes as long as a few numbers."""
    return pointer(np.array(numbers, dtype=np.intp))


def _uniform_reference(state, count, dtype):
    streams = len(state)
    columns = np.ascontiguousarray(state.T)
    sample = np.empty(count, dtype)
    for first in range(0, count, streams):
        drawn = min(streams, count - first)
        new, integers = step(columns[:, :drawn])
        sample[first:first + drawn] = scaled(integers, dtype)
        columns = np.concatenate([new, columns[:, drawn:]], axis=1)
    return np.ascontiguousarray(columns.T), sample


def step(columns, numpy=np):
    """Advance some streams by one step.

    Parameters
    ----------
    columns : six int32 arrays
        Columns of a state.
    numpy : module
        Whose arrays these are: numpy or jax.numpy.

    Returns
    -------
    new_columns : tuple of six int32 arrays
    integers : int32 array
        What is drawn, in [1, M1].
    """
    x1, x2, x3, y1, y2, y3 = columns

    def reduce(value, modulus):
        # A difference below zero is huge without its sign.
        value = value.view('uint32')
        return numpy.minimum(value, value - np.uint32(modulus)).view('int32')

    def rotate(value, bits):
        low = value & np.int32((1 << 31 - bits) - 1)
        return (low << np.int32(bits)) + (value >> np.int32(31 - bits))

    def scale(value):
        low = (value & np.int32(65535)) << np.int32(15)
        return reduce(low + np.int32(21069) * (value >> np.int32(16)), M2)

    x = reduce(reduce(rotate(x2, 22) + rotate(x3, 7), M1) + x3, M1)
    y = reduce(reduce(scale(y3) + y3, M2) + scale(y1), M2)
    return (x, x1, x2, y, y1, y2), x - y + numpy.where(x <= y, np.int32(M1), np.int32(0))


def scaled(integers, dtype):
    """Return numbers in (0, 1) from integers in [1, M1]; for float16 from the last 15 bits of them."""
    if dtype == 'float16':
        return (((integers & np.int32(0x7fff)) + np.int32(1)) * NORM['float16']).astype('float16')
    return integers.astype(dtype) * NORM[np.dtype(dtype).name]
