"""Choice of the JAX function that computes a node.

An implementation is a function ``(trace, *inputs)`` that returns the node's outputs as a sequence;
its inputs are NumPy arrays where they are known during the trace, JAX arrays otherwise.
"""
import jax
import numpy as np
from pytensor.tensor.random.op import RandomVariable

from lasagne_ext.engine.pytensor.jax_mode import _callback, _control, _elementwise, _indexing, _shapes
from lasagne_ext.engine.pytensor.jax_mode._errors import untraceable
from lasagne_ext.engine.pytensor.jax_mode._funcify import jax_funcify
from lasagne_ext.engine.pytensor.jax_mode._trace import is_traced, stage

#: Classes of Ops -> function of a node that returns its implementation.
OWN = {**_shapes.IMPLEMENTATIONS, **_indexing.IMPLEMENTATIONS, **_elementwise.IMPLEMENTATIONS,
       **_control.IMPLEMENTATIONS}

#: What JAX raises when it is asked for the value of something traced.
_UNKNOWN = (jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError,
            jax.errors.TracerIntegerConversionError, jax.errors.NonConcreteBooleanIndexError)


def implementation(node):
    """Return the function that computes a node: its Op's own, ours, PyTensor's, or Python's.

    An Op may offer a method ``jax_function(node)`` that returns a function of the inputs, which
    returns the output, or the outputs as a tuple.
    """
    op = node.op
    if hasattr(op, 'jax_function'):
        return _of_values(op.jax_function(node), node)
    for kind in type(op).__mro__:
        if kind in OWN:
            return OWN[kind](node, implementation)
        if kind is not object and kind in jax_funcify.registry:
            return _pytensors(node)
    return _callback.implementation(node, implementation)


def _pytensors(node):
    if isinstance(node.op, RandomVariable):
        raise untraceable(node, 'draws random numbers in a way that is not supported in the JAX mode; '
                                'use theano.sandbox.rng_mrg or theano.tensor.shared_randomstreams')
    try:
        return _of_values(jax_funcify(node.op, node=node), node)
    except (NotImplementedError, AttributeError):
        return _callback.implementation(node, implementation)


def _of_values(function, node):
    """Make an implementation out of a function that knows nothing of the trace."""
    def run(trace, *inputs):
        inputs = [stage(value) if getattr(value, 'dtype', None) in ('float32', 'float64') else value
                  for value in inputs]
        try:
            return _sequence(function(*inputs), node)
        except NotImplementedError:
            return _callback.implementation(node, implementation)(trace, *inputs)
        except _UNKNOWN:
            inputs = [trace.number(value, node) if _is_count(value) else value for value in inputs]
        try:
            return _sequence(function(*inputs), node)
        except _UNKNOWN:
            raise untraceable(node, 'makes an output whose shape depends on the data') from None
    return run


def _is_count(value):
    return is_traced(value) and value.ndim <= 1 and np.issubdtype(value.dtype, np.integer)


def _sequence(outputs, node):
    if len(node.outputs) == 1 and not (isinstance(outputs, (tuple, list)) and len(outputs) == 1):
        return [outputs]
    return outputs
