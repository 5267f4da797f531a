"""Minibatches: which, in what order, made when, and what happens when something goes wrong."""
import contextlib
import multiprocessing
import os
import random
import signal
import threading
import time
import traceback
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasagne_ext import engine
from lasagne_ext.datasets import Dataset, DatasetWarning, check_labels, minibatches, split
from lasagne_ext.datasets.prefetch import can_fork

pytestmark = pytest.mark.filterwarnings('ignore:.*use of fork:DeprecationWarning')

FORKS = pytest.mark.skipif(not can_fork(), reason='processes are forked on Linux only')
PROCESS = pytest.param('process', marks=FORKS)
WORKERS = pytest.mark.parametrize('worker', ['thread', PROCESS])
PREFETCHED = pytest.mark.parametrize('ahead', [
    dict(prefetch=0), dict(prefetch=1, worker='thread'), dict(prefetch=3, worker='thread'),
    pytest.param(dict(prefetch=1, worker='process'), marks=FORKS),
    pytest.param(dict(prefetch=3, worker='process'), marks=FORKS)], ids=str)


def numbered(count):
    return np.arange(count * 2).reshape(count, 2), np.arange(count)


def prefetchers():
    """All threads and processes that make batches."""
    return [worker for worker in threading.enumerate() + multiprocessing.active_children()
            if worker.name == 'lasagne_ext prefetch']


@pytest.fixture(autouse=True)
def no_worker_stays():
    yield
    for worker in prefetchers():
        worker.join(10)
        assert not worker.is_alive()


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
def test_a_batch_is_no_view(ahead):
    data = numbered(8)
    kept = []
    for inputs, labels in minibatches(data, 4, shuffle=False, **ahead):
        inputs[:] = -1
        kept.append(labels)
    assert data[0].min() == 0
    assert np.concatenate(kept).tolist() == list(range(8))


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
def test_transform_repeats_with_its_epoch(ahead):
    def transform(batch, rng):
        return batch[0] + rng.uniform(size=batch[0].shape), batch[1]

    def run(epoch):
        return np.concatenate([inputs for inputs, _ in minibatches(
            numbered(9), 4, False, seed=1, epoch=epoch, transform=transform, **ahead)])
    assert (run(0) == run(0)).all() and (run(0) != run(1)).all()
    noise = run(0) - numbered(9)[0]
    assert len(np.unique(noise.round(9))) == noise.size


@WORKERS
def test_batches_are_made_ahead_but_not_further(worker, tmp_path):
    def transform(batch, rng):
        (tmp_path / str(batch[1][0])).touch()
        return batch

    batches = minibatches(Stream(100), 10, shuffle=False, prefetch=2, transform=transform, worker=worker)
    for made in (2, 3):
        deadline = time.time() + 30
        while len(list(tmp_path.iterdir())) < made and time.time() < deadline:
            time.sleep(.001)
        time.sleep(.02)
        assert len(list(tmp_path.iterdir())) == made
        next(batches)
    batches.close()


def test_nothing_is_read_ahead_without_prefetch():
    stream = Stream(10)
    batches = minibatches(stream, 5, prefetch=0)
    assert not stream.read
    next(batches)
    assert len(stream.read) == 1 and not prefetchers()


@PREFETCHED
def test_an_exception_comes_with_its_batch_and_traceback(ahead):
    batches = minibatches(Stream(10, broken=5), 2, shuffle=False, **ahead)
    assert [labels.tolist() for _, labels in (next(batches), next(batches))] == [[0, 1], [2, 3]]
    with pytest.raises(OSError, match='on fire') as failure:
        next(batches)
    told = ''.join(traceback.format_exception(type(failure.value), failure.value, failure.tb))
    assert 'in __getitem__' in told and told.rstrip().endswith('OSError: the disk is on fire')
    with pytest.raises(StopIteration):
        next(batches)


