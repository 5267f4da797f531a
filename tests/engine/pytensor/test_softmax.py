"""The softmax family by every linker: one answer, no overflow, bad labels never an ordinary number."""
import numpy as np
import pytest

pytest.importorskip('pytensor')
import pytensor
import pytensor.tensor as pt
from theano.tensor.nnet import categorical_crossentropy

from lasagne_ext.engine.pytensor.modes import get_mode
from lasagne_ext.engine.runtime import softmax

LINKERS = ['NUMBA', 'JAX']


@pytest.fixture(params=LINKERS)
def mode(request):
    if request.param == 'JAX':
        pytest.importorskip('jax')
    return get_mode(request.param)


def compile(inputs, outputs, mode):
    return pytensor.function(inputs, outputs, mode=mode, on_unused_input='ignore')


def _inputs(dtype):
    matrices = [pt.matrix(name, dtype=dtype) for name in 'xg']
    return matrices + [pt.vector('w', dtype=dtype), pt.lvector('y')]


def _values(rng, dtype, rows=6, columns=37, scale=3.):
    return [(scale * rng.randn(rows, columns)).astype(dtype), rng.rand(rows, columns).astype(dtype),
            rng.rand(rows).astype(dtype), rng.randint(0, columns, rows)]


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
@pytest.mark.filterwarnings('error::UserWarning')
@pytest.mark.filterwarnings('ignore:Explicitly requested dtype')
def test_every_operation(mode, dtype, rng, assert_close):
    x, g, w, y = inputs = _inputs(dtype)
    outputs = [softmax.softmax_op(x), softmax.logsoftmax_op(x), softmax.softmax_grad(x, g),
               *softmax.softmax_crossentropy(x, y),
               softmax.crossentropy_softmax_1hot_with_bias_dx(w, g, y),
               softmax.crossentropy_softmax_1hot_with_bias_dx(w[0], g, y),
               softmax.crossentropy_categorical_1hot(g, y),
               softmax.crossentropy_categorical_1hot_grad(w, g, y)]
    run = compile(inputs, outputs, mode)
    for columns in (1, 3, 37, 200):
        values = _values(rng, dtype, columns=columns)
        a, b, c, labels = [v.astype('float64') if v.dtype.kind == 'f' else v for v in values]
        logs = a - np.logaddexp.reduce(a, axis=1, keepdims=True)
        rows, hot = np.arange(len(a)), np.eye(columns)[labels]
        expected = [np.exp(logs), logs, b * (a - (a * b).sum(1, keepdims=True)), -logs[rows, labels],
                    np.exp(logs), c[:, None] * (b - hot), c[0] * (b - hot), -np.log(b[rows, labels]),
                    -c[:, None] * hot / b[rows, labels][:, None]]
        for got, right in zip(run(*values), expected):
            got = np.asarray(got)
            assert got.dtype == dtype
            assert_close(got, right, factor=4)


def test_probabilities_that_underflow(mode):
    x, y = pt.fmatrix('x'), pt.ivector('y')
    hot = pt.eq(pt.arange(2)[None], y[:, None]).astype('float32')
    p = softmax.softmax_op(x)
    losses = [categorical_crossentropy(p, y), categorical_crossentropy(p, hot)]
    values = compile([x, y], losses + [pt.grad(loss.sum(), x) for loss in losses], mode)(
        np.array([[-1000, 0], [0, -1000], [3, 4]], 'float32'), np.array([0, 0, 1], 'int32'))
    q = 1 / (1 + np.e)
    for loss, slope in zip(values, values[len(losses):]):
        np.testing.assert_allclose(loss, [1000, 0, np.log1p(np.exp(-1))], rtol=1e-6, atol=1e-7)
        np.testing.assert_allclose(slope, [[-1, 1], [0, 0], [q, -q]], rtol=1e-5, atol=1e-7)


