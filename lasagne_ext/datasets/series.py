"""Sequences for recurrent networks: windows of a long series, padded lists, the adding problem."""
import numpy as np
from numpy.lib.stride_tricks import as_strided

from lasagne_ext.checks import check_count
from lasagne_ext.datasets.data import check_seed


def sequences(series, seq_len, stride=1, target_offset=None, targets=None, every_step=False):
    """Cut windows that slide along a series, and what is to be predicted from each.

    Parameters
    ----------
    series : array, (time,) or (time, features)
        Values at equal distances of time.
    seq_len : int
        Time steps in a window.
    stride : int
        Steps from the beginning of a window to that of the next.
    target_offset : int, optional
        How many steps after the last one of a window its target lies: 1 is the next value, 0 the last of
        the window itself. By default there are no targets, unless `targets` are given, then it is 0.
    targets : array, (time,) or (time, features of the targets), optional
        Where targets come from, by default `series`.
    every_step : bool
        Whether there is a target for each step of a window, `target_offset` after that step, rather than
        for its last one.

    Returns
    -------
    windows : array, (number, seq_len, features)
        Of the dtype of `series`: views that cannot be written to, so that they take no memory. The last
        steps of the series are in no window if they do not fill one.
    targets : array, (number, features) or, with `every_step`, (number, seq_len, features)
        Only if there are targets.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as said above, or there is not one window.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne_ext.datasets import sequences
    >>> windows, targets = sequences(np.arange(6.), 3, target_offset=1)
    >>> windows[:, :, 0].tolist()
    [[0.0, 1.0, 2.0], [1.0, 2.0, 3.0], [2.0, 3.0, 4.0]]
    >>> targets[:, 0].tolist()
    [3.0, 4.0, 5.0]
    """
    series = _series('series', series)
    seq_len = check_count('sequences', 'seq_len', seq_len)
    stride = check_count('sequences', 'stride', stride)
    wanted = target_offset is not None or targets is not None
    offset = check_count('sequences', 'target_offset', target_offset or 0, least=0)
    targets = series if targets is None else _series('targets', targets)
    if len(targets) != len(series):
        raise ValueError('sequences: targets must have as many steps as series, %d, got %d'
                         % (len(series), len(targets)))
    room = len(series) - seq_len - offset
    if room < 0:
        raise ValueError('sequences: a window of %d steps and a target %d after it do not fit into %d'
                         % (seq_len, offset, len(series)))
    number = room // stride + 1
    windows = _windows(series, seq_len, stride, number)
    if not wanted:
        return windows
    first, steps = (offset, seq_len) if every_step else (offset + seq_len - 1, 1)
    found = _windows(targets[first:], steps, stride, number)
    return windows, found if every_step else found[:, 0]


def _series(name, series):
    """Return `series` as an array ``(time, features)``."""
    series = np.asarray(series)
    if series.ndim not in (1, 2) or series.dtype.kind not in 'fiub':
        raise TypeError('sequences: %s must be an array of numbers, (time,) or (time, features), got %s of '
                        'shape %s' % (name, series.dtype, series.shape))
    return series if series.ndim == 2 else series[:, None]


def _windows(series, length, stride, number):
    step, feature = series.strides
    return as_strided(series, (number, length, series.shape[1]), (stride * step, step, feature),
                      writeable=False)


