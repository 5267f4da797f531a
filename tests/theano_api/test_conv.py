"""Convolutions of Theano's interface: values, gradients, shapes, and what is refused."""
import itertools
import warnings

import numpy as np
import pytest
import theano
import theano.tensor as T
from theano.tensor.nnet import abstract_conv, conv2d

#: Theano has some of these in C alone, but all of them in Python when nothing is optimized.
MODE = theano.Mode(linker='py', optimizer=None)

OPTIONS_2D = [
    {}, {'filter_flip': False}, {'border_mode': 'full', 'subsample': (2, 1)},
    {'border_mode': 'half', 'filter_dilation': (1, 2)}, {'border_mode': 2},
    {'border_mode': (1, (0, 2)), 'subsample': (1, 3)},
    {'border_mode': ((1, 2), 1), 'filter_dilation': (2, 1), 'filter_flip': False},
    {'num_groups': 2, 'subsample': (2, 2), 'border_mode': (0, 1)},
    {'num_groups': 4, 'border_mode': 'half', 'filter_dilation': (2, 2)}]

OPTIONS_3D = [{}, {'border_mode': (1, 0, 2), 'subsample': (1, 2, 1), 'filter_flip': False},
              {'border_mode': 'half', 'filter_dilation': (1, 1, 2), 'num_groups': 2},
              {'border_mode': 'full', 'subsample': (2, 2, 1)}]


