"""Between NumPy's arrays and JAX's, without copies where they share a memory."""
import jax
import numpy as np


class _Memory:
    """What a NumPy array made by :func:`to_numpy` has as its base."""

    __slots__ = ('array', '__array_interface__')

    def __init__(self, array):
        self.array = array
        self.__array_interface__ = {'version': 3, 'shape': array.shape, 'typestr': array.dtype.str,
                                    'data': (array.unsafe_buffer_pointer(), False)}


def to_numpy(array):
    """A writable NumPy array over the memory of a JAX array that is ready and that nobody else holds."""
    if array.size and array.platform() == 'cpu':
        return np.asarray(_Memory(array))
    return np.array(array)


def from_numpy(value, dtype):
    """What to hand to JAX for a NumPy array: the JAX array that it shows, where it is one of ours.

    A Python number, which a function that trusts its inputs may get, becomes an array of that dtype.
    """
    if not isinstance(value, np.ndarray):
        return np.asarray(value, dtype)
    memory = value.base
    if type(memory) is _Memory and memory.array.shape == value.shape and memory.array.dtype == value.dtype:
        return memory.array
    return value


def place(value):
    """A NumPy array as a JAX array that is kept."""
    return jax.device_put(np.asarray(value))
