"""Pooling by Theano's interface: values, ties, gradients, shapes, and what is refused."""
import itertools
import warnings

import numpy as np
import pytest
import theano
import theano.tensor as T
from theano.tensor.signal.pool import Pool, max_pool_2d_same_size, pool_2d, pool_3d

MODES = ('max', 'sum', 'average_inc_pad', 'average_exc_pad')

#: Window, stride, ignore_border, padding.
WINDOWS = [((2, 2), None, True, (0, 0)), ((2, 3), None, False, (0, 0)), ((3, 2), (2, 1), True, (0, 0)),
           ((3, 3), (2, 2), False, (0, 0)), ((2, 2), (3, 4), False, (0, 0)), ((3, 2), (1, 2), True, (2, 1)),
           ((3, 3), (4, 4), True, (1, 1))]

pytestmark = pytest.mark.usefixtures('fast_compile')


def windows(size, window, stride, ignore_border, pad):
    """Along an axis: where each window begins and ends in the padded image."""
    size, stride = size + 2 * pad, stride or window
    starts = range(0, size, stride)
    if ignore_border:
        starts = [start for start in starts if start + window <= size]
    else:
        # A window that brings nothing new is not there.
        starts = [start for start in starts
                  if start == 0 or start + window - stride < size or stride >= window]
    return [(start, min(start + window, size)) for start in starts]


def pool(image, mode, window, stride, ignore_border, pad):
    rank = len(window)
    axes = [windows(*axis[:3], ignore_border, axis[3]) for axis in
            zip(image.shape[-rank:], window, stride or (None,) * rank, pad)]
    out = np.zeros(image.shape[:-rank] + tuple(map(len, axes)))
    for point in itertools.product(*map(lambda axis: range(len(axis)), axes)):
        spans = [axis[p] for axis, p in zip(axes, point)]
        inside = tuple(slice(max(0, start - p), end - p) for (start, end), p in zip(spans, pad))
        values = image[(Ellipsis,) + inside].reshape(image.shape[:-rank] + (-1,))
        counted = np.prod([end - start for start, end in spans])
        out[(Ellipsis,) + point] = {'max': values.max(-1), 'sum': values.sum(-1),
                                    'average_inc_pad': values.sum(-1) / counted,
                                    'average_exc_pad': values.mean(-1)}[mode]
    return out


@pytest.mark.parametrize('mode', MODES)
@pytest.mark.parametrize('window, stride, ignore_border, pad', WINDOWS, ids=str)
def test_values(rng, assert_close, mode, window, stride, ignore_border, pad):
    image, x = rng.randn(2, 3, 8, 7), T.dtensor4()
    y = pool_2d(x, window, ignore_border, stride, pad, mode)
    output, shape = theano.function([x], [y, y.shape])(image)
    expected = pool(image, mode, window, stride, ignore_border, pad)
    assert_close(output, expected)
    assert tuple(shape) == expected.shape
    assert y.broadcastable == (False,) * 4


@pytest.mark.parametrize('mode, window, stride, ignore_border, pad', [
    (mode,) + case for mode in MODES for case in WINDOWS
    if mode != 'average_exc_pad' or not any(case[-1])], ids=str)       # Theano has no gradient for that
def test_gradients(rng, mode, window, stride, ignore_border, pad):
    # Far from one another, so that no small change makes another element the maximum.
    image = rng.permutation(2 * 6 * 5).reshape(2, 1, 6, 5) / 10.

    def pooled(x):
        return pool_2d(x, window, ignore_border, stride, pad, mode)
    theano.gradient.verify_grad(pooled, [image], rng=rng, eps=1e-5)
    theano.gradient.verify_grad(lambda x: T.grad((pooled(x) ** 3).sum(), x), [image], rng=rng, eps=1e-6)


@pytest.mark.parametrize('mode', MODES)
def test_volumes(rng, assert_close, mode):
    image, x = rng.randn(2, 5, 6, 7), T.dtensor4()
    arguments = (2, 3, 2), (1, 2, 3), True, (1, 0, 1)
    y = pool_3d(x, *arguments[:1], arguments[2], arguments[1], arguments[3], mode)
    assert_close(theano.function([x], y)(image), pool(image, mode, *arguments))
    small = rng.permutation(60).reshape(3, 5, 4) / 10.
    theano.gradient.verify_grad(lambda v: pool_3d(v, (2, 2, 3), False, (1, 2, 2), mode=mode), [small],
                                rng=rng, eps=1e-5)


