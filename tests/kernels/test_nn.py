"""Kernels of convolution and pooling: against loops, SciPy and torch, and against one another."""
import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasagne_ext import kernels
from lasagne_ext.kernels import get_num_threads, nn, nn_reference, set_num_threads

DTYPES = ('float32', 'float64')


def out_size(size, window, pads, strides, dilations):
    return tuple((length + sum(pad) - (width - 1) * dilation - 1) // stride + 1 for
                 length, width, pad, stride, dilation in zip(size, window, pads, strides, dilations))


def convolve_by_loops(image, kernel, pads, strides, dilations, groups, unshared=False):
    """The definition of cross-correlation, point by point."""
    rank = len(strides)
    image, kernel = np.pad(image.astype('float64'), [(0, 0), (0, 0)] + list(pads)), kernel.astype('float64')
    size, inner = kernel.shape[-rank:], image.shape[1] // groups
    points = out_size(image.shape[2:], size, [(0, 0)] * rank, strides, dilations)
    out = np.zeros((len(image), len(kernel)) + points)
    for n, f in np.ndindex(out.shape[:2]):
        channels = image[n, f * groups // len(kernel) * inner:][:inner]
        for point in np.ndindex(points):
            weights = kernel[(f,) + point] if unshared else kernel[f]
            window = tuple(slice(p * stride, p * stride + (width - 1) * dilation + 1, dilation)
                           for p, stride, width, dilation in zip(point, strides, size, dilations))
            out[(n, f) + point] = (channels[(slice(None),) + window] * weights).sum()
    return out


def pool_by_loops(image, points, window, strides, pads, mode):
    """The definition of pooling, window by window."""
    image, rank, size = image.astype('float64'), len(window), image.shape[-len(window):]
    out = np.zeros(image.shape[:-rank] + points)
    for point in np.ndindex(points):
        starts = [p * stride - pad for p, stride, (pad, _) in zip(point, strides, pads)]
        inside = tuple(slice(max(start, 0), min(start + width, length))
                       for start, width, length in zip(starts, window, size))
        counted = math.prod(min(start + width, length + after) - start for start, width, length, (_, after)
                            in zip(starts, window, size, pads))
        values = image[(Ellipsis,) + inside].reshape(image.shape[:-rank] + (-1,))
        out[(Ellipsis,) + point] = {'max': values.max(-1), 'sum': values.sum(-1),
                                    'average_inc_pad': values.sum(-1) / counted,
                                    'average_exc_pad': values.mean(-1)}[mode]
    return out


@st.composite
def convolutions(draw, channels=st.integers(1, 4), filters=st.one_of(st.integers(1, 4), st.integers(1, 40))):
    """Random operands in random layouts, an output gradient, and the options."""
    rng = np.random.RandomState(draw(st.integers(0, 2 ** 32 - 1)))
    rank, groups, dtype = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.sampled_from(DTYPES))

    def ints(low, high):
        return tuple(draw(st.integers(low, high)) for _ in range(rank))

    window, strides, dilations = ints(1, 3), ints(1, 3), ints(1, 3)
    pads = tuple(zip(ints(0, 3), ints(0, 3)))
    size = tuple(max(draw(st.integers(1, 8)), (width - 1) * dilation + 1 - sum(pad))
                 for width, dilation, pad in zip(window, dilations, pads))
    batch, inner, outer = draw(st.integers(0, 3)), draw(channels), draw(filters)

    def strided(shape):
        full = rng.randn(*[2 * length for length in shape]).astype(dtype)
        return full[tuple(slice(None, None, 2 * rng.choice([-1, 1])) for _ in shape)]

    points = out_size(size, window, pads, strides, dilations)
    return (strided((batch, groups * inner) + size), strided((groups * outer, inner) + window),
            strided((batch, groups * outer) + points), (pads, strides, dilations, groups))


