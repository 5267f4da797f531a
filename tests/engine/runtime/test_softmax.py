"""The softmax family's Ops on both engines: numbers, derivatives of any order, what is refused."""
import numpy as np
import pytest
import theano
import theano.tensor as T

from lasagne_ext.engine.runtime.softmax import (
    crossentropy_categorical_1hot, crossentropy_softmax_1hot_with_bias_dx, logsoftmax_op,
    softmax_crossentropy, softmax_grad, softmax_op)

pytestmark = pytest.mark.usefixtures('nothing_compiled')


def numpy_softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@pytest.fixture
def labels(rng):
    return rng.randint(0, 7, 5)


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
def test_value(rng, dtype, labels, assert_close):
    x, y = T.matrix(dtype=dtype), T.lvector()
    value = (300 * rng.randn(5, 7)).astype(dtype)
    run = theano.function([x, y], [softmax_op(x), logsoftmax_op(x), *softmax_crossentropy(x, y)])
    softmax, logsoftmax, nll, same_softmax = run(value, labels)
    assert_close(softmax, numpy_softmax(value.astype('float64')))
    np.testing.assert_array_equal(softmax, same_softmax)
    assert np.isfinite(logsoftmax).all()
    np.testing.assert_allclose(nll, -logsoftmax[np.arange(5), labels], rtol=1e-6)


@pytest.mark.parametrize('function', [
    softmax_op, logsoftmax_op, lambda x: softmax_op(x) ** 2,
    lambda x: crossentropy_categorical_1hot(softmax_op(x), np.array([0, 2, 6, 1, 1])),
    lambda x: softmax_crossentropy(x, np.array([0, 2, 6, 1, 1]))[0],
    lambda x: softmax_crossentropy(x, np.array([0, 2, 6, 1, 1]))[1]])
def test_gradient(rng, function):
    theano.gradient.verify_grad(function, [rng.randn(5, 7)], rng=rng)


@pytest.mark.parametrize('op', [softmax_grad, lambda g, sm: crossentropy_softmax_1hot_with_bias_dx(
    g[:, 0], sm, np.array([0, 2, 6, 1, 1]))])
def test_second_derivative(rng, op):
    theano.gradient.verify_grad(op, [rng.randn(5, 7), rng.rand(5, 7)], rng=rng)


@pytest.mark.parametrize('op', [softmax_op, logsoftmax_op])
def test_directional_derivative(rng, op):
    x, change = T.dmatrix(), T.dmatrix()
    values = rng.randn(5, 7), rng.randn(5, 7)
    forward = theano.function([x, change], theano.Rop(op(x), x, change))(*values)
    run, step = theano.function([x], op(x)), 1e-6
    difference = (run(values[0] + step * values[1]) - run(values[0] - step * values[1])) / (2 * step)
    np.testing.assert_allclose(forward, difference, rtol=1e-6, atol=1e-8)


def test_a_vector_is_one_row_with_a_warning_at_the_caller():
    with pytest.warns(UserWarning, match='gives a matrix of one row') as caught:
        y = softmax_op(T.dvector())
    assert y.ndim == 2 and y.broadcastable[0]
    assert caught[0].filename == __file__


def test_bad_labels_are_refused_when_run(rng):
    x, y = T.dmatrix(), T.lvector()
    run = theano.function([x, y], softmax_crossentropy(x, y))
    with pytest.raises(ValueError, match='out of bounds'):
        run(rng.randn(2, 3), [0, 3])
    with pytest.raises(ValueError, match='number of rows'):
        run(rng.randn(2, 3), [0])


@pytest.mark.parametrize('arguments', [(T.dmatrix(), T.dvector()), (T.dtensor3(), T.lvector())], ids=str)
def test_bad_types_are_refused(arguments):
    with pytest.raises(ValueError):
        softmax_crossentropy(*arguments)
