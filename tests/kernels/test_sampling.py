"""The compiled sampling kernels: what no input may do to them, threads, instruction sets.

That they agree with the NumPy reference over all configurations is tested beside this file.
"""
import itertools

import numpy as np
import pytest

from lasagne_ext.kernels import get_num_threads, sampling, sampling_reference, set_num_threads
from lasagne_ext.kernels.sampling import SamplingMode

MODES = [SamplingMode('grid', *mode, -.75) for mode in itertools.product(
    sampling.INTERPOLATIONS, sampling.BORDER_MODES, (True, False))]


@pytest.mark.parametrize('in_size, out_size', [((5, 7), (6, 4)), ((1, 1), (3, 3)), ((1, 6), (4, 1)),
                                               ((20, 300), (18, 290)), ((3, 4, 5), (4, 5, 3)),
                                               ((1, 2, 40), (3, 1, 33))])
@pytest.mark.parametrize('dtype, channels', [('float32', 3), ('float32', 17), ('float64', 1)])
def test_every_instruction_set(every_library, rng, assert_close, in_size, out_size, dtype, channels):
    rank = len(in_size)
    image = rng.randn(2, channels, *in_size).astype(dtype)
    output_grad = rng.randn(2, channels, *out_size).astype(dtype)
    theta = np.eye(rank, rank + 1) + .8 * rng.randn(2, rank, rank + 1)
    for mode in (mode._replace(points='affine') for mode in MODES[:: 1 if image.size < 5000 else 7]):
        assert_close(sampling.sample(image, theta, out_size, mode),
                     sampling_reference.sample(image, theta, out_size, mode), factor=10)
        for actual, expected in zip(sampling.sample_backward(image, theta, output_grad, mode),
                                    sampling_reference.sample_backward(image, theta, output_grad, mode)):
            assert_close(actual.astype(dtype), expected, factor=50)


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize('channels', [1, 2, 16])
def test_points_that_are_not_finite(every_library, rng, value, channels):
    image = rng.randn(1, channels, 4, 5)
    grid = rng.uniform(-1, 1, (1, 3, 3, 2))
    grid[0, 1, 2, 0] = value
    grid[0, 2, 0, 1] = value
    bad = np.zeros((3, 3), dtype=bool)
    bad[1, 2] = bad[2, 0] = True
    for mode in MODES:
        output = sampling.sample(image, grid, (3, 3), mode)
        assert np.isnan(output[0][:, bad]).all()
        assert np.isfinite(output[0][:, ~bad]).all()
        input_grad, grid_grad = sampling.sample_backward(image, grid, np.ones((1, channels, 3, 3)), mode)
        assert np.isfinite(input_grad).all()
        assert np.isnan(grid_grad[0, bad]).all()
        assert np.isfinite(grid_grad[0, ~bad]).all()


@pytest.mark.parametrize('far', [1e9, 1e30, 1e300])
def test_points_far_away(every_library, rng, far):
    image = rng.randn(1, 1, 4, 5)
    grid = np.array([[[[far, 0], [-far, 0], [0, far], [0, -far]]]])
    for mode in MODES:
        output = sampling.sample(image, grid, (1, 4), mode)
        assert np.isfinite(output).all()
        np.testing.assert_allclose(output, sampling_reference.sample(image, grid, (1, 4), mode), atol=1e-5)
        if mode.border_mode == 'zeros':
            assert (output == 0).all()
        for gradient in sampling.sample_backward(image, grid, np.ones((1, 1, 1, 4)), mode):
            assert np.isfinite(gradient).all()


@pytest.mark.parametrize('interpolation', sampling.INTERPOLATIONS)
@pytest.mark.parametrize('align_corners', [True, False])
def test_nearest_far_away_is_the_edge_even_where_that_is_infinite(every_library, align_corners, interpolation):
    image = np.array([[[[1., 2., np.inf]]]])
    grid = np.array([[[[-7.3, 0], [7.3, 0]]]])
    mode = SamplingMode('grid', interpolation, 'nearest', align_corners, -.75)
    assert sampling.sample(image, grid, (1, 2), mode).ravel().tolist() == [1, np.inf]


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
@pytest.mark.parametrize('channels', [1, 3, 18])
@pytest.mark.parametrize('size', [(1, 1), (1, 9), (33, 17), (5, 600), (2, 5, 7)])
def test_identity_is_exact(every_library, rng, dtype, size, channels):
    image = rng.randn(2, channels, *size).astype(dtype)
    image.flat[::7] = -0.
    image.flat[3::11] = np.inf
    image.flat[5::13] = np.nan
    rank = len(size)
    theta = np.tile(np.eye(rank, rank + 1), (2, 1, 1))
    matrix = np.tile(np.eye(rank + 1), (2, 1, 1))
    still = np.zeros((2, rank) + size)
    for mode in MODES:
        for points, name in ((theta, 'affine'), (matrix, 'projective'), (still, 'flow')):
            output = sampling.sample(image, points, size, mode._replace(points=name))
            assert output.tobytes() == image.tobytes(), mode


