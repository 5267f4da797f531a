"""Making, joining and reshaping tensors, and what is known of their axes."""
import numpy as np
import pytest

import theano
import theano.tensor as T

pytestmark = pytest.mark.usefixtures('fast_compile')


def compute(expression, *arrays, patterns=None):
    patterns = patterns or [(False,) * np.ndim(array) for array in arrays]
    variables = [T.TensorType(np.asarray(array).dtype, pattern)() for array, pattern in zip(arrays, patterns)]
    return theano.function(variables, expression(*variables))(*arrays)


def numbers(*shape):
    return np.arange(np.prod(shape), dtype='float32').reshape(shape)


X = numbers(3, 4)


@pytest.mark.parametrize('expression, expected', [
    (lambda x: x.reshape((4, 3)), X.reshape(4, 3)), (lambda x: x.reshape([2, -1], 2), X.reshape(2, -1)),
    (lambda x: T.reshape(x, (-1,), ndim=1), X.ravel()),
    (lambda x: x.reshape((x.shape[1], -1)), X.reshape(4, 3)),
    (lambda x: x.flatten(), X.ravel()), (lambda x: T.flatten(x, 2), X), (lambda x: x.ravel(), X.ravel()),
    (lambda x: x.T, X.T), (lambda x: x.transpose(1, 0), X.T), (lambda x: x.transpose((1, 0)), X.T),
    (lambda x: T.transpose(x, axes=[1, 0]), X.T), (lambda x: x.swapaxes(0, 1), X.T),
    (lambda x: x.dimshuffle(1, 'x', 0), X.T[:, None]), (lambda x: x.dimshuffle(['x', 0, 1]), X[None]),
    (lambda x: T.shape_padleft(x, 2), X[None, None]), (lambda x: T.shape_padright(x), X[..., None]),
    (lambda x: T.shape_padaxis(x, 1), X[:, None]), (lambda x: x.shape, [3, 4]), (lambda x: x.size, 12),
    (lambda x: T.tile(x, (2, 1)), np.tile(X, (2, 1))), (lambda x: T.tile(x, 2), np.tile(X, 2)),
    (lambda x: T.tile(x, (2, 1), ndim=3), np.tile(X, (1, 2, 1))),
    (lambda x: T.tile(x, [2], 2), np.tile(X, 2)),
    (lambda x: T.tile(x, T.constant([2, 3]), ndim=2), np.tile(X, (2, 3))),
    (lambda x: T.repeat(x, 2, axis=1), X.repeat(2, 1)), (lambda x: x.repeat(2), X.repeat(2)),
    (lambda x: T.repeat(x, [1, 0, 2], 0), X.repeat([1, 0, 2], 0)),
    (lambda x: T.roll(x, 1, 0), np.roll(X, 1, 0)),
    (lambda x: T.roll(x, -2), np.roll(X, -2)), (lambda x: T.diag(x), np.diag(X)),
    (lambda x: T.diag(x[0]), np.diag(X[0])),
    (lambda x: x.diagonal(1), np.diagonal(X, 1)), (lambda x: T.tril(x, -1), np.tril(X, -1)),
    (lambda x: T.triu(x), np.triu(X)), (lambda x: x.trace(), np.trace(X)),
    (lambda x: T.concatenate([x, x], axis=-1), np.concatenate([X, X], -1)),
    (lambda x: T.join(0, x, x), np.r_[X, X]),
    (lambda x: T.stack([x, x], axis=1), np.stack([X, X], 1)), (lambda x: T.stack(x, x), np.stack([X, X])),
    (lambda x: T.stack([x, x], -1), np.stack([X, X], -1)), (lambda x: T.stack(tensors=[x]), X[None]),
    (lambda x: T.stacklists([[x, x], [x, x]]), [[X, X], [X, X]]),
    (lambda x: T.horizontal_stack(x, x), np.c_[X, X]),
    (lambda x: T.split(x, [1, 2], 2)[1], X[1:]),
    (lambda x: T.split(x, [1, 3], n_splits=2, axis=1)[0], X[:, :1]),
    (lambda x: T.as_tensor_variable([x[0], x[1]]), X[:2]),
    (lambda x: T.as_tensor_variable([x[0, 0], 2]), [0, 2]),
    (lambda x: x.nonzero()[0], X.nonzero()[0]), (lambda x: T.nonzero(x, True), np.array(X.nonzero())),
    (lambda x: x.nonzero_values(), X[X != 0]), (lambda x: T.flatnonzero(x), np.flatnonzero(X)),
    (lambda x: T.alloc(x[0], 2, 4), [X[0]] * 2), (lambda x: T.zeros_like(x, 'int8'), 0 * X),
    (lambda x: T.identity_like(x), np.eye(3, 4)), (lambda x: x.fill(7), 0 * X + 7),
    (lambda x: x.copy(name='y'), X),
    (lambda x: x.transfer('cpu'), X), (lambda x: T.outer(x[0], x[1]), np.outer(X[0], X[1])),
    (lambda x: T.choose([0, 2, 1, 0], x), [0, 9, 6, 3]), (lambda x: T.unbroadcast(x[:1], 0), X[:1]),
    (lambda x: T.permute_row_elements(x, [3, 2, 1, 0]), X[:, ::-1]), (lambda x: T.cov(x), np.cov(X)),
    (lambda x: T.extra_ops.diff(x, axis=0), np.diff(X, axis=0)),
    (lambda x: T.fill_diagonal(x, 9)[1], [4, 9, 6, 7]),
    (lambda x: T.fill_diagonal_offset(x, 9, 1)[0], [0, 9, 2, 3]),
    (lambda x: T.mean(T.shape_padaxis(x, -1), -1), X),
    (lambda x: x[[0, 2]], X[[0, 2]])])
