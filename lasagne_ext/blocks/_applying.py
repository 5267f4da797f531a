"""One block behind another: the layer is made, and its output in both graphs."""
import inspect

import lasagne
import theano
from lasagne.layers import get_all_layers

from lasagne_ext.blocks._checks import is_whole, near_miss
from lasagne_ext.blocks._records import recorded


def applied(where, make, source):
    """The record of the layer that a block makes.

    Parameters
    ----------
    where : str
        The block, for messages.
    make : callable
        Gets the layer to go on from, and returns the new one.
    source : Record
        Of the layer to go on from.

    Raises
    ------
    TypeError, ValueError
        If it is no layer, does not come from that layer, or does not fit its shape.
    """
    layer = make(source.layer)
    if not isinstance(layer, lasagne.layers.Layer):
        raise TypeError('%s: expected a Lasagne layer to be made, got %r' % (where, layer))
    if source.layer not in get_all_layers(layer):
        raise ValueError('%s: the %s that was made does not come from the layer that was given'
                         % (where, type(layer).__name__))
    shape = _checked_shape(where, layer, source.layer)
    # What blocks have computed already is not computed again, which would draw other random numbers.
    train = _output(where, layer, source.train, shape)
    test = _output(where, layer, source.test, shape, deterministic=True)
    return recorded(layer, source.train, source.test, train, test)


def _checked_shape(where, layer, incoming):
    try:
        shape = layer.output_shape
    except Exception as error:
        raise ValueError('%s: cannot tell what becomes of the shape %r: %s'
                         % (where, incoming.output_shape, error)) from error
    if not isinstance(shape, tuple) or any(s is not None and (not is_whole(s) or s < 1) for s in shape):
        raise ValueError('%s: an input of shape %r would give one of shape %r; sizes must be positive '
                         'whole numbers' % (where, incoming.output_shape, shape))
    return shape


def _output(where, layer, known, shape, **kwargs):
    try:
        output = lasagne.layers.get_output(layer, known, **kwargs)
    except Exception as error:
        raise ValueError('%s: %s' % (where, error)) from error
    if not isinstance(output, theano.Variable) or output.ndim != len(shape):
        raise ValueError('%s: expected an output with the %d dimensions of the shape %r, got %s'
                         % (where, len(shape), shape, getattr(output, 'type', repr(output))))
    return output


def new_params(before, after):
    """Trainable parameters of the layers that have come between two records, each once."""
    known = get_all_layers(before.layer)
    taken = {param for layer in known for param in layer.get_params(trainable=True)}
    found = []
    for layer in get_all_layers(after.layer):
        for param in layer.get_params(trainable=True) if layer not in known else ():
            if param not in taken:
                taken.add(param)
                found.append(param)
    return found


def constructed(where, layer_class, incoming, *args, **kwargs):
    """A layer; what Lasagne says against its options is told as the block's.

    Raises
    ------
    TypeError, ValueError
        If there is no such option, or Lasagne refuses one.
    """
    for key in kwargs:
        if not has_option(layer_class, key):
            known = inspect.signature(layer_class.__init__).parameters
            raise TypeError('%s: %s of this Lasagne has no option %r%s'
                            % (where, layer_class.__name__, key, near_miss(key, known)))
    try:
        return layer_class(incoming, *args, **kwargs)
    except Exception as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind('%s: with an input of shape %r: %s' % (where, incoming.output_shape, error)) from error


def has_option(layer_class, option):
    """Whether a layer of the installed Lasagne takes an argument of that name."""
    return option == 'name' or option in inspect.signature(layer_class.__init__).parameters


def provided(where, name):
    """A layer class of Lasagne's, which an old Lasagne may not have."""
    found = getattr(lasagne.layers, name, None)
    if found is None:
        raise ValueError('%s: the installed Lasagne %s has no %s' % (where, lasagne.__version__, name))
    return found
