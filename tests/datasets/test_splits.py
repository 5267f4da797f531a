"""Data sets cut into parts, by numbers, by shares, with equal mixtures of classes."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasagne_ext.datasets import Dataset, Subset, minibatches, split


class Stream:
    """Reads nothing but what is asked for."""

    classes = 'abc'

    def __init__(self, labels):
        self.labels, self.read = np.array(labels), 0

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, indices):
        indices = np.arange(len(self))[indices]
        self.read += indices.size
        return indices, self.labels[indices]


def data_of(labels):
    return Dataset(np.arange(len(labels)), np.array(labels))


@given(labels=st.lists(st.integers(0, 4), min_size=1, max_size=60),
       cuts=st.lists(st.floats(0, 1), min_size=0, max_size=3), seed=st.integers(0, 99))
def test_stratified_parts_have_the_same_mixture(labels, cuts, seed):
    ends = np.sort([int(cut * len(labels)) for cut in cuts] + [len(labels)])
    sizes = np.diff(ends, prepend=0).tolist()
    parts = split(data_of(labels), sizes, seed, stratify=True)
    assert [len(part.labels) for part in parts] == sizes
    assert sorted(np.concatenate([part.images for part in parts])) == list(range(len(labels)))
    left = np.bincount(labels, minlength=5)
    for part, size in zip(parts, sizes):
        assert (np.array(labels)[part.images] == part.labels).all()
        taken = np.bincount(part.labels, minlength=5)
        assert (np.abs(taken - size * left / max(1, left.sum())) < 1).all()
        left = left - taken


def test_shares_use_every_sample():
    for count in range(10, 60):
        parts = split(data_of([0] * count), (.7, .2, .1))
        sizes = [len(part.labels) for part in parts]
        assert sum(sizes) == count and np.abs(np.array(sizes) - count * np.array([.7, .2, .1])).max() <= 1
    assert [len(part.labels) for part in split(data_of([0] * 10), (.5, .3))] == [5, 3]


def test_stratified_parts_are_in_random_order():
    alike = [0, 0]
    for seed in range(100):
        for number, part in enumerate(split(data_of([0] * 50 + [1] * 50), (60, 40), seed, stratify=True)):
            alike[number] += part.labels[0] == part.labels[1]
    assert 30 < min(alike) and max(alike) < 70

    part, = split(data_of([0] * 50 + [1] * 50), (100,), stratify=True)
    assert 30 < np.count_nonzero(np.diff(part.labels)) < 70
    again, = split(data_of([0] * 50 + [1] * 50), (100,), stratify=True)
    assert (part.images == again.images).all()


def test_tuples_stay_tuples():
    parts = split((np.arange(10), {'mask': np.arange(10)}, np.arange(10) % 2), (6, 4), stratify=True)
    assert [type(part) for part in parts] == [tuple, tuple]
    assert (parts[0][0] == parts[0][1]['mask']).all() and parts[0][2].sum() == 3


@pytest.mark.parametrize('stratify', [False, True])
def test_streaming_parts_read_nothing_until_asked(stratify):
    stream = Stream([0, 1, 2] * 10)
    training, test = split(stream, (.8, .2), stratify=stratify)
    assert stream.read == 0 and isinstance(training, Subset)
    assert training.classes == 'abc' and len(training) == 24
    indices, labels = training[np.array([3, 1])]
    assert stream.read == 2 and (indices % 3 == labels).all()
    seen = [np.concatenate([batch[0] for batch in minibatches(part, 5)]) for part in (training, test)]
    assert sorted(np.concatenate(seen)) == list(range(30))
    assert (training.labels == training[:][1]).all()
    if stratify:
        assert np.bincount(test.labels).tolist() == [2, 2, 2]
    assert training[0][0].shape == (1,) and '24 of' in repr(training)


def test_parts_of_parts():
    first, _ = split(Stream(range(10)), (8, 2))
    half, other = split(first, (.5, .5))
    assert len(set(half.labels) | set(other.labels)) == 8 and not hasattr(half, 'nonsense')


@pytest.mark.parametrize('sizes, options, error, message', [
    ((.5, 5), {}, TypeError, 'whole numbers of samples, or shares'),
    ((), {}, ValueError, 'at least one part'),
    ((.8, .3), {}, ValueError, 'at most 1 together'), ((-.1, .3), {}, ValueError, 'must be positive'),
    ((float('nan'),), {}, ValueError, 'must be positive'),
    ((.96, .04), {}, ValueError, 'share 0.04 of 10 images is none at all'),
    ((True, 2), {}, TypeError, 'whole numbers'), ((5, 5), {'seed': -1}, ValueError, 'seed must be')])
def test_refused(sizes, options, error, message):
    with pytest.raises(error, match='split: .*' + message):
        split(data_of(range(10)), sizes, **options)


@pytest.mark.parametrize('labels', [np.linspace(0, 1, 6), np.zeros((6, 2), int), {'a': np.arange(6)}])
def test_refused_to_stratify(labels):
    with pytest.raises(TypeError, match='split: stratify needs a class for every sample'):
        split((np.arange(6), labels), (3, 3), stratify=True)


def test_refused_without_labels():
    stream = Stream([0, 1])
    del stream.labels
    stream.__class__ = type('Bare', (Stream,), {'__len__': lambda self: 2})
    with pytest.raises(TypeError, match='got no labels'):
        split(stream, (1, 1), stratify=True)


def numbered(number):
    return Dataset(np.arange(number, dtype='float32').reshape(-1, 1, 1, 1), np.arange(number))


def test_split_shares_nothing_and_repeats():
    first, second = split(numbered(10), (6, 3), seed=3)
    assert (len(first.labels), len(second.labels)) == (6, 3)
    assert len(set(first.labels) | set(second.labels)) == 9
    assert (first.images.ravel() == first.labels).all()
    assert (split(numbered(10), (6, 3), seed=3)[0].labels == first.labels).all()
    assert (split(numbered(10), (6, 3), seed=4)[0].labels != first.labels).any()


@pytest.mark.parametrize('sizes', [(6, 5), (-1, 3)])
def test_split_refuses_what_does_not_fit(sizes):
    with pytest.raises(ValueError, match='do not fit into 10 images'):
        split(numbered(10), sizes)
