"""Loops that end when a condition holds: PyTensor's Scan on ``jax.lax.while_loop``."""
import jax
import jax.numpy as jnp

from lasagne_ext.engine.pytensor.jax_mode._trace import Deferred


def run(loop):
    """Outputs of a Scan with a condition that may make at least one step, and then does."""
    entries = loop.entries()
    first = jax.tree.map(lambda rows: rows[0], entries)
    _, rows, _, _ = jax.eval_shape(loop.step, loop.start(), first)
    rows = jax.tree.map(lambda row: jnp.zeros((loop.steps,) + row.shape, row.dtype), rows)

    def going(state):
        number, stopped, *_ = state
        return (number < loop.steps) & ~stopped

    def step(state):
        number, _, failure, carry, rows = state
        given = jax.tree.map(lambda rows: rows[number], entries)
        carry, made, condition, code = loop.step(carry, given)
        rows = jax.tree.map(lambda rows, row: jax.lax.dynamic_update_index_in_dim(rows, row, number, 0),
                            rows, made)
        return number + 1, condition != 0, jnp.where(failure == 0, code, failure), carry, rows

    start = jnp.zeros((), 'int64'), jnp.zeros((), 'bool'), jnp.zeros((), 'int32'), loop.start(), rows
    number, _, failure, carry, rows = jax.lax.while_loop(going, step, start)
    loop.report(failure)
    return loop.partial_results(carry, rows, number)


def last_rows(loop, rows, length, count, most):
    """Of the first `count` rows, a traced number that is at least one, the last `length`.

    Where all `most` were to be kept, their number is what the data decide, and is assumed.
    """
    if length <= most - loop.steps + 1:                # so many there are after a single step
        return jax.lax.dynamic_slice_in_dim(rows, count - length, length)
    return Deferred(lambda: _known(rows, length, loop.trace.integer(count, loop.node)))


def _known(rows, length, count):
    return rows[max(0, count - length):count]
