"""Reading and writing parts of arrays, and Ops about indices."""
import collections

import jax
import jax.numpy as jnp
import numpy as np
from pytensor.graph.basic import Constant
from pytensor.scalar.basic import Add, Cast, Identity, Mul, Sub
from pytensor.tensor.basic import Nonzero, PermuteRowElements, ScalarFromTensor, TensorFromScalar
from pytensor.tensor.elemwise import DimShuffle, Elemwise
from pytensor.tensor.extra_ops import RavelMultiIndex, Unique, UnravelIndex
from pytensor.tensor.subtensor import (
    AdvancedIncSubtensor, AdvancedSubtensor, IncSubtensor, Subtensor, unflatten_index_variables)

from lasagne_ext.engine.pytensor.border import check_index_broadcast
from lasagne_ext.engine.pytensor.jax_mode import _callback
from lasagne_ext.engine.pytensor.jax_mode._errors import untraceable
from lasagne_ext.engine.pytensor.jax_mode._trace import is_traced, stage


def _subtensor(node, implementation):
    def run(trace, value, *indices):
        region = _Region(trace, node, value.shape, unflatten_index_variables(indices, node.op.idx_list))
        return [region.read(stage(value))]
    return run


def _inc_subtensor(node, implementation):
    replaces = node.op.set_instead_of_inc

    def run(trace, value, change, *indices):
        region = _Region(trace, node, value.shape, unflatten_index_variables(indices, node.op.idx_list))
        change = stage(change).astype(value.dtype)
        if _is_zero(value):
            return [region.embed(change, value)]
        return [region.write(stage(value), change, replaces)]
    return run


def _is_zero(value):
    return not is_traced(value) and not np.any(value if any(value.strides) else value[(0,) * value.ndim])


class _Axis:
    """Entries taken of one axis: `length` of them, every `step`-th from `start`.

    `start` is the first in memory and `step` is positive: `flipped` says that the entries are wanted
    in the opposite order. `dropped` says that an integer, not a slice, asked for them.
    """

    def __init__(self, start, length, step=1, flipped=False, dropped=False):
        self.start = start
        self.length = length
        self.step = step
        self.flipped = flipped
        self.dropped = dropped
        self.extent = (length - 1) * step + 1 if length else 0


class _Region:
    """Part of an array that integers and slices select."""

    def __init__(self, trace, node, shape, indices):
        self.shape = shape
        self.axes = [_axis(trace, node, size, index, number)
                     for number, (size, index) in enumerate(zip(shape, indices))]
        self.axes += [_Axis(0, size) for size in shape[len(indices):]]
        self.moves = any(is_traced(axis.start) for axis in self.axes)
        self.result = tuple(axis.length for axis in self.axes if not axis.dropped)

    def read(self, value):
        """Return the part as an array of its own."""
        if self.moves:
            value = self._box(value)
        value = value[self._within(self.moves)]
        return value[tuple(slice(None, None, -1) if axis.flipped else slice(None)
                           for axis in self.axes if not axis.dropped)]

    def write(self, value, change, replaces):
        """Return the array with the part replaced, or increased, by `change`."""
        change = self._unflipped(change)
        if 0 in self.result:
            return value
        if not self.moves:
            return self._put(value, change, replaces, self.shape, False)
        box = self._put(self._box(value), change, replaces, [axis.extent for axis in self.axes], True)
        return jax.lax.dynamic_update_slice(value, box, self._starts())

    def embed(self, change, zeros):
        """Return the part amid zeros."""
        if self.moves or 0 in self.result:
            return self.write(stage(zeros), change, True)
        return _padded(self._unflipped(change), self._padding(self.shape, False))

    def _unflipped(self, change):
        change = jnp.broadcast_to(change, self.result)
        change = change[tuple(slice(None, None, -1) if axis.flipped else slice(None)
                              for axis in self.axes if not axis.dropped)]
        return change.reshape([axis.length for axis in self.axes])

    def _padding(self, shape, inside):
        starts = [0 if inside else axis.start for axis in self.axes]
        return [(start, size - start - axis.extent, axis.step - 1)
                for start, size, axis in zip(starts, shape, self.axes)]

    def _put(self, value, change, replaces, shape, inside):
        if change.shape == tuple(shape):
            return change if replaces else value + change
        padding = self._padding(shape, inside)
        if not replaces:
            return value + _padded(change, padding)
        if all(axis.step == 1 for axis in self.axes):
            return jax.lax.dynamic_update_slice(value, change, [start for start, _, _ in padding])
        written = np.zeros(shape, 'bool')
        written[self._within(inside, keep=True)] = True
        return jnp.where(written, _padded(change, padding), value)

    def _starts(self):
        return [jnp.asarray(axis.start, 'int64') for axis in self.axes]

    def _box(self, value):
        """Return the smallest contiguous part with all that is selected; where it lies may be traced."""
        return jax.lax.dynamic_slice(value, self._starts(), [axis.extent for axis in self.axes])

    def _within(self, inside, keep=False):
        indices = []
        for axis in self.axes:
            start = 0 if inside else axis.start
            indices.append(start if axis.dropped and not keep
                           else slice(start, start + axis.extent, axis.step))
        return tuple(indices)


