"""Ops that only Python can compute: JAX calls back."""
import warnings

import jax
import numpy as np
from pytensor.graph.basic import Constant
from pytensor.graph.fg import FunctionGraph
from pytensor.tensor.shape import Shape_i
from pytensor.tensor.type import TensorType

from lasagne_ext.engine._environment import EngineWarning
from lasagne_ext.engine.pytensor.jax_mode._errors import untraceable
from lasagne_ext.engine.pytensor.jax_mode._trace import Graph, is_traced

_warned = set()


def implementation(node, of_node):
    """Call the Op's Python code at every call.

    Parameters
    ----------
    node : Apply
    of_node : function
        A node -> its implementation, for the graph of its shapes.
    """
    for variable in node.inputs + node.outputs:
        if not isinstance(variable.type, TensorType) and not isinstance(variable, Constant):
            raise untraceable(node, 'has the input or output %s of type %s, where JAX knows tensors '
                                    'only' % (variable, variable.type))
    _warn_once(type(node.op))
    compute = _Thunk(node)
    shapes = _Shapes(node, of_node)

    def run(trace, *inputs):
        outputs = [jax.ShapeDtypeStruct(shape, variable.type.dtype) for shape, variable
                   in zip(shapes(trace, inputs, compute), node.outputs)]

        def call(*values):
            values = iter(values)
            _keep_64_bits()
            try:
                made = compute([np.array(next(values)) if is_traced(value) else value
                                for value in inputs])
                for array, output in zip(made, outputs):
                    if array.shape != output.shape:
                        raise ValueError('%s made an output of shape %s; its infer_shape, or its first '
                                         'call, promised %s' % (node.op, array.shape, output.shape))
                return made
            except Exception as error:                     # raised after the call, in its own type
                trace.errors.append(error)
                return [np.zeros(output.shape, output.dtype) for output in outputs]
        return jax.pure_callback(call, outputs, *filter(is_traced, inputs), vmap_method='sequential')
    run.never_folded = True
    return run


def _keep_64_bits():
    """Keep 64-bit results: JAX may call back on a thread of its own, where they would be cut to 32.

    On the caller's thread they are on already, and stay so no longer than the call.
    """
    if not jax.config.jax_enable_x64:
        jax.enable_x64(True).__enter__()


def _warn_once(kind):
    if kind in _warned:
        return
    _warned.add(kind)
    warnings.warn('the Op %s has no JAX implementation: each call goes back to Python, which is slow. '
                  'Give the Op a method jax_function(self, node) that returns a function of the inputs '
                  'written in jax.numpy' % kind.__name__, EngineWarning, stacklevel=2)


class _Thunk:
    """Run a node's own code, with storage of its own."""

    def __init__(self, node):
        self._node = node
        self._inputs = {variable: [None] for variable in node.inputs}
        self._outputs = [[None] for _ in node.outputs]
        storage = dict(self._inputs)
        storage.update(zip(node.outputs, self._outputs))
        self._run = node.op.make_thunk(node, storage, {variable: [True] for variable in storage}, [],
                                       impl='py')

    def __call__(self, values):
        for variable, value in zip(self._node.inputs, values):
            self._inputs[variable][0] = value
        for cell in self._outputs:
            cell[0] = None
        self._run()
        return [np.asarray(cell[0], dtype=variable.type.dtype)
                for cell, variable in zip(self._outputs, self._node.outputs)]


class _Shapes:
    """Find the shapes of a node's outputs: declared, inferred by its Op, or seen on inputs made of ones."""

    def __init__(self, node, of_node):
        self._node = node
        self._graph = None
        self._declared = [variable.type.shape for variable in node.outputs]
        if any(None in shape for shape in self._declared) and hasattr(node.op, 'infer_shape'):
            self._graph = _shape_graph(node, of_node)

    def __call__(self, trace, inputs, compute):
        if not any(None in shape for shape in self._declared):
            return self._declared
        if self._graph is None:
            values = [np.ones(value.shape, value.dtype) if is_traced(value) else value
                      for value in inputs]
            return [value.shape for value in compute(values)]
        sizes = iter([trace.integer(size, self._node) for size in self._graph(trace, *inputs)])
        return [tuple(next(sizes) for _ in shape) for shape in self._declared]


def _shape_graph(node, of_node):
    dummies = [variable.type() for variable in node.inputs]
    stand_in = node.op.make_node(*[variable if isinstance(variable, Constant) else dummy
                                   for variable, dummy in zip(node.inputs, dummies)])
    sizes = [tuple(Shape_i(axis)(variable) for axis in range(variable.type.ndim))
             if isinstance(variable.type, TensorType) else None for variable in stand_in.inputs]
    shapes = stand_in.op.infer_shape(stand_in, sizes)
    if any(shape is None for shape in shapes):
        return None
    return Graph(FunctionGraph(dummies, [size for shape in shapes for size in shape], clone=False),
                 of_node)
