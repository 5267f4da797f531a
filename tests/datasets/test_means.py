"""The mean and standard deviation of data that come in batches; saved whole or not at all."""
import math
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasagne_ext.datasets import DatasetError, DatasetMean, compute_mean, load_digits, means

SHAPES = st.tuples(st.integers(1, 40), st.integers(1, 3), st.integers(1, 4), st.integers(1, 3))


@given(shape=SHAPES, batch=st.integers(1, 41), per=st.sampled_from(['pixel', 'channel']),
       offset=st.sampled_from([0., 1e6]), seed=st.integers(0, 99))
def test_equals_numpy(shape, batch, per, offset, seed):
    samples = np.random.RandomState(seed).normal(offset, 3, shape)
    axes = (0,) if per == 'pixel' else (0, 2, 3)
    found = compute_mean((samples, np.arange(len(samples))), per, std=True, batch_size=batch)
    keep = shape[1:] if per == 'pixel' else (shape[1], 1, 1)
    # Two passes, as numpy does, are exact to rounding; the offset costs its share of the digits.
    np.testing.assert_allclose(found.mean, samples.mean(axis=axes).reshape(keep), rtol=1e-14, atol=1e-13)
    np.testing.assert_allclose(found.std, samples.std(axis=axes).reshape(keep), rtol=1e-9, atol=1e-12)
    assert found.count == len(samples) and found.mean.dtype == found.std.dtype == 'float64'


@given(seed=st.integers(0, 999), batches=st.lists(st.integers(1, 60), min_size=2, max_size=4))
def test_batches_make_no_difference(seed, batches):
    """Not in the last bit, and that is right."""
    images = (np.random.RandomState(seed).randint(0, 256, (50, 3)) / np.float32(255)).astype('float32')
    found = [compute_mean(images, batch_size=batch).mean for batch in batches]
    assert all((mean == found[0]).all() for mean in found)
    assert found[0].tolist() == [math.fsum(column.tolist()) / 50 for column in images.T]


def test_merging_loses_nothing():
    """1e16 + 1 is 1e16 in float64; a plain sum would forget all thousand ones."""
    parts = [means.Moments(False) for _ in range(1001)]
    for part, value in zip(parts, [1e16] + [1.] * 1000):
        part.add(np.array([[value]]))
    for part in parts[1:]:
        parts[0].merge(part)
    assert parts[0].count == 1001 and parts[0].mean() == (10 ** 16 + 1000) / 1001


def test_large_samples_are_worked_on_in_pieces(monkeypatch):
    images = load_digits().images[:50]
    whole = compute_mean(images, std=True)
    monkeypatch.setattr(means, '_CHUNK_ENTRIES', 100)
    pieces = compute_mean(images, std=True)
    assert (whole.mean == pieces.mean).all()
    np.testing.assert_allclose(whole.std, pieces.std, rtol=1e-13)


def test_vectors_have_their_features_as_channels(rng):
    samples = rng.randn(20, 3)
    np.testing.assert_array_equal(compute_mean(samples, 'channel').mean, compute_mean(samples).mean)
    assert compute_mean(rng.randn(20)).mean.shape == ()


@pytest.mark.parametrize('per', ['pixel', 'channel'])
def test_normalized(rng, per):
    images = rng.uniform(size=(30, 3, 4, 5)).astype('float32')
    images[:, 1] = .25
    made = compute_mean(images, per, std=True).normalize(images)
    assert made.dtype == 'float32' and made.shape == images.shape
    axes = 0 if per == 'pixel' else (0, 2, 3)
    np.testing.assert_allclose(made.mean(axis=axes), 0, atol=1e-6)
    deviation = made.std(axis=axes)
    np.testing.assert_allclose(deviation[[0, 2]], 1, atol=1e-5)
    assert (made[:, 1] == 0).all()
    assert compute_mean(images, per).normalize(images.astype('float64')).dtype == 'float64'


@pytest.mark.parametrize('shape', [(3, 4, 5), (2, 3, 4, 4), (2, 1, 4, 5), ()])
def test_normalize_refuses_other_shapes(shape):
    mean = compute_mean(np.zeros((2, 3, 4, 5)))
    with pytest.raises(ValueError, match=r'DatasetMean: a mean of shape \(3, 4, 5\) fits'):
        mean.normalize(np.zeros(shape))


@pytest.mark.parametrize('std', [False, True])
def test_saved_and_loaded(tmp_path, std):
    path = tmp_path / 'mean.of.digits'
    mean = compute_mean(load_digits(), 'channel', std)
    for _ in range(2):
        mean.save(path)
        loaded = DatasetMean.load(str(path))
        assert (loaded.mean == mean.mean).all() and loaded.std == mean.std
        assert (loaded.count, loaded.per) == (1797, 'channel') and repr(loaded) == repr(mean)
    assert os.listdir(str(tmp_path)) == ['mean.of.digits']


@pytest.mark.parametrize('trouble', ['savez', 'fsync', 'replace'])
def test_nothing_half_written(tmp_path, monkeypatch, trouble):
    path = str(tmp_path / 'mean.npz')
    compute_mean(np.ones((2, 3))).save(path)

    def fail(target, *args, **kwargs):
        if trouble == 'savez':
            target.write(b'half of')
        raise OSError('no space left')
    monkeypatch.setattr(np if trouble == 'savez' else os, trouble, fail)
    with pytest.raises(OSError, match='no space left'):
        compute_mean(np.zeros((2, 3))).save(path)
    assert os.listdir(str(tmp_path)) == ['mean.npz'] and (DatasetMean.load(path).mean == 1).all()


@pytest.mark.parametrize('content', [b'', b'nonsense', b'PK\x03\x04', None, 'array', 'pickle', 'foreign',
                                     'std'])
def test_loading_something_else(tmp_path, content):
    path = tmp_path / 'mean.npz'
    if content == 'array':
        np.save(str(tmp_path / 'mean.npy'), np.zeros(3))
        path.write_bytes((tmp_path / 'mean.npy').read_bytes())
    elif content == 'pickle':
        np.savez(str(path), mean=np.array([None]), count=1, per='pixel')
    elif content == 'foreign':
        np.savez(str(path), W=np.zeros(3))
    elif content == 'std':
        np.savez(str(path), mean=np.zeros(3), std=np.zeros(4), count=1, per='pixel')
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(DatasetError, match='mean.npz: '):
        DatasetMean.load(str(path))


class Changing:
    def __len__(self):
        return 4

    def __getitem__(self, indices):
        return np.zeros((len(indices), 3 + indices[0])),


@pytest.mark.parametrize('data, options, error, message', [
    (np.zeros((0, 3)), {}, ValueError, 'there are no samples'),
    (np.array([[1.], [np.nan]]), {}, ValueError, 'NaN or Inf in samples 0 to 1'),
    (np.zeros((2, 3)), {'per': 'image'}, ValueError, "'pixel', 'channel', got 'image'"),
    (np.zeros((2, 3)), {'batch_size': 0}, ValueError, 'batch_size must be at least 1'),
    (({'a': np.zeros(3)},), {}, TypeError, 'dict of arrays'),
    (Changing(), {'batch_size': 2}, ValueError, r'of one shape, got \(3,\) and \(5,\)')])
def test_refused(data, options, error, message):
    with pytest.raises(error, match='compute_mean: .*' + message):
        compute_mean(data, **options)
