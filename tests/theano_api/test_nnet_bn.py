"""Batch normalization: with the batch's statistics, with given ones, and its running averages."""
import numpy as np
import pytest
import theano
import theano.tensor as T
from theano.tensor.nnet import batch_normalization, bn

LAYOUTS = ['per-activation', 'spatial', (0,), (0, 2), (1, 3)]


@pytest.fixture(autouse=True)
def double():
    """Epsilon is rounded to floatX."""
    with theano.configparser.change_flags(floatX='float64'):
        yield


def _axes(axes, ndim=4):
    return {'per-activation': (0,), 'spatial': (0,) + tuple(range(2, ndim))}.get(axes, axes)


def _parameters(rng, shape, axes, count, full, dtype='float64'):
    size = [1 if i in axes else n for i, n in enumerate(shape)]
    if not full:
        size = [n for i, n in enumerate(shape) if i not in axes]
    return [rng.uniform(.5, 1.5, size).astype(dtype) for _ in range(count)]


def _variables(values):
    return [T.TensorType(value.dtype, (False,) * value.ndim)() for value in values]


def _spread(parameters, axes):
    return [p if p.ndim == 4 else np.expand_dims(p, axes) for p in parameters]


@pytest.mark.usefixtures('fast_compile')
@pytest.mark.parametrize('full', [True, False], ids=['full', 'reduced'])
@pytest.mark.parametrize('layout', LAYOUTS, ids=str)
def test_train(layout, full, rng, assert_close):
    axes, shape = _axes(layout), (3, 4, 2, 5)
    values = [rng.randn(*shape)] + _parameters(rng, shape, axes, 4, full)
    x, gamma, beta, mean, var = variables = _variables(values)
    outputs = bn.batch_normalization_train(x, gamma, beta, layout, epsilon=1e-3, running_average_factor=.3,
                                           running_mean=mean, running_var=var)
    assert len(outputs) == 5
    results = theano.function(variables, outputs)(*values)
    gamma, beta, mean, var = _spread(values[1:], axes)
    batch_mean, batch_var = values[0].mean(axes, keepdims=True), values[0].var(axes, keepdims=True)
    invstd = 1 / np.sqrt(batch_var + 1e-3)
    count = values[0].size / batch_mean.size
    expected = [(values[0] - batch_mean) * gamma * invstd + beta, batch_mean, invstd,
                .7 * mean + .3 * batch_mean, .7 * var + .3 * batch_var * count / (count - 1)]
    for i, (result, right) in enumerate(zip(results, expected)):
        assert_close(result, right if i == 0 or full else right.squeeze(axes))


@pytest.mark.usefixtures('fast_compile')
@pytest.mark.parametrize('full', [True, False], ids=['full', 'reduced'])
@pytest.mark.parametrize('layout', LAYOUTS, ids=str)
def test_given_statistics(layout, full, rng, assert_close):
    axes, shape = _axes(layout), (3, 4, 2, 5)
    values = [rng.randn(*shape)] + _parameters(rng, shape, axes, 4, full)
    variables = _variables(values)
    result = theano.function(variables, bn.batch_normalization_test(*variables, axes=layout))(*values)
    gamma, beta, mean, var = _spread(values[1:], axes)
    assert_close(result, (values[0] - mean) * gamma / np.sqrt(var + 1e-4) + beta)


@pytest.mark.usefixtures('fast_compile')
@pytest.mark.parametrize('mode', ['low_mem', 'high_mem'])
def test_elementwise(mode, rng, assert_close):
    values = [rng.randn(3, 4)] + [rng.uniform(.5, 1.5, (3, 4)) for _ in range(4)]
    variables = _variables(values)
    result = theano.function(variables, batch_normalization(*variables, mode=mode))(*values)
    x, gamma, beta, mean, std = values
    assert_close(result, (x - mean) * gamma / std + beta)


