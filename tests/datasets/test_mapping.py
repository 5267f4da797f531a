"""Data sets of which every batch goes through a function."""
import numpy as np
import pytest

from lasagne_ext.datasets import compute_mean, load_digits, mapped, minibatches, split


def halved(batch):
    return batch[0] / 2., batch[1]


def test_every_way_of_reading_goes_through_it():
    data = np.arange(12.).reshape(6, 2), np.array([0, 1, 0, 1, 0, 1])
    half = mapped(data, halved)
    assert len(half) == 6 and half.labels.tolist() == data[1].tolist() and 'halved' in repr(half)
    for indices in (slice(1, 3), np.array([5, 0]), 4, -1, np.arange(6) > 2):
        images, labels = half[indices]
        assert (images == np.atleast_2d(data[0][indices]) / 2).all()
        assert (labels == np.atleast_1d(data[1][indices])).all()
    read = np.concatenate([images for images, _ in minibatches(half, 4, shuffle=False)])
    assert (read == data[0] / 2).all()
    training, test = split(half, (4, 2), stratify=True)
    assert training.labels.sum() == 2 and (test[:][0] == data[0][test.indices] / 2).all()


def test_nothing_is_read_before_it_is_asked_for():
    class Unread:
        classes = ('ape', 'bee')
        image_shape = (1, 2, 2)

        def __len__(self):
            return 3

        def __getitem__(self, indices):
            raise AssertionError('read')

    data = mapped(Unread(), halved)
    assert len(data) == 3 and data.classes == ('ape', 'bee')
    assert not hasattr(data, 'image_shape') and not hasattr(data, 'labels')


def test_the_mean_of_what_has_been_normalised_is_zero():
    digits = load_digits()
    mean = compute_mean(digits, per='channel', std=True)
    again = compute_mean(mapped(digits, lambda batch: (mean.normalize(batch.images), batch.labels)),
                         per='channel', std=True)
    assert abs(again.mean).max() < 1e-5 and abs(again.std - 1).max() < 1e-4


@pytest.mark.parametrize('data, function, message', [
    ((np.arange(3),), None, 'mapped: function must be callable, got None'),
    (3, halved, 'mapped: data must be a tuple of arrays')])
def test_refused(data, function, message):
    with pytest.raises(TypeError, match=message):
        mapped(data, function)
