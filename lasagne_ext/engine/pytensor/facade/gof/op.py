"""Base classes of Ops written for Theano: ``grad``, ``L_op`` and ``R_op`` instead of PyTensor's names."""
import inspect

from pytensor.gradient import DisconnectedType, disconnected_type
from pytensor.graph.basic import Variable
from pytensor.link.c.op import COp as PyTensorCOp
from pytensor.link.c.op import OpenMPOp

from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.tensor.adoption import AdoptingCall
from lasagne_ext.engine.pytensor.test_values import get_debug_values, get_test_value


class TheanoDerivatives:
    """Derivatives that an Op of Theano calls ``grad`` (or ``L_op``) and ``R_op``, under PyTensor's names."""

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
    """Operation: ``make_node`` (or ``itypes`` and ``otypes``), ``perform``, ``grad``.

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
COp = PureOp = Op

#: Ops that hold a graph of their own; PyTensor finds them by itself.
ops_with_inner_function = {}

_C = 'an Op with C code derives from theano.Op and defines c_code'

__getattr__ = refuse(__name__, {
    'CLinkerOp': _C, 'CLinkerObject': _C, 'GCC_compiler': _C, 'simple_meth': _C, 'apply_meth': _C,
    'debug_error_message': 'set theano.config.compute_test_value and raise an error of your own',
    'debug_assert': 'use assert', 'missing_test_message': 'see theano.config.compute_test_value'})
