"""Data sets changed on the way: normalised, reshaped, their labels made something else."""
import numpy as np

from lasagne_ext.datasets._data import as_streaming


class Mapped:
    """A data set of which every batch goes through a function. Made by :func:`mapped`.

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
    """A data set of which every batch goes through a function when it is read.

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
