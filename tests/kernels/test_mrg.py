"""The kernel of MRG31k3p and its NumPy reference, against the recurrence in Python's integers."""
import numpy as np
import pytest

from lasagne_ext.kernels import get_num_threads, mrg, set_num_threads


def some_states(rng, streams):
    return rng.randint(0, mrg.M2, (streams, 6)).astype('int32')


def one_by_one(state, count):
    """What `mrg.uniform` draws in float64, by Python's integers."""
    state = [[int(value) for value in row] for row in state]
    numbers = []
    for i in range(count):
        row = state[i % len(state)]
        x1, x2, x3, y1, y2, y3 = row
        row[:] = [(2 ** 22 * x2 + 129 * x3) % mrg.M1, x1, x2,
                  (2 ** 15 * y1 + 32769 * y3) % mrg.M2, y1, y2]
        numbers.append((row[0] - row[3] - 1) % mrg.M1 + 1)
    return np.array(state), np.array(numbers) / 2 ** 31


@pytest.mark.parametrize('streams, count', [(1, 5), (7, 3), (7, 14), (300, 1000), (257, 0), (256, 512)])
def test_every_kernel_draws_the_recurrence(streams, count, rng, every_library):
    state = some_states(rng, streams)
    given = state.copy()
    expected_state, expected = one_by_one(state, count)
    new_state, sample = mrg.uniform(state, count, np.dtype('float64'))
    np.testing.assert_array_equal(new_state, expected_state)
    np.testing.assert_array_equal(sample, expected)
    np.testing.assert_array_equal(state, given)
    single_state, single = mrg.uniform(state[::-1][::-1], count, np.dtype('float32'))
    np.testing.assert_array_equal(single_state, expected_state)
    np.testing.assert_array_equal(single, (expected * 2 ** 31).astype('float32') * mrg.NORM['float32'])
    half = mrg.uniform(state, count, np.dtype('float16'))[1]
    assert half.dtype == 'float16' and (half > 0).all() and (half < 1).all()


def test_one_is_never_drawn(every_library):
    # Equal values of both recurrences draw 2**31 - 1, which float32 rounds up to 2**31.
    state = np.zeros((1, 6), 'int32')
    for dtype in ('float32', 'float64'):
        assert .999 < mrg.uniform(state, 1, np.dtype(dtype))[1][0] < 1


def test_threads_do_not_matter(rng, monkeypatch):
    state = some_states(rng, 2000)
    monkeypatch.setattr(mrg, '_VALUES_WORTH_A_THREAD', 1)
    before, values = get_num_threads(), []
    try:
        for threads in (1, 3):
            set_num_threads(threads)
            values.append(mrg.uniform(state, 5001, np.dtype('float32')))
    finally:
        set_num_threads(before)
    np.testing.assert_array_equal(values[0][0], values[1][0])
    np.testing.assert_array_equal(values[0][1], values[1][1])
