"""Validate shapes and sizes of the layers that sample, and work out those of their outputs."""
import math
import numbers

import theano.tensor as T

from lasagne_ext.checks import is_whole
from lasagne_ext.ops._inputs import AXES, as_parameters

_TUPLES = {2: 'a pair of', 3: 'three'}


def rank_of(caller, images):
    """Return 2 for the shape of images, 3 for that of volumes.

    Raises
    ------
    ValueError
        If it is neither.
    """
    if len(images) not in (4, 5):
        raise ValueError('%s: the incoming layer must give images of shape (batch, channels, rows, '
                         'columns), or volumes of shape (batch, channels, depth, rows, columns), got '
                         'shape %r' % (caller, images))
    return len(images) - 2


def check_batches(caller, images, points, what='localization network'):
    """Refuse two shapes of which the batch sizes are known to differ."""
    if None not in (images[0], points[0]) and images[0] != points[0]:
        raise ValueError('%s: the batch sizes of the incoming layer and of the %s must be the same, '
                         'got shapes %r and %r' % (caller, what, images, points))


def check_parameters(caller, shape, family, rank, glimpses=None):
    """Refuse the shape of a localization network that does not give the numbers of a family."""
    count = family.num_parameters(rank) * (glimpses or 1)
    if len(shape) != 2 or shape[1] != count:
        what = (family.parameters_in_words(rank) if glimpses is None else
                "the numbers of %d transforms of family '%s'" % (glimpses, family))
        raise ValueError('%s: the localization network must give %s of shape (batch, %d), got shape '
                         '%r; end it with a DenseLayer of num_units=%d and nonlinearity=None'
                         % (caller, what, count, shape, count))


def check_factor(caller, factor, rank):
    """Return a downsampling factor as one per axis."""
    try:
        factors = tuple(factor)
    except TypeError:
        factors = (factor,) * rank
    numeric = all(isinstance(f, numbers.Real) and not isinstance(f, bool) for f in factors)
    if len(factors) != rank or not numeric or not all(0 < f < math.inf for f in factors):
        raise ValueError('%s: downsample_factor must be a positive number or %s them %s, got %r'
                         % (caller, {2: 'a pair of', 3: 'three of'}[rank], AXES[rank], factor))
    return factors


def check_size(caller, argument, size, rank=None):
    """Return a size as a tuple of ints; of either rank where none is given."""
    ranks = (2, 3) if rank is None else (rank,)
    try:
        sizes = tuple(size)
    except TypeError:
        sizes = ()
    if len(sizes) not in ranks or not all(map(is_whole, sizes)) or min(sizes) < 1:
        raise ValueError('%s: %s must be %s, got %r' % (caller, argument, ' or '.join(
            '%s positive whole numbers %s' % (_TUPLES[k], AXES[k]) for k in ranks), size))
    return tuple(int(s) for s in sizes)


def known_size(caller, argument, size):
    """Return a size of a transformer's, which must be known to stand for an argument."""
    if None in size:
        raise ValueError('%s: give %s, because the transformer knows only %s'
                         % (caller, argument, tuple(size)))
    return size


class OutputSize:
    """Size of a layer's output: given, or that of the input divided by a factor.

    Parameters
    ----------
    caller : str
        Name to show in error messages.
    input_shape : tuple
        Declared, with None for what is not known.
    factor : number or tuple
    size : tuple or None
        With it the factor must be 1.
    """

    def __init__(self, caller, input_shape, factor, size):
        rank = len(input_shape) - 2
        self.factor = check_factor(caller, factor, rank)
        self.size = None if size is None else check_size(caller, 'output_shape', size, rank)
        if size is not None and set(self.factor) != {1}:
            raise ValueError('%s: give either output_shape or downsample_factor, not both; got '
                             'output_shape=%r and downsample_factor=%r' % (caller, size, factor))
        if 0 in self(input_shape):
            raise ValueError('%s: downsample_factor=%r leaves nothing of an input with %s'
                             % (caller, factor, _in_words(input_shape[2:])))

    def __call__(self, input_shape):
        """Return the output's size for an input shape; None or symbolic where that is."""
        if self.size is not None:
            return self.size
        return tuple(downsampled_size(size, factor)
                     for size, factor in zip(input_shape[2:], self.factor))


def check_glimpses(caller, glimpses):
    """Refuse a number of transforms per image that is none."""
    if not is_whole(glimpses) or glimpses < 1:
        raise ValueError('%s: glimpses must be a positive whole number, got %r' % (caller, glimpses))


def split_glimpses(caller, parameters, glimpses, count):
    """Reshape ``(batch, glimpses * count)`` to ``(batch, glimpses, count)``."""
    parameters = as_parameters(caller, 'the output of the localization network', parameters, glimpses * count)
    return parameters.reshape((parameters.shape[0], glimpses, count))


def downsampled_size(size, factor):
    """Return ``int(size // factor)`` for an int, the same as a symbolic graph, or None for None.

    Python divides floats by way of an exact remainder, so that ``1 // 0.1`` is 9; dividing and
    rounding down would give 10 and a shape that differs from the declared one.
    """
    if size is None:
        return None
    if isinstance(size, numbers.Integral):
        return int(size // factor)
    if isinstance(factor, numbers.Integral):
        return size // factor
    size = T.cast(size, 'float64')
    factor = T.constant(float(factor), dtype='float64')
    return T.cast(T.round((size - T.mod(size, factor)) / factor), 'int64')


def _in_words(size):
    words = '%s rows and %s columns' % size[-2:]
    return words if len(size) == 2 else 'a depth of %s, %s' % (size[0], words)
