"""MRG31k3p in JAX."""
import jax
import jax.numpy as jnp
import numpy as np
from pytensor.link.jax.dispatch import jax_funcify

from lasagne_ext.engine.pytensor.random.mrg_op import MRGUniform
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
    """As :func:`lasagne_ext.kernels.mrg.uniform`."""
    state = jnp.asarray(state)
    passes, rest = divmod(count, len(state))

    def draw(columns, _):
        columns, integers = mrg.step(columns, jnp)
        return columns, mrg.scaled(integers, dtype)

    columns, rows = jax.lax.scan(draw, tuple(state.T), length=passes)
    last, row = draw([column[:rest] for column in columns], None)
    columns = [jnp.concatenate([new, old[rest:]]) for new, old in zip(last, columns)]
    return jnp.stack(columns, axis=1), jnp.concatenate([rows.reshape(-1), row])