@PREFETCHED
def test_a_transform_that_stops_is_an_error(ahead):
    def transform(batch, rng):
        raise StopIteration
    with pytest.raises(RuntimeError):
        list(minibatches(numbered(4), 2, transform=transform, **ahead))


@WORKERS
def test_close_ends_the_work(worker):
    batches = minibatches(numbered(100), 1, worker=worker)
    next(batches)
    assert len(prefetchers()) == 1
    batches.close()
    assert not prefetchers()
    assert list(batches) == []
    batches.close()


@WORKERS
def test_a_forgotten_iterator_ends_its_work(worker):
    for inputs, _ in minibatches(numbered(100), 1, worker=worker):
        found, = prefetchers()
        break
    found.join(10)
    assert not found.is_alive()


@WORKERS
def test_an_exception_in_the_loop_ends_the_work(worker):
    with pytest.raises(ZeroDivisionError):
        with contextlib.closing(minibatches(numbered(100), 1, worker=worker)) as batches:
            for inputs, _ in batches:
                1 / 0
    assert not prefetchers()


@WORKERS
def test_an_iterator_used_up_ends_its_work(worker):
    batches = minibatches(numbered(3), 1, worker=worker)
    assert len(list(batches)) == 3 and not prefetchers()


@WORKERS
def test_iterators_side_by_side_end_in_any_order(worker):
    first, second = (minibatches(numbered(100), 1, shuffle=False, prefetch=2, worker=worker)
                     for _ in range(2))
    assert next(first)[1] == next(second)[1] == 0
    first.close()
    assert next(second)[1] == 1
    second.close()


def test_who_makes_them():
    def kind(data, **options):
        with contextlib.closing(minibatches(data, 1, **options)) as batches:
            found, = prefetchers()
            return 'thread' if isinstance(found, threading.Thread) else 'process'

    expected = 'process' if engine.functions_keep_lock() and can_fork() else 'thread'
    assert kind(numbered(4)) == 'thread'
    assert kind(Stream(4)) == kind(numbered(4), transform=lambda batch, rng: batch) == expected
    assert kind(Stream(4), worker='thread') == 'thread'


@FORKS
def test_everything_comes_back_from_a_process():
    class Here(np.ndarray):
        """A class that cannot be imported."""

    def transform(batch, rng):
        inputs = {'large': rng.uniform(size=(2, 300000)), 'none': np.zeros((2, 0)), 'turned': np.ones((3, 2)).T,
                  'text': np.array(['a', 'bc']), 'any': np.array([None, {1: 2}], dtype=object)}
        return inputs, batch[1]
    batches = [list(minibatches(numbered(6), 2, transform=transform, prefetch=2, **ahead))
               for ahead in (dict(worker='process'), dict(worker='thread'))]
    for (inputs, labels), (expected, same) in zip(*batches):
        assert labels.tolist() == same.tolist()
        for name, array in expected.items():
            assert inputs[name].dtype == array.dtype and inputs[name].flags.writeable
            assert inputs[name].tolist() == array.tolist()
    with pytest.raises((AttributeError, RuntimeError), match='Here'):
        list(minibatches(numbered(2), 2, worker='process',
                         transform=lambda batch, rng: (batch[0].view(Here), batch[1])))


@FORKS
@pytest.mark.parametrize('kept', [lambda batch: batch, lambda batch: batch[0][1:, :1], lambda batch: batch[1].T])
def test_what_is_kept_of_a_batch_stays(kept):
    data = np.arange(2000.).reshape(50, 40), np.arange(50)
    expected = [kept(batch) for batch in minibatches(data, 8, prefetch=0)]
    found = []
    for number, batch in enumerate(minibatches(data, 8, prefetch=3, worker='process')):
        if number % 3:
            found.append((number, kept(batch)))
        del batch
    for number, part in found:
        assert all((one == other).all() for one, other in zip(part, expected[number]))


@FORKS
def test_exceptions_that_cannot_be_pickled():
    class Here(Exception):
        pass

    def transform(batch, rng):
        raise Here('nobody knows this class')
    with pytest.raises(RuntimeError, match='Here: nobody knows this class'):
        list(minibatches(numbered(2), 2, transform=transform, worker='process'))


