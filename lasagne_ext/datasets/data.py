"""Data sets, in memory or streaming: their errors, their parts, and what is changed when they are read.

A streaming data set is any object with ``__len__`` and ``__getitem__(indices)`` that gives a tuple.
"""
import numbers
from collections import namedtuple

import numpy as np

from lasagne_ext.checks import check_count, is_whole


class Dataset(namedtuple('Dataset', 'images labels')):
    """Tuple of images and their labels.

    Attributes
    ----------
    images : array, (number, channels, rows, columns)
        float32 in [0, 1].
    labels : array, (number,)
        int32.

    Examples
    --------
    >>> from lasagne_ext.datasets import load_digits
    >>> images, labels = load_digits()
    >>> images.shape, labels.shape
    ((1797, 1, 8, 8), (1797,))
    """

    __slots__ = ()

    def __repr__(self):
        return '<Dataset: %s>' % ', '.join('%s %s %s' % (name, np.shape(part), getattr(part, 'dtype', ''))
                                           for name, part in zip(self._fields, self))


class DatasetError(ValueError):
    """Raised if a data set cannot be read; the message names the file and what is wrong with it."""


class DatasetWarning(UserWarning):
    """Warn that part of a data set has been left out, as asked; the message says what and why."""


class Arrays:
    """Streaming data set of arrays of equal length.

    Parameters
    ----------
    caller : str
        Name to show in error messages.
    data : tuple or list
        Arrays, or dicts of arrays; inputs first, targets last.
    """

    def __init__(self, caller, data):
        self.make = getattr(type(data), '_make', tuple)
        self.parts, lengths = [], []
        for number, part in enumerate(data):
            named = part if isinstance(part, dict) else {None: part}
            arrays = {key: _array(caller, _part_name(number, key), array) for key, array in named.items()}
            lengths += [(_part_name(number, key), len(array)) for key, array in arrays.items()]
            self.parts.append(arrays if isinstance(part, dict) else arrays[None])
        if not lengths:
            raise ValueError('%s: data must hold at least one array, got %r' % (caller, data))
        (first, self.length), *others = lengths
        for place, length in others:
            if length != self.length:
                raise ValueError('%s: all arrays must be of equal length; %s has %d entries, but %s has %d'
                                 % (caller, first, self.length, place, length))

    def __len__(self):
        return self.length

    def __getitem__(self, indices):
        return self.make([{key: array[indices] for key, array in part.items()}
                          if isinstance(part, dict) else part[indices] for part in self.parts])

    @property
    def labels(self):
        """Labels: the last array."""
        return self.parts[-1]


def _part_name(number, key):
    return 'data[%d]' % number if key is None else 'data[%d][%r]' % (number, key)


def _array(caller, place, value):
    try:
        array = np.asarray(value)
    except ValueError:                                          # lists of unequal lengths
        array = np.empty((), dtype=object)
    if array.ndim == 0 or array.dtype == object:
        raise TypeError('%s: %s must be an array with a first axis of samples, got %s'
                        % (caller, place, type(value).__name__))
    return array


def as_streaming(caller, data):
    """Return `data` as a streaming data set; refuse what is none and no tuple of arrays."""
    if isinstance(data, (tuple, list)):
        return Arrays(caller, data)
    if isinstance(data, (np.ndarray, dict)) or not (hasattr(data, '__len__')
                                                    and hasattr(data, '__getitem__')):
        raise TypeError('%s: data must be a tuple of arrays, such as (inputs, targets) or (inputs,), or a '
                        'data set with __len__ and __getitem__; got %s' % (caller, type(data).__name__))
    return data


def count_of(sample_part):
    """Return the number of samples in an array or a dict of arrays."""
    return len(next(iter(sample_part.values())) if isinstance(sample_part, dict) else sample_part)


def as_rng(caller, rng):
    """Return `rng` itself if it is a `RandomState`, or one that starts from it as a seed.

    The numbers of a `RandomState` are the same in all versions of NumPy.
    """
    if isinstance(rng, np.random.RandomState):
        return rng
    if not is_whole(rng):
        raise TypeError('%s: rng must be a numpy.random.RandomState or a seed, got %r' % (caller, rng))
    return np.random.RandomState(check_seed(caller, 'rng', rng))


def check_seed(caller, name, value):
    """Return `value` as an int; refuse it if `RandomState` cannot start from it."""
    value = check_count(caller, name, value, least=0)
    if value >= 2 ** 32:
        raise ValueError('%s: %s must be less than 2**32, got %d' % (caller, name, value))
    return value


