"""Scalar operations as functions of NumPy arrays that write into a given array."""
import importlib

import numpy as np
from theano.scalar import basic as scalar
from theano.tensor.nnet.sigm import ScalarSoftplus


def _switch(condition, true, false, out):
    condition = condition.astype(bool, copy=False)
    if _overwrites(out, (condition, true)):
        np.copyto(out, np.where(condition, true, false), casting='unsafe')
        return
    np.copyto(out, false, casting='unsafe')
    np.copyto(out, true, where=condition, casting='unsafe')


def _clip(x, low, high, out):
    below, above = np.less(x, low), np.greater(x, high)
    if _overwrites(out, (x, low, high)):
        np.copyto(out, np.where(below, low, np.where(above, high, x)), casting='unsafe')
        return
    np.copyto(out, x, casting='unsafe')
    np.copyto(out, high, where=above, casting='unsafe')
    np.copyto(out, low, where=below, casting='unsafe')


def _overwrites(out, arguments):
    """Return whether `out` is, in part, one of the arguments: an operation in place."""
    return any(np.may_share_memory(out, argument) for argument in arguments)


def _cast(x, out):
    np.copyto(out, x, casting='unsafe')


def _second(x, y, out):
    np.copyto(out, y, casting='unsafe')


def _softplus(x, out):
    np.logaddexp(x, 0, out=out, dtype=out.dtype, casting='unsafe')


def _half_away_from_zero(x, out):
    # Not trunc(x + .5): just below a half the sum is rounded up to the next whole number.
    whole = np.trunc(x)
    np.add(whole, np.copysign(np.abs(x - whole) >= .5, x), out=out, casting='unsafe')


#: What NumPy calls an operation.
_FUNCTIONS = {
    scalar.Add: np.add, scalar.Mul: np.multiply, scalar.Sub: np.subtract, scalar.TrueDiv: np.true_divide,
    scalar.IntDiv: np.floor_divide, scalar.Mod: np.remainder, scalar.Pow: np.power,
    scalar.Neg: np.negative, scalar.Abs: np.absolute, scalar.Sqr: np.square, scalar.Sqrt: np.sqrt,
    scalar.Exp: np.exp, scalar.Exp2: np.exp2, scalar.Expm1: np.expm1, scalar.Log: np.log,
    scalar.Log2: np.log2, scalar.Log10: np.log10, scalar.Log1p: np.log1p, scalar.Sin: np.sin,
    scalar.Cos: np.cos, scalar.Tan: np.tan, scalar.Sinh: np.sinh, scalar.Cosh: np.cosh,
    scalar.Tanh: np.tanh, scalar.ArcSin: np.arcsin, scalar.ArcCos: np.arccos, scalar.ArcTan: np.arctan,
    scalar.ArcSinh: np.arcsinh, scalar.ArcCosh: np.arccosh, scalar.ArcTanh: np.arctanh,
    scalar.ArcTan2: np.arctan2, scalar.Ceil: np.ceil, scalar.Floor: np.floor, scalar.Trunc: np.trunc,
    scalar.RoundHalfToEven: np.rint, scalar.Sgn: np.sign, scalar.Maximum: np.maximum,
    scalar.Minimum: np.minimum, scalar.EQ: np.equal, scalar.NEQ: np.not_equal,
    scalar.LT: np.less, scalar.LE: np.less_equal, scalar.GT: np.greater, scalar.GE: np.greater_equal,
    scalar.IsNan: np.isnan, scalar.IsInf: np.isinf, scalar.AND: np.bitwise_and,
    scalar.OR: np.bitwise_or, scalar.XOR: np.bitwise_xor, scalar.Invert: np.invert,
    scalar.Inv: np.reciprocal, scalar.Conj: np.conjugate, scalar.Clip: _clip, scalar.Switch: _switch,
    scalar.Cast: _cast, scalar.Second: _second, scalar.Identity: _cast, ScalarSoftplus: _softplus,
    scalar.RoundHalfAwayFromZero: _half_away_from_zero}

#: Functions that give another type than their arguments', which NumPy must not be told to work in.
_OF_ANY_TYPE = {np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal, np.isnan,
                np.isinf}


def _fold(function, dtype):
    """Make an operation of any number of arguments from one of two."""
    def fold(*arguments, out):
        if len(arguments) == 1:
            np.copyto(out, arguments[0], casting='unsafe')
            return
        target = np.empty_like(out) if _overwrites(out, arguments[2:]) else out
        function(arguments[0], arguments[1], out=target, dtype=dtype, casting='unsafe')
        for argument in arguments[2:-1]:
            function(target, argument, out=target, dtype=dtype, casting='unsafe')
        function(target, arguments[-1], out=out, dtype=dtype, casting='unsafe')
    return fold


def _in_type(function, dtype):
    """Let a ufunc work in the type of its result, as compiled code does."""
    def work(*arguments, out):
        function(*arguments, out=out, dtype=dtype, casting='unsafe')
    return work


def _of_any_type(function):
    def work(*arguments, out):
        function(*arguments, out=out)
    return work


def _by_elements(op, nin):
    """Run the operation's own Python function element by element: slow, and always there."""
    function = np.frompyfunc(op.impl, nin, 1)

    def work(*arguments, out):
        out[...] = function(*arguments)
    return work


def function_of(node):
    """Return the function of an application of a scalar operation with one output.

    Parameters
    ----------
    node : Apply
        Its inputs and output are scalar variables.

    Returns
    -------
    callable
        ``f(*arrays, out=array)``, the output's dtype being the node's.
    """
    op, dtype = node.op, np.dtype(node.outputs[0].type.dtype)
    function = _FUNCTIONS.get(type(op))
    if function is None:
        function = _of_specification(op, len(node.inputs))
    if function is None:
        return _by_elements(op, len(node.inputs))
    if type(op) in (scalar.Add, scalar.Mul) and len(node.inputs) != 2:
        return _fold(function, dtype)
    if not isinstance(function, np.ufunc):
        return function
    if function in _OF_ANY_TYPE:
        return _of_any_type(function)
    if _has_loop(function, dtype):
        return _in_type(function, dtype)
    return _by_elements(op, len(node.inputs))


def _of_specification(op, nin):
    """Return the ufunc that the operation itself names, where it is one of as many arguments."""
    specification = getattr(op, 'nfunc_spec', None)
    if not specification or specification[1:] != (nin, 1):
        return None
    module, _, name = specification[0].rpartition('.')
    function = getattr(importlib.import_module(module or 'numpy'), name, None)
    return function if isinstance(function, np.ufunc) else None


def _has_loop(function, dtype):
    """Return whether a ufunc can give this type; some have no loop for small integers or complex numbers."""
    return any(np.dtype(loop.split('->')[1][0]) == dtype for loop in function.types if 'O' not in loop)
