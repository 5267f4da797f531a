"""Thin-plate splines against SciPy's, and what they do to images."""
import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from scipy.interpolate import RBFInterpolator

from lasagne_ext.ops import affine_grid, grid_sample, tps_grid, tps_transform

pytestmark = pytest.mark.usefixtures('nothing_compiled')

SCATTERED = {2: np.array([[-.9, -.8], [.7, -1], [.1, .2], [-.6, .9], [1.1, .8]]),
             3: np.array([[-.9, -.8, .1], [.7, -1, -1], [.1, .2, 1], [-.6, .9, 0], [1, .8, -.5],
                          [0, 0, 0]])}

SIZES = {2: (4, 5), 3: (3, 4, 2)}


def run(function, *arrays, **options):
    """What a function of tensors computes. Constants in its graph would be folded one by one."""
    variables = [T.TensorType(array.dtype, (False,) * array.ndim)() for array in arrays]
    return theano.function(variables, function(*variables, **options))(*arrays)


def pixel_coordinates(size, align_corners):
    """Normalised coordinates of an output's pixels ``(*size, rank)``, x first."""
    axes = [(np.arange(n) - (n - 1) / 2) / max((n - align_corners) / 2, .5) for n in size]
    return np.stack(np.meshgrid(*axes, indexing='ij')[::-1], axis=-1)


def scipys(displacements, size, points, regularization=0., align_corners=True):
    """The grid by SciPy's spline through the displaced points: oracle for (batch, rank n)."""
    pixels = pixel_coordinates(size, align_corners)
    rank = len(size)
    moved = points + displacements.reshape(-1, rank, len(points)).transpose(0, 2, 1)
    kernel = {2: 'thin_plate_spline', 3: 'linear'}[rank]
    # Smoothing is of the displacements: it must not pull at the pixels' own places.
    return np.stack([pixels + RBFInterpolator(points, target - points, kernel=kernel, degree=1,
                                              smoothing=regularization)(
        pixels.reshape(-1, rank)).reshape(pixels.shape) for target in moved])


@pytest.mark.parametrize('align_corners', [True, False])
@pytest.mark.parametrize('regularization', [0., .3])
@pytest.mark.parametrize('rank', [2, 3])
def test_grid_is_scipys(rng, assert_close, rank, regularization, align_corners):
    points, size = SCATTERED[rank], SIZES[rank]
    displacements = .3 * rng.randn(3, points.size)
    expected = scipys(displacements, size, points, regularization, align_corners)
    for precompute_grid in (True, False):
        actual = run(tps_grid, displacements, out_shape=size, control_points=points,
                     regularization=regularization, align_corners=align_corners,
                     precompute_grid=precompute_grid)
        assert_close(actual, expected, factor=10)


@pytest.mark.parametrize('rank, count', [(2, 4), (2, 9), (2, 16), (3, 8), (3, 27)])
def test_number_of_points_makes_a_regular_grid(rng, assert_close, rank, count):
    side = round(count ** (1 / rank))
    points = pixel_coordinates((side,) * rank, True).reshape(-1, rank)
    displacements = .3 * rng.randn(2, points.size)
    grid = run(tps_grid, displacements, out_shape=SIZES[rank], control_points=count)
    assert_close(grid, scipys(displacements, SIZES[rank], points), factor=10)


def test_spline_passes_through_displaced_points(rng, assert_close):
    """Where pixels lie on the control points; all in x first, then all in y."""
    displacements = rng.randn(1, 18)
    grid = run(tps_grid, displacements, out_shape=(3, 3), control_points=9)
    moved = pixel_coordinates((3, 3), True).reshape(9, 2) + displacements.reshape(2, 9).T
    assert_close(grid.reshape(9, 2), moved)


@pytest.mark.parametrize('rank', [2, 3])
@pytest.mark.parametrize('align_corners', [True, False])
@pytest.mark.parametrize('dtype', ['float32', 'float64'])
@pytest.mark.parametrize('precompute_grid', [True, False])
def test_no_displacement_is_the_identity_exactly(rng, rank, align_corners, dtype, precompute_grid):
    size, points = SIZES[rank], SCATTERED[rank]
    still = np.zeros((2, points.size), dtype)
    options = {'out_shape': size, 'control_points': points, 'align_corners': align_corners,
               'precompute_grid': precompute_grid}
    grid = run(tps_grid, still, **options)
    assert grid.dtype == dtype
    assert (grid == pixel_coordinates(size, align_corners).astype(dtype)).all()
    image = rng.randn(2, 1, *size).astype(dtype)
    assert run(tps_transform, image, still, **options).tobytes() == image.tobytes()


def test_moving_all_points_alike_is_affine(rng, assert_close):
    theta = np.eye(2, 3) + .3 * rng.randn(2, 3)
    points = SCATTERED[2]
    moved = points @ theta[:, :2].T + theta[:, 2]
    grid = run(tps_grid, (moved - points).T.reshape(1, -1), out_shape=(4, 5), control_points=points)
    assert_close(grid, run(affine_grid, theta.reshape(1, 6), out_shape=(4, 5)))