def test_against_numpy(expression, expected):
    np.testing.assert_allclose(compute(expression, X), expected)


@pytest.mark.parametrize('made, expected', [
    (lambda: T.zeros((2, 3)), np.zeros((2, 3))), (lambda: T.ones(3, dtype='int8'), np.ones(3, 'int8')),
    (lambda: T.eye(2, 3, 1), np.eye(2, 3, 1)), (lambda: T.eye(2, dtype='int32'), np.eye(2, dtype='int32')),
    (lambda: T.tri(3, 2, -1), np.tri(3, 2, -1)), (lambda: T.arange(3), np.arange(3)),
    (lambda: T.arange(1, 8, 3), np.arange(1, 8, 3)),
    (lambda: T.arange(2, dtype='int8'), np.arange(2, dtype='int8')),
    (lambda: T.alloc(np.float32(2), 2), np.full(2, 2, 'float32')),
    (lambda: T.mgrid[0:2, 1:4][1], np.mgrid[0:2, 1:4][1]),
    (lambda: T.ogrid[0:2, 1:4][0], np.ogrid[0:2, 1:4][0]),
    (lambda: T.inverse_permutation(T.constant([2, 0, 1])), np.array([1, 2, 0])),
    (lambda: T.unravel_index(5, (3, 4))[0], np.array(1)),
    (lambda: T.ravel_multi_index(([1], [2]), (3, 4)), np.array([6])),
    (lambda: T.bincount(T.constant([0, 2, 2])), np.array([1, 0, 2])),
    (lambda: T.bartlett(5), np.bartlett(5)),
    (lambda: T.extra_ops.to_one_hot(T.constant([2, 0]), 3, 'int8'), np.eye(3, dtype='int8')[[2, 0]])])
def test_made_from_nothing(made, expected):
    with theano.configparser.change_flags(floatX='float64'):
        variable = made()
        value = variable.eval()
        assert variable.dtype == str(value.dtype) == str(expected.dtype)
        np.testing.assert_array_equal(value, expected)


def test_lengths_and_dtypes_of_ranges():
    n = T.iscalar()
    assert T.arange(n).dtype == T.arange(T.bscalar(), n).dtype == 'int64'
    assert T.arange(0., n).dtype == T.arange(T.dscalar()).dtype == 'float64'
    assert theano.function([n], T.arange(n, 10, 2).shape[0])(3) == 4


def test_tensors_of_no_elements():
    assert compute(lambda x: x.reshape((0, 5, 2)), numbers(3, 0)).shape == (0, 5, 2)
    assert compute(lambda x: T.concatenate([x, x], 1), numbers(3, 0)).shape == (3, 0)


@pytest.mark.parametrize('wrong', [
    lambda x: x.reshape((5, 3)), lambda x: x.reshape((4., 3)), lambda x: x.reshape(4),
    lambda x: T.flatten(x, 3),
    lambda x: T.flatten(x, ndim=1, outdim=1), lambda x: x.dimshuffle(0), lambda x: x.dimshuffle(0, 0, 1),
    lambda x: x.dimshuffle(0, 2), lambda x: T.stack([]), lambda x: T.concatenate(x, x), lambda x: T.stack(),
    lambda x: T.concatenate([x, x[0]]), lambda x: T.join(2, x, x),
    lambda x: T.split(x, [1, 1], 2, axis=1)[0],
    lambda x: T.tile(x, (1.5, 1)), lambda x: T.tile(x, (1, 1, 1), ndim=2),
    lambda x: T.reshape(x, T.ivector()),
    lambda x: T.shape_padaxis(x, 4), lambda x: T.horizontal_stack(x, x[0]), lambda x: T.split(x, [1, 2]),
    lambda x: x.transfer('gpu'), lambda x: T.addbroadcast(x, 2), lambda x: T.addbroadcast(x, (0, 1)),
    lambda x: T.addbroadcast(x, 0), lambda x: T.patternbroadcast(x, (False, False, True)),
    lambda x: T.diag(x[0, 0])])
def test_what_is_refused(wrong):
    with pytest.raises(Exception):
        compute(wrong, X)


