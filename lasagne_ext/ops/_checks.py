"""Refusing bad arguments where they enter."""
import difflib
import math
import numbers

import theano.tensor as T

#: How images of two and of three dimensions are laid out.
_IMAGES = '4 dimensions (batch, channels, rows, columns) or 5 (batch, channels, depth, rows, columns)'

_SIZES = {2: '(rows, columns)', 3: '(depth, rows, columns)'}

#: Other libraries' words for the same thing, to be suggested when somebody uses them.
_SYNONYMS = {'border': 'nearest', 'replicate': 'nearest', 'edge': 'nearest', 'clamp': 'nearest',
             'constant': 'zeros', 'zero': 'zeros', 'symmetric': 'reflect',
             'circular': 'wrap', 'linear': 'bilinear', 'trilinear': 'bilinear', 'cubic': 'bicubic',
             'tricubic': 'bicubic'}


def check_choice(where, argument, value, choices, synonyms=_SYNONYMS, why=''):
    """Return `value` if it is among `choices`.

    `synonyms` says which one a word stands for elsewhere, `why` what else is to be said of that.

    Raises
    ------
    ValueError
        With the choices, and the one that was probably meant.
    """
    if isinstance(value, str) and value in choices:
        return value
    message = '%s: %s must be one of %s, got %r' % (
        where, argument, ', '.join(map(repr, choices)), value)
    if isinstance(value, str):
        lower = value.lower()
        near = [synonyms[lower]] if synonyms.get(lower) in choices else \
            difflib.get_close_matches(lower, choices, 1)
        if near:
            message += '; did you mean %r?%s' % (near[0], why)
    raise ValueError(message)


def check_border_mode(where, value, choices, align_corners):
    """As `check_choice`; torch's 'reflection' stands for one of our borders or for another."""
    if str(value).lower() != 'reflection':
        return check_choice(where, 'border_mode', value, choices)
    return check_choice(where, 'border_mode', value, choices,
                        {'reflection': 'mirror' if align_corners else 'reflect'},
                        " (torch's 'reflection' is 'mirror' with align_corners=True and 'reflect' with "
                        "False)")


def check_flag(where, argument, value):
    if isinstance(value, bool):
        return value
    raise TypeError('%s: %s must be True or False, got %r' % (where, argument, value))


def check_number(where, argument, value, low, high=math.inf):
    """Return `value` as a float if it is a number from `low` to `high`."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError('%s: %s must be a number, got %r' % (where, argument, value))
    if low <= value <= high and value < math.inf:
        return float(value)
    allowed = 'at least %g' % low if high == math.inf else 'from %g to %g' % (low, high)
    raise ValueError('%s: %s must be %s, got %r' % (where, argument, allowed, value))


def as_image(where, value):
    """`value` as a symbolic batch of images or of volumes.

    Raises
    ------
    TypeError
        If it is not a float32 or float64 tensor of four or five dimensions.
    """
    value = T.as_tensor_variable(value)
    if value.ndim not in (4, 5):
        raise TypeError('%s: input must have %s, got %d' % (where, _IMAGES, value.ndim))
    if value.dtype not in ('float32', 'float64'):
        raise TypeError("%s: input must be float32 or float64, got %s; cast it first, for example "
                        "with input.astype('float32')" % (where, value.dtype))
    return value


def as_points(where, argument, value, dtype, shapes):
    """`value` (theta or a grid) as a symbolic tensor of a float type; whole numbers take `dtype`.

    Parameters
    ----------
    shapes : dict of int to str
        Accepted numbers of dimensions, and how each is laid out.
    """
    value = T.as_tensor_variable(value)
    if value.ndim not in shapes:
        raise TypeError('%s: %s must have shape %s, got %d dimensions'
                        % (where, argument, ' or '.join(shapes.values()), value.ndim))
    if value.dtype in ('float32', 'float64'):
        return value
    if value.dtype in T.discrete_dtypes:
        return T.cast(value, dtype)
    raise TypeError('%s: %s must be float32 or float64, got %s; cast it first'
                    % (where, argument, value.dtype))


def as_size(where, value, rank=None, argument='out_shape'):
    """`value`, a tuple of sizes or a symbolic vector, as a symbolic int64 vector.

    Parameters
    ----------
    rank : int, optional
        How many sizes there must be; by default 2 or 3, and 2 in a vector of unknown length.

    Raises
    ------
    TypeError, ValueError
        If it does not hold that many positive whole numbers, each an int or a symbolic integer
        scalar.
    """
    ranks = (2, 3) if rank is None else (rank,)
    expected = ' or '.join(_SIZES[rank] for rank in ranks)
    if hasattr(value, 'ndim') and hasattr(value, 'type'):
        if value.ndim != 1 or value.dtype not in T.discrete_dtypes:
            raise TypeError('%s: a symbolic %s must be a vector of integers, got %s'
                            % (where, argument, value.type))
        try:
            length = T.get_vector_length(value)
        except ValueError:                   # not known before the run
            length = ranks[0]
        if length not in ranks:
            raise ValueError('%s: %s must hold %s alone, got a vector of length %d; of an image take '
                             'image.shape[2:]' % (where, argument, expected, length))
        return T.cast(value, 'int64')
    try:
        sizes = tuple(value)
    except TypeError:
        sizes = ()
    if len(sizes) not in ranks:
        raise ValueError('%s: %s must be %s, got %r' % (where, argument, expected, value))
    for size in sizes:
        if hasattr(size, 'type') and hasattr(size, 'ndim'):
            if size.ndim != 0 or size.dtype not in T.discrete_dtypes:
                raise TypeError('%s: a symbolic size in %s must be an integer scalar, got %s'
                                % (where, argument, size.type))
        elif isinstance(size, bool) or not isinstance(size, numbers.Integral):
            raise TypeError('%s: %s must hold whole numbers, got %r' % (where, argument, value))
        elif size < 1:
            raise ValueError('%s: %s must be positive, got %r' % (where, argument, value))
    if all(isinstance(size, numbers.Integral) for size in sizes):
        return T.constant([int(size) for size in sizes], dtype='int64')
    return T.stack([T.cast(size, 'int64') for size in sizes])


def size_list(size, rank=None):
    """A symbolic vector of sizes as a list of scalars."""
    if rank is None:
        try:
            rank = T.get_vector_length(size)
        except ValueError:
            rank = 2
    return [size[k] for k in range(rank)]
