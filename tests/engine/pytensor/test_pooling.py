"""Pooling's Ops on PyTensor: what is known of shapes, other linkers, layouts, what is refused."""
import numpy as np
import pytest

pytest.importorskip('pytensor')

import theano  # noqa: E402
import theano.tensor as T  # noqa: E402
from theano.tensor.signal.pool import (  # noqa: E402
    AveragePoolGrad, DownsampleFactorMaxGradGrad, MaxPoolGrad, Pool, PoolGrad, pool_2d, pool_3d)

from lasagne_ext import kernels  # noqa: E402

MODES = ('max', 'sum', 'average_inc_pad', 'average_exc_pad')

#: Window, ignore_border, stride, padding.
WINDOWS = [((2, 2), True, None, (0, 0)), ((3, 2), True, (2, 1), (1, 0)), ((3, 3), False, (2, 2), (0, 0)),
           ((2, 2), True, (3, 3), (1, 1)), ((2, 3), False, (3, 4), (0, 0)), ((9, 9), True, (1, 1), (0, 0))]


def graph(mode, window, ignore_border, stride, pad, pool=pool_2d):
    """Forward, first and second derivative of pooling."""
    x = T.dtensor4()
    y = pool(x, window, ignore_border, stride, pad, mode)
    first = T.grad((y ** 3).sum(), x)
    return [x], [y, first, T.grad((first ** 2).sum(), x)]


def check_same(mode, variables, outputs, *values):
    """A mode computes what the default one does."""
    for actual, expected in zip(theano.function(variables, outputs, mode=mode)(*values),
                                theano.function(variables, outputs, mode='FAST_COMPILE')(*values)):
        actual = np.asarray(actual)
        assert actual.shape == expected.shape and actual.dtype == expected.dtype
        np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize('arguments', WINDOWS, ids=str)
@pytest.mark.parametrize('mode', MODES)
def test_jax(rng, mode, arguments):
    pytest.importorskip('jax')
    check_same('JAX', *graph(mode, *arguments), rng.randint(0, 4, (2, 3, 8, 7)).astype('float64'))


@pytest.mark.parametrize('mode', MODES)
def test_jax_volumes(rng, mode):
    pytest.importorskip('jax')
    check_same('JAX', *graph(mode, (2, 3, 2), True, (1, 2, 3), (1, 0, 1), pool_3d),
               rng.randint(0, 4, (2, 5, 6, 7)).astype('float64'))


@pytest.mark.parametrize('value', [np.nan, -np.inf])
def test_jax_special_values(rng, value):
    pytest.importorskip('jax')
    image = rng.randint(0, 4, (2, 3, 8, 7)).astype('float64')
    image.flat[::6] = value
    variables, outputs = graph('max', *WINDOWS[1])
    check_same('JAX', variables, outputs[0], image)


def test_jax_takes_windows_known_when_it_traces(rng):
    pytest.importorskip('jax')
    x = T.dtensor4()
    half = x.shape[2:] // 2
    y = pool_2d(x, half, True, half)
    check_same('JAX', [x], [y, T.grad((y ** 2).sum(), x)], rng.randn(2, 2, 6, 9))


def test_numba(rng):
    pytest.importorskip('numba')
    outputs = []
    x = T.dtensor4()
    for mode in ('max', 'average_exc_pad'):
        y = pool_2d(x, (3, 2), True, (2, 1), (1, 0), mode)
        first = T.grad((y ** 3).sum(), x)
        outputs += [y, first, T.grad((first ** 2).sum(), x)]
    outputs.append(pool_3d(x, (2, 3, 3), False, (1, 2, 2), mode='sum'))
    mode = theano.Mode('numba', 'fast_run')
    check_same(mode, [x], outputs, rng.randint(0, 4, (2, 7, 8, 3)).astype('float64').transpose(0, 3, 2, 1))
    ws = T.lvector()
    function = theano.function([x, ws], pool_2d(x, ws, False), mode=mode)
    with pytest.raises(ValueError, match='not possible'):
        function(np.ones((1, 1, 4, 4)), [0, 2])
    with pytest.raises(ValueError, match='nothing to pool'):
        function(np.ones((1, 1, 0, 4)), [2, 2])


def test_numba_compiles_nothing_that_runs_python():
    """Such a function could not be cached on disk."""
    basic = pytest.importorskip('pytensor.link.numba.dispatch.basic')
    if kernels.library is None:
        pytest.skip('no kernel library was built')
    nodes = {}
    for mode in ('max', 'sum'):
        variables, outputs = graph(mode, *WINDOWS[0])
        nodes.update({type(node.op): node for node in theano.gof.graph.list_of_nodes(variables, outputs)
                      if 'Pool' in str(type(node.op)) or 'Downsample' in str(type(node.op))})
    assert set(nodes) == {Pool, MaxPoolGrad, AveragePoolGrad, DownsampleFactorMaxGradGrad}
    assert all(basic.numba_funcify_and_cache_key(node.op, node=node)[1] for node in nodes.values())