def check_labels(labels, num_classes, caller='check_labels'):
    """Refuse labels that are no classes.

    Parameters
    ----------
    labels : array of int, (number, ...)
        The class of every sample, or the classes of its parts.
    num_classes : int
        How many classes there are; they are 0 to ``num_classes - 1``.
    caller : str
        Name to show in error messages.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If one of them is out of range; the message says which.

    Examples
    --------
    >>> from lasagne_ext.datasets import check_labels
    >>> check_labels([0, 9, 3], 10)
    >>> check_labels([0, 10, 3], 10)
    Traceback (most recent call last):
        ...
    ValueError: check_labels: label 10 of sample 1 is out of range: there are 10 classes, 0 to 9
    """
    num_classes = check_count(caller, 'num_classes', num_classes)
    labels = np.asarray(labels)
    if labels.size and labels.dtype.kind not in 'iu':
        raise TypeError('%s: labels must be whole numbers, got %s' % (caller, labels.dtype))
    wrong = np.argwhere((labels < 0) | (labels >= num_classes))
    if len(wrong):
        raise ValueError('%s: label %d of sample %d is out of range: there are %d classes, 0 to %d'
                         % (caller, labels[tuple(wrong[0])], wrong[0][0], num_classes, num_classes - 1))


class Mapped:
    """Data set of which every batch goes through a function. Made by :func:`mapped`.

    Parameters
    ----------
    dataset : object
        With ``__len__`` and ``__getitem__(indices)``.
    function : callable
        ``function(batch)``, a tuple in, a tuple out.

    Examples
    --------
    >>> from lasagne_ext.datasets import Mapped, load_digits
    >>> class Stream:
    ...     def __len__(self):
    ...         return 3
    ...     def __getitem__(self, indices):
    ...         return load_digits().images[indices],
    >>> Mapped(Stream(), lambda batch: (batch[0] - .5,))[:2][0].shape
    (2, 1, 8, 8)
    """

    def __init__(self, dataset, function):
        self.dataset, self.function = dataset, function

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, indices):
        return self.function(self.dataset[np.atleast_1d(np.arange(len(self))[indices])])

    def __getattr__(self, name):
        # Only called for what is not found here: `classes`, `labels`, `skipped`. The shape may be another.
        if name in ('dataset', 'image_shape'):
            raise AttributeError(name)
        return getattr(self.dataset, name)

    def __repr__(self):
        return '<Mapped: %s of %r>' % (getattr(self.function, '__name__', repr(self.function)), self.dataset)


def mapped(data, function):
    """Pass every batch of a data set through a function when it is read.

    What training, validation and prediction must all see, such as images without their mean, is done here;
    what only training sees, such as distortions, is a `transform` of :func:`minibatches`.

    Parameters
    ----------
    data : tuple of arrays, or streaming data set
        What to change; nothing is read yet.
    function : callable
        ``function(batch)`` is given a tuple of arrays and returns one, of as many samples. Always the same
        for the same samples: how they are put into batches must not matter.

    Returns
    -------
    Mapped
        A streaming data set, for :func:`minibatches`, :func:`split`, :func:`compute_mean` and training.

    Raises
    ------
    TypeError
        If `function` cannot be called, or `data` are no data set.

    Examples
    --------
    >>> from lasagne_ext.datasets import compute_mean, load_digits, mapped
    >>> digits = load_digits()
    >>> mean = compute_mean(digits, per='channel')
    >>> normalised = mapped(digits, lambda batch: (mean.normalize(batch.images), batch.labels))
    >>> images, labels = normalised[:100]
    >>> images.shape, bool(images.min() < 0)
    ((100, 1, 8, 8), True)
    """
    if not callable(function):
        raise TypeError('mapped: function must be callable, got %r' % (function,))
    return Mapped(as_streaming('mapped', data), function)


class Subset:
    """Part of a streaming data set, read when samples of it are asked for.

    Parameters
    ----------
    dataset : object
        With ``__len__`` and ``__getitem__(indices)``.
    indices : array of int
        Which samples, in order.

    Examples
    --------
    >>> from lasagne_ext.datasets import Subset, load_digits
    >>> class Stream:
    ...     def __len__(self):
    ...         return 1797
    ...     def __getitem__(self, indices):
    ...         return load_digits().images[indices]
    >>> len(Subset(Stream(), [3, 5])), Subset(Stream(), [3, 5])[:1].shape
    (2, (1, 1, 8, 8))
    """

    def __init__(self, dataset, indices):
        self.dataset, self.indices = dataset, np.asarray(indices)

    def __len__(self):
        return len(self.indices)

    def __getitem__(self, indices):
        return self.dataset[np.atleast_1d(self.indices[indices])]

    def __getattr__(self, name):
        # Only called for what is not found here: `classes`, `image_shape` and the like.
        if name in ('dataset', 'labels'):
            raise AttributeError(name)
        return getattr(self.dataset, name)

    @property
    def labels(self):
        """Labels of these samples, if the data set has any."""
        return np.asarray(self.dataset.labels)[self.indices]

    def __repr__(self):
        return '<Subset: %d of %r>' % (len(self), self.dataset)


