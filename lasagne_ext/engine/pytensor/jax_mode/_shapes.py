"""Ops that make, read and change shapes."""
import jax.numpy as jnp
import numpy as np
from pytensor.compile.ops import DeepCopyOp, ViewOp
from pytensor.tensor.basic import (
    Alloc, AllocEmpty, ARange, Eye, Join, MakeVector, ScalarFromTensor, Split,
    TensorFromScalar)
from pytensor.tensor.extra_ops import Repeat
from pytensor.tensor.shape import Reshape, Shape, Shape_i, SpecifyShape

from lasagne_ext.engine.pytensor.border import JoinDims, SplitDims, check_alloc_broadcast
from lasagne_ext.engine.pytensor.jax_mode._trace import LARGEST_FOLDED, stage
from lasagne_ext.engine.pytensor.tensor.broadcast import Unbroadcast


def _shape(node, implementation):
    def run(trace, value):
        return [np.array(value.shape, dtype='int64')]
    return run


def _shape_i(node, implementation):
    axis = node.op.i

    def run(trace, value):
        return [np.array(value.shape[axis], dtype='int64')]
    return run


def _reshape(node, implementation):
    def run(trace, value, shape):
        return [jnp.reshape(stage(value), _integers(trace, shape, node))]
    return run


def _specify_shape(node, implementation):
    def run(trace, value, *shape):
        for axis, (actual, expected) in enumerate(zip(value.shape, shape)):
            if expected is not None:
                trace.check(expected == actual, AssertionError(
                    'axis %d of %s has %d entries, and was specified to have %s'
                    % (axis, node.inputs[0], actual, node.inputs[axis + 1])))
        return [value]
    return run


def _alloc(node, implementation):
    def run(trace, value, *shape):
        shape = tuple(trace.integer(size, node) for size in shape)
        check_alloc_broadcast(node, value, shape)
        if isinstance(value, (np.ndarray, np.generic)):
            return [np.broadcast_to(value, shape)]       # takes no memory, is staged as it is
        return [jnp.broadcast_to(value, shape)]
    run.never_folded = True
    return run


def _alloc_empty(node, implementation):
    dtype = node.op.dtype

    def run(trace, *shape):
        shape = tuple(trace.integer(size, node) for size in shape)
        return [np.broadcast_to(np.zeros((), dtype), shape)]
    run.never_folded = True
    return run


def _arange(node, implementation):
    dtype = node.op.dtype

    def run(trace, start, stop, step):
        start, stop, step = (trace.number(value, node).item() for value in (start, stop, step))
        length = max(0, int(np.ceil((stop - start) / step)))
        if length <= LARGEST_FOLDED:
            return [np.arange(start, stop, step, dtype=dtype)]
        return [jnp.arange(start, stop, step, dtype=dtype)]
    run.never_folded = True
    return run


def _eye(node, implementation):
    dtype = node.op.dtype

    def run(trace, rows, columns, offset):
        rows, columns = trace.integer(rows, node), trace.integer(columns, node)
        return [jnp.eye(rows, columns, trace.integer(offset, node), dtype=dtype)]
    run.never_folded = True
    return run


def _join(node, implementation):
    axis = node.op.axis

    def run(trace, *values):
        return [jnp.concatenate([stage(value) for value in values], axis=axis)]
    return run


def _split(node, implementation):
    axis, count = node.op.axis, node.op.len_splits

    def run(trace, value, sizes):
        sizes = _integers(trace, sizes, node)
        if len(sizes) != count or min(sizes) < 0 or sum(sizes) != value.shape[axis]:
            raise ValueError('an axis of %d entries cannot be split into %d parts of %s'
                             % (value.shape[axis], count, sizes))
        return jnp.split(stage(value), np.cumsum(sizes[:-1]), axis=axis)
    return run


def _make_vector(node, implementation):
    dtype = node.op.dtype

    def run(trace, *values):
        return [jnp.stack([stage(value).astype(dtype) for value in values])]
    return run


def _repeat(node, implementation):
    axis = node.op.axis

    def run(trace, value, repeats):
        total = trace.integer(repeats.sum(), node)
        if repeats.shape[0] == 1:
            total *= value.shape[axis]
        return [jnp.repeat(stage(value), stage(repeats), axis=axis, total_repeat_length=total)]
    return run


def _join_dims(node, implementation):
    start, count = node.op.start_axis, node.op.n_axes

    def run(trace, value):
        shape = value.shape
        joined = int(np.prod(shape[start:start + count]))
        return [jnp.reshape(stage(value), shape[:start] + (joined,) + shape[start + count:])]
    return run


def _split_dims(node, implementation):
    axis = node.op.axis

    def run(trace, value, sizes):
        shape = value.shape
        return [jnp.reshape(stage(value), shape[:axis] + _integers(trace, sizes, node) + shape[axis + 1:])]
    return run


def _same(node, implementation):
    def run(trace, value):
        return [value]
    return run


def _integers(trace, values, node):
    return tuple(int(value) for value in trace.number(values, node))


IMPLEMENTATIONS = {
    Alloc: _alloc, AllocEmpty: _alloc_empty, ARange: _arange, DeepCopyOp: _same, Eye: _eye, Join: _join,
    JoinDims: _join_dims, MakeVector: _make_vector, Repeat: _repeat, Reshape: _reshape,
    ScalarFromTensor: _same, Shape: _shape, Shape_i: _shape_i, SpecifyShape: _specify_shape,
    Split: _split, SplitDims: _split_dims, TensorFromScalar: _same, Unbroadcast: _same, ViewOp: _same}
