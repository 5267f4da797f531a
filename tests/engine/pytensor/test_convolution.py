"""Convolution's Ops on PyTensor: what is known of shapes, other linkers, layouts, what is refused."""
import pickle

import numpy as np
import pytest

pytest.importorskip('pytensor')

import theano  # noqa: E402
import theano.tensor as T  # noqa: E402
from theano.tensor.nnet import abstract_conv, conv2d, corr, corr3d  # noqa: E402

from lasagne_ext import kernels  # noqa: E402

OPTIONS = [
    {}, {'border_mode': 'half', 'subsample': (2, 1), 'num_groups': 2},
    {'border_mode': ((1, 2), 0), 'filter_dilation': (2, 1), 'filter_flip': False, 'subsample': (2, 2)},
    {'border_mode': 'full', 'num_groups': 4}, {'border_mode': (3, 0), 'subsample': (1, 3)}]


def graph(options, image_shape, kernel_shape, dtype='float64', unshared=False):
    """Forward, first and second derivatives of a convolution."""
    x, w = [T.TensorType(dtype, (False,) * len(shape))() for shape in (image_shape, kernel_shape)]
    if unshared:
        options = dict(options, unshared=True)
    y = (conv2d if len(image_shape) == 4 else T.nnet.conv3d)(x, w, **options)
    first = T.grad((y ** 3).sum(), [x, w])
    return [x, w], [y] + first + T.grad(sum((g ** 2).sum() for g in first), [x, w])


def check_same(mode, variables, outputs, values, tolerance=1e-9):
    """A mode computes what the default one does."""
    for actual, expected in zip(theano.function(variables, outputs, mode=mode)(*values),
                                theano.function(variables, outputs, mode='FAST_COMPILE')(*values)):
        actual = np.asarray(actual)
        assert actual.shape == expected.shape and actual.dtype == expected.dtype
        np.testing.assert_allclose(actual, expected, atol=tolerance * max(1, np.abs(expected).max(initial=0)))


