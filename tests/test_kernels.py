"""The kernels against their NumPy reference, and what no input may do to them."""
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasagne_ext import kernels
from lasagne_ext.kernels import _library, oracle
from lasagne_ext.ops import get_num_threads, set_num_threads

MODES = list(itertools.product(kernels.BORDER_MODES, (True, False)))
SIZES = st.one_of(st.integers(1, 4), st.integers(1, 40))


@st.composite
def cases(draw):
    """A random image in a random memory layout, theta, grid and output gradient."""
    rng = np.random.RandomState(draw(st.integers(0, 2 ** 32 - 1)))
    batch, channels = draw(st.integers(0, 3)), draw(st.integers(0, 20))
    in_size, out_size = (draw(SIZES), draw(SIZES)), (draw(SIZES), draw(SIZES))
    dtype = draw(st.sampled_from(['float32', 'float64']))
    steps = [draw(st.sampled_from([1, 2, -1, -2])) for _ in range(4)]

    def strided(shape):
        full = rng.randn(*[size * abs(step) for size, step in zip(shape, steps)]).astype(dtype)
        view = full[tuple(slice(None, None, step) for step in steps)]
        return view.transpose(0, 1, 3, 2) if draw(st.booleans()) and shape[2] == shape[3] else view

    image = strided((batch, channels) + in_size)
    output_grad = strided((batch, channels) + out_size)
    spread = draw(st.sampled_from([.1, 1, 30, 1e6]))
    theta = (np.eye(2, 3) + spread * rng.randn(batch, 2, 3)).astype(draw(
        st.sampled_from(['float32', 'float64'])))
    grid = (spread * rng.randn(batch, *out_size, 2)).astype(theta.dtype)
    return image, theta, grid, output_grad


@given(case=cases(), mode=st.sampled_from(MODES))
def test_library_agrees_with_oracle(case, mode, request):
    if kernels.library is None:
        pytest.skip('no kernel library was built')
    check = _close(case)
    image, theta, grid, output_grad = case
    size = output_grad.shape[2:]
    check(kernels.affine_forward(image, theta, *size, *mode),
          oracle.affine_forward(image, theta, *size, *mode))
    check(kernels.grid_forward(image, grid, *mode), oracle.grid_forward(image, grid, *mode))
    for ours, reference in (
            (kernels.affine_backward(image, theta, output_grad, *mode),
             oracle.affine_backward(image, theta, output_grad, *mode)),
            (kernels.grid_backward(image, grid, output_grad, *mode),
             oracle.grid_backward(image, grid, output_grad, *mode))):
        for actual, expected in zip(ours, reference):
            check(actual, expected)


def _close(case):
    """Both ways differ by rounding: of the coordinates, and of sums of as many terms as points."""
    image, theta, grid, output_grad = case
    tolerance = {'float32': 2e-4, 'float64': 1e-9}

    def check(actual, expected):
        assert actual.shape == expected.shape and actual.dtype == expected.dtype
        if actual.size:
            scale = max(1, np.abs(expected).max(), output_grad[0, :1].size)
            loosest = max(tolerance[str(image.dtype)], tolerance[str(expected.dtype)])
            # A coordinate of a million pixels is known to a millionth of what one of a pixel is.
            far = max(1, np.abs(theta).max(), np.abs(grid).max()) if image.dtype == 'float64' else 1
            assert np.abs(actual - expected).max() <= loosest * scale * far
    return check


@pytest.mark.parametrize('border_mode, align_corners', MODES)
@pytest.mark.parametrize('in_size, out_size', [((5, 7), (6, 4)), ((1, 1), (3, 3)), ((1, 6), (4, 1)),
                                               ((6, 1), (1, 4)), ((20, 300), (18, 290))])
