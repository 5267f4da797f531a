"""Compute the mean and the standard deviation of a data set, batch by batch."""
import os
import zipfile

import numpy as np

from lasagne_ext._files import whole_file
from lasagne_ext.checks import check_choice, check_count
from lasagne_ext.datasets.data import DatasetError, as_streaming

#: Numbers worked on at a time, so that float64 copies of a batch stay small.
_CHUNK_ENTRIES = 1 << 22
_PER = ('pixel', 'channel')


class DatasetMean:
    """Mean of a data set's samples, and if asked for their standard deviation.

    What :func:`compute_mean` returns.

    Attributes
    ----------
    mean : array, float64
        Of a sample's shape; per channel, 1 along all axes but the first.
    std : array, float64, or None
        Of the same shape: the root of the mean square deviation from `mean`.
    count : int
        How many samples it is made of.
    per : {'pixel', 'channel'}

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne_ext.datasets import compute_mean
    >>> mean = compute_mean(np.arange(8.).reshape(2, 1, 2, 2))
    >>> mean.count, mean.mean.tolist()
    (2, [[[2.0, 3.0], [4.0, 5.0]]])
    """

    def __init__(self, mean, std, count, per):
        self.mean, self.std, self.count, self.per = mean, std, count, per

    def normalize(self, samples):
        """Subtract the mean and, if it is known, divide by the standard deviation.

        Parameters
        ----------
        samples : array, (number, ...)
            Of the shape that the data set has.

        Returns
        -------
        array
            Of the same shape; float32, or float64 for float64. What never varies is not divided.
        """
        samples = np.asarray(samples)
        inner = samples.shape[1:]
        if len(inner) != self.mean.ndim or any(size not in (1, own)
                                               for size, own in zip(self.mean.shape, inner)):
            raise ValueError('DatasetMean: a mean of shape %s fits samples of that shape, got an array of '
                             'shape %s' % (self.mean.shape, samples.shape))
        dtype = 'float64' if samples.dtype == 'float64' else 'float32'
        result = samples.astype(dtype) - self.mean.astype(dtype)
        if self.std is not None:
            result /= np.where(self.std > 0, self.std, 1).astype(dtype)
        return result

    def save(self, path):
        """Write an ``.npz`` file: all of it or nothing.

        Parameters
        ----------
        path : str
            Its name, used as it is. A file of that name is replaced in the end, in one step.
        """
        path = os.fspath(path)
        arrays = {'mean': self.mean, 'count': self.count, 'per': self.per}
        if self.std is not None:
            arrays['std'] = self.std
        with whole_file(path) as unfinished, open(unfinished, 'wb') as f:
            np.savez(f, **arrays)

    @classmethod
    def load(cls, path):
        """Read what :meth:`save` wrote.

        Parameters
        ----------
        path : str
            Name of the file.

        Returns
        -------
        DatasetMean

        Raises
        ------
        DatasetError
            If the file is missing, damaged, or something else.
        """
        try:
            with np.load(path, allow_pickle=False) as found:
                mean, std = found['mean'], found['std'] if 'std' in found.files else None
                count, per = int(found['count']), str(found['per'])
        except (OSError, EOFError, KeyError, ValueError, TypeError, AttributeError,
                zipfile.BadZipFile) as error:
            raise DatasetError('%s: cannot be read as a saved mean: %s' % (path, error)) from None
        if mean.dtype != 'float64' or per not in _PER or std is not None and std.shape != mean.shape:
            raise DatasetError('%s: not the mean of a data set' % path)
        return cls(mean, std, count, per)

    def __repr__(self):
        return '<DatasetMean of %d samples per %s, shape %s%s>' % (
            self.count, self.per, self.mean.shape, '' if self.std is None else ', with std')


