"""What all of the package shares: data sets, what is wrong with them, and checks of arguments."""
import numbers
from collections import namedtuple

import numpy as np


class Dataset(namedtuple('Dataset', 'images labels')):
    """Images and their labels; a tuple of the two.

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
    """A data set cannot be read; the message names the file and what is wrong with it."""


class DatasetWarning(UserWarning):
    """Part of a data set has been left out, as asked; the message says what and why."""


class Arrays:
    """Arrays of equal length as a streaming data set: ``__len__``, and a tuple for some indices.

    Parameters
    ----------
    where : str
        Who speaks in error messages.
    data : tuple or list
        Arrays, or dicts of arrays; inputs first, targets last.
    """

    def __init__(self, where, data):
        self.make = getattr(type(data), '_make', tuple)
        self.parts, lengths = [], []
        for number, part in enumerate(data):
            named = part if isinstance(part, dict) else {None: part}
            arrays = {key: _array(where, _place(number, key), array) for key, array in named.items()}
            lengths += [(_place(number, key), len(array)) for key, array in arrays.items()]
            self.parts.append(arrays if isinstance(part, dict) else arrays[None])
        if not lengths:
            raise ValueError('%s: data must hold at least one array, got %r' % (where, data))
        (first, self.length), *others = lengths
        for place, length in others:
            if length != self.length:
                raise ValueError('%s: all arrays must be of equal length; %s has %d entries, but %s has %d'
                                 % (where, first, self.length, place, length))

    def __len__(self):
        return self.length

    def __getitem__(self, indices):
        return self.make([{key: array[indices] for key, array in part.items()}
                          if isinstance(part, dict) else part[indices] for part in self.parts])

    @property
    def labels(self):
        """The last array."""
        return self.parts[-1]


def _place(number, key):
    return 'data[%d]' % number if key is None else 'data[%d][%r]' % (number, key)


def _array(where, place, value):
    try:
        array = np.asarray(value)
    except ValueError:                                          # lists of unequal lengths
        array = np.empty((), dtype=object)
    if array.ndim == 0 or array.dtype == object:
        raise TypeError('%s: %s must be an array with a first axis of samples, got %s'
                        % (where, place, type(value).__name__))
    return array


def as_streaming(where, data):
    """`data` as something with ``__len__`` and ``__getitem__(indices)`` that gives a tuple."""
    if isinstance(data, (tuple, list)):
        return Arrays(where, data)
    if isinstance(data, (np.ndarray, dict)) or not (hasattr(data, '__len__')
                                                    and hasattr(data, '__getitem__')):
        raise TypeError('%s: data must be a tuple of arrays, such as (inputs, targets) or (inputs,), or a '
                        'data set with __len__ and __getitem__; got %s' % (where, type(data).__name__))
    return data


def count_of(sample_part):
    """The number of samples in an array or a dict of arrays."""
    return len(next(iter(sample_part.values())) if isinstance(sample_part, dict) else sample_part)


def check_count(where, name, value, least=1):
    """`value` as an int, refused if it is no whole number from `least` on."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
        raise TypeError('%s: %s must be a whole number, got %r' % (where, name, value))
    if value < least:
        raise ValueError('%s: %s must be at least %d, got %d' % (where, name, least, value))
    return int(value)


def as_rng(where, rng):
    """A generator of random numbers: `rng` itself, or one that starts from it as a seed.

    It is NumPy's `RandomState`, whose numbers are the same in all versions of NumPy.
    """
    if isinstance(rng, np.random.RandomState):
        return rng
    if isinstance(rng, (bool, np.bool_)) or not isinstance(rng, numbers.Integral):
        raise TypeError('%s: rng must be a numpy.random.RandomState or a seed, got %r' % (where, rng))
    return np.random.RandomState(check_seed(where, 'rng', rng))


def check_seed(where, name, value):
    """`value` as an int, refused if `RandomState` cannot start from it."""
    value = check_count(where, name, value, least=0)
    if value >= 2 ** 32:
        raise ValueError('%s: %s must be less than 2**32, got %d' % (where, name, value))
    return value


def check_labels(labels, num_classes, where='check_labels'):
    """Refuse labels that are no classes.

    Parameters
    ----------
    labels : array of int, (number, ...)
        The class of every sample, or the classes of its parts.
    num_classes : int
        How many classes there are; they are 0 to ``num_classes - 1``.
    where : str
        Who speaks in error messages.

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
    num_classes = check_count(where, 'num_classes', num_classes)
    labels = np.asarray(labels)
    if labels.size and labels.dtype.kind not in 'iu':
        raise TypeError('%s: labels must be whole numbers, got %s' % (where, labels.dtype))
    wrong = np.argwhere((labels < 0) | (labels >= num_classes))
    if len(wrong):
        raise ValueError('%s: label %d of sample %d is out of range: there are %d classes, 0 to %d'
                         % (where, labels[tuple(wrong[0])], wrong[0][0], num_classes, num_classes - 1))
