"""Elementwise functions: their dtypes, their values, and what they make of Python numbers."""
import hypothesis
import numpy as np
import pytest
from hypothesis import strategies

import theano
import theano.tensor as T

pytestmark = pytest.mark.usefixtures('fast_compile')

DTYPES = ['bool', 'int8', 'uint8', 'int16', 'int32', 'int64', 'float16', 'float32', 'float64']

#: dtype of the argument -> of functions that leave the whole numbers.
FLOAT_OF = {'bool': 'float32', 'int8': 'float32', 'uint8': 'float32', 'int16': 'float32', 'int32': 'float64',
            'int64': 'float64', 'float16': 'float16', 'float32': 'float32', 'float64': 'float64'}

FUNCTIONS = {'exp': np.exp, 'log1p': np.log1p, 'sqrt': np.sqrt, 'sin': np.sin, 'tanh': np.tanh,
             'arctan': np.arctan, 'cosh': np.cosh, 'exp2': np.exp2, 'expm1': np.expm1}


def values(dtype):
    return np.array([0, 1, 1, 0] if dtype == 'bool' else [0, 1, 2, 3]).astype(dtype)


def evaluate(expression, **inputs):
    """Compute `expression` of variables made for arrays."""
    variables = {name: T.TensorType(value.dtype, (False,) * value.ndim)(name)
                 for name, value in inputs.items()}
    result = expression(**variables)
    function = theano.function(list(variables.values()), result)
    return result, function(**inputs)


@pytest.mark.parametrize('dtype', DTYPES)
@pytest.mark.parametrize('name', sorted(FUNCTIONS))
def test_functions_that_make_floats(name, dtype):
    result, value = evaluate(lambda x: getattr(T, name)(x), x=values(dtype))
    assert result.dtype == value.dtype == FLOAT_OF[dtype]
    np.testing.assert_allclose(value, FUNCTIONS[name](values(dtype).astype('float64')), rtol=2e-3)


@pytest.mark.parametrize('dtype', DTYPES[1:])
@pytest.mark.parametrize('name', ['sqr', 'neg', 'abs_', 'sgn'])
def test_functions_that_keep_the_dtype(name, dtype):
    oracle = {'sqr': np.square, 'neg': np.negative, 'abs_': np.abs, 'sgn': np.sign}[name]
    result, value = evaluate(lambda x: getattr(T, name)(x), x=values(dtype))
    assert result.dtype == value.dtype == dtype
    assert value.tolist() == oracle(values(dtype)).tolist()


@pytest.mark.parametrize('left, right, quotient, sum', [
    ('int8', 'int8', None, 'int8'), ('int8', 'uint8', None, 'int16'), ('int32', 'int64', None, 'int64'),
    ('bool', 'bool', None, 'bool'), ('int64', 'uint64', None, 'float64'),
    ('int8', 'float16', 'float16', 'float16'), ('int16', 'float32', 'float32', 'float32'),
    ('int32', 'float32', 'float64', 'float64'), ('float32', 'float64', 'float64', 'float64'),
    ('float16', 'float32', 'float32', 'float32'), ('bool', 'float32', 'float32', 'float32')])
