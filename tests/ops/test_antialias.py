"""Anti-aliased sampling: what it removes and what it leaves, its derivatives, its messages."""
import numpy as np
import pytest
import theano
import theano.tensor as T

from lasagne_ext.kernels import sampling
from lasagne_ext.ops import SamplerOptions, affine_grid, affine_transform, grid_sample
from lasagne_ext.ops.antialias import FootprintSample, FootprintSampleGrad, footprint

pytestmark = pytest.mark.usefixtures('nothing_compiled')

OPTIMIZED = theano.Mode(linker='py', optimizer='fast_run')

#: Rank, transforms per image, interpolation, border and align_corners: each of them at least once.
CASES = [(2, None, 'bilinear', 'nearest', True), (2, 2, 'bilinear', 'mirror', False),
         (2, None, 'bicubic', 'wrap', True), (2, 2, 'nearest', 'reflect', True),
         (3, 2, 'bilinear', 'zeros', False), (3, None, 'bicubic', 'reflect', True)]

SIZES = {2: ((5, 4), (2, 3)), 3: ((2, 2, 3), (1, 1, 2))}


def run(function, *values):
    """What a symbolic function gives for values; as constants, Theano would fold all it can in C."""
    inputs = [T.TensorType(str(value.dtype), (False,) * value.ndim)() for value in values]
    return theano.function(inputs, function(*inputs))(*values)


def modes_of(case):
    return dict(zip(('interpolation', 'border_mode', 'align_corners'), case[2:]))


@pytest.fixture
def shrinking(rng):
    """A function of (image, theta) that shrinks in most directions, with values for both."""
    def make(case):
        rank, transforms = case[:2]
        in_size, out_size = SIZES[rank]
        theta = (np.eye(rank, rank + 1) + .3 * rng.randn(transforms or 1, rank, rank + 1))
        theta = theta.reshape((1, transforms, -1) if transforms else (1, -1))

        def function(image, theta):
            return affine_transform(image, theta, out_size, antialias=True, **modes_of(case))
        return function, [rng.randn(1, 1, *in_size), theta]
    return make


@pytest.fixture
def spread(rng):
    """An Op's function of (image, grid, footprint), with values for all three."""
    def make(case, out_size=(2, 1)):
        rank, transforms = case[:2]
        leading = (1, transforms) if transforms else (1,)
        out_size = (1,) * (rank - 2) + out_size
        grid = rng.uniform(-1.2, 1.2, leading + out_size + (rank,))
        size = rng.uniform(.2, (2.8, .9)[rank - 2], leading + out_size + (1, rank))
        direction = rng.randn(*grid.shape, rank)
        lengths = np.sqrt((direction ** 2).sum(axis=-2, keepdims=True))
        return (FootprintSample(SamplerOptions(**modes_of(case))),
                [rng.randn(1, 1, *SIZES[rank][0]), grid, size * direction / lengths])
    return make


@pytest.mark.parametrize('case', CASES, ids=str)
def test_first_order_to_image_and_theta(shrinking, rng, case):
    function, values = shrinking(case)
    theano.gradient.verify_grad(function, values, rng=rng, n_tests=1)


@pytest.mark.parametrize('case', CASES, ids=str)
def test_first_order_to_image_grid_and_footprint(spread, rng, case):
    function, values = spread(case, (2, 1) if case[0] == 2 else (1, 1))
    theano.gradient.verify_grad(function, values, rng=rng, n_tests=1)


@pytest.mark.parametrize('case', CASES[:3] + CASES[4:5], ids=str)
def test_second_order(spread, rng, case):
    function, values = spread(case, (1, 1))
    weights = [rng.randn(*value.shape) for value in values]
    seed = rng.randn(*run(function, *values).shape)

    def gradients(*inputs):
        first = T.grad(T.sum(inputs[3] * function(*inputs[:3])), list(inputs[:3]))
        return sum(T.sum(gradient * weight) for gradient, weight in zip(first, weights))

    theano.gradient.verify_grad(gradients, values + [seed], rng=rng, n_tests=1)


