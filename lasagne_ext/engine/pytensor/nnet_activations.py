"""Elementwise activation functions of ``theano.tensor.nnet``."""
import pytensor.tensor as pt
from pytensor.compile.builders import OpFromGraph
from pytensor.graph.basic import Variable
from pytensor.scalar.basic import get_scalar_type, upgrade_to_float

#: Constants of Klambauer et al. (2017), Self-Normalizing Neural Networks.
_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946


def relu(x, alpha=0):
    """Rectifier, elementwise.

    Parameters
    ----------
    x : Variable
    alpha : number or Variable
        Slope below zero; broadcasts against `x`.
    """
    if not isinstance(alpha, Variable) and alpha == 0:
        return 0.5 * (x + abs(x))
    # Factors that are Python numbers leave a float32 slope float32.
    alpha = pt.as_tensor_variable(alpha)
    return 0.5 * (1 + alpha) * x + 0.5 * (1 - alpha) * abs(x)


def elu(x, alpha=1):
    """Exponential linear unit: ``alpha * (exp(x) - 1)`` below zero, `x` above."""
    return pt.switch(x > 0, x, alpha * pt.expm1(x))


def selu(x):
    """Scaled exponential linear unit, which keeps mean 0 and variance 1 through layers."""
    return _SELU_SCALE * elu(x, _SELU_ALPHA)


def softsign(x):
    """``x / (1 + abs(x))``, elementwise."""
    x = _as_float(x)
    dummy = x.type()
    # The derivative of the quotient as it stands is a difference, which loses its digits far from zero.
    op = OpFromGraph([dummy], [dummy / (1 + abs(dummy))], inline=True, name='softsign',
                     pullback=lambda inputs, outputs, cotangents:
                     [cotangents[0] / (1 + abs(inputs[0])) ** 2])
    return op(x)


def ultra_fast_sigmoid(x):
    """A sigmoid in three pieces on each side of zero, each without an exponential."""
    x = _as_float(x)

    def number(value):
        return pt.constant(value, dtype=x.dtype)
    half = abs(x) / 2
    tail = number(0.935409070603099) + number(0.0458812946797165) * (half - number(1.7))
    outer = pt.switch(half < 3, tail, number(0.99505475368673))
    tanh = pt.switch(half < 1.7, number(1.5) * half / (1 + half), outer)
    return (pt.switch(x >= 0, tanh, -tanh) + 1) / 2


def hard_sigmoid(x):
    """``0.2 * x + 0.5``, clipped to [0, 1]."""
    x = pt.as_tensor_variable(x)
    slope, shift = (pt.constant(value, dtype=_float_for(x)) for value in (0.2, 0.5))
    return pt.clip(x * slope + shift, 0, 1)


def _as_float(x):
    x = pt.as_tensor_variable(x)
    return x.astype(_float_for(x))


def _float_for(x):
    return upgrade_to_float(get_scalar_type(str(x.dtype)))[0].dtype
