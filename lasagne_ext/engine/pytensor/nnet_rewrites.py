"""Rewrites that keep cross-entropies of softmaxes from overflowing, whichever way they are written.

The gradient of the softmax multiplies by its output, those of a logarithm and of a cross-entropy
divide by it: where it underflows to zero the result would be NaN.
"""
import numpy as np
from pytensor.graph.basic import Constant
from pytensor.graph.rewriting.basic import copy_stack_trace, node_rewriter
from pytensor.tensor.basic import ARange, second
from pytensor.tensor.elemwise import DimShuffle
from pytensor.tensor.math import Argmax, log, neg
from pytensor.tensor.shape import Reshape, Shape, Shape_i
from pytensor.tensor.subtensor import AdvancedIncSubtensor, AdvancedSubtensor, Subtensor

from lasagne_ext.engine.pytensor.nnet_cancel import is_constant, is_same, multiplied
from lasagne_ext.engine.pytensor.nnet_crossentropy import (
    CrossentropyCategorical1Hot, SoftmaxCrossentropy, crossentropy_softmax_1hot_with_bias_dx,
    softmax_crossentropy)
from lasagne_ext.engine.pytensor.nnet_softmax import (
    LogSoftmax, Softmax, SoftmaxGrad, logsoftmax_op)
from lasagne_ext.engine.pytensor.rewriting import (
    register_canonicalize, register_specialize, register_stabilize)

#: What only moves elements about, so that a logarithm may be taken before it.
_MOVES = (AdvancedSubtensor, DimShuffle, Reshape, Subtensor)


def _register(rewriter):
    for register in (register_canonicalize, register_stabilize, register_specialize):
        register(rewriter)
    return rewriter


def _input_of_softmax(variable):
    """What a variable is the softmax of; None if it is none."""
    node = variable.owner
    if node is None:
        return None
    is_softmax = isinstance(node.op, Softmax) or (
        isinstance(node.op, SoftmaxCrossentropy) and variable is node.outputs[1])
    return node.inputs[0] if is_softmax else None


@_register
@node_rewriter([CrossentropyCategorical1Hot])
def local_crossentropy_of_softmax(fgraph, node):
    """The cross-entropy of a softmax is computed together with that softmax."""
    sm, labels = node.inputs
    x = _input_of_softmax(sm)
    if x is None:
        return None
    nll, new_sm = softmax_crossentropy(x, labels)
    copy_stack_trace(node.outputs[0], nll)
    if isinstance(sm.owner.op, Softmax):
        copy_stack_trace(sm, new_sm)
        return {node.outputs[0]: nll, sm: new_sm}
    return [nll]


@_register
@node_rewriter([AdvancedSubtensor])
def local_chosen_of_logsoftmax(fgraph, node):
    """``logsoftmax(x)[arange(n), labels]`` is minus a cross-entropy."""
    source, *places = node.inputs
    if (source.owner is None or not isinstance(source.owner.op, LogSoftmax)
            or not _are_one_per_row(node.op, places, source)):
        return None
    nll, sm = softmax_crossentropy(source.owner.inputs[0], places[1])
    result = neg(nll)
    copy_stack_trace(node.outputs[0], [nll, result])
    return [result]


@_register
@node_rewriter([Softmax])
def local_softmax_beside_crossentropy(fgraph, node):
    """A softmax is not computed a second time where the cross-entropy has it."""
    for client, _ in fgraph.clients[node.inputs[0]]:
        if isinstance(client.op, SoftmaxCrossentropy):
            return [client.outputs[1]]
    return None


@_register
@node_rewriter([log])
def local_log_of_softmax(fgraph, node):
    """``log(softmax(x))`` is a logsoftmax, also where elements are chosen or moved in between."""
    moves, variable = [], node.inputs[0]
    while variable.owner is not None and isinstance(variable.owner.op, _MOVES):
        moves.append(variable.owner)
        variable = variable.owner.inputs[0]
    x = _input_of_softmax(variable)
    if x is None:
        return None
    result = logsoftmax_op(x)
    for move in reversed(moves):
        result = move.op(result, *move.inputs[1:])
    copy_stack_trace(node.outputs[0], result)
    return [result]


@_register
@node_rewriter([SoftmaxGrad])
def local_softmax_grad_of_quotient(fgraph, node):
    """Cancel a division by the softmax's output in what its gradient multiplies by that output."""
    dy, sm = node.inputs
    weighted = multiplied(dy, sm)
    if weighted is None:
        return None
    result = _softmax_crossentropy_grad(weighted, sm)
    if result is None:
        if weighted.broadcastable != sm.broadcastable:
            weighted = second(sm, weighted)
        result = weighted - weighted.sum(axis=1, keepdims=True) * sm
    if result.dtype != sm.dtype:
        result = result.astype(sm.dtype)
    copy_stack_trace(node.outputs[0], result)
    return [result]


@_register
@node_rewriter([Argmax])
def local_argmax_of_softmax(fgraph, node):
    """The largest probability is where the largest input is, also where several round to 1."""
    x = _input_of_softmax(node.inputs[0])
    if x is None or node.op.axis != (1,):
        return None
    result = node.op(x)
    copy_stack_trace(node.outputs[0], result)
    return [result]


def _softmax_crossentropy_grad(weighted, sm):
    """The gradient of a cross-entropy, if the weighted gradient has one element in every row."""
    node = weighted.owner
    if node is None or not isinstance(node.op, AdvancedIncSubtensor):
        return None
    target, values, *places = node.inputs
    if not is_constant(target, 0) or values.ndim > 1 or not _are_one_per_row(node.op, places, sm):
        return None
    return crossentropy_softmax_1hot_with_bias_dx(neg(values), sm, places[1])


def _are_one_per_row(op, places, matrix):
    """Whether indices of a matrix are ``[arange(number of rows), labels]``."""
    if op.idx_list != (0, 1) or any(place.ndim != 1 or place.dtype == 'bool' for place in places):
        return False
    rows, labels = places
    if isinstance(rows, Constant):
        return labels.type.shape == rows.data.shape and np.array_equal(rows.data, np.arange(rows.data.size))
    if rows.owner is None or not isinstance(rows.owner.op, ARange):
        return False
    start, stop, step = rows.owner.inputs
    return (is_constant(start, 0) and is_constant(step, 1)
            and any(_is_length_of(stop, variable) for variable in (labels, matrix, *matrix.owner.inputs[:1])))


def _is_length_of(number, variable):
    """Whether a number is spelt as the length of a variable, or of what that is computed from."""
    node = number.owner
    while node is not None and len(node.inputs) == 1 and node.op != Shape_i(0) and node.inputs[0].ndim == 0:
        node = node.inputs[0].owner
    if node is None:
        return False
    if isinstance(node.op, Subtensor) and node.op.idx_list and is_constant(node.inputs[-1], 0):
        node = node.inputs[0].owner
        if node is None or not isinstance(node.op, Shape):
            return False
    elif node.op != Shape_i(0):
        return False
    return is_same(node.inputs[0], variable)