@pytest.mark.parametrize('rank', [2, 3])
@pytest.mark.parametrize('options', [{}, {'align_corners': False, 'border_mode': 'zeros'},
                                     {'border_mode': 'reflect', 'interpolation': 'bicubic'},
                                     {'regularization': .2, 'antialias': True}])
def test_transform_samples_at_the_grid(rng, assert_close, rank, options):
    image = rng.randn(2, 2, *range(5, 5 + rank))
    displacements = .3 * rng.randn(2, SCATTERED[rank].size)
    spline = {key: options[key] for key in options if key in ('align_corners', 'regularization')}
    places = {'out_shape': SIZES[rank], 'control_points': SCATTERED[rank]}
    grid = run(tps_grid, displacements, **places, **spline)
    expected = run(grid_sample, image, grid, **{key: value for key, value in options.items()
                                                if key != 'regularization'})
    for precompute_grid in (True, False):
        actual = run(tps_transform, image, displacements, **places, precompute_grid=precompute_grid,
                     **options)
        assert_close(actual, expected, factor=100)


@pytest.mark.parametrize('rank', [2, 3])
def test_several_transforms_of_an_image(rng, assert_close, rank):
    image = rng.randn(2, 2, *range(5, 5 + rank))
    displacements = .3 * rng.randn(2, 3, SCATTERED[rank].size)
    places = {'out_shape': SIZES[rank], 'control_points': SCATTERED[rank]}
    grids = run(tps_grid, displacements, **places)
    images = run(tps_transform, image, displacements, **places)
    assert images.shape == (2, 3, 2) + SIZES[rank]
    for k in range(3):
        assert_close(grids[:, k], run(tps_grid, displacements[:, k], **places))
        assert_close(images[:, k], run(tps_transform, image, displacements[:, k], **places))


def test_symbolic_size(rng, assert_close):
    displacements, rows, size = T.dmatrix(), T.lscalar(), T.lvector()
    moves = .3 * rng.randn(2, 32)
    expected = run(tps_grid, moves, out_shape=(4, 5))
    pair = theano.function([displacements, rows], tps_grid(displacements, (rows, 5)))
    assert_close(pair(moves, 4), expected)
    vector = theano.function([displacements, size], tps_grid(displacements, size))
    assert_close(vector(moves, [4, 5]), expected)
    image = rng.randn(2, 1, 6, 7)
    whole = theano.function([displacements, size], tps_transform(image, displacements, size))
    assert_close(whole(moves, [4, 5]), run(tps_transform, image, moves, out_shape=(4, 5)))


@pytest.mark.parametrize('size', [(1, 1), (1, 3), (2, 1)])
@pytest.mark.parametrize('align_corners', [True, False])
def test_axes_of_one_pixel(rng, assert_close, size, align_corners):
    displacements = .3 * rng.randn(2, 32)
    options = {'out_shape': size, 'align_corners': align_corners}
    expected = run(tps_grid, displacements, precompute_grid=False, **options)
    assert_close(run(tps_grid, displacements, **options), expected)
    for image in (rng.randn(2, 1, 4, 5), rng.randn(2, 1, 1, 5), rng.randn(2, 1, *size)):
        sampled = run(grid_sample, image, expected, align_corners=align_corners)
        assert_close(run(tps_transform, image, displacements, **options), sampled)


def test_empty_batch():
    output = run(tps_transform, np.zeros((0, 2, 3, 3)), np.zeros((0, 32)), out_shape=(4, 5))
    assert output.shape == (0, 2, 4, 5)


@pytest.mark.parametrize('rank', [2, 3])
def test_gradient(rng, rank):
    image = rng.randn(2, 1, *range(4, 4 + rank))
    displacements = .1 * rng.randn(2, SCATTERED[rank].size)
    theano.gradient.verify_grad(
        lambda *values: tps_transform(*values, SIZES[rank], SCATTERED[rank], regularization=.1,
                                      interpolation='bicubic', cubic=-.5), [image, displacements],
        rng=rng, abs_tol=1e-4, rel_tol=1e-4)


def test_second_derivatives(rng):
    image, displacements = rng.randn(1, 1, 4, 5), .1 * rng.randn(1, 8)

    def squared_gradient(value):
        cost = T.sum(T.sqr(tps_transform(image, value, (3, 3), 4)))
        return T.sqr(T.grad(cost, value))
    theano.gradient.verify_grad(squared_gradient, [displacements], rng=rng, abs_tol=1e-4, rel_tol=1e-4)


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
def test_default_mode(rng, dtype, assert_close):
    image, displacements = T.tensor4(dtype=dtype), T.matrix(dtype=dtype)
    output = tps_transform(image, displacements, (4, 5))
    function = theano.function([image, displacements], [output, T.grad(output.sum(), displacements)],
                               mode='FAST_RUN')
    images, moves = rng.randn(2, 3, 6, 7).astype(dtype), (.3 * rng.randn(2, 32)).astype(dtype)
    values, gradient = function(images, moves)
    assert values.dtype == gradient.dtype == dtype and gradient.shape == (2, 32)
    exact = images.astype('float64'), moves.astype('float64')
    assert_close(values, run(tps_transform, *exact, out_shape=(4, 5)))


