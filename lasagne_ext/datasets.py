"""Images to learn from: bundled digits, MNIST files, and digits scattered on a canvas."""
import gzip
import os
import struct
import zlib
from collections import namedtuple

import numpy as np

from lasagne_ext import kernels

#: Images ``(number, channels, rows, columns)``, float32 in [0, 1], and their labels, int32.
Dataset = namedtuple('Dataset', 'images labels')

_IDX_MAGIC = {'images': 2051, 'labels': 2049}
_MNIST_PREFIX = {'train': 'train', 'test': 't10k'}


class DatasetError(ValueError):
    """A data set cannot be read; the message names the file and what is wrong with it."""


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
    """
    if subset not in _MNIST_PREFIX:
        raise ValueError("load_mnist: subset must be 'train' or 'test', got %r" % (subset,))
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


def split(dataset, sizes, seed=0):
    """Shuffle a data set and cut it into parts.

    Parameters
    ----------
    dataset : Dataset
        What to cut.
    sizes : sequence of int
        Number of images in each part; together at most as many as there are.
    seed : int
        Of the shuffle.

    Returns
    -------
    list of Dataset

    Raises
    ------
    ValueError
        If the parts are larger than the whole.

    Examples
    --------
    >>> from lasagne_ext.datasets import load_digits, split
    >>> [len(part.labels) for part in split(load_digits(), (1297, 500))]
    [1297, 500]
    """
    if min(sizes) < 0 or sum(sizes) > len(dataset.labels):
        raise ValueError('split: sizes %r do not fit into %d images'
                         % (tuple(sizes), len(dataset.labels)))
    order = np.random.RandomState(seed).permutation(len(dataset.labels))
    ends = np.cumsum(sizes)
    return [Dataset(dataset.images[part], dataset.labels[part])
            for part in np.split(order[:ends[-1]], ends[:-1])]


def scatter(images, rng, canvas=40, size=(14, 24), rotation=60, clutter=6, piece=6):
    """Place every image on a larger canvas: turned, scaled, shifted, and among clutter.

    Parameters
    ----------
    images : array, (number, 1, rows, columns)
        Square images on a background of 0, float32.
    rng : numpy.random.RandomState
        Where all choices come from.
    canvas : int
        Rows and columns of the result.
    size : pair of float
        Smallest and largest edge of an image on the canvas, in pixels.
    rotation : float
        Largest angle either way, in degrees.
    clutter : int
        Number of distracting pieces of other images on each canvas.
    piece : int
        Rows and columns of such a piece.

    Returns
    -------
    array, (number, 1, canvas, canvas)
        float32. The whole image lies on the canvas, as far as its size allows.

    Raises
    ------
    ValueError
        If the images are not square, or a size does not fit on the canvas.

    Notes
    -----
    After the cluttered translated digits of Mnih et al. (2014) and Jaderberg et al. (2015),
    appendix A.2, with rotation and scale added.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne_ext.datasets import load_digits, scatter
    >>> scatter(load_digits().images[:5], np.random.RandomState(0)).shape
    (5, 1, 40, 40)
    """
    images = np.asarray(images, dtype='float32')
    if images.ndim != 4 or images.shape[1] != 1 or images.shape[2] != images.shape[3]:
        raise ValueError('scatter: images must have shape (number, 1, rows, rows), got %s'
                         % (images.shape,))
    if not 0 < size[0] <= size[1] <= canvas or not 0 < piece <= canvas:
        raise ValueError('scatter: size=%r and piece=%r must be positive and fit on a canvas of %d'
                         % (size, piece, canvas))
    number = len(images)
    placed = _place(images, rng, canvas, size, rotation)
    for _ in range(clutter):
        _add_pieces(placed, images[rng.permutation(number)], rng, size, piece)
    return placed


def _place(images, rng, canvas, size, rotation):
    """Each image somewhere on an empty canvas, turned and scaled."""
    edge = rng.uniform(size[0], size[1], len(images))
    angle = np.deg2rad(rng.uniform(-rotation, rotation, len(images)))
    # A turned square needs more room than its edge; where there is less, it stays in the middle.
    room = np.maximum(0, 1 - edge / canvas * (np.abs(np.cos(angle)) + np.abs(np.sin(angle))))
    turn = _rotation(angle)
    shift = rng.uniform(-1, 1, (len(images), 2)) * room[:, None]
    # Theta maps the canvas to the image: undo the shift, then the turn, then the scale.
    matrix = turn * (canvas / edge)[:, None, None]
    return _affine(images, matrix, -np.einsum('nij,nj->ni', matrix, shift), canvas)


def _add_pieces(canvases, sources, rng, size, piece):
    """Paste a turned square, cut from every source, at a random place of the canvas of its index."""
    number = len(canvases)
    edge = rng.uniform(size[0], size[1], number)
    turn = _rotation(rng.uniform(-np.pi, np.pi, number))
    cut = _affine(sources, turn * (piece / edge)[:, None, None], rng.uniform(-.5, .5, (number, 2)),
                  piece)
    corner = rng.randint(canvases.shape[2] - piece + 1, size=(2, number, 1, 1))
    at = (np.arange(number)[:, None, None], 0, corner[0] + np.arange(piece)[:, None],
          corner[1] + np.arange(piece))
    canvases[at] = np.maximum(canvases[at], cut[:, 0])


def _rotation(angle):
    """Matrices ``(number, 2, 2)`` that turn by `angle`."""
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([np.stack([cos, sin], -1), np.stack([-sin, cos], -1)], -2)


def _affine(images, matrix, shift, size):
    """Square views of the images, `size` pixels wide, nothing being outside them."""
    theta = np.concatenate([matrix, shift[:, :, None]], axis=2)
    mode = kernels.SamplingMode('affine', 'bilinear', 'zeros', False, 0.)
    return kernels.sample(images, theta, (size, size), mode)