def test_dtypes_of_arithmetic(left, right, quotient, sum):
    x, y = (T.TensorType(dtype, (False,))() for dtype in (left, right))
    assert (x + y).dtype == (y * x).dtype == T.maximum(x, y).dtype == sum
    assert (x / y).dtype == (quotient or theano.config.floatX)
    assert (x // y).dtype == (x % y).dtype == (x + y).dtype or sum == 'bool'


@pytest.mark.parametrize('number, dtype', [
    (1, 'float32'), (300, 'float32'), (1., 'float32'), (.5, 'float32'), (np.float32(.1), 'float32'),
    (np.float64(.1), 'float64'), (np.int64(1), 'float64'), (np.int8(1), 'float32'), (100000, 'float64')])
def test_numbers_beside_float32(number, dtype):
    x = T.fvector()
    with theano.configparser.change_flags(floatX='float32'):
        for result in (x + number, number * x, x - number, T.switch(x > 0, x, number)):
            assert result.dtype == dtype


@pytest.mark.parametrize('number, dtype', [(1, 'int8'), (127, 'int8'), (128, 'int16'), (-200, 'int16'),
                                           (70000, 'int32'), (2 ** 40, 'int64'), (2 ** 63, 'uint64')])
def test_whole_numbers_take_the_smallest_dtype(number, dtype):
    assert T.constant(number).dtype == T.as_tensor_variable(number).dtype == dtype
    assert int(T.as_tensor_variable(number).eval()) == number


def test_floats_take_floatx_and_arrays_keep_theirs():
    for floatX in ('float32', 'float64'):
        with theano.configparser.change_flags(floatX=floatX):
            assert T.constant(.1).dtype == floatX
    assert T.constant(np.float64(.5)).dtype == 'float64'
    assert T.constant([1, 2]).dtype == 'int64' and T.constant([1.]).dtype == 'float64'
    assert T.constant(np.ones(2, 'float16')).dtype == 'float16'


def test_division_of_whole_numbers():
    x, y = np.array([7, -7, 7, -7], 'int32'), np.array([2, 2, -2, -2], 'int32')
    assert evaluate(lambda x, y: x / y, x=x, y=y)[1].tolist() == [3.5, -3.5, -3.5, 3.5]
    assert evaluate(lambda x, y: x // y, x=x, y=y)[1].tolist() == [3, -4, -4, 3]
    assert evaluate(lambda x, y: x % y, x=x, y=y)[1].tolist() == [1, 1, -1, -1]
    quotient, rest = theano.function([], divmod(T.constant(x), T.constant(y)))()
    assert (quotient.tolist(), rest.tolist()) == ([3, -4, -4, 3], [1, 1, -1, -1])
    assert T.ceil_intdiv(T.constant(7), T.constant(2)).eval() == 4


@hypothesis.given(strategies.lists(strategies.tuples(strategies.integers(-99, 99), strategies.integers(1, 9)),
                                   min_size=1, max_size=5), strategies.sampled_from([-1, 1]))
@hypothesis.settings(max_examples=15)
def test_division_and_remainder_belong_together(pairs, sign):
    x, y = np.array(pairs, 'int64').T * np.array([[1], [sign]])
    with theano.configparser.change_flags(mode='FAST_COMPILE'):
        quotient = evaluate(lambda x, y: x // y, x=x, y=y)[1]
        rest = evaluate(lambda x, y: x % y, x=x, y=y)[1]
    assert (quotient * y + rest == x).all() and (quotient == np.floor_divide(x, y)).all()


def test_comparisons_are_bool_and_have_no_truth():
    x, y = T.fvector(), T.fvector()
    for result in (x < y, x <= y, x > y, x >= y, T.eq(x, y), T.neq(x, y), T.isnan(x), T.isinf(x)):
        assert result.dtype == 'bool'
    with pytest.raises(TypeError):
        bool(x < y)
    assert x and (x or None) is x
    assert (x == y) is False and (x == x) is True


def test_logic_of_bools_and_bits():
    b = np.array([True, False])
    assert evaluate(lambda b: ~b, b=b)[1].tolist() == [False, True]
    i = np.array([5, -1], 'int8')
    assert evaluate(lambda i: ~i, i=i)[1].tolist() == [-6, 0]
    assert evaluate(lambda i: i & 3, i=i)[1].tolist() == [1, 3]
    assert evaluate(lambda i: (i | 2) ^ 1, i=i)[1].tolist() == [6, -2]
    assert T.and_(T.bscalar(), T.bscalar()).dtype == 'int8'
    with pytest.raises(TypeError):
        T.fvector() & 1


@pytest.mark.parametrize('mode, expected', [(None, [0, 2, 2, -0, -2]), ('half_to_even', [0, 2, 2, -0, -2]),
                                            ('half_away_from_zero', [1, 2, 3, -1, -2])])
def test_rounding_of_halves(mode, expected):
    halves = np.array([.5, 1.5, 2.5, -.5, -1.5], 'float32')
    assert evaluate(lambda x: T.round(x, mode), x=halves)[1].tolist() == expected
    assert evaluate(lambda x: x.round(mode=mode), x=halves)[1].tolist() == expected
    result, value = evaluate(lambda x: T.iround(x, mode), x=halves)
    assert result.dtype == 'int64' and value.tolist() == expected
    with pytest.raises(Exception):
        T.round(T.fvector(), 'down')


@pytest.mark.parametrize('expression, expected', [
    (lambda x: T.clip(x, 0, 1), [0, .5, 1]), (lambda x: x.clip(-1, .25), [-1, .25, .25]),
    (lambda x: T.switch(x > 0, x, 0), [0, .5, 2]), (lambda x: T.where(x > 0, 1, x), [-2, 1, 1]),
    (lambda x: T.inv(x), [-.5, 2, .5]), (lambda x: abs(x) ** 2, [4, .25, 4]),
    (lambda x: T.fill(x, 3), [3, 3, 3]),
    (lambda x: T.minimum(x, 0), [-2, 0, 0]), (lambda x: T.eq(x, 2) * 1., [0, 0, 1]),
    (lambda x: T.square(x), [4, .25, 4]), (lambda x: T.second(x, x + 1), [-1, 1.5, 3]),
    (lambda x: x.zeros_like(), [0, 0, 0]), (lambda x: T.ones_like(x, 'int8'), [1, 1, 1]),
    (lambda x: T.largest(x, -x), [2, .5, 2]), (lambda x: T.smallest(x, 0 * x), [-2, 0, 0]),
    (lambda x: T.xlogx.xlogx(T.maximum(x, 0)), [0, .5 * np.log(.5), 2 * np.log(2)])])
def test_values(expression, expected):
    value = evaluate(lambda x: expression(x), x=np.array([-2, .5, 2], 'float32'))[1]
    np.testing.assert_allclose(value, expected, rtol=1e-6)


def test_whole_part_of_a_quotient_by_one():
    x = np.array([.25, 1.75, -.5])
    variable = T.dvector()
    function = theano.function([variable], variable // np.float64(2) * 0 + T.floor(variable / 1))
    assert function(x).tolist() == [0, 1, -1]


def test_casts():
    x = np.array([1.75, -1.25, 300.5], 'float32')
    assert evaluate(lambda x: T.cast(x, 'int16'), x=x)[1].tolist() == [1, -1, 300]
    assert evaluate(lambda x: x.astype('bool'), x=x)[1].tolist() == [True, True, True]
    assert T.cast(T.fvector(), 'floatX').dtype == theano.config.floatX
    y = T.fvector()
    assert T.cast(y, 'float32') is y
    with pytest.raises(TypeError):
        T.cast(T.zvector(), 'float32')
    with pytest.raises(Exception):
        T.cast(y, 'no such dtype')


def test_complex_numbers():
    z = np.array([3 + 4j, -1j])
    assert evaluate(lambda z: abs(z), z=z)[1].tolist() == [5, 1]
    assert evaluate(lambda z: z.real, z=z)[1].tolist() == [3, 0]
    assert evaluate(lambda z: z.imag, z=z)[1].tolist() == [4, -1]
    assert evaluate(lambda z: z.conj(), z=z)[1].tolist() == [3 - 4j, 1j]
    assert T.angle(T.cvector()).dtype == 'float64'
    with pytest.raises(NotImplementedError):
        T.zvector() % 2


@pytest.mark.parametrize('wrong', [True, None, 'text', object(), [1, 'a'], {}, slice(1)],
                         ids=lambda value: type(value).__name__)
def test_what_is_no_tensor(wrong):
    with pytest.raises(T.AsTensorError):
        T.as_tensor_variable(wrong)
    with pytest.raises(TypeError):
        T.exp(wrong)
    with pytest.raises(TypeError):
        T.fvector() + wrong


def test_objects_that_say_how_to_convert_them():
    class Wrapper:
        def __init__(self):
            self.variable = T.fvector()

        def _as_TensorVariable(self):
            return self.variable

    wrapper = Wrapper()
    assert T.as_tensor_variable(wrapper) is wrapper.variable
    assert T.exp(wrapper).owner.inputs[0] is wrapper.variable


class Cube(theano.scalar.basic.UnaryScalarOp):
    """A user's own operation on scalars."""

    def impl(self, x):
        return x ** 3

    def grad(self, inputs, gradients):
        return [gradients[0] * 3 * inputs[0] ** 2]


def test_a_users_own_scalar_operation():
    cube = T.elemwise.Elemwise(Cube(theano.scalar.basic.upgrade_to_float, name='cube'))
    x = T.dvector('x')
    function = theano.function([x], [cube(x), theano.grad(cube(x).sum(), x)])
    value, gradient = function([1, 2, 3])
    assert (value.tolist(), gradient.tolist()) == ([1, 8, 27], [3, 12, 27])
    assert cube(T.ivector()).dtype == 'float64'
