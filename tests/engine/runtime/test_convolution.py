"""Convolution's Ops on both engines: numbers against NumPy's, derivatives of any order, what is refused."""
import pytest
import theano
import theano.tensor as T

from lasagne_ext.engine.runtime.convolution import (
    AbstractConv, AbstractConv_gradInputs, AbstractConv_gradWeights)
from lasagne_ext.kernels import nn_reference

pytestmark = pytest.mark.usefixtures('nothing_compiled')

OPTIONS = [
    {}, {'border_mode': 'half', 'subsample': (2, 1), 'num_groups': 2},
    {'border_mode': ((1, 2), 0), 'filter_dilation': (2, 1), 'filter_flip': False, 'subsample': (2, 2)},
    {'border_mode': 'full', 'num_groups': 4}]


def operands(rng, groups=1, dtype='float64'):
    return [rng.randn(2, 4, 7, 6).astype(dtype), rng.randn(4, 4 // groups, 3, 2).astype(dtype)]


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
@pytest.mark.parametrize('options', OPTIONS, ids=str)
def test_value(rng, options, dtype, assert_close):
    image, kernel = operands(rng, options.get('num_groups', 1), dtype)
    op = AbstractConv(2, **options)
    x, w = T.TensorType(dtype, (False,) * 4)(), T.TensorType(dtype, (False,) * 4)()
    actual = theano.function([x, w], op(x, w))(image, kernel)
    pads, strides, dilations, groups, unshared, flip = op.arguments(kernel.shape[2:])
    expected = nn_reference.convolve(image, kernel[:, :, ::-1, ::-1] if flip else kernel, pads, strides,
                                  dilations, groups, unshared)
    assert actual.dtype == dtype
    assert_close(actual, expected)


@pytest.mark.parametrize('options', OPTIONS[:3], ids=str)
def test_gradient(rng, options):
    theano.gradient.verify_grad(AbstractConv(2, **options), operands(rng, options.get('num_groups', 1)),
                                rng=rng)


def test_gradient_of_volumes(rng):
    theano.gradient.verify_grad(AbstractConv(3, subsample=(1, 2, 1)),
                                [rng.randn(1, 2, 3, 4, 3), rng.randn(2, 2, 2, 2, 2)], rng=rng)


def test_second_derivative(rng):
    image, kernel = operands(rng)

    def first(x, w):
        return T.grad((AbstractConv(2)(x, w) ** 2).sum(), w)
    theano.gradient.verify_grad(first, [image, kernel], rng=rng)


def test_directional_derivative_is_linear(rng, assert_close):
    image, kernel = operands(rng)
    x, w = T.dtensor4(), T.dtensor4()
    change = theano.Rop(AbstractConv(2)(x, w), [x, w], [x, w])
    assert_close(*theano.function([x, w], [change, 2 * AbstractConv(2)(x, w)])(image, kernel))


def test_shape_is_inferred(rng):
    x, w = T.dtensor4(), T.dtensor4()
    image, kernel = operands(rng)
    y = AbstractConv(2, border_mode='half', subsample=(2, 1))(x, w)
    shape, value = theano.function([x, w], [y.shape, y])(image, kernel)
    assert tuple(shape) == value.shape


def test_axes_of_length_one_are_known():
    x = T.TensorType('float64', (True, False, False, False))()
    w = T.TensorType('float64', (False, True, True, True))()
    assert AbstractConv(2)(x, w).broadcastable == (True, False, False, False)
    grad = AbstractConv_gradWeights(2, kshp=(None, 1, 1, 1))(x, T.dtensor4(), (1, 1))
    assert grad.broadcastable == (False, True, True, True)


def test_given_shapes_are_checked_when_run(rng):
    x, w = T.dtensor4(), T.dtensor4()
    run = theano.function([x, w], AbstractConv(2, imshp=(2, 4, 7, 5))(x, w))
    with pytest.raises(Exception, match='shape|Shape'):
        run(*operands(rng))


def test_wrong_shapes_are_refused_when_run(rng):
    image, kernel = operands(rng)
    x, w = T.dtensor4(), T.dtensor4()
    with pytest.raises(ValueError, match='the image has 4 channels, the kernel of shape'):
        theano.function([x, w], AbstractConv(2)(x, w))(image, kernel[:, :2])
    run = theano.function([x, w], AbstractConv_gradInputs(2)(w, x, (7, 6)))
    with pytest.raises(ValueError, match='but the output gradient has shape'):
        run(image, kernel)


@pytest.mark.parametrize('options, message', [
    ({'convdim': 4}, 'convolution dimension 4 is not supported'),
    ({'border_mode': 'same'}, "invalid border_mode 'same'"),
    ({'border_mode': (1, -1)}, 'expected for each axis an int >= 0'),
    ({'subsample': (1, 0)}, 'subsample must be positive'),
    ({'num_groups': 0}, 'num_groups must be at least 1'),
    ({'imshp': (1, 2)}, 'imshp must have 4 elements')], ids=str)
def test_bad_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message.replace('(', r'\(')):
        AbstractConv(**{'convdim': 2, **options})