@pytest.mark.parametrize('rank', [2, 3, 5])
def test_any_number_of_axes_before(rng, assert_close, rank):
    image = rng.randn(*(2, 1, 3, 5, 4)[-rank:])
    x = T.TensorType('float64', (False,) * rank)()
    y = pool_2d(x, (2, 2), True)
    assert y.ndim == rank
    assert_close(theano.function([x], y)(image), pool(image, 'max', (2, 2), None, True, (0, 0)))


def test_every_maximum_gets_the_gradient():
    x = T.dtensor4()
    image = np.array([[[[1., 1, 2], [1, 0, 2], [3, 3, 3]]]])
    y = pool_2d(x, (2, 2), False)
    assert theano.function([x], T.grad((y * np.array([[1, 10], [100, 1000]])).sum(), x))(image).tolist() == [
        [[[1, 1, 10], [1, 0, 10], [100, 100, 1000]]]]
    y = pool_2d(x, (2, 2), True, (1, 1))
    assert theano.function([x], T.grad(y.sum(), x))(image).tolist() == [[[[1, 1, 1], [1, 0, 1], [1, 2, 1]]]]


def test_rop(rng, assert_close):
    image, change = rng.randn(1, 2, 5, 4), rng.randn(1, 2, 5, 4)
    x, u = T.dtensor4(), T.dtensor4()
    for mode in ('max', 'average_inc_pad'):
        y = pool_2d(x, (2, 2), True, mode=mode)
        rop = theano.function([x, u], T.Rop(y, x, u), on_unused_input='ignore')(image, change)
        step = 1e-6
        expected = (pool(image + step * change, mode, (2, 2), None, True, (0, 0))
                    - pool(image, mode, (2, 2), None, True, (0, 0))) / step
        np.testing.assert_allclose(rop, expected, atol=1e-4)


def test_window_larger_than_the_image():
    x = T.dtensor4()
    image = np.arange(4.).reshape(1, 1, 2, 2)
    y = pool_2d(x, (3, 3), True)
    output, grad = theano.function([x], [y, T.grad(y.sum(), x)])(image)
    assert output.shape == (1, 1, 0, 0) and not grad.any()
    assert theano.function([x], pool_2d(x, (3, 3), False, (1, 1)))(image).tolist() == [[[[3]]]]


def test_windows_given_at_run_time(rng, assert_close):
    x, ws, stride, pad = T.dtensor4(), T.ivector(), T.ivector(), T.ivector()
    y = pool_2d(x, ws, True, stride, pad, 'sum')
    function = theano.function([x, ws, stride, pad], [y, y.shape, T.grad(y.sum(), x)])
    image = rng.randn(1, 2, 7, 6)
    for arguments in (((2, 3), (2, 3), (0, 0)), ((3, 2), (1, 2), (1, 1))):
        output, shape, grad = function(image, *arguments)
        assert_close(output, pool(image, 'sum', *arguments[:2], True, arguments[2]))
        assert tuple(shape) == output.shape
        assert abs((grad * image).sum() - output.sum()) < 1e-10


def test_only_the_image_is_connected():
    ws = T.ivector()
    x = T.dtensor4()
    with pytest.raises(theano.gradient.DisconnectedInputError):
        T.grad(pool_2d(x, ws, True).sum(), ws)


def test_all_but_the_maxima_set_to_zero():
    x = T.dtensor4()
    image = np.array([[[[1., 2, 5], [4, 3, 6], [7, 8, 9]]]])
    assert theano.function([x], max_pool_2d_same_size(x, (2, 2)))(image).tolist() == [
        [[[0, 0, 0], [4, 0, 0], [0, 0, 0]]]]


