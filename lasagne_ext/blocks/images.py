"""Blocks for images, and for what has one axis or three in place of rows and columns."""
import lasagne
from lasagne.init import Constant, GlorotUniform

from lasagne_ext.blocks.chain import block, construct_layer
from lasagne_ext.checks import check_choice, check_count, is_whole

_PADS = ('valid', 'same', 'full')


@block
def convolutional(num_filters, filter_size, stride=1, pad=0, W=GlorotUniform(), b=Constant(0.), name=None):
    """Convolve images, or sequences or volumes, with learnt filters, and add a bias to each.

    Parameters
    ----------
    X, X_test : Variable
        Input in the graph for training and in that for prediction. Without `X_test`, that which belongs to
        `X`; without both, a :class:`Block` is returned.
    input_shape : tuple of int and None
        ``(batch, channels, rows, columns)``; or ``(batch, channels, length)``, or, with a Lasagne that has
        Conv3DLayer, ``(batch, channels, depth, rows, columns)``. The channels must be known.
    num_filters : int
        How many filters, which is how many channels come out.
    filter_size, stride : int or tuple of int
        One for all of the axes after the channels, or one for each.
    pad : int, tuple of int, 'valid', 'same' or 'full'
        Zeros put around the input: so many; none; so many that a stride of 1 keeps the size, for odd filter
        sizes; or one less than the filter's size.
    W, b : initialiser, array, shared variable or expression
        Filters ``(num_filters, channels, ...)`` and biases ``(num_filters,)``, or None for no biases.
    name : str, optional
        Of the layer.

    Returns
    -------
    out, out_test : Variable
        Without a nonlinearity, for which :func:`activation` is there.
    params : list of shared variable
        The trainable ones, here the filters and biases.
    output_shape : tuple of int and None
        ``(batch, num_filters, rows, columns)``.

    Raises
    ------
    TypeError, ValueError
        If an option is of the wrong kind, or `input_shape` not that of `X`, or too small for the filters.

    Examples
    --------
    >>> import theano.tensor as T
    >>> from lasagne_ext.blocks import convolutional
    >>> X = T.tensor4('X')
    >>> out, out_test, params, output_shape = convolutional(X, X, (None, 1, 8, 8), 32, (3, 3))
    >>> params, output_shape
    ([W, b], (None, 32, 6, 6))
    """
    caller = 'convolutional'
    check_count(caller, 'num_filters', num_filters)
    _check_sizes(caller, 'filter_size', filter_size)
    _check_sizes(caller, 'stride', stride)
    if isinstance(pad, str):
        check_choice(caller, 'pad', pad, _PADS)
    else:
        _check_sizes(caller, 'pad', pad, least=0)

    def make(incoming):
        rank, layer_class = _rank_and_class(caller, incoming.output_shape, 'Conv%dDLayer')
        if incoming.output_shape[1] is None:
            raise ValueError('%s: the number of channels must be known, got an input of shape %r'
                             % (caller, incoming.output_shape))
        sizes = _per_axis(caller, 'filter_size', filter_size, rank)
        # An even filter has no middle, so that one side would need more zeros than the other.
        if pad == 'same' and not all(size % 2 for size in sizes):
            raise ValueError("%s: pad='same' needs odd filter sizes, got %r" % (caller, filter_size))
        return construct_layer(caller, layer_class, incoming, num_filters, sizes,
                               stride=_per_axis(caller, 'stride', stride, rank),
                               pad=pad if isinstance(pad, str) else _per_axis(caller, 'pad', pad, rank),
                               W=W, b=b, nonlinearity=None, name=name)
    return make


@block
def maxpool(pool_size, stride=None, pad=0, ignore_border=True, name=None):
    """Take the largest value of every window of an image, or of a sequence or volume.

    Parameters
    ----------
    X, X_test : Variable
        Input in the graph for training and in that for prediction. Without `X_test`, that which belongs to
        `X`; without both, a :class:`Block` is returned.
    input_shape : tuple of int and None
        As for :func:`convolutional`.
    pool_size : int or tuple of int
        Of the window: one for all of the axes after the channels, or one for each.
    stride : int or tuple of int, optional
        From one window to the next; by default `pool_size`.
    pad : int or tuple of int
        So much is put around the input; it is never the largest.
    ignore_border : bool
        Whether a last window that is not full is left out.
    name : str, optional
        Of the layer.

    Returns
    -------
    out, out_test : Variable
        The largest value of each window.
    params : list
        Empty.
    output_shape : tuple of int and None
        ``(batch, channels, rows, columns)``.

    Raises
    ------
    TypeError, ValueError
        If an option is of the wrong kind, or `input_shape` not that of `X`, or too small for the window.

    Examples
    --------
    >>> import theano.tensor as T
    >>> from lasagne_ext.blocks import maxpool
    >>> out, out_test, params, output_shape = maxpool(T.tensor4('X'), (None, 32, 5, 5), (2, 2))
    >>> params, output_shape
    ([], (None, 32, 2, 2))
    """
    caller = 'maxpool'
    _check_sizes(caller, 'pool_size', pool_size)
    if stride is not None:
        _check_sizes(caller, 'stride', stride)
    _check_sizes(caller, 'pad', pad, least=0)

    def make(incoming):
        rank, layer_class = _rank_and_class(caller, incoming.output_shape, 'MaxPool%dDLayer')
        sizes = _per_axis(caller, 'pool_size', pool_size, rank)
        pads = _per_axis(caller, 'pad', pad, rank)
        if any(margin >= size for margin, size in zip(pads, sizes)):
            raise ValueError('%s: pad must be smaller than pool_size, got %r and %r'
                             % (caller, pad, pool_size))
        return construct_layer(caller, layer_class, incoming, sizes,
                               stride=sizes if stride is None else _per_axis(caller, 'stride', stride, rank),
                               pad=pads, ignore_border=ignore_border, name=name)
    return make


def _check_sizes(caller, argument, value, least=1):
    """Refuse all but a whole number or a tuple of them, none smaller than `least`."""
    sizes = value if isinstance(value, (tuple, list)) else [value]
    if not sizes or not all(map(is_whole, sizes)):
        raise TypeError('%s: %s must be a whole number, or a tuple with one for every axis, got %r'
                        % (caller, argument, value))
    if min(sizes) < least:
        raise ValueError('%s: %s must not be less than %d, got %r' % (caller, argument, least, value))


def _per_axis(caller, argument, value, rank):
    """Return a setting as a tuple with one entry for each axis."""
    sizes = tuple(value) if isinstance(value, (tuple, list)) else (value,) * rank
    if len(sizes) != rank:
        raise ValueError('%s: %s must be a whole number or hold %d, one for every axis that the windows '
                         'move along, got %r' % (caller, argument, rank, value))
    return sizes


def _rank_and_class(caller, shape, name):
    """Return the number of axes that windows move along, and Lasagne's layer class for them."""
    if len(shape) not in (3, 4, 5):
        raise ValueError('%s: the input must be images (batch, channels, rows, columns), sequences (batch, '
                         'channels, length) or volumes, got the shape %r' % (caller, shape))
    rank = len(shape) - 2
    layer_class = getattr(lasagne.layers, name % rank, None)
    if layer_class is None:
        raise ValueError('%s: the installed Lasagne %s has no %s'
                         % (caller, lasagne.__version__, name % rank))
    return rank, layer_class
