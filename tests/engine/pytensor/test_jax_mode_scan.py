"""Loops in the JAX mode, against the interpreter of FAST_COMPILE."""
import numpy as np
import pytest

pytest.importorskip('pytensor')
pytest.importorskip('jax')
import pytensor
import pytensor.tensor as pt
from pytensor.scan.utils import until

from lasagne_ext.engine.pytensor import jax_mode
from lasagne_ext.engine.pytensor.modes import get_mode


@pytest.fixture(autouse=True)
def no_compiler():
    """Compile nothing in C for the oracle."""
    with pytensor.config.change_flags(cxx=''):
        yield


def compare(inputs, outputs, *calls, **options):
    """Compile in both modes, call with each tuple of values, compare; returns the JAX function."""
    f = pytensor.function(inputs, outputs, mode=get_mode('JAX'), **options)
    oracle = pytensor.function(inputs, outputs, mode='FAST_COMPILE', **options)
    for values in calls:
        for got, expected in zip(f(*values), oracle(*values)):
            assert got.dtype == expected.dtype and got.shape == expected.shape
            np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-12)
    return f


@pytest.fixture
def weights(rng):
    return [pytensor.shared(.5 * rng.randn(3, 3), name) for name in 'UVW']


def gru(x, mask, weights):
    """States of a GRU without biases over (time, batch, 3), frozen where the mask is 0."""
    U, V, W = weights

    def step(x, mask, state, W):
        gate = pt.sigmoid(pt.dot(x, U) + pt.dot(state, V))
        new = gate * pt.tanh(pt.dot(x, W) + pt.dot(state, U)) + (1 - gate) * state
        return pt.switch(mask[:, None], new, state)
    return pytensor.scan(step, sequences=[x, mask], outputs_info=pt.zeros((x.shape[1], 3)),
                         non_sequences=[W], return_updates=False)


def values(rng, time, batch):
    x = rng.randn(time, batch, 3)
    return x, (rng.rand(time, batch) > .3).astype('int8')


def test_masked_gru_of_any_length_and_its_gradient(rng, weights):
    x, mask = pt.dtensor3('x'), pt.bmatrix('mask')
    states = gru(x, mask, weights)
    f = compare([x, mask], [states, states[-1]] + pytensor.grad((states ** 2).sum(), weights + [x]),
                values(rng, 4, 2), values(rng, 7, 2), values(rng, 4, 3), values(rng, 1, 2))
    assert len(jax_mode.specialisations(f)) == 4


def test_last_state_only(rng, weights):
    x, mask = pt.dtensor3('x'), pt.bmatrix('mask')
    last = gru(x, mask, weights)[-1]
    compare([x, mask], [last] + pytensor.grad(last.sum(), weights), values(rng, 5, 2))


@pytest.mark.parametrize('truncate', [-1, 1, 3])
def test_truncated_gradient(rng, truncate):
    x, w = pt.dvector('x'), pt.dscalar('w')
    states = pytensor.scan(lambda x, state, w: pt.tanh(w * state + x), sequences=x,
                           outputs_info=pt.as_tensor(np.float64(.1)), non_sequences=w,
                           truncate_gradient=truncate, return_updates=False)
    compare([x, w], pytensor.grad(states[-1], [x, w]), (rng.randn(6), .7))


def test_several_taps_and_their_gradient(rng):
    x, start, w = pt.dvector('x'), pt.dvector('start'), pt.dscalar('w')

    def step(now, later, past, previous, w):
        new = pt.tanh(w * past + .5 * previous + now * later)
        return new, new ** 2
    states, squares = pytensor.scan(
        step, sequences={'input': x, 'taps': [0, 1]}, non_sequences=w,
        outputs_info=[{'initial': start, 'taps': [-3, -1]}, None], return_updates=False)
    cost = (states * squares).sum() + squares[-1]
    compare([x, start, w], [states, squares] + pytensor.grad(cost, [x, start, w]),
            (rng.randn(6), rng.randn(3), .7), (rng.randn(9), rng.randn(3), .7))


def test_backwards_and_second_derivative(rng):
    x, w = pt.dvector('x'), pt.dscalar('w')
    states = pytensor.scan(lambda x, state: pt.tanh(w * state + x), sequences=x, go_backwards=True,
                           outputs_info=pt.as_tensor(np.float64(0)), non_sequences=[], return_updates=False)
    first = pytensor.grad((states ** 2).sum(), w)
    compare([x, w], [first, pytensor.grad(first, w)] + [pytensor.grad(first, x)], (rng.randn(5), .7))


def test_no_steps(rng):
    x, start = pt.dmatrix('x'), pt.dvector('start')
    states, doubled = pytensor.scan(lambda x, state: (state + x, 2 * x), sequences=x,
                                    outputs_info=[start, None], return_updates=False)
    f = pytensor.function([x, start], [states, doubled], mode=get_mode('JAX'))
    got = f(np.zeros((0, 3)), np.ones(3))
    assert [part.shape for part in got] == [(0, 3), (0, 3)]
    assert [part.shape for part in f(np.zeros((2, 3)), np.ones(3))] == [(2, 3), (2, 3)]


def test_steps_that_are_an_input():
    steps, x = pt.lscalar('steps'), pt.dscalar('x')
    states = pytensor.scan(lambda state: x * state, outputs_info=x, n_steps=steps, return_updates=False)
    f = compare([steps, x], [states, states[-1], pytensor.grad(states[-1], x)], (3, 1.), (5, 2.), (3, 3.))
    assert len(jax_mode.specialisations(f)) == 2