@pytest.mark.usefixtures('fast_compile')
@pytest.mark.parametrize('function', [
    lambda x, gamma, beta: bn.batch_normalization_train(x, gamma, beta, 'spatial')[0],
    lambda x, gamma, beta: bn.batch_normalization_test(x, gamma, beta, gamma, gamma ** 2, 'spatial'),
    lambda x, gamma, beta: batch_normalization(x, *[
        v.dimshuffle('x', 0, 'x', 'x') for v in (gamma, beta, beta, gamma)]),
    lambda x, gamma, beta: batch_normalization(x, *[
        v.dimshuffle('x', 0, 'x', 'x') for v in (gamma, beta, beta, gamma)], mode='high_mem')],
    ids=['train', 'test', 'low_mem', 'high_mem'])
def test_gradient(function, rng):
    point = [rng.randn(3, 2, 2, 2), rng.uniform(.5, 1.5, 2), rng.uniform(.5, 1.5, 2)]
    theano.gradient.verify_grad(lambda *args: function(*args) ** 2, point, rng=rng)


def test_running_averages_as_updates(rng):
    x = T.fmatrix('x')
    gamma, beta = (theano.shared(np.full(3, v, 'float32')) for v in (1, 0))
    mean, var = (theano.shared(np.full(3, v, 'float32')) for v in (0, 1))
    with theano.configparser.change_flags(floatX='float32'):
        out, _, _, new_mean, new_var = bn.batch_normalization_train(
            x, gamma, beta, running_mean=mean, running_var=var)
    assert [v.dtype for v in (out, new_mean, new_var)] == ['float32'] * 3
    train = theano.function([x], out, updates=[(mean, new_mean), (var, new_var)])
    batch = rng.randn(50, 3).astype('float32') * [1, 2, 3] + [1, 0, -1]
    for _ in range(100):
        train(batch.astype('float32'))
    np.testing.assert_allclose(mean.get_value(), batch.mean(0), rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(var.get_value(), batch.var(0, ddof=1), rtol=1e-3)


@pytest.mark.usefixtures('fast_compile')
def test_types_are_those_of_the_widest(rng):
    variables = T.ftensor4(), T.dvector(), T.fvector(), T.fvector(), T.fvector()
    assert bn.batch_normalization_test(*variables, axes='spatial').dtype == 'float64'
    single = T.ftensor4(), T.fvector(), T.fvector()
    assert {v.dtype for v in bn.batch_normalization_train(*single, axes='spatial')} == {'float32'}


@pytest.mark.parametrize('bad', [
    dict(axes='everything'), dict(axes=()), dict(axes=(0, 4)), dict(axes=(-1,)), dict(epsilon=1e-6),
    dict(running_mean=T.vector()), dict(running_mean=T.matrix(), running_var=T.matrix())], ids=str)
def test_what_is_refused(bad):
    with pytest.raises(ValueError):
        bn.batch_normalization_train(T.tensor4(), T.vector(), T.vector(), **dict(dict(axes='spatial'), **bad))


def test_ranks_that_do_not_fit_are_refused():
    with pytest.raises(ValueError):
        bn.batch_normalization_train(T.tensor4(), T.matrix(), T.matrix(), 'spatial')
    with pytest.raises(ValueError):
        bn.batch_normalization_test(T.tensor4(), T.vector(), T.vector(), T.vector(), T.matrix(), 'spatial')
    with pytest.raises(ValueError):
        batch_normalization(*[T.matrix() for _ in range(5)], mode='fast')


def test_epsilon_is_looked_at_in_floatX():
    with theano.configparser.change_flags(floatX='float64'):
        bn.batch_normalization_train(T.tensor4(), T.vector(), T.vector(), 'spatial', epsilon=1e-5)
    with theano.configparser.change_flags(floatX='float32'), pytest.raises(ValueError):
        bn.batch_normalization_train(T.tensor4(), T.vector(), T.vector(), 'spatial', epsilon=1e-5)
