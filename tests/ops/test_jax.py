"""The Ops as JAX functions, compiled, against the NumPy reference; on any engine."""
import itertools

import numpy as np
import pytest
import theano.tensor as T
from hypothesis import given, settings
from hypothesis import strategies as st

from lasagne_ext import kernels
from lasagne_ext.kernels import oracle
from lasagne_ext.ops import AffineTransform, AffineTransformGrad, GridSample, GridSampleGrad

jax = pytest.importorskip('jax')

MODES = list(itertools.product(kernels.BORDER_MODES, (True, False)))


@pytest.fixture(autouse=True)
def double_precision():
    before = jax.config.jax_enable_x64
    jax.config.update('jax_enable_x64', True)
    yield
    jax.config.update('jax_enable_x64', before)


def run(kind, arrays, mode=('nearest', True), out_shape=None, check_finite=False):
    """Outputs of an Op's JAX function, compiled for these arrays."""
    op = kind('bilinear', *mode, check_finite, 'somebody')
    variables = [T.TensorType(str(array.dtype), (False,) * array.ndim)() for array in arrays]
    shapes = () if out_shape is None else (np.asarray(out_shape),)
    node = op.make_node(*variables, *[T.lvector() for _ in shapes])
    function = op.jax_function(node)
    outputs = jax.jit(lambda *values: function(*values, *shapes))(*arrays)
    for output, variable in zip(outputs, node.outputs):
        assert output.dtype == variable.dtype
    assert len(outputs) == len(node.outputs)
    return [np.asarray(output) for output in outputs]


def every_op(image, theta, grid, output_grad, mode):
    """Pairs of outputs: in JAX, and by the reference."""
    size = output_grad.shape[2:]
    matrix = theta.reshape(-1, 2, 3)
    yield from zip(run(AffineTransform, [image, theta], mode, size),
                   [oracle.affine_forward(image, matrix, *size, *mode)])
    yield from zip(run(GridSample, [image, grid], mode), [oracle.grid_forward(image, grid, *mode)])
    input_grad, theta_grad = oracle.affine_backward(image, matrix, output_grad, *mode)
    yield from zip(run(AffineTransformGrad, [image, theta, output_grad], mode),
                   [input_grad, theta_grad.reshape(theta.shape)])
    yield from zip(run(GridSampleGrad, [image, grid, output_grad], mode),
                   oracle.grid_backward(image, grid, output_grad, *mode))


#: Coordinates, theta's entries, and how far they reach: from inside the image to nowhere.
SPREADS = [.1, 1, 30, 1e6]


@st.composite
def cases(draw):
    rng = np.random.RandomState(draw(st.integers(0, 2 ** 32 - 1)))
    # Few shapes, because each is compiled anew.
    batch, channels = draw(st.sampled_from([(2, 3), (3, 1), (0, 2), (2, 0)]))
    in_size = draw(st.sampled_from([(5, 7), (1, 4), (1, 1), (6, 2)]))
    out_size = draw(st.sampled_from([(4, 3), (1, 1), (5, 7)]))
    dtype, points_dtype = (draw(st.sampled_from(['float32', 'float64'])) for _ in range(2))
    spread = draw(st.sampled_from(SPREADS))
    theta = np.array([1, 0, 0, 0, 1, 0]) + spread * rng.randn(batch, 6)
    if draw(st.booleans()):
        theta = theta.reshape(batch, 2, 3)
    grid = spread * rng.randn(batch, *out_size, 2)
    return (rng.randn(batch, channels, *in_size).astype(dtype), theta.astype(points_dtype),
            grid.astype(points_dtype), rng.randn(batch, channels, *out_size).astype(dtype))


@settings(max_examples=8)
@given(case=cases(), mode=st.sampled_from(MODES))
def test_agrees_with_oracle(case, mode):
    image, theta, grid, output_grad = case
    for actual, expected in every_op(*case, mode):
        assert actual.shape == expected.shape and actual.dtype == expected.dtype
        if actual.size:
            scale = max(1, np.abs(expected).max(), output_grad[0, :1].size)
            # A coordinate of a million pixels is known to a millionth of what one of a pixel is.
            far = max(1, np.abs(theta).max(), np.abs(grid).max(initial=0))
            tolerance = 2e-5 if 'float32' in (str(image.dtype), str(expected.dtype)) else 0
            assert np.abs(actual - expected).max() <= (tolerance + 1e-13 * far) * scale


@pytest.mark.parametrize('mode', MODES)
def test_points_nowhere_far_away_and_on_the_edges(rng, assert_close, mode):
    special = np.array([np.nan, np.inf, -np.inf, 1e9, -1e9, 2.**53, 1e30, -1e300, -1., 1., 0., 3.])
    grid = np.stack(np.meshgrid(special, special), -1)[None]
    image = rng.randn(1, 2, 4, 5)
    output_grad = rng.randn(1, 2, *grid.shape[1:3])
    actual, = run(GridSample, [image, grid], mode)
    assert_close(actual, oracle.grid_forward(image, grid, *mode))
    for actual, expected in zip(run(GridSampleGrad, [image, grid, output_grad], mode),
                                oracle.grid_backward(image, grid, output_grad, *mode)):
        assert_close(actual, expected, factor=10)


