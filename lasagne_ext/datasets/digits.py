"""Digits to learn from: those that come with scikit-learn, and MNIST's files."""
import gzip
import os
import struct
import zlib

import numpy as np

from lasagne_ext.checks import check_choice
from lasagne_ext.datasets.data import Dataset, DatasetError

_IDX_MAGIC = {'images': 2051, 'labels': 2049}
_MNIST_PREFIX = {'train': 'train', 'test': 't10k'}


def load_digits():
    """Load scikit-learn's bundled handwritten digits: 1797 real images of 8 x 8 pixels.

    Returns
    -------
    Dataset
        In the bundled order.

    Raises
    ------
    DatasetError
        If scikit-learn is not installed.

    Examples
    --------
    >>> from lasagne_ext.datasets import load_digits
    >>> load_digits().images.shape
    (1797, 1, 8, 8)
    """
    try:
        from sklearn import datasets
    except ImportError as error:
        raise DatasetError('the bundled digits need scikit-learn (%s); mend it with: '
                           "pip install 'lasagne-ext[demo]'" % error) from None
    bunch = datasets.load_digits()
    return Dataset((bunch.images[:, None] / 16).astype('float32'), bunch.target.astype('int32'))


def load_mnist(directory, subset='train'):
    """Load MNIST from its four files, as published, gzipped or not.

    Parameters
    ----------
    directory : str
        Folder that holds ``train-images-idx3-ubyte`` and its like, with or without ``.gz``.
    subset : {'train', 'test'}
        Which half.

    Returns
    -------
    Dataset
        60000 or 10000 images of 28 x 28 pixels.

    Raises
    ------
    DatasetError
        If the folder or a file is missing, truncated, or something else than it should be.

    Examples
    --------
    >>> from lasagne_ext.datasets import load_mnist
    >>> load_mnist('where/it/is/not')                           # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
        ...
    DatasetError: where/it/is/not: there is no such folder
    """
    check_choice('load_mnist', 'subset', subset, _MNIST_PREFIX)
    if not os.path.isdir(directory):
        raise DatasetError('%s: there is no such folder' % directory)
    prefix = os.path.join(directory, _MNIST_PREFIX[subset])
    images = _read_idx(prefix + '-images-idx3-ubyte', 'images')
    labels = _read_idx(prefix + '-labels-idx1-ubyte', 'labels')
    if images.shape[1:] != (28, 28):
        raise DatasetError('%s-images-idx3-ubyte: holds images of %d x %d pixels; those of MNIST have '
                           '28 x 28' % ((prefix,) + images.shape[1:]))
    if len(images) != len(labels):
        raise DatasetError('%s: %d images, but %d labels in the file beside it'
                           % (prefix, len(images), len(labels)))
    if len(labels) and labels.max() > 9:
        raise DatasetError('%s-labels-idx1-ubyte: holds the label %d; digits go from 0 to 9'
                           % (prefix, labels.max()))
    return Dataset((images[:, None] / np.float32(255)).astype('float32'), labels.astype('int32'))


def _read_idx(path, content):
    """Read an IDX file of unsigned bytes; its header tells what it is and how large."""
    for name, open_file in ((path, open), (path + '.gz', gzip.open)):
        if os.path.exists(name):
            path = name
            break
    else:
        raise DatasetError('%s: there is no such file, with or without .gz' % path)
    try:
        with open_file(path, 'rb') as f:
            data = f.read()
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError('%s: cannot be read: %s' % (path, error)) from None
    dimensions = 3 if content == 'images' else 1
    header = 4 * (1 + dimensions)
    if len(data) < header or struct.unpack('>I', data[:4])[0] != _IDX_MAGIC[content]:
        raise DatasetError('%s: not an IDX file of %s: it must start with the number %d'
                           % (path, content, _IDX_MAGIC[content]))
    shape = struct.unpack('>%dI' % dimensions, data[4:header])
    expected = header + int(np.prod(shape, dtype='int64'))
    if len(data) != expected:
        raise DatasetError('%s: %s: its header promises %d bytes, the file has %d'
                           % (path, 'truncated' if len(data) < expected else 'too long',
                              expected, len(data)))
    return np.frombuffer(data, dtype='uint8', offset=header).reshape(shape)
