"""Minibatches: which, in what order, made when, and what happens when something goes wrong."""
import contextlib
import threading
import time
import traceback

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasagne_ext.datasets import Dataset, check_labels, minibatches

PREFETCHED = pytest.mark.parametrize('prefetch', [0, 1, 3])


def numbered(count):
    return np.arange(count * 2).reshape(count, 2), np.arange(count)


def prefetchers():
    return [thread for thread in threading.enumerate() if thread.name == 'lasagne_ext prefetch']


@pytest.fixture(autouse=True)
def no_thread_stays():
    yield
    for thread in prefetchers():
        thread.join(10)
        assert not thread.is_alive()


class Stream:
    """A streaming data set that notes what has been read, and fails at one index."""

    def __init__(self, count, broken=None):
        self.count, self.broken, self.read = count, broken, []

    def __len__(self):
        return self.count

    def __getitem__(self, indices):
        self.read.append(np.asarray(indices).tolist())
        if self.broken in indices:
            raise OSError('the disk is on fire')
        return indices * 10., indices


@given(count=st.integers(1, 40), batch=st.integers(1, 40), seed=st.integers(0, 2 ** 32 - 1),
       epoch=st.integers(0, 1000), shuffle=st.booleans(), prefetch=st.integers(0, 3), streaming=st.booleans())
def test_every_sample_appears_once(count, batch, seed, epoch, shuffle, prefetch, streaming):
    data = Stream(count) if streaming else numbered(count)
    batch = min(batch, count)
    batches = list(minibatches(data, batch, shuffle, seed, epoch, prefetch))
    assert sorted(np.concatenate([labels for _, labels in batches])) == list(range(count))
    assert [len(labels) for _, labels in batches[:-1]] == [batch] * (len(batches) - 1)
    assert len(batches[-1][1]) == (count - 1) % batch + 1
    for inputs, labels in batches:
        assert (inputs.reshape(len(labels), -1)[:, 0] == labels * (10 if streaming else 2)).all()


def order(**options):
    return np.concatenate([labels for _, labels in minibatches(numbered(50), **options)]).tolist()


def test_order_follows_from_seed_and_epoch_alone():
    first = order(batch_size=7, seed=3, epoch=2)
    assert first == order(batch_size=50, seed=3, epoch=2, prefetch=0)
    assert first != order(batch_size=7, seed=3, epoch=3) and first != order(batch_size=7, seed=4, epoch=2)
    assert order(batch_size=7, seed=2, epoch=3) != first
    assert order(batch_size=7, shuffle=False, seed=3) == list(range(50))


def test_order_is_that_of_all_versions():
    """A checkpoint made with another NumPy must be resumed with the same batches."""
    assert order(batch_size=50, seed=1, epoch=5)[:6] == [31, 48, 19, 43, 18, 38]


@PREFETCHED
def test_a_batch_is_no_view(prefetch):
    data = numbered(4)
    for inputs, _ in minibatches(data, 4, shuffle=False, prefetch=prefetch):
        inputs[:] = -1
    assert data[0].min() == 0


def test_parts_of_any_kind():
    data = [{'left': np.arange(5), 'right': [[1], [2], [3], [4], [5]]}, np.arange(5)]
    inputs, targets = next(minibatches(data, 3, shuffle=False))
    assert inputs['left'].tolist() == targets.tolist() == [0, 1, 2]
    assert inputs['right'].tolist() == [[1], [2], [3]]
    images, = minibatches((np.arange(3),), 3, shuffle=False)
    assert len(images) == 1
    batch, = minibatches(Dataset(np.arange(3), np.arange(3)), 3)
    assert type(batch) is tuple


@PREFETCHED
def test_transform_repeats_with_its_epoch(prefetch):
    def transform(batch, rng):
        return batch[0] + rng.uniform(size=batch[0].shape), batch[1]

    def run(epoch):
        return np.concatenate([inputs for inputs, _ in minibatches(
            numbered(9), 4, False, seed=1, epoch=epoch, prefetch=prefetch, transform=transform)])
    assert (run(0) == run(0)).all() and (run(0) != run(1)).all()
    noise = run(0) - numbered(9)[0]
    assert len(np.unique(noise.round(9))) == noise.size


def test_batches_are_made_ahead_but_not_further():
    stream = Stream(100)
    batches = minibatches(stream, 10, shuffle=False, prefetch=2)
    for made in (2, 3):
        deadline = time.time() + 30
        while len(stream.read) < made and time.time() < deadline:
            time.sleep(.001)
        time.sleep(.02)
        assert len(stream.read) == made
        next(batches)
    batches.close()


def test_nothing_is_read_ahead_without_prefetch():
    stream = Stream(10)
    batches = minibatches(stream, 5, prefetch=0)
    assert not stream.read
    next(batches)
    assert len(stream.read) == 1 and not prefetchers()


@PREFETCHED
def test_an_exception_comes_with_its_batch_and_traceback(prefetch):
    batches = minibatches(Stream(10, broken=5), 2, shuffle=False, prefetch=prefetch)
    assert [labels.tolist() for _, labels in (next(batches), next(batches))] == [[0, 1], [2, 3]]
    with pytest.raises(OSError, match='on fire') as failure:
        next(batches)
    assert '__getitem__' in [frame.name for frame in traceback.extract_tb(failure.value.__traceback__)]
    with pytest.raises(StopIteration):
        next(batches)


def test_a_transform_that_stops_is_an_error():
    def transform(batch, rng):
        raise StopIteration
    with pytest.raises(RuntimeError):
        list(minibatches(numbered(4), 2, transform=transform))


