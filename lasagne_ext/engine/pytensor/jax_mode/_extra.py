"""Ops of which PyTensor's JAX functions are missing, or do not know what is known here."""
import jax.numpy as jnp
import numpy as np
from pytensor.tensor.basic import PermuteRowElements
from pytensor.tensor.extra_ops import RavelMultiIndex, Unique, UnravelIndex

from lasagne_ext.engine.pytensor.jax_mode import _callback
from lasagne_ext.engine.pytensor.jax_mode._trace import stage


def _unique(node, implementation):
    op = node.op
    if op.axis is not None:
        return _callback.implementation(node)

    def run(trace, value):
        value = value.ravel()
        ordered = jnp.sort(value)
        distinct = (ordered[1:] != ordered[:-1]) & ~(jnp.isnan(ordered[1:]) & jnp.isnan(ordered[:-1]))
        count = trace.integer(min(1, len(value)) + distinct.sum(), node)
        made = jnp.unique(value, op.return_index, op.return_inverse, op.return_counts, size=count)
        return list(made) if isinstance(made, tuple) else [made]
    return run


def _permute_row_elements(node, implementation):
    inverse = node.op.inverse

    def run(trace, value, order):
        shape = np.broadcast_shapes(value.shape, order.shape)
        order = jnp.broadcast_to(stage(order), shape)
        if inverse:
            order = jnp.argsort(order, axis=-1)
        return [jnp.take_along_axis(jnp.broadcast_to(stage(value), shape), order, axis=-1)]
    return run


def _steps(sizes, order):
    """By how much each index of an array of that shape moves in its flat order."""
    if order == 'F':
        return np.cumprod([1] + sizes[:-1])
    return np.cumprod([1] + sizes[:0:-1])[::-1]


def _ravel_multi_index(node, implementation):
    op = node.op

    def run(trace, *inputs):
        *indices, sizes = inputs
        sizes = [int(size) for size in trace.number(sizes, node)]
        total = 0
        for index, size, step in zip(indices, sizes, _steps(sizes, op.order)):
            index = stage(index).astype('int64')
            if op.mode == 'raise':
                trace.check(((index >= 0) & (index < size)).all(),
                            ValueError('invalid entry in coordinates array'))
            elif op.mode == 'wrap':
                index = index % size
            else:
                index = jnp.clip(index, 0, size - 1)
            total = total + index * int(step)
        return [total]
    return run


def _unravel_index(node, implementation):
    op = node.op

    def run(trace, index, sizes):
        sizes = [int(size) for size in trace.number(sizes, node)]
        index = stage(index).astype('int64')
        trace.check(((index >= 0) & (index < int(np.prod(sizes)))).all(), ValueError(
            'an index is out of bounds for an array of shape %s' % (tuple(sizes),)))
        return [index // int(step) % size for size, step in zip(sizes, _steps(sizes, op.order))]
    return run


IMPLEMENTATIONS = {PermuteRowElements: _permute_row_elements, RavelMultiIndex: _ravel_multi_index,
                   Unique: _unique, UnravelIndex: _unravel_index}