@FORKS
@pytest.mark.parametrize('made', [0, 2])
def test_a_process_that_is_killed(made):
    batches = minibatches(numbered(100), 1, worker='process')
    worker, = prefetchers()
    for _ in range(made):
        next(batches)
    os.kill(worker.pid, signal.SIGKILL)
    worker.join(10)
    with pytest.raises(RuntimeError, match='has ended unasked, with exit code -9'):
        list(batches)


@FORKS
def test_global_random_numbers_differ_between_epochs_and_repeat():
    def transform(batch, rng):
        return np.random.uniform(size=2), np.array([random.random()] * 2)

    def drawn(epoch):
        return np.concatenate(next(minibatches(numbered(2), 2, epoch=epoch, transform=transform,
                                               worker='process'))).tolist()
    before = np.random.get_state()[1].tolist()
    assert drawn(0) == drawn(0) and not set(drawn(0)) & set(drawn(1))
    assert np.random.get_state()[1].tolist() == before


@pytest.mark.parametrize('lose', [False, True])
@WORKERS
def test_what_is_skipped_is_known_here(worker, lose):
    class Skipping(Stream):
        skipped = {}

        def __getitem__(self, indices):
            for index in indices[indices > 4]:
                if index not in self.skipped:
                    self.skipped[index] = 'too large'
                    warnings.warn('left out: %d' % index, DatasetWarning)
            return super().__getitem__(indices[indices <= 4])

    data = Skipping(8)
    part, = split(data, (8,)) if lose else (data,)
    for times in (1, 2):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter('always', DatasetWarning)
            list(minibatches(part, 3, shuffle=False, worker=worker))
        told = [one for one in caught if one.category is DatasetWarning]
        assert len(told) == (3 if times == 1 else 0)
        assert data.skipped == dict.fromkeys((5, 6, 7), 'too large')


@pytest.mark.parametrize('worker', ['thread', PROCESS])
@pytest.mark.parametrize('ending', ['', 'sys.exit(3)', 'raise ZeroDivisionError', 'os.kill(os.getpid(), 9)'])
def test_the_interpreter_ends_with_batches_left(run_python, ending, worker, tmp_path):
    done = run_python('''
import os, sys, time, warnings
import numpy as np
from lasagne_ext.datasets import minibatches
def slow(batch, rng):
    time.sleep(.05)
    with open(%r, 'w') as f:
        f.write(str(os.getpid()))
    return batch
warnings.simplefilter('ignore', DeprecationWarning)
kept = minibatches((np.arange(1000),), 1, transform=slow, prefetch=2, worker=%r)
next(kept)
print('begun', flush=True)
%s
''' % (str(tmp_path / 'worker'), worker, ending), check=False)
    assert done.stdout == 'begun\n'
    assert done.returncode == {'': 0, 'sys.exit(3)': 3, 'os.kill(os.getpid(), 9)': -9}.get(ending, 1)
    assert 'Fatal' not in done.stderr and 'Exception ignored' not in done.stderr
    pid = int((tmp_path / 'worker').read_text())
    deadline = time.time() + 30
    while is_running(pid) and time.time() < deadline:
        time.sleep(.01)
    assert not is_running(pid)


def is_running(pid):
    """Whether there is such a process, and not only what is left of it until somebody asks."""
    try:
        with open('/proc/%d/stat' % pid) as f:
            return f.read().rpartition(')')[2].split()[0] != 'Z'
    except OSError:
        return False


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
    (numbered(5), dict(batch_size=2, worker='fork'), ValueError,
     "worker must be one of 'thread', 'process', got 'fork'"),
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
def test_a_transform_that_returns_something_else(transform, error, message, ahead):
    with pytest.raises(error, match='minibatches: .*' + message):
        next(minibatches(numbered(4), 2, transform=transform, **ahead))


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
