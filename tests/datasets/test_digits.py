"""Digits: what is read, and which files are refused."""
import gzip
import struct

import numpy as np
import pytest

from lasagne_ext.datasets import DatasetError, load_digits, load_mnist


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
    with pytest.raises(ValueError, match="must be one of 'train', 'test', got 'valid'"):
        load_mnist(str(mnist), 'valid')
