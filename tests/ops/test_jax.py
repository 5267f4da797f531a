"""The kernels and the Ops as JAX functions, compiled, against the NumPy reference; on any engine."""
import numpy as np
import pytest
import theano.tensor as T
from hypothesis import given, settings
from hypothesis import strategies as st

from lasagne_ext.kernels import sampling, sampling_reference
from lasagne_ext.kernels.sampling import SamplingMode
from lasagne_ext.ops import (AffineTransform, AffineTransformGrad, FlowWarp, FlowWarpGrad, GridSample,
                             GridSampleGrad, ProjectiveTransform, ProjectiveTransformGrad, SamplerOptions)
from lasagne_ext.ops.antialias import FootprintSample, FootprintSampleGrad

jax = pytest.importorskip('jax')

#: Each border with an interpolation, and each interpolation; compiling takes a second or more.
MODES = [SamplingMode('grid', interpolation, border_mode, align_corners, cubic)
         for interpolation, border_mode, align_corners, cubic in (
             ('bilinear', 'zeros', True, -.75), ('bicubic', 'zeros', False, -.5),
             ('bilinear', 'nearest', False, -.75), ('bicubic', 'nearest', True, -.75),
             ('bicubic', 'mirror', True, -.75), ('nearest', 'mirror', False, -.75),
             ('bilinear', 'reflect', True, -.75), ('bilinear', 'wrap', False, -.75))]


@pytest.fixture(autouse=True)
def double_precision():
    before = jax.config.jax_enable_x64
    jax.config.update('jax_enable_x64', True)
    yield
    jax.config.update('jax_enable_x64', before)


#: Compiles twice as fast; what depends on how the compiler rounds is tested with all it has.
QUICK = {'xla_backend_optimization_level': 0, 'xla_llvm_disable_expensive_passes': True}


def compiled(name, *arguments, options=QUICK):
    """Outputs of a kernel of JAX and of the reference, of which all but arrays is known when it traces."""
    from lasagne_ext.ops import _jax
    arrays = [value for value in arguments if isinstance(value, np.ndarray)]

    def function(*values):
        values = iter(values)
        return getattr(_jax, name)(*[next(values) if isinstance(value, np.ndarray) else value
                                     for value in arguments])

    with np.errstate(invalid='ignore'):
        expected = getattr(sampling_reference, name)(*arguments)
    actual = jax.jit(function, compiler_options=options)(*arrays)
    if not isinstance(expected, tuple):
        actual, expected = (actual,), (expected,)
    assert len(actual) == len(expected)
    for one, other in zip(actual, expected):
        assert one.shape == other.shape and one.dtype == other.dtype
    return [(np.asarray(one), other) for one, other in zip(actual, expected)]


def every_kernel(image, points, output_grad, mode):
    size = output_grad.shape[2:]
    return (compiled('sample', image, points, size, mode)
            + compiled('sample_backward', image, points, output_grad, mode))


@st.composite
def cases(draw, kinds=sampling.POINTS):
    rng = np.random.RandomState(draw(st.integers(0, 2 ** 32 - 1)))
    mode = SamplingMode(draw(st.sampled_from(kinds)), draw(st.sampled_from(sampling.INTERPOLATIONS)),
                        draw(st.sampled_from(sampling.BORDER_MODES)), draw(st.booleans()),
                        draw(st.sampled_from([-.75, -.5, 0.])))
    rank = draw(st.sampled_from([2, 2, 3]))
    batch, channels = draw(st.sampled_from([(2, 3), (3, 1), (0, 2), (2, 0)]))
    in_size = draw(st.sampled_from([(5, 7, 4), (1, 4, 3), (1, 1, 1), (6, 2, 2)]))[:rank]
    out_size = draw(st.sampled_from([(4, 3, 2), (1, 1, 2), (5, 7, 1)]))[:rank]
    count = batch * draw(st.sampled_from([1, 2]))
    dtype, points_dtype = (draw(st.sampled_from(['float32', 'float64'])) for _ in range(2))
    # Coordinates, or a matrix's entries, and how far they reach: from inside the image to nowhere.
    spread = draw(st.sampled_from([.1, 1, 30, 1e6]))
    if mode.points == 'grid':
        points = spread * rng.randn(count, *out_size, rank)
    elif mode.points == 'flow':
        points = 3 * spread * rng.randn(count, rank, *out_size)
    else:
        points = np.eye(rank, rank + 1) + spread * rng.randn(count, rank, rank + 1)
        if mode.points == 'projective':
            last = np.eye(rank + 1)[-1:] + .1 * rng.uniform(-1, 1, (count, 1, rank + 1))
            points = np.concatenate([points, last], axis=1)
    return (rng.randn(batch, channels, *in_size).astype(dtype), points.astype(points_dtype),
            rng.randn(count, channels, *out_size).astype(dtype), mode)


