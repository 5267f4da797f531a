"""MRG31k3p in JAX."""
import jax
import jax.numpy as jnp
import numpy as np
from pytensor.link.jax.dispatch import jax_funcify

from lasagne_ext.engine.runtime.random import MRGUniform
from lasagne_ext.kernels import mrg


@jax_funcify.register(MRGUniform)
def _funcify(op, node, **kwargs):
    static_shape = node.outputs[1].type.shape

    def mrg_uniform(state, size):
        shape = static_shape if None not in static_shape else op.shape(np.asarray(size))
        new_state, sample = _draw(state, int(np.prod(shape, dtype='int64')), op.dtype)
        return new_state, sample.reshape(shape)
    return mrg_uniform


def _draw(state, count, dtype):
    """Draw as :func:`lasagne_ext.kernels.mrg.uniform` does."""
    state = jnp.asarray(state)
    streams = len(state)
    passes = -(-count // streams)

    def draw(columns, _):
        new, integers = mrg.step(columns[0], jnp)
        return (new, columns[0]), mrg.scaled(integers, dtype)

    columns = tuple(state.T)
    (new, old), rows = jax.lax.scan(draw, (columns, columns), length=passes)
    # The last pass may need fewer numbers than there are streams: the others stay where they were.
    has_drawn = jnp.arange(streams) < count - (passes - 1) * streams
    new_state = jnp.stack([jnp.where(has_drawn, *pair) for pair in zip(new, old)], axis=1)
    return new_state, rows.reshape(-1)[:count]
