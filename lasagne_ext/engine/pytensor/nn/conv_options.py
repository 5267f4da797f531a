"""The options of a convolution: checked once, in the form in which Theano keeps them."""
import numbers

from lasagne_ext.engine.pytensor.nn.conv_shapes import static_int


def check_convdim(convdim):
    if convdim not in (1, 2, 3):
        raise ValueError('convolution dimension %r is not supported: expected 1, 2 or 3' % (convdim,))
    return convdim


def check_border_mode(border_mode, convdim):
    """'valid', 'full', 'half' or a tuple of an int or a pair for each axis."""
    if is_int(border_mode):
        border_mode = (border_mode,) * convdim
    if not isinstance(border_mode, tuple):
        if border_mode not in ('valid', 'full', 'half'):
            raise ValueError("invalid border_mode %r: expected 'valid', 'full', 'half', an int or a tuple "
                             'of length %d' % (border_mode, convdim))
        return border_mode
    if len(border_mode) != convdim:
        raise ValueError('invalid border_mode %r: expected a tuple of length %d' % (border_mode, convdim))
    pads = tuple(_check_pad(pad, border_mode) for pad in border_mode)
    return pads if any(pad != 0 for pad in pads) else 'valid'


def _check_pad(pad, border_mode):
    pair = pad if isinstance(pad, tuple) else (pad, pad)
    if len(pair) != 2 or not all(is_int(side) and side >= 0 for side in pair):
        raise ValueError('invalid border_mode %r: expected for each axis an int >= 0 or a pair of them'
                         % (border_mode,))
    before, after = map(int, pair)
    return before if before == after else (before, after)


def check_steps(name, steps, convdim):
    """One positive int for each axis; `name` is subsample or filter_dilation."""
    if steps is None:
        return (1,) * convdim
    steps = tuple(steps)
    if len(steps) != convdim:
        raise ValueError('%s must have %d elements, got %r' % (name, convdim, steps))
    known = tuple(static_int(step) for step in steps)
    if None in known:
        raise ValueError('%s must be known when the graph is built, got %r' % (name, steps))
    if min(known) < 1:
        raise ValueError('%s must be positive, got %r' % (name, steps))
    return known


def check_num_groups(num_groups):
    if num_groups < 1:
        raise ValueError('num_groups must be at least 1, got %r' % (num_groups,))
    return int(num_groups)


def check_shape(name, shape, length):
    """A static shape: ints and None for what is not known."""
    if not shape:
        return (None,) * length
    shape = tuple(shape)
    if len(shape) != length:
        raise ValueError('%s must have %d elements, got %r' % (name, length, shape))
    known = tuple(static_int(size) for size in shape)
    if any(size is not None and value is None for size, value in zip(shape, known)):
        raise ValueError('%s must consist of ints, constants and None, got %r' % (name, shape))
    return known


def is_int(value):
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)