def assert_agree(pairs, dtype, far, terms):
    for actual, expected in pairs:
        if actual.size:
            scale = max(1, np.abs(expected).max(), terms)
            # A coordinate of a million pixels is known to a millionth of what one of a pixel is.
            tolerance = 2e-5 if 'float32' in (dtype, str(expected.dtype)) else 0
            assert np.abs(actual - expected).max() <= (tolerance + 1e-13 * far) * scale


@settings(max_examples=8)
@given(case=cases())
def test_agrees_with_reference(case):
    image, points, output_grad, mode = case
    far = 10 * max(1, np.abs(points).max(initial=0))
    assert_agree(every_kernel(*case), str(image.dtype), far, np.prod(output_grad.shape[2:]))


@settings(max_examples=2)
@given(case=cases(kinds=('grid',)), widest=st.sampled_from([.5, 2., 5.]))
def test_footprints_agree_with_reference(case, widest):
    image, grid, output_grad, mode = case
    rank = grid.shape[-1]
    # More taps take the reference long in volumes.
    footprint = (widest / rank * np.random.RandomState(0).randn(*grid.shape, rank)).astype(grid.dtype)
    footprint.reshape(-1, rank, rank)[::3] = 0
    far = 10 * max(1, np.abs(grid).max(initial=0))
    assert_agree(compiled('footprint_sample', image, grid, footprint, mode)
                 + compiled('footprint_sample_backward', image, grid, footprint, output_grad, mode),
                 str(image.dtype), far, np.prod(output_grad.shape[2:]))


def test_footprints_that_are_huge_or_not_finite(rng, assert_close):
    grid = rng.uniform(-1, 1, (1, 2, 3, 2))
    footprint = rng.randn(1, 2, 3, 2, 2)
    footprint[0, 0, 0] = [[1e200, 0], [1e200, 0]]
    footprint[0, 0, 1] = np.nan
    footprint[0, 0, 2, 0, 1] = np.inf
    footprint[0, 1, 0] = [[500., 0], [0, 0]]
    grid[0, 1, 1, 0] = np.nan
    image, output_grad = rng.randn(1, 2, 4, 5), rng.randn(1, 2, 2, 3)
    for actual, expected in (compiled('footprint_sample', image, grid, footprint, MODES[2])
                             + compiled('footprint_sample_backward', image, grid, footprint, output_grad,
                                        MODES[2])):
        assert_close(actual, expected, factor=10)


@pytest.mark.parametrize('mode', MODES)
def test_points_nowhere_far_away_and_on_the_edges(rng, assert_close, mode):
    special = np.array([np.nan, np.inf, -np.inf, 1e9, -1e9, 2.**53, 1e30, -1e300, -1., 1., 0., 3.])
    grid = np.stack(np.meshgrid(special, special), -1)[None]
    for actual, expected in every_kernel(rng.randn(1, 2, 4, 5), grid,
                                         rng.randn(1, 2, *grid.shape[1:3]), mode):
        assert_close(actual, expected, factor=10)


