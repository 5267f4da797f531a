"""Indexing, and setting and incrementing what an index picks."""
import hypothesis
import numpy as np
import pytest
from hypothesis import strategies

import theano
import theano.tensor as T

pytestmark = pytest.mark.usefixtures('fast_compile')

X = np.arange(12, dtype='float32').reshape(3, 4)
MASK = np.array([True, False, True])

INDICES = [0, -1, slice(1, None), slice(None, None, -2), (1, 2), Ellipsis, (Ellipsis, 0), (0, Ellipsis),
           (slice(1, None), slice(None, None, -1)), (Ellipsis, slice(1)), [0, 2], ([0, 1], [1, 2]),
           (slice(None), [0, 2]), ([0, 2], slice(None)), np.array([[0, 1], [1, 0]]), MASK, (MASK, 1),
           (1, np.array([True, False, True, False])), X > 4, np.int64(1), slice(2, 0, -1), slice(-2, None),
           slice(3, 1), (), [], slice(0, 99)]


def compute(expression, *arrays):
    variables = [T.TensorType(array.dtype, (False,) * array.ndim)() for array in arrays]
    return theano.function(variables, expression(*variables))(*arrays)


def changed(index, value, add):
    expected = X.copy()
    if add:
        np.add.at(expected, index, value)
    else:
        expected[index] = value
    return expected


@pytest.mark.parametrize('index', INDICES, ids=str)
def test_against_numpy(index):
    expected = X[np.array(index, 'int64') if isinstance(index, list) else index]
    value = compute(lambda x: x[index], X)
    assert value.dtype == 'float32'
    np.testing.assert_array_equal(value, expected)


@pytest.mark.parametrize('index', INDICES[:-3], ids=str)
def test_setting_and_incrementing(index):
    for value in (2, .5):
        np.testing.assert_array_equal(compute(lambda x: T.set_subtensor(x[index], value), X),
                                      changed(index, value, False))
        np.testing.assert_array_equal(compute(lambda x: T.inc_subtensor(x[index], value), X),
                                      changed(index, value, True))


@pytest.mark.parametrize('index', INDICES[:-3], ids=str)
def test_gradients(index):
    gradient = compute(lambda x: T.grad((x[index] ** 2).sum(), x), X)
    np.testing.assert_array_equal(gradient, changed(index, (2 * X)[index], True) - X)


@hypothesis.given(strategies.lists(strategies.one_of(
    strategies.integers(-2, 1),
    strategies.builds(slice, *[strategies.none() | strategies.integers(-3, 3)] * 2,
                      strategies.sampled_from([None, 1, 2, -1, -2]))),
    min_size=1, max_size=3))
@hypothesis.settings(max_examples=25)
def test_any_slices(index):
    x = np.arange(12.).reshape(2, 3, 2)
    index = tuple(index)
    with theano.configparser.change_flags(mode='FAST_COMPILE'):
        np.testing.assert_array_equal(compute(lambda v: v[index], x), x[index])
        expected = x.copy()
        expected[index] = -1
        np.testing.assert_array_equal(compute(lambda v: T.set_subtensor(v[index], -1.), x), expected)


@pytest.mark.parametrize('dtype', ['int8', 'uint8', 'int32', 'int64'])
def test_symbolic_indices(dtype):
    one, two = np.array(1, dtype), np.array([0, 2], dtype)
    assert compute(lambda x, i: x[i], X, one).tolist() == X[1].tolist()
    assert compute(lambda x, i: x[i:], X, one).tolist() == X[1:].tolist()
    assert compute(lambda x, i: x[:, -i], X, one.astype('int64')).tolist() == X[:, -1].tolist()
    assert compute(lambda x, i: x[i, 1:], X, two).tolist() == X[two, 1:].tolist()
    assert compute(lambda x, i: x[i, i + 1], X, two).tolist() == X[two, two + 1].tolist()


def test_symbolic_masks():
    assert compute(lambda x: x[x > 4], X).tolist() == X[X > 4].tolist()
    assert compute(lambda x: x[(x > 4).nonzero()], X).tolist() == X[X > 4].tolist()
    assert compute(lambda x: T.set_subtensor(x[x > 4], 0), X).tolist() == np.where(X > 4, 0, X).tolist()
    assert compute(lambda x: T.inc_subtensor(x[T.eq(x, 5).nonzero()], 1)[1, 1], X) == 6


@pytest.mark.parametrize('index, expected', [
    (([0, 1], None), X[[0, 1]][:, None]), ((None, [0, 2]), X[None, [0, 2]])], ids=str)
