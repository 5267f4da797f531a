"""What the arguments of blocks must be."""
import difflib
import numbers


def is_whole(value):
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def check_shape(where, argument, shape):
    """A shape as a tuple of ints and None.

    Raises
    ------
    TypeError, ValueError
        If it is anything else, or a size is not positive.
    """
    if not isinstance(shape, (tuple, list)) or not all(s is None or is_whole(s) for s in shape):
        hint = ''
        if isinstance(shape, (tuple, list)) and any(isinstance(s, float) for s in shape):
            hint = '; divide sizes with //, which keeps them whole'
        raise TypeError('%s: %s must be a tuple of whole numbers, with None for a size that is not known, '
                        'got %r%s' % (where, argument, shape, hint))
    if not shape or any(s is not None and s < 1 for s in shape):
        raise ValueError('%s: %s must hold positive sizes, got %r' % (where, argument, tuple(shape)))
    return tuple(s if s is None else int(s) for s in shape)


def check_count(where, argument, value):
    """Refuse all but a positive whole number."""
    if not is_whole(value):
        raise TypeError('%s: %s must be a whole number, got %r' % (where, argument, value))
    if value < 1:
        raise ValueError('%s: %s must be positive, got %r' % (where, argument, value))


def check_sizes(where, argument, value, least=1):
    """Refuse all but a whole number or a tuple of them, none smaller than `least`."""
    sizes = value if isinstance(value, (tuple, list)) else [value]
    if not sizes or not all(map(is_whole, sizes)):
        raise TypeError('%s: %s must be a whole number, or a tuple with one for every axis, got %r'
                        % (where, argument, value))
    if min(sizes) < least:
        raise ValueError('%s: %s must not be less than %d, got %r' % (where, argument, least, value))


def check_choice(where, argument, value, choices):
    """Refuse all but one of `choices`, and name the nearest."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError('%s: %s must be one of %s; got %r%s' % (
            where, argument, ', '.join(map(repr, choices)), value, near_miss(value, choices)))


def near_miss(name, choices):
    """``", did you mean 'relu'?"``, or '' where nothing is near."""
    lower = {choice.lower(): choice for choice in choices}
    near = difflib.get_close_matches(str(name).lower(), list(lower), 1)
    return ', did you mean %r?' % lower[near[0]] if near else ''


def fits(given, actual):
    """Whether a shape says nothing that `actual` does not; None says nothing."""
    return len(given) == len(actual) and all(
        size is None or size == known for size, known in zip(given, actual))


def per_axis(where, argument, value, rank):
    """A setting as a tuple with one entry for each axis."""
    sizes = tuple(value) if isinstance(value, (tuple, list)) else (value,) * rank
    if len(sizes) != rank:
        raise ValueError('%s: %s must be a whole number or hold %d, one for every axis that the windows '
                         'move along, got %r' % (where, argument, rank, value))
    return sizes
