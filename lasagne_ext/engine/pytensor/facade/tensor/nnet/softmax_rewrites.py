"""Rewrites that keep cross-entropies of softmaxes from overflowing, whichever way they are written.

The gradient of the softmax multiplies by its output, those of a logarithm and of a cross-entropy
divide by it: where it underflows to zero the result would be NaN.
"""
import numpy as np
from pytensor.graph.basic import Constant
from pytensor.graph.rewriting.basic import copy_stack_trace, node_rewriter
from pytensor.scalar.basic import Cast
from pytensor.tensor.basic import (
    ARange, arange, get_underlying_scalar_constant_value, ones_like, second, zeros_like)
from pytensor.tensor.elemwise import DimShuffle, Elemwise
from pytensor.tensor.exceptions import NotScalarConstantError
from pytensor.tensor.math import Argmax, add, log, mul, neg, reciprocal, sub, true_div
from pytensor.tensor.shape import Reshape, Shape, Shape_i
from pytensor.tensor.subtensor import (
    AdvancedIncSubtensor, AdvancedSubtensor, IncSubtensor, Subtensor, inc_subtensor)

from lasagne_ext.engine.pytensor.rewriting import (
    register_canonicalize, register_specialize, register_stabilize)
from lasagne_ext.engine.runtime.softmax import (
    CrossentropyCategorical1Hot, LogSoftmax, Softmax, SoftmaxCrossentropy, SoftmaxGrad,
    crossentropy_categorical_1hot_grad, crossentropy_softmax_1hot_with_bias_dx, logsoftmax_op,
    softmax_crossentropy)

#: What only moves elements about, so that a logarithm may be taken before it.
_MOVES = (AdvancedSubtensor, DimShuffle, Reshape, Subtensor)


def _register(rewriter):
    for register in (register_canonicalize, register_stabilize, register_specialize):
        register(rewriter)
    return rewriter


def _input_of_softmax(variable):
    """Return what a variable is the softmax of; None if it is none."""
    node = variable.owner
    if node is None:
        return None
    is_softmax = isinstance(node.op, Softmax) or (
        isinstance(node.op, SoftmaxCrossentropy) and variable is node.outputs[1])
    return node.inputs[0] if is_softmax else None


@_register
@node_rewriter([CrossentropyCategorical1Hot])
def crossentropy_to_crossentropy_with_softmax(fgraph, node):
    """Compute the cross-entropy of a softmax together with that softmax."""
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
def local_advanced_indexing_crossentropy_onehot(fgraph, node):
    """Turn ``logsoftmax(x)[arange(n), labels]`` into minus a cross-entropy."""
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
def graph_merge_softmax_with_crossentropy_softmax(fgraph, node):
    """Take the softmax that a cross-entropy of the same input computes."""
    for client, _ in fgraph.clients[node.inputs[0]]:
        if isinstance(client.op, SoftmaxCrossentropy):
            return [client.outputs[1]]
    return None


@_register
@node_rewriter([log])
def local_log_of_softmax(fgraph, node):
    """Turn ``log(softmax(x))`` into a logsoftmax, also where elements are chosen or moved in between."""
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
    weighted = multiply_cancelling(dy, sm)
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
def local_argmax_pushdown(fgraph, node):
    """Look for the largest input instead of the largest probability, of which several may round to 1."""
    x = _input_of_softmax(node.inputs[0])
    if x is None or node.op.axis != (1,):
        return None
    result = node.op(x)
    copy_stack_trace(node.outputs[0], result)
    return [result]


def _softmax_crossentropy_grad(weighted, sm):
    """Return the gradient of a cross-entropy if the weighted gradient has one element in every row."""
    node = weighted.owner
    if node is None or not isinstance(node.op, AdvancedIncSubtensor):
        return None
    target, values, *places = node.inputs
    if not _is_constant(target, 0) or values.ndim > 1 or not _are_one_per_row(node.op, places, sm):
        return None
    return crossentropy_softmax_1hot_with_bias_dx(neg(values), sm, places[1])


def _are_one_per_row(op, places, matrix):
    """Return whether indices of a matrix are ``[arange(number of rows), labels]``."""
    if op.idx_list != (0, 1) or any(place.ndim != 1 or place.dtype == 'bool' for place in places):
        return False
    rows, labels = places
    if isinstance(rows, Constant):
        return labels.type.shape == rows.data.shape and np.array_equal(rows.data, np.arange(rows.data.size))
    if rows.owner is None or not isinstance(rows.owner.op, ARange):
        return False
    start, stop, step = rows.owner.inputs
    return (_is_constant(start, 0) and _is_constant(step, 1)
            and any(_is_length_of(stop, variable) for variable in (labels, matrix, *matrix.owner.inputs[:1])))


def _is_length_of(number, variable):
    """Return whether a number is spelt as the length of a variable, or of what that is computed from."""
    node = number.owner
    while node is not None and len(node.inputs) == 1 and node.op != Shape_i(0) and node.inputs[0].ndim == 0:
        node = node.inputs[0].owner
    if node is None:
        return False
    if isinstance(node.op, Subtensor) and node.op.idx_list and _is_constant(node.inputs[-1], 0):
        node = node.inputs[0].owner
        if node is None or not isinstance(node.op, Shape):
            return False
    elif node.op != Shape_i(0):
        return False
    return _is_same(node.inputs[0], variable)


