"""Reading and writing parts of arrays in the JAX mode, against NumPy."""
import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

pytest.importorskip('pytensor')
pytest.importorskip('jax')
import pytensor
import pytensor.tensor as pt

from lasagne_ext.engine.pytensor import jax_mode
from lasagne_ext.engine.pytensor.modes import get_mode

MODE = get_mode('JAX')
ARRAY = np.arange(60.).reshape(5, 4, 3)


def compile(inputs, outputs, **options):
    return pytensor.function(inputs, outputs, mode=MODE, on_unused_input='ignore', **options)


def bounds(size):
    return st.one_of(st.none(), st.integers(-size - 2, size + 2))


@st.composite
def an_index(draw, size):
    if draw(st.booleans()):
        return draw(st.integers(-size, size - 1))
    step = draw(st.sampled_from([None, 1, 2, 3, -1, -2]))
    return slice(draw(bounds(size)), draw(bounds(size)), step)


@st.composite
def indices(draw):
    return tuple(draw(an_index(size)) for size in ARRAY.shape[:draw(st.integers(1, 3))])


@hypothesis.settings(max_examples=25)
@hypothesis.given(index=indices(), replaces=st.booleans(), amid_zeros=st.booleans())
def test_constant_indices(index, replaces, amid_zeros):
    x, y = pt.dtensor3('x'), pt.dscalar('y')
    target = x.zeros_like() if amid_zeros else x
    write = pt.set_subtensor if replaces else pt.inc_subtensor
    part = ARRAY[index]
    change = np.random.RandomState(0).randn(*part.shape)
    f = compile([x, y], [x[index], write(target[index], y), write(target[index], change)])
    read, scalar, array = f(ARRAY, 7.)
    np.testing.assert_array_equal(read, part)
    for got, value in ((scalar, 7.), (array, change)):
        expected = np.zeros_like(ARRAY) if amid_zeros else ARRAY.copy()
        if replaces:
            expected[index] = value
        else:
            expected[index] += value
        np.testing.assert_allclose(got, expected)


def traced(index, inputs, values):
    """The index with symbolic inputs for its numbers, which are added to two lists."""
    if isinstance(index, slice):
        return slice(*[traced(part, inputs, values) for part in (index.start, index.stop, index.step)])
    if index is None:
        return None
    inputs.append(pt.lscalar())
    values.append(index)
    return inputs[-1]


@hypothesis.settings(max_examples=12)
@hypothesis.given(index=indices(), replaces=st.booleans())
def test_indices_that_are_inputs(index, replaces):
    x, y, inputs, values = pt.dtensor3('x'), pt.dscalar('y'), [], []
    symbolic = tuple(traced(part, inputs, values) for part in index)
    write = pt.set_subtensor if replaces else pt.inc_subtensor
    f = compile([x, y] + inputs, [x[symbolic], write(x[symbolic], y), x[symbolic].shape])
    read, written, shape = f(ARRAY, 7., *values)
    np.testing.assert_array_equal(read, ARRAY[index])
    assert tuple(shape) == ARRAY[index].shape
    expected = ARRAY.copy()
    if replaces:
        expected[index] = 7.
    else:
        expected[index] += 7.
    np.testing.assert_array_equal(written, expected)


def test_batches_of_a_shared_data_set_need_one_specialisation():
    data, number, x = pytensor.shared(np.arange(20.).reshape(10, 2)), pt.lscalar(), pt.dmatrix()
    f = compile([number], x.sum(axis=1) * x.shape[0], givens={x: data[number * 3:(number + 1) * 3]})
    for place in (0, 1, 2, 0):
        part = data.get_value()[place * 3:place * 3 + 3]
        np.testing.assert_allclose(f(place), part.sum(axis=1) * len(part))
    assert len(jax_mode.specialisations(f)) == 1
    for place in (3, 0, 3):                             # the last batch is shorter
        part = data.get_value()[place * 3:place * 3 + 3]
        np.testing.assert_allclose(f(place), part.sum(axis=1) * len(part))
    assert len(jax_mode.specialisations(f)) == 2


@pytest.mark.parametrize('index', [-6, 5])
def test_an_index_out_of_bounds_changes_nothing(index):
    state, number = pytensor.shared(np.zeros(5)), pt.lscalar()
    f = compile([number], state[number], updates={state: state + 1})
    f(4)
    with pytest.raises(IndexError, match='5 entries'):
        f(index)
    np.testing.assert_array_equal(state.get_value(), np.ones(5))


def test_lists_of_indices():
    x, rows, columns = pt.dmatrix(), pt.lvector(), pt.lvector()
    array, i, j = np.arange(12.).reshape(3, 4), np.array([0, 2, -1, 2]), np.array([3, 0, 1, 0])
    f = compile([x, rows, columns], [
        x[rows], x[rows, columns], x[:, columns], x[pt.arange(3), [2, 0, 1]], x.take(columns, axis=1),
        pt.inc_subtensor(x[rows, columns], 1.), pt.set_subtensor(x[rows], 5.)])
    increased, replaced = array.copy(), array.copy()
    np.add.at(increased, (i, j), 1.)
    replaced[i] = 5.
    expected = [array[i], array[i, j], array[:, j], array[np.arange(3), [2, 0, 1]], array.take(j, axis=1),
                increased, replaced]
    for got, expected in zip(f(array, i, j), expected):
        np.testing.assert_array_equal(got, expected)
    with pytest.raises(IndexError, match='out of bounds'):
        f(array, i + 2, j)


def test_integers_among_lists():
    x, i, v = pt.dtensor3(), pt.lscalar(), pt.lvector()
    at = np.array([0, 2])
    f = compile([x, i, v], [x[i, :, v], x[:, i, v], x[v, i], x[v, 1:3]])
    expected = [ARRAY[1, :, at], ARRAY[:, 1, at], ARRAY[at, 1], ARRAY[at, 1:3]]
    for got, expected in zip(f(ARRAY, 1, at), expected):
        np.testing.assert_array_equal(got, expected)


def test_masks_and_their_lengths():
    x, mask = pt.dmatrix(), pt.dvector()
    chosen = x[pt.neq(mask, 0).nonzero()]
    f = compile([x, mask], [chosen, chosen.sum() / chosen.shape[0], x[x > 5], pt.zeros((chosen.shape[0], 2)),
                            pt.set_subtensor(x[x > 5], 0.)])
    array = np.arange(8.).reshape(4, 2)
    for lengths in ([1, 0, 1, 1], [0, 0, 1, 0], [1, 1, 1, 0], [0, 0, 0, 1]):
        lengths = np.array(lengths, 'float64')
        got = f(array, lengths)
        expected = array[lengths != 0]
        np.testing.assert_array_equal(got[0], expected)
        np.testing.assert_allclose(got[1], expected.sum() / len(expected))
        np.testing.assert_array_equal(got[2], array[array > 5])
        assert got[3].shape == (len(expected), 2)
        np.testing.assert_array_equal(got[4], np.where(array > 5, 0, array))
    assert len(jax_mode.specialisations(f)) == 2        # of three entries, and of one


def test_gradients_of_parts(assert_close):
    x, i = pt.dtensor3(), pt.lscalar()
    cost = (x[::2, 1:, ::-1] ** 2).sum() + (x[i] ** 3).sum() + (x[:, [0, 0, 2]] ** 2).sum()
    grad = pytensor.grad(cost, x)
    array = np.random.RandomState(1).randn(5, 4, 3)
    expected = pytensor.function([x, i], grad, mode='FAST_COMPILE')(array, 2)
    assert_close(compile([x, i], grad)(array, 2), expected)
