"""Creation, conversion, elementwise functions, reductions and shapes."""
import numpy as np
from pytensor.gradient import DisconnectedType
from pytensor.link.c.params_type import ParamsType
from pytensor.printing import min_informative_str, pprint
from pytensor.scalar import int32
from pytensor.tensor import (
    add, allclose, alloc, and_, arange, arccos, arccosh, arcsin, arcsinh, arctan, arctan2, arctanh,
    bitwise_and, bitwise_not, bitwise_or, bitwise_xor, cast, ceil, ceil_intdiv, clip, complex,
    concatenate, cos, cosh, cov, deg2rad, diagonal, divmod, eq, erf, erfc, erfcinv,
    erfcx, erfinv, exp, exp2, expm1, eye, fill, flatnonzero, floor, floor_div, gamma, gammainc, gammaincc,
    gammal, gammaln, gammau, ge, gt, horizontal_stack, i0, i1, identity_like, imag, int_div,
    inverse_permutation, invert, iround, isclose, isinf, isnan, iv, j0, j1, join, jv, largest, le, log,
    log10, log1p, log2, lt, maximum, minimum, mod, mul, neg, neq, nonzero, nonzero_values, ones,
    ones_like, or_, outer, pow, power, psi, rad2deg, real, roll, round, round_half_away_from_zero,
    round_half_to_even, scalar_from_tensor, second, shape, shape_padaxis, shape_padleft,
    shape_padright, sin, sinh, smallest, sqr, sqrt, square, stacklists, sub, swapaxes, switch, tan, tanh,
    tensor_copy, tensor_from_scalar, tensordot, transfer, transpose, tri, tri_gamma, tril, true_div,
    trunc, vertical_stack, xor, zeros, zeros_like)
from pytensor.tensor import abs as abs_
from pytensor.tensor import reciprocal as inv
from pytensor.tensor import sign as sgn
from pytensor.tensor.basic import (
    Alloc, AllocEmpty, ARange, Choose, Eye, ScalarFromTensor, TensorFromScalar,
    mgrid, ogrid, register_transfer)
from pytensor.tensor.exceptions import NotScalarConstantError, ShapeError
from pytensor.tensor.math import Argmax, Dot, isinf_, isnan_
from pytensor.tensor.shape import Reshape, Shape
from pytensor.tensor.type import (
    all_dtypes, complex_dtypes, continuous_dtypes, discrete_dtypes, float_dtypes, int_dtypes,
    integer_dtypes, uint_dtypes, values_eq_approx_always_true)

from theano import compile, config, gof, printing
from theano import scalar as scal
from theano.gof import Apply, Constant, Generic, MethodNotDefined, Op, Type, Variable
from theano.gradient import grad_not_implemented, grad_undefined
from theano.tensor import elemwise
from theano.tensor.elemwise import CAReduce, DimShuffle, Elemwise, Sum
from theano.tensor.type_other import NoneConst
from theano.tensor.var import TensorConstant, TensorConstantSignature, _tensor_py_operators

from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.border import (
    _convert_to_bool, _convert_to_complex64, _convert_to_complex128, _convert_to_float16, _convert_to_float32,
    _convert_to_float64, _convert_to_int8, _convert_to_int16, _convert_to_int32, _convert_to_int64,
    _convert_to_uint8, _convert_to_uint16, _convert_to_uint32, _convert_to_uint64)
from lasagne_ext.engine.pytensor.tensor.broadcast import (
    Rebroadcast, addbroadcast, batched_dot, batched_tensordot, patternbroadcast, unbroadcast)
from lasagne_ext.engine.pytensor.tensor.conversion import (
    AsTensorError, EmptyConstantError, as_tensor_variable, check_and_normalize_axes, check_equal_numpy,
    constant, extract_constant, get_scalar_constant_value, get_vector_length, numpy_scalar)
from lasagne_ext.engine.pytensor.tensor.arithmetic import (
    angle, chi2sf, complex_from_polar, conj, div_proxy, makeKeepDims, mod_check)
from lasagne_ext.engine.pytensor.tensor.shapes import (
    choose, diag, dot, flatten, is_flat, permute_row_elements, reshape, split, stack, tile, triu)
from lasagne_ext.engine.pytensor.tensor.reductions import (
    all, any, argmax, argmin, max, max_and_argmax, mean, min, prod, ptp, std, sum, var)
from lasagne_ext.engine.pytensor.tensor.creation import named_types, tensor
from lasagne_ext.engine.pytensor.tensor.variables import TensorType, TensorVariable

globals().update(named_types())

as_tensor = as_tensor_variable
Tensor = TensorType
join_ = join
where = switch
int32_t = int32
numpy_diagonal_return_view = True

#: Tolerances of ``allclose`` for values in tests.
float16_atol = float16_rtol = 1e-3
float32_atol = float32_rtol = 1e-5
float64_atol, float64_rtol = 1e-8, 1.0000000000000001e-05

#: Names that Theano has here -> what to use instead.
REFUSED = {
    'AllocDiag': 'use theano.tensor.diag', 'ExtractDiag': 'use theano.tensor.diagonal',
    'Default': 'use Python\'s if', 'default': 'use Python\'s if', 'setdefault': 'use Python\'s if',
    'MaxAndArgmax': 'use theano.tensor.max_and_argmax', 'hashtype': 'use hash(type(x))',
    'alloc_validate_shape': 'theano.tensor.alloc validates its shape',
    'constant_cache': 'constants are not cached', 'constructor': 'it only listed functions for documents',
    'get_scalar_constant_value_elemwises': 'use theano.tensor.get_scalar_constant_value',
    'Nonzero': 'use theano.tensor.nonzero', 'PermuteRowElements': 'use theano.tensor.permute_row_elements',
    **dict.fromkeys(['Flatten', 'Join', 'Mean', 'Split', 'Tile', 'Tri'],
                    'use the function of that name in lower case'),
    **dict.fromkeys(['Iterable', 'absolute_import', 'builtins', 'dedent', 'division', 'integer_types', 'izip',
                     'key_to_cmp', 'logging', 'numbers', 'partial', 'print_function', 'python_all',
                     'python_any', 'python_complex', 'sys', 'warnings', 'xrange'],
                    'import it from where Python has it')}

__getattr__ = refuse(__name__, REFUSED)
