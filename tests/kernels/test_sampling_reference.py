"""The NumPy reference of the sampling kernels by itself: the properties that define it."""
import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st

from lasagne_ext.kernels import sampling_reference as reference
from lasagne_ext.kernels.sampling import BORDER_MODES, INTERPOLATIONS, POINTS, SamplingMode

#: NumPy's names of the borders.
PAD = {'zeros': 'constant', 'nearest': 'edge', 'mirror': 'reflect', 'reflect': 'symmetric',
       'wrap': 'wrap'}

#: Distance in pixels from a kink below which a finite difference means nothing, and its step.
MARGIN, STEP = 1e-4, 1e-6

seeds = st.integers(0, 2 ** 31 - 1)


@st.composite
def modes(draw, points=POINTS, interpolations=INTERPOLATIONS, borders=BORDER_MODES):
    return SamplingMode(draw(st.sampled_from(points)), draw(st.sampled_from(interpolations)),
                        draw(st.sampled_from(borders)), draw(st.booleans()),
                        draw(st.sampled_from([-.75, -.5, 0., -1.])))


def sizes(rank):
    return st.tuples(*[st.integers(1, 4)] * rank)


def draw_points(rng, mode, count, out_size, spread=.6):
    """Points of any family around the identity."""
    rank = len(out_size)
    if mode.points == 'affine':
        return np.eye(rank, rank + 1) + spread * rng.randn(count, rank, rank + 1)
    if mode.points == 'projective':
        points = np.eye(rank + 1) + spread * rng.randn(count, rank + 1, rank + 1)
        points[:, -1, :-1] *= .3
        points[:, -1, -1] = 1
        return points
    if mode.points == 'grid':
        return 2 * spread * rng.randn(*((count,) + out_size + (rank,)))
    return 4 * spread * rng.randn(*((count, rank) + out_size))


def off_kinks(pixels):
    """Whether positions keep their distance from centres of pixels and from half-way between them."""
    halves = 2 * np.asarray(pixels)
    return np.abs(halves - np.round(halves)).min(initial=1) > 2 * MARGIN


@st.composite
def cases(draw, **options):
    """A whole call: image, points, gradient of the output, mode."""
    rank = draw(st.sampled_from([2, 3]))
    mode = draw(modes(**options))
    in_size, out_size = draw(sizes(rank)), draw(sizes(rank))
    batch, transforms, channels = (draw(st.integers(1, 2)) for _ in range(3))
    rng = np.random.RandomState(draw(seeds))
    image = rng.randn(*((batch, channels) + in_size))
    points = draw_points(rng, mode, batch * transforms, out_size)
    return image, points, rng.randn(*((batch * transforms, channels) + out_size)), mode


def identity(mode, count, size):
    rank = len(size)
    return {'affine': np.tile(np.eye(rank, rank + 1), (count, 1, 1)),
            'projective': np.tile(np.eye(rank + 1), (count, 1, 1)),
            'flow': np.zeros((count, rank) + size)}[mode.points]


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
@given(mode=modes(points=('affine', 'projective', 'flow')), data=st.data())
def test_identity_copies_every_bit(dtype, mode, data):
    size = data.draw(sizes(data.draw(st.sampled_from([2, 3]))))
    values = st.sampled_from([-0., 0., np.nan, np.inf, -np.inf, 1.5, -1e30])
    image = np.array(data.draw(st.lists(values, min_size=2 * int(np.prod(size)),
                                        max_size=2 * int(np.prod(size))))).reshape((1, 2) + size)
    image = image.astype(dtype)
    assert reference.sample(image, identity(mode, 1, size), size, mode).tobytes() == image.tobytes()
    output_grad = np.nan_to_num(image, posinf=2., neginf=3.)
    input_grad, _ = reference.sample_backward(image, identity(mode, 1, size), output_grad, mode)
    np.testing.assert_array_equal(input_grad, output_grad)