def split(dataset, sizes, seed=0, stratify=False):
    """Shuffle a data set and cut it into parts.

    Parameters
    ----------
    dataset : Dataset, tuple of arrays, or streaming data set
        What to cut. Of a streaming one nothing is read.
    sizes : sequence of int or of float
        Number of samples in each part, together at most as many as there are; or the parts' shares of
        the whole, together at most 1.
    seed : int
        Of the shuffle.
    stratify : bool
        Give every part the same mixture of classes, as nearly as whole samples allow. Classes are the
        last array of a tuple, the attribute `labels` of a streaming data set.

    Returns
    -------
    list
        Of what was cut: Dataset, tuple of arrays, or Subset (streaming as well). No sample is in two
        parts.

    Raises
    ------
    TypeError
        If sizes are neither all whole numbers nor all shares, or there are no labels to stratify by.
    ValueError
        If the parts are larger than the whole, or a share is so small that its part has no sample.

    Notes
    -----
    The same data, sizes and seed always give the same parts. With `stratify`, part after part takes of
    every class its share of what is left, rounded down, and the samples still missing come from the
    classes that were rounded down most.

    Examples
    --------
    >>> from lasagne_ext.datasets import load_digits, split
    >>> [len(part.labels) for part in split(load_digits(), (1297, 500))]
    [1297, 500]
    >>> training, validation, test = split(load_digits(), (.7, .15, .15), stratify=True)
    >>> [len(part.labels) for part in (training, validation, test)]
    [1258, 269, 270]
    """
    data = as_streaming('split', dataset)
    sizes = _sample_counts(sizes, len(data), 'images' if isinstance(dataset, Dataset) else 'samples')
    rng = np.random.RandomState(check_seed('split', 'seed', seed))
    order = rng.permutation(len(data))
    if stratify:
        parts = [rng.permutation(part) for part in _stratify(order, _class_numbers(data), sizes)]
    else:
        ends = np.cumsum(sizes)
        parts = np.split(order[:ends[-1]], ends[:-1])
    if data is dataset:
        return [Subset(dataset, part) for part in parts]
    return [data[part] for part in parts]


def _sample_counts(sizes, count, what):
    """Return the number of samples in each part."""
    sizes = list(sizes)
    if not sizes:
        raise ValueError('split: sizes must name at least one part, got none')
    if all(map(is_whole, sizes)):
        if min(sizes) < 0 or sum(sizes) > count:
            raise ValueError('split: sizes %r do not fit into %d %s' % (tuple(sizes), count, what))
        return [int(size) for size in sizes]
    if not all(isinstance(size, numbers.Real) and not isinstance(size, numbers.Integral) for size in sizes):
        raise TypeError('split: sizes must be whole numbers of samples, or shares of the whole such as '
                        '(.8, .2), got %r' % (tuple(sizes),))
    # What shares such as .7, .2 and .1 miss of 1 by rounding must not cost a sample.
    if not min(sizes) > 0 or not sum(sizes) <= 1 + 1e-9:
        raise ValueError('split: shares must be positive and make at most 1 together, got %r'
                         % (tuple(sizes),))
    ends = np.minimum(np.floor(np.cumsum(sizes) * count + .5), count).astype(int)
    counts = np.diff(ends, prepend=0)
    if not counts.all():
        raise ValueError('split: the share %r of %d %s is none at all'
                         % (sizes[int(np.argmin(counts))], count, what))
    return counts.tolist()


def _class_numbers(data):
    """Return the class of every sample, as numbers from 0 on."""
    labels = getattr(data, 'labels', None)
    labels = None if labels is None or isinstance(labels, dict) else np.asarray(labels)
    if labels is None or labels.ndim != 1 or labels.dtype.kind not in 'iubUS':
        raise TypeError('split: stratify needs a class for every sample: whole numbers or names, one each; '
                        'got %s' % ('no labels' if labels is None else
                                    '%s of shape %s' % (labels.dtype, labels.shape)))
    return np.unique(labels, return_inverse=True)[1]


def _stratify(order, classes, sizes):
    """Cut `order` into parts with the same mixture of classes, one class after the other."""
    members = [order[classes[order] == label] for label in range(classes.max(initial=-1) + 1)]
    left = np.array([len(those) for those in members], dtype=int)
    parts = []
    for size in sizes:
        quota = size * left / max(1, left.sum())
        taken = np.floor(quota).astype(int)
        most = np.argsort(taken - quota, kind='stable')
        taken[most[:size - taken.sum()]] += 1
        begin = [len(those) - rest for those, rest in zip(members, left)]
        parts.append(np.concatenate([those[start:start + number] for those, start, number in
                                     zip(members, begin, taken)] or [order[:0]]))
        left = left - taken
    return parts
