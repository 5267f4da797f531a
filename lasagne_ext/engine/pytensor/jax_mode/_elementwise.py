"""Elementwise Ops and reductions."""
import functools

import jax.numpy as jnp
import numpy as np
from pytensor.scalar import basic as scalar
from pytensor.tensor.elemwise import CAReduce, DimShuffle, Elemwise

from lasagne_ext.engine.pytensor.border import check_elemwise_broadcast
from lasagne_ext.engine.pytensor.jax_mode import _callback
from lasagne_ext.engine.pytensor.jax_mode._errors import untraceable
from lasagne_ext.engine.pytensor.jax_mode._funcify import jax_funcify
from lasagne_ext.engine.pytensor.jax_mode._trace import Graph, stage


def _elemwise(node, implementation):
    compute = _scalar_function(node.op.scalar_op, node)
    if compute is None:
        return _callback.implementation(node, implementation)

    def run(trace, *inputs):
        check_elemwise_broadcast(node, inputs)
        shape = np.broadcast_shapes(*[value.shape for value in inputs])
        outputs = compute(trace, *[stage(value) for value in inputs])
        return [jnp.broadcast_to(output, shape) for output in outputs]
    return run


def _promoted(node, inputs):
    """Return inputs in the dtype that NumPy computes in: JAX would add an int64 to a float32 in float32."""
    wanted = {output.type.dtype for output in node.outputs}
    if len(wanted) > 1:
        return inputs
    dtype = np.dtype(wanted.pop())
    if dtype.kind == 'b':
        dtype = np.result_type(*[value.dtype for value in inputs])
    if any(value.dtype.kind == 'c' for value in inputs) and dtype.kind != 'c':
        return inputs
    return [value if value.dtype == dtype else value.astype(dtype) for value in inputs]


def _scalar(node, implementation=None):
    compute = _scalar_function(node.op, node)
    if compute is None:
        raise untraceable(node, 'has no JAX implementation')

    def run(trace, *inputs):
        return compute(trace, *[stage(value) for value in inputs])
    return run


def _scalar_function(op, node):
    """Return a scalar Op as a function ``(trace, *arrays)``; None where only Python can compute it."""
    for kind in type(op).__mro__:
        if kind in _SCALARS:
            return _SCALARS[kind](op, node)
    try:
        function = jax_funcify(op, node=node)
    except (NotImplementedError, AttributeError):
        return None

    def compute(trace, *inputs):
        outputs = function(*_promoted(node, inputs))
        return outputs if isinstance(outputs, (tuple, list)) else [outputs]
    return compute


def _composite(op, node):
    return Graph(op.fgraph, _scalar)


def _simple(function):
    """Return a builder of a scalar function with one output that depends on nothing but its inputs."""
    return lambda op, node: lambda trace, *inputs: [function(*_promoted(node, inputs))]


def _cast(op, node):
    dtype = np.dtype(op.o_type.dtype)

    def compute(trace, value):
        # C goes through a wide integer and wraps around, XLA saturates.
        wraps = dtype.kind == 'u' and dtype.itemsize < 8 or dtype.kind == 'i' and dtype.itemsize < 4
        if wraps and value.dtype.kind == 'f':
            value = value.astype('int64')
        return [value.real.astype(dtype) if value.dtype.kind == 'c' and dtype.kind != 'c'
                else value.astype(dtype)]
    return compute


def _switch(op, node):
    def compute(trace, condition, *choices):
        if condition.dtype != 'bool':
            condition = condition != 0
        return [jnp.where(condition, *_promoted(node, choices))]
    return compute


def _round_half_away_from_zero(value):
    # Not floor(|x| + .5): that addition rounds up the largest number below one half.
    size = jnp.abs(value)
    whole = jnp.floor(size)
    return jnp.copysign(jnp.where(size - whole >= .5, whole + 1, whole), value)


def _fold(function):
    return _simple(lambda *inputs: functools.reduce(function, inputs))


_SCALARS = {
    scalar.Cast: _cast, scalar.Composite: _composite,
    scalar.Add: _fold(jnp.add), scalar.Mul: _fold(jnp.multiply), scalar.Sub: _simple(jnp.subtract),
    scalar.IntDiv: _simple(jnp.floor_divide), scalar.Mod: _simple(jnp.mod),
    scalar.RoundHalfAwayFromZero: _simple(_round_half_away_from_zero), scalar.Switch: _switch}


def _reduction(node, implementation):
    op = node.op
    function = _REDUCTIONS.get(type(op.scalar_op))
    if function is None:
        return _callback.implementation(node, implementation)
    boolean = node.inputs[0].type.dtype == 'bool'
    accumulator = getattr(op, 'acc_dtype', None)

    def run(trace, value):
        axis = tuple(range(value.ndim)) if op.axis is None else tuple(op.axis)
        return [function(stage(value), axis, boolean, accumulator, op)]
    return run


def _total(function):
    def reduce(value, axis, boolean, accumulator, op):
        return function(value, axis=axis, dtype=accumulator or value.dtype)
    return reduce


def _extreme(function):
    def reduce(value, axis, boolean, accumulator, op):
        initial = op.initial_value(value.dtype) if hasattr(op, 'initial_value') else None
        return function(value, axis=axis, initial=initial)
    return reduce


def _bits(function, logical):
    def reduce(value, axis, boolean, accumulator, op):
        return logical(value, axis=axis) if boolean else function.reduce(value, axis=axis)
    return reduce


_REDUCTIONS = {
    scalar.Add: _total(jnp.sum), scalar.Mul: _total(jnp.prod),
    scalar.Maximum: _extreme(jnp.max), scalar.Minimum: _extreme(jnp.min),
    scalar.AND: _bits(jnp.bitwise_and, jnp.all), scalar.OR: _bits(jnp.bitwise_or, jnp.any)}


def _dimshuffle(node, implementation):
    op = node.op
    added = tuple(axis for axis, kept in enumerate(op.new_order) if kept == 'x')
    kept = [axis for axis in op.new_order if axis != 'x']

    def run(trace, value):
        dropped = tuple(axis for axis in range(value.ndim) if axis not in kept)
        for axis in dropped:
            if value.shape[axis] != 1:
                raise ValueError('axis %d of %s has %d entries and cannot be dropped'
                                 % (axis, node.inputs[0], value.shape[axis]))
        value = jnp.squeeze(stage(value), dropped)
        order = np.argsort(np.argsort(kept))
        return [jnp.expand_dims(jnp.transpose(value, order), added)]
    return run


IMPLEMENTATIONS = {CAReduce: _reduction, DimShuffle: _dimshuffle, Elemwise: _elemwise,
                   scalar.ScalarOp: _scalar}