@given(cases())
def test_gradient_to_the_points(case):
    image, points, output_grad, mode = case
    out_size = output_grad.shape[2:]
    positions = reference.pixel_coordinates(points, out_size, image.shape[2:], mode)
    assume(np.abs(positions).max() < 50)
    # Nothing moves along an axis of one pixel whose coordinates reach from centre to centre.
    fixed = [mode.align_corners and mode.points != 'flow' and size == 1 for size in image.shape[:1:-1]]
    assume(off_kinks(positions[~np.array(fixed)]))
    direction = np.random.RandomState(0).randn(*points.shape)
    above, below = (reference.sample(image, points + step * direction, out_size, mode)
                    for step in (STEP, -STEP))
    expected = ((above - below) * output_grad).sum() / (2 * STEP)
    _, points_grad = reference.sample_backward(image, points, output_grad, mode)
    np.testing.assert_allclose((points_grad * direction).sum(), expected, rtol=1e-5, atol=1e-5)


@given(cases())
def test_gradient_to_the_image_is_the_adjoint(case):
    image, points, output_grad, mode = case
    output = reference.sample(image, points, output_grad.shape[2:], mode)
    input_grad, _ = reference.sample_backward(image, points, output_grad, mode)
    np.testing.assert_allclose((output * output_grad).sum(), (image * input_grad).sum(), atol=1e-9)


@given(cases())
def test_only_what_is_wanted(case):
    image, points, output_grad, mode = case
    both = reference.sample_backward(image, points, output_grad, mode)
    assert all(grad.flags.c_contiguous for grad in both)
    for k, wanted in enumerate([(True, False), (False, True)]):
        grads = reference.sample_backward(image, points, output_grad, mode, wanted=wanted)
        np.testing.assert_array_equal(grads[k], both[k])
        assert grads[1 - k] is None


