"""Data sets cut into parts: for training, validation and test."""
import numbers

import numpy as np

from lasagne_ext.datasets._data import Dataset, as_streaming, check_seed


class Subset:
    """Some samples of a streaming data set, which reads them when they are asked for.

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
        """The labels of these samples, if the data set has any."""
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
    sizes = _sizes(sizes, len(data), 'images' if isinstance(dataset, Dataset) else 'samples')
    rng = np.random.RandomState(check_seed('split', 'seed', seed))
    order = rng.permutation(len(data))
    if stratify:
        parts = [rng.permutation(part) for part in _stratified(order, _classes(data), sizes)]
    else:
        ends = np.cumsum(sizes)
        parts = np.split(order[:ends[-1]], ends[:-1])
    if data is dataset:
        return [Subset(dataset, part) for part in parts]
    return [data[part] for part in parts]


def _sizes(sizes, count, what):
    """The number of samples in each part."""
    sizes = list(sizes)
    if not sizes:
        raise ValueError('split: sizes must name at least one part, got none')
    if all(isinstance(size, numbers.Integral) and not isinstance(size, bool) for size in sizes):
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


def _classes(data):
    """The class of every sample, as numbers from 0 on."""
    labels = getattr(data, 'labels', None)
    labels = None if labels is None or isinstance(labels, dict) else np.asarray(labels)
    if labels is None or labels.ndim != 1 or labels.dtype.kind not in 'iubUS':
        raise TypeError('split: stratify needs a class for every sample: whole numbers or names, one each; '
                        'got %s' % ('no labels' if labels is None else
                                    '%s of shape %s' % (labels.dtype, labels.shape)))
    return np.unique(labels, return_inverse=True)[1]


def _stratified(order, classes, sizes):
    """Parts of `order` with the same mixture of classes, one class after the other."""
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
