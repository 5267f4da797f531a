"""Products of matrices, linear algebra, and sorting."""
import numpy as np
import pytest

import theano
import theano.tensor as T
from theano.tensor import nlinalg, slinalg

pytestmark = pytest.mark.usefixtures('fast_compile')


def compute(expression, *arrays):
    variables = [T.TensorType(array.dtype, (False,) * array.ndim)() for array in arrays]
    return theano.function(variables, expression(*variables))(*arrays)


def numbers(*shape, dtype='float64'):
    return np.random.RandomState(3).uniform(-1, 1, shape).astype(dtype)


SQUARE = numbers(3, 3) + 3 * np.eye(3)
DEFINITE = SQUARE @ SQUARE.T


@pytest.mark.parametrize('left', [(), (4,), (3, 4), (2, 3, 4), (2, 2, 3, 4)], ids=str)
@pytest.mark.parametrize('right', [(), (4,), (4, 2), (2, 4, 5)], ids=str)
def test_dot_of_all_ranks(left, right):
    x, y = numbers(*left), numbers(*right)
    for product in (T.dot, lambda x, y: x.dot(y)):
        np.testing.assert_allclose(compute(product, x, y), np.dot(x, y), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize('left, right, dtype', [
    ('float32', 'float32', 'float32'), ('float32', 'float64', 'float64'), ('int8', 'int8', 'int8'),
    ('int8', 'float32', 'float32'), ('int32', 'float32', 'float64'), ('int64', 'int32', 'int64')])
def test_dtypes_of_products(left, right, dtype):
    x, y = T.TensorType(left, (False, False))(), T.TensorType(right, (False, False))()
    assert T.dot(x, y).dtype == T.tensordot(x, y, 1).dtype == dtype
    assert T.batched_dot(x, y).dtype == dtype


@pytest.mark.parametrize('axes', [1, 2, [[1, 2], [0, 1]], [[2, 1], [1, 0]], [[2], [1]], (2, 1), 0], ids=str)
def test_tensordot(axes):
    x, y = numbers(3, 4, 2), numbers(4, 2, 5) if axes != 1 else numbers(2, 2, 5)
    np.testing.assert_allclose(compute(lambda x, y: T.tensordot(x, y, axes), x, y), np.tensordot(x, y, axes),
                               rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize('left, right, equation', [
    ((3,), (3,), 'b,b->b'), ((3,), (3, 2, 4), 'b,bij->bij'), ((3, 4), (3, 4), 'bi,bi->b'),
    ((3, 4), (3, 4, 2), 'bi,bij->bj'), ((3, 2, 4), (3, 4), 'bij,bj->bi'),
    ((3, 2, 4), (3, 4, 5), 'bij,bjk->bik'),
    ((3, 2, 4, 5), (3, 5, 2), 'bijk,bkl->bijl'), ((0, 2, 4), (0, 4, 5), 'bij,bjk->bik'),
    ((3, 0, 4), (3, 4, 5), 'bij,bjk->bik')], ids=str)
def test_batched_dot(left, right, equation):
    x, y = numbers(*left), numbers(*right)
    np.testing.assert_allclose(compute(T.batched_dot, x, y), np.einsum(equation, x, y), rtol=1e-12)
    if 0 not in left:
        T.verify_grad(T.batched_dot, [x, y], rng=np.random.RandomState(1), mode='FAST_COMPILE')


@pytest.mark.parametrize('left, right, axes, equation', [
    ((3, 4, 2), (3, 2, 5), 1, 'bij,bjk->bik'), ((3, 4, 2), (3, 4, 2), 2, 'bij,bij->b'),
    ((3, 4, 2, 6), (3, 6, 5, 2), [[2, 3], [3, 1]], 'bijk,bklj->bil'), ((3, 4), (3, 4), 1, 'bi,bi->b'),
    ((3, 4, 2, 6), (3, 6), [[3], [1]], 'bijk,bk->bij'),
    ((3, 4), (3, 2, 4), [[1], [2]], 'bi,bji->bj')], ids=str)
def test_batched_tensordot(left, right, axes, equation):
    x, y = numbers(*left), numbers(*right)
    np.testing.assert_allclose(compute(lambda x, y: T.batched_tensordot(x, y, axes), x, y),
                               np.einsum(equation, x, y), rtol=1e-12)


@pytest.mark.parametrize('wrong', [
    lambda: T.batched_dot(T.fscalar(), T.fvector()),
    lambda: T.batched_tensordot(T.fmatrix(), T.fmatrix(), 2),
    lambda: T.batched_tensordot(T.fmatrix(), T.fmatrix(), [[0], [1]]),
    lambda: T.tensordot(T.fmatrix(), T.fmatrix(), 3),
    lambda: T.batched_tensordot(T.fmatrix(), T.fmatrix(), [[1], []]),
    lambda: T.tensordot(T.fmatrix(), T.fmatrix(), [[1], []]),
    lambda: T.batched_tensordot(T.fmatrix(), T.fmatrix(), [[1], [1], [1]])])
def test_products_that_are_refused(wrong):
    with pytest.raises((TypeError, ValueError)):
        wrong()


def test_shapes_that_do_not_fit():
    for x, y, product in [((2, 3), (2, 3), T.dot), ((3, 2, 4), (2, 4, 5), T.batched_dot),
                          ((1, 2, 4), (3, 4, 5), T.batched_dot), ((3, 2, 4), (3, 5, 2), T.batched_dot)]:
        with pytest.raises(Exception):
            compute(product, numbers(*x), numbers(*y))


@pytest.mark.parametrize('expression, expected', [
    (nlinalg.matrix_inverse, np.linalg.inv(SQUARE)), (nlinalg.pinv, np.linalg.pinv(SQUARE)),
    (nlinalg.det, np.linalg.det(SQUARE)), (nlinalg.trace, np.trace(SQUARE)), (nlinalg.diag, np.diag(SQUARE)),
    (lambda x: nlinalg.alloc_diag(x[0]), np.diag(SQUARE[0])), (nlinalg.extract_diag, np.diag(SQUARE)),
    (lambda x: nlinalg.matrix_power(x, 3), np.linalg.matrix_power(SQUARE, 3)),
    (lambda x: nlinalg.matrix_dot(x, x, x[0]), SQUARE @ SQUARE @ SQUARE[0]),
    (lambda x: abs(nlinalg.qr(x)[1]), abs(np.linalg.qr(SQUARE)[1])),
    (lambda x: nlinalg.svd(x, compute_uv=False), np.linalg.svd(SQUARE, compute_uv=False)),
    (lambda x: T.dot(nlinalg.svd(x)[0] * nlinalg.svd(x)[1], nlinalg.svd(x)[2]), SQUARE),
    (lambda x: slinalg.solve(x, x[0]), np.linalg.solve(SQUARE, SQUARE[0])),
    (lambda x: slinalg.solve_lower_triangular(x, x[:2].T), np.linalg.solve(np.tril(SQUARE), SQUARE[:2].T)),
    (lambda x: slinalg.solve_upper_triangular(x, x[0]), np.linalg.solve(np.triu(SQUARE), SQUARE[0])),
    (lambda x: slinalg.Solve('lower_triangular', lower=True)(x, x[0]),
     np.linalg.solve(np.tril(SQUARE), SQUARE[0])),
    (lambda x: slinalg.kron(x, x), np.kron(SQUARE, SQUARE)),
    (lambda x: nlinalg.tensorinv(x, 1), np.linalg.inv(SQUARE)),
    (lambda x: nlinalg.tensorsolve(x, x[0]), np.linalg.solve(SQUARE, SQUARE[0])),
    (lambda x: T.dot(slinalg.expm(x), slinalg.expm(-x)), np.eye(3)),
    (lambda x: nlinalg.lstsq()(x, x[0], T.constant(1e-9))[0], np.linalg.solve(SQUARE, SQUARE[0])),
    (lambda x: nlinalg.MatrixInverse()(x), np.linalg.inv(SQUARE))])
def test_of_a_square_matrix(expression, expected):
    np.testing.assert_allclose(compute(expression, SQUARE), expected, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize('expression, expected', [
    (slinalg.cholesky, np.linalg.cholesky(DEFINITE)),
    (slinalg.Cholesky(lower=False), np.linalg.cholesky(DEFINITE).T),
    (lambda x: nlinalg.eigh(x)[0], np.linalg.eigvalsh(DEFINITE)),
    (lambda x: nlinalg.eigh(x, 'U')[0], np.linalg.eigvalsh(DEFINITE)),
    (lambda x: slinalg.eigvalsh(x, T.NoneConst), np.linalg.eigvalsh(DEFINITE)),
    (lambda x: slinalg.eigvalsh(x, T.eye(3)), np.linalg.eigvalsh(DEFINITE)),
    (lambda x: slinalg.solve_symmetric(x, x[0]), np.eye(3)[0])])
def test_of_a_positive_definite_matrix(expression, expected):
    with theano.configparser.change_flags(floatX='float64'):
        np.testing.assert_allclose(compute(expression, DEFINITE), expected, rtol=1e-7, atol=1e-9)


def test_a_matrix_that_is_not_positive_definite():
    with pytest.raises(np.linalg.LinAlgError):
        compute(slinalg.cholesky, -DEFINITE)
    assert np.isnan(compute(slinalg.Cholesky(on_error='nan'), -DEFINITE)).all()


@pytest.mark.parametrize('order', [None, 'inf', '-inf', 1, 2, 3, 0])
def test_norms_of_vectors(order):
    x = np.array([3., -4, 0])
    numeric = {'inf': np.inf, '-inf': -np.inf}.get(order, order)
    if order == 3:
        x = abs(x)
    np.testing.assert_allclose(compute(lambda x: nlinalg.norm(x, order), x), np.linalg.norm(x, numeric))


@pytest.mark.parametrize('order', [None, 'fro', 'inf', '-inf', 1, -1])
def test_norms_of_matrices(order):
    numeric = {'inf': np.inf, '-inf': -np.inf}.get(order, order)
    np.testing.assert_allclose(compute(lambda x: nlinalg.norm(x, order), SQUARE),
                               np.linalg.norm(SQUARE, numeric))


@pytest.mark.parametrize('wrong', [
    lambda: nlinalg.norm(T.fmatrix(), 2), lambda: nlinalg.norm(T.fscalar(), 1),
    lambda: nlinalg.norm(T.fvector(), 'fro'),
    lambda: slinalg.kron(T.fvector(), T.fvector()), lambda: slinalg.Solve('round'),
    lambda: slinalg.Cholesky(on_error='no'),
    lambda: nlinalg.norm(T.ftensor3(), 1)])
def test_linear_algebra_that_is_refused(wrong):
    with pytest.raises((TypeError, ValueError, AssertionError, NotImplementedError)):
        wrong()


@pytest.mark.parametrize('expression', [
    lambda x: nlinalg.matrix_inverse(x), lambda x: nlinalg.det(x),
    lambda x: slinalg.cholesky(T.dot(x, x.T)),
    lambda x: slinalg.solve(x, x[0]), lambda x: slinalg.expm(x), lambda x: nlinalg.eigh(x + x.T)[0],
    lambda x: slinalg.solve_upper_triangular(x, x[0]), lambda x: slinalg.kron(x, x[0:1])])
def test_gradients(expression):
    x = SQUARE / 3
    direction = np.random.RandomState(5).rand(*np.shape(compute(expression, x)))
    with theano.configparser.change_flags(floatX='float64'):
        T.verify_grad(lambda x: (expression(x) * direction).sum(), [x], rng=np.random.RandomState(1),
                      mode='FAST_COMPILE')


@pytest.mark.parametrize('axis', [None, 0, 1, -1])
def test_sorting(axis):
    x = numbers(3, 4)
    for order in (lambda x: T.sort(x, axis), lambda x: x.sort(axis=axis, kind='mergesort')):
        np.testing.assert_array_equal(compute(order, x), np.sort(x, axis))
    for order in (lambda x: T.argsort(x, axis), lambda x: x.argsort(axis)):
        np.testing.assert_array_equal(compute(order, x), np.argsort(x, axis))
    assert T.argsort(T.fmatrix(), axis).dtype == 'int64'


@pytest.mark.parametrize('axis', [None, 0, -1])
@pytest.mark.parametrize('count', [1, -1])
def test_the_largest_element(axis, count):
    x = numbers(3, 4)
    largest = x.max if count == 1 else x.min
    where = x.argmax if count == 1 else x.argmin
    values, indices = T.topk_and_argtopk(T.constant(x), count, axis, sorted=False, idx_dtype='int32')
    assert indices.dtype == 'int32' and values.dtype == 'float64'
    np.testing.assert_array_equal(values.eval(), np.atleast_1d(largest(axis, keepdims=axis is not None)))
    indices = T.argtopk(T.constant(x), count, axis, False).eval()
    np.testing.assert_array_equal(indices.ravel(), np.ravel(where(axis)))
    gradient = compute(lambda x: T.grad(T.topk(x, count, axis, sorted=False).sum(), x), x)
    np.testing.assert_array_equal(gradient, np.isin(x, largest(axis)))


def test_what_topk_refuses():
    x = T.fmatrix()
    for wrong in (lambda: T.topk(x, 1, axis=2, sorted=False),
                  lambda: T.topk(x, 1, sorted=False, idx_dtype='float32')):
        with pytest.raises((TypeError, ValueError, IndexError, AssertionError)):
            wrong()
    for count in (0, 5):
        with pytest.raises(ValueError):
            compute(lambda x: T.topk(x, count, sorted=False), numbers(3, 4))
