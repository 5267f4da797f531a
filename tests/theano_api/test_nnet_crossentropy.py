"""Cross-entropies: values and gradients, however they are spelt, also where probabilities underflow."""
import numpy as np
import pytest
import theano
import theano.tensor as T
from theano.tensor import nnet

ROWS = np.array([[-1000, 0], [0, -1000], [3, 4]])
LABELS = np.array([0, 0, 1], 'int32')
LOSSES = [1000, 0, np.log1p(np.exp(-1))]
SLOPES = [[-1, 1], [0, 0], [1 / (1 + np.e), -1 / (1 + np.e)]]


def _one_hot(y):
    return T.eq(T.arange(2).dimshuffle('x', 0), y.dimshuffle(0, 'x')).astype('float32')


SPELLINGS = {
    'categorical': lambda x, y: nnet.categorical_crossentropy(nnet.softmax(x), y),
    'one hot': lambda x, y: nnet.categorical_crossentropy(nnet.softmax(x), _one_hot(y)),
    'log, chosen': lambda x, y: -T.log(nnet.softmax(x))[T.arange(y.shape[0]), y],
    'chosen, log': lambda x, y: -T.log(nnet.softmax(x)[T.arange(y.shape[0]), y]),
    'with bias': lambda x, y: nnet.categorical_crossentropy(
        nnet.softmax_with_bias(x, T.zeros(2, 'float32')), y),
    'bias added': lambda x, y: nnet.categorical_crossentropy(nnet.softmax(x + T.zeros(2, 'float32')), y),
    'softmax_1hot': lambda x, y: nnet.crossentropy_softmax_1hot(x, y)[0],
    'argmax_1hot': lambda x, y: nnet.crossentropy_softmax_argmax_1hot_with_bias(
        x, T.zeros(2, 'float32'), y)[0],
    'categorical_1hot': lambda x, y: nnet.crossentropy_categorical_1hot(nnet.softmax(x), y),
}


@pytest.mark.parametrize('dtype, mode', [('float32', 'FAST_COMPILE'), ('float64', 'FAST_COMPILE'),
                                         ('float32', 'FAST_RUN')])
def test_probabilities_that_underflow(dtype, mode):
    x, y = T.TensorType(dtype, (False, False))('x'), T.ivector('y')
    names = sorted(SPELLINGS)
    losses = [SPELLINGS[name](x, y) for name in names]
    slopes = [T.grad(loss.sum(), x) for loss in losses]
    values = theano.function([x, y], losses + slopes, mode=mode)(ROWS.astype(dtype), LABELS)
    for name, loss, slope in zip(names, values, values[len(names):]):
        np.testing.assert_allclose(loss, LOSSES, rtol=1e-6, atol=1e-7, err_msg=name)
        np.testing.assert_allclose(slope, SLOPES, rtol=1e-5, atol=1e-7, err_msg=name)
        assert loss.dtype == slope.dtype == dtype


def test_losses_that_are_averaged_and_weighted():
    x, y, w = T.fmatrix('x'), T.ivector('y'), T.fvector('w')
    loss = nnet.categorical_crossentropy(nnet.softmax(x), y)
    costs = [loss.mean(), (w * loss).sum() / w.sum(), 2 * loss[::2].sum(), (loss * loss).sum()]
    slopes = theano.function([x, y, w], [T.grad(cost, x) for cost in costs])(
        ROWS.astype('float32'), LABELS, np.array([1, 2, 1], 'float32'))
    np.testing.assert_allclose(slopes[0], np.array(SLOPES) / 3, rtol=1e-5)
    np.testing.assert_allclose(slopes[1], np.array(SLOPES) * [[1], [2], [1]] / 4, rtol=1e-5)
    np.testing.assert_allclose(slopes[2], np.array(SLOPES) * [[2], [0], [2]], rtol=1e-5)
    np.testing.assert_allclose(slopes[3], np.array(SLOPES) * np.array(LOSSES)[:, None] * 2, rtol=1e-5)