@given(cases())
def test_several_transforms_of_one_image(case):
    image, points, output_grad, mode = case
    each = np.repeat(image, len(points) // len(image), axis=0)
    np.testing.assert_array_equal(reference.sample(image, points, output_grad.shape[2:], mode),
                                  reference.sample(each, points, output_grad.shape[2:], mode))
    (input_grad, points_grad), (each_grad, expected) = (
        reference.sample_backward(images, points, output_grad, mode) for images in (image, each))
    np.testing.assert_array_equal(points_grad, expected)
    np.testing.assert_allclose(
        input_grad, each_grad.reshape((len(image), -1) + image.shape[1:]).sum(axis=1), atol=1e-12)


@given(modes(points=('flow',)), st.sampled_from([2, 3]), st.data())
def test_border_is_the_padded_image(mode, rank, data):
    in_size, out_size = data.draw(sizes(rank)), (3, 2, 2)[:rank]
    rng = np.random.RandomState(data.draw(seeds))
    image = rng.randn(*((1, 2) + in_size))
    # Whole periods of every border, as NumPy before 1.25 pads no others by `wrap`; then two pixels
    # more than the points reach, for the taps beside them.
    width = 12
    padded = np.pad(image, [(0, 0)] * 2 + [(width * size, width * size) for size in in_size],
                    mode=PAD[mode.border_mode])
    # Eighths of pixels, which no shift rounds.
    flow = rng.randint(-8 * (width - 3), 8 * (width - 3), (1, rank) + out_size) / 8.
    shift = np.array([width * size for size in in_size[::-1]]).reshape((1, rank) + (1,) * rank)
    inside = mode._replace(border_mode='zeros')
    np.testing.assert_allclose(reference.sample(image, flow, out_size, mode),
                               reference.sample(padded, flow + shift, out_size, inside), atol=1e-12)


@pytest.mark.parametrize('bad', [np.nan, np.inf, -np.inf])
@given(case=cases(points=('grid', 'flow')), place=seeds)
def test_points_that_are_not_finite(bad, case, place):
    image, points, output_grad, mode = case
    rank, out_size = image.ndim - 2, output_grad.shape[2:]
    coordinate = -1 if mode.points == 'grid' else 1
    broken = points.copy()
    broken.flat[place % points.size] = bad
    hit = np.moveaxis(~np.isfinite(broken), coordinate, 0).any(axis=0)
    every_channel = np.broadcast_to(hit[:, None], output_grad.shape)
    output = reference.sample(image, broken, out_size, mode)
    np.testing.assert_array_equal(
        output, np.where(every_channel, np.nan, reference.sample(image, points, out_size, mode)))
    input_grad, points_grad = reference.sample_backward(image, broken, output_grad, mode)
    assert np.isnan(np.moveaxis(points_grad, coordinate, 0)).sum() == rank
    assert np.isnan(np.moveaxis(points_grad, coordinate, 0)[:, hit]).all()
    without = np.where(every_channel, 0, output_grad)
    np.testing.assert_array_equal(input_grad,
                                  reference.sample_backward(image, points, without, mode)[0])


@pytest.mark.parametrize('bad', [np.nan, np.inf])
@pytest.mark.parametrize('points', ['affine', 'projective'])
@pytest.mark.parametrize('rank', [2, 3])
def test_matrices_that_are_not_finite(rng, bad, points, rank):
    mode = SamplingMode(points, 'bilinear', 'wrap', True, -.75)
    image, size = rng.randn(*((2, 1) + (3,) * rank)), (2,) * rank
    matrices = draw_points(rng, mode, 2, size)
    matrices[0, 0, 1] = bad
    output = reference.sample(image, matrices, size, mode)
    assert np.isnan(output[0]).all() and np.isfinite(output[1]).all()
    input_grad, matrices_grad = reference.sample_backward(image, matrices, np.ones_like(output), mode)
    assert not input_grad[0].any() and np.isfinite(input_grad).all()
    assert np.isnan(matrices_grad[0]).any() and np.isfinite(matrices_grad[1]).all()


def test_division_by_zero_is_no_point():
    mode = SamplingMode('projective', 'bilinear', 'nearest', True, -.75)
    homography = np.array([[[1., 0, 0], [0, 1, 0], [1, 0, 0]]])      # w = x': 0 in the middle column
    output = reference.sample(np.ones((1, 1, 3, 3)), homography, (3, 3), mode)
    np.testing.assert_array_equal(output[0, 0], [[1, np.nan, 1]] * 3)


@pytest.mark.parametrize('far', [1e9, -1e9, 1e30, -1e30, 1e300, -1e300])
@given(mode=modes(points=('grid', 'flow')), data=st.data())
def test_far_points(far, mode, data):
    rank = data.draw(st.sampled_from([2, 3]))
    in_size, out_size = data.draw(sizes(rank)), (1,) * rank
    image = np.random.RandomState(data.draw(seeds)).rand(*((1, 1) + in_size))
    coordinates = np.array(data.draw(st.tuples(*[st.sampled_from([0., far])] * rank)))
    points = coordinates.reshape({'grid': (1,) + out_size + (rank,),
                                  'flow': (1, rank) + out_size}[mode.points])
    output = reference.sample(image, points, out_size, mode)
    grads = reference.sample_backward(image, points, np.ones_like(output), mode)
    assert all(np.isfinite(result).all() for result in (output,) + grads)
    positions = reference.pixel_coordinates(points, out_size, in_size, mode).ravel()
    outside = np.abs(positions) > 1e6
    if mode.border_mode == 'zeros' and outside.any():
        assert not output.any() and not any(grad.any() for grad in grads)
    if mode.border_mode == 'nearest' and outside.all():
        corner = tuple((np.array(in_size) - 1) * (positions[::-1] > 0))
        assert output.item() == image[0, 0][corner]


@pytest.mark.parametrize('border_mode, period', [('mirror', 6), ('reflect', 8), ('wrap', 4)])
@pytest.mark.parametrize('interpolation', INTERPOLATIONS)
def test_periods_reach_far(rng, border_mode, period, interpolation):
    image = rng.randn(1, 1, 2, 4)
    mode = SamplingMode('flow', interpolation, border_mode, True, -.75)
    near, far = (reference.sample(image, np.array([shift, 0.]).reshape(1, 2, 1, 1), (1, 1), mode)
                 for shift in (.25, .25 + period * 2. ** 40))
    np.testing.assert_array_equal(near, far)
    # Beyond 2 ** 53 positions are even: 2 ** 60 is 4 in a period of 6, and 0 in the others.
    start = 2 ** 60 % period
    near, far = (reference.sample(image, np.array([shift, 0.]).reshape(1, 2, 1, 1), (1, 1), mode)
                 for shift in (start, 2. ** 60))
    np.testing.assert_array_equal(near, far)


def keys(distance, a):
    """Equation 4 of Keys 1981, by the distance from the point."""
    d = np.abs(distance)
    return np.where(d <= 1, (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1,
                    np.where(d < 2, a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a, 0))


@given(st.floats(0, 1, exclude_max=True), st.floats(-1, 0))
def test_cubic_weights(t, a):
    weights, slopes = (np.array(f(t, a)) for f in (reference.cubic_weights, reference.cubic_slopes))
    np.testing.assert_allclose(weights, keys(t - np.array([-1, 0, 1, 2]), a), atol=1e-13)
    np.testing.assert_allclose([weights.sum(), slopes.sum()], [1, 0], atol=1e-14)
    numeric = (np.array(reference.cubic_weights(t + STEP, a))
               - reference.cubic_weights(t - STEP, a)) / (2 * STEP)
    np.testing.assert_allclose(slopes, numeric, atol=1e-8)


def quadratic(rng, size):
    """An image, and the function that it samples: 1, x, y ... and their products."""
    rank = len(size)
    by_degree = rng.randn(rank + 1, rank + 1)

    def values(positions):
        monomials = np.concatenate([np.ones((1,) + positions.shape[1:]), positions])
        return np.einsum('i...,ij,j...->...', monomials, by_degree, monomials)
    return values(np.stack(np.meshgrid(*map(np.arange, size), indexing='ij')[::-1]).astype('float64')), \
        values, by_degree


@pytest.mark.parametrize('rank', [2, 3])
def test_bicubic_reproduces_quadratics(rng, rank):
    size = (7, 6, 8)[:rank]
    image, values, _ = quadratic(rng, size)
    grid = rng.uniform(-.4, .4, (1,) + (3,) * rank + (rank,))
    mode = SamplingMode('grid', 'bicubic', 'zeros', True, -.5)
    positions = reference.pixel_coordinates(grid, (3,) * rank, size, mode)
    np.testing.assert_allclose(reference.sample(image[None, None], grid, (3,) * rank, mode)[0],
                               values(positions), atol=1e-10)
    assert np.abs(reference.sample(image[None, None], grid, (3,) * rank, mode._replace(cubic=-.75))[0]
                  - values(positions)).max() > 1e-3


@given(cases(points=('affine',)))
def test_projective_with_the_last_row_of_an_affine_map(case):
    image, theta, output_grad, mode = case
    last = np.eye(theta.shape[2])[-1:]
    homography = np.concatenate([theta, np.tile(last, (len(theta), 1, 1))], axis=1)
    projective = mode._replace(points='projective')
    out_size = output_grad.shape[2:]
    np.testing.assert_array_equal(reference.sample(image, homography, out_size, projective),
                                  reference.sample(image, theta, out_size, mode))
    np.testing.assert_array_equal(
        reference.sample_backward(image, homography, output_grad, projective)[1][:, :-1],
        reference.sample_backward(image, theta, output_grad, mode)[1])


@given(cases(points=('projective',)))
def test_projective_divides(case):
    image, homography, output_grad, mode = case
    in_size, out_size = image.shape[2:], output_grad.shape[2:]
    forms = reference.affine_grid(homography, out_size, mode.align_corners)
    # `affine_grid` takes any number of rows: the last one is the divisor.
    grid = forms[..., :-1] / forms[..., -1:]
    assume(np.abs(grid).max() < 1e3)
    np.testing.assert_allclose(reference.pixel_coordinates(homography, out_size, in_size, mode),
                               reference.pixel_coordinates(grid, out_size, in_size,
                                                           mode._replace(points='grid')), atol=1e-8)


def averaged(image, grid, footprint, mode):
    """What a footprint means, point by point; also every position that was sampled."""
    in_size, rank = image.shape[2:], image.ndim - 2
    output = np.zeros((len(grid), image.shape[1]) + grid.shape[1:-1])
    positions = reference.pixel_coordinates(grid, grid.shape[1:-1], in_size, mode)
    sampled = []
    for place in np.ndindex(*grid.shape[:-1]):
        spread = footprint[place]
        reach = [min(int(np.ceil(np.sqrt((spread[:, d] ** 2).sum()))), 31) for d in range(rank)]
        for taps in itertools.product(*(range(-most, most + 1) for most in reach)):
            position = positions[(slice(None),) + place].copy()
            weight = 1.
            for d, (m, most) in enumerate(zip(taps, reach)):
                position += (m / np.sqrt((most + 1) ** 2 - 1) if most else 0.) * spread[:, d]
                weight *= (most + 1 - abs(m)) / (most + 1) ** 2
            sampled.append(position)
            where = position.reshape((1, rank) + (1,) * rank)
            n = place[0] // (len(grid) // len(image))
            output[(place[0], slice(None)) + place[1:]] += weight * reference.sample(
                image[n:n + 1], where, (1,) * rank, mode._replace(points='flow')).ravel()
    return output, np.array(sampled)


@st.composite
def footprint_cases(draw, longest=2.5, **options):
    rank = draw(st.sampled_from([2, 3]))
    mode = draw(modes(points=('grid',), **options))
    in_size, transforms = draw(sizes(rank)), draw(st.integers(1, 2))
    out_size = (1, 2) if rank == 2 else (1, 1, 1)
    rng = np.random.RandomState(draw(seeds))
    image = rng.randn(*((1, 2) + in_size))
    grid = draw_points(rng, mode, transforms, out_size)
    footprint = rng.randn(*(grid.shape + (rank,)))
    # In 3D three samples along each direction are enough to wait for.
    lengths = rng.choice([0., .5, longest if rank == 2 else .9], grid.shape[:-1] + (1, rank))
    lengths *= rng.uniform(.1, 1)
    footprint *= lengths / np.sqrt((footprint ** 2).sum(axis=-2, keepdims=True))
    return image, grid, footprint, rng.randn(*((transforms, 2) + out_size)), mode


@given(footprint_cases())
@settings(max_examples=30)
def test_footprint_is_a_weighted_mean(case):
    image, grid, footprint, _, mode = case
    expected, sampled = averaged(image, grid, footprint, mode)
    assume(mode.interpolation != 'nearest' or off_kinks(sampled))
    np.testing.assert_allclose(reference.footprint_sample(image, grid, footprint, mode), expected, atol=1e-9)


@given(footprint_cases(longest=1.5))
@settings(max_examples=30)
def test_gradients_of_footprint(case):
    image, grid, footprint, output_grad, mode = case
    lengths = np.sqrt((footprint ** 2).sum(axis=-2))
    assume(off_kinks(lengths[lengths > 0]))
    movable = [not mode.align_corners or size > 1 for size in image.shape[:1:-1]]
    footprint = footprint * np.array(movable)[:, None]
    assume(off_kinks(averaged(image, grid, footprint, mode)[1][:, movable]))
    rng = np.random.RandomState(0)
    moves = [rng.randn(*image.shape), rng.randn(*grid.shape),
             rng.randn(*footprint.shape) * (lengths > 0)[..., None, :] * np.array(movable)[:, None]]
    grads = reference.footprint_sample_backward(image, grid, footprint, output_grad, mode)
    for k, (grad, move) in enumerate(zip(grads, moves)):
        above, below = (reference.footprint_sample(*[
            value + step * move if i == k else value
            for i, value in enumerate((image, grid, footprint))], mode) for step in (STEP, -STEP))
        expected = ((above - below) * output_grad).sum() / (2 * STEP)
        np.testing.assert_allclose((grad * move).sum(), expected, rtol=1e-5, atol=1e-5)


@given(cases(points=('grid',)))
def test_no_footprint_is_plain_sampling(case):
    image, grid, output_grad, mode = case
    footprint = np.zeros(grid.shape + grid.shape[-1:])
    plain = reference.sample(image, grid, output_grad.shape[2:], mode)
    assert reference.footprint_sample(image, grid, footprint, mode).tobytes() == plain.tobytes()
    grads = reference.footprint_sample_backward(image, grid, footprint, output_grad, mode)
    for grad, expected in zip(grads, reference.sample_backward(image, grid, output_grad, mode)):
        np.testing.assert_array_equal(grad, expected)
    assert not grads[2].any()


@pytest.mark.parametrize('rank', [2, 3])
def test_variance_of_footprint(rng, rank):
    """Along a footprint of length b the samples have a variance of b ** 2 / 6, and no mean."""
    size = (13, 14, 15)[:rank]
    image, values, by_degree = quadratic(rng, size)
    grid = rng.uniform(-.1, .1, (1,) + (2,) * rank + (rank,))
    footprint = rng.randn(*(grid.shape + (rank,)))
    mode = SamplingMode('grid', 'bicubic', 'zeros', True, -.5)
    positions = reference.pixel_coordinates(grid, (2,) * rank, size, mode)
    added = np.einsum('...id,ij,...jd->...', footprint, by_degree[1:, 1:], footprint) / 6
    np.testing.assert_allclose(reference.footprint_sample(image[None, None], grid, footprint, mode)[0],
                               values(positions) + added, atol=1e-9)


@given(footprint_cases(), st.sampled_from([np.nan, np.inf]), seeds)
@settings(max_examples=30)
def test_footprint_that_is_not_finite(case, bad, place):
    image, grid, footprint, output_grad, mode = case
    broken = footprint.copy()
    broken.flat[place % footprint.size] = bad
    hit = ~np.isfinite(broken).all(axis=(-2, -1))
    every_channel = np.broadcast_to(hit[:, None], output_grad.shape)
    np.testing.assert_array_equal(
        reference.footprint_sample(image, grid, broken, mode),
        np.where(every_channel, np.nan, reference.footprint_sample(image, grid, footprint, mode)))
    input_grad, grid_grad, footprint_grad = reference.footprint_sample_backward(
        image, grid, broken, output_grad, mode)
    assert np.isfinite(input_grad).all()
    np.testing.assert_array_equal(np.isnan(grid_grad), np.broadcast_to(hit[..., None], grid.shape))
    np.testing.assert_array_equal(np.isnan(footprint_grad),
                                  np.broadcast_to(hit[..., None, None], footprint.shape))


def test_longest_footprint(rng):
    """No more than 31 samples on either side, however long the footprint, and all of them finite."""
    mode = SamplingMode('grid', 'bilinear', 'nearest', True, -.75)
    grid, footprint = np.zeros((1, 1, 1, 2)), np.zeros((1, 1, 1, 2, 2))
    footprint[..., 0, 0] = 1e300
    output = reference.footprint_sample(np.array([[[[1., 5., 3.]]]]), grid, footprint, mode)
    centre = 32 / 32 ** 2
    np.testing.assert_allclose(output.item(), centre * 5 + (1 - centre) * 2)


@given(cases())
def test_single_precision(case):
    image, points, output_grad, mode = case
    assume(off_kinks(reference.pixel_coordinates(points, output_grad.shape[2:], image.shape[2:], mode)))
    single = [image.astype('float32'), points, output_grad.astype('float32')]
    assert reference.sample(*single[:2], output_grad.shape[2:], mode).dtype == 'float32'
    np.testing.assert_allclose(reference.sample(*single[:2], output_grad.shape[2:], mode),
                               reference.sample(image, points, output_grad.shape[2:], mode), atol=1e-5)
    grads = reference.sample_backward(single[0], points.astype('float32'), single[2], mode)
    assert [grad.dtype for grad in grads] == ['float32', 'float32']
    np.testing.assert_allclose(grads[0], reference.sample_backward(
        image, points.astype('float32'), output_grad, mode)[0], atol=1e-4)
