"""Operations on scalars, to be put into an ``Elemwise``."""
from pytensor.scalar import (
    AND, Abs, Add, ArcCos, ArcCosh, ArcSin, ArcSinh, ArcTan, ArcTan2, ArcTanh, BinaryBitOp, Cast, Ceil,
    Clip, Complex, ComplexError, Composite, Conj, Cos, Cosh, EQ, Erf, Erfc, Erfcinv, Erfcx, Erfinv, Exp,
    Exp2, Expm1, FixedLogicalComparison, Floor, GE, GT, Gamma, GammaInc, GammaIncC, GammaLn, I0, I1,
    Identity, Imag, IntDiv, IntegerDivisionError, Invert, IsInf, IsNan, J0, J1, Jv, LE, LT, Log, Log10,
    Log1p, Log2, LogicalComparison, Maximum, Minimum, Mod, Mul, NEQ, Neg, NumpyAutocaster, OR, Pow, Psi,
    Real, RoundHalfAwayFromZero, RoundHalfToEven, ScalarConstant, ScalarVariable, Second, Sin, Sinh, Sqr,
    Sqrt, Sub, Switch, Tan, Tanh, TriGamma, TrueDiv, Trunc, UnaryBitOp, XOR, add, all_types, and_, arccos,
    arccosh, arcsin, arcsinh, arctan, arctan2, arctanh, as_scalar, autocast_float, autocast_float_as,
    autocast_int, bool, cast, ceil, clip, complex, complex128, complex64, complex_types, conj, constant,
    continuous_types, convert, convert_to_bool, convert_to_complex128, convert_to_complex64,
    convert_to_float16, convert_to_float32, convert_to_float64, convert_to_int16, convert_to_int32,
    convert_to_int64, convert_to_int8, convert_to_uint16, convert_to_uint32, convert_to_uint64,
    convert_to_uint8, cos, cosh, discrete_types, eq, erf, erfc, erfcinv, erfcx, erfinv, exp, exp2, expm1,
    float16, float32, float64, float_out, float_types, floor, floor_div, gamma, gammainc, gammaincc,
    gammaln, ge, get_scalar_type, gt, i0, i1, identity, imag, int16, int32, int64, int8, int_div, int_out,
    int_types, integer_types, invert, isinf, isnan, j0, j1, jv, le, log, log10, log1p, log2, lt, maximum,
    minimum, mod, mod_check, mul, neg, neq, or_, pow, psi, real, real_out, round_half_away_from_zero,
    round_half_away_from_zero_, round_half_away_from_zero_vec, round_half_away_from_zero_vec32,
    round_half_away_from_zero_vec64, round_half_to_even, same_out, same_out_float_only, same_out_min8,
    same_out_nobool, same_out_nocomplex, second, sin, sinh, specific_out, sqr, sqrt, sub, switch, tan,
    tanh, tri_gamma, true_div, trunc, uint16, uint32, uint64, uint8, uint_types, upcast, upcast_out,
    upcast_out_min8, upcast_out_no_complex, upcast_out_nobool, upgrade_to_float, upgrade_to_float64,
    upgrade_to_float_no_complex, xor)
from pytensor.scalar import BinaryScalarOp as PyTensorBinaryScalarOp
from pytensor.scalar import Reciprocal as Inv
from pytensor.scalar import ScalarOp as PyTensorScalarOp
from pytensor.scalar import ScalarType as Scalar
from pytensor.scalar import Sign as Sgn
from pytensor.scalar import UnaryScalarOp as PyTensorUnaryScalarOp
from pytensor.scalar import abs as abs_
from pytensor.scalar import complexs, floats, ints
from pytensor.scalar import reciprocal as inv
from pytensor.scalar import sign as sgn

from theano.gof.op import TheanoDerivatives

from lasagne_ext.engine.pytensor._names import refuse


class ScalarOp(TheanoDerivatives, PyTensorScalarOp):
    """Operation on scalars, to be put into an ``Elemwise``: ``impl``, ``grad``."""


class UnaryScalarOp(TheanoDerivatives, PyTensorUnaryScalarOp):
    """:class:`ScalarOp` of one argument."""


class BinaryScalarOp(TheanoDerivatives, PyTensorBinaryScalarOp):
    """:class:`ScalarOp` of two arguments."""


_BY_TENSOR = 'use theano.tensor, which computes it from other functions'
_PYTHON = 'it is a part of Theano\'s inside'

__getattr__ = refuse(__name__, dict(
    dict.fromkeys(['Angle', 'Chi2SF', 'ComplexFromPolar', 'Deg2Rad', 'GammaL', 'GammaU', 'InRange', 'Iv',
                   'Rad2Deg', 'angle', 'chi2sf', 'complex_from_polar', 'deg2rad', 'gammal', 'gammau',
                   'inclosedrange', 'inopenrange', 'iv', 'rad2deg'], _BY_TENSOR),
    **dict.fromkeys(['Compositef32', 'composite_f32', 'as_common_dtype', 'div_proxy',
                     'float_out_nocomplex', 'handle_cast', 'handle_composite', 'int_or_true_div',
                     'int_out_nocomplex', 'transfer_type', 'unary_out_lookup'], _PYTHON)))