@pytest.mark.parametrize('border_mode', ['nearest', 'mirror', 'wrap'])
def test_values_are_those_of_lasagnes(rng, monkeypatch, border_mode):
    if not hasattr(lasagne.layers, 'TPSTransformerLayer'):
        pytest.skip('this Lasagne has no TPSTransformerLayer')
    # NumPy takes the float number of points that Lasagne gives no longer.
    linspace = np.linspace
    monkeypatch.setattr(np, 'linspace', lambda start, stop, count: linspace(start, stop, int(count)))
    source = lasagne.layers.InputLayer((None, 3, 8, 9), T.tensor4())
    moves = lasagne.layers.InputLayer((None, 32), T.matrix())
    layer = lasagne.layers.TPSTransformerLayer(source, moves, 2, precompute_grid=True,
                                               border_mode=border_mode)
    float_type = theano.config.floatX
    image, displacements = rng.randn(2, 3, 8, 9).astype(float_type), .3 * rng.randn(2, 32).astype(float_type)
    theirs = theano.function([source.input_var, moves.input_var], lasagne.layers.get_output(layer))
    ours = run(tps_transform, image, displacements, out_shape=(4, 4), border_mode=border_mode)
    np.testing.assert_allclose(ours, theirs(image, displacements),
                               atol=1e-3 if float_type == 'float32' else 1e-10)


@pytest.mark.parametrize('options, error, message', [
    ({'control_points': 15}, ValueError, 'must be the square of a whole number from 2 on, got 15'),
    ({'control_points': 1}, ValueError, 'got 1'),
    ({'control_points': -4}, ValueError, 'got -4'),
    ({'control_points': True}, ValueError, 'a finite array of shape .n, 2., got'),
    ({'control_points': 'many'}, ValueError, "got 'many'"),
    ({'control_points': np.zeros((4, 3))}, ValueError, r'got an array of shape \(4, 3\)'),
    ({'control_points': [[0, 0], [1, np.nan], [1, 1]]}, ValueError, 'a finite array'),
    ({'control_points': [[0, 0], [0, 1]]}, ValueError, 'must be 3 or more that do not all lie on one line'),
    ({'control_points': [[0, 0], [1, 1], [-2, -2], [.5, .5]]}, ValueError, 'do not all lie on one line'),
    ({'control_points': [[0, 0], [0, 1], [1, 0], [0, 1]]}, ValueError, 'must differ from each other'),
    ({'regularization': -1}, ValueError, 'regularization must be at least 0, got -1'),
    ({'align_corners': 1}, TypeError, 'align_corners must be True or False, got 1'),
    ({'precompute_grid': 'yes'}, TypeError, "precompute_grid must be True, False or 'auto', got 'yes'"),
    ({'out_shape': (4, T.lscalar()), 'precompute_grid': True}, ValueError, 'known when the graph is built'),
    ({'displacements': np.zeros((2, 30))}, ValueError,
     r'displacements must have shape \(batch, 32\), got \(2, 30\)'),
    ({'displacements': np.zeros(32)}, TypeError, r'displacements must have shape \(batch, 32\) or'),
    ({'name': 'bent', 'control_points': 3}, ValueError, '^bent: the number')])
def test_refused(options, error, message):
    for function, arguments in ((tps_grid, {}), (tps_transform, {'input': np.zeros((2, 1, 4, 4))})):
        call = dict(arguments, displacements=np.zeros((2, 32)), out_shape=(4, 5))
        call.update(options)
        expected = message if 'name' in options else '^%s: .*%s' % (function.__name__, message)
        with pytest.raises(error, match=expected):
            function(**call)


def test_points_in_one_plane_are_refused():
    flat = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0.]])
    with pytest.raises(ValueError, match='must be 4 or more that do not all lie on one plane'):
        tps_grid(np.zeros((1, 12)), (2, 3, 4), flat)


@pytest.mark.parametrize('mode', ['FAST_RUN', 'FAST_COMPILE'])
def test_wrong_count_is_refused_at_run_time(mode):
    displacements = T.dmatrix()
    function = theano.function([displacements], tps_grid(displacements, (3, 4)), mode=mode)
    with pytest.raises(ValueError, match=r'tps_grid: displacements must have shape \(batch, 32\), got '
                                         r'\(2, 64\)'):
        function(np.ones((2, 64)))
