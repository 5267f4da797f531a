"""Elementwise activation functions: values, types, derivatives, the ends of the number line."""
import numpy as np
import pytest
import theano
import theano.tensor as T
from theano.tensor import nnet

GRID = np.array([-1000, -30.5, -6.01, -3.41, -2.5, -1, -.25, 0, .25, 1, 2.5, 3.39, 5.99, 30.5, 1000])


def _elu(x, alpha=1):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def _ultra_fast(x):
    half = np.abs(x) / 2
    tanh = np.where(half < 1.7, 1.5 * half / (1 + half), np.where(
        half < 3, .935409070603099 + .0458812946797165 * (half - 1.7), .99505475368673))
    return (np.where(x >= 0, tanh, -tanh) + 1) / 2


FUNCTIONS = {
    'relu': (nnet.relu, lambda x: np.maximum(x, 0)),
    'leaky': (lambda x: nnet.relu(x, .25), lambda x: np.where(x > 0, x, .25 * x)),
    'elu': (nnet.elu, _elu),
    'elu, alpha': (lambda x: nnet.elu(x, .5), lambda x: _elu(x, .5)),
    'selu': (nnet.selu, lambda x: 1.0507009873554804934 * _elu(x, 1.6732632423543772848)),
    'softplus': (nnet.softplus, lambda x: np.logaddexp(0, x)),
    'sigmoid': (nnet.sigmoid, lambda x: np.exp(-np.logaddexp(0, -x))),
    'softsign': (nnet.softsign, lambda x: x / (1 + np.abs(x))),
    'hard_sigmoid': (nnet.hard_sigmoid, lambda x: np.clip(.2 * x + .5, 0, 1)),
    'ultra_fast_sigmoid': (nnet.ultra_fast_sigmoid, _ultra_fast),
}


@pytest.mark.usefixtures('fast_compile')
@pytest.mark.parametrize('dtype', ['float32', 'float64'])
@pytest.mark.parametrize('name', sorted(FUNCTIONS))
def test_value(name, dtype, assert_close):
    function, oracle = FUNCTIONS[name]
    x = T.TensorType(dtype, (False,))('x')
    with theano.configparser.change_flags(floatX=dtype):
        y = function(x)
    assert y.dtype == dtype
    assert_close(y.eval({x: GRID.astype(dtype)}), oracle(GRID))


def test_value_compiled(assert_close):
    x = T.fvector('x')
    names = sorted(FUNCTIONS)
    with theano.configparser.change_flags(floatX='float32'):
        run = theano.function([x], [FUNCTIONS[name][0](x) for name in names])
    for name, value in zip(names, run(GRID.astype('float32'))):
        assert value.dtype == 'float32'
        assert_close(value, FUNCTIONS[name][1](GRID))


@pytest.mark.usefixtures('fast_compile')
@pytest.mark.parametrize('name', sorted(set(FUNCTIONS) - {'ultra_fast_sigmoid'}))
def test_gradient(name, rng):
    off_kinks = [-6.3, -2.4, -1.1, -.3, .3, 1.2, 2.3, 5.7]
    theano.gradient.verify_grad(FUNCTIONS[name][0], [np.array(off_kinks)], rng=rng)


@pytest.mark.usefixtures('fast_compile')
@pytest.mark.parametrize('function, dtype, expected', [
    (nnet.sigmoid, 'int8', 'float32'), (nnet.sigmoid, 'int32', 'float64'),
    (nnet.softplus, 'uint8', 'float32'), (nnet.softplus, 'int64', 'float64'),
    (nnet.softsign, 'int8', 'float32'), (nnet.softsign, 'int32', 'float64'),
    (nnet.hard_sigmoid, 'int8', 'float32'), (nnet.hard_sigmoid, 'int64', 'float64'),
    (nnet.ultra_fast_sigmoid, 'int16', 'float32'), (nnet.relu, 'int8', 'float32'),
    (nnet.relu, 'int64', 'float64')], ids=lambda value: getattr(value, '__name__', value))
def test_whole_numbers_become_floats(function, dtype, expected):
    x = T.TensorType(dtype, (False,))('x')
    with theano.configparser.change_flags(floatX='float32'):
        y = function(x)
    assert y.dtype == expected
    assert y.eval({x: np.array([0, 1, 2], dtype)}).dtype == expected


@pytest.mark.usefixtures('fast_compile')
def test_relu_slopes():
    x = T.vector('x')
    gradient = T.grad(nnet.relu(x).sum(), x)
    assert gradient.eval({x: np.array([-2, 0, 3.], theano.config.floatX)}).tolist() == [0, .5, 1]


@pytest.mark.usefixtures('fast_compile')
def test_relu_learns_its_slope(assert_close):
    slope = theano.shared(np.array([[.25], [.5]], 'float32'), broadcastable=(False, True))
    x = T.fmatrix('x')
    y = nnet.relu(x, slope)
    assert y.dtype == 'float32'
    value = np.array([[-2, 1, -4], [-2, 3, 0]], 'float32')
    assert y.eval({x: value}).tolist() == [[-.5, 1, -1], [-1, 3, 0]]
    assert T.grad(y.sum(), slope).eval({x: value}).tolist() == [[-6], [-2]]


@pytest.mark.usefixtures('fast_compile')
def test_softsign_keeps_its_digits_far_out():
    x = T.fvector('x')
    gradient = T.grad(nnet.softsign(x).sum(), x)
    far = np.array([-1e6, 1e4, 1e6], 'float32')
    expected = 1 / (1 + np.abs(far.astype('float64'))) ** 2
    np.testing.assert_allclose(gradient.eval({x: far}), expected, rtol=1e-5)


def test_logarithms_of_sigmoids_do_not_overflow():
    x = T.fvector('x')
    outputs = [T.log(nnet.sigmoid(x)), T.log(1 - nnet.sigmoid(x)), T.log1p(T.exp(x))]
    gradients = [T.grad(y.sum(), x) for y in outputs]
    values = theano.function([x], outputs + gradients)(np.array([-1000, 1000], 'float32'))
    assert [value.tolist() for value in values] == [
        [-1000, 0], [0, -1000], [0, 1000], [1, 0], [0, -1], [0, 1]]
    assert all(value.dtype == 'float32' for value in values)


@pytest.mark.usefixtures('fast_compile')
def test_not_a_number_and_infinity():
    x = T.dvector('x')
    odd = np.array([np.nan, np.inf, -np.inf])
    expected = {nnet.sigmoid: [np.nan, 1, 0], nnet.softplus: [np.nan, np.inf, 0],
                nnet.elu: [np.nan, np.inf, -1], nnet.hard_sigmoid: [np.nan, 1, 0]}
    for function, values in expected.items():
        np.testing.assert_array_equal(function(x).eval({x: odd}), values)