def test_points_nowhere_in_a_volume(rng, assert_close):
    special = np.array([np.nan, np.inf, 1e30, -1., 1., .3])
    grid = np.stack(np.meshgrid(special, special, special), -1)[None]
    for actual, expected in every_kernel(rng.randn(1, 2, 3, 4, 5), grid, rng.randn(1, 2, 6, 6, 6),
                                         MODES[6]):
        assert_close(actual, expected, factor=10)


def test_a_horizon(rng, assert_close):
    """Where the denominator is 0 or nearly so."""
    H = np.array([[[1., 0, 0], [0, 1, 0], [1, 0, 1]], [[1., 0, 0], [0, 1, 0], [0, 0, 0]],
                  [[1., 0, 0], [0, 1, 0], [0, 1, -1 + 1e-12]]])
    mode = MODES[2]._replace(points='projective', align_corners=True)
    output, (input_grad, _) = (compiled(name, rng.randn(3, 2, 5, 5), H, what, mode) for name, what in
                               (('sample', (3, 3)), ('sample_backward', rng.randn(3, 2, 3, 3))))
    for actual, expected in output + [input_grad]:
        assert_close(actual, expected, factor=10)


@pytest.mark.parametrize('mode', MODES[1:5])
def test_pixels_and_thetas_that_are_not_finite(rng, assert_close, mode):
    mode = mode._replace(points='affine')
    image = rng.randn(4, 2, 4, 5)
    image[0, 0, 1, 2] = image[2, 1, 3, 4] = np.nan
    image[0, 1, 2, 2] = image[3, 0, 3, 4] = -np.inf
    theta = np.tile(np.array([[.7, .1, 0], [.2, .6, 0]]), (4, 1, 1))
    theta[1, 1, 0], theta[2, 0, 2] = np.nan, np.inf
    for actual, expected in every_kernel(image, theta, rng.randn(4, 2, 3, 4), mode):
        infinite = np.isinf(expected)
        assert (actual[infinite] == expected[infinite]).all()
        assert_close(np.where(infinite, 0, actual), np.where(infinite, 0, expected), factor=10)


@pytest.mark.parametrize('kind, dtype', zip(sampling.POINTS, ['float32', 'float64'] * 2))
def test_identity_is_exact(rng, kind, dtype):
    image = rng.randn(2, 2, 9, 12).astype(dtype)
    image.flat[::7] = -0.
    image.flat[3::11] = np.inf
    image.flat[5::13] = np.nan
    points = {'affine': np.eye(2, 3), 'projective': np.eye(3), 'flow': np.zeros((2, 9, 12)),
              'grid': np.moveaxis(np.mgrid[:9, :12][::-1], 0, -1) * [2 / 11, 2 / 8] - 1}[kind]
    for interpolation in sampling.INTERPOLATIONS:
        mode = SamplingMode(kind, interpolation, 'mirror', kind != 'affine', -.75)
        (actual, expected), = compiled('sample', image, np.stack([points] * 2), image.shape[2:], mode,
                                       options={})
        assert actual.tobytes() == (expected if kind == 'grid' else image).tobytes()


@pytest.mark.parametrize('mode', MODES[::2])
def test_derivative_at_a_kink_is_the_right_hand_one(mode):
    image = np.array([[[[1., 4., 9.]]]])
    pixels = np.array([-1., 0., 1., 2.])
    grid = np.stack([(pixels - 1) / (1. if mode.align_corners else 1.5), 0 * pixels], -1)[None, None]
    for actual, expected in compiled('sample_backward', image, grid, np.ones((1, 1, 1, 4)), mode,
                                     options={}):
        np.testing.assert_allclose(actual, expected, atol=1e-14)


def test_nothing_is_added_where_a_point_is_nowhere():
    grid = np.full((1, 1, 2, 2), np.nan)
    grid[0, 0, 0] = 0
    (input_grad, _), _ = compiled('sample_backward', np.zeros((1, 1, 1, 1)), grid,
                                  np.array([[[[2., np.inf]]]]), MODES[2])
    assert input_grad.tolist() == [[[[2.]]]]


