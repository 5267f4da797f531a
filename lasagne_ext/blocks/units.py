"""Blocks that know no image: units, nonlinearities, dropout."""
import numbers

import lasagne
import theano
from lasagne.init import Constant, GlorotUniform
from lasagne.layers import DenseLayer, DropoutLayer, FlattenLayer, NonlinearityLayer

from lasagne_ext.blocks.chain import block, construct_layer
from lasagne_ext.blocks.nonlinearities import find_nonlinearity
from lasagne_ext.checks import check_count


@block
def linear(num_units, W=GlorotUniform(), b=Constant(0.), num_leading_axes=1, name=None):
    """Connect all of an example's inputs with every unit: a product with a matrix, and a bias.

    Parameters
    ----------
    X, X_test : Variable
        Input in the graph for training and in that for prediction. Without `X_test`, that which belongs to
        `X`; without both, a :class:`Block` is returned.
    input_shape : tuple of int and None
        ``(batch, features)``; of more axes all but the first become features, and must be known.
    num_units : int
        How many units.
    W, b : initialiser, array, shared variable or expression
        Matrix ``(features, num_units)`` and biases ``(num_units,)``, or None for no biases.
    num_leading_axes : int
        How many axes are kept; 2 applies the same matrix at every step of ``(batch, steps, features)``.
        Other numbers than 1 need a Lasagne that knows this option.
    name : str, optional
        Of the layer.

    Returns
    -------
    out, out_test : Variable
        Without a nonlinearity, for which :func:`activation` is there.
    params : list of shared variable
        The trainable ones, here matrix and biases.
    output_shape : tuple of int and None
        ``(batch, num_units)``, behind the axes that are kept.

    Raises
    ------
    TypeError, ValueError
        If an option is of the wrong kind, or `input_shape` not that of `X`, or it leaves the number of
        features open.

    Examples
    --------
    >>> import theano.tensor as T
    >>> from lasagne_ext.blocks import linear
    >>> out, out_test, params, output_shape = linear(T.tensor4('X'), (None, 1, 8, 8), 10)
    >>> output_shape, params[0].get_value().shape
    ((None, 10), (64, 10))
    """
    caller = 'linear'
    check_count(caller, 'num_units', num_units)
    check_count(caller, 'num_leading_axes', num_leading_axes)

    def make(incoming):
        _check_trailing(caller, incoming.output_shape, num_leading_axes)
        options = {} if num_leading_axes == 1 else {'num_leading_axes': num_leading_axes}
        return construct_layer(caller, DenseLayer, incoming, num_units, W=W, b=b, nonlinearity=None,
                               name=name, **options)
    return make


@block
def activation(nonlinearity, name=None, **options):
    """Apply a nonlinearity, by its name.

    Parameters
    ----------
    X, X_test : Variable
        Input in the graph for training and in that for prediction. Without `X_test`, that which belongs to
        `X`; without both, a :class:`Block` is returned.
    input_shape : tuple of int and None
        Any; for 'softmax' ``(batch, units)``.
    nonlinearity : str or callable
        A name that :func:`nonlinearity` knows; or any function of a variable that keeps its shape.
    name : str, optional
        Of the layer.
    **options
        Of the nonlinearity, as in ``activation('LeakyRectify', leakiness=.2)``.

    Returns
    -------
    out, out_test : Variable
        The nonlinearity of `X` and of `X_test`.
    params : list
        Empty.
    output_shape : tuple of int and None
        That of the input.

    Raises
    ------
    TypeError, ValueError
        If there is no such nonlinearity, or `input_shape` is not that of `X`.

    Examples
    --------
    >>> import theano.tensor as T
    >>> from lasagne_ext.blocks import activation
    >>> out, out_test, params, output_shape = activation(T.matrix('X'), (None, 4), 'relu')
    >>> params, output_shape
    ([], (None, 4))
    """
    caller = 'activation'
    function = find_nonlinearity(caller, nonlinearity, options)

    def make(incoming):
        if function is lasagne.nonlinearities.softmax and len(incoming.output_shape) != 2:
            raise ValueError("%s: 'softmax' takes (batch, units), got the shape %r; put flatten or linear "
                             'before it' % (caller, incoming.output_shape))
        return NonlinearityLayer(incoming, function, name=name)
    return make


