"""Theano's random streams: the same numbers for the same seeds."""
from lasagne_ext.engine.pytensor._dispatch import register_dispatch

register_dispatch(numba='lasagne_ext.engine.pytensor.random.numba_dispatch',
                  jax='lasagne_ext.engine.pytensor.random.jax_dispatch')