def _padded(change, padding):
    return jax.lax.pad(change, np.zeros((), change.dtype), padding)


def _axis(trace, node, size, index, number):
    if not isinstance(index, slice):
        trace.check((index >= -size) & (index < size), IndexError(
            'index %s is out of bounds for axis %d of %s, which has %d entries'
            % ('that the data decide' if is_traced(index) else index, number, node.inputs[0], size)))
        if not is_traced(index):
            return _Axis(int(index) % size, 1, dropped=True)
        index = index.astype('int64')                  # a uint8 could not hold the size
        return _Axis(jnp.where(index < 0, index + size, index), 1, dropped=True)
    step = 1 if index.step is None else trace.integer(index.step, node)
    first, length = _slice(trace, node, size, index, step, number)
    if length == 0:
        return _Axis(0, 0)
    if step > 0:
        return _Axis(first, length, step)
    return _Axis(first + (length - 1) * step, length, -step, flipped=True)


def _slice(trace, node, size, index, step, number):
    """Return first entry and length of a slice; the entry may be traced, the length is known or assumed."""
    bounds = [index.start, index.stop]
    if trace.is_inner and any(map(is_traced, bounds)):
        length = _constant_length(node, number, trace.sequences) if step == 1 else None
        if length is not None:
            start, stop = (jnp.asarray(bound, 'int64') for bound in bounds)
            trace.check((start >= 0) & (stop <= size) & (length <= size), untraceable(
                node, 'takes a slice inside a loop or branch that reaches beyond its array'))
            return start, min(max(length, 0), size)
        bounds = [trace.number(bound, node) for bound in bounds]
    if not any(map(is_traced, bounds)):
        bounds = [None if bound is None else int(bound) for bound in bounds]
        entries = range(size)[slice(*bounds, step)]
        return entries.start, len(entries)
    lowest, highest = (0, size) if step > 0 else (-1, size - 1)

    def within(bound, default):
        if bound is None:
            return default
        bound = jnp.asarray(bound).astype('int64')
        return jnp.clip(jnp.where(bound < 0, bound + size, bound), lowest, highest)
    start = within(bounds[0], lowest if step > 0 else highest)
    stop = within(bounds[1], highest if step > 0 else lowest)
    return start, trace.integer(jnp.maximum(0, -((start - stop) // step)), node)


def _advanced_subtensor(node, implementation):
    def run(trace, value, *indices):
        indices = _advanced(trace, node, value.shape, unflatten_index_variables(indices, node.op.idx_list))
        return [stage(value).at[indices].get(mode='promise_in_bounds')]
    return run


def _advanced_inc_subtensor(node, implementation):
    op = node.op

    def run(trace, value, change, *indices):
        check_index_broadcast(op, node, value, change, indices[0])
        indices = _advanced(trace, node, value.shape, unflatten_index_variables(indices, op.idx_list))
        place = stage(value).at[indices]
        change = stage(change).astype(value.dtype)
        if op.ignore_duplicates and not op.set_instead_of_inc:
            return [place.set(place.get(mode='promise_in_bounds') + change, mode='promise_in_bounds')]
        write = place.set if op.set_instead_of_inc else place.add
        return [write(change, mode='promise_in_bounds')]
    return run


def _advanced(trace, node, shape, indices):
    """Return indices as JAX wants them, checked against the shape."""
    made, axis = [], 0
    for index in indices:
        if isinstance(index, slice):
            made.append(slice(*[None if bound is None else trace.integer(bound, node)
                                for bound in (index.start, index.stop, index.step)]))
            axis += 1
        elif index.dtype == 'bool':
            if index.shape != shape[axis:axis + index.ndim]:
                raise IndexError('a mask of shape %s does not fit %s, whose shape there is %s'
                                 % (index.shape, node.inputs[0], shape[axis:axis + index.ndim]))
            made.extend(_true_indices(trace, node, index))
            axis += index.ndim
        else:
            size = shape[axis]
            trace.check(((index >= -size) & (index < size)).all(), IndexError(
                'an index is out of bounds for axis %d of %s, which has %d entries'
                % (axis, node.inputs[0], size)))
            made.append(stage(index))
            axis += 1
    return tuple(made)


def _true_indices(trace, node, mask):
    """Return the indices of the true entries; their number is assumed."""
    if not is_traced(mask):
        return np.nonzero(mask)
    return jnp.nonzero(mask, size=trace.integer(mask.sum(), node))


def _nonzero(node, implementation):
    def run(trace, value):
        return _true_indices(trace, node, value != 0)
    return run


def _constant_length(node, number, sequences):
    """Return how far apart the bounds of a slice always are, or None if that is not plain to see.

    Parameters
    ----------
    node : Apply
        A Subtensor or IncSubtensor.
    number : int
        Which of its indices.
    sequences : dict of Variable to ndarray
        Values that inputs of the graph have in the steps of a loop.
    """
    flat = node.inputs[2 if isinstance(node.op, IncSubtensor) else 1:]
    index = unflatten_index_variables(flat, node.op.idx_list)[number]
    if index.start is None or index.stop is None:
        return None
    difference = _sum_of(index.stop)
    difference.subtract(_sum_of(index.start))
    lengths = np.array(difference.pop(None, 0))
    for variable, factor in difference.items():
        if factor and variable not in sequences:
            return None
        if factor:
            lengths = lengths + factor * sequences[variable]
    return int(lengths.max(initial=0)) if not lengths.size or np.ptp(lengths) == 0 else None


def _sum_of(variable):
    """Return an integer scalar as variables -> their factors; those of None, taken once, are a constant."""
    if isinstance(variable, Constant):
        return collections.Counter({None: int(variable.data)})
    node = variable.owner
    if node is None:
        return collections.Counter({variable: 1})
    op = node.op.scalar_op if isinstance(node.op, Elemwise) else node.op
    parts = [_sum_of(part) for part in node.inputs] if isinstance(op, _LINEAR) else []
    made = collections.Counter()
    if isinstance(op, (Add, Sub)):
        for place, part in enumerate(parts):
            made.subtract(part) if place and isinstance(op, Sub) else made.update(part)
        return made
    if isinstance(op, Mul):
        factor, moving = 1, []
        for part in parts:
            if set(part) <= {None}:
                factor *= part[None]
            else:
                moving.append(part)
        if len(moving) <= 1:
            for name, count in (moving[0] if moving else {None: 1}).items():
                made[name] = factor * count
            return made
    elif parts and not variable.type.ndim:
        return parts[0]
    return collections.Counter({variable: 1})


#: Ops that a sum goes through; all but the first three hand on a scalar as it is.
_LINEAR = (Add, Sub, Mul, Cast, Identity, ScalarFromTensor, TensorFromScalar, DimShuffle)


def _unique(node, implementation):
    op = node.op
    if op.axis is not None:
        return _callback.implementation(node, implementation)

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


def _strides_of_flat_order(sizes, order):
    """Return by how much each index of an array of that shape moves in its flat order."""
    if order == 'F':
        return np.cumprod([1] + sizes[:-1])
    return np.cumprod([1] + sizes[:0:-1])[::-1]


def _ravel_multi_index(node, implementation):
    op = node.op

    def run(trace, *inputs):
        *indices, sizes = inputs
        sizes = [int(size) for size in trace.number(sizes, node)]
        total = 0
        for index, size, step in zip(indices, sizes, _strides_of_flat_order(sizes, op.order)):
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
        return [index // int(step) % size
                for size, step in zip(sizes, _strides_of_flat_order(sizes, op.order))]
    return run


IMPLEMENTATIONS = {AdvancedIncSubtensor: _advanced_inc_subtensor, AdvancedSubtensor: _advanced_subtensor,
                   IncSubtensor: _inc_subtensor, Nonzero: _nonzero, PermuteRowElements: _permute_row_elements,
                   RavelMultiIndex: _ravel_multi_index, Subtensor: _subtensor, Unique: _unique,
                   UnravelIndex: _unravel_index}