def multiply_cancelling(expression, factor):
    """Return ``expression * factor`` with a division of `expression` by `factor` cancelled.

    Parameters
    ----------
    expression, factor : Variable
        Of one shape, but for axes that broadcast.

    Returns
    -------
    Variable or None
        None if there is no such division.
    """
    if expression.owner is None:
        return None
    op = expression.owner.op
    for kind, rule in _RULES:
        if op == kind or isinstance(kind, type) and isinstance(op, kind):
            return rule(op, expression.owner.inputs, factor)
    if isinstance(op, Elemwise) and isinstance(op.scalar_op, Cast):
        inner = multiply_cancelling(expression.owner.inputs[0], factor)
        return None if inner is None else inner.astype(expression.dtype)
    return None


def _is_same(a, b):
    """Return whether two variables are the same computation; a reshape is whatever its target is called."""
    if a is b:
        return True
    if isinstance(a, Constant) and isinstance(b, Constant):
        return a.equals(b)
    if a.owner is None or b.owner is None or a.owner.op != b.owner.op:
        return False
    if a.owner.outputs.index(a) != b.owner.outputs.index(b):
        return False
    if isinstance(a.owner.op, Reshape):
        return _is_same(a.owner.inputs[0], b.owner.inputs[0])
    return len(a.owner.inputs) == len(b.owner.inputs) and all(
        _is_same(*pair) for pair in zip(a.owner.inputs, b.owner.inputs))


def _is_constant(variable, value):
    """Return whether a variable is known to hold one number alone, however often."""
    try:
        return get_underlying_scalar_constant_value(variable) == value
    except NotScalarConstantError:
        return False


def _cancel_in_quotient(op, inputs, factor):
    numerator, denominator = inputs
    rest = _without(denominator, factor)
    if rest is not None:
        return true_div(numerator, rest[0]) if rest else numerator
    inner = multiply_cancelling(numerator, factor)
    return None if inner is None else true_div(inner, denominator)


def _cancel_in_reciprocal(op, inputs, factor):
    rest = _without(inputs[0], factor)
    if rest is None:
        return None
    return reciprocal(rest[0]) if rest else ones_like(factor)


def _without(product, factor):
    """Take one factor out of a product: what is left is nothing, or one variable; None if it is not in it."""
    if _is_same(product, factor):
        return []
    if product.owner is not None and product.owner.op == mul:
        for i, part in enumerate(product.owner.inputs):
            if _is_same(part, factor):
                others = product.owner.inputs[:i] + product.owner.inputs[i + 1:]
                return [mul(*others) if len(others) > 1 else others[0]]
    return None


def _cancel_in_product(op, inputs, factor):
    for i, part in enumerate(inputs):
        inner = multiply_cancelling(part, factor)
        if inner is not None:
            return mul(*inputs[:i], inner, *inputs[i + 1:])
    return None


def _cancel_in_negative(op, inputs, factor):
    inner = multiply_cancelling(inputs[0], factor)
    return None if inner is None else neg(inner)


def _cancel_in_sum(op, inputs, factor):
    terms = [multiply_cancelling(term, factor) for term in inputs]
    if all(term is None for term in terms):
        return None
    return op(*[mul(given, factor) if term is None else term for given, term in zip(inputs, terms)])


def _cancel_in_scattered(op, inputs, factor):
    """Multiply values written into zeros, which they alone need, by the elements of their places."""
    target, values, *places = inputs
    if not _is_constant(target, 0):
        return None
    chosen = AdvancedSubtensor if isinstance(op, AdvancedIncSubtensor) else Subtensor
    inner = multiply_cancelling(values, chosen(op.idx_list)(factor, *places))
    return None if inner is None else op(target, inner, *places)


def _cancel_in_categorical(op, inputs, factor):
    g_y, coding_dist, labels = inputs
    if not _is_same(coding_dist, factor):
        return None
    rows = arange(labels.shape[0])
    return inc_subtensor(zeros_like(factor)[rows, labels], neg(g_y).astype(factor.dtype))


def _cancel_in_reshape(op, inputs, factor):
    inner = multiply_cancelling(inputs[0], factor.reshape(inputs[0].shape, ndim=inputs[0].ndim))
    return None if inner is None else op(inner, inputs[1])


def _cancel_in_dimshuffle(op, inputs, factor):
    order = op.new_order
    if any(place == 'x' and not factor.broadcastable[i] for i, place in enumerate(order)):
        return None
    inverse = [order.index(axis) if axis in order else 'x' for axis in range(inputs[0].ndim)]
    inner = multiply_cancelling(inputs[0], factor.dimshuffle(inverse))
    return None if inner is None else op(inner)


_RULES = (
    (true_div, _cancel_in_quotient), (reciprocal, _cancel_in_reciprocal), (mul, _cancel_in_product),
    (neg, _cancel_in_negative), (add, _cancel_in_sum), (sub, _cancel_in_sum),
    (AdvancedIncSubtensor, _cancel_in_scattered), (IncSubtensor, _cancel_in_scattered),
    (crossentropy_categorical_1hot_grad, _cancel_in_categorical), (Reshape, _cancel_in_reshape),
    (DimShuffle, _cancel_in_dimshuffle))
