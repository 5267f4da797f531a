"""Random streams on NumPy's ``RandomState``: random variables, each with a state of its own."""
import numpy as np
import theano
from theano.tensor.raw_random import RandomStreamsBase

from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.random_state import RandomStateSharedVariable


class RandomStreams(RandomStreamsBase):
    """Random variables, each call's state seeded by a number that the master seed gives.

    Parameters
    ----------
    seed : int, optional
        Of the ``RandomState`` that seeds the others.

    Attributes
    ----------
    state_updates : list
        ``(state, new state)`` of every call.
    """

    def __init__(self, seed=None):
        self.state_updates = []
        self.default_instance_seed = seed
        self.gen_seedgen = np.random.RandomState(seed)

    def updates(self):
        """Return a copy of `state_updates`."""
        return list(self.state_updates)

    def seed(self, seed=None):
        """Start every call's state anew, as if the object had been made with `seed`.

        Parameters
        ----------
        seed : int, optional
            By default the one it was made with.
        """
        seeds = np.random.RandomState(self.default_instance_seed if seed is None else seed)
        for state, _ in self.state_updates:
            state.set_value(np.random.RandomState(int(seeds.randint(2 ** 30))), borrow=True)

    def __getitem__(self, item):
        """Return the ``RandomState`` that a variable draws from next; pass the variable's ``rng``."""
        return item.get_value(borrow=True)

    def __setitem__(self, item, val):
        """Let a variable draw from that ``RandomState`` next."""
        item.set_value(val, borrow=True)

    def gen(self, op, *args, **kwargs):
        """Return a new random variable: the sample of ``op(state, *args, **kwargs)``.

        It has the attributes ``rng``, the state, and ``update``, the pair of it and its new value.
        """
        state = theano.shared(np.random.RandomState(int(self.gen_seedgen.randint(2 ** 30))))
        # Tells it from other shared variables.
        state.tag.is_rng = True
        new_state, sample = op(state, *args, **kwargs)
        sample.rng = state
        sample.update = (state, new_state)
        self.state_updates.append(sample.update)
        state.default_update = new_state
        return sample


__getattr__ = refuse(__name__, {
    'randomstate_constructor': 'theano.shared(random_state) makes a shared variable of a RandomState'})