def test_new_axes_beside_lists(index, expected):
    assert compute(lambda x: x[index], X).tolist() == expected.tolist()
    assert compute(lambda x: T.set_subtensor(x[index], 5), X).tolist() == changed(index, 5, False).tolist()
    assert compute(lambda x: T.inc_subtensor(x[index], 5), X).tolist() == changed(index, 5, True).tolist()


@pytest.mark.parametrize('wrong, error', [
    ('a', Exception), (1., Exception), (True, Exception), ([True, False, True], Exception),
    ((0, 0, 0), IndexError), ((Ellipsis, Ellipsis), IndexError), (T.fscalar(), Exception),
    (slice(None, 1.5), Exception)], ids=str)
def test_what_is_no_index(wrong, error):
    with pytest.raises(error):
        T.fmatrix()[wrong]


def test_indices_out_of_bounds():
    for index in (5, [0, 9]):
        with pytest.raises((IndexError, AssertionError)):
            compute(lambda x: x[index], X)
    with pytest.raises(IndexError):
        compute(lambda x, i: T.set_subtensor(x[i], 0), X, np.array(3))


def test_doubles_add_up():
    assert compute(lambda x: T.inc_subtensor(x[[0, 0]], 1)[0], X).tolist() == (X[0] + 2).tolist()
    assert compute(lambda x: T.grad(x[[0, 0, 2]].sum(), x), X)[:, 0].tolist() == [2, 0, 1]


def test_values_that_are_broadcast_and_cast():
    expected = changed(slice(1, None), X[0], False)
    assert compute(lambda x, y: T.set_subtensor(x[1:], y), X, X[0]).tolist() == expected.tolist()
    assert T.set_subtensor(T.fmatrix()[0], 1).dtype == 'float32'
    assert T.inc_subtensor(T.imatrix()[0], T.bscalar()).dtype == 'int32'
    for wrong in (lambda x: T.set_subtensor(x, 1), lambda x: T.set_subtensor(x[0] + 1, 1),
                  lambda x: T.set_subtensor(x[0], x), lambda x: T.set_subtensor(x[0], None)):
        with pytest.raises(Exception):
            wrong(T.fmatrix())


def test_parts_of_parts():
    assert compute(lambda x: T.set_subtensor(x[1][2], 9), X).tolist() == [4, 5, 9, 7]
    assert compute(lambda x: T.set_subtensor(x.T[2], 9), X)[2].tolist() == [9, 9, 9]
    assert compute(lambda x: T.inc_subtensor(x[::2][:, 1::2], 10), X)[1].tolist() == [8, 19, 10, 21]
    assert compute(lambda x: T.inc_subtensor(x[1:2], x[1:2], tolerate_inplace_aliasing=True), X)[1, 1] == 10


def test_gradients_of_setting():
    x, y = T.dmatrix(), T.dvector()
    for change, expected_x in ((T.set_subtensor, 0), (T.inc_subtensor, 2)):
        cost = (change(x[0], y) ** 2).sum()
        gradient_x, gradient_y = theano.function([x, y], T.grad(cost, [x, y]))(np.ones((2, 2)), np.zeros(2))
        assert gradient_x.tolist() == [[expected_x] * 2, [2, 2]]
        assert gradient_y.tolist() == [expected_x] * 2


@pytest.mark.parametrize('mode', ['raise', 'wrap', 'clip'])
@pytest.mark.parametrize('axis', [None, 0, 1, -1])
def test_taking(axis, mode):
    for indices in (1, [0, 2], [[0, 1], [2, 0]]):
        if axis is None and mode != 'raise':
            continue
        expected = np.take(X, indices, axis, mode=mode)
        assert compute(lambda x: T.take(x, indices, axis, mode), X).tolist() == expected.tolist()
        assert compute(lambda x: x.take(indices, axis=axis, mode=mode), X).tolist() == expected.tolist()
    if axis == 0 and mode != 'raise':
        expected = np.take(X, [4, -5], 0, mode=mode)
        assert compute(lambda x: T.take(x, [4, -5], 0, mode), X).tolist() == expected.tolist()


def test_iterating_needs_a_known_length():
    first, second = T.stack([T.fscalar(), T.fscalar()])
    assert first.ndim == 0
    assert len(list(T.fmatrix().shape)) == 2
    with pytest.raises(TypeError):
        list(T.fmatrix())
    with pytest.raises((TypeError, ValueError)):
        list(T.fvector())
    with pytest.raises(TypeError):
        len(T.fvector())
    with pytest.raises(TypeError):
        T.fvector()[0] = 1