def test_integers(rng):
    x = T.itensor4()
    image = np.array([[[[1, 2], [3, 5]], [[-1, -2], [-3, -5]]]], dtype='int32')
    for mode, expected in (('max', [5, -1]), ('sum', [11, -11]), ('average_inc_pad', [2, -2])):
        y = pool_2d(x, (2, 2), True, mode=mode)
        assert y.dtype == 'int32'
        assert theano.function([x], y)(image).ravel().tolist() == expected


@pytest.mark.parametrize('shape, arguments, expected', [
    ((3, 4, 9, 10), ((2, 3), False, (1, 2)), [3, 4, 8, 5]), ((9, 10), ((2, 3),), [5, 4]),
    ((3, 4, 9, 10), ((2, 3), True, (1, 2), (1, 1)), [3, 4, 10, 5]), ((9, 10), ((2, 3), True), [4, 3]),
    ((9, 10), ((3, 3), False, (2, 2)), [4, 5]), ((9, 10), ((2, 2), False, (3, 4)), [3, 3]),
    ((2, 9, 10), ((3, 12), True, (1, 1)), [2, 7, 0]),
    ((5, 6, 7), ((2, 2, 2), True, None, None, 3), [2, 3, 3])],
    ids=str)
def test_out_shape(shape, arguments, expected):
    assert [int(size) for size in Pool.out_shape(shape, *arguments)] == expected
    variables = [T.lscalar() for _ in shape]
    symbolic = Pool.out_shape(variables, *arguments)
    function = theano.function(variables, T.stack([T.as_tensor_variable(size) for size in symbolic]),
                               on_unused_input='ignore')
    assert function(*shape).tolist() == expected


def test_op(rng, assert_close):
    image, x = rng.randn(1, 1, 5, 4), T.dtensor4()
    op = Pool(True, 'sum', 2)
    assert (op.ignore_border, op.mode, op.ndim) == (True, 'sum', 2)
    assert op == Pool(ignore_border=True, mode='sum') and op != Pool(True)
    assert Pool(True, 'max_deterministic').mode == 'max'
    assert_close(theano.function([x], op(x, (2, 2), (1, 1)))(image),
                 pool(image, 'sum', (2, 2), (1, 1), True, (0, 0)))


@pytest.mark.parametrize('error, arguments', [
    (ValueError, {'ws': None}), (ValueError, {'mode': 'mean'}), (NotImplementedError, {'input': T.dvector()}),
    (TypeError, {'ws': (2., 2.)}), (NotImplementedError, {'pad': (1, 1), 'ignore_border': False}),
    (NotImplementedError, {'pad': (2, 0)}), (TypeError, {'stride': (1.5, 2)})], ids=str)
def test_bad_arguments(error, arguments):
    with pytest.raises(error):
        pool_2d(**dict({'input': T.dtensor4(), 'ws': (2, 2), 'ignore_border': True}, **arguments))


def test_old_argument_names():
    x = T.dtensor4()
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        y = pool_2d(x, ds=(2, 2), st=(1, 1), padding=(1, 1), ignore_border=True)
        for clash in ({'ds': (2, 2)}, {'stride': (1, 1), 'st': (1, 1)}, {'pad': (1, 1), 'padding': (1, 1)}):
            with pytest.raises(ValueError):
                pool_2d(x, (2, 2), True, **clash)
    assert theano.function([x], y)(np.zeros((1, 1, 4, 4))).shape == (1, 1, 5, 5)
    with pytest.warns(UserWarning, match='ds'):
        pool_2d(x, ds=(2, 2), ignore_border=True)
    with pytest.warns(UserWarning, match='ignore_border'):
        y = pool_2d(x, (2, 2))
    assert theano.function([x], y)(np.zeros((1, 1, 3, 3))).shape == (1, 1, 2, 2)


def test_the_name_before_theano_09():
    from theano.tensor.signal import downsample
    x = T.dtensor4()
    y = downsample.max_pool_2d(x, (2, 2), st=(1, 1), ignore_border=True, padding=(1, 0))
    assert theano.function([x], y)(np.zeros((1, 1, 4, 4))).shape == (1, 1, 5, 3)
    assert downsample.DownsampleFactorMax is Pool
    assert T.signal.pool.pool_2d is pool_2d
