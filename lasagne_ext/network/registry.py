"""Register what is known of a layer class, and look it up: its multiply-adds, its phrase, its family.

Lasagne's layers, those of this package and those of a user's own stand in the same registry. A class that is
not there, or of which something is not known, takes that from the nearest of its base classes.
"""
import inspect

import lasagne

from lasagne_ext.checks import check_choice, check_count

#: The fill of a box by family: light, so that dark text can be read on all of them.
COLOURS = {
    'input': '#eceff1', 'convolution': '#bbdefb', 'pooling': '#b2ebf2', 'dense': '#c8e6c9',
    'recurrent': '#e1bee7', 'normalisation': '#f0f4c3', 'merge': '#ffe0b2', 'shape': '#d7ccc8',
    'noise': '#f8bbd0', 'transformer': '#ffcdd2', 'other': '#ffffff'}

#: Class, or name of one of Lasagne's or ours -> what -> known.
_known = {}


def register_layer(layer_class, multiply_adds=None, phrase=None, family=None):
    """Say what the tools shall know of a layer class and, where they know nothing else, of its subclasses.

    Parameters
    ----------
    layer_class : type or str
        A subclass of ``lasagne.layers.Layer``; or the name of one of Lasagne's or of this package, which need
        not be there, as not every Lasagne has all of them.
    multiply_adds : int or callable, optional
        The multiplications of a forward pass, for :func:`lasagne_ext.debug.summary`; or a function
        ``(layer, input_shapes, output_shape, deterministic)`` that counts them. `input_shapes` is a list;
        the batch is 1 unless a size is given or declared, and other sizes may be unknown and None. Where
        the function returns None, or raises AttributeError, LookupError, TypeError or ValueError, the
        number is unknown.
    phrase : str or callable, optional
        What the layer does, for :func:`lasagne_ext.debug.explain`, such as ``'scales each channel'``; or a
        function of the layer that returns it.
    family : str, optional
        A key of ``lasagne_ext.network.registry.COLOURS``, for the colour of
        :func:`lasagne_ext.debug.draw`, such as ``'normalisation'``.

    Raises
    ------
    TypeError
        If `layer_class` is no layer class, or an argument is of the wrong kind.
    ValueError
        If `family` is unknown, or `multiply_adds` negative.

    Notes
    -----
    What is given replaces what was registered before; what is not given stays.

    Examples
    --------
    >>> import lasagne
    >>> from lasagne_ext.debug import summary
    >>> from lasagne_ext.network import register_layer
    >>> class Half(lasagne.layers.Layer):
    ...     def get_output_for(self, input, **kwargs):
    ...         return input / 2
    >>> net = Half(lasagne.layers.InputLayer((None, 5)))
    >>> summary(net).multiply_adds_known
    False
    >>> register_layer(Half, multiply_adds=lambda layer, input_shapes, shape, deterministic: shape[1],
    ...                phrase='halves every number')
    >>> summary(net).multiply_adds
    5
    """
    caller = 'register_layer'
    if not isinstance(layer_class, str) and not (
            isinstance(layer_class, type) and issubclass(layer_class, lasagne.layers.Layer)):
        raise TypeError('%s: layer_class must be a subclass of lasagne.layers.Layer, got %r'
                        % (caller, layer_class))
    if multiply_adds is not None and not callable(multiply_adds):
        name = getattr(layer_class, '__name__', layer_class)
        multiply_adds = check_count(caller, 'the multiply-adds of %s' % name, multiply_adds, least=0)
    if phrase is not None and not callable(phrase) and not isinstance(phrase, str):
        raise TypeError('%s: phrase must be a string, or a function of the layer, got %r' % (caller, phrase))
    if family is not None:
        check_choice(caller, 'family', family, list(COLOURS))
    given = {'multiply_adds': multiply_adds, 'phrase': phrase, 'family': family}
    _known.setdefault(layer_class, {}).update(
        {what: value for what, value in given.items() if value is not None})


def _is_ours(kind):
    return kind.__module__.split('.')[0] in ('lasagne', 'lasagne_ext')


def _look_up(layer, what):
    """Return the nearest class of a layer's of which something is known, and that; or None and None."""
    for kind in type(layer).__mro__:
        # Somebody else's class may have the name of one of Lasagne's, and other attributes.
        for key in (kind, kind.__name__) if _is_ours(kind) else (kind,):
            if what in _known.get(key, ()):
                return kind, _known[key][what]
    return None, None


def multiply_adds(layer, input_shapes, output_shape, deterministic):
    """Count the multiplications in a layer's forward pass, most with an addition behind them.

    Parameters
    ----------
    layer : Layer
    input_shapes : list of tuple
        Of what goes in.
    output_shape : tuple
    deterministic : bool
        Whether it predicts.

    Returns
    -------
    int or None
        None if the class, or a size that matters, is unknown.

    Notes
    -----
    Counted is what the definition of the layer says, whatever algorithm computes it: multiplications
    with the zeros of a padding too, and in recurrent layers those of every time step. Additions,
    comparisons, divisions and the nonlinearities that layers apply are not counted. A layer that
    samples images multiplies a matrix by every output point's coordinates, and has one
    multiplication for each value and pixel it is made of: 4 bilinear ones in an image.
    """
    kind, count = _look_up(layer, 'multiply_adds')
    if not callable(count):
        return count
    try:
        count = count(layer, input_shapes, output_shape, deterministic)
    except (AttributeError, LookupError, TypeError, ValueError):
        return None             # a size is unknown, or a subclass of one's own lacks an attribute
    if count is None:
        return None
    return check_count('multiply_adds', 'the multiply-adds of %s' % kind.__name__, count, least=0)


def phrase(layer):
    """Say what a layer does, as ``convolves it with ...``.

    A class that is not known is described by its nearest known base or, having none but Lasagne's
    own, by the first line of its documentation.
    """
    kind, known = _look_up(layer, 'phrase')
    if known is not None:
        kinship = '' if kind is type(layer) or _is_ours(type(layer)) else ' (%s is a kind of %s)' % (
            type(layer).__name__, kind.__name__)
        return (known(layer) if callable(known) else known) + kinship
    documentation = (type(layer).__doc__ or '').strip()
    if not documentation:
        return 'does what %s.get_output_for says' % type(layer).__name__
    first = inspect.cleandoc(documentation).split('\n\n')[0].replace('\n', ' ').rstrip('.')
    return 'does what its class %s is for ("%s")' % (type(layer).__name__, first)


def family_of(layer):
    """Return the family of a layer, a key of `COLOURS`; 'other' where none of its classes has one."""
    return _look_up(layer, 'family')[1] or 'other'