def test_old_stack_warns_and_outdim_too():
    with pytest.warns(DeprecationWarning):
        T.stack(T.fvector(), T.fvector())
    with pytest.warns(UserWarning):
        T.flatten(T.ftensor3(), outdim=2)
    with pytest.warns(UserWarning):
        assert T.is_flat(T.fmatrix(), outdim=2)


@pytest.mark.parametrize('result, pattern', [
    (lambda x: T.addbroadcast(x, 0), (True, False)), (lambda x: T.addbroadcast(x, 0, 1), (True, True)),
    (lambda x: T.patternbroadcast(x, (False, True)), (False, True)),
    (lambda x: x.sum(0, keepdims=True), (True, False)),
    (lambda x: T.unbroadcast(T.addbroadcast(x, 0, 1), 1), (True, False)),
    (lambda x: x.dimshuffle('x', 1, 0), (True, False, False)),
    (lambda x: x.reshape((1, -1)), (True, False)), (lambda x: T.zeros((1, x.shape[0])), (True, False)),
    (lambda x: T.addbroadcast(x, 0) + x, (False, False)),
    (lambda x: T.addbroadcast(x, 1).flatten(), (False,)),
    (lambda x: T.addbroadcast(x, 0).squeeze(), (False,)), (lambda x: T.addbroadcast(x, 0).T, (False, True)),
    (lambda x: T.Rebroadcast((0, True), (1, False))(x), (True, False)),
    (lambda x: T.switch(x > 0, x, 0), (False, False)),
    (lambda x: T.constant(np.ones((1, 2))), (True, False)),
    (lambda x: T.concatenate([T.addbroadcast(x, 0)] * 2), (False, False))])
def test_broadcast_patterns(result, pattern):
    assert result(T.fmatrix()).broadcastable == pattern


def test_broadcasting_follows_the_pattern_and_not_the_length():
    row = numbers(1, 4)
    with pytest.raises(ValueError):
        compute(lambda x, y: x + y, X, row)
    assert (compute(lambda x, y: x + T.addbroadcast(y, 0), X, row) == X + row).all()
    assert (compute(lambda x, y: x + y, X, row, patterns=[(False, False), (True, False)]) == X + row).all()
    with pytest.raises(ValueError):
        compute(lambda x, y: x + T.unbroadcast(y, 0), X, row, patterns=[(False, False), (True, False)])
    with pytest.raises((ValueError, AssertionError)):
        compute(lambda x: T.addbroadcast(x, 0), X)


def test_gradients_pass_where_patterns_change():
    def cost(x):
        known = T.addbroadcast(x[:1], 0)
        return (T.unbroadcast(known, 0) ** 2 * T.patternbroadcast(known, (True, False))).sum()

    assert compute(lambda x: T.grad(cost(x), x), X).tolist() == [(3 * X[0] ** 2).tolist()] + [[0] * 4] * 2


@pytest.mark.parametrize('variable, value', [
    (lambda: 3, 3), (lambda: T.constant([2, 2]), 2), (lambda: T.zeros((2, T.iscalar())), 0),
    (lambda: T.constant(2) + 3, 5),
    (lambda: T.constant([1, 2, 3])[1], 2), (lambda: T.frow().shape[0], 1),
    (lambda: T.fill(T.fmatrix(), 7), 7),
    (lambda: T.unbroadcast(T.constant([[4.]]), 0), 4), (lambda: T.cast(T.constant(2.5), 'int8'), 2)])
def test_constant_values(variable, value):
    assert T.get_scalar_constant_value(variable()) == value
    assert T.as_tensor_variable(variable()).get_scalar_constant_value() == value
    assert T.extract_constant(variable()) == value


def test_values_that_are_not_constant():
    x = T.fmatrix()
    for variable in (x, T.constant([1, 2]), None, x.shape[0], T.constant([1., 2])[T.iscalar()]):
        with pytest.raises(T.NotScalarConstantError):
            T.get_scalar_constant_value(variable)
    with pytest.raises(T.EmptyConstantError):
        T.get_scalar_constant_value(T.constant([]))
    assert T.extract_constant(x) is x


def test_lengths_of_vectors():
    assert T.get_vector_length(T.fmatrix().shape) == 2 and T.get_vector_length(T.constant([1, 2, 3])) == 3
    assert T.get_vector_length([1, T.iscalar()]) == 2 and len(list(T.ftensor3().shape)) == 3
    for vector in (T.fvector(), theano.shared(np.ones(3))):
        with pytest.raises(ValueError):
            T.get_vector_length(vector)
    with pytest.raises(TypeError):
        T.get_vector_length(T.fmatrix())


def test_axes_are_normalised():
    x = T.ftensor3()
    assert [T.check_and_normalize_axes(x, axis) for axis in (None, 0, -1, [1, -3], np.array([2]))] == [
        [], [0], [2], [0, 1], [2]]
    with pytest.raises(ValueError):
        T.check_and_normalize_axes(x, 3)
    with pytest.raises(TypeError):
        T.check_and_normalize_axes(x, 'a')
    assert T.makeKeepDims(x, x.sum([0, 2]), [0, 2]).broadcastable == (True, False, True)