def test_scattering_and_summing_in_turn_or_at_once(rng):
    """The ways of processors and of accelerators, whichever this machine has."""
    from lasagne_ext.ops import _jax_taps
    total, rows, weights, grads = map(jax.numpy.asarray, (
        rng.randn(7, 3), rng.randint(0, 7, (5, 4)), rng.randn(5, 4), rng.randn(5, 3)))
    np.testing.assert_allclose(_jax_taps._scatter_in_turn(total, rows, weights, grads),
                               _jax_taps._scatter(total, rows, weights, grads))
    np.testing.assert_allclose(_jax_taps._products_in_turn(total, rows, grads),
                               _jax_taps._products(total, rows, grads))


def test_what_is_not_wanted_is_none(rng):
    arrays = rng.randn(1, 1, 3, 3), rng.randn(1, 2, 2, 2), rng.randn(1, 1, 2, 2)
    from lasagne_ext.ops import _jax
    both = _jax.sample_backward(*arrays, MODES[0])
    for wanted in ((True, False), (False, True)):
        some = _jax.sample_backward(*arrays, MODES[0], wanted)
        for want, one, other in zip(wanted, some, both):
            assert (one == other).all() if want else one is None


def run(kind, arrays, out_shape=None, **options):
    """Outputs of an Op's JAX function, compiled for these arrays."""
    op = kind(caller='somebody', **options)
    variables = [T.TensorType(str(array.dtype), (False,) * array.ndim)() for array in arrays]
    shapes = () if out_shape is None else (np.asarray(out_shape),)
    node = op.make_node(*variables, *[T.lvector() for _ in shapes])
    function = op.jax_function(node)
    outputs = jax.jit(lambda *values: function(*values, *shapes), compiler_options=QUICK)(*arrays)
    for output, variable in zip(outputs, node.outputs):
        assert output.dtype == variable.dtype
    assert len(outputs) == len(node.outputs)
    return [np.asarray(output) for output in outputs]


def arrays_of(kind, rng, transforms):
    """Image and points for an Op, with K = `transforms` per image (None: one)."""
    leading = (2, transforms) if transforms else (2,)
    shape, expected = {
        AffineTransform: ((6,), (3, 4)), ProjectiveTransform: ((9,), (3, 4)),
        GridSample: ((3, 4, 2), ()), FlowWarp: ((2, 3, 4), ())}[kind]
    points = .5 * rng.randn(*leading, *shape)
    if kind is ProjectiveTransform:
        points[..., -1] += 3
    return [rng.randn(2, 3, 5, 4).astype('float32'), points], expected or None


OPS = [(AffineTransform, AffineTransformGrad), (ProjectiveTransform, ProjectiveTransformGrad),
       (GridSample, GridSampleGrad), (FlowWarp, FlowWarpGrad)]


@pytest.mark.parametrize('kind, gradient, transforms', [
    (*pair, transforms) for pair, transforms in zip(OPS, [None, 2] * 2)])
def test_ops(rng, assert_close, kind, gradient, transforms):
    arrays, out_shape = arrays_of(kind, rng, transforms)
    (output,) = run(kind, arrays, out_shape)
    assert output.shape == ((2, 2, 3, 3, 4) if transforms else (2, 3, 3, 4))
    output_grad = rng.randn(*output.shape).astype('float32')
    size = [np.asarray(out_shape)] * (out_shape is not None)
    storage = [[None]]
    kind().perform(None, arrays + size, storage)
    assert_close(output, storage[0][0])
    storage = [[None], [None]]
    gradient().perform(None, arrays + [output_grad], storage)
    for actual, (expected,) in zip(run(gradient, arrays + [output_grad]), storage):
        assert_close(actual, expected.astype(actual.dtype), factor=10 if actual.dtype == 'float32' else 1e8)
    only, = run(gradient, arrays + [output_grad], wanted=(False, True))
    assert only.shape == arrays[1].shape