@block
def dropout(p=.5, name=None):
    """Set values to zero at random in the graph for training, and leave them alone in that for prediction.

    Parameters
    ----------
    X, X_test : Variable
        Input in the graph for training and in that for prediction. Without `X_test`, that which belongs to
        `X`; without both, a :class:`Block` is returned.
    input_shape : tuple of int and None
        Any.
    p : float or scalar Variable
        Probability to be set to zero, in [0, 1). The values that stay are divided by ``1 - p``, so that both
        graphs have the same mean. A variable is given as ``p=...``, lest it be taken for `X`.
    name : str, optional
        Of the layer.

    Returns
    -------
    out, out_test : Variable
        `out_test` is `X_test` itself.
    params : list
        Empty.
    output_shape : tuple of int and None
        That of the input.

    Raises
    ------
    TypeError, ValueError
        If `p` is no probability below 1, or `input_shape` is not that of `X`.

    Examples
    --------
    >>> import theano.tensor as T
    >>> from lasagne_ext.blocks import dropout
    >>> X = T.matrix('X')
    >>> out, out_test, params, output_shape = dropout(X, X, (None, 4), .2)
    >>> out_test is X, params, output_shape
    (True, [], (None, 4))
    """
    caller = 'dropout'
    if isinstance(p, theano.Variable):
        if p.ndim:
            raise TypeError('%s: p must be a scalar, got a variable of %d dimensions' % (caller, p.ndim))
    elif isinstance(p, bool) or not isinstance(p, numbers.Real):
        raise TypeError('%s: p must be a probability, got %r' % (caller, p))
    elif not 0 <= p < 1:
        raise ValueError('%s: p must be at least 0 and less than 1, got %r' % (caller, p))

    def make(incoming):
        return DropoutLayer(incoming, p, name=name)
    return make


@block
def flatten(outdim=2, name=None):
    """Put the last axes in a row.

    Parameters
    ----------
    X, X_test : Variable
        Input in the graph for training and in that for prediction. Without `X_test`, that which belongs to
        `X`; without both, a :class:`Block` is returned.
    input_shape : tuple of int and None
        Of at least `outdim` axes; those that are put in a row must be known.
    outdim : int
        How many axes come out: 2 for ``(batch, features)``.
    name : str, optional
        Of the layer.

    Returns
    -------
    out, out_test : Variable
        Of two axes.
    params : list
        Empty.
    output_shape : tuple of int and None
        ``(batch, features)``.

    Raises
    ------
    TypeError, ValueError
        If `outdim` is more than there are axes, or `input_shape` not that of `X` or not known.

    Examples
    --------
    >>> import theano.tensor as T
    >>> from lasagne_ext.blocks import flatten
    >>> flatten(T.tensor4('X'), (None, 32, 2, 2))[-1]
    (None, 128)
    """
    caller = 'flatten'
    check_count(caller, 'outdim', outdim)

    def make(incoming):
        _check_trailing(caller, incoming.output_shape, outdim - 1)
        return FlattenLayer(incoming, outdim, name=name)
    return make


def _check_trailing(caller, shape, leading):
    """Refuse a shape without axes, or with unknown ones, behind the leading ones."""
    if len(shape) <= leading or None in shape[leading:]:
        raise ValueError('%s: there must be sizes after the first %d, and they must be known; got an input '
                         'of shape %r' % (caller, leading, shape))


@block
def custom(make):
    """Put any Lasagne layer, or several, into a chain of blocks.

    Parameters
    ----------
    X, X_test : Variable
        Input in the graph for training and in that for prediction. Without `X_test`, that which belongs to
        `X`; without both, a :class:`Block` is returned.
    input_shape : tuple of int and None
        Whatever the layers take.
    make : callable
        Gets the layer to go on from, and returns the last of those that it puts behind it. These may
        also come from earlier layers, which :func:`layer_of` gives; they are not computed again.

    Returns
    -------
    out, out_test : Variable
        What the layer gives.
    params : list of shared variable
        Trainable ones of the layers that are new. What is not trained, such as the averages of a batch
        normalisation, is found with ``lasagne.layers.get_all_params(layer_of(out))``.
    output_shape : tuple of int and None
        What the layer declares.

    Raises
    ------
    TypeError, ValueError
        If no layer is made, or one that does not come from the one given, or `input_shape` is not that of
        `X`.

    Examples
    --------
    >>> from lasagne_ext.blocks import custom, input_block, linear
    >>> from lasagne_ext.layers import TransformerLayer, localization
    >>> def straightened(images):
    ...     return TransformerLayer(images, localization(images), downsample_factor=2)
    >>> net = input_block((None, 1, 8, 8)) | custom(straightened) | linear(10)
    >>> [param.name for param in net.params]
    ['W', 'b', 'W', 'b']
    """
    if not callable(make) or isinstance(make, lasagne.layers.Layer):
        raise TypeError('custom: expected a function that makes a layer of the one it gets, got %r' % (make,))
    return make