@pytest.mark.parametrize('options', OPTIONS, ids=str)
def test_jax(rng, options):
    pytest.importorskip('jax')
    shapes = (2, 4, 7, 6), (4, 4 // options.get('num_groups', 1), 3, 2)
    check_same('JAX', *graph(options, *shapes), [rng.randn(*shape) for shape in shapes])


@pytest.mark.parametrize('options', [{}, {'border_mode': (1, 0, 2), 'subsample': (1, 2, 1), 'num_groups': 2}],
                         ids=str)
def test_jax_volumes(rng, options):
    pytest.importorskip('jax')
    shapes = (2, 4, 5, 6, 4), (4, 4 // options.get('num_groups', 1), 3, 2, 2)
    check_same('JAX', *graph(options, *shapes), [rng.randn(*shape) for shape in shapes])


def test_jax_unshared(rng):
    pytest.importorskip('jax')
    shapes = (2, 4, 5, 6), (6, 3, 6, 2, 3, 3)
    options = {'border_mode': 1, 'num_groups': 2, 'subsample': (2, 1)}
    check_same('JAX', *graph(options, *shapes, unshared=True), [rng.randn(*shape) for shape in shapes])


def test_jax_refuses_operands_that_do_not_fit():
    pytest.importorskip('jax')
    (x, w), (y, *_) = graph({}, (1,) * 4, (1,) * 4)
    function = theano.function([x, w], y, mode='JAX')
    with pytest.raises(ValueError, match='3 channels.*expects 2'):
        function(np.ones((1, 3, 5, 5)), np.ones((1, 2, 2, 2)))


def test_numba(rng):
    pytest.importorskip('numba')
    variables, outputs, values = [], [], []
    for options, shapes in (({'border_mode': ((1, 2), 0), 'subsample': (2, 2), 'num_groups': 2},
                             ((2, 4, 7, 6), (4, 2, 3, 2))),
                            ({'border_mode': 'half', 'filter_flip': False, 'filter_dilation': (1, 2, 1)},
                             ((2, 2, 5, 6, 4), (3, 2, 3, 2, 2)))):
        inputs, results = graph(options, *shapes)
        variables += inputs
        outputs += results[:3]
        values += [rng.randn(*shape).swapaxes(-1, -2).copy().swapaxes(-1, -2) for shape in shapes]
    mode = theano.Mode('numba', 'fast_run')
    check_same(mode, variables, outputs, values)
    function = theano.function(variables[:2], outputs[0], mode=mode)
    with pytest.raises(ValueError, match='do not fit together'):
        function(np.ones((1, 6, 7, 6)), values[1])
    with pytest.raises(ValueError, match='does not fit into the image'):
        function(np.ones((1, 4, 7, 1)), values[1])


def test_numba_compiles_nothing_that_runs_python():
    """Such a function could not be cached on disk."""
    basic = pytest.importorskip('pytensor.link.numba.dispatch.basic')
    if kernels.library is None:
        pytest.skip('no kernel library was built')
    (x, w), outputs = graph({}, (1,) * 4, (1,) * 4)
    ops = {type(node.op): node for node in theano.gof.graph.list_of_nodes([x, w], outputs)
           if isinstance(node.op, abstract_conv.BaseAbstractConv)}
    assert len(ops) == 3
    assert all(basic.numba_funcify_and_cache_key(node.op, node=node)[1] for node in ops.values())


@pytest.mark.usefixtures('fast_compile')
@pytest.mark.parametrize('options', OPTIONS, ids=str)
def test_without_the_library(rng, monkeypatch, options, assert_close):
    shapes = (2, 4, 7, 6), (4, 4 // options.get('num_groups', 1), 3, 2)
    values = [rng.randn(*shape) for shape in shapes]
    function = theano.function(*graph(options, *shapes))
    compiled = function(*values)
    monkeypatch.setattr(kernels, 'library', None)
    for with_library, without in zip(compiled, function(*values)):
        assert_close(with_library, without, factor=10)


@pytest.mark.usefixtures('fast_compile')
def test_memory_layout_does_not_matter(rng, assert_close):
    variables, outputs = graph(OPTIONS[1], (1,) * 4, (1,) * 4)
    function = theano.function(variables, outputs)
    image, kernel = rng.randn(6, 7, 4, 2), rng.randn(2, 3, 4, 2)[::-1]
    for views, copies in zip(function(image.T[:, :, ::-1], kernel.transpose(2, 3, 1, 0)),
                             function(image.T[:, :, ::-1].copy(), kernel.transpose(2, 3, 1, 0).copy())):
        assert_close(views, copies)


@pytest.mark.usefixtures('fast_compile')
def test_no_images():
    variables, outputs = graph({}, (1,) * 4, (1,) * 4)
    y, x_grad, w_grad, *_ = theano.function(variables, outputs)(np.zeros((0, 2, 5, 5)), np.ones((3, 2, 2, 2)))
    assert y.shape == (0, 3, 4, 4) and x_grad.shape == (0, 2, 5, 5)
    assert w_grad.shape == (3, 2, 2, 2) and not w_grad.any()


def test_static_shapes():
    x, w = T.dtensor4(), T.dtensor4()
    y = conv2d(x, w, (None, 3, 10, 9), (4, 3, 3, None), 'half', (2, 1))
    assert y.type.shape == (None, 4, 5, None)
    y = conv2d(x, w, (8, 3, 10, 9), (4, 3, 3, 2))
    assert y.type.shape == (8, 4, 8, 8)
    assert [g.type.shape for g in T.grad(y.sum(), [y.owner.inputs[0], y.owner.inputs[1]])] == [
        (8, 3, 10, 9), (4, 3, 3, 2)]
    op = abstract_conv.AbstractConv2d_gradInputs(imshp=(None, 6, 10, None), num_groups=2)
    assert op(w, x, (10, T.iscalar())).type.shape == (None, 6, 10, None)


@pytest.mark.usefixtures('fast_compile')
def test_known_shapes_are_checked():
    x, w = T.dtensor4(), T.dtensor4()
    function = theano.function([x, w], conv2d(x, w, (None, 2, 5, 5), (1, 2, 2, 2)))
    with pytest.raises(AssertionError, match='expected'):
        function(np.ones((1, 2, 6, 5)), np.ones((1, 2, 2, 2)))
    known = T.specify_shape(x, (2, 3, 5, 5))
    with pytest.raises(ValueError, match=r'img has shape \(2, 3, 5, 5\), but \(2, 4, 5, 5\) was given'):
        conv2d(known, w, (2, 4, 5, 5))
    with pytest.raises(ValueError, match='asked for'):
        abstract_conv.AbstractConv2d_gradInputs(imshp=(1, 1, 5, 5))(w, x, (5, 6))
    for known, message in (((2, 4, 5, 5), '4 channels.*expects 3'), ((2, 3, 1, 5), 'does not fit')):
        with pytest.raises(ValueError, match=message):
            conv2d(x, w, known, (2, 3, 2, 2))
    with pytest.raises(ValueError, match='3 filters cannot be divided into 2 groups'):
        conv2d(x, w, None, (3, 2, 2, 2), num_groups=2)


@pytest.mark.usefixtures('fast_compile')
@pytest.mark.parametrize('image, kernel, message', [
    ((1, 3, 5, 5), (2, 2, 2, 2), r'3 channels, the kernel of shape \(2, 2, 2, 2\) expects 2'),
    ((1, 2, 5, 1), (2, 2, 2, 2), 'does not fit into an image'), ((1, 2, 5, 0), (2, 2, 2, 1), 'does not fit')])
def test_operands_that_do_not_fit(image, kernel, message):
    variables, outputs = graph({}, (1,) * 4, (1,) * 4)
    with pytest.raises(ValueError, match=message):
        theano.function(variables, outputs[0])(np.ones(image), np.ones(kernel))


@pytest.mark.usefixtures('fast_compile')
@pytest.mark.parametrize('shape, message', [
    ((1, 2, 4, 3), 'make an output of shape'), ((1, 3, 4, 4), '3 channels, the kernel has 2 filters')])
def test_gradients_of_other_shapes_are_refused(shape, message):
    w, y = T.dtensor4(), T.dtensor4()
    gradient = abstract_conv.AbstractConv2d_gradInputs(imshp=(1, None, 5, 5))(w, y, (5, 5))
    function = theano.function([w, y], gradient)
    with pytest.raises(ValueError, match=message):
        function(np.ones((2, 2, 2, 2)), np.ones(shape))


@pytest.mark.usefixtures('fast_compile')
def test_known_shapes_of_gradients_are_checked():
    x, w, y = T.dtensor4(), T.dtensor4(), T.dtensor4()
    ones = {x: np.ones((2, 2, 5, 5)), w: np.ones((2, 2, 2, 2)), y: np.ones((2, 2, 4, 4))}
    for imshp in ((1, 2, 5, 5), (2, 3, 5, 5)):
        gradient = abstract_conv.AbstractConv2d_gradInputs(imshp=imshp)(w, y, (5, 5))
        with pytest.raises(AssertionError, match='expected'):
            theano.function([w, y], gradient)(ones[w], ones[y])
    for kshp in ((3, 2, 2, 2), (2, 1, 2, 2)):
        gradient = abstract_conv.AbstractConv2d_gradWeights(kshp=kshp)(x, y, (2, 2))
        with pytest.raises(AssertionError, match='expected'):
            theano.function([x, y], gradient)(ones[x], ones[y])


@pytest.mark.usefixtures('fast_compile')
@pytest.mark.parametrize('image, kernel, output', [
    ('float32', 'float64', 'float64'), ('float64', 'float32', 'float64'), ('float32', 'float32', 'float32'),
    ('int32', 'float32', 'float64'), ('int32', 'int8', 'int32'), ('float16', 'float16', 'float16')])
def test_dtypes(image, kernel, output):
    x, w = T.tensor4(dtype=image), T.tensor4(dtype=kernel)
    y = conv2d(x, w)
    assert y.dtype == output
    result = theano.function([x, w], y)(np.ones((1, 2, 3, 3), image), np.ones((1, 2, 2, 2), kernel))
    assert result.dtype == output and (result == 8).all()


def test_complex_numbers_are_refused():
    with pytest.raises(TypeError, match='complex'):
        conv2d(T.ztensor4(), T.dtensor4())


def test_asymmetric_padding_of_volumes(rng, assert_close):
    image, kernel = rng.randn(1, 2, 4, 5, 6), rng.randn(3, 2, 2, 2, 2)
    x, w = T.dtensor5(), T.dtensor5()
    padded = np.pad(image, [(0, 0), (0, 0), (1, 2), (0, 1), (0, 0)])
    function = theano.function([x, w], T.nnet.conv3d(x, w))
    assert_close(theano.function([x, w], T.nnet.conv3d(x, w, border_mode=((1, 2), (0, 1), 0)))(image, kernel),
                 function(padded, kernel))


@pytest.mark.usefixtures('fast_compile')
def test_correlation_ops(rng, assert_close):
    image, kernel = rng.randn(2, 4, 6, 5), rng.randn(6, 2, 2, 3)
    x, w = T.dtensor4(), T.dtensor4()
    y = corr.CorrMM('full', num_groups=2)(x, w)
    expected = conv2d(x, w, border_mode='full', num_groups=2, filter_flip=False)
    results = [y, corr.CorrMM_gradWeights('full', num_groups=2)(x, y),
               corr.CorrMM_gradInputs('full', num_groups=2)(w, y)]
    expected = [expected] + T.grad((expected ** 2).sum() / 2, [w, x])
    for actual, right in zip(*[theano.function([x, w], outputs)(image, kernel)
                               for outputs in (results, expected)]):
        assert_close(actual, right)
    with pytest.raises(ValueError, match='shape must be given'):
        corr.CorrMM_gradWeights(subsample=(2, 1))(x, y)
    v, w = T.dtensor5(), T.dtensor5()
    results = theano.function([v, w], [corr3d.Corr3dMM()(v, w), T.nnet.conv3d(v, w, filter_flip=False)])(
        rng.randn(1, 2, 3, 4, 5), rng.randn(2, 2, 2, 2, 2))
    assert_close(*results)


def test_ops_can_be_pickled_and_compared():
    op = abstract_conv.AbstractConv2d((None, 3, 8, 8), border_mode=((1, 2), 0), subsample=(2, 1))
    assert pickle.loads(pickle.dumps(op)) == op
    assert op != abstract_conv.AbstractConv2d(border_mode=((1, 2), 0), subsample=(1, 1))
    assert abstract_conv.AbstractConv2d(border_mode=0) == abstract_conv.AbstractConv2d()
    assert abstract_conv.AbstractConv2d().border_mode == 'valid'


def test_names_that_are_not_there():
    from theano.tensor.nnet import conv
    for module, name, instead in ((conv, 'ConvOp', 'conv2d'),
                                  (abstract_conv, 'assert_shape', 'specify_shape')):
        with pytest.raises(AttributeError, match=instead):
            getattr(module, name)


@pytest.mark.filterwarnings('ignore')
def test_old_options_that_change_the_result_are_refused():
    from theano.tensor.nnet import conv
    x, w = T.dtensor4(), T.dtensor4()
    conv.conv2d(x, w, unroll_batch=2, version=-1)
    with pytest.raises(NotImplementedError, match='imshp_logical'):
        conv.conv2d(x, w, imshp_logical=(1, 9, 9))
