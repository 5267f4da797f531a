"""Put sizes, axes, windows and nonlinearities into words."""
import math
import re

#: What a nonlinearity does, by its name.
_NONLINEARITIES = {
    'rectify': 'rectify (negative numbers become 0)',
    'leaky_rectify': 'leaky_rectify (negative numbers shrink to a hundredth)',
    'very_leaky_rectify': 'very_leaky_rectify (negative numbers shrink to a third)',
    'sigmoid': 'sigmoid (every number into 0 to 1)',
    'tanh': 'tanh (every number into -1 to 1)',
    'softmax': 'softmax (the numbers of a row become positive and sum to 1)',
    'softplus': 'softplus (a smooth rectify)',
    'elu': 'elu (negative numbers level off at -1)',
    'selu': 'selu (a scaled elu, which keeps mean and variance)',
}

_AXES = {1: ('steps',), 2: ('rows', 'columns'), 3: ('depth', 'rows', 'columns')}


def nonlinearity_name(function):
    """Return the name of a nonlinearity, or of its class; 'linear' for None."""
    if function is None:
        return 'linear'
    return getattr(function, '__name__', None) or type(function).__name__


def nonlinearity_words(function):
    """Say what comes after a layer's sums, as ', then rectify (...)'; '' where that is nothing."""
    name = nonlinearity_name(function)
    return '' if name == 'linear' else ', then %s' % _NONLINEARITIES.get(name, name)


def window_words(sizes):
    """Return ``5 x 5``."""
    return ' x '.join(str(size) for size in sizes)


def count_words(count, thing):
    """Return ``1 filter``, ``20 filters``."""
    return '%s %s%s' % (count, thing, '' if count == 1 else 's')


def axis_name(axis, ndim):
    """Name an axis of an array that holds images, sequences or features."""
    if axis == 0:
        return 'the batch'
    if ndim >= 4:
        return 'the channels' if axis == 1 else 'the ' + _AXES[min(ndim - 2, 3)][axis - 2]
    return 'axis %d' % axis


def axes_words(axes, ndim):
    """Name several axes: ``the batch, the rows and the columns``."""
    return listed([axis_name(axis % ndim, ndim) for axis in axes])


def ordinal(number):
    """Return ``first``, ``second``, ``4th``."""
    return {1: 'first', 2: 'second', 3: 'third'}.get(number, '%dth' % number)


def listed(words):
    """Return ``a, b and c``."""
    return ' and '.join(filter(None, [', '.join(words[:-1]), words[-1]]))


def per_axis(value, count):
    """Return a setting that holds for every axis once for each of them."""
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * count


def window_reasons(sizes, outcomes, windows, strides, pads, keep_border=False):
    """Say why windows that slide along some axes change their sizes.

    Parameters
    ----------
    sizes, outcomes : tuple of int or None
        Of the axes, before and after.
    windows, strides : tuple of int
    pads : tuple of int, 'same' or 'full'
    keep_border : bool
        Whether a last window that is not full counts too.

    Returns
    -------
    str
        Such as ``(28 -> 24, being 28 - 5 + 1)`` after a space; once where all axes are alike; '' where
        nothing is known.
    """
    found = []
    for size, outcome, window, stride, pad in zip(sizes, outcomes, windows, strides, pads):
        if None in (size, outcome):
            continue
        if size == outcome:
            text = '%d stays' % size
        else:
            text = '%d -> %d' % (size, outcome)
            pad = {'same': window // 2, 'full': window - 1}.get(pad, pad)
            words = '%d + 2 x %d' % (size, pad) if pad else str(size)
            steps = (size + 2 * pad - window) / stride
            if stride == 1:
                reason = '%s - %d + 1' % (words, window)
            elif window == stride and not keep_border:
                reason = ('(%s) // %d' if pad else '%s // %d') % (words, stride)
            else:
                reason = '(%s - %d) / %d + 1%s' % (
                    words, window, stride,
                    '' if steps == int(steps) else ', rounded ' + ('up' if keep_border else 'down'))
            count = (math.ceil if keep_border else math.floor)(steps) + 1
            if count == outcome:
                text += ', being ' + reason
        if text not in found:
            found.append(text)
    return ' (%s)' % '; '.join(found) if found else ''


def pad_words(pad):
    """Describe the padding of a convolution or pooling."""
    if pad == 'same':
        return 'padded so that the size stays'
    if pad == 'full':
        return 'padded until a window and the image only just touch'
    pads = pad if isinstance(pad, (tuple, list)) else (pad,)
    if not any(pads):
        return 'without padding'
    return 'padded by %s' % (pads[0] if len(set(pads)) == 1 else window_words(pads))


def operation_text(node):
    """Return a node's operation, without what some add in braces by the dozen."""
    text = str(node.op)
    return text if len(text) <= 40 else re.split(r'[{(]', text)[0]
