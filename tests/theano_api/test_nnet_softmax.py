"""Softmax and its logarithm: values, what is refused, derivatives, inputs that overflow elsewhere."""
import hypothesis
import hypothesis.extra.numpy
import numpy as np
import pytest
import theano
import theano.tensor as T
from hypothesis import strategies as st
from theano.tensor import nnet

NAN, INF = np.nan, np.inf


def log_softmax(x):
    x = x.astype('float64')
    return x - np.logaddexp.reduce(x, axis=-1, keepdims=True)


@pytest.fixture(scope='module', params=['float32', 'float64'])
def compiled(request):
    """Softmax and its logarithm by the default linker, and their gradients of a weighted sum."""
    x, w = T.TensorType(request.param, (False, False))('x'), T.TensorType(request.param, (False, False))('w')
    outputs = [nnet.softmax(x), nnet.logsoftmax(x)]
    gradients = [T.grad((y * w).sum(), x) for y in outputs]
    return theano.function([x, w], outputs + gradients)


@pytest.fixture
def dtype(compiled):
    return compiled.maker.fgraph.inputs[0].dtype


@hypothesis.given(data=st.data())
def test_values_and_gradients(compiled, dtype, assert_close, data):
    shape = data.draw(hypothesis.extra.numpy.array_shapes(min_dims=2, max_dims=2, max_side=9))
    seed, scale = data.draw(st.integers(0, 99)), data.draw(st.sampled_from([.1, 1, 30, 1000]))
    draw = np.random.RandomState(seed)
    x, w = (scale * draw.randn(*shape)).astype(dtype), draw.randn(*shape).astype(dtype)
    softmax, logsoftmax, softmax_grad, logsoftmax_grad = compiled(x, w)
    expected = log_softmax(x)
    p = np.exp(expected)
    assert_close(softmax, p)
    assert_close(logsoftmax, expected)
    assert_close(softmax_grad, p * (w - (w * p).sum(1, keepdims=True)), factor=4)
    assert_close(logsoftmax_grad, w - w.sum(1, keepdims=True) * p, factor=4)


def test_rows_that_overflow(compiled, dtype):
    x = np.array([[1000, 0, -1000], [-1000, -1000, -1000], [1e30, 0, 1e30]], dtype)
    softmax, logsoftmax = compiled(x, np.zeros_like(x))[:2]
    np.testing.assert_allclose(softmax, [[1, 0, 0], [1 / 3., 1 / 3., 1 / 3.], [.5, 0, .5]], rtol=1e-6)
    np.testing.assert_allclose(logsoftmax[0], [0, -1000, -2000])
    np.testing.assert_allclose(logsoftmax[1], -np.log(3), rtol=1e-6)


@pytest.mark.parametrize('row, expected', [
    ([-INF, 0, 0], [0, .5, .5]), ([NAN, 0, 1], [NAN] * 3), ([0, 1, NAN], [NAN] * 3),
    ([INF, 0, 1], [NAN] * 3), ([-INF, -INF, -INF], [NAN] * 3)], ids=str)
def test_infinity_and_not_a_number(compiled, dtype, row, expected):
    x = np.array([row, [0, 0, 0]], dtype)
    softmax = compiled(x, np.zeros_like(x))[0]
    np.testing.assert_allclose(softmax, [expected, [1 / 3.] * 3], rtol=1e-6)


def test_strided_input(compiled, dtype, assert_close, rng):
    x = rng.randn(6, 8).astype(dtype)
    for view in (x.T, x[::2, 1::3], x[:, ::-1]):
        assert_close(compiled(view, np.zeros_like(view))[0], np.exp(log_softmax(view)))


@pytest.mark.usefixtures('fast_compile')
@pytest.mark.parametrize('function', [nnet.softmax, nnet.logsoftmax, nnet.softmax_graph,
                                      lambda x: nnet.softmax_with_bias(x, x[0]),
                                      lambda x: T.grad((nnet.softmax(x) ** 3).sum(), x),
                                      lambda x: T.grad((nnet.logsoftmax(x) ** 3).sum(), x)])
def test_derivatives(function, rng):
    theano.gradient.verify_grad(function, [rng.randn(3, 4)], rng=rng)


@pytest.mark.usefixtures('fast_compile')
def test_softmax_grad_is_an_operation(rng):
    sm = rng.rand(3, 4)
    theano.gradient.verify_grad(nnet.softmax_grad, [rng.randn(3, 4), sm / sm.sum(1, keepdims=True)], rng=rng)


@pytest.mark.usefixtures('fast_compile')
def test_a_vector_becomes_a_row():
    x = T.dvector('x')
    for function in (nnet.softmax, nnet.logsoftmax):
        with pytest.warns(UserWarning):
            y = function(x)
        assert y.ndim == 2 and y.broadcastable == (True, False)
        assert y.eval({x: np.zeros(4)}).shape == (1, 4)


def test_an_axis_of_length_one_is_warned_about():
    with pytest.warns(UserWarning):
        nnet.softmax(T.col('x'))


@pytest.mark.parametrize('function', [nnet.softmax, nnet.logsoftmax])
@pytest.mark.parametrize('x', [T.tensor3('x'), T.imatrix('x'), T.scalar('x')], ids=str)
def test_what_is_no_matrix_of_floats_is_refused(function, x):
    with pytest.raises((ValueError, IndexError)):      # a scalar has no last axis to look at
        function(x)


@pytest.mark.usefixtures('fast_compile')
def test_softmax_graph_takes_any_rank(rng, assert_close):
    x = T.dtensor3('x')
    value = rng.randn(2, 3, 4)
    assert_close(nnet.softmax_graph(x).eval({x: value}), np.exp(log_softmax(value)))


@pytest.mark.usefixtures('fast_compile')
def test_softmax_with_bias(rng, assert_close):
    x, b = T.fmatrix('x'), T.fvector('b')
    y = nnet.softmax_with_bias(x, b)
    assert y.dtype == 'float32'
    values = rng.randn(3, 4).astype('float32'), rng.randn(4).astype('float32')
    assert_close(y.eval({x: values[0], b: values[1]}), np.exp(log_softmax(values[0] + values[1])))
    for bad in ((x, x), (b, b), (T.imatrix(), b), (x, T.ivector())):
        with pytest.raises(ValueError):
            nnet.softmax_with_bias(*bad)


@pytest.mark.usefixtures('fast_compile')
def test_shapes_are_inferred():
    x = T.fmatrix('x')
    shapes = theano.function([x], [nnet.softmax(x).shape, nnet.logsoftmax(x).shape])
    assert [shape.tolist() for shape in shapes(np.zeros((3, 5), 'float32'))] == [[3, 5]] * 2


def test_the_most_probable_is_that_of_the_largest_input():
    x = T.fmatrix('x')
    most = theano.function([x], T.argmax(nnet.softmax(x), axis=1))
    assert most(np.array([[1000, 2000, 1999], [-5, -1, -3]], 'float32')).tolist() == [1, 1]
