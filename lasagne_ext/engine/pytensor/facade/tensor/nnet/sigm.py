"""Sigmoid and softplus, and approximations of the sigmoid."""
import pytensor.tensor as pt
from pytensor.scalar.basic import get_scalar_type, upgrade_to_float
from pytensor.scalar.math import Sigmoid as ScalarSigmoid
from pytensor.scalar.math import Softplus as ScalarSoftplus
from pytensor.scalar.math import sigmoid as scalar_sigmoid
from pytensor.scalar.math import softplus as scalar_softplus
from pytensor.tensor.math import sigmoid, softplus

from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.border import (
    compute_mul, is_1pexp, is_exp, is_mul, is_neg, local_1msigmoid, local_exp_over_1_plus_exp,
    local_reciprocal_1_plus_exp as local_inv_1_plus_exp, local_sigm_times_exp, log1msigm_to_softplus,
    log1p_neg_sigmoid, logsigm_to_softplus, parse_mul_tree, partition_num_or_denom, perform_sigm_times_exp,
    replace_leaf, simplify_mul)


def ultra_fast_sigmoid(x):
    """Approximate the sigmoid by three pieces on each side of zero, each without an exponential."""
    x = as_float(x)

    def number(value):
        return pt.constant(value, dtype=x.dtype)
    half = abs(x) / 2
    tail = number(0.935409070603099) + number(0.0458812946797165) * (half - number(1.7))
    outer = pt.switch(half < 3, tail, number(0.99505475368673))
    tanh = pt.switch(half < 1.7, number(1.5) * half / (1 + half), outer)
    return (pt.switch(x >= 0, tanh, -tanh) + 1) / 2


def hard_sigmoid(x):
    """Compute ``0.2 * x + 0.5``, clipped to [0, 1]."""
    x = pt.as_tensor_variable(x)
    slope, shift = (pt.constant(value, dtype=_float_for(x)) for value in (0.2, 0.5))
    return pt.clip(x * slope + shift, 0, 1)


def as_float(x):
    """Return `x` as a tensor of floats, integers in the type that Theano's elementwise functions give."""
    x = pt.as_tensor_variable(x)
    return x.astype(_float_for(x))


def _float_for(x):
    return upgrade_to_float(get_scalar_type(str(x.dtype)))[0].dtype


# What is done in place is the optimizer's choice; it never shows.
sigmoid_inplace = sigmoid
ultra_fast_sigmoid_inplace = ultra_fast_sigmoid

_APPROXIMATION = 'use %s where the approximation is wanted'

__getattr__ = refuse(__name__, {
    'UltraFastScalarSigmoid': 'use ultra_fast_sigmoid',
    'local_hard_sigmoid': _APPROXIMATION % 'hard_sigmoid',
    'local_ultra_fast_sigmoid': _APPROXIMATION % 'ultra_fast_sigmoid',
    'log1pexp_to_softplus': 'the optimizer does this; write softplus(x) where it is to be certain',
    'register_local_1msigmoid': 'exclude the rewrite local_1msigmoid from the mode instead',
    'ultra_fast_scalar_sigmoid': 'use ultra_fast_sigmoid'})