def test_shared_state_updated_by_a_loop(rng):
    state = pytensor.shared(np.zeros(2))
    x = pt.dmatrix('x')
    outputs, updates = pytensor.scan(lambda x: (x + state, {state: state + 1}), sequences=x,
                                     return_updates=True)
    f = pytensor.function([x], outputs, updates=updates, mode=get_mode('JAX'))
    np.testing.assert_array_equal(f(np.zeros((3, 2)))[:, 0], [0, 1, 2])
    np.testing.assert_array_equal(state.get_value(), [3, 3])


def test_set_subtensor_inside(rng):
    x, v = pt.dmatrix('x'), pt.dvector('v')
    rows = pytensor.scan(lambda i, array, v: pt.inc_subtensor(array[i, ::2], v[i] * array[i - 1, ::2]),
                         sequences=pt.arange(x.shape[0]), outputs_info=x, non_sequences=v,
                         return_updates=False)
    compare([x, v], [rows[-1]] + pytensor.grad((rows[-1] ** 2).sum(), [x, v]),
            (rng.randn(4, 5), rng.randn(4)))


def test_nested_loops(rng):
    x, w = pt.dmatrix('x'), pt.dscalar('w')

    def row(x):
        return pytensor.scan(lambda x, state: w * state + x, sequences=x, return_updates=False,
                             outputs_info=pt.as_tensor(np.float64(0)))[-1]
    rows = pytensor.scan(row, sequences=x, return_updates=False)
    compare([x, w], [rows] + pytensor.grad((rows ** 2).sum(), [x, w]), (rng.randn(3, 4), .5))


def doubled_until(x, limit):
    return pytensor.scan(lambda state: (2 * state, until(2 * state > limit)),
                         outputs_info=x, n_steps=100, return_updates=False)


def test_until_a_condition_holds():
    x, limit = pt.dscalar('x'), pt.dscalar('limit')
    f = compare([x, limit], [doubled_until(x, limit)[-1]], (1., 5.), (3., 1e3), (1., 1.), (1e-40, 1.))
    assert len(jax_mode.specialisations(f)) == 1


def test_all_states_until_a_condition_holds():
    x, limit = pt.dscalar('x'), pt.dscalar('limit')
    states = doubled_until(x, limit)
    f = compare([x, limit], [states, pytensor.grad(states.sum(), x)], (1., 5.), (3., 1e3), (1., 1.), (1., 5.))
    assert len(jax_mode.specialisations(f)) == 3


def test_a_check_inside_a_loop():
    x, i = pt.dvector('x'), pt.lvector('i')
    picked = pytensor.scan(lambda i, x: x[i], sequences=i, non_sequences=x, return_updates=False)
    f = pytensor.function([x, i], picked, mode=get_mode('JAX'))
    np.testing.assert_array_equal(f(np.arange(3.), np.array([2, -1, 0])), [2, 2, 0])
    with pytest.raises(IndexError, match='out of bounds'):
        f(np.arange(3.), np.array([2, 3, 0]))


def test_a_slice_of_traced_length_inside_a_loop_is_refused():
    x, i = pt.dvector('x'), pt.lvector('i')
    sums = pytensor.scan(lambda i, x: x[:i].sum(), sequences=i, non_sequences=x, return_updates=False)
    f = pytensor.function([x, i], sums, mode=get_mode('JAX'))
    with pytest.raises(jax_mode.UntraceableError, match='Subtensor.*inside a loop.*another mode'):
        f(np.arange(3.), np.array([2, 1]))


def test_a_sequence_that_is_too_short():
    x = pt.dvector('x')
    states = pytensor.scan(lambda x, state: state + x, sequences=x, n_steps=5,
                           outputs_info=pt.as_tensor(np.float64(0)), return_updates=False)
    with pytest.raises(ValueError, match='3 entries'):
        pytensor.function([x], states, mode=get_mode('JAX'))(np.ones(3))


def test_a_length_inside_a_loop_that_is_an_input(rng):
    x, n = pt.dmatrix('x'), pt.lscalar('n')
    sums = pytensor.scan(lambda row, state, n: state + row[:n].sum(), sequences=x, non_sequences=n,
                         outputs_info=pt.as_tensor(np.float64(0)), return_updates=False)
    f = compare([x, n], [sums, pytensor.grad(sums[-1], x)], (rng.randn(3, 4), 2), (rng.randn(3, 4), 4))
    assert len(jax_mode.specialisations(f)) == 2


def test_windows_that_move_with_the_steps(rng):
    x = pt.dvector('x')

    def step(i, total, x):
        return total + x[3 * i - 1:(i + 1) * 3].prod(), pt.inc_subtensor(x[i + 1:i + 3], 1.)
    totals, windows = pytensor.scan(step, sequences=pt.arange(1, 3), non_sequences=x,
                                    outputs_info=[pt.as_tensor(np.float64(0)), None], return_updates=False)
    compare([x], [totals, windows, pytensor.grad(totals[-1], x)], (rng.randn(9),), (rng.randn(12),))
    with pytest.raises(jax_mode.UntraceableError, match='reaches beyond its array'):
        pytensor.function([x], totals, mode=get_mode('JAX'))(rng.randn(8))
