"""The pull on points that have left the image."""
import numpy as np
import pytest
import theano
import theano.tensor as T

from lasagne_ext.ops import affine_transform, flow_warp, grid_sample
from lasagne_ext.ops._apply import OutsidePull

pytestmark = pytest.mark.usefixtures('nothing_compiled')


def with_pull(strength, antialias=False):
    """Value and gradients at points inside and outside, to image and grid."""
    image, grid = T.dtensor4(), T.dtensor4()
    output = grid_sample(image, grid, border_mode='zeros', outside_grad=strength, antialias=antialias)
    seed = T.dtensor4()
    return theano.function([image, grid, seed],
                           [output] + T.grad(None, [image, grid], known_grads={output: seed}))


@pytest.fixture
def values(rng):
    points = np.array([[[.3, -.2], [1.5, .1], [-1.01, 7.], [1., -1.]]])[None]
    return rng.randn(1, 3, 4, 5), points, rng.randn(1, 3, 1, 4)


@pytest.mark.parametrize('antialias', [False, True])
def test_pull_is_as_documented(values, antialias):
    plain, pulled = (with_pull(strength, antialias)(*values) for strength in (0, .5))
    np.testing.assert_array_equal(pulled[0], plain[0])
    np.testing.assert_array_equal(pulled[1], plain[1])
    sign = np.array([[0, 0], [1, 0], [-1, 1], [0, 0]])
    expected = .5 * np.abs(values[2]).sum(axis=1)[..., None] * sign
    np.testing.assert_allclose(pulled[2] - plain[2], expected, atol=1e-12)


def test_descent_brings_a_crop_back(rng):
    """From where every sample is a zero of the border and the gradient tells nothing."""
    image = theano.shared(np.abs(rng.randn(1, 1, 8, 8)))
    losses = {}
    for strength in (0., 1.):
        theta = theano.shared(np.array([[.5, 0, 4., 0, .5, 0]]))
        window = affine_transform(image, theta, (4, 4), border_mode='zeros', outside_grad=strength)
        loss = T.mean((window - 1) ** 2)
        step = theano.function([], loss, updates=[(theta, theta - .1 * T.grad(loss, theta))])
        losses[strength] = [float(step()) for _ in range(60)]
    assert losses[0.][-1] == losses[0.][0] == 1
    assert min(losses[1.]) < .9


def test_identity_stays_exact_and_several_transforms_have_their_own(rng):
    image = rng.randn(2, 3, 4, 5)
    flow = np.zeros((2, 2, 2, 4, 5))
    flow[:, 1, 0] = 10
    field = T.TensorType('float64', (False,) * 5)()
    results = []
    for strength in (0, 2):
        output = flow_warp(image, field, outside_grad=strength)
        results.append(theano.function([field], [output, T.grad(T.sum(output), field)])(flow))
    (plain, plain_gradient), (value, gradient) = results
    assert value[:, 0].tobytes() == image.tobytes() and value.tobytes() == plain.tobytes()
    # Three channels of gradient 1, twice; and a pixel is half a unit of five columns' coordinate.
    pull = np.zeros_like(flow)
    pull[:, 1, 0] = 2 * 3 / 2
    np.testing.assert_allclose(gradient - plain_gradient, pull, atol=1e-12)


def test_nothing_of_it_remains_in_a_compiled_function():
    mode = theano.compile.Mode(linker='py', optimizer='fast_run')
    image, theta = T.dtensor4(), T.dmatrix()
    output = affine_transform(image, theta, (3, 3), outside_grad=1.)
    for outputs in ([output], [output, T.grad(T.sum(output), theta)]):
        run = theano.function([image, theta], outputs, mode=mode)
        assert not [node for node in run.maker.fgraph.toposort() if isinstance(node.op, OutsidePull)]
    assert len(theano.function([image, theta], output, mode=mode).maker.fgraph.toposort()) <= 3


def test_derivatives_of_the_output_are_not_changed_otherwise(rng):
    image, theta = T.dtensor4(), T.dmatrix()
    values = rng.randn(1, 1, 4, 4), np.array([[.5, .1, 0, .1, .5, 0]])
    steps = [T.constant(rng.randn(*value.shape)) for value in values]
    results = []
    for strength in (0., 3.):
        output = affine_transform(image, theta, (3, 3), outside_grad=strength)
        gradient = T.grad(T.sum(output ** 2), theta)
        run = theano.function([image, theta], [T.Rop(output, [image, theta], steps),
                                               T.grad(T.sum(gradient ** 2), theta)])
        results.append(run(*values))
    for plain, pulled in zip(*results):                      # all points are inside
        np.testing.assert_allclose(pulled, plain)