def test_large_numbers_lose_no_digits(mode):
    x, y = pt.fmatrix('x'), pt.ivector('y')
    loss, _ = softmax.softmax_crossentropy(x, y)
    run = compile([x, y], [loss, softmax.logsoftmax_op(x)], mode)
    offset = np.float32(2 ** 20)
    loss, logs = run(np.array([[3, 4], [4, 3]], 'float32') + offset, np.array([1, 1], 'int32'))
    np.testing.assert_allclose(loss, np.log1p(np.exp([-1, 1.])), rtol=1e-6)
    np.testing.assert_allclose(logs[:, 1], -np.log1p(np.exp([-1, 1.])), rtol=1e-6)


def test_what_is_not_finite(mode):
    x = pt.fmatrix('x')
    rows = [[-np.inf, 0, 0], [np.nan, 0, 1], [0, 1, np.nan], [np.inf, 0, 1], [-np.inf] * 3]
    values = np.asarray(compile([x], softmax.softmax_op(x), mode)(np.array(rows, 'float32')))
    np.testing.assert_allclose(values[0], [0, .5, .5])
    assert np.isnan(values[1:]).all()


def test_no_rows(mode):
    x, y = pt.fmatrix('x'), pt.ivector('y')
    run = compile([x, y], [softmax.softmax_op(x), *softmax.softmax_crossentropy(x, y)], mode)
    shapes = [np.asarray(v).shape for v in run(np.zeros((0, 3), 'float32'), np.zeros(0, 'int32'))]
    assert shapes == [(0, 3), (0,), (0, 3)]


@pytest.mark.parametrize('labels', [[0, 3], [-1, 0]], ids=str)
def test_labels_out_of_bounds(mode, labels):
    x, y = pt.fmatrix('x'), pt.ivector('y')
    loss, _ = softmax.softmax_crossentropy(x, y)
    run = compile([x, y], [loss, pt.grad(loss.sum(), x)], mode)
    values = np.zeros((2, 3), 'float32'), np.array(labels, 'int32')
    wrong = [label not in range(3) for label in labels]
    if mode.linker.__class__.__name__.startswith('JAX'):
        loss, slope = map(np.asarray, run(*values))
        assert np.isnan(loss).tolist() == wrong and np.isnan(slope).all(axis=1).tolist() == wrong
    else:
        with pytest.raises(ValueError, match='out of bounds'):
            run(*values)


@pytest.mark.parametrize('labels', [[0, 3], [-4, 0]], ids=str)
def test_places_out_of_bounds(mode, labels):
    p, y = pt.fmatrix('p'), pt.ivector('y')
    run = compile([p, y], softmax.crossentropy_categorical_1hot(p, y), mode)
    values = np.full((2, 3), .5, 'float32'), np.array(labels, 'int32')
    if mode.linker.__class__.__name__.startswith('JAX'):
        assert np.isnan(run(*values)).tolist() == [label not in range(-3, 3) for label in labels]
    else:
        with pytest.raises(IndexError):
            run(*values)


def test_lengths_that_differ(mode):
    x, y = pt.fmatrix('x'), pt.ivector('y')
    loss, _ = softmax.softmax_crossentropy(x, y)
    run = compile([x, y], loss, mode)
    with pytest.raises(ValueError):
        run(np.zeros((3, 2), 'float32'), np.array([0], 'int32'))


@pytest.mark.parametrize('dtype, lowest', [('float32', -103.9), ('float64', -745.)])
def test_exponential(dtype, lowest):
    numba = pytest.importorskip('numba')
    from lasagne_ext.engine.pytensor.numba_mode.exponential import exp_of_negative

    @numba.njit
    def run(x):
        out = np.empty_like(x)
        for i in range(x.size):
            out[i] = exp_of_negative(x[i])
        return out
    x = np.concatenate([np.linspace(lowest, 0, 100001), np.linspace(-1, 0, 100001)]).astype(dtype)
    expected = np.exp(x.astype('longdouble'))
    ulp = np.spacing(np.maximum(expected.astype(dtype), np.finfo(dtype).tiny))
    assert (np.abs(run(x) - expected) / ulp).max() < 2
    ends = run(np.array([0, -np.inf, np.nan, lowest * 2, -1e30], dtype))
    np.testing.assert_array_equal(ends, [1, 0, np.nan, 0, 0])