@pytest.mark.parametrize('dtype', ['float32', 'float64'])
def test_every_instruction_set(every_library, rng, assert_close, border_mode, align_corners, in_size,
                               out_size, dtype):
    image = rng.randn(2, 3, *in_size).astype(dtype)
    output_grad = rng.randn(2, 3, *out_size).astype(dtype)
    theta = np.eye(2, 3) + .8 * rng.randn(2, 2, 3)
    mode = border_mode, align_corners
    assert_close(kernels.affine_forward(image, theta, *out_size, *mode),
                 oracle.affine_forward(image, theta, *out_size, *mode), factor=10)
    for actual, expected in zip(kernels.affine_backward(image, theta, output_grad, *mode),
                                oracle.affine_backward(image, theta, output_grad, *mode)):
        assert_close(actual.astype(dtype), expected, factor=50)


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize('border_mode, align_corners', MODES)
def test_points_that_are_not_finite(every_library, rng, border_mode, align_corners, value):
    image = rng.randn(1, 2, 4, 5)
    grid = rng.uniform(-1, 1, (1, 3, 3, 2))
    grid[0, 1, 2, 0] = value
    grid[0, 2, 0, 1] = value
    bad = np.zeros((3, 3), dtype=bool)
    bad[1, 2] = bad[2, 0] = True
    output = kernels.grid_forward(image, grid, border_mode, align_corners)
    assert np.isnan(output[0, :, bad]).all()
    assert np.isfinite(output[0, :, ~bad]).all()
    input_grad, grid_grad = kernels.grid_backward(image, grid, np.ones((1, 2, 3, 3)), border_mode,
                                                  align_corners)
    assert np.isfinite(input_grad).all()
    assert np.isnan(grid_grad[0, bad]).all()
    assert np.isfinite(grid_grad[0, ~bad]).all()


@pytest.mark.parametrize('far', [1e9, 1e30, 1e300])
@pytest.mark.parametrize('border_mode, align_corners', MODES)
def test_points_far_away(every_library, rng, border_mode, align_corners, far):
    image = rng.randn(1, 1, 4, 5)
    grid = np.array([[[[far, 0], [-far, 0], [0, far], [0, -far]]]])
    output = kernels.grid_forward(image, grid, border_mode, align_corners)
    assert np.isfinite(output).all()
    assert output.min() >= min(0, image.min()) and output.max() <= max(0, image.max())
    if border_mode == 'zeros':
        assert (output == 0).all()
    for gradient in kernels.grid_backward(image, grid, np.ones((1, 1, 1, 4)), border_mode,
                                          align_corners):
        assert np.isfinite(gradient).all()


@pytest.mark.parametrize('align_corners', [True, False])
def test_nearest_far_away_is_the_edge_even_where_that_is_infinite(every_library, align_corners):
    image = np.array([[[[1., 2., np.inf]]]])
    grid = np.array([[[[-7.3, 0], [7.3, 0]]]])
    output = kernels.grid_forward(image, grid, 'nearest', align_corners)
    assert output.ravel().tolist() == [1, np.inf]


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
@pytest.mark.parametrize('border_mode, align_corners', MODES)
@pytest.mark.parametrize('size', [(1, 1), (1, 9), (3, 8), (33, 17), (5, 600)])
def test_identity_is_exact(every_library, rng, dtype, border_mode, align_corners, size):
    image = rng.randn(2, 3, *size).astype(dtype)
    image.flat[::7] = -0.
    image.flat[3::11] = np.inf
    image.flat[5::13] = np.nan
    theta = np.tile(np.eye(2, 3), (2, 1, 1))
    output = kernels.affine_forward(image, theta, *size, border_mode, align_corners)
    assert output.tobytes() == image.tobytes()


@pytest.mark.parametrize('border_mode, align_corners', MODES)
def test_derivative_at_a_kink_is_the_right_hand_one(every_library, border_mode, align_corners):
    image = np.array([[[[1., 4., 9.]]]])
    extent = 1. if align_corners else 1.5
    pixels = np.array([-1., 0., 1., 2.])
    step = 1e-6

    def at(x):
        grid = np.stack([(x - 1) / extent, 0 * x], -1)[None, None]
        return grid, kernels.grid_forward(image, grid, border_mode, align_corners)[0, 0, 0]

    right_hand = (at(pixels + step)[1] - at(pixels)[1]) / step
    grid, _ = at(pixels)
    _, grid_grad = kernels.grid_backward(image, grid, np.ones((1, 1, 1, 4)), border_mode,
                                         align_corners)
    np.testing.assert_allclose(grid_grad[0, 0, :, 0] / extent, right_hand, atol=1e-4)


