"""States of ``numpy.random.RandomState`` as tensors.

A state is a vector of 628 words, so that every linker can hold it, copy it and pickle it: a variable
that held the object itself would be foreign to compiled code and to JAX. Outside of functions it
looks as in Theano: ``get_value`` gives a ``RandomState`` and ``set_value`` takes one.
"""
import functools
import threading

import numpy as np
from pytensor.tensor.type import TensorType

from lasagne_ext.engine.pytensor.shared import shared_constructor
from lasagne_ext.engine.pytensor.tensor.variables import TensorSharedVariable

#: Key of the Mersenne twister, position in it, whether a normal number is kept, and that number.
_KEY, _WORDS = 624, 624 + 1 + 1 + 2

_scratch = threading.local()


def encode(random_state):
    """Return the state of a ``RandomState``, uint32 (628,)."""
    _, key, position, has_gauss, gauss = np.random.RandomState.get_state(random_state)
    words = np.empty(_WORDS, 'uint32')
    words[:_KEY] = key
    words[_KEY:_KEY + 2] = position, has_gauss
    words[_KEY + 2:] = np.array([gauss if has_gauss else 0.]).view('uint32')
    return words


def decode(words):
    """Return a new ``RandomState`` of that state."""
    return _set(np.random.RandomState(0), words)


def borrow(words):
    """Return the same in an object that this thread uses again: making one costs more than many draws."""
    if not hasattr(_scratch, 'random_state'):
        _scratch.random_state = np.random.RandomState(0)
    return _set(_scratch.random_state, words)


def _set(random_state, words):
    words = np.ascontiguousarray(words)
    np.random.RandomState.set_state(random_state, (
        'MT19937', words[:_KEY], int(words[_KEY]), int(words[_KEY + 1]),
        float(words[_KEY + 2:].view('float64')[0])))
    return random_state


class RandomStateType(TensorType):
    """Type of such vectors; a ``RandomState`` is taken for a value too."""

    def __init__(self, dtype='uint32', shape=(_WORDS,), name=None):
        super().__init__(dtype, shape, name)

    def filter(self, data, strict=False, allow_downcast=None):
        """Return `data`, a state or its words, as words."""
        if isinstance(data, np.random.RandomState):
            return encode(data)
        return super().filter(data, strict=strict, allow_downcast=allow_downcast)


random_state_type = RandomStateType()


class BorrowedState(np.random.RandomState):
    """State in a shared variable: what a method changes here, ``seed`` or a draw, changes there."""

    def __init__(self, container):
        super().__init__(0)
        self._container = container
        _set(self, container.value)

    def __getattribute__(self, name):
        attribute = super().__getattribute__(name)
        if name.startswith('_') or not callable(attribute):
            return attribute

        @functools.wraps(attribute)
        def run(*args, **kwargs):
            result = attribute(*args, **kwargs)
            self._container.value = encode(self)
            return result
        return run


class RandomStateSharedVariable(TensorSharedVariable):
    """Shared variable that holds the state of a ``RandomState``."""

    def get_value(self, borrow=False, return_internal_type=False):
        """Return a new ``RandomState``, a :class:`BorrowedState` if `borrow`, or the words (628,) themselves."""
        if return_internal_type:
            return super().get_value(borrow=borrow)
        return BorrowedState(self.container) if borrow else decode(self.container.value)


@shared_constructor.register(np.random.RandomState)
def _shared_random_state(value, name=None, strict=False, allow_downcast=None, borrow=False):
    return RandomStateSharedVariable(type=random_state_type, value=encode(value), strict=strict,
                                     allow_downcast=allow_downcast, name=name)
