"""What the optimizer makes of cross-entropies, and where divisions are cancelled."""
import numpy as np
import pytest

pytest.importorskip('pytensor')
import pytensor
import pytensor.tensor as pt
from theano.tensor.nnet import categorical_crossentropy, logsoftmax, softmax
from theano.tensor.nnet.softmax_rewrites import multiply_cancelling

from lasagne_ext.engine.pytensor import modes
from lasagne_ext.engine.runtime.softmax import (
    CrossentropyCategorical1Hot, CrossentropySoftmax1HotWithBiasDx, LogSoftmax, Softmax,
    SoftmaxCrossentropy, SoftmaxGrad, softmax_crossentropy, softmax_op)

OURS = (CrossentropyCategorical1Hot, CrossentropySoftmax1HotWithBiasDx, LogSoftmax, Softmax,
        SoftmaxCrossentropy, SoftmaxGrad)


def operations(outputs, inputs):
    """Names of our Ops in the optimized graph."""
    run = pytensor.function(inputs, outputs, mode=modes.Mode('py', 'fast_run'))
    return sorted(type(node.op).__name__ for node in run.maker.fgraph.apply_nodes
                  if isinstance(node.op, OURS))


@pytest.fixture
def x():
    return pt.dmatrix('x')


@pytest.fixture
def y():
    return pt.ivector('y')


@pytest.mark.parametrize('spelling', [
    lambda x, y: categorical_crossentropy(softmax(x), y),
    lambda x, y: -pt.log(softmax(x))[pt.arange(y.shape[0]), y],
    lambda x, y: -pt.log(softmax(x)[pt.arange(y.shape[0]), y]),
    lambda x, y: -pt.log(softmax(x))[pt.arange(x.shape[0]), y],
    lambda x, y: -logsoftmax(x)[pt.arange(y.shape[0]), y]])
def test_loss_and_gradient_share_one_softmax(x, y, spelling):
    loss = spelling(x, y).mean()
    names = operations([loss, pt.grad(loss, x)], [x, y])
    assert 'SoftmaxGrad' not in names and names.count('SoftmaxCrossentropy') == 1
    assert 'CrossentropyCategorical1Hot' not in names and 'LogSoftmax' not in names
    assert 'Softmax' not in names


def test_constant_rows_are_recognized(x):
    labels = pt.as_tensor_variable(np.array([1, 0, 1]))
    loss = -pt.log(softmax(x)[np.arange(3), labels]).sum()
    assert operations([loss, pt.grad(loss, x)], [x]) == [
        'CrossentropySoftmax1HotWithBiasDx', 'SoftmaxCrossentropy']


@pytest.mark.parametrize('rows', [lambda y: pt.arange(1, y.shape[0] + 1), lambda y: pt.arange(5),
                                  lambda y: y], ids=['from 1', 'other length', 'no range'])
def test_other_rows_are_left_alone(x, y, rows):
    names = operations([logsoftmax(x)[rows(y), y]], [x, y])
    assert names == ['LogSoftmax']


def test_two_losses_of_one_softmax(x, y):
    z = pt.ivector('z')
    p = softmax(x)
    loss = (categorical_crossentropy(p, y) + categorical_crossentropy(p, z)).sum()
    names = operations([loss, pt.grad(loss, x)], [x, y, z])
    assert names.count('SoftmaxCrossentropy') == 2 and 'SoftmaxGrad' not in names
    run = pytensor.function([x, y, z], pt.grad(loss, x), mode=modes.get_mode('FAST_COMPILE'))
    slope = run([[-1000., 0], [3, 4]], np.array([0, 1], 'int32'), np.array([1, 1], 'int32'))
    q = 1 / (1 + np.e)
    np.testing.assert_allclose(slope, [[-1, 1], [2 * q, -2 * q]])


def test_a_loss_beside_another_use(x, y):
    p = softmax(x)
    cost = categorical_crossentropy(p, y).sum() + (p ** 2).sum()
    slope = pytensor.function([x, y], pt.grad(cost, x), mode=modes.get_mode('FAST_COMPILE'))([[-1000., 0]],
                                                                             np.array([0], 'int32'))
    np.testing.assert_allclose(slope, [[-1, 1]], atol=1e-12)


@pytest.mark.parametrize('moved, back', [
    (lambda p: p.reshape((2, 1, 3)), lambda s: s.reshape((2, 1, 3))),
    (lambda p: p.T, lambda s: s.T),
    (lambda p: p[:, ::-1], lambda s: s[:, ::-1]),
    (lambda p: p[pt.as_tensor_variable([1, 0, 1])], lambda s: s[[1, 0, 1]]),
    (lambda p: p.dimshuffle(1, 'x', 0), lambda s: s.T[:, None]),
    (lambda p: p.reshape((-1,)), lambda s: s.reshape(-1)),
    (lambda p: p.reshape((1, 2, 3)).dimshuffle(2, 1, 0), lambda s: s.reshape(1, 2, 3).transpose(2, 1, 0))],
    ids=['reshape', 'transpose', 'slice', 'rows', 'dimshuffle', 'flat', 'both'])