@pytest.mark.parametrize('border_mode', kernels.BORDER_MODES)
def test_pixels_and_thetas_that_are_not_finite(rng, assert_close, border_mode):
    image = rng.randn(4, 2, 4, 5)
    image[0, 0, 1, 2] = image[2, 1, 3, 4] = np.nan
    image[0, 1, 2, 2] = image[3, 0, 3, 4] = -np.inf
    theta = np.tile(np.array([[.7, .1, 0, .2, .6, 0]]), (4, 1))
    theta[1, 3], theta[2, 2] = np.nan, np.inf
    grid = rng.uniform(-1.5, 1.5, (4, 3, 4, 2))
    with np.errstate(invalid='ignore'):
        for actual, expected in every_op(image, theta, grid, rng.randn(4, 2, 3, 4), (border_mode, False)):
            infinite = np.isinf(expected)
            assert (actual[infinite] == expected[infinite]).all()
            assert_close(np.where(infinite, 0, actual), np.where(infinite, 0, expected), factor=10)


def test_output_without_pixels():
    image, theta = np.ones((2, 1, 0, 3)), np.ones((2, 6))
    output, = run(AffineTransform, [image, theta], out_shape=(0, 4))
    assert output.shape == (2, 1, 0, 4)
    input_grad, theta_grad = run(AffineTransformGrad, [image, theta, np.ones((2, 1, 0, 4))])
    assert input_grad.shape == image.shape and theta_grad.tolist() == np.zeros((2, 6)).tolist()


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
@pytest.mark.parametrize('mode', MODES)
def test_identity_is_exact(rng, dtype, mode):
    image = rng.randn(2, 2, 9, 12).astype(dtype)
    image.flat[::7] = -0.
    image.flat[3::11] = np.inf
    image.flat[5::13] = np.nan
    theta = np.tile(np.eye(2, 3), (2, 1, 1))
    output, = run(AffineTransform, [image, theta], mode, image.shape[2:])
    assert output.tobytes() == image.tobytes()


@pytest.mark.parametrize('mode', MODES)
def test_derivative_at_a_kink_is_the_right_hand_one(mode):
    image = np.array([[[[1., 4., 9.]]]])
    pixels = np.array([-1., 0., 1., 2.])
    grid = np.stack([(pixels - 1) / (1. if mode[1] else 1.5), 0 * pixels], -1)[None, None]
    output_grad = np.ones((1, 1, 1, 4))
    for actual, expected in zip(run(GridSampleGrad, [image, grid, output_grad], mode),
                                kernels.grid_backward(image, grid, output_grad, *mode)):
        np.testing.assert_allclose(actual, expected)


def test_nothing_is_added_where_a_point_is_nowhere():
    grid = np.full((1, 1, 2, 2), np.nan)
    grid[0, 0, 0] = 0
    input_grad, _ = run(GridSampleGrad, [np.zeros((1, 1, 1, 1)), grid, np.array([[[[2., np.inf]]]])])
    assert input_grad.tolist() == [[[[2.]]]]


@pytest.mark.parametrize('kind, arrays, out_shape, message', [
    (AffineTransform, [np.ones((2, 1, 3, 3)), np.ones((3, 6))], (2, 2),
     'the batch sizes of input and theta must be the same'),
    (AffineTransform, [np.ones((2, 1, 3, 3)), np.ones((2, 5))], (2, 2), 'theta must have shape'),
    (AffineTransform, [np.ones((2, 1, 3, 3)), np.ones((2, 6))], (2, -1), 'out_shape must not be negative'),
    (AffineTransform, [np.ones((2, 1, 0, 3)), np.ones((2, 6))], (2, 2), r'input of shape .* has no pixel'),
    (AffineTransformGrad, [np.ones((2, 1, 3, 3)), np.ones((3, 6)), np.ones((2, 1, 2, 2))], None,
     'the batch sizes of input and theta must be the same'),
    (GridSample, [np.ones((2, 1, 3, 3)), np.ones((2, 2, 2, 3))], None, 'grid must have shape'),
    (GridSampleGrad, [np.ones((2, 1, 3, 3)), np.ones((3, 2, 2, 2)), np.ones((2, 1, 2, 2))], None,
     'the batch sizes of input and grid must be the same')])
def test_shapes_are_refused_while_tracing(kind, arrays, out_shape, message):
    with pytest.raises(ValueError, match='somebody: ' + message):
        run(kind, arrays, out_shape=out_shape)


@pytest.mark.parametrize('kind', [AffineTransform, AffineTransformGrad])
def test_check_finite_says_which(kind):
    theta = np.tile([[1., 0, 0, 0, 1, 0]], (3, 1))
    arrays = [np.zeros((3, 1, 2, 2)), theta] + [np.ones((3, 1, 2, 2))] * (kind is AffineTransformGrad)
    out_shape = (2, 2) if kind is AffineTransform else None
    fine = run(kind, arrays, out_shape=out_shape, check_finite=True)
    for checked, plain in zip(fine, run(kind, arrays, out_shape=out_shape)):
        np.testing.assert_array_equal(checked, plain)
    theta[1, 2] = np.nan
    with pytest.raises(Exception, match=r'somebody: theta is not finite for 1 of 3 images; the first is '
                                        r'number 1: \[ 1.  0. nan'):
        run(kind, arrays, out_shape=out_shape, check_finite=True)


def test_check_finite_of_a_big_grid():
    grid = np.zeros((2, 200, 300, 2))
    grid[1, 7, 8, 0] = np.inf
    with pytest.raises(Exception, match='grid is not finite for 1 of 2 images; the first is number 1'):
        run(GridSample, [np.zeros((2, 1, 2, 2)), grid], check_finite=True)