@st.composite
def poolings(draw):
    """A random image with ties, its pooled size, and the options."""
    rng = np.random.RandomState(draw(st.integers(0, 2 ** 32 - 1)))
    rank, dtype = draw(st.integers(1, 3)), draw(st.sampled_from(DTYPES))
    size, window, strides = ([draw(st.integers(1, high)) for _ in range(rank)] for high in (9, 5, 5))
    if draw(st.booleans()):
        pads = [(draw(st.integers(0, width - 1)),) * 2 for width in window]
        points = [max(0, (length + 2 * pad - width) // stride + 1)
                  for length, width, stride, (pad, _) in zip(size, window, strides, pads)]
    else:
        pads = [(0, 0)] * rank
        points = [(length - 1) // stride + 1 if stride >= width
                  else max(0, (length - 1 - width) // stride + 1) + 1
                  for length, width, stride in zip(size, window, strides)]
    outer = draw(st.sampled_from([(), (2,), (2, 3)]))
    image = rng.randint(-2, 3, outer + tuple(size)).astype(dtype)[..., ::-1]
    return image, tuple(points), (tuple(window), tuple(strides), tuple(pads))


def close(actual, expected, terms=1):
    assert actual.shape == expected.shape
    if actual.size:
        tolerance = {'float32': 1e-6, 'float64': 1e-14}[str(actual.dtype)] * max(10, terms)
        assert np.abs(actual - expected).max() <= tolerance * max(1, np.abs(expected).max())


@given(case=convolutions(channels=st.integers(1, 2), filters=st.integers(1, 2)))
def test_reference_convolves_as_defined(case):
    image, kernel, _, options = case
    close(nn_reference.convolve(image.astype('float64'), kernel.astype('float64'), *options),
          convolve_by_loops(image, kernel, *options))


@given(case=convolutions(channels=st.integers(1, 2), filters=st.integers(1, 2)))
def test_reference_of_unshared_kernels_convolves_as_defined(case):
    image, kernel, output_grad, options = case
    rng = np.random.RandomState(1)
    points = output_grad.shape[2:]
    unshared = rng.randn(*kernel.shape[:1] + points + kernel.shape[1:])
    image, output_grad = image.astype('float64'), output_grad.astype('float64')
    out = nn_reference.convolve(image, unshared, *options, True)
    close(out, convolve_by_loops(image, unshared, *options, True))
    size = kernel.shape[2:]
    check_transposed(out, image, unshared, output_grad,
                     nn_reference.convolve_kernel_grad(image, output_grad, size, *options, True),
                     nn_reference.convolve_image_grad(unshared, output_grad, image.shape[2:], *options, True))


@given(case=convolutions())
def test_gradients_of_the_reference_are_transposed(case):
    image, kernel, output_grad, options = [case[i].astype('float64') for i in range(3)] + [case[3]]
    check_transposed(
        nn_reference.convolve(image, kernel, *options), image, kernel, output_grad,
        nn_reference.convolve_kernel_grad(image, output_grad, kernel.shape[2:], *options),
        nn_reference.convolve_image_grad(kernel, output_grad, image.shape[2:], *options))


def check_transposed(out, image, kernel, output_grad, kernel_grad, image_grad):
    """Linear maps: the three products of an operand and its gradient are the same number."""
    assert kernel_grad.shape == kernel.shape and image_grad.shape == image.shape
    product = (out * output_grad).sum()
    scale = max(1, np.abs(out * output_grad).sum())
    assert abs((kernel * kernel_grad).sum() - product) < 1e-12 * scale
    assert abs((image * image_grad).sum() - product) < 1e-12 * scale


def check_convolution(case, flip):
    """The library against the sampling_reference."""
    image, kernel, output_grad, options = case
    rank = len(options[1])
    turned = kernel[(Ellipsis,) + (slice(None, None, -1),) * rank] if flip else kernel
    close(nn.convolve(image, kernel, *options, flip=flip), nn_reference.convolve(image, turned, *options),
          math.prod(kernel.shape[1:]))
    size = kernel.shape[2:]
    expected = nn_reference.convolve_kernel_grad(image, output_grad, size, *options)
    expected = expected[(Ellipsis,) + (slice(None, None, -1),) * rank] if flip else expected
    close(nn.convolve_kernel_grad(image, output_grad, size, *options, flip=flip), expected,
          len(image) * math.prod(output_grad.shape[2:]))
    close(nn.convolve_image_grad(kernel, output_grad, image.shape[2:], *options, flip=flip),
          nn_reference.convolve_image_grad(turned, output_grad, image.shape[2:], *options),
          math.prod(size) * len(kernel))


@given(case=convolutions(), flip=st.booleans())
def test_library_agrees_with_reference(case, flip):
    if kernels.library is None:
        pytest.skip('no kernel library was built')
    check_convolution(case, flip)


@pytest.mark.parametrize('dtype', DTYPES)
@pytest.mark.parametrize('shape, kernel_shape, options', [
    ((3, 5, 17, 19), (70, 5, 3, 3), (((1, 1), (1, 1)), (1, 1), (1, 1), 1)),
    ((2, 70, 9, 8), (6, 35, 3, 2), (((0, 2), (1, 0)), (2, 1), (1, 2), 2)),
    ((2, 24, 13, 11), (24, 1, 5, 5), (((2, 2), (2, 2)), (1, 1), (1, 1), 24)),
    ((20, 3, 6, 7, 8), (16, 3, 3, 1, 2), (((1, 1), (0, 0), (0, 1)), (1, 2, 3), (2, 1, 1), 1)),
    ((40, 2, 30), (3, 2, 7), (((3, 3),), (2,), (1,), 1))], ids=str)
def test_every_instruction_set(every_library, rng, dtype, shape, kernel_shape, options):
    pads, strides, dilations, _ = options
    points = out_size(shape[2:], kernel_shape[2:], pads, strides, dilations)
    shapes = shape, kernel_shape, (shape[0], kernel_shape[0]) + points
    arrays = [rng.randn(*s).astype(dtype) for s in shapes]
    check_convolution((*arrays, options), True)


@given(case=poolings(), mode=st.sampled_from(nn.POOL_MODES))
def test_reference_pools_as_defined(case, mode):
    image, points, options = case
    if 0 not in points:
        close(nn_reference.pool(image.astype('float64'), points, *options, mode),
              pool_by_loops(image, points, *options, mode))


@given(case=poolings(), mode=st.sampled_from(nn.POOL_MODES), seed=st.integers(0, 99))
def test_gradients_of_pooling_are_transposed(case, mode, seed):
    image, points, options = case
    image, rng = image.astype('float64'), np.random.RandomState(seed)
    output_grad = rng.randn(*image.shape[:-len(points)] + points)
    change = rng.randn(*image.shape)
    if mode == 'max':
        maximum = nn_reference.pool(image, points, *options, 'max')
        image_grad = nn_reference.max_pool_grad(image, maximum, output_grad, *options)
        response = nn_reference.max_pool_grad_grad(image, maximum, change, *options)
    else:
        image_grad = nn_reference.mean_pool_grad(image, output_grad, *options, mode)
        response = nn_reference.pool(change, points, *options, mode)
    assert image_grad.shape == image.shape and response.shape == output_grad.shape
    assert abs((image_grad * change).sum() - (response * output_grad).sum()) < 1e-10


@given(case=poolings(), mode=st.sampled_from(nn.POOL_MODES), special=st.sampled_from([0, np.nan, -np.inf]))
def test_library_pools_as_the_reference(case, mode, special):
    if kernels.library is None:
        pytest.skip('no kernel library was built')
    check_pooling(case, mode, special)


def check_pooling(case, mode, special=0):
    image, points, options = case
    image = image.copy()
    if special:
        image.flat[::5] = special
    rng = np.random.RandomState(0)
    output_grad = rng.randn(*image.shape[:-len(points)] + points).astype(image.dtype)
    change = rng.randn(*image.shape).astype(image.dtype)
    with np.errstate(invalid='ignore'):
        maximum = nn_reference.pool(image, points, *options, 'max')
        pairs = [[module.pool(image, points, *options, mode),
                  module.mean_pool_grad(image, output_grad, *options, mode) if mode != 'max' else
                  module.max_pool_grad(image, maximum, output_grad, *options),
                  module.max_pool_grad_grad(image, maximum, change, *options)] for module in (nn, nn_reference)]
    for actual, expected in zip(*pairs):
        assert actual.dtype == expected.dtype and actual.flags.c_contiguous
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize('mode', nn.POOL_MODES)
@pytest.mark.parametrize('size, options', [
    ((24, 24), ((2, 2), (2, 2), ((0, 0), (0, 0)))), ((31, 17), ((3, 3), (2, 2), ((1, 1), (1, 1)))),
    ((9, 40), ((3, 5), (1, 1), ((1, 1), (2, 2)))), ((7, 7), ((7, 7), (7, 7), ((0, 0), (0, 0)))),
    ((4, 9, 23), ((2, 2, 3), (1, 3, 3), ((0, 0), (1, 1), (0, 0))))], ids=str)
@pytest.mark.parametrize('dtype', DTYPES)
def test_every_instruction_set_pools(every_library, rng, dtype, size, options, mode):
    window, strides, pads = options
    points = out_size(size, window, pads, strides, (1,) * len(size))
    check_pooling((rng.randint(0, 9, (2, 3) + size).astype(dtype), points, options), mode)


@pytest.mark.parametrize('dtype', ['float16', 'int32', 'int8'])
def test_other_types_are_computed_too(rng, dtype):
    image = rng.randint(-3, 4, (2, 2, 5, 4)).astype(dtype)
    kernel = rng.randint(-3, 4, (3, 2, 2, 2)).astype(dtype)
    options = ((0, 1), (0, 0)), (1, 1), (1, 1), 1
    out = nn.convolve(image, kernel, *options)
    assert out.dtype == dtype
    assert np.array_equal(out, convolve_by_loops(image, kernel, *options))
    for mode in ('max', 'sum'):
        pooled = nn.pool(image, (2, 2), (2, 2), (2, 2), ((0, 0), (0, 0)), mode)
        assert pooled.dtype == dtype
        assert np.array_equal(pooled, pool_by_loops(image, (2, 2), (2, 2), (2, 2), ((0, 0), (0, 0)), mode))


def test_float16_is_summed_up_in_float32():
    image, kernel = np.ones((1, 1, 4096), 'float16'), np.ones((1, 1, 4096), 'float16')
    assert nn.convolve(image, kernel, ((0, 0),), (1,), (1,), 1).item() == 4096


def test_number_of_threads_changes_nothing(rng):
    image, kernel = rng.randn(9, 6, 33, 31).astype('float32'), rng.randn(40, 3, 5, 3).astype('float32')
    options = ((2, 2), (0, 1)), (1, 2), (1, 1), 2
    out = nn.convolve(image, kernel, *options)
    pooling = (3, 3), (2, 2), ((1, 1), (0, 0))
    points = (17, 15)
    pooled = nn.pool(image, points, *pooling, 'max')
    grad = rng.randn(*pooled.shape).astype('float32')
    before, results = get_num_threads(), []
    try:
        for threads in (1, 2, 3, 7):
            set_num_threads(threads)
            results.append([
                nn.convolve(image, kernel, *options), nn.convolve_kernel_grad(image, out, (5, 3), *options),
                nn.convolve_image_grad(kernel, out, (33, 31), *options),
                nn.pool(image, points, *pooling, 'average_exc_pad'),
                nn.max_pool_grad(image, pooled, grad, *pooling),
                nn.max_pool_grad_grad(image, pooled, image, *pooling),
                nn.mean_pool_grad(image, grad, *pooling, 'average_inc_pad')])
    finally:
        set_num_threads(before)
    for other in results[1:]:
        for first, now in zip(results[0], other):
            assert first.tobytes() == now.tobytes()


def test_forked_process_does_not_hang(run_python):
    run_python('''
import os, sys
import numpy as np
import lasagne_ext
from lasagne_ext import kernels
from lasagne_ext.kernels import nn

kernels.set_num_threads(2)
image, kernel = np.random.randn(4, 8, 32, 32), np.random.randn(16, 8, 3, 3)
def work():
    out = nn.convolve(image, kernel, ((0, 0), (0, 0)), (1, 1), (1, 1), 1)
    return nn.pool(out, (15, 15), (2, 2), (2, 2), ((0, 0), (0, 0)), 'max')
before = work()
child = os.fork() if hasattr(os, 'fork') else 0
if child == 0:
    os._exit(0 if (work() == before).all() else 1)
pid, status = os.waitpid(child, 0)
sys.exit(1 if status else 0)
''')


def test_nan_reaches_what_it_has_a_share_in_and_nothing_else(every_library, rng):
    image, kernel = rng.randn(2, 2, 6, 6), rng.randn(20, 2, 3, 3)
    options = ((1, 1), (1, 1)), (1, 1), (1, 1), 1
    clean = nn.convolve(image, kernel, *options)
    image[1, 0, 2, 3] = np.nan
    out = nn.convolve(image, kernel, *options)
    touched = np.zeros((2, 1, 6, 6), bool)
    touched[1, :, 1:4, 2:5] = True
    assert np.array_equal(np.isnan(out), np.broadcast_to(touched, out.shape))
    close(np.where(touched, 0, out), np.where(touched, 0, clean), 18)
    pooled = nn.pool(image, (3, 3), (2, 2), (2, 2), ((0, 0), (0, 0)), 'max')
    assert np.argwhere(np.isnan(pooled)).tolist() == [[1, 0, 1, 1]]


@pytest.mark.parametrize('rank', [2, 3])
def test_scipy_agrees(rng, rank):
    signal = pytest.importorskip('scipy.signal')
    image, kernel = rng.randn(1, 2, *(7, 6, 5)[:rank]), rng.randn(1, 2, *(3, 2, 2)[:rank])
    full = [(width - 1,) * 2 for width in kernel.shape[2:]]
    for mode, pads in (('valid', [(0, 0)] * rank), ('full', full)):
        expected = sum(signal.convolve(image[0, c], kernel[0, c], mode, 'direct') for c in (0, 1))
        close(nn.convolve(image, kernel, pads, (1,) * rank, (1,) * rank, 1, flip=True)[0, 0], expected, 30)


@pytest.mark.parametrize('rank, groups, stride, dilation, pad', [
    (2, 1, 1, 1, 0), (2, 2, 2, 1, 1), (2, 4, 1, 2, 2), (3, 2, 2, 2, 1), (1, 1, 3, 2, 4)])
def test_torch_agrees(rng, rank, groups, stride, dilation, pad):
    torch = pytest.importorskip('torch')
    image, kernel = rng.randn(3, 4, *(11, 9, 8)[:rank]), rng.randn(8, 4 // groups, *(3, 2, 3)[:rank])
    operands = [torch.tensor(array, requires_grad=True) for array in (image, kernel)]
    convolve = getattr(torch.nn.functional, 'conv%dd' % rank)
    expected = convolve(*operands, stride=stride, padding=pad, dilation=dilation, groups=groups)
    grad = rng.randn(*expected.shape)
    grads = torch.autograd.grad(expected, operands, torch.tensor(grad))
    options = ((pad, pad),) * rank, (stride,) * rank, (dilation,) * rank, groups
    close(nn.convolve(image, kernel, *options), expected.detach().numpy(), 100)
    close(nn.convolve_image_grad(kernel, grad, image.shape[2:], *options), grads[0].numpy(), 100)
    close(nn.convolve_kernel_grad(image, grad, kernel.shape[2:], *options), grads[1].numpy(), 1000)


@pytest.mark.parametrize('mode', ['max', 'average_inc_pad', 'average_exc_pad'])
def test_torch_pools_alike(rng, mode):
    torch = pytest.importorskip('torch')
    image = rng.randn(2, 3, 11, 9)
    operand = torch.tensor(image, requires_grad=True)
    functional = torch.nn.functional
    for window, stride, pad in itertools.product([(2, 3)], [(2, 3), (1, 2)], [(0, 0), (1, 1)]):
        expected = (functional.max_pool2d(operand, window, stride, pad) if mode == 'max' else
                    functional.avg_pool2d(operand, window, stride, pad, False, mode == 'average_inc_pad'))
        pads, points = tuple((p, p) for p in pad), tuple(expected.shape[2:])
        pooled = nn.pool(image, points, window, stride, pads, mode)
        close(pooled, expected.detach().numpy())
        grad = rng.randn(*expected.shape)
        expected_grad, = torch.autograd.grad(expected, operand, torch.tensor(grad))
        close(nn.max_pool_grad(image, pooled, grad, window, stride, pads) if mode == 'max' else
              nn.mean_pool_grad(image, grad, window, stride, pads, mode), expected_grad.numpy())
