"""Multiplying an expression by a factor that it is divided by somewhere inside, without either."""
from pytensor.graph.basic import Constant
from pytensor.scalar.basic import Cast
from pytensor.tensor.basic import arange, get_underlying_scalar_constant_value, ones_like, zeros_like
from pytensor.tensor.elemwise import DimShuffle, Elemwise
from pytensor.tensor.exceptions import NotScalarConstantError
from pytensor.tensor.math import add, mul, neg, reciprocal, sub, true_div
from pytensor.tensor.shape import Reshape
from pytensor.tensor.subtensor import (
    AdvancedIncSubtensor, AdvancedSubtensor, IncSubtensor, Subtensor, inc_subtensor)

from lasagne_ext.engine.pytensor.nnet_crossentropy import crossentropy_categorical_1hot_grad


def multiplied(expression, factor):
    """``expression * factor``, with a division of `expression` by `factor` cancelled.

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
        inner = multiplied(expression.owner.inputs[0], factor)
        return None if inner is None else inner.astype(expression.dtype)
    return None


def is_same(a, b):
    """Whether two variables are the same computation; a reshape is whatever its target is called."""
    if a is b:
        return True
    if isinstance(a, Constant) and isinstance(b, Constant):
        return a.equals(b)
    if a.owner is None or b.owner is None or a.owner.op != b.owner.op:
        return False
    if a.owner.outputs.index(a) != b.owner.outputs.index(b):
        return False
    if isinstance(a.owner.op, Reshape):
        return is_same(a.owner.inputs[0], b.owner.inputs[0])
    return len(a.owner.inputs) == len(b.owner.inputs) and all(
        is_same(*pair) for pair in zip(a.owner.inputs, b.owner.inputs))


def is_constant(variable, value):
    """Whether a variable is known to hold one number alone, however often."""
    try:
        return get_underlying_scalar_constant_value(variable) == value
    except NotScalarConstantError:
        return False


def _of_quotient(op, inputs, factor):
    numerator, denominator = inputs
    rest = _without(denominator, factor)
    if rest is not None:
        return true_div(numerator, rest[0]) if rest else numerator
    inner = multiplied(numerator, factor)
    return None if inner is None else true_div(inner, denominator)


def _of_reciprocal(op, inputs, factor):
    rest = _without(inputs[0], factor)
    if rest is None:
        return None
    return reciprocal(rest[0]) if rest else ones_like(factor)


def _without(product, factor):
    """What is left of a product without one of its factors: nothing, or one variable; None if not in it."""
    if is_same(product, factor):
        return []
    if product.owner is not None and product.owner.op == mul:
        for i, part in enumerate(product.owner.inputs):
            if is_same(part, factor):
                others = product.owner.inputs[:i] + product.owner.inputs[i + 1:]
                return [mul(*others) if len(others) > 1 else others[0]]
    return None


def _of_product(op, inputs, factor):
    for i, part in enumerate(inputs):
        inner = multiplied(part, factor)
        if inner is not None:
            return mul(*inputs[:i], inner, *inputs[i + 1:])
    return None


def _of_negative(op, inputs, factor):
    inner = multiplied(inputs[0], factor)
    return None if inner is None else neg(inner)


def _of_sum(op, inputs, factor):
    terms = [multiplied(term, factor) for term in inputs]
    if all(term is None for term in terms):
        return None
    return op(*[mul(given, factor) if term is None else term for given, term in zip(inputs, terms)])


def _of_scattered(op, inputs, factor):
    """Values written into zeros: they alone need multiplying, by the elements of their places."""
    target, values, *places = inputs
    if not is_constant(target, 0):
        return None
    chosen = AdvancedSubtensor if isinstance(op, AdvancedIncSubtensor) else Subtensor
    inner = multiplied(values, chosen(op.idx_list)(factor, *places))
    return None if inner is None else op(target, inner, *places)


def _of_categorical(op, inputs, factor):
    g_y, coding_dist, labels = inputs
    if not is_same(coding_dist, factor):
        return None
    rows = arange(labels.shape[0])
    return inc_subtensor(zeros_like(factor)[rows, labels], neg(g_y).astype(factor.dtype))


def _of_reshape(op, inputs, factor):
    inner = multiplied(inputs[0], factor.reshape(inputs[0].shape, ndim=inputs[0].ndim))
    return None if inner is None else op(inner, inputs[1])


def _of_dimshuffle(op, inputs, factor):
    order = op.new_order
    if any(place == 'x' and not factor.broadcastable[i] for i, place in enumerate(order)):
        return None
    inverse = [order.index(axis) if axis in order else 'x' for axis in range(inputs[0].ndim)]
    inner = multiplied(inputs[0], factor.dimshuffle(inverse))
    return None if inner is None else op(inner)


_RULES = (
    (true_div, _of_quotient), (reciprocal, _of_reciprocal), (mul, _of_product), (neg, _of_negative),
    (add, _of_sum), (sub, _of_sum), (AdvancedIncSubtensor, _of_scattered), (IncSubtensor, _of_scattered),
    (crossentropy_categorical_1hot_grad, _of_categorical), (Reshape, _of_reshape),
    (DimShuffle, _of_dimshuffle))