def compute_mean(data, per='pixel', std=False, batch_size=128):
    """Compute the mean over a data set, which need not fit into memory.

    Parameters
    ----------
    data : array, tuple of arrays, or streaming data set
        What :func:`minibatches` takes, or one array, (number, ...). Of a tuple, the first array counts.
    per : {'pixel', 'channel'}
        A mean for every entry of a sample, or one for each index of a sample's first axis.
    std : bool
        Gather the standard deviation too.
    batch_size : int
        How many samples are read at a time.

    Returns
    -------
    DatasetMean
        With methods ``normalize``, ``save`` and ``load``.

    Raises
    ------
    TypeError, ValueError
        If there are no samples, they differ in shape, or hold NaN or Inf.

    Notes
    -----
    Sums are kept in two float64 numbers, the second holding what the first cannot [1]_. So the mean of
    images in float32 does not depend, to the last bit, on how the data are cut into batches. Squares are
    taken around the mean of each batch and merged as in [2]_: nothing cancels where the mean is large.

    References
    ----------
    .. [1] Knuth (1998): The Art of Computer Programming, volume 2, section 4.2.2, theorem B.
    .. [2] Chan, Golub, LeVeque (1983): Algorithms for Computing the Sample Variance.

    Examples
    --------
    >>> from lasagne_ext.datasets import compute_mean, load_digits
    >>> digits = load_digits()
    >>> mean = compute_mean(digits, std=True)
    >>> mean
    <DatasetMean of 1797 samples per pixel, shape (1, 8, 8), with std>
    >>> bool(abs(mean.normalize(digits.images).mean()) < 1e-6)
    True
    """
    check_choice('compute_mean', 'per', per, _PER)
    batch_size = check_count('compute_mean', 'batch_size', batch_size)
    data = as_streaming('compute_mean', (data,) if isinstance(data, np.ndarray) else data)
    moments = Moments(std)
    for start in range(0, len(data), batch_size):
        samples = data[np.arange(start, min(start + batch_size, len(data)))][0]
        if isinstance(samples, dict):
            raise TypeError('compute_mean: the inputs are a dict of arrays; give one of them')
        step = max(1, _CHUNK_ENTRIES // max(1, samples[:1].size))
        for begin in range(0, len(samples), step):
            moments.add(samples[begin:begin + step])
        if moments.count and not np.isfinite(moments.high).all():
            raise ValueError('compute_mean: there is NaN or Inf in samples %d to %d'
                             % (start, start + len(samples) - 1))
    if not moments.count:
        raise ValueError('compute_mean: there are no samples')
    return moments.result(per)


class Moments:
    """Sums of samples and of the squares of their deviations, merged without loss.

    Parameters
    ----------
    with_squares : bool

    Attributes
    ----------
    count : int
    high, low : array, float64
        Their sum is that of all samples; `low` is what does not fit into `high`.
    squares : array, float64
        Of the deviations from the mean so far.
    """

    def __init__(self, with_squares):
        self.with_squares, self.count = with_squares, 0

    def add(self, samples):
        """Add samples ``(number, ...)``."""
        if not len(samples):
            return
        part = Moments(self.with_squares)
        part.count, part.high = len(samples), samples.sum(axis=0, dtype='float64')
        part.low, part.squares = np.zeros_like(part.high), 0.
        if self.with_squares:
            part.squares = ((samples - part.high / part.count) ** 2).sum(axis=0)
        self.merge(part)

    def merge(self, other):
        """Add what others have gathered."""
        if not self.count:
            self.count, self.high, self.low, self.squares = (other.count, other.high, other.low,
                                                             other.squares)
            return
        if self.high.shape != other.high.shape:
            raise ValueError('compute_mean: all samples must be of one shape, got %s and %s'
                             % (self.high.shape, other.high.shape))
        if self.with_squares:
            difference = other.mean() - self.mean()
            weight = self.count * other.count / (self.count + other.count)
            self.squares = self.squares + other.squares + weight * difference ** 2
        total = self.high + other.high
        rounded = total - self.high
        self.low = self.low + other.low + ((self.high - (total - rounded)) + (other.high - rounded))
        self.count, self.high = self.count + other.count, total

    def mean(self):
        return (self.high + self.low) / self.count

    def result(self, per):
        """Return a `DatasetMean` of what has been gathered."""
        mean, squares = self.mean(), self.squares
        axes = tuple(range(1, mean.ndim))
        if per == 'channel' and axes:
            pixels = mean
            mean = pixels.mean(axis=axes, keepdims=True)
            if self.with_squares:
                between = self.count * (pixels - mean) ** 2
                squares = (squares + between).mean(axis=axes, keepdims=True)
        std = np.sqrt(squares / self.count) if self.with_squares else None
        return DatasetMean(mean, std, self.count, per)
