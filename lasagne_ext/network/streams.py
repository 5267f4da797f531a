"""Random streams of layers, which every expression that is built draws seeds from."""
import contextlib
import copy

import numpy as np


@contextlib.contextmanager
def unused_streams(layers):
    """Put the random streams of layers back to where they were.

    A dropout layer gives each of its expressions the next seed of a stream. A training function that is
    built after a look at the network must get the seeds that it would have got without.
    """
    streams = {id(value): value for layer in layers for value in vars(layer).values()
               if hasattr(value, 'state_updates')}.values()
    before = [{name: _copied(value) for name, value in vars(stream).items()} for stream in streams]
    try:
        yield
    finally:
        for stream, attributes in zip(streams, before):
            vars(stream).update(attributes)


def _copied(value):
    if isinstance(value, np.random.RandomState):
        return copy.deepcopy(value)
    return copy.copy(value) if isinstance(value, (list, np.ndarray)) else value
