"""Reductions: axes, dtypes and accumulators."""
import itertools

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies

import theano
import theano.tensor as T

pytestmark = pytest.mark.usefixtures('fast_compile')

DTYPES = ['bool', 'int8', 'uint8', 'int16', 'int32', 'int64', 'float16', 'float32', 'float64']
ORACLES = {'sum': np.sum, 'prod': np.prod, 'mean': np.mean, 'max': np.max, 'min': np.min, 'argmax': np.argmax,
           'argmin': np.argmin, 'all': np.all, 'any': np.any, 'var': np.var, 'std': np.std, 'ptp': np.ptp}
WITH_SEVERAL_AXES = sorted(set(ORACLES) - {'argmax', 'argmin', 'ptp'})


def compute(expression, *arrays):
    variables = [T.TensorType(array.dtype, (False,) * array.ndim)() for array in arrays]
    result = expression(*variables)
    return result, theano.function(variables, result)(*arrays)


def numbers(*shape):
    return ((np.arange(np.prod(shape)) * 7) % 11 - 4.).reshape(shape)


@pytest.mark.parametrize('name', sorted(ORACLES))
@pytest.mark.parametrize('axis', [None, 0, 1, -1])
def test_against_numpy(name, axis):
    x = numbers(3, 4)
    for reduce in (lambda v: getattr(T, name)(v, axis=axis), lambda v: getattr(v, name)(axis=axis)):
        np.testing.assert_allclose(compute(reduce, x)[1], ORACLES[name](x, axis=axis), rtol=1e-12)


@pytest.mark.parametrize('name', WITH_SEVERAL_AXES)
@hypothesis.given(strategies.data())
@hypothesis.settings(max_examples=8)
def test_several_axes(name, data):
    x = numbers(2, 3, 1, 2)
    axes = data.draw(strategies.sampled_from([axes for count in range(1, 5)
                                              for axes in itertools.combinations(range(4), count)]))
    given_axes = [axis - data.draw(strategies.sampled_from([0, 4])) for axis in axes]
    with theano.configparser.change_flags(mode='FAST_COMPILE'):
        result, value = compute(lambda v: getattr(T, name)(v, given_axes, keepdims=True), x)
        np.testing.assert_allclose(value, ORACLES[name](x, axis=axes, keepdims=True), rtol=1e-12)
        assert [result.broadcastable[axis] for axis in axes] == [True] * len(axes)
        np.testing.assert_allclose(compute(lambda v: getattr(T, name)(v, given_axes), x)[1],
                                   ORACLES[name](x, axis=axes), rtol=1e-12)


@pytest.mark.parametrize('axis', [np.int64(1), np.array(1), (1,), [-1], np.array([1])], ids=str)
def test_ways_to_name_an_axis(axis):
    assert compute(lambda v: T.sum(v, axis), numbers(3, 4))[1].shape == (3,)
    assert compute(lambda v: T.max(v, axis), numbers(3, 4))[1].shape == (3,)


def test_constant_axes():
    x = numbers(3, 4)
    assert compute(lambda v: T.max(v, T.constant(0)), x)[1].tolist() == x.max(0).tolist()
    assert compute(lambda v: T.argmax(v, T.constant([0, 1])), x)[1] == x.argmax()


def test_no_axes():
    x = numbers(3, 4)
    for name in ('sum', 'prod', 'mean'):
        assert compute(lambda v: getattr(T, name)(v, axis=[]), x)[1].tolist() == x.tolist()
    for name in ('max', 'min', 'argmax', 'argmin'):
        assert compute(lambda v: getattr(T, name)(v, axis=[]), x)[1] == ORACLES[name](x)
    assert T.mean(T.imatrix(), axis=[]).dtype == 'float64'


@pytest.mark.parametrize('name', ['sum', 'prod', 'mean', 'var', 'max', 'argmax', 'all'])
def test_axes_that_are_not_there(name):
    for ndim, axis in [(2, 2), (2, -3), (0, 0), (2, (0, 5))]:
        with pytest.raises(ValueError):
            getattr(T, name)(T.TensorType('float32', (False,) * ndim)(), axis=axis)
    for axis in (T.iscalar(), .5):
        with pytest.raises((TypeError, ValueError)):
            getattr(T, name)(T.fmatrix(), axis=axis)


@pytest.mark.parametrize('dtype', DTYPES)
def test_dtypes(dtype):
    x = T.TensorType(dtype, (False, False))()
    wide = {'b': 'int64', 'i': 'int64', 'u': 'uint64', 'f': dtype}[np.dtype(dtype).kind]
    assert x.sum().dtype == x.prod(axis=0).dtype == wide
    mean = dtype if dtype.startswith('float') else 'float64'
    assert x.mean().dtype == x.std(axis=1).dtype == mean
    assert x.max().dtype == x.min(axis=0).dtype == dtype
    assert x.argmax().dtype == T.argmin(x, axis=0).dtype == 'int64'
    assert x.all().dtype == x.any().dtype == 'bool'


def test_whole_numbers_are_summed_in_64_bits():
    assert compute(lambda v: v.sum(), np.full(1000, 100, 'int8'))[1] == 100000
    assert compute(lambda v: v.mean(), np.full(1000, 100, 'uint8'))[1] == 100
    assert compute(lambda v: v.sum(), np.full(300, True))[1] == 300