def test_predictions_beside_the_loss():
    x, y = T.fmatrix('x'), T.ivector('y')
    p = nnet.softmax(x)
    loss = nnet.categorical_crossentropy(p, y)
    outputs = [p, loss, T.eq(T.argmax(p, axis=1), y), T.grad(loss.sum(), x), T.grad(p[:, 0].sum(), x)]
    p, loss, right, slope, other = theano.function([x, y], outputs)(ROWS.astype('float32'), LABELS)
    np.testing.assert_allclose(p, [[0, 1], [1, 0], [1 / (1 + np.e), np.e / (1 + np.e)]], rtol=1e-5)
    np.testing.assert_allclose(loss, LOSSES, rtol=1e-6)
    assert right.tolist() == [0, 1, 1]
    np.testing.assert_allclose(slope, SLOPES, rtol=1e-5)
    q = np.e / (1 + np.e) ** 2
    np.testing.assert_allclose(other, [[0, 0], [0, 0], [q, -q]], rtol=1e-5)


@pytest.mark.usefixtures('fast_compile')
@pytest.mark.parametrize('name', sorted(SPELLINGS))
def test_gradients(name, rng):
    y = theano.shared(np.array([1, 0, 1], 'int32'))
    theano.gradient.verify_grad(lambda x: SPELLINGS[name](x, y), [rng.randn(3, 2)], rng=rng)


@pytest.mark.usefixtures('fast_compile')
def test_gradients_without_a_softmax(rng):
    p = rng.uniform(.1, .9, (3, 4))
    y = theano.shared(np.array([1, 0, 3]))
    theano.gradient.verify_grad(lambda p: nnet.categorical_crossentropy(p, y), [p], rng=rng)
    theano.gradient.verify_grad(nnet.categorical_crossentropy, [p, rng.rand(3, 4)], rng=rng)
    theano.gradient.verify_grad(nnet.binary_crossentropy, [p, rng.rand(3, 4)], rng=rng)
    theano.gradient.verify_grad(nnet.sigmoid_binary_crossentropy, [rng.randn(3, 4), rng.rand(3, 4)], rng=rng)


@pytest.mark.usefixtures('fast_compile')
def test_clipped_probabilities(assert_close):
    x, y = T.dmatrix('x'), T.ivector('y')
    low, high = T.constant(1e-7, dtype='float64'), T.constant(1 - 1e-7, dtype='float64')
    loss = nnet.categorical_crossentropy(T.clip(nnet.softmax(x), low, high), y)
    value, slope = theano.function([x, y], [loss, T.grad(loss.sum(), x)])(ROWS, LABELS)
    assert_close(value, np.array([-np.log(1e-7), -np.log1p(-1e-7), LOSSES[2]]))
    assert_close(slope, np.array([[0, 0], [0, 0], SLOPES[2]]))


@pytest.mark.usefixtures('fast_compile')
@pytest.mark.parametrize('dtype', ['float32', 'float64'])
def test_value_of_every_form(dtype, rng, assert_close):
    x, b, y = T.TensorType(dtype, (False,) * 2)('x'), T.TensorType(dtype, (False,))('b'), T.lvector('y')
    values = rng.randn(5, 3).astype(dtype), rng.randn(3).astype(dtype), np.array([0, 2, 1, 1, 0])
    logits = (values[0] + values[1]).astype('float64')
    p = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
    nll = -np.log(p[np.arange(5), values[2]])
    outputs = list(nnet.crossentropy_softmax_argmax_1hot_with_bias(x, b, y))
    outputs += list(nnet.crossentropy_softmax_1hot_with_bias(x, b, y))
    outputs += list(nnet.crossentropy_softmax_max_and_argmax_1hot_with_bias(x, b, y))
    outputs += list(nnet.crossentropy_softmax_max_and_argmax_1hot(x + b, y))
    outputs += list(nnet.crossentropy_softmax_1hot(x + b, y))
    results = theano.function([x, b, y], outputs)(*values)
    most, where = p.max(1), p.argmax(1)
    expected = [nll, p, where, nll, p, nll, p, most, where, nll, p, most, where, nll, p]
    assert len(results) == len(expected)
    for result, right in zip(results, expected):
        if right is where:
            assert result.tolist() == where.tolist()
        else:
            assert result.dtype == dtype
            assert_close(result, right)
    assert outputs[2].dtype == 'int64'


@pytest.mark.usefixtures('fast_compile')
def test_gradient_operation(rng, assert_close):
    dy, sm, y = rng.rand(4), rng.rand(4, 3), np.array([0, 2, 1, 1])
    expected = dy[:, None] * (sm - np.eye(3)[y])
    assert_close(nnet.crossentropy_softmax_1hot_with_bias_dx(dy, sm, y).eval(), expected)
    expected = dy[0] * (sm - np.eye(3)[y])
    assert_close(nnet.crossentropy_softmax_1hot_with_bias_dx(dy[0], sm, y).eval(), expected)
    for bad in ((sm, sm, y), (dy, dy, y), (dy, sm, dy), (dy, sm, sm)):
        with pytest.raises(ValueError):
            nnet.crossentropy_softmax_1hot_with_bias_dx(*bad)


