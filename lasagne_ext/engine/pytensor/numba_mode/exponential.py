"""Exponential for Numba that LLVM can vectorize, which a call of the C library's cannot."""
import math

import numpy as np
from numba import njit, types
from numba.extending import intrinsic, overload


@intrinsic
def _float_from_bits(typingctx, bits):
    return _bit_cast(bits, {types.int32: types.float32, types.int64: types.float64})


@intrinsic
def _bits_of_float(typingctx, value):
    return _bit_cast(value, {types.float32: types.int32, types.float64: types.int64})


def _bit_cast(argument, result_of):
    result = result_of[argument]

    def codegen(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], context.get_value_type(result))
    return result(argument), codegen


def _exponential(dtype, integer, lowest, magic, bias, mantissa, ln2_high, ln2_low, terms):
    """Return a function of one number not above zero: ``2 ** n * exp(r)`` with r below half of log(2).

    `magic` is so large that adding it rounds to a whole number, which is then in its lowest bits. The
    power of two is applied in halves, so that results below the smallest normal number come out too.
    """
    as_float, as_int = np.dtype(dtype).type, np.dtype(integer).type
    log2e, magic_bits = as_float(1 / math.log(2)), np.asarray(magic, dtype).view(integer)[()]
    lowest, magic, ln2_high, ln2_low, one = (as_float(v) for v in (lowest, magic, ln2_high, ln2_low, 1))
    bias, mantissa, halve = as_int(bias), as_int(mantissa), as_int(1)
    coefficients = tuple(as_float(1 / math.factorial(k)) for k in range(terms, 1, -1))

    # Contraction alone: reassociation would cancel the addition of `magic`.
    @njit(fastmath={'contract'})
    def exponential(x):
        x = lowest if x < lowest else x
        shifted = x * log2e + magic
        n = shifted - magic
        r = (x - n * ln2_high) - n * ln2_low
        series = coefficients[0]
        for coefficient in coefficients[1:]:
            series = series * r + coefficient
        series = series * r * r + r + one
        power = _bits_of_float(shifted) - magic_bits
        half = power >> halve
        return (series * _float_from_bits(as_int((half + bias) << mantissa))
                * _float_from_bits(as_int((power - half + bias) << mantissa)))
    return exponential


_exp32 = _exponential('float32', 'int32', -104, 1.5 * 2 ** 23, 127, 23,
                      0.693359375, -2.1219444005469057e-4, 7)
_exp64 = _exponential('float64', 'int64', -746, 1.5 * 2 ** 52, 1023, 52,
                      6.93147180369123816490e-01, 1.90821492927058770002e-10, 13)


def exp_of_negative(x):
    """Compute ``exp(x)`` of a float not above zero, or NaN; within two units in the last place."""
    raise NotImplementedError('for compiled code alone')


@overload(exp_of_negative)
def _exp_of_negative(x):
    exponential = {types.float32: _exp32, types.float64: _exp64}[x]
    return lambda x: exponential(x)
