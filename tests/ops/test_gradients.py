"""Gradients of the Ops in float64, off the kinks, for every mode; second order too."""
import numpy as np
import pytest
import theano
import theano.tensor as T

from lasagne_ext.kernels import sampling
from lasagne_ext.ops import (affine_grid, affine_transform, flow_grid, grid_sample, projective_grid)

IN_SIZE, OUT_SIZE = (4, 5), (3, 4)

pytestmark = pytest.mark.usefixtures('nothing_compiled')


def variables(values):
    return [T.TensorType('float64', (False,) * value.ndim)() for value in values]


def compiled(inputs, outputs):
    """A function for few calls: graphs of higher derivatives take longer to optimize than to run."""
    return theano.function(inputs, outputs, mode=theano.compile.Mode(linker='py', optimizer=None))


def check_gradient(cost, inputs, values, rng):
    """Compare the gradient of a symbolic scalar with differences along a random direction."""
    run = compiled(inputs, [cost] + T.grad(cost, inputs))
    direction = [rng.randn(*value.shape) for value in values]
    ahead, behind = (run(*[value + sign * 1e-6 * step for value, step in zip(values, direction)])[0]
                     for sign in (1, -1))
    actual = [gradient * step for gradient, step in zip(run(*values)[1:], direction)]
    scale = max(1, abs(ahead), sum(np.abs(term).sum() for term in actual))
    assert abs(sum(term.sum() for term in actual) - (ahead - behind) / 2e-6) < 1e-7 * scale


def test_first_order(sampling, rng, every_mode):
    function, values, seed = sampling(every_mode)
    inputs = variables(values)
    check_gradient(T.sum(seed * function(*inputs)), inputs, values, rng)


def test_every_entry_of_the_gradient(sampling, rng, one_each):
    function, values, _ = sampling(one_each)
    theano.gradient.verify_grad(function, values, rng=rng, n_tests=1)


@pytest.mark.parametrize('sizes', [((1, 1), (2, 2)), ((1, 4), (3, 1)), ((4, 1), (1, 3))])
@pytest.mark.parametrize('align_corners', [True, False])
def test_first_order_at_size_one(sampling, rng, one_each, align_corners, sizes):
    case = one_each._replace(rank=2, align_corners=align_corners)
    function, values, _ = sampling(case, *sizes)
    inputs = variables(values)
    check_gradient(T.sum(function(*inputs) ** 2), inputs, values, rng)


def test_second_order(sampling, rng, every_case):
    """To image, points and the output's gradient, of both gradients in random directions."""
    function, values, seed = sampling(every_case)
    image, points = variables(values)
    output = function(image, points)
    output_grad, = variables([seed])
    both = T.grad(None, [image, points], known_grads={output: output_grad})
    cost = sum(T.sum(gradient * rng.randn(*value.shape)) for gradient, value in zip(both, values))
    check_gradient(cost, [image, points, output_grad], values + [seed], rng)


def test_third_order(sampling, rng, one_each):
    function, values, _ = sampling(one_each)
    inputs = variables(values)
    weights = [rng.randn(*value.shape) for value in values]
    cost = T.sum(function(*inputs) ** 3)
    for _ in range(2):
        cost = sum(T.sum(g * w) for g, w in zip(T.grad(cost, inputs), weights))
    check_gradient(cost, inputs, values, rng)


def test_r_op_is_the_transpose_of_l_op(sampling, rng, some_case):
    function, values, seed = sampling(some_case)
    image, points = variables(values)
    output = function(image, points)
    steps = [rng.randn(*value.shape) for value in values]
    forward = T.Rop(output, [image, points], [T.constant(step) for step in steps])
    backward = T.Lop(output, [image, points], T.constant(seed))
    change, *gradients = compiled([image, points], [forward] + backward)(*values)
    np.testing.assert_allclose((change * seed).sum(),
                               sum((g * step).sum() for g, step in zip(gradients, steps)))


def test_r_op_of_one_input(sampling, rng, one_each):
    function, values, _ = sampling(one_each)
    image, points = variables(values)
    output = function(image, points)
    run = theano.function([image, points], output)
    for variable, value in ((image, values[0]), (points, values[1])):
        step = rng.randn(*value.shape)
        change = compiled([image, points], T.Rop(output, variable, T.constant(step)))(*values)
        size = 1e-6
        moved = [v + size * step if variable is w else v
                 for v, w in zip(values, (image, points))]
        np.testing.assert_allclose(change, (run(*moved) - run(*values)) / size, atol=1e-3)


def test_product_with_the_second_derivative_by_r_op(sampling, rng, one_each):
    function, values, _ = sampling(one_each, batch=1)
    image, points = variables(values)
    gradient = T.grad(T.sum(T.sqr(function(image, points))), points)
    step = rng.randn(*values[1].shape)
    by_r_op = T.Rop(gradient, points, T.constant(step))
    by_grad = T.grad(T.sum(gradient * step), points)
    results = compiled([image, points], [by_r_op, by_grad])(*values)
    np.testing.assert_allclose(*results)


def test_product_with_the_third_derivative_by_r_op(rng, off_kink_theta):
    image, theta = rng.randn(1, 1, *IN_SIZE), T.dmatrix()
    step = T.constant(rng.randn(1, 6))
    second = T.grad(T.sum(step * T.grad(T.sum(T.sqr(affine_transform(image, theta, OUT_SIZE))), theta)),
                    theta)
    third = [T.Rop(second, theta, step), T.grad(T.sum(second * step), theta)]
    np.testing.assert_allclose(*compiled([theta], third)(off_kink_theta(1, IN_SIZE, OUT_SIZE, True)))


