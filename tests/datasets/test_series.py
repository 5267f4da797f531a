"""Windows of series, padded sequences, the adding problem."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasagne_ext.datasets import adding_problem, minibatches, pad_sequences, sequences


@given(time=st.integers(1, 40), features=st.integers(0, 3), seq_len=st.integers(1, 12),
       stride=st.integers(1, 6), offset=st.integers(0, 5), every_step=st.booleans(), transposed=st.booleans())
def test_windows_are_slices(time, features, seq_len, stride, offset, every_step, transposed):
    shape = (time, features) if features else (time,)
    series = np.arange(np.prod(shape)).reshape(shape, order='F' if transposed else 'C')
    starts = range(0, time - seq_len - offset + 1, stride)
    if not len(starts):
        with pytest.raises(ValueError, match='sequences: a window of %d steps' % seq_len):
            sequences(series, seq_len, stride, offset)
        return
    windows, targets = sequences(series, seq_len, stride, offset, every_step=every_step)
    columns = series.reshape(time, -1)
    np.testing.assert_array_equal(windows, [columns[start:start + seq_len] for start in starts])
    wanted = [columns[start + offset:start + offset + seq_len] for start in starts]
    np.testing.assert_array_equal(targets, wanted if every_step else [rows[-1] for rows in wanted])


def test_windows_without_targets_take_no_memory():
    series = np.arange(10.)
    windows = sequences(series, 4, stride=3)
    assert windows.shape == (3, 4, 1) and np.shares_memory(windows, series)
    with pytest.raises(ValueError, match='read-only'):
        windows[0] = 0
    batch, = next(minibatches((windows,), 3))
    batch[:] = 0
    assert series[9] == 9


def test_targets_of_their_own():
    series, labels = np.arange(8.), np.arange(8) * 10
    windows, targets = sequences(series, 3, targets=labels)
    assert targets[:, 0].tolist() == [20, 30, 40, 50, 60, 70] and targets.dtype == labels.dtype
    assert len(windows) == 6
    _, targets = sequences(series, 3, targets=labels, target_offset=2, every_step=True)
    assert targets[-1, :, 0].tolist() == [50, 60, 70]


@pytest.mark.parametrize('series, options, error, message', [
    (np.zeros((2, 3, 4)), {}, TypeError, r'\(time, features\), got float64 of shape \(2, 3, 4\)'),
    (['a', 'b'], {}, TypeError, 'series must be an array of numbers'),
    (np.zeros(5), {'seq_len': 0}, ValueError, 'seq_len must be at least 1'),
    (np.zeros(5), {'stride': 0}, ValueError, 'stride must be at least 1'),
    (np.zeros(5), {'target_offset': -1}, ValueError, 'target_offset must be at least 0'),
    (np.zeros(5), {'target_offset': 4}, ValueError, 'a window of 2 steps and a target 4 after it'),
    (np.zeros(5), {'targets': np.zeros(4)}, ValueError, 'as many steps as series, 5, got 4')])
def test_refused_series(series, options, error, message):
    with pytest.raises(error, match='sequences: .*' + message):
        sequences(series, **dict({'seq_len': 2}, **options))


@given(lengths=st.lists(st.integers(1, 9), min_size=1, max_size=6), features=st.integers(0, 3),
       more=st.integers(0, 3))
def test_padding(lengths, features, more):
    rows = [np.arange(1, 1 + length * max(1, features)).reshape((length,) + (features,) * (features > 0))
            for length in lengths]
    length = max(lengths) + more
    padded, mask = pad_sequences(rows, length if more else None, value=-7)
    assert padded.shape == (len(rows), length, max(1, features)) and padded.dtype == mask.dtype == 'float32'
    assert mask.sum(axis=1).tolist() == lengths and (np.diff(mask, axis=1) <= 0).all()
    assert (padded[mask == 0] == -7).all()
    for row, array, size in zip(padded, rows, lengths):
        np.testing.assert_array_equal(row[:size], array.reshape(size, -1))


@pytest.mark.parametrize('rows, options, error, message', [
    ([], {}, ValueError, 'there are no sequences'),
    ([[1, 2], []], {}, TypeError, r'not empty; sequence 1 is float64 of shape \(0,\)'),
    ([[1, 2], 'ab'], {}, TypeError, 'sequence 1 is'), ([[1, 2], 3], {}, TypeError, 'sequence 1 is'),
    ([[1, 2], [[1, 2]]], {}, ValueError, r'sequence 1 has shape \(1, 2\), but the first has \(2,\)'),
    ([[1], [1, 2]], {'length': 1}, ValueError, 'sequence 1 has 2 steps, more than length=1')])
def test_refused_sequences(rows, options, error, message):
    with pytest.raises(error, match='pad_sequences: .*' + message):
        pad_sequences(rows, **options)


@given(count=st.integers(1, 30), length=st.integers(2, 20), seed=st.integers(0, 99))
def test_adding_problem(count, length, seed):
    inputs, targets = adding_problem(count, length, seed)
    assert inputs.shape == (count, length, 2) and targets.shape == (count, 1)
    assert inputs.dtype == targets.dtype == 'float32'
    numbers, markers = np.moveaxis(inputs, 2, 0)
    assert 0 <= numbers.min() and numbers.max() <= 1 and set(np.unique(markers)) <= {0, 1}
    assert (markers[:, :length // 2].sum(axis=1) == 1).all() and (markers.sum(axis=1) == 2).all()
    np.testing.assert_allclose(targets[:, 0], [row[mark > 0].sum() for row, mark in zip(numbers, markers)],
                               rtol=1e-6)
    assert (adding_problem(count, length, seed)[0] == inputs).all()


def test_adding_problem_has_its_known_baseline():
    _, targets = adding_problem(20000, 10)
    assert abs(((targets - 1) ** 2).mean() - 1 / 6) < .005
    _, others = adding_problem(20000, 10, seed=1)
    assert (others != targets).any()


@pytest.mark.parametrize('options, error, message', [
    ({'length': 1}, ValueError, 'length must be at least 2'), ({'count': 0}, ValueError, 'count must be'),
    ({'length': 2.5}, TypeError, 'length must be a whole number'),
    ({'seed': -1}, ValueError, 'seed must be')])
def test_refused_adding_problem(options, error, message):
    with pytest.raises(error, match='adding_problem: ' + message):
        adding_problem(**dict({'count': 3, 'length': 4}, **options))