@pytest.mark.parametrize('mode', ['FAST_COMPILE', 'FAST_RUN'])
def test_logarithms_of_moved_softmaxes(x, moved, back, mode):
    value = np.array([[-1000., 0, 2], [5, 1000, -3]])
    logs = value - np.logaddexp.reduce(value, axis=1, keepdims=True)
    target = pt.log(moved(softmax(x)))
    weights = np.random.RandomState(0).rand(*back(logs).shape)
    slope = pt.grad((target * weights).sum(), x)
    result, slope = pytensor.function([x], [target, slope], mode=modes.get_mode(mode))(value)
    np.testing.assert_allclose(result, back(logs))
    expected = np.zeros_like(value)
    for place in np.ndindex(value.shape):
        expected[place] = (back(derivatives(logs, place)) * weights).sum()
    np.testing.assert_allclose(slope, expected, atol=1e-12)


def derivatives(logs, place):
    """Derivatives of all log-probabilities by one input."""
    change = np.zeros_like(logs)
    change[place[0]] = -np.exp(logs[place])
    change[place] += 1
    return change


@pytest.mark.parametrize('build', [
    lambda a, f: a / f, lambda a, f: -(a / f), lambda a, f: 3 * (a / f), lambda a, f: a / (2 * f),
    lambda a, f: pt.reciprocal(f) * a, lambda a, f: pt.reciprocal(f * a), lambda a, f: (a / f) / (1 + a),
    lambda a, f: a / f + f, lambda a, f: a - a / f, lambda a, f: pt.reciprocal(f),
    lambda a, f: pt.inc_subtensor(pt.zeros_like(f)[1:], a[1:] / f[1:]),
    lambda a, f: pt.set_subtensor(pt.zeros_like(f)[pt.as_tensor_variable([1, 0])], (a / f[[1, 0]])),
    lambda a, f: (a.flatten() / f.flatten()).reshape((2, 3)), lambda a, f: (a.T / f.T).T,
    lambda a, f: (a / f).astype('float32')])
def test_cancelled(build, rng):
    a, f = pt.dmatrix('a'), pt.dmatrix('f')
    result = multiply_cancelling(build(a, f), f)
    assert result is not None
    values = {a: rng.rand(2, 3) + .5, f: rng.rand(2, 3) + .5}
    both = [v.eval(values, mode=modes.get_mode('FAST_COMPILE'), on_unused_input='ignore') for v in (result, build(a, f) * f)]
    np.testing.assert_allclose(np.broadcast_to(both[0], (2, 3)), both[1], rtol=1e-6)


@pytest.mark.parametrize('build', [
    lambda a, f: a, lambda a, f: a * f, lambda a, f: f / a, lambda a, f: a / (f + 1),
    lambda a, f: a / f[::-1], lambda a, f: pt.inc_subtensor(f[1:], a[1:] / f[1:]),
    lambda a, f: pt.inc_subtensor(pt.zeros_like(f)[1:], a[1:] / f[:1])])
def test_not_cancelled(build):
    a, f = pt.dmatrix('a'), pt.dmatrix('f')
    assert multiply_cancelling(build(a, f), f) is None


def test_argmax_goes_below_the_softmax(x):
    assert operations([pt.argmax(softmax(x), axis=1)], [x]) == []
    assert operations([pt.argmax(softmax(x), axis=0)], [x]) == ['Softmax']


def test_second_derivatives(rng):
    y = pytensor.shared(np.array([1, 0, 2]))
    weights = pytensor.shared(rng.rand(3, 4))

    def slope_of(cost):
        return lambda x: (pt.grad(cost(x), x) * weights).sum()
    for cost in (lambda x: categorical_crossentropy(softmax(x), y).sum(),
                 lambda x: (softmax_crossentropy(x, y)[0] ** 2).sum(),
                 lambda x: (softmax_crossentropy(x, y)[1] ** 3).sum(),
                 lambda x: (softmax(x) ** 3).sum(), lambda x: (logsoftmax(x) ** 2).sum()):
        pytensor.gradient.verify_grad(slope_of(cost), [rng.randn(3, 4)], rng=np.random.default_rng(0),
                                      mode=modes.get_mode('FAST_COMPILE'))


def test_directional_derivatives(x, rng):
    v = pt.dmatrix('v')
    value, change = rng.randn(3, 4), rng.randn(3, 4)
    p = np.exp(value) / np.exp(value).sum(1, keepdims=True)
    mean = (p * change).sum(1, keepdims=True)
    for function, expected in ((softmax_op, p * (change - mean)), (logsoftmax, change - mean)):
        for direct in (True, False):
            result = pytensor.gradient.pushforward(function(x), x, v, use_op_pushforward=direct)
            got = pytensor.function([x, v], result, mode=modes.get_mode('FAST_COMPILE'))(value, change)
            np.testing.assert_allclose(got, expected)