def test_antialiasing_ops(rng, assert_close):
    arrays = [rng.randn(2, 1, 5, 4), rng.uniform(-1, 1, (2, 3, 2, 2, 2)), rng.randn(2, 3, 2, 2, 2, 2)]
    output, = run(FootprintSample, arrays)
    storage = [[None]]
    FootprintSample().perform(None, arrays, storage)
    assert_close(output, storage[0][0])
    arrays.append(rng.randn(*output.shape))
    storage = [[None], [None], [None]]
    FootprintSampleGrad().perform(None, arrays, storage)
    for actual, (expected,) in zip(run(FootprintSampleGrad, arrays), storage):
        assert_close(actual, expected, factor=10)


def test_output_without_pixels():
    image, theta = np.ones((2, 1, 0, 3)), np.ones((2, 6))
    output, = run(AffineTransform, [image, theta], (0, 4))
    assert output.shape == (2, 1, 0, 4)
    input_grad, theta_grad = run(AffineTransformGrad, [image, theta, np.ones((2, 1, 0, 4))])
    assert input_grad.shape == image.shape and theta_grad.tolist() == np.zeros((2, 6)).tolist()


@pytest.mark.parametrize('kind, arrays, out_shape, message', [
    (AffineTransform, [np.ones((2, 1, 3, 3)), np.ones((3, 6))], (2, 2),
     'the batch sizes of input and theta must be the same'),
    (AffineTransform, [np.ones((2, 1, 3, 3)), np.ones((2, 5))], (2, 2), 'theta must have shape'),
    (AffineTransform, [np.ones((2, 1, 3, 3)), np.ones((2, 6))], (2, -1), 'out_shape must not be negative'),
    (AffineTransform, [np.ones((2, 1, 0, 3)), np.ones((2, 6))], (2, 2), r'input of shape .* has no pixel'),
    (AffineTransformGrad, [np.ones((2, 1, 3, 3)), np.ones((3, 6)), np.ones((2, 1, 2, 2))], None,
     'the batch sizes of input and theta must be the same'),
    (GridSample, [np.ones((2, 1, 3, 3)), np.ones((2, 2, 2, 3))], None, 'grid must have shape'),
    (FootprintSample, [np.ones((2, 1, 3, 3)), np.ones((2, 2, 2, 2)), np.ones((2, 2, 2, 2, 1))], None,
     'footprint must have shape'),
    (GridSampleGrad, [np.ones((2, 1, 3, 3)), np.ones((3, 2, 2, 2)), np.ones((2, 1, 2, 2))], None,
     'the batch sizes of input and grid must be the same')])
def test_shapes_are_refused_while_tracing(kind, arrays, out_shape, message):
    with pytest.raises(ValueError, match='somebody: ' + message):
        run(kind, arrays, out_shape)


@pytest.mark.parametrize('kind', [AffineTransform, AffineTransformGrad])
def test_check_finite_says_which(kind):
    theta = np.tile([[1., 0, 0, 0, 1, 0]], (3, 1))
    arrays = [np.zeros((3, 1, 2, 2)), theta] + [np.ones((3, 1, 2, 2))] * (kind is AffineTransformGrad)
    out_shape = (2, 2) if kind is AffineTransform else None
    fine = run(kind, arrays, out_shape, options=SamplerOptions(check_finite=True))
    for checked, plain in zip(fine, run(kind, arrays, out_shape)):
        np.testing.assert_array_equal(checked, plain)
    theta[1, 2] = np.nan
    with pytest.raises(Exception, match=r'somebody: theta is not finite for 1 of 3 images; the first is '
                                        r'number 1: \[ 1.  0. nan'):
        run(kind, arrays, out_shape, options=SamplerOptions(check_finite=True))


def test_check_finite_of_a_big_grid():
    grid = np.zeros((2, 200, 300, 2))
    grid[1, 7, 8, 0] = np.inf
    with pytest.raises(Exception, match='grid is not finite for 1 of 2 images; the first is number 1'):
        run(GridSample, [np.zeros((2, 1, 2, 2)), grid], options=SamplerOptions(check_finite=True))