def test_close_ends_the_thread():
    batches = minibatches(numbered(100), 1)
    next(batches)
    assert len(prefetchers()) == 1
    batches.close()
    assert not prefetchers()
    assert list(batches) == []
    batches.close()


def test_a_forgotten_iterator_ends_its_thread():
    for inputs, _ in minibatches(numbered(100), 1):
        thread, = prefetchers()
        break
    thread.join(10)
    assert not thread.is_alive()


def test_an_exception_in_the_loop_ends_the_thread():
    with pytest.raises(ZeroDivisionError):
        with contextlib.closing(minibatches(numbered(100), 1)) as batches:
            for inputs, _ in batches:
                1 / 0
    assert not prefetchers()


def test_an_iterator_used_up_ends_its_thread():
    batches = minibatches(numbered(3), 1)
    assert len(list(batches)) == 3 and not prefetchers()


@pytest.mark.parametrize('ending', ['', 'sys.exit(3)', 'raise ZeroDivisionError'])
def test_the_interpreter_ends_with_batches_left(run_python, ending):
    done = run_python('''
import sys, time
import numpy as np
from lasagne_ext.datasets import minibatches
def slow(batch, rng):
    time.sleep(.05)
    return batch
kept = minibatches((np.arange(1000),), 1, transform=slow, prefetch=2)
next(kept)
print('begun')
%s
''' % ending, check=False)
    assert done.stdout == 'begun\n'
    assert done.returncode == {'': 0, 'sys.exit(3)': 3}.get(ending, 1)
    assert 'Fatal' not in done.stderr and 'Exception ignored' not in done.stderr


class Leaky(Stream):
    """Leaves out all samples from some number on, as a folder does broken files."""

    def __getitem__(self, indices):
        return super().__getitem__(indices[indices < 3])


def test_what_a_data_set_leaves_out_makes_batches_smaller():
    sizes = [len(labels) for _, labels in minibatches(Leaky(8), 2, shuffle=False)]
    assert sizes == [2, 1]
    nothing = Leaky(8)
    nothing.__class__ = type('Empty', (Leaky,), {'__getitem__': lambda self, indices: (indices[:0],) * 2})
    with pytest.raises(ValueError, match='minibatches: not one of the samples could be read'):
        list(minibatches(nothing, 2))


@pytest.mark.parametrize('data, options, error, message', [
    (numbered(5), dict(batch_size=6), ValueError, 'batch_size is 6, but there are only 5 samples'),
    (numbered(5), dict(batch_size=0), ValueError, 'batch_size must be at least 1, got 0'),
    (numbered(5), dict(batch_size=-1), ValueError, 'batch_size must be at least 1, got -1'),
    (numbered(5), dict(batch_size=2.), TypeError, 'batch_size must be a whole number, got 2.0'),
    (numbered(5), dict(batch_size=2, prefetch=-1), ValueError, 'prefetch must be at least 0'),
    (numbered(5), dict(batch_size=2, seed=-1), ValueError, 'seed must be at least 0'),
    (numbered(5), dict(batch_size=2, seed=2 ** 32), ValueError, r'seed must be less than 2\*\*32'),
    (numbered(5), dict(batch_size=2, transform=3), TypeError, 'transform must be callable, got 3'),
    (numbered(0), dict(batch_size=1), ValueError, 'there are no samples'),
    ((np.arange(5), np.arange(4)), dict(batch_size=2), ValueError,
     r'data\[0\] has 5 entries, but data\[1\] has 4'),
    (({'a': np.arange(5), 'b': np.arange(4)},), dict(batch_size=2), ValueError,
     r"data\[0\]\['a'\] has 5 entries, but data\[0\]\['b'\] has 4"),
    ((), dict(batch_size=2), ValueError, 'at least one array'),
    ((np.arange(5), 3), dict(batch_size=2), TypeError, r'data\[1\] must be an array'),
    (([[1, 2], [3]], [1, 2]), dict(batch_size=2), TypeError, r'data\[0\] must be an array'),
    (np.arange(5), dict(batch_size=2), TypeError, r'a tuple of arrays, such as \(inputs, targets\)'),
    (7, dict(batch_size=2), TypeError, 'got int')])
@pytest.mark.filterwarnings('ignore:Creating an ndarray from ragged')
def test_refused_at_once(data, options, error, message):
    with pytest.raises(error, match='minibatches: .*' + message):
        minibatches(data, **options)
    assert not prefetchers()


@PREFETCHED
@pytest.mark.parametrize('transform, error, message', [
    (lambda batch, rng: (batch[0][:1], batch[1][:1]), ValueError, 'returned 1 samples for a batch of 2'),
    (lambda batch, rng: (batch[0][:1], batch[1]), ValueError, 'of unequal lengths: 1, 2'),
    (lambda batch, rng: batch[0], TypeError, 'ndarray, not a tuple of arrays'),
    (lambda batch, rng: None, TypeError, 'NoneType, not a tuple')])
def test_a_transform_that_returns_something_else(transform, error, message, prefetch):
    with pytest.raises(error, match='minibatches: .*' + message):
        next(minibatches(numbered(4), 2, transform=transform, prefetch=prefetch))


@pytest.mark.parametrize('labels, error, message', [
    ([0, 3], ValueError, 'label 3 of sample 1 is out of range: there are 3 classes, 0 to 2'),
    ([-1, 0], ValueError, 'label -1 of sample 0'),
    ([[0], [4]], ValueError, 'label 4 of sample 1'),
    ([0., 1.], TypeError, 'whole numbers, got float64')])
def test_labels_out_of_range(labels, error, message):
    with pytest.raises(error, match='fit: .*' + message):
        check_labels(labels, 3, 'fit')


def test_labels_in_range():
    check_labels(np.arange(3, dtype='uint8'), 3)
    check_labels([], 3)
