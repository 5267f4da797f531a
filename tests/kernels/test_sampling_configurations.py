"""The compiled sampling kernels against their reference, over all that can be asked of them.

A sample of the configurations is tested by default, the same in every run; with
``LASAGNE_EXT_CONFIGURATIONS=12000`` in the environment so many new ones.
"""
import os

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from lasagne_ext import kernels
from lasagne_ext.kernels import sampling, sampling_reference
from lasagne_ext.kernels.sampling import BORDER_MODES, INTERPOLATIONS, POINTS, SamplingMode

ASKED = os.environ.get('LASAGNE_EXT_CONFIGURATIONS')
COUNT = int(ASKED or 150)

pytestmark = pytest.mark.skipif(kernels.library is None and not ASKED, reason='no compiled kernels')

#: Pixels that the reference may look up for one configuration.
MOST_LOOKUPS = 400000

HOSTILE = [np.nan, np.inf, -np.inf, 0., -0., .5, 1., -1., 2. ** 30, -2. ** 31, 2. ** 53, 1e18, -1e18,
           1e38, -1e38, 1e300, -1e300]

LAYOUTS = ['C', 'F', 'every other', 'backwards', 'channels last', 'repeated']

seeds = st.integers(0, 2 ** 31 - 1)


def configurations(share=1):
    """How many configurations a test draws; new ones where a number was asked for."""
    return settings(max_examples=COUNT // share, derandomize=not ASKED, database=None)


def laid_out(array, layout):
    """The array in another order in memory; `repeated`, its first entry in place of all."""
    if layout == 'F':
        return np.asfortranarray(array)
    if layout == 'every other':
        wide = np.zeros(array.shape[:-1] + (2 * array.shape[-1],), dtype=array.dtype)
        wide[..., ::2] = array
        return wide[..., ::2]
    if layout == 'backwards':
        return np.ascontiguousarray(array[..., ::-1])[..., ::-1]
    if layout == 'channels last':
        return np.moveaxis(np.ascontiguousarray(np.moveaxis(array, 1, -1)), -1, 1)
    if layout == 'repeated':
        return np.broadcast_to(array[:1], array.shape)
    return array


def spoil(draw, rng, array, values, most=3):
    """Put a few of the `values` into the array, at random places."""
    for value in draw(st.lists(st.sampled_from(values), max_size=most)):
        if array.size:
            array.flat[rng.randint(array.size)] = value


def draw_points(draw, rng, mode, count, out_size, widest):
    """Points around the identity, some of them exactly on kinks, some of them hostile."""
    rank = len(out_size)
    identity, shape = {
        'affine': (np.eye(rank, rank + 1), (count, rank, rank + 1)),
        'projective': (np.eye(rank + 1), (count, rank + 1, rank + 1)),
        'grid': (0., (count,) + out_size + (rank,)),
        'flow': (0., (count, rank) + out_size)}[mode.points]
    points = identity + 10. ** draw(st.floats(-1, widest)) * rng.randn(*shape)
    if mode.points == 'projective':
        points[:, -1, :-1] = .3 * rng.randn(count, rank)
        points[:, -1, -1] = 1
    if draw(st.booleans()):
        points = np.round(2 * points) / 2
    spoil(draw, rng, points, HOSTILE)
    with np.errstate(over='ignore'):
        return points.astype(draw(st.sampled_from(['float32', 'float64'])))


@st.composite
def calls(draw, families=POINTS, lookups_of_a_point=1, widest=6., bad_pixels=()):
    """Image, points, gradient of the output and mode of a call that the reference can afford."""
    rank = draw(st.sampled_from([2, 3]))
    mode = SamplingMode(draw(st.sampled_from(families)), draw(st.sampled_from(INTERPOLATIONS)),
                        draw(st.sampled_from(BORDER_MODES)), draw(st.booleans()),
                        draw(st.sampled_from([-.75, -.5, -1., 0., -.3])))
    lengths = st.sampled_from([1, 2, 3, 5, 8, 17, 33, 70])
    in_size, out_size = tuple(draw(lengths) for _ in range(rank)), [draw(lengths) for _ in range(rank)]
    batch = draw(st.sampled_from([1, 2, 3] * 4 + [0]))
    transforms = draw(st.sampled_from([1, 2, 3] * 4 + [0]))
    channels = draw(st.sampled_from([1, 2, 3, 4, 5, 8, 9, 15, 16, 17, 35, 0]))
    taps = {'nearest': 1, 'bilinear': 2, 'bicubic': 4}[mode.interpolation] ** rank * lookups_of_a_point
    while max(1, channels) * batch * transforms * taps * np.prod(out_size) > MOST_LOOKUPS:
        longest = int(np.argmax(out_size))
        if out_size[longest] > 3:
            out_size[longest] //= 2
        else:
            channels, transforms = (channels + 1) // 2, 1
    out_size = tuple(out_size)
    rng = np.random.RandomState(draw(seeds))
    dtype, layouts = draw(st.sampled_from(['float32', 'float64'])), st.sampled_from(LAYOUTS)
    image = rng.randn(*((batch, channels) + in_size)).astype(dtype)
    if bad_pixels:
        spoil(draw, rng, image, bad_pixels)
    points = draw_points(draw, rng, mode, batch * transforms, out_size, widest)
    output_grad = rng.randn(*((batch * transforms, channels) + out_size)).astype(dtype)
    return (laid_out(image, draw(layouts)), laid_out(points, draw(layouts)),
            laid_out(output_grad, draw(layouts)), mode)


@st.composite
def footprint_calls(draw):
    """A call with `calls`' arguments and footprints of all lengths up to what can be afforded."""
    image, grid, output_grad, mode = draw(calls(families=('grid',), lookups_of_a_point=40, widest=1.))
    rng, rank = np.random.RandomState(draw(seeds)), image.ndim - 2
    longest = draw(st.sampled_from([.5, .9, .9, 1.5] if rank == 3 else [.5, .9, 1.5, 4.]))
    lengths = rng.choice([0., .5, 1.], grid.shape[:-1] + (1, rank)) * longest
    footprint = rng.randn(*(grid.shape + (rank,)))
    footprint *= lengths / np.sqrt((footprint ** 2).sum(axis=-2, keepdims=True))
    spoil(draw, rng, footprint, [np.nan, np.inf, 0.])
    footprint = laid_out(footprint.astype(grid.dtype), draw(st.sampled_from(LAYOUTS)))
    return image, grid, footprint, output_grad, mode


@pytest.fixture
def choose_kernels(monkeypatch):
    """Choose one of the instruction sets that the machine has, and one thread or two."""
    assert kernels.library is not None, 'there are no compiled kernels to be tested'
    libraries = [kernels.Library(kernels.library.path, isa) for isa in kernels.library.runnable_isas()]

    def choose(seed):
        monkeypatch.setattr(kernels, 'library', libraries[seed % len(libraries)])
        kernels.set_num_threads(1 + seed // len(libraries) % 2)
    threads = kernels.get_num_threads()
    yield choose
    monkeypatch.undo()
    kernels.set_num_threads(threads)


@given(call=calls(bad_pixels=[np.nan, np.inf, -np.inf, -0.]), seed=seeds)
@configurations()
def test_sample(choose_kernels, assert_close, call, seed):
    image, points, output_grad, mode = call
    choose_kernels(seed)
    out_size = output_grad.shape[2:]
    actual = sampling.sample(image, points, out_size, mode)
    assert actual.dtype == image.dtype and actual.flags.c_contiguous
    expected = sampling_reference.sample(image, points, out_size, mode)
    if mode.interpolation == 'bicubic':
        # An infinite pixel times a weight that is 0 but for rounding: NaN, or infinite.
        actual, expected = (np.where(np.isfinite(value), value, np.nan).astype(image.dtype)
                            for value in (actual, expected))
    assert_close(actual, expected)


def stretch(points, image, out_size, mode):
    """The most that a position, in pixels, changes with an entry of each of the points' arrays."""
    in_size = image.shape[2:]
    extent = max(in_size) / 2
    if mode.points != 'projective':
        return np.full(len(points), extent)
    with np.errstate(all='ignore'):
        positions = sampling_reference.pixel_coordinates(points, out_size, in_size, mode).swapaxes(0, 1)
        w = sampling_reference.affine_grid(points[:, -1:], out_size, mode.align_corners)
        most = np.maximum(extent, np.abs(positions).max(axis=1, initial=0))[..., None] / np.abs(w)
    most = np.where(np.isfinite(most), most, 0)
    return most.max(axis=tuple(range(1, most.ndim)), initial=0)


@given(call=calls(), seed=seeds, wanted=st.sampled_from([(True, True), (True, False), (False, True)]))
@configurations()
def test_sample_backward(choose_kernels, assert_close, call, seed, wanted):
    image, points, output_grad, mode = call
    choose_kernels(seed)
    actual = sampling.sample_backward(image, points, output_grad, mode, wanted)
    expected = sampling_reference.sample_backward(image, points, output_grad, mode, wanted)
    for value, want, gradient in zip(call, wanted, actual):
        if want:
            assert gradient.dtype == value.dtype and gradient.flags.c_contiguous
        else:
            assert gradient is None
    if wanted[0]:
        assert_close(actual[0], expected[0], factor=4)
    if wanted[1]:
        # Blended in the image's precision whatever the points' is, and each then stretched.
        for gradient, reference, scale in zip(
                actual[1].astype(image.dtype), expected[1].astype(image.dtype),
                stretch(points, image, output_grad.shape[2:], mode)):
            assert_close(gradient, reference, factor=4 * max(1, scale))


@given(call=footprint_calls(), seed=seeds)
@configurations(share=5)
def test_footprint(choose_kernels, assert_close, call, seed):
    image, grid, footprint, output_grad, mode = call
    choose_kernels(seed)
    assert_close(sampling.footprint_sample(image, grid, footprint, mode),
                 sampling_reference.footprint_sample(image, grid, footprint, mode), factor=2)
    for value, gradient, reference in zip(
            call, sampling.footprint_sample_backward(image, grid, footprint, output_grad, mode),
            sampling_reference.footprint_sample_backward(image, grid, footprint, output_grad, mode)):
        assert gradient.dtype == value.dtype and gradient.flags.c_contiguous
        assert_close(gradient.astype(image.dtype), reference.astype(image.dtype), factor=10)