@pytest.mark.parametrize('border_mode, align_corners', itertools.product(sampling.BORDER_MODES, (True, False)))
def test_derivative_at_a_kink_is_the_right_hand_one(every_library, border_mode, align_corners):
    image = np.array([[[[1., 4., 9.]]]])
    mode = SamplingMode('grid', 'bilinear', border_mode, align_corners, 0)
    extent = 1. if align_corners else 1.5
    pixels = np.array([-1., 0., 1., 2.])
    step = 1e-6

    def at(x):
        grid = np.stack([(x - 1) / extent, 0 * x], -1)[None, None]
        return grid, sampling.sample(image, grid, (1, 4), mode)[0, 0, 0]

    right_hand = (at(pixels + step)[1] - at(pixels)[1]) / step
    grid, _ = at(pixels)
    _, grid_grad = sampling.sample_backward(image, grid, np.ones((1, 1, 1, 4)), mode)
    np.testing.assert_allclose(grid_grad[0, 0, :, 0] / extent, right_hand, atol=1e-4)


def test_known_values_outside_the_image(every_library):
    image = np.array([[[[1., 2., 3.]]]])
    pixels = np.array([-2., -1., -.5, 0., 2., 2.5, 3., 4.])
    expected = {'zeros': [0, 0, .5, 1, 3, 1.5, 0, 0],
                'nearest': [1, 1, 1, 1, 3, 3, 3, 3],
                'mirror': [3, 2, 1.5, 1, 3, 2.5, 2, 1],
                'reflect': [2, 1, 1, 1, 3, 3, 3, 2],
                'wrap': [2, 3, 2, 1, 3, 2, 1, 2]}
    grid = np.stack([pixels - 1, 0 * pixels], -1)[None, None]
    for border_mode, values in expected.items():
        output = sampling.sample(image, grid, (1, 8), SamplingMode('grid', 'bilinear', border_mode, True, 0))
        np.testing.assert_allclose(output[0, 0, 0], values, atol=1e-12)


@pytest.fixture
def with_threads():
    before = get_num_threads()

    def run(function):
        results = []
        for threads in (1, 2, 3, 7):
            set_num_threads(threads)
            results.append(function())
        return results
    yield run
    set_num_threads(before)


@pytest.mark.parametrize('interpolation', sampling.INTERPOLATIONS)
@pytest.mark.parametrize('batch, transforms', [(1, 1), (3, 2), (8, 1)])
def test_number_of_threads_changes_nothing(rng, with_threads, interpolation, batch, transforms):
    """Not a bit, forward or backward: sums are added up in the same order always."""
    count = batch * transforms
    image, output_grad = rng.randn(batch, 37, 40, 50), rng.randn(count, 37, 60, 45)
    theta = np.eye(2, 3) + rng.randn(count, 2, 3)
    grid, footprint = rng.randn(count, 60, 45, 2), rng.randn(count, 60, 45, 2, 2)
    affine = SamplingMode('affine', interpolation, 'mirror', True, -.5)
    free = SamplingMode('grid', interpolation, 'zeros', False, -.75)

    def everything():
        few = slice(0, 2)
        return [sampling.sample(image, theta, (60, 45), affine),
                *sampling.sample_backward(image, theta, output_grad, affine),
                sampling.sample(image, grid, (60, 45), free),
                *sampling.sample_backward(image, grid, output_grad, free),
                sampling.footprint_sample(image[:, few], grid, footprint, free),
                *sampling.footprint_sample_backward(image[:, few], grid, footprint,
                                                   np.ascontiguousarray(output_grad[:, few]), free)]

    results = with_threads(everything)
    for other in results[1:]:
        for first, now in zip(results[0], other):
            assert first.tobytes() == now.tobytes()


def test_two_python_threads_at_once(rng):
    """Each has its own memory for intermediate results."""
    from concurrent.futures import ThreadPoolExecutor
    mode = SamplingMode('affine', 'bilinear', 'zeros', True, 0)
    cases = [(rng.randn(4, 16, 50, 50), np.eye(2, 3) + .3 * rng.randn(4, 2, 3)) for _ in range(6)]
    alone = [sampling.sample(image, theta, (50, 50), mode) for image, theta in cases]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda case: sampling.sample(*case, (50, 50), mode), cases * 5))
    for k, output in enumerate(together):
        assert output.tobytes() == alone[k % 6].tobytes()


@pytest.mark.parametrize('wanted', [(True, False), (False, True)])
@pytest.mark.parametrize('interpolation', sampling.INTERPOLATIONS)
def test_one_gradient_alone(every_library, rng, wanted, interpolation):
    image, grid, output_grad = rng.randn(2, 5, 9, 8), rng.randn(2, 7, 6, 2), rng.randn(2, 5, 7, 6)
    mode = SamplingMode('grid', interpolation, 'wrap', True, -.75)
    both = sampling.sample_backward(image, grid, output_grad, mode)
    for alone, gradient, is_wanted in zip(sampling.sample_backward(image, grid, output_grad, mode, wanted),
                                          both, wanted):
        assert alone.tobytes() == gradient.tobytes() if is_wanted else alone is None