@pytest.mark.parametrize('mode', ['FAST_COMPILE', 'FAST_RUN'])
def test_labels_that_do_not_fit(mode):
    x, y = T.fmatrix('x'), T.ivector('y')
    p = nnet.softmax(x)
    run = theano.function([x, y], nnet.categorical_crossentropy(p, y), mode=mode)
    plain = theano.function([x, y], nnet.categorical_crossentropy(x, y), mode=mode)
    value = np.full((2, 3), 1 / 3., 'float32')
    for labels in ([0, 3], [-1, 0], [0], [0, 1, 2]):
        with pytest.raises((ValueError, IndexError)):
            run(value, np.array(labels, 'int32'))
    for labels in ([0, 3], [-4, 0], [0]):
        with pytest.raises((ValueError, IndexError)):
            plain(value, np.array(labels, 'int32'))


@pytest.mark.parametrize('bad', [
    lambda: nnet.categorical_crossentropy(T.matrix(), T.itensor3()),
    lambda: nnet.categorical_crossentropy(T.tensor3(), T.imatrix()),
    lambda: nnet.categorical_crossentropy(T.matrix(), T.fvector()),
    lambda: nnet.categorical_crossentropy(T.matrix(), T.bvector()),
    lambda: nnet.categorical_crossentropy(T.matrix(), T.iscalar())])
def test_arguments_that_do_not_fit(bad):
    with pytest.raises(TypeError):
        bad()


@pytest.mark.parametrize('bad', [
    lambda: nnet.crossentropy_softmax_1hot(T.matrix(), T.fvector()),
    lambda: nnet.crossentropy_softmax_1hot_with_bias(T.tensor3(), T.vector(), T.ivector()),
    lambda: nnet.crossentropy_softmax_1hot_with_bias(T.matrix(), T.matrix(), T.ivector()),
    lambda: nnet.crossentropy_softmax_1hot_with_bias(T.matrix(), T.vector(), T.imatrix())])
def test_fused_arguments_that_do_not_fit(bad):
    with pytest.raises(ValueError):
        bad()


@pytest.mark.usefixtures('fast_compile')
def test_small_whole_numbers_are_labels_too(assert_close):
    x, y = T.dmatrix('x'), T.TensorType('uint8', (False,))('y')
    loss = nnet.crossentropy_softmax_1hot(x, y)[0]
    assert_close(loss.eval({x: ROWS * 1., y: LABELS.astype('uint8')}), np.array(LOSSES))


def test_binary_crossentropies_do_not_overflow():
    x, t = T.fmatrix('x'), T.fmatrix('t')
    losses = [nnet.binary_crossentropy(nnet.sigmoid(x), t), nnet.sigmoid_binary_crossentropy(x, t)]
    slopes = [T.grad(loss.sum(), x) for loss in losses]
    values = [np.array(v, 'float32') for v in (
        [[-1000, 1000, 1000], [0, 2, -2]], [[0, 1, .5], [1, .25, 0]])]
    loss, same, slope, same_slope = theano.function([x, t], losses + slopes)(*values)
    expected = np.logaddexp(0, -np.abs(values[0])) + values[0] * ((values[0] > 0) - values[1])
    expected_slope = 1 / (1 + np.exp(-values[0].clip(-700, 700).astype('float64'))) - values[1]
    for got, right in ((loss, expected), (same, expected), (slope, expected_slope),
                       (same_slope, expected_slope)):
        assert got.dtype == 'float32'
        np.testing.assert_allclose(got, right, rtol=1e-5, atol=1e-7)


@pytest.mark.usefixtures('fast_compile')
def test_binary_crossentropy_of_whole_numbers():
    p, t = T.fvector('p'), T.ivector('t')
    with theano.configparser.change_flags(floatX='float32'):
        loss = nnet.binary_crossentropy(p, t)
    values = {p: np.array([.25, .25], 'float32'), t: np.array([0, 1], 'int32')}
    np.testing.assert_allclose(loss.eval(values), -np.log([.75, .25]), rtol=1e-6)