def test_second_order_to_theta(shrinking, rng):
    function, (image, theta) = shrinking(CASES[0])
    weights = rng.randn(*theta.shape)

    def gradient(theta):
        return T.sum(weights * T.grad(T.sum(function(image, theta) ** 2), theta))

    theano.gradient.verify_grad(gradient, [theta], rng=rng, n_tests=1)


def test_r_op_is_the_transpose_of_l_op(spread, rng):
    function, values = spread(CASES[0])
    inputs = [T.TensorType('float64', (False,) * value.ndim)() for value in values]
    output = function(*inputs)
    steps = [rng.randn(*value.shape) for value in values]
    seed = rng.randn(*run(function, *values).shape)
    forward = T.Rop(output, inputs, [T.constant(step) for step in steps])
    backward = T.Lop(output, inputs, T.constant(seed))
    change, *gradients = theano.function(inputs, [forward] + backward)(*values)
    np.testing.assert_allclose((change * seed).sum(),
                               sum((g * step).sum() for g, step in zip(gradients, steps)))


@pytest.mark.parametrize('border_mode', sampling.BORDER_MODES)
@pytest.mark.parametrize('interpolation', sampling.INTERPOLATIONS)
def test_nothing_changes_where_nothing_shrinks(rng, interpolation, border_mode):
    image = rng.randn(3, 1, 6, 6).astype('float32')
    image[0, 0, 1] = np.inf
    angle = .4
    rotation = [np.cos(angle), -np.sin(angle), .1, np.sin(angle), np.cos(angle), 0]
    theta = np.array([[1, 0, 0, 0, 1, 0], [.4, 0, .2, 0, .7, -.1], rotation])
    for size, align_corners in ((6, True), (10, True), (9, False)):
        plain, antialiased = run(lambda image, theta: [
            grid_sample(image, affine_grid(theta, (size, size), align_corners=align_corners),
                        interpolation=interpolation, border_mode=border_mode, align_corners=align_corners,
                        antialias=antialias)
            for antialias in (False, True)], image, theta)
        assert plain.tobytes() == antialiased.tobytes()


def test_identity_returns_the_image_bit_for_bit(rng):
    image = rng.randn(1, 2, 5, 9).astype('float32')
    image.flat[::5] = -0.
    image.flat[3] = np.inf
    output = run(lambda image, theta: affine_transform(image, theta, (5, 9), antialias=True), image,
                 np.array([[1., 0, 0, 0, 1, 0]]))
    assert output.tobytes() == image.tobytes()


def zone_plate(size):
    """Rings whose frequency grows with the radius, up to Nyquist's at the edges' middle."""
    x = np.arange(size) - (size - 1) / 2
    square = x[:, None] ** 2 + x ** 2
    return np.cos(np.pi / size * square), np.sqrt(square)