def pad_sequences(sequences, length=None, value=0., dtype='float32'):
    """Put sequences of unequal lengths into one array, with a mask that says what is padding.

    Parameters
    ----------
    sequences : list of array, (time,) or (time, features)
        At least one; none is empty, and all have the same features.
    length : int, optional
        Time steps of the result; by default those of the longest.
    value : float
        What stands after the end of a sequence.
    dtype : str
        Of the result.

    Returns
    -------
    padded : array, (number, length, features)
        The sequences, each followed by `value`.
    mask : array, (number, length)
        Of float32: 1 where there is a value and 0 after the end, for the `mask_input` of Lasagne's
        recurrent layers.

    Raises
    ------
    TypeError, ValueError
        If a sequence is not as said above or longer than `length`; the message says which.

    Examples
    --------
    >>> from lasagne_ext.datasets import pad_sequences
    >>> padded, mask = pad_sequences([[1, 2, 3], [4]])
    >>> padded[:, :, 0].tolist()
    [[1.0, 2.0, 3.0], [4.0, 0.0, 0.0]]
    >>> mask.tolist()
    [[1.0, 1.0, 1.0], [1.0, 0.0, 0.0]]
    """
    arrays = [np.asarray(sequence) for sequence in sequences]
    if not arrays:
        raise ValueError('pad_sequences: there are no sequences')
    for number, array in enumerate(arrays):
        if array.ndim not in (1, 2) or array.dtype.kind not in 'fiub' or not array.size:
            raise TypeError('pad_sequences: each sequence must be an array of numbers, (time,) or (time, '
                            'features), and not empty; sequence %d is %s of shape %s'
                            % (number, array.dtype, array.shape))
        if array.shape[1:] != arrays[0].shape[1:]:
            raise ValueError('pad_sequences: sequence %d has shape %s, but the first has %s; all but the '
                             'time must be equal' % (number, array.shape, arrays[0].shape))
    lengths = np.array([len(array) for array in arrays])
    length = lengths.max() if length is None else check_count('pad_sequences', 'length', length)
    if lengths.max() > length:
        raise ValueError('pad_sequences: sequence %d has %d steps, more than length=%d; cut it first'
                         % (lengths.argmax(), lengths.max(), length))
    padded = np.full((len(arrays), length) + (arrays[0].shape[1:] or (1,)), value, dtype=dtype)
    for row, array in zip(padded, arrays):
        row[:len(array)] = array.reshape((len(array),) + row.shape[1:])
    return padded, (np.arange(length) < lengths[:, None]).astype('float32')


def adding_problem(count, length, seed=0):
    """Make sequences of random numbers, two of which are marked and to be added.

    Parameters
    ----------
    count : int
        How many sequences.
    length : int
        Time steps of each, at least 2.
    seed : int
        Of all choices.

    Returns
    -------
    inputs : array, (count, length, 2)
        A number from 0 to 1, and a marker, 1 at two steps and 0 elsewhere, in float32. One marker is in the
        first half, the other in the second.
    targets : array, (count, 1)
        The sum of the two marked numbers, in float32, of the shape that a dense layer with one unit has.

    Raises
    ------
    TypeError, ValueError
        If an argument is no whole number, or too small.

    Notes
    -----
    The task of [1]_ (section 5.4) in the form that later work uses [2]_: numbers from 0 to 1 rather than
    from -1 to 1, one length, a marker in each half, the sum itself. Who always says 1 has a mean squared
    error of 1/6; a network that does better has carried a number across the sequence.

    References
    ----------
    .. [1] Hochreiter, Schmidhuber (1997): Long Short-Term Memory.
    .. [2] Le, Jaitly, Hinton (2015): A Simple Way to Initialize Recurrent Networks of Rectified Linear
       Units, section 4.1.

    Examples
    --------
    >>> from lasagne_ext.datasets import adding_problem
    >>> inputs, targets = adding_problem(1000, 50)
    >>> inputs.shape, targets.shape
    ((1000, 50, 2), (1000, 1))
    >>> bool(abs(((targets - 1) ** 2).mean() - 1 / 6) < .02)
    True
    """
    count = check_count('adding_problem', 'count', count)
    length = check_count('adding_problem', 'length', length, least=2)
    rng = np.random.RandomState(check_seed('adding_problem', 'seed', seed))
    inputs = np.zeros((count, length, 2), dtype='float32')
    inputs[:, :, 0] = rng.uniform(size=(count, length))
    half, each = length // 2, np.arange(count)
    for low, high in ((0, half), (half, length)):
        inputs[each, rng.randint(low, high, count), 1] = 1
    return inputs, inputs.prod(axis=2).sum(axis=1, keepdims=True)
