"""Data sets: what is read, what is refused, what is made of it."""
import gzip
import struct

import numpy as np
import pytest

from lasagne_ext.datasets import (Dataset, DatasetError, load_digits, load_mnist, scatter, split)


def idx(array):
    """An array of bytes as the content of an IDX file."""
    return struct.pack('>%dI' % (1 + array.ndim), 0x800 + array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def mnist(tmp_path, rng):
    """A folder of small MNIST files; the test half is gzipped."""
    for prefix, number in (('train', 7), ('t10k', 3)):
        images = rng.randint(0, 256, (number, 28, 28)).astype('uint8')
        labels = np.arange(number).astype('uint8')
        for name, array in (('images-idx3', images), ('labels-idx1', labels)):
            content = idx(array)
            path = tmp_path / ('%s-%s-ubyte' % (prefix, name))
            if prefix == 't10k':
                with gzip.open(str(path) + '.gz', 'wb') as f:
                    f.write(content)
            else:
                path.write_bytes(content)
    return tmp_path


def test_digits():
    digits = load_digits()
    assert digits.images.shape == (1797, 1, 8, 8) and digits.images.dtype == 'float32'
    assert digits.images.min() == 0 and digits.images.max() == 1
    assert np.bincount(digits.labels).min() > 170 and digits.labels.dtype == 'int32'


@pytest.mark.parametrize('subset, number', [('train', 7), ('test', 3)])
def test_mnist(mnist, subset, number):
    images, labels = load_mnist(str(mnist), subset)
    assert images.shape == (number, 1, 28, 28) and images.dtype == 'float32'
    assert 0 <= images.min() and images.max() <= 1 and images.max() > .9
    assert labels.tolist() == list(range(number)) and labels.dtype == 'int32'


def damage(folder, what):
    images, labels = folder / 'train-images-idx3-ubyte', folder / 'train-labels-idx1-ubyte'
    content = images.read_bytes()
    if what == 'truncated':
        images.write_bytes(content[:-1])
    elif what == 'too long':
        images.write_bytes(content + b'x')
    elif what == 'foreign':
        images.write_bytes(b'PNG' + content)
    elif what == 'empty':
        images.write_bytes(b'')
    elif what == 'exchanged':
        images.write_bytes(labels.read_bytes())
    elif what == 'missing':
        labels.unlink()
    elif what == 'unequal':
        labels.write_bytes(idx(np.arange(5).astype('uint8')))
    elif what == 'other size':
        images.write_bytes(idx(np.zeros((7, 28, 20), 'uint8')))
    elif what == 'no size':
        images.write_bytes(idx(np.zeros((7, 0, 0), 'uint8')))
    elif what == 'corrupt gzip':
        images.unlink()
        packed = bytearray(gzip.compress(content))
        packed[20:60] = b'x' * 40
        (folder / 'train-images-idx3-ubyte.gz').write_bytes(bytes(packed))
    elif what == 'label 10':
        labels.write_bytes(idx(np.arange(4, 11).astype('uint8')))
    elif what == 'broken gzip':
        images.unlink()
        (folder / 'train-images-idx3-ubyte.gz').write_bytes(gzip.compress(content)[:-20])
    elif what == 'not gzip':
        images.unlink()
        (folder / 'train-images-idx3-ubyte.gz').write_bytes(content)


@pytest.mark.parametrize('what, message', [
    ('truncated', 'images-idx3-ubyte: truncated: its header promises 5504 bytes, the file has 5503'),
    ('too long', 'too long: its header promises 5504 bytes, the file has 5505'),
    ('foreign', 'not an IDX file of images: it must start with the number 2051'),
    ('empty', 'not an IDX file of images'), ('exchanged', 'not an IDX file of images'),
    ('missing', 'labels-idx1-ubyte: there is no such file, with or without .gz'),
    ('unequal', '7 images, but 5 labels'), ('label 10', 'holds the label 10; digits go from 0 to 9'),
    ('other size', 'images of 28 x 20 pixels; those of MNIST have 28 x 28'),
    ('no size', 'images of 0 x 0 pixels'), ('corrupt gzip', 'cannot be read'),
    ('broken gzip', 'cannot be read'), ('not gzip', 'cannot be read')])
def test_bad_mnist_files(mnist, what, message):
    damage(mnist, what)
    with pytest.raises(DatasetError, match=message):
        load_mnist(str(mnist))


def test_missing_folder(tmp_path):
    with pytest.raises(DatasetError, match='there is no such folder'):
        load_mnist(str(tmp_path / 'nowhere'))


def test_unknown_subset(mnist):
    with pytest.raises(ValueError, match="must be 'train' or 'test', got 'valid'"):
        load_mnist(str(mnist), 'valid')


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


def test_scatter_repeats_with_its_seed():
    images = load_digits().images[:20]
    first, second, other = (scatter(images, np.random.RandomState(seed)) for seed in (1, 1, 2))
    assert first.shape == (20, 1, 40, 40) and first.dtype == 'float32'
    assert (first == second).all() and (first != other).any()
    assert first.min() >= 0 and first.max() <= 1


def test_scattered_digit_is_whole():
    """Its ink is that of the digit, times the area of a pixel: nothing has been cut off."""
    images = load_digits().images[:200]
    size = 20
    placed = scatter(images, np.random.RandomState(0), size=(size, size), clutter=0)
    ratio = placed.sum(axis=(1, 2, 3)) / images.sum(axis=(1, 2, 3))
    np.testing.assert_allclose(ratio, (size / 8) ** 2, rtol=.02)


def test_scattered_digit_is_turned_and_shifted():
    images = np.zeros((300, 1, 8, 8), dtype='float32')
    images[:, :, 1:-1, 3:5] = 1                                 # an upright bar
    placed = scatter(images, np.random.RandomState(0), clutter=0, rotation=60)[:, 0]
    weight = placed / placed.sum(axis=(1, 2), keepdims=True)
    y, x = np.mgrid[:40, :40]
    centre = np.stack([(weight * x).sum(axis=(1, 2)), (weight * y).sum(axis=(1, 2))])
    assert centre.std(axis=1).min() > 3
    dx, dy = x - centre[0][:, None, None], y - centre[1][:, None, None]
    xx, yy, xy = ((weight * a * b).sum(axis=(1, 2)) for a, b in ((dx, dx), (dy, dy), (dx, dy)))
    lean = np.rad2deg(np.arctan2(2 * xy, yy - xx)) / 2
    assert 50 < np.abs(lean).max() < 61 and abs(lean.mean()) < 8


def test_clutter_adds_ink_and_hides_nothing():
    images = load_digits().images[:50]
    bare = scatter(images, np.random.RandomState(0), clutter=0)
    full = scatter(images, np.random.RandomState(0), clutter=6)
    assert (full >= bare).all()
    assert (full.sum(axis=(1, 2, 3)) > bare.sum(axis=(1, 2, 3))).mean() > .9


def test_no_images():
    assert scatter(np.zeros((0, 1, 8, 8)), np.random.RandomState(0)).shape == (0, 1, 40, 40)


@pytest.mark.parametrize('shape, options', [
    ((2, 3, 8, 8), {}), ((2, 1, 8, 9), {}), ((2, 8, 8), {}), ((2, 1, 8, 8), {'size': (10, 50)}),
    ((2, 1, 8, 8), {'size': (20, 10)}), ((2, 1, 8, 8), {'piece': 41})])
def test_scatter_refuses_what_does_not_fit(shape, options):
    with pytest.raises(ValueError, match='scatter: '):
        scatter(np.zeros(shape), np.random.RandomState(0), **options)