@pytest.mark.usefixtures('fast_compile')
@pytest.mark.parametrize('arguments', WINDOWS, ids=str)
@pytest.mark.parametrize('mode', MODES)
def test_without_the_library(rng, monkeypatch, assert_close, mode, arguments):
    image = rng.randint(0, 4, (2, 3, 8, 7)).astype('float64')
    function = theano.function(*graph(mode, *arguments))
    compiled = function(image)
    monkeypatch.setattr(kernels, 'library', None)
    for with_library, without in zip(compiled, function(image)):
        assert_close(with_library, without)


@pytest.mark.usefixtures('fast_compile')
@pytest.mark.parametrize('mode', MODES)
def test_memory_layout_and_empty_batches(rng, assert_close, mode):
    function = theano.function(*graph(mode, *WINDOWS[1]))
    image = rng.randint(0, 4, (7, 8, 3, 2)).astype('float64').T[:, ::-1]
    for view, copy in zip(function(image), function(image.copy())):
        assert_close(view, copy)
    assert [result.shape for result in function(image[:0])] == [(0, 3, 4, 6), (0, 3, 8, 7), (0, 3, 8, 7)]


@pytest.mark.usefixtures('fast_compile')
def test_gradient_of_the_average_without_padding(rng):
    """Theano has none where there is padding."""
    def pool(x):
        return pool_2d(x, (3, 2), True, (2, 1), (1, 1), 'average_exc_pad')
    image = rng.randn(1, 2, 6, 5)
    theano.gradient.verify_grad(pool, [image], rng=rng)
    theano.gradient.verify_grad(lambda x: T.grad((pool(x) ** 3).sum(), x), [image], rng=rng)


def test_static_shapes():
    x = T.specify_shape(T.dtensor4(), (None, 1, 9, 10))
    assert pool_2d(x, (2, 3), True).type.shape == (None, 1, 4, 3)
    assert pool_2d(x, (2, 3), False, (1, 2)).type.shape == (None, 1, 8, 5)
    assert pool_2d(x, T.ivector(), True).type.shape == (None, 1, None, None)
    assert T.grad(pool_2d(x, (2, 3), True).sum(), x).type.shape == (None, 1, 9, 10)


@pytest.mark.usefixtures('fast_compile')
def test_windows_refused_at_run_time():
    x, ws, pad = T.dtensor4(), T.lvector(), T.lvector()
    image = np.ones((1, 1, 4, 4))
    for ignore_border in (True, False):
        function = theano.function([x, ws, pad], pool_2d(x, ws, ignore_border, pad=pad))
        padding = 'smaller than the window' if ignore_border else 'ignore_border'
        for error, message, arguments in (
                (NotImplementedError, padding, ([2, 2], [2, 2])),
                (ValueError, 'must be positive', ([0, 2], [0, 0])), (ValueError, '>= 0', ([2, 2], [-1, 0])),
                (ValueError, 'expected 2 elements', ([2, 2, 2], [0, 0, 0]))):
            with pytest.raises(error, match=message):
                function(image, *arguments)
    with pytest.raises(ValueError, match='nothing to pool'):
        function(np.ones((1, 1, 0, 4)), [2, 2], [0, 0])


@pytest.mark.usefixtures('fast_compile')
def test_gradients_of_other_shapes_are_refused():
    x, y = T.dtensor4(), T.dtensor4()
    for gradient in (MaxPoolGrad(True)(x, y, y, (2, 2)), AveragePoolGrad(True)(x, y, (2, 2)),
                     DownsampleFactorMaxGradGrad(True)(x, y, x, (2, 2))):
        with pytest.raises(ValueError, match=r'pooled to \(1, 1, 2, 2\), but .* \(1, 1, 2, 3\)'):
            theano.function([x, y], gradient)(np.ones((1, 1, 5, 5)), np.ones((1, 1, 2, 3)))
    with pytest.raises(ValueError, match='AveragePoolGrad'):
        AveragePoolGrad(True, 'max')
    assert issubclass(MaxPoolGrad, PoolGrad)


@pytest.mark.usefixtures('fast_compile')
def test_nan_reaches_the_maximum():
    x = T.dtensor4()
    image = np.array([[[[1, np.nan, 2, 3], [1, 1, 4, 5]]]])
    output, = theano.function([x], pool_2d(x, (2, 2), True))(image).reshape(1, 2)
    assert np.isnan(output[0]) and output[1] == 5


def test_names_that_are_not_there():
    from theano.tensor.signal import pool
    with pytest.raises(AttributeError, match='DownsampleFactorMaxGradGrad'):
        pool.MaxPoolRop
