"""Pooling's Ops on both engines: numbers against NumPy's, derivatives, what is refused."""
import numpy as np
import pytest
import theano
import theano.tensor as T

from lasagne_ext.engine.runtime.pooling import MODES, AveragePoolGrad, MaxPoolGrad, Pool
from lasagne_ext.kernels import nn_reference

pytestmark = pytest.mark.usefixtures('nothing_compiled')

#: Window, ignore_border, stride, padding.
WINDOWS = [((2, 2), True, (2, 2), (0, 0)), ((3, 2), True, (2, 1), (1, 0)), ((3, 3), False, (2, 2), (0, 0)),
           ((2, 3), False, (3, 4), (0, 0))]


@pytest.mark.parametrize('window, ignore_border, stride, pad', WINDOWS, ids=str)
@pytest.mark.parametrize('mode', MODES)
def test_value(rng, mode, window, ignore_border, stride, pad, assert_close):
    image = rng.randn(2, 3, 8, 7)
    x = T.dtensor4()
    op = Pool(ignore_border, mode)
    actual = theano.function([x], op(x, window, stride, pad))(image)
    size = op.out_size(image.shape[2:], window, stride, pad)
    assert_close(actual, nn_reference.pool(image, size, window, stride, [(p, p) for p in pad], mode))


@pytest.mark.parametrize('window, ignore_border, stride, pad', WINDOWS, ids=str)
@pytest.mark.parametrize('mode', MODES)
def test_gradient(rng, mode, window, ignore_border, stride, pad):
    theano.gradient.verify_grad(lambda x: Pool(ignore_border, mode)(x, window, stride, pad),
                                [rng.permutation(224).reshape(2, 2, 8, 7) / 20.], rng=rng)


@pytest.mark.parametrize('mode', ['max', 'average_exc_pad'])
def test_second_derivative(rng, mode):
    def first(x):
        return T.grad((Pool(True, mode)(x, (2, 2)) ** 3).sum(), x)
    theano.gradient.verify_grad(first, [rng.permutation(48).reshape(1, 2, 4, 6) / 20.], rng=rng)


@pytest.mark.parametrize('mode', MODES)
def test_directional_derivative(rng, mode, assert_close):
    x, change = T.dtensor4(), T.dtensor4()
    y = Pool(True, mode)(x, (2, 2))
    values = rng.randn(2, 2, 4, 6), rng.randn(2, 2, 4, 6)
    step = 1e-6
    forward = theano.function([x, change], theano.Rop(y, x, change), on_unused_input='ignore')(*values)
    run = theano.function([x], y)
    difference = (run(values[0] + step * values[1]) - run(values[0] - step * values[1])) / (2 * step)
    np.testing.assert_allclose(forward, difference, rtol=1e-6, atol=1e-6)


def test_volumes_and_symbolic_windows(rng, assert_close):
    image = rng.randn(2, 4, 5, 6)
    x, ws = T.dtensor4(), T.lvector()
    actual = theano.function([x, ws], Pool(True, 'max', 3)(x, ws))(image, [2, 3, 2])
    assert_close(actual, nn_reference.pool(image, (2, 1, 3), (2, 3, 2), (2, 3, 2), [(0, 0)] * 3, 'max'))


def test_shape_is_inferred(rng):
    x = T.dtensor4()
    y = Pool(False)(x, (3, 2), (2, 2))
    shape, value = theano.function([x], [y.shape, y])(rng.randn(2, 2, 6, 7))
    assert tuple(shape) == value.shape


def test_wrong_gradients_are_refused_when_run(rng):
    x, top = T.dtensor4(), T.dtensor4()
    for grad in (AveragePoolGrad(True)(x, top, (2, 2)), MaxPoolGrad(True)(x, top, top, (2, 2))):
        with pytest.raises(ValueError, match='images of shape .* are pooled to'):
            theano.function([x, top], grad)(rng.randn(1, 1, 4, 4), rng.randn(1, 1, 4, 4))


@pytest.mark.parametrize('arguments, error, message', [
    (((2, 2), None, (2, 0)), NotImplementedError, 'padding must be smaller than the window'),
    (((0, 2),), ValueError, 'windows and strides must be positive'),
    (((2, 2, 2),), ValueError, 'ws must have 2 elements'),
    (((2., 2.),), TypeError, 'ws must be a vector of 2 ints')], ids=str)
def test_bad_windows_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        Pool(True)(T.dtensor4(), *arguments)
