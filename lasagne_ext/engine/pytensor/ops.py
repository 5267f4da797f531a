"""Base classes for Ops written for Theano: ``grad``, ``L_op`` and ``R_op`` instead of PyTensor's names."""
import inspect

from pytensor.compile.builders import OpFromGraph as PyTensorOpFromGraph
from pytensor.compile.ops import FromFunctionOp
from pytensor.gradient import DisconnectedType, disconnected_type
from pytensor.graph.basic import Variable
from pytensor.link.c.op import COp as PyTensorCOp
from pytensor.scalar import BinaryScalarOp as PyTensorBinaryScalarOp
from pytensor.scalar import ScalarOp as PyTensorScalarOp
from pytensor.scalar import UnaryScalarOp as PyTensorUnaryScalarOp

from lasagne_ext.engine.pytensor.graphs import as_list
from lasagne_ext.engine.pytensor.tensor.adoption import AdoptingCall, adopting


class TheanoDerivatives:
    """What an Op of Theano calls ``grad`` (or ``L_op``) and ``R_op`` under PyTensor's names."""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        folding = cls.__dict__.get('do_constant_folding')
        if folding is not None and len(inspect.signature(folding).parameters) == 2:
            cls.do_constant_folding = lambda self, fgraph, node: folding(self, node)

    def grad(self, inputs, output_grads):
        raise NotImplementedError('the Op %s defines no gradient: neither grad nor L_op' % self)

    def L_op(self, inputs, outputs, output_grads):
        return self.grad(inputs, output_grads)

    def R_op(self, inputs, eval_points):
        raise NotImplementedError('the Op %s defines no R_op' % self)

    def pullback(self, inputs, outputs, cotangents):
        return self.L_op(inputs, outputs, cotangents)

    def pushforward(self, inputs, outputs, tangents):
        eval_points = [None if isinstance(tangent.type, DisconnectedType) else tangent
                       for tangent in tangents]
        return [disconnected_type() if change is None else change
                for change in self.R_op(inputs, eval_points)]


class Op(AdoptingCall, TheanoDerivatives, PyTensorCOp):
    """An operation: ``make_node`` (or ``itypes`` and ``otypes``), ``perform``, ``grad``.

    C code (``c_code`` and its relatives) is used by the linker cvm, and everywhere else in place of a
    missing ``perform``.
    """

    def make_node(self, *inputs):
        from theano.tensor import as_tensor_variable
        return super().make_node(*[value if isinstance(value, Variable) else as_tensor_variable(value)
                                   for value in inputs])

    def perform(self, node, inputs, output_storage):
        _run_c_code(node, inputs, output_storage)


def _run_c_code(node, inputs, output_storage):
    """Run an Op that has C code alone where the linker runs Python."""
    thunk = getattr(node.tag, 'c_thunk', None)
    if thunk is None:
        storage = {variable: [None] for variable in [*node.inputs, *node.outputs]}
        computed = {variable: [variable in node.inputs] for variable in storage}
        thunk = node.op.make_c_thunk(node, storage, computed, [])
        thunk = thunk, storage
        node.tag.c_thunk = thunk
    run, storage = thunk
    for variable, value in zip(node.inputs, inputs):
        storage[variable][0] = value
    for variable, cell in zip(node.outputs, output_storage):
        storage[variable][0] = cell[0]
    run()
    for variable, cell in zip(node.outputs, output_storage):
        cell[0] = storage[variable][0]
        storage[variable][0] = None


#: An Op of Theano with C code is no other than one without.
COp = Op


class ScalarOp(TheanoDerivatives, PyTensorScalarOp):
    """An operation on scalars, to be put into an ``Elemwise``: ``impl``, ``grad``."""


class UnaryScalarOp(TheanoDerivatives, PyTensorUnaryScalarOp):
    """A :class:`ScalarOp` of one argument."""


class BinaryScalarOp(TheanoDerivatives, PyTensorBinaryScalarOp):
    """A :class:`ScalarOp` of two arguments."""


def OpFromGraph(inputs, outputs, inline=False, lop_overrides='default', grad_overrides='default',
                rop_overrides='default', name=None, **kwargs):
    """An Op that computes a graph.

    Parameters
    ----------
    inputs, outputs : list of Variable
    inline : bool
        Whether the compiler may look inside.
    lop_overrides, grad_overrides, rop_overrides : 'default' or callable
        Derivatives in place of the graph's own: ``L_op(inputs, outputs, output_grads)``,
        ``grad(inputs, output_grads)``, ``R_op(inputs, eval_points)``.
    name : str, optional
    """
    if 'default' not in (lop_overrides, grad_overrides):
        raise ValueError('OpFromGraph: give lop_overrides or grad_overrides, not both')
    derivatives = {}
    if lop_overrides != 'default':
        derivatives['pullback'] = lop_overrides
    if grad_overrides != 'default':
        derivatives['pullback'] = lambda given, results, grads: grad_overrides(given, grads)
    if rop_overrides != 'default':
        derivatives['pushforward'] = lambda given, results, tangents: rop_overrides(given, tangents)
    return adopting(PyTensorOpFromGraph(list(inputs), list(outputs), inline=inline, name=name, **derivatives,
                                        **kwargs))


def as_op(itypes, otypes, infer_shape=None):
    """Turn a function of arrays into an Op without a gradient.

    Parameters
    ----------
    itypes, otypes : Type or list of Type
    infer_shape : callable, optional
        ``f(node, input_shapes)``.
    """
    def decorate(function):
        return adopting(FromFunctionOp(function, as_list(itypes), as_list(otypes), infer_shape))
    return decorate