def test_known_values_outside_the_image(every_library):
    image = np.array([[[[1., 2., 3.]]]])
    pixels = np.array([-2., -1., -.5, 0., 2., 2.5, 3., 4.])
    expected = {'zeros': [0, 0, .5, 1, 3, 1.5, 0, 0],
                'nearest': [1, 1, 1, 1, 3, 3, 3, 3],
                'mirror': [3, 2, 1.5, 1, 3, 2.5, 2, 1],
                'wrap': [2, 3, 2, 1, 3, 2, 1, 2]}
    grid = np.stack([pixels - 1, 0 * pixels], -1)[None, None]
    for border_mode, values in expected.items():
        output = kernels.grid_forward(image, grid, border_mode, True)
        np.testing.assert_allclose(output[0, 0, 0], values, atol=1e-12)


def test_number_of_threads_changes_nothing(rng):
    image, output_grad = rng.randn(3, 18, 40, 50), rng.randn(3, 18, 60, 45)
    theta = np.eye(2, 3) + rng.randn(3, 2, 3)
    grid = rng.randn(3, 60, 45, 2)
    before = get_num_threads()
    results = []
    try:
        for threads in (1, 2, 3, 7):
            set_num_threads(threads)
            results.append([kernels.affine_forward(image, theta, 60, 45, 'mirror', True),
                            *kernels.affine_backward(image, theta, output_grad, 'mirror', True),
                            kernels.grid_forward(image, grid, 'zeros', False),
                            *kernels.grid_backward(image, grid, output_grad, 'zeros', False)])
    finally:
        set_num_threads(before)
    for other in results[1:]:
        for first, now in zip(results[0], other):
            assert first.tobytes() == now.tobytes()


@pytest.mark.parametrize('count', [0, -1, 1.5, True, 'two', None])
def test_number_of_threads_is_checked(count):
    before = get_num_threads()
    with pytest.raises(ValueError, match='positive int'):
        set_num_threads(count)
    assert get_num_threads() == before


def test_forked_process_does_not_hang(run_python):
    run_python('''
import os, sys
import numpy as np
import lasagne_ext
from lasagne_ext import kernels
from lasagne_ext.kernels import set_num_threads

set_num_threads(2)
image, theta = np.random.randn(4, 8, 64, 64), np.tile(np.eye(2, 3), (4, 1, 1))
def work():
    return kernels.affine_forward(image, theta, 64, 64, 'zeros', True)
work()
child = os.fork() if hasattr(os, 'fork') else 0
if child == 0:
    os._exit(0 if (work() == image).all() else 1)
pid, status = os.waitpid(child, 0)
sys.exit(1 if status else 0)
''')


def test_library_can_be_chosen(run_python):
    code = 'from lasagne_ext import kernels; print(getattr(kernels.library, "isa", None))'
    assert run_python(code, LASAGNE_EXT_KERNELS='numpy').stdout.strip() == 'None'
    if kernels.library is None:
        pytest.skip('no kernel library was built')
    for isa in kernels.library.runnable_isas():
        assert run_python(code, LASAGNE_EXT_KERNELS=isa).stdout.strip() == isa


def test_unknown_library_is_refused(run_python):
    done = run_python('import lasagne_ext', check=False, LASAGNE_EXT_KERNELS='mmx')
    assert done.returncode == 1
    assert "LASAGNE_EXT_KERNELS='mmx': expected one of baseline, avx2, avx512, or numpy" in done.stderr


def test_library_of_other_sources_gives_way_to_numpy(monkeypatch):
    if kernels.library is None:
        pytest.skip('no kernel library was built')
    monkeypatch.setattr(_library, 'fingerprint', lambda: 'other')
    monkeypatch.delenv(_library.ISA_VARIABLE, raising=False)
    with pytest.warns(kernels.KernelWarning, match='built from other sources than those beside it'):
        assert _library.load_library() is None


def test_broken_library_gives_way_to_numpy(tmp_path, monkeypatch):
    broken = tmp_path / '_kernels.so'
    broken.write_bytes(b'not a library')
    monkeypatch.setattr(_library, 'find_library', lambda: str(broken))
    monkeypatch.delenv(_library.ISA_VARIABLE, raising=False)
    with pytest.warns(kernels.KernelWarning, match='cannot be loaded'):
        assert _library.load_library() is None
