"""Describe an array in one line."""
import numpy as np


class Description:
    """Statistics of an array; its `str` is one line.

    Attributes
    ----------
    shape : tuple of int
    dtype : str
    size : int
        Number of values.
    minimum, maximum, mean, std : float or None
        Of the finite values, worked out in float64; None where there are none.
    zeros, nans, infs : int
        How many values are zero, NaN, and infinite.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne_ext.debug import describe
    >>> described = describe(np.array([0, 2, np.nan]))
    >>> described.maximum, described.zeros, described.nans
    (2.0, 1, 1)
    """

    def __init__(self, array):
        array = np.asarray(array)
        if array.dtype.kind not in 'biuf':
            raise TypeError('describe: expected an array of real numbers, got dtype %s'
                            % array.dtype)
        self.shape, self.dtype, self.size = array.shape, str(array.dtype), array.size
        finite = np.isfinite(array)
        values = array[finite].astype('float64')
        self.zeros = int((array == 0).sum())
        self.nans = int(np.isnan(array).sum())
        self.infs = int(array.size - finite.sum() - self.nans)
        statistics = (None,) * 4
        if values.size:
            # In units of the largest value, whose square would not fit into a float64.
            unit = max(np.abs(values).max(), np.finfo('float64').tiny)
            statistics = (values.min(), values.max(), (values / unit).mean() * unit,
                          (values / unit).std() * unit)
        self.minimum, self.maximum, self.mean, self.std = (
            None if v is None else float(v) for v in statistics)

    def to_dict(self):
        """Return the attributes as a dict of plain Python values.

        Returns
        -------
        dict
            Attribute -> value.
        """
        return dict(vars(self))

    def __str__(self):
        parts = ['%s %s' % (self.shape, self.dtype)]
        if self.size == 0:
            parts.append('empty')
        if self.minimum is not None:
            parts.append('min %.4g max %.4g mean %.4g std %.4g'
                         % (self.minimum, self.maximum, self.mean, self.std))
        parts += ['%d %s' % (count, what)
                  for count, what in ((self.zeros, 'zero'), (self.nans, 'NaN'), (self.infs, 'Inf'))
                  if count or what != 'zero']
        return ', '.join(parts)

    def __repr__(self):
        return '<Description %s>' % self


def array_text(array):
    """Describe an array in one line; where it holds no real numbers, by its shape and dtype alone."""
    array = np.asarray(array)
    return str(Description(array)) if array.dtype.kind in 'biuf' else '%s %s' % (array.shape, array.dtype)


def describe(array):
    """Describe an array in one line: shape, dtype, range, mean, std, zeros, NaN and Inf counts.

    Parameters
    ----------
    array : array_like
        Real numbers of any shape.

    Returns
    -------
    Description
        ``str()`` of it is the line; the figures are its attributes. Range, mean and std are those
        of the finite values.

    Raises
    ------
    TypeError
        If `array` does not hold real numbers.

    Examples
    --------
    >>> from lasagne_ext.debug import describe
    >>> print(describe([[0., 1.], [2., float('nan')]]))
    (2, 2) float64, min 0 max 2 mean 1 std 0.8165, 1 zero, 1 NaN, 0 Inf
    """
    return Description(array)
