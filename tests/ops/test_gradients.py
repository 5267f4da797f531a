"""Gradients of the Ops in float64, off the kinks, for every mode; second order too."""
import itertools

import numpy as np
import pytest
import theano
import theano.tensor as T

from lasagne_ext import kernels
from lasagne_ext.ops import affine_grid, affine_transform, grid_sample

pytestmark = pytest.mark.usefixtures('fast_compile')

MODES = list(itertools.product(kernels.BORDER_MODES, (True, False)))
IN_SIZE, OUT_SIZE = (4, 5), (3, 4)


@pytest.fixture(params=['affine_transform', 'grid_sample'])
def sampling(request, rng, off_kink_theta, off_kink_grid):
    """A function of (image, points) for given modes, with values for both."""
    def make(border_mode, align_corners, in_size=IN_SIZE, out_size=OUT_SIZE, batch=2):
        image = rng.randn(batch, 2, *in_size)
        modes = {'border_mode': border_mode, 'align_corners': align_corners}
        if request.param == 'affine_transform':
            return (lambda x, t: affine_transform(x, t, out_size, **modes),
                    [image, off_kink_theta(batch, in_size, out_size, align_corners)])
        return (lambda x, g: grid_sample(x, g, **modes),
                [image, off_kink_grid(batch, in_size, out_size, align_corners)])
    return make


@pytest.mark.parametrize('border_mode, align_corners', MODES)
def test_first_order(sampling, rng, border_mode, align_corners):
    function, values = sampling(border_mode, align_corners)
    theano.gradient.verify_grad(function, values, rng=rng, n_tests=1)


@pytest.mark.parametrize('border_mode, align_corners', MODES)
@pytest.mark.parametrize('sizes', [((1, 1), (2, 2)), ((1, 4), (3, 1)), ((4, 1), (1, 3))])
def test_first_order_at_size_one(sampling, rng, border_mode, align_corners, sizes):
    function, values = sampling(border_mode, align_corners, *sizes)
    theano.gradient.verify_grad(function, values, rng=rng, n_tests=1)


@pytest.mark.parametrize('border_mode, align_corners', MODES)
@pytest.mark.parametrize('wrt', [0, 1], ids=['input', 'points'])
def test_second_order(sampling, rng, border_mode, align_corners, wrt):
    function, values = sampling(border_mode, align_corners)
    output_grad = rng.randn(2, 2, *OUT_SIZE)

    def gradient(image, points, seed):
        return T.grad(T.sum(seed * function(image, points)), [image, points])[wrt]

    theano.gradient.verify_grad(gradient, values + [output_grad], rng=rng, n_tests=1)


def test_third_order(sampling, rng):
    function, values = sampling('mirror', True)
    weights = [rng.randn(*value.shape) for value in values]

    def second(image, points):
        first = T.grad(T.sum(function(image, points) ** 3), [image, points])
        return T.grad(sum(T.sum(g * w) for g, w in zip(first, weights)), [image, points])[1]

    theano.gradient.verify_grad(second, values, rng=rng, n_tests=1)


@pytest.mark.parametrize('border_mode, align_corners', MODES)
def test_r_op_is_the_transpose_of_l_op(sampling, rng, border_mode, align_corners):
    function, values = sampling(border_mode, align_corners)
    image, points = T.dtensor4(), T.TensorType('float64', (False,) * values[1].ndim)()
    output = function(image, points)
    steps = [rng.randn(*value.shape) for value in values]
    seed = rng.randn(2, 2, *OUT_SIZE)
    forward = T.Rop(output, [image, points], [T.constant(step) for step in steps])
    backward = T.Lop(output, [image, points], T.constant(seed))
    change, gradients = [theano.function([image, points], what)(*values)
                         for what in (forward, backward)]
    np.testing.assert_allclose((change * seed).sum(),
                               sum((g * step).sum() for g, step in zip(gradients, steps)))


def test_r_op_of_one_input(sampling, rng):
    function, values = sampling('zeros', False)
    image, points = T.dtensor4(), T.TensorType('float64', (False,) * values[1].ndim)()
    output = function(image, points)
    for variable, value in ((image, values[0]), (points, values[1])):
        step = rng.randn(*value.shape)
        change = theano.function([image, points], T.Rop(output, variable, T.constant(step)))(*values)
        size = 1e-6
        moved = [v + size * step if variable is w else v
                 for v, w in zip(values, (image, points))]
        run = theano.function([image, points], output)
        np.testing.assert_allclose(change, (run(*moved) - run(*values)) / size, atol=1e-4)


def test_hessian_vector_product_by_r_op(sampling, rng):
    function, values = sampling('nearest', True)
    image, points = T.dtensor4(), T.TensorType('float64', (False,) * values[1].ndim)()
    gradient = T.grad(T.sum(T.sqr(function(image, points))), points)
    step = rng.randn(*values[1].shape)
    by_r_op = T.Rop(gradient, points, T.constant(step))
    by_grad = T.grad(T.sum(gradient * step), points)
    results = theano.function([image, points], [by_r_op, by_grad])(*values)
    np.testing.assert_allclose(*results)


@pytest.mark.parametrize('order', [2, 3])
def test_derivatives_through_computed_points(rng, off_kink_theta, order):
    """Neither input of the Op is an input of the graph, and points are computed from the image."""
    base = T.constant(off_kink_theta(1, IN_SIZE, OUT_SIZE, True))
    weights = rng.randn(1, 1, *IN_SIZE)

    def derivative(values):
        image = T.tanh(values)
        theta = base + .001 * image.sum(axis=(1, 2, 3)).dimshuffle(0, 'x')
        result = T.sum(affine_transform(image, theta, OUT_SIZE) ** 3)
        for _ in range(order - 1):
            result = T.sum(T.grad(result, values) * weights)
        return T.grad(result, values)

    theano.gradient.verify_grad(lambda v: derivative(v), [rng.randn(1, 1, *IN_SIZE)], rng=rng,
                                n_tests=1)


def test_theta_computed_from_the_image(rng, off_kink_theta):
    """The second derivative must not follow the path from image to theta twice."""
    base = T.constant(off_kink_theta(2, IN_SIZE, OUT_SIZE, True))

    def penalised(image):
        theta = base + .001 * T.tanh(image.sum(axis=(1, 2, 3))).dimshuffle(0, 'x')
        output = affine_transform(image, theta, OUT_SIZE)
        return T.grad(T.sum(output ** 2), image)

    theano.gradient.verify_grad(penalised, [rng.randn(2, 1, *IN_SIZE)], rng=rng, n_tests=1)


@pytest.mark.parametrize('align_corners', [True, False])
def test_affine_grid(rng, align_corners):
    theano.gradient.verify_grad(lambda theta: affine_grid(theta, (3, 2), align_corners),
                                [rng.randn(2, 6)], rng=rng)


def test_mixed_dtypes_keep_their_own(rng):
    image, theta = T.ftensor4(), T.dmatrix()
    gradients = T.grad(T.sum(affine_transform(image, theta, (2, 2))), [image, theta])
    assert [g.dtype for g in gradients] == ['float32', 'float64']
    values = theano.function([image, theta], gradients)(
        rng.randn(1, 1, 3, 3).astype('float32'), np.array([[1, 0, 0, 0, 1, 0]]) + .1)
    assert [str(v.dtype) for v in values] == ['float32', 'float64']
