"""What a size may be, and how many streams numbers of that size are drawn from."""
import warnings

import numpy as np
import pytensor.tensor as pt
from pytensor.graph.basic import Variable

from lasagne_ext.engine.pytensor._names import ENGINE

#: Streams of a draw whose size is not known, and at most: as many as a GPU of old could use.
_MOST_STREAMS = 60 * 256


def guess_n_streams(size, warn=False):
    """How many streams to draw numbers of `size` from.

    Parameters
    ----------
    size : tuple, list or variable
        A sixth of the numbers get a stream of their own if these are all Python integers.
    warn : bool
        Whether to warn that the size is not known.
    """
    if isinstance(size, (tuple, list)) and all(isinstance(length, int) for length in size):
        count = 1
        for length in size:
            count *= length
        return min(count // 6 if count > 6 else count, _MOST_STREAMS)
    if warn:
        warnings.warn('MRG_RandomStreams cannot tell the number of streams from size %s, guessing %d'
                      % (size, _MOST_STREAMS), skip_file_prefixes=ENGINE)
    return _MOST_STREAMS


def check_uniform_size(size):
    """Refuse what `uniform` does not take for a size."""
    if isinstance(size, tuple):
        for length in size:
            if not isinstance(length, (int, np.integer, Variable)):
                raise AssertionError('size must be a tuple of int or a Theano variable, got %r' % (size,))
            if not isinstance(length, Variable) and length <= 0:
                raise ValueError('The specified size contains a dimension with value <= 0', size)
    elif not (isinstance(size, Variable) and size.ndim == 1):
        raise TypeError('size must be a tuple of int or a Theano Variable with 1 dimension, got %s of '
                        'type %s' % (size, type(size)))


def as_size(size):
    """`size` as a vector variable."""
    if isinstance(size, Variable):
        if size.ndim > 1:
            raise ValueError('Theano variable must have 1 dimension to be a valid size.', size)
        return size if size.ndim else pt.stack([size])
    if isinstance(size, (int, np.integer)):
        return pt.constant([size], dtype='int64')
    if not isinstance(size, (tuple, list)):
        raise ValueError('Size must be a int, tuple, list or Theano variable.', size)
    for length in size:
        if isinstance(length, Variable):
            if length.ndim:
                raise ValueError('Non-scalar Theano variable in size', size, length)
        elif not isinstance(length, (int, np.integer)):
            raise ValueError('Only Theano variables and integers are allowed in a size-tuple.', size, length)
        elif length <= 0:
            raise ValueError('Non-positive dimensions not allowed in size.', size, length)
    return pt.as_tensor_variable(size, ndim=1) if size else pt.constant(np.array([], 'int64'))