def test_dtypes_asked_for():
    x = T.fmatrix()
    assert x.sum(dtype='float64').dtype == 'float64' and T.sum(x, 0, 'float64').dtype == 'float64'
    assert x.mean(0, 'float64', True).broadcastable == (True, False)
    assert x.sum(acc_dtype='float64').dtype == 'float32'
    assert T.imatrix().mean(dtype='float32').dtype == 'float32'
    assert T.sum(x, dtype='floatX').dtype == theano.config.floatX


def test_mean_in_float64():
    x = np.full((3, 2), .1, 'float32')
    result, value = compute(lambda v: T.mean(v, op=True), x)
    assert result.dtype == 'float64' and value == x.astype('float64').mean()
    assert T.mean(T.fmatrix(), 0, None, False, True).broadcastable == (True, False)


def test_small_floats_do_not_overflow_on_the_way():
    assert compute(lambda v: v.mean(), np.full(100, 60000, 'float16'))[1] == 60000


@pytest.mark.parametrize('ddof', [0, 1, 2])
def test_degrees_of_freedom(ddof):
    x = numbers(5, 4)
    for corrected in (False, True):
        variance = compute(lambda v: T.var(v, 0, ddof, corrected=corrected), x)[1]
        np.testing.assert_allclose(variance, x.var(0, ddof=ddof), rtol=1e-12)
        deviation = compute(lambda v: v.std(1, ddof, True, corrected), x)[1]
        np.testing.assert_allclose(deviation, x.std(1, ddof=ddof, keepdims=True), rtol=1e-12)


def test_degrees_of_freedom_are_taken_from_every_axis():
    x = numbers(5, 4)
    np.testing.assert_allclose(compute(lambda v: T.var(v, ddof=1), x)[1], x.var() * 20 / (4 * 3))
    assert T.fmatrix().var(ddof=1).dtype == 'float64'
    with pytest.raises(ValueError):
        T.var(T.fmatrix(), 0, True)


def test_nan_wins():
    x = np.array([[1, np.nan], [3, 2]], 'float32')
    for name in ('max', 'min', 'sum', 'mean'):
        value = compute(lambda v: getattr(v, name)(axis=1), x)[1]
        assert np.isnan(value[0]) and not np.isnan(value[1])


def test_empty_tensors():
    x = np.ones((3, 0), 'float32')
    assert compute(lambda v: v.sum(), x)[1] == 0
    assert compute(lambda v: v.prod(1), x)[1].tolist() == [1, 1, 1]
    assert compute(lambda v: v.all(), x)[1] and not compute(lambda v: v.any(), x)[1]
    with pytest.raises(ValueError):
        compute(lambda v: v.max(), x)


def test_maximum_and_where_it_is():
    x = numbers(3, 4)
    largest, where = T.max_and_argmax(T.constant(x), axis=0, keepdims=True)
    assert largest.eval().tolist() == x.max(0, keepdims=True).tolist()
    assert where.eval().tolist() == x.argmax(0)[None].tolist()
    assert compute(lambda v: T.argmax(v, axis=(0, 1)), x)[1] == x.argmax()
    first = compute(lambda v: (v.argmax(), v.argmin())[0], np.array([1, 3, 3, 1]))[1]
    assert first == 1


@pytest.mark.parametrize('order', [1, 2, 3.])
def test_norms(order):
    x = numbers(3, 4)
    for axis in (None, 0, -1):
        expected = (np.abs(x) ** order).sum(axis) ** (1 / order)
        np.testing.assert_allclose(compute(lambda v: v.norm(order, axis), x)[1], expected, rtol=1e-6)
    assert compute(lambda v: v.norm(2, 1, keepdims=True), x)[1].shape == (3, 1)
    with pytest.raises(NotImplementedError):
        T.fmatrix().norm(np.inf)


def test_cumulative():
    x = numbers(3, 4)
    for axis in (None, 0, -1):
        assert compute(lambda v: T.cumsum(v, axis), x)[1].tolist() == x.cumsum(axis).tolist()
        assert compute(lambda v: v.cumprod(axis=axis), x)[1].tolist() == x.cumprod(axis).tolist()


def test_reductions_of_a_users_choice():
    total = T.elemwise.CAReduce(theano.scalar.add, axis=1)
    assert compute(total, numbers(3, 4))[1].tolist() == numbers(3, 4).sum(1).tolist()
    assert T.elemwise.Sum(axis=[0])(T.bmatrix()).dtype == 'int64'


@pytest.mark.parametrize('expression', [
    lambda v: v.prod(0).sum(), lambda v: v.max(1).sum(), lambda v: (v.mean(0) ** 2).sum(),
    lambda v: v.var(axis=1, ddof=1).sum(), lambda v: v.std(), lambda v: v.norm(3, axis=0).sum(),
    lambda v: T.cumsum(v, 0).prod(), lambda v: T.ptp(v, 1).sum(), lambda v: v.min()])
def test_gradients(expression):
    x = numbers(3, 4) + np.linspace(0, .3, 12).reshape(3, 4)
    with theano.configparser.change_flags(floatX='float64'):
        T.verify_grad(expression, [x], rng=np.random.RandomState(1), mode='FAST_COMPILE')
