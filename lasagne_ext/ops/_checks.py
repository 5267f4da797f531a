"""Refusing bad arguments where they enter."""
import difflib
import numbers

import theano.tensor as T

INTERPOLATIONS = ('bilinear',)

#: Other libraries' words for the same thing, to be suggested when somebody uses them.
_SYNONYMS = {'border': 'nearest', 'replicate': 'nearest', 'edge': 'nearest', 'clamp': 'nearest',
             'constant': 'zeros', 'zero': 'zeros', 'reflection': 'mirror', 'reflect': 'mirror',
             'circular': 'wrap', 'linear': 'bilinear'}


def check_choice(where, argument, value, choices):
    """Return `value` if it is among `choices`.

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
        near = [_SYNONYMS[lower]] if _SYNONYMS.get(lower) in choices else \
            difflib.get_close_matches(lower, choices, 1)
        if near:
            message += '; did you mean %r?' % near[0]
    raise ValueError(message)


def check_flag(where, argument, value):
    if isinstance(value, bool):
        return value
    raise TypeError('%s: %s must be True or False, got %r' % (where, argument, value))


def as_image(where, value):
    """`value` as a symbolic batch of images.

    Raises
    ------
    TypeError
        If it is not a float32 or float64 tensor of four dimensions.
    """
    value = T.as_tensor_variable(value)
    if value.ndim != 4:
        raise TypeError('%s: input must have 4 dimensions (batch, channels, rows, columns), got %d'
                        % (where, value.ndim))
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


def as_size(where, value):
    """`value`, a pair of sizes or a symbolic vector, as a symbolic int64 vector.

    Raises
    ------
    TypeError, ValueError
        If it is not a pair of positive whole numbers, each an int or a symbolic integer scalar.
    """
    if hasattr(value, 'ndim') and hasattr(value, 'type'):
        if value.ndim != 1 or value.dtype not in T.discrete_dtypes:
            raise TypeError('%s: a symbolic out_shape must be a vector of integers, got %s'
                            % (where, value.type))
        try:
            length = T.get_vector_length(value)
        except ValueError:                   # not known before the run
            length = 2
        if length != 2:
            raise ValueError('%s: out_shape must hold (rows, columns) alone, got a vector of length '
                             '%d; of an image take image.shape[2:]' % (where, length))
        return T.cast(value, 'int64')
    try:
        sizes = tuple(value)
    except TypeError:
        sizes = None
    if sizes is None or len(sizes) != 2:
        raise ValueError('%s: out_shape must be a pair (rows, columns), got %r' % (where, value))
    for size in sizes:
        if hasattr(size, 'type') and hasattr(size, 'ndim'):
            if size.ndim != 0 or size.dtype not in T.discrete_dtypes:
                raise TypeError('%s: a symbolic size in out_shape must be an integer scalar, got %s'
                                % (where, size.type))
        elif isinstance(size, bool) or not isinstance(size, numbers.Integral):
            raise TypeError('%s: out_shape must hold whole numbers, got %r' % (where, value))
        elif size < 1:
            raise ValueError('%s: out_shape must be positive, got %r' % (where, value))
    if all(isinstance(size, numbers.Integral) for size in sizes):
        return T.constant([int(size) for size in sizes], dtype='int64')
    return T.stack([T.cast(size, 'int64') for size in sizes])
