"""Hierarchical softmax, confusion matrices, products of blocks, columns put before a matrix."""
import numpy as np
import pytest
import theano
import theano.tensor as T
from theano.tensor import nnet
from theano.tensor.nnet import blocksparse

pytestmark = pytest.mark.usefixtures('fast_compile')


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


@pytest.fixture
def tree(rng):
    return [rng.randn(4, 5), rng.randn(5, 3), rng.randn(3), rng.randn(3, 5, 4), rng.randn(3, 4)]


def test_h_softmax(tree, assert_close):
    x, W1, b1, W2, b2 = tree
    variables = [T.TensorType('float64', (False,) * v.ndim)() for v in tree]
    outputs = nnet.h_softmax(variables[0], 4, 11, 3, 4, *variables[1:])
    classes = softmax(x.dot(W1) + b1)
    within = softmax(np.einsum('bf,cfo->bco', x, W2) + b2)
    expected = (classes[:, :, None] * within).reshape(4, 12)
    assert_close(theano.function(variables, outputs)(*tree), expected[:, :11])
    for target in (np.array([0, 10, 5, 7]), np.array([[3], [3], [8], [0]])):
        chosen = nnet.h_softmax(variables[0], 4, 11, 3, 4, *variables[1:],
                                target=theano.shared(target.astype('int32')))
        assert_close(theano.function(variables, chosen)(*tree), expected[np.arange(4), target.ravel()])


@pytest.mark.parametrize('target', [None, np.array([0, 10, 5, 7], 'int32')], ids=['all', 'chosen'])
def test_h_softmax_gradient(tree, target, rng):
    theano.gradient.verify_grad(
        lambda x, *parameters: nnet.h_softmax(x, 4, 12, 3, 4, *parameters,
                                              target=None if target is None else theano.shared(target)),
        tree, rng=rng)


@pytest.mark.parametrize('dtype', ['float64', 'int64'])
def test_confusion_matrix(dtype):
    actual, predicted = (T.TensorType(dtype, (False,))() for _ in range(2))
    run = theano.function([actual, predicted], nnet.confusion_matrix(actual, predicted))
    matrix, order = run(np.array([2, 0, 2, 2, 0, 1], dtype), np.array([0, 0, 2, 2, 0, 3], dtype))
    assert matrix.tolist() == [[2, 0, 0, 0], [0, 0, 0, 1], [1, 0, 2, 0], [0, 0, 0, 0]]
    assert order.tolist() == [0, 1, 2, 3] and order.dtype == dtype
    with pytest.raises(ValueError):
        nnet.confusion_matrix(T.matrix(), predicted)
    with pytest.raises(ValueError):
        nnet.confusion_matrix(actual, T.matrix())


def test_sparse_block_dot(rng, assert_close):
    W, h, b = rng.randn(2, 3, 4, 5), rng.randn(6, 2, 4), rng.randn(3, 5)
    chosen_in, chosen_out = rng.randint(0, 2, (6, 2)), rng.randint(0, 3, (6, 4))
    expected = b[chosen_out] + np.einsum('bis,bijso->bjo', h, W[chosen_in[:, :, None], chosen_out[:, None]])

    def product(W, h, b):
        return blocksparse.sparse_block_dot(W, h, theano.shared(chosen_in), b, theano.shared(chosen_out))
    variables = [T.TensorType('float64', (False,) * v.ndim)() for v in (W, h, b)]
    assert_close(theano.function(variables, product(*variables))(W, h, b), expected)
    theano.gradient.verify_grad(product, [W, h, b], rng=rng)


def test_sparse_block_outer(rng, assert_close):
    o, x, y = rng.randn(2, 3, 4, 5), rng.randn(6, 2, 4), rng.randn(6, 3, 5)
    rows, columns = rng.randint(0, 2, (6, 2)), rng.randint(0, 3, (6, 3))
    expected = o.copy()
    for b in range(6):
        for i in range(2):
            for j in range(3):
                expected[rows[b, i], columns[b, j]] += np.outer(x[b, i], y[b, j])
    shared = [theano.shared(v) for v in (o, x, y, rows, columns)]
    assert_close(blocksparse.sparse_block_outer(*shared).eval(), expected)
    with pytest.raises(TypeError):
        blocksparse.sparse_block_gemv(*shared)


def test_columns_before_a_matrix():
    x = T.fmatrix('x')
    value = np.arange(6, dtype='float32').reshape(2, 3)
    y = nnet.prepend_scalar_to_each_row(7., x)
    assert y.dtype == 'float32'
    np.testing.assert_array_equal(y.eval({x: value}), np.hstack([np.full((2, 1), 7), value]))
    for number, function in ((0, nnet.prepend_0_to_each_row), (1, nnet.prepend_1_to_each_row)):
        run = theano.function([x], function(x), mode='FAST_COMPILE')
        np.testing.assert_array_equal(run(value), np.hstack([np.full((2, 1), number), value]))
    with pytest.raises(TypeError):
        nnet.prepend_0_to_each_row(T.vector())