def shrunk(image, factor, antialias, angle=0., interpolation='bilinear'):
    size = (len(image) // factor,) * 2
    c, s = np.cos(angle), np.sin(angle)
    return run(lambda image, theta: affine_transform(image, theta, size, interpolation=interpolation,
                                                     align_corners=False, antialias=antialias),
               image[None, None], np.array([[c, -s, 0, s, c, 0]]))[0, 0]


def ideally_shrunk(image, factor):
    """Without all frequencies that the smaller image cannot hold."""
    spectrum = np.fft.fft2(image)
    kept = np.abs(np.fft.fftfreq(len(image))) < .5 / factor
    filtered = np.fft.ifft2(spectrum * (kept[:, None] & kept)).real
    return filtered[factor // 2::factor, factor // 2::factor]


@pytest.mark.parametrize('interpolation', sampling.INTERPOLATIONS)
@pytest.mark.parametrize('factor', [3, 5])
def test_a_zone_plate_does_not_alias(factor, interpolation):
    image, radius = zone_plate(180)
    plain, antialiased = (shrunk(image, factor, antialias, interpolation=interpolation)
                          for antialias in (False, True))
    radius = radius[factor // 2::factor, factor // 2::factor]
    # Rings of more than 1.2 times the smaller image's Nyquist frequency, all of them false there.
    false = (radius > 1.2 * 90 / factor) & (radius < 90)
    assert (antialiased[false] ** 2).mean() < .04 * (plain[false] ** 2).mean()
    ideal = ideally_shrunk(image, factor)
    whole = radius < 90
    errors = [((result - ideal)[whole] ** 2).mean() for result in (plain, antialiased)]
    assert errors[1] < .08 * errors[0]


def test_blur_is_about_the_same_in_all_directions():
    image, radius = zone_plate(180)
    inside = radius[1::3, 1::3] < 80
    straight = shrunk(image, 3, True)[inside]
    for angle in (.3, np.pi / 4):
        turned = shrunk(image, 3, True, angle)[inside]
        assert ((turned - straight) ** 2).mean() < .03 * (straight ** 2).mean()


def test_footprint_follows_the_direction_that_shrinks(rng):
    rows = np.broadcast_to(rng.randn(8, 1), (8, 32))[None, None]
    columns = np.broadcast_to(np.arange(32) % 2., (8, 32))[None, None]
    theta = np.array([[1., 0, 0, 0, 1, 0]])

    def result(image, antialias):
        return run(lambda image, theta: affine_transform(image, theta, (8, 8), align_corners=False,
                                                         antialias=antialias), image, theta)

    np.testing.assert_allclose(result(rows, True), result(rows, False))
    np.testing.assert_allclose(result(columns, True)[..., 1:-1], .5)
    one = rng.randn(1, 1, 8, 32)
    separately = np.concatenate([result(one[:, :, k:k + 1].repeat(8, 2), True)[:, :, k:k + 1]
                                 for k in range(8)], axis=2)
    np.testing.assert_allclose(result(one, True), separately)


def test_volumes_shrink_without_aliasing(rng):
    volume = rng.randn(1, 1, 12, 12, 12)
    theta = np.eye(3, 4).reshape(1, 12)
    plain, antialiased = run(lambda volume, theta: [
        affine_transform(volume, theta, (4, 4, 4), align_corners=False, antialias=antialias)
        for antialias in (False, True)], volume, theta)
    # White noise, of which a third along each of three axes may stay.
    assert (antialiased ** 2).mean() < .05 * (plain ** 2).mean()


@pytest.mark.parametrize('transforms', [None, 2])
def test_no_image_depends_on_its_neighbours(rng, transforms):
    image = rng.randn(3, 2, 12, 12)
    theta = np.array([1, .5, 4])[:, None] * [[1, .2, 0, -.1, 1, 0]]
    if transforms:
        theta = np.stack([theta, 2 * theta], axis=1)

    def result(image, theta):
        return run(lambda image, theta: affine_transform(image, theta, (6, 6), antialias=True), image, theta)

    both = result(image, theta)
    for k in range(3):
        assert (result(image[k:k + 1], theta[k:k + 1])[0] == both[k]).all()


@pytest.mark.parametrize('scale', [.5, 1, 1.5, 4])
def test_length_of_the_footprint(scale):
    values = run(lambda theta: footprint(affine_grid(theta, (3, 5)), (3, 5)),
                 np.array([[scale, 0, 0, 0, 1, 0]]))
    expected = np.zeros((2, 2))
    expected[0, 0] = max(0, scale - 1 / scale)
    np.testing.assert_allclose(values, np.broadcast_to(expected, values.shape), atol=1e-5)


def test_footprint_follows_a_curved_grid():
    x = np.array([0., 1, 4, 10]) / 20
    grid = np.stack([x, 0 * x], -1)[None, None]
    values = run(lambda grid: footprint(grid, (7, 41)), grid)[0, 0]
    steps = np.array([1, 2, 4.5, 6])
    np.testing.assert_allclose(values[:, 0, 0], steps * (1 - 1 / steps ** 2), rtol=1e-5,
                               atol=1e-5)
    assert not values[:, 1].any() and not values[:, :, 1].any()      # one row has no derivative


@pytest.mark.parametrize('leading', [(2,), (2, 3)])
@pytest.mark.parametrize('rank', [2, 3])
def test_shapes(rng, rank, leading):
    out_size = (3, 2, 4)[:rank]
    image, grid = rng.randn(2, 4, *(5,) * rank), rng.randn(*leading, *out_size, rank).astype('float32')
    variables = [T.TensorType(str(value.dtype), (False,) * value.ndim)() for value in (image, grid)]
    spread = footprint(variables[1], (5,) * rank)
    output = grid_sample(*variables, antialias=True)
    results = theano.function(variables, [output, spread])(image, grid)
    for result, dtype, shape in zip(results, ('float64', 'float32'), (leading + (4,) + out_size,
                                                                      grid.shape + (rank,))):
        assert result.dtype == dtype and result.shape == shape
    gradients = T.grad(output.sum(), variables)
    for graph, value in zip([output] + gradients, (results[0], image, grid)):
        run = theano.function(variables, graph.shape, on_unused_input='ignore', mode=OPTIMIZED)
        assert tuple(run(image, grid)) == value.shape
        assert not any(isinstance(node.op, (FootprintSample, FootprintSampleGrad))
                       for node in run.maker.fgraph.toposort())


def test_points_that_are_not_finite(rng):
    image, theta = T.dtensor4(), T.dmatrix()
    output = affine_transform(image, theta, (2, 2), antialias=True)
    every = theano.function([image, theta], [output] + T.grad(output.sum(), [image, theta]))
    values = np.tile([[2., 0, 0, 0, 2, 0]], (2, 1))
    values[1, 2] = np.nan
    output, image_grad, theta_grad = every(rng.randn(2, 1, 4, 4), values)
    assert np.isfinite(output[0]).all() and np.isnan(output[1]).all()
    assert image_grad[0].any() and not image_grad[1].any()
    assert np.isfinite(theta_grad[0]).all() and np.isnan(theta_grad[1]).any()
    with pytest.raises(ValueError, match='crop: .* is not finite for 1 of 2 images; the first is '
                                         'number 1'):
        run(lambda image, theta: affine_transform(image, theta, (2, 2), antialias=True, name='crop',
                                                  check_finite=True), rng.randn(2, 1, 4, 4), values)


@pytest.mark.parametrize('shapes, message', [
    (((2, 1, 3, 3), (2, 4, 4, 2), (2, 4, 4, 2, 1)), 'footprint must have shape'),
    (((2, 1, 3, 3), (2, 4, 4, 2), (1, 4, 4, 2, 2)), 'footprint must have shape'),
    (((2, 1, 3, 3), (2, 4, 4, 3), (2, 4, 4, 3, 2)), 'grid must have shape'),
    (((2, 1, 3, 3), (3, 4, 4, 2), (3, 4, 4, 2, 2)), 'the batch sizes of input and grid must be the same'),
    (((2, 1, 0, 3), (2, 4, 4, 2), (2, 4, 4, 2, 2)), 'has no pixel to sample from')])
def test_shapes_are_refused(shapes, message):
    arrays = [np.zeros(shape) for shape in shapes]
    with pytest.raises(ValueError, match='somebody: .*' + message):
        run(FootprintSample(caller='somebody'), *arrays)
    with pytest.raises(ValueError, match='somebody: .*' + message):
        run(FootprintSampleGrad(caller='somebody'), *arrays, np.zeros((2, 1, 4, 4)))


def test_arguments_are_refused():
    image, grid = np.zeros((1, 1, 3, 3)), np.zeros((1, 2, 2, 2))
    with pytest.raises(TypeError, match='somebody: footprint must have one dimension more than grid, 5'):
        FootprintSample(caller='somebody')(image, grid, grid)
    with pytest.raises(ValueError, match='somebody: the gradient of the output must have shape'):
        run(FootprintSampleGrad(caller='somebody'), image, grid, np.zeros((1, 2, 2, 2, 2)),
            np.zeros((1, 1, 3, 2)))
    with pytest.raises(TypeError, match='antialias must be True or False'):
        grid_sample(image, grid, antialias=3)
