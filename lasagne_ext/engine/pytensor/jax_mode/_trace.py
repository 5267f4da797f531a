"""Walk over a graph while JAX traces it."""
import contextlib

import jax
import jax.numpy as jnp
import numpy as np
from pytensor.graph.basic import Constant
from pytensor.tensor.type import TensorType

from lasagne_ext.engine.pytensor.jax_mode._errors import (
    Undetermined, UnknownInside, UntraceableError, untraceable)

#: Constants of more values than this are handed to XLA as arguments, and computed by it.
LARGEST_FOLDED = 2 ** 14


def is_traced(value):
    """Return whether a value belongs to JAX; all others are NumPy's, and known during the trace."""
    return isinstance(value, jax.Array)


def stage(value):
    """Return a value as JAX wants it, big arrays of one repeated value without their memory."""
    if isinstance(value, np.ndarray) and value.size > 1 and not any(value.strides):
        return jnp.broadcast_to(jnp.asarray(value[(0,) * value.ndim]), value.shape)
    if isinstance(value, (np.ndarray, np.generic)):
        return jnp.asarray(value)
    return value


class Trace:
    """Assumptions of one trace, and what it has to report.

    Parameters
    ----------
    known : list of ndarray
        Values assumed of the quantities that must be known, in the order in which they are met.
    constants : dict of Variable to Array
        Big constants, which come as arguments.
    exceptions : list of Exception
        Where those go that a call may raise; its failure is the place of one, counted from 1.
    errors : list of Exception
        Where calls back into Python leave theirs.
    """

    def __init__(self, known, constants, exceptions, errors):
        self.known = known
        self.constants = constants
        self.exceptions = exceptions
        self.errors = errors
        self.quantities = []
        self.sequences = {}
        self._failures = [None]
        self._numbers = {}

    def number(self, value, node):
        """Return the value of something that must be known during the trace, as a NumPy array.

        Parameters
        ----------
        value : array
            NumPy's, and then it is known, or JAX's.
        node : Apply
            Who needs it.
        """
        if not is_traced(value):
            return value
        if not isinstance(value, jax.core.Tracer):
            return np.asarray(value)
        if id(value) in self._numbers:
            return self._numbers[id(value)][1]
        if self.is_inner:
            error = untraceable(node, 'needs a number that only the data decide, inside a loop or a branch',
                                UnknownInside)
            error.tracer = value
            raise error
        if len(self.quantities) == len(self.known):
            raise Undetermined(value)
        number = self.known[len(self.quantities)]
        self.quantities.append(value)
        self._numbers[id(value)] = value, number     # the tracer is kept, lest its id be given again
        return number

    def integer(self, value, node):
        """Return the same as :meth:`number`, as an int."""
        return int(self.number(value, node))

    def check(self, holds, exception):
        """Raise an exception after the call, and store nothing, unless a condition holds."""
        if not is_traced(holds):
            if not np.all(holds):
                raise exception
            return
        self.exceptions.append(exception)
        code = jnp.where(jnp.all(holds), 0, len(self.exceptions)).astype('int32')
        self.fail(code)

    def fail(self, code):
        """Report the failure of an inner trace: the number of an exception, or 0."""
        earlier = self._failures[-1]
        self._failures[-1] = code if earlier is None else jnp.where(earlier == 0, code, earlier)

    @contextlib.contextmanager
    def inner(self):
        """Trace the body of a loop or branch, whose failures have to be handed out of it.

        Yields a function that returns the body's failure, an int32 scalar.
        """
        self._failures.append(None)
        depth = len(self._failures)

        def failure():
            code = self._failures[depth - 1]
            return jnp.zeros((), 'int32') if code is None else code
        try:
            yield failure
        finally:
            self._failures.pop()

    @property
    def is_inner(self):
        """Return whether this is the body of a loop or branch."""
        return len(self._failures) > 1

    @property
    def failure(self):
        """Return the number of the exception to raise, 0 for none; None where nothing was checked."""
        return self._failures[-1]


class Deferred:
    """Output that is made when it is first asked for, since that may need a further number."""

    def __init__(self, make):
        self.make = make


class Graph:
    """Graph ready to be walked.

    Parameters
    ----------
    fgraph : FunctionGraph
        The graph.
    implementation : function
        Of a node: the function ``(trace, *inputs)`` that computes its outputs in JAX.
    order : list of Apply, optional
        Its nodes, each after those it depends on.
    """

    def __init__(self, fgraph, implementation, order=None):
        self.inputs = list(fgraph.inputs)
        self.outputs = list(fgraph.outputs)
        self.order = fgraph.toposort() if order is None else order
        self._implementation = implementation
        self._functions = {}

    def __call__(self, trace, *values, sequences=None):
        """Return the values of the outputs for values of the inputs.

        `sequences` are the inputs that a loop gives other values at each step, where they are known.
        """
        outer, trace.sequences = trace.sequences, sequences or {}
        try:
            return self._walk(trace, values)
        finally:
            trace.sequences = outer

    def _walk(self, trace, values):
        known = dict(zip(self.inputs, values))
        for node in self.order:
            inputs = [_value(variable, known, trace) for variable in node.inputs]
            try:
                outputs = self._compute(node, trace, inputs)
            except (UntraceableError, Undetermined):
                raise
            except Exception as error:
                # JAX says TypeError of shapes that do not fit, Theano ValueError.
                told = ValueError(str(error)) if isinstance(error, TypeError) else error
                told.add_note('Apply node: %s, given inputs of shapes %s'
                              % (node, [getattr(value, 'shape', None) for value in inputs]))
                raise told
            known.update(zip(node.outputs, outputs))
        return [_value(variable, known, trace) for variable in self.outputs]

    def _compute(self, node, trace, inputs):
        function = self._functions.get(node)
        if function is None:
            function = self._functions[node] = self._implementation(node)
        if foldable(node, function, inputs):
            return perform(node, inputs)
        outputs = function(trace, *inputs)
        return [conform(output, variable) for output, variable in zip(outputs, node.outputs)]


def _value(variable, known, trace):
    if variable in known:
        value = known[variable]
        if isinstance(value, Deferred):
            value = known[variable] = conform(value.make(), variable)
        return value
    if variable in trace.constants:
        return trace.constants[variable]
    assert isinstance(variable, Constant), variable
    return variable.data


def foldable(node, function, inputs):
    """Return whether a node can be computed now, in NumPy."""
    if getattr(function, 'never_folded', False):
        return False
    size = 0
    for value in inputs:
        if is_traced(value):
            return False
        size += getattr(value, 'size', 1)
    return size <= LARGEST_FOLDED


def perform(node, inputs):
    """Compute the outputs of a node in NumPy."""
    storage = [[None] for _ in node.outputs]
    node.op.perform(node, inputs, storage)
    return [np.asarray(cell[0]) if isinstance(variable.type, TensorType) else cell[0]
            for cell, variable in zip(storage, node.outputs)]


def conform(value, variable):
    """Return a JAX value in the dtype of its variable; a wrong number of axes is an error of ours."""
    dtype = getattr(variable.type, 'dtype', None)
    if not is_traced(value) or dtype is None:
        return value
    if isinstance(variable.type, TensorType) and value.ndim != variable.type.ndim:
        raise AssertionError('%s was to have %d axes, JAX made %d of them'
                             % (variable, variable.type.ndim, value.ndim))
    if value.dtype == dtype and not value.aval.weak_type:
        return value
    return jax.lax.convert_element_type(value, dtype)