@pytest.mark.parametrize('order', [2, 3])
def test_derivatives_through_computed_points(rng, off_kink_theta, order):
    """Neither input of the Op is an input of the graph, and points are computed from the image.

    That path must not be followed twice.
    """
    values = T.dtensor4()
    image = T.tanh(values)
    theta = off_kink_theta(1, IN_SIZE, OUT_SIZE, True) + .001 * image.sum(axis=(1, 2, 3)).dimshuffle(0, 'x')
    cost = T.sum(affine_transform(image, theta, OUT_SIZE) ** 3)
    weights = rng.randn(1, 1, *IN_SIZE)
    for _ in range(order - 1):
        cost = T.sum(T.grad(cost, values) * weights)
    check_gradient(cost, [values], [rng.randn(1, 1, *IN_SIZE)], rng)


@pytest.mark.parametrize('aspect', [None, 'image'])
@pytest.mark.parametrize('size', [(3, 2), (2, 3, 2)])
def test_grids(rng, size, aspect):
    rank = len(size)
    values = [rng.randn(2, rank * (rank + 1)), np.eye(rank + 1).ravel() + .1 * rng.randn(2, (rank + 1) ** 2),
              rng.randn(1, 2, rank, *size)]
    theta, H, flow = variables(values)
    grids = (affine_grid(theta, size, align_corners=False, aspect=aspect, in_shape=size[::-1]),
             projective_grid(H, size), flow_grid(flow, in_shape=size[::-1], rank=rank))
    cost = sum(T.sum(T.sin(grid * rng.randn(rank))) for grid in grids)
    check_gradient(cost, [theta, H, flow], values, rng)


def test_aspect(rng):
    theta = np.array([[.8, .31, .1, -.2, .7, .15]])
    theano.gradient.verify_grad(lambda x, t: affine_transform(x, t, (3, 2), aspect='image'),
                                [rng.randn(1, 1, 5, 3), theta], rng=rng)


def test_mixed_dtypes_keep_their_own(rng):
    image, theta = T.ftensor4(), T.dmatrix()
    gradients = T.grad(T.sum(affine_transform(image, theta, (2, 2))), [image, theta])
    assert [g.dtype for g in gradients] == ['float32', 'float64']
    penalty = T.grad(sum(T.sum(g ** 2) for g in gradients), [image, theta])
    assert [g.dtype for g in penalty] == ['float32', 'float64']
    values = theano.function([image, theta], gradients + penalty)(
        rng.randn(1, 1, 3, 3).astype('float32'), np.array([[1, 0, 0, 0, 1, 0]]) + .1)
    assert [str(v.dtype) for v in values] == 2 * ['float32', 'float64']


def test_points_that_are_nowhere_do_not_reach_the_image(rng):
    """In second derivatives too."""
    image, grid = T.dtensor4(), T.dtensor4()
    points = rng.uniform(-.9, .9, (1, 2, 2, 2))
    points[0, 0, 1, 0] = np.nan
    gradients = T.grad(T.sum(grid_sample(image, grid, interpolation='bicubic') ** 2), [image, grid])
    second = T.grad(T.sum(gradients[1][0, 1] ** 2), image)
    first, to_points, second = theano.function([image, grid], gradients + [second])(
        rng.randn(1, 1, 4, 5), points)
    assert np.isfinite(first).all() and np.isfinite(second).all() and (second != 0).any()
    assert np.argwhere(np.isnan(to_points)).tolist() == [[0, 0, 1, 0], [0, 0, 1, 1]]


@pytest.fixture
def wanted_of_kernel(monkeypatch):
    """What every call of the backward kernel was asked for."""
    calls = []
    backward = sampling.sample_backward

    def counted(image, points, output_grad, mode, wanted=(True, True)):
        calls.append(tuple(wanted))
        return backward(image, points, output_grad, mode, wanted)
    monkeypatch.setattr(sampling, 'sample_backward', counted)
    return calls


@pytest.mark.parametrize('optimizer', ['fast_run', 'fast_compile'])
def test_gradients_that_nobody_reads_are_not_computed(sampling, one_each, wanted_of_kernel, optimizer):
    mode = theano.compile.Mode(linker='py', optimizer=optimizer)
    function, values, _ = sampling(one_each)
    image, points = variables(values)
    gradients = T.grad(T.sum(function(image, points) ** 2), [image, points])
    both = theano.function([image, points], gradients, mode=mode)(*values)
    for k in (0, 1):
        alone = theano.function([image, points], gradients[k], mode=mode)(*values)
        np.testing.assert_array_equal(alone, both[k])
    assert wanted_of_kernel == [(True, True), (True, False), (False, True)]


def test_gradient_of_one_gradient(sampling, rng, one_each):
    """Of the Op that remains where nobody read the other."""
    function, values, seed = sampling(one_each)
    image, points = variables(values)
    op = T.grad(T.sum(seed * function(image, points)), points).owner.op
    results = []
    for which in ((True, True), (False, True)):
        gradient = type(op)(op.options, op.caller, which)(image, points, seed, return_list=True)[-1]
        second = T.grad(T.sum(T.sqr(gradient)), [image, points])
        results.append(compiled([image, points], second)(*values))
    for alone, both in zip(*results):
        np.testing.assert_allclose(alone, both)