def convolve(image, kernel, border_mode='valid', subsample=None, filter_flip=True, filter_dilation=None,
             num_groups=1):
    """The definition, element of the kernel by element."""
    rank = image.ndim - 2
    subsample, dilation = subsample or (1,) * rank, filter_dilation or (1,) * rank
    extent = [(k - 1) * d + 1 for k, d in zip(kernel.shape[2:], dilation)]
    pads = {'valid': [0] * rank, 'half': [e // 2 for e in extent], 'full': [e - 1 for e in extent]}.get(
        border_mode, border_mode)
    pads = [pads] * rank if isinstance(pads, int) else pads
    image = np.pad(image, [(0, 0), (0, 0)] + [pad if isinstance(pad, tuple) else (pad, pad) for pad in pads])
    if filter_flip:
        kernel = kernel[(Ellipsis,) + (slice(None, None, -1),) * rank]
    groups = zip(np.split(image, num_groups, 1), np.split(kernel, num_groups))
    outputs = []
    for part, weights in groups:
        total = 0
        for element in np.ndindex(kernel.shape[2:]):
            window = tuple(slice(e * d, n - x + 1 + e * d, s) for e, d, n, x, s in zip(
                element, dilation, image.shape[2:], extent, subsample))
            total = total + np.einsum('nc...,fc->nf...', part[(Ellipsis,) + window],
                                      weights[(slice(None),) * 2 + element])
        outputs.append(total)
    return np.concatenate(outputs, 1)


def tensor(value):
    return T.TensorType(value.dtype, (False,) * value.ndim)()


def run(expressions, variables, *values):
    return theano.function(variables, expressions, mode=MODE)(*values)


def operands(rng, rank, options, filters=4):
    size, window = (7, 6, 5)[:rank], (3, 2, 2)[:rank]
    groups = options.get('num_groups', 1)
    return rng.randn(*(2, 4) + size), rng.randn(*(filters, 4 // groups) + window)


def function_of(rank):
    return conv2d if rank == 2 else T.nnet.conv3d


CASES = [(2, options) for options in OPTIONS_2D] + [(3, options) for options in OPTIONS_3D]


@pytest.mark.parametrize('rank, options', CASES, ids=str)
def test_values(rng, assert_close, rank, options):
    image, kernel = operands(rng, rank, options)
    x, w = tensor(image), tensor(kernel)
    y = function_of(rank)(x, w, **options)
    output, shape = run([y, y.shape], [x, w], image, kernel)
    expected = convolve(image, kernel, **options)
    assert_close(output, expected, factor=10)
    assert tuple(shape) == expected.shape
    assert y.broadcastable == (False,) * (rank + 2) and y.dtype == 'float64'


@pytest.mark.parametrize('rank, options', CASES, ids=str)
def test_gradients_are_the_transposed_maps(rng, assert_close, rank, options):
    image, kernel = operands(rng, rank, options)
    x, w = tensor(image), tensor(kernel)
    y = function_of(rank)(x, w, **options)
    grad = rng.randn(*convolve(image, kernel, **options).shape)
    image_grad, kernel_grad = run(T.grad((y * grad).sum(), [x, w]), [x, w], image, kernel)
    for _ in range(3):
        image_change, kernel_change = rng.randn(*image.shape), rng.randn(*kernel.shape)
        for inner, outer in ((image_grad * image_change, grad * convolve(image_change, kernel, **options)),
                             (kernel_grad * kernel_change, grad * convolve(image, kernel_change, **options))):
            assert_close(inner.sum(), outer.sum(), factor=100)


@pytest.mark.parametrize('options', [{'border_mode': 'half', 'subsample': (2, 1)},
                                     {'border_mode': (0, 1), 'filter_dilation': (2, 1)}], ids=str)
def test_second_derivatives(rng, options):
    image, kernel = rng.randn(2, 2, 5, 4), rng.randn(2, 2, 2, 3)

    def gradient(which):
        def of(x, w):
            return T.grad((conv2d(x, w, **options) ** 3).sum(), [x, w])[which]
        return of
    for which in (0, 1):
        theano.gradient.verify_grad(gradient(which), [image, kernel], rng=rng, mode=MODE)


@pytest.mark.parametrize('function, size', [(conv2d, (5, 4)), (T.nnet.conv3d, (4, 3, 3))])
def test_verify_grad(rng, function, size):
    image, kernel = rng.randn(2, 2, *size), rng.randn(3, 2, *(2,) * len(size))
    theano.gradient.verify_grad(lambda x, w: function(x, w, border_mode=1), [image, kernel], rng=rng,
                                mode=MODE)


def test_rop_is_the_directional_derivative(rng, assert_close):
    image, kernel, image_change, kernel_change = [rng.randn(*shape) for shape in
                                                  ((2, 3, 5, 5), (4, 3, 2, 3)) * 2]
    variables = x, w, u, v = [tensor(value) for value in (image, kernel, image_change, kernel_change)]
    change = T.Rop(conv2d(x, w, border_mode='full'), [x, w], [u, v])
    assert_close(run(change, variables, image, kernel, image_change, kernel_change),
                 convolve(image_change, kernel, 'full') + convolve(image, kernel_change, 'full'), factor=10)


def test_known_shapes(rng, assert_close):
    image, kernel = operands(rng, 2, {})
    x, w = tensor(image), tensor(kernel)
    for shape in (image.shape, list(image.shape), (None, 4, T.constant(7), None), None):
        output = conv2d(x, w, input_shape=shape, filter_shape=(4, None, 3, 2))
        assert_close(run(output, [x, w], image, kernel), convolve(image, kernel), factor=10)


def test_broadcastable_axes():
    x = T.TensorType('float64', (True, True, False, False))()
    w = T.TensorType('float64', (True, True, False, False))()
    y = conv2d(x, w)
    assert y.broadcastable == (True, True, False, False)
    assert [g.broadcastable for g in T.grad(y.sum(), [x, w])] == [x.broadcastable, w.broadcastable]


def test_old_argument_names_warn():
    x, w = T.dtensor4(), T.dtensor4()
    with pytest.warns(UserWarning, match='image_shape'):
        conv2d(x, w, image_shape=(None, 1, 5, 5))
    with pytest.warns(UserWarning, match='version'):
        conv2d(x, w, version=3)
    with pytest.raises(ValueError), warnings.catch_warnings():
        warnings.simplefilter('ignore')
        conv2d(x, w, image_shape=(1, 1, 5, 5), input_shape=(1, 1, 5, 5))


@pytest.mark.parametrize('error, arguments', [
    (ValueError, {'border_mode': 'same'}), (ValueError, {'border_mode': (1,)}),
    (ValueError, {'border_mode': -1}), (ValueError, {'border_mode': [1, 1]}),
    (ValueError, {'border_mode': (1, (1, -1))}), (ValueError, {'subsample': (1,)}),
    (ValueError, {'filter_dilation': (1, 1, 1)}), (ValueError, {'num_groups': 0}),
    (ValueError, {'input_shape': (T.iscalar(), None, None, None)}),
    (ValueError, {'imshp_logical': (1, 2, 3)}), (TypeError, {'unshared': True}),
    (TypeError, {'input': T.dtensor3()}), (TypeError, {'filters': T.dtensor3()})], ids=str)
def test_bad_arguments(error, arguments):
    with pytest.raises(error):
        conv2d(**dict({'input': T.dtensor4(), 'filters': T.dtensor4()}, **arguments))


@pytest.mark.parametrize('image, kernel, options', [
    ((2, 3, 5, 5), (4, 2, 2, 2), {}), ((2, 3, 5, 5), (4, 1, 2, 2), {'num_groups': 2}),
    ((2, 4, 5, 5), (3, 2, 2, 2), {'num_groups': 2})], ids=str)
def test_operands_that_do_not_fit(image, kernel, options):
    x, w = T.dtensor4(), T.dtensor4()
    function = theano.function([x, w], conv2d(x, w, **options), mode=MODE)
    with pytest.raises(ValueError):
        function(np.ones(image), np.ones(kernel))


@pytest.mark.parametrize('options', OPTIONS_2D, ids=str)
def test_ops_of_the_gradients(rng, assert_close, options):
    image, kernel = operands(rng, 2, options)
    grad = rng.randn(*convolve(image, kernel, **options).shape)
    variables = x, w, y = [tensor(value) for value in (image, kernel, grad)]
    expected = run(T.grad((conv2d(x, w, **options) * y).sum(), [x, w]), variables, image, kernel, grad)
    to_inputs = abstract_conv.AbstractConv2d_gradInputs(imshp=(None, 4, 7, 6), kshp=kernel.shape, **options)
    to_weights = abstract_conv.AbstractConv2d_gradWeights(imshp=image.shape, kshp=(4, None, 3, 2), **options)
    results = run([to_inputs(w, y, x.shape[2:]), to_weights(x, y, (3, 2))], variables, image, kernel, grad)
    wrt = run([abstract_conv.conv2d_grad_wrt_inputs(y, w, (None, None, x.shape[2], 6), **options),
               abstract_conv.conv2d_grad_wrt_weights(x, y, (4, None, 3, w.shape[3]), **options)],
              variables, image, kernel, grad)
    for actual in (results, wrt):
        for ours, right in zip(actual, expected):
            assert_close(ours, right, factor=10)


def test_ops_of_the_gradients_of_volumes(rng, assert_close):
    image, kernel = operands(rng, 3, {})
    grad = rng.randn(*convolve(image, kernel).shape)
    variables = x, w, y = [tensor(value) for value in (image, kernel, grad)]
    expected = run(T.grad((T.nnet.conv3d(x, w) * y).sum(), [x, w]), variables, image, kernel, grad)
    for results in ([abstract_conv.AbstractConv3d_gradInputs()(w, y, x.shape[-3:]),
                     abstract_conv.AbstractConv3d_gradWeights()(x, y, w.shape[-3:])],
                    [abstract_conv.conv3d_grad_wrt_inputs(y, w, image.shape),
                     abstract_conv.conv3d_grad_wrt_weights(x, y, kernel.shape)]):
        for ours, right in zip(run(results, variables, image, kernel, grad), expected):
            assert_close(ours, right, factor=10)


def test_gradient_for_an_impossible_image_is_refused():
    w, y = T.dtensor4(), T.dtensor4()
    op = abstract_conv.AbstractConv2d_gradInputs(subsample=(2, 2))
    function = theano.function([w, y], op(w, y, (9, 9)), mode=MODE)
    with pytest.raises(ValueError):
        function(np.ones((1, 1, 3, 3)), np.ones((1, 1, 3, 3)))


def test_transposed_convolution(rng, assert_close):
    image, kernel = rng.randn(2, 3, 4, 5), rng.randn(3, 2, 3, 2)
    x, w = tensor(image), tensor(kernel)
    rows = T.iscalar()
    y = T.nnet.conv2d_transpose(x, w, (2, 2, rows, 10), input_dilation=(2, 2), border_mode=(1, 0))
    output = theano.function([x, w, rows], y, mode=MODE)(image, kernel, 8)
    change = rng.randn(2, 2, 8, 10)
    assert output.shape == change.shape
    expected = (image * convolve(change, kernel, (1, 0), (2, 2))).sum()
    assert_close((output * change).sum(), expected, factor=100)


def unshared_by_loops(image, kernel, border_mode, subsample, filter_flip, num_groups):
    kernel = kernel[..., ::-1, ::-1] if filter_flip else kernel
    out = np.zeros((len(image), len(kernel)) + kernel.shape[1:3])
    for row, column in np.ndindex(out.shape[2:]):
        weights = np.zeros(kernel.shape[:1] + kernel.shape[3:])
        weights[:] = kernel[:, row, column]
        whole = convolve(image, weights, border_mode, subsample, False, None, num_groups)
        out[:, :, row, column] = whole[:, :, row, column]
    return out


@pytest.mark.parametrize('border_mode, subsample, filter_flip, num_groups',
                         [('valid', (1, 1), True, 1), ((1, 0), (2, 1), False, 2), ('half', (1, 2), True, 1)])
def test_unshared_kernels(rng, assert_close, border_mode, subsample, filter_flip, num_groups):
    image = rng.randn(2, 4, 5, 6)
    shape = convolve(image, np.zeros((4, 4 // num_groups, 2, 3)), border_mode, subsample, False, None,
                     num_groups).shape
    kernel = rng.randn(4, *shape[2:] + (4 // num_groups, 2, 3))
    x, w = tensor(image), tensor(kernel)
    y = conv2d(x, w, border_mode=border_mode, subsample=subsample, filter_flip=filter_flip,
               num_groups=num_groups, unshared=True)
    assert_close(run(y, [x, w], image, kernel),
                 unshared_by_loops(image, kernel, border_mode, subsample, filter_flip, num_groups), factor=10)
    grad = rng.randn(*shape)
    for gradient, value in zip(run(T.grad((y * grad).sum(), [x, w]), [x, w], image, kernel), (image, kernel)):
        assert gradient.shape == value.shape
        output = unshared_by_loops(image, kernel, border_mode, subsample, filter_flip, num_groups)
        assert_close((gradient * value).sum(), (output * grad).sum(), factor=100)


def test_shapes_of_outputs():
    shape = abstract_conv.get_conv_output_shape
    assert shape((5, 3, 10, 11), (4, 3, 3, 2), 'valid', (1, 1)) == (5, 4, 8, 10)
    assert shape((5, 3, 10, 11), (4, 3, 3, 2), 'valid', (1, 1), (2, 2)) == (5, 4, 6, 9)
    assert shape((5, 3, 10, 11), (4, 3, 3, 2), 'half', (2, 3)) == (5, 4, 5, 4)
    assert shape((None, 3, 10, None), (4, 3, 3, 2), (1, 2), (1, 1)) == (None, 4, 10, None)
    assert shape((5, 3, 10, 11), (4, 3, 3, 2), ((1, 2), (0, 3)), (1, 2)) == (5, 4, 11, 7)
    size = T.iscalar()
    assert abstract_conv.get_conv_shape_1axis(size, 3, 'full', 2).eval({size: 9}) == 6


def test_shapes_of_kernels_and_images():
    weights, inputs = abstract_conv.get_conv_gradweights_shape, abstract_conv.get_conv_gradinputs_shape
    assert weights((5, 4, 10, 11), (5, 6, 8, 9), 'valid', (1, 1)) == (6, 4, 3, 3)
    assert weights((5, 4, 10, 11), (5, 6, 12, 13), 'full', (1, 1)) == (6, 4, 3, 3)
    assert weights((5, 4, 10, 11), (5, 6, 8, 9), 'half', (1, 1)) == (6, 4, None, None)
    assert weights((5, 4, 10, 11), (5, 6, 8, 9), 'valid', (1, 1), (2, 2), 2) == (3, 4, 2, 2)
    assert weights((5, 4, 10, 11), (5, 6, 8, 9), (1, 2), (1, 2), None, 2, True) == (3, 8, 9, 4, 5, None)
    assert inputs((6, 4, 3, 3), (5, 6, 8, 9), 'valid', (1, 1)) == (5, 4, 10, 11)
    assert inputs((6, 4, 3, 3), (5, 6, 8, 9), 'full', (1, 1), None, 2) == (5, 8, 6, 7)
    assert inputs((6, 4, 3, 3), (5, 6, 8, 9), 'half', (1, 2), (2, 1)) == (5, 4, 8, None)
    check = abstract_conv.check_conv_gradinputs_shape
    assert check((5, 4, 10, 10), (6, 4, 3, 3), (5, 6, 8, 8), 'valid', (1, 1))
    assert check((5, 4, None, T.iscalar()), (6, 4, 3, 3), (5, 6, 8, 8), 'valid', (1, 1))
    assert not check((5, 4, 10, 10), (6, 4, 3, 3), (5, 6, 7, 8), 'valid', (1, 1))
    assert not check((5, 4, 10), (6, 4, 3, 3), (5, 6, 7, 8), 'valid', (1, 1))


def test_padding_of_border_modes():
    pads = abstract_conv.border_mode_to_pad
    assert pads('half', 2, (5, 4)) == ((2, 2), (2, 2))
    assert pads('full', 2, (5, 4)) == ((4, 4), (3, 3))
    assert pads((1, (2, 3)), 2, (5, 4)) == ((1, 1), (2, 3))
    for bad in (3, 'same', (1, 2, 3)):
        with pytest.raises(ValueError):
            pads(bad, 2, (5, 4))


def test_impossible_shapes_are_refused():
    n = T.iscalar()
    shape = abstract_conv.assert_conv_shape((2, 0, n, 3))
    function = theano.function([n], shape[2], mode=MODE)
    assert function(4) == 4
    with pytest.raises(AssertionError):
        function(0)
    for bad in ((2, -1, 3), (2, 1, 0)):
        with pytest.raises(ValueError):
            abstract_conv.assert_conv_shape(bad)


def test_separable_convolutions(rng, assert_close):
    for rank, function in ((2, abstract_conv.separable_conv2d), (3, abstract_conv.separable_conv3d)):
        image, pointwise = rng.randn(*(2, 3) + (6, 5, 4)[:rank]), rng.randn(*(2, 6) + (1,) * rank)
        depthwise = rng.randn(*(6, 1) + (3, 2, 2)[:rank])
        variables = x, d, p = [tensor(value) for value in (image, depthwise, pointwise)]
        y = function(x, d, p, 3, border_mode='half', subsample=(2,) + (1,) * (rank - 1))
        middle = convolve(image, depthwise, 'half', (2,) + (1,) * (rank - 1), num_groups=3)
        assert_close(run(y, variables, image, depthwise, pointwise), convolve(middle, pointwise), factor=10)


def test_causal_convolution(rng, assert_close):
    sequence, kernel = rng.randn(2, 3, 9), rng.randn(4, 3, 2)
    x, w = tensor(sequence), tensor(kernel)
    y = abstract_conv.causal_conv1d(x, w, (4, 3, 2), filter_dilation=3, subsample=2)
    assert_close(run(y, [x, w], sequence, kernel),
                 convolve(sequence, kernel, ((3, 0),), (2,), filter_dilation=(3,)), factor=10)
    with pytest.raises(ValueError):
        abstract_conv.causal_conv1d(T.dtensor4(), w, (4, 3, 2))


def interpolated(image, ratio):
    """Bilinear interpolation of the continued image at the centres of the new pixels."""
    for axis in (2, 3):
        size = image.shape[axis]
        positions = (np.arange(size * ratio) - (ratio - 1) // 2) / ratio
        low = np.floor(positions).astype(int)
        shape = [-1 if a == axis else 1 for a in range(4)]
        fraction = (positions - low).reshape(shape)
        take = [image.take(np.clip(low + k, 0, size - 1), axis) for k in (0, 1)]
        image = take[0] * (1 - fraction) + take[1] * fraction
    return image


@pytest.mark.parametrize('ratio, use_1D_kernel', list(itertools.product([2, 3, 4], [True, False])))
def test_bilinear_upsampling(rng, assert_close, ratio, use_1D_kernel):
    image = rng.randn(2, 3, 4, 5)
    x = tensor(image)
    with theano.configparser.change_flags(floatX='float64'):
        y = abstract_conv.bilinear_upsampling(x, ratio, batch_size=2, num_input_channels=3,
                                              use_1D_kernel=use_1D_kernel)
        assert_close(run(y, [x], image), interpolated(image, ratio), factor=10)


def test_bilinear_upsampling_by_a_fraction(rng):
    x = T.dtensor4()
    image = np.arange(20.).reshape(1, 1, 4, 5)
    with theano.configparser.change_flags(floatX='float64'):
        upsampled = [abstract_conv.bilinear_upsampling(x, frac_ratio=ratio, use_1D_kernel=False)
                     for ratio in ((6, 4), ((3, 2), (3, 2)))]
        once, each = run(upsampled, [x], image)
        assert once.shape == (1, 1, 6, 8)
        assert np.array_equal(once, each)
        # Along a ramp, bilinear interpolation goes up evenly between the borders.
        steps = np.diff(once[0, 0], axis=1)[1:-1, 1:-1]
        np.testing.assert_allclose(steps, 2 / 3, rtol=1e-6)
    for arguments in ({}, {'ratio': 2, 'frac_ratio': (3, 2)}, {'frac_ratio': (3, 2)}):
        with pytest.raises(ValueError):
            abstract_conv.bilinear_upsampling(x, **arguments)


def test_bilinear_kernels(assert_close):
    with theano.configparser.change_flags(floatX='float64'):
        line = abstract_conv.bilinear_kernel_1D(3).eval()
        plane = abstract_conv.bilinear_kernel_2D((3, 2), normalize=False).eval()
    assert_close(line, np.array([1, 2, 3, 2, 1]) / 3.)
    assert_close(plane, np.outer([1., 2, 3, 2, 1], [1, 2, 1]))


@pytest.mark.filterwarnings('ignore')
@pytest.mark.parametrize('image_rank, kernel_rank', list(itertools.product((2, 3), (2, 3))))
def test_signal_convolution(rng, assert_close, image_rank, kernel_rank):
    from theano.tensor.signal import conv
    image, kernel = rng.randn(*(2, 6, 5)[-image_rank:]), rng.randn(*(3, 3, 2)[-kernel_rank:])
    x, w = tensor(image), tensor(kernel)
    for border_mode in ('valid', 'full'):
        y = conv.conv2d(x, w, border_mode=border_mode, subsample=(2, 1))
        expected = convolve(image.reshape((-1, 1) + image.shape[-2:]), kernel.reshape((-1, 1, 3, 2)),
                            border_mode, (2, 1))
        expected = expected if kernel_rank == 3 else expected[:, 0]
        assert_close(run(y, [x, w], image, kernel), expected if image_rank == 3 else expected[0], factor=10)


@pytest.mark.filterwarnings('ignore')
def test_old_convolution(rng, assert_close):
    image, kernel = operands(rng, 2, {})
    x, w = tensor(image), tensor(kernel)
    y = T.nnet.conv.conv2d(x, w, (2, 4, T.constant(7), 6), (4, 4, 3, 2), border_mode='full')
    assert_close(run(y, [x, w], image, kernel), convolve(image, kernel, 'full'), factor=10)


@pytest.mark.parametrize('border_mode', ['valid', 'full', 'half', ('full', 'valid', 'valid')], ids=str)
def test_convolution_of_films(rng, assert_close, border_mode):
    from theano.tensor.nnet import conv3d2d
    film, kernel = rng.randn(2, 5, 3, 6, 5), rng.randn(4, 3, 3, 2, 3)
    x, w = tensor(film), tensor(kernel)
    y = conv3d2d.conv3d(x, w, film.shape, kernel.shape, border_mode)
    mode = (2, 0, 0) if isinstance(border_mode, tuple) else border_mode
    expected = convolve(film.swapaxes(1, 2), kernel.swapaxes(1, 2), mode).swapaxes(1, 2)
    assert_close(run(y, [x, w], film, kernel), expected, factor=10)
