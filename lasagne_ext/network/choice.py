"""Which layers of a network a tool is asked for."""
import difflib

import lasagne

from lasagne_ext.network.layers import NO_LAYERS


def given_layers(layers):
    """`layers` as a list where it is an iterable, which may be possible once only."""
    if isinstance(layers, lasagne.layers.Layer):
        return [layers]
    if isinstance(layers, NO_LAYERS):
        return layers                      # network_layers refuses it
    try:
        return list(layers)
    except TypeError:
        return layers                      # network_layers refuses it


def names_of(layers, named):
    """The names that layers of a network have in `named`, in their own order."""
    names = {layer: name for name, layer in named.items()}
    return [names[layer] for layer in layers]


def chosen(where, named, only):
    """The names of the layers asked for, in topological order.

    Parameters
    ----------
    where : str
        The function that asks, for messages.
    named : dict
        name -> layer, all layers of the network.
    only : None, str, Layer, or iterable of them
        None for all.

    Raises
    ------
    TypeError, ValueError
        If one is neither name nor layer, or not of this network, or there is none.
    """
    if only is None:
        return list(named)
    given = [only] if isinstance(only, (str, lasagne.layers.Layer)) else only
    names = {layer: name for name, layer in named.items()}
    found = set()
    try:
        given = list(given)
    except TypeError:
        given = [given]
    for item in given:
        if isinstance(item, str):
            if item not in named:
                raise ValueError('%s: only: no layer is called %r%s; there are: %s'
                                 % (where, item, near_miss(item, named), ', '.join(named)))
            found.add(item)
        elif isinstance(item, lasagne.layers.Layer):
            if item not in names:
                raise ValueError('%s: only: the layer %r does not belong to this network; its layers '
                                 'are: %s' % (where, item.name or item, ', '.join(named)))
            found.add(names[item])
        else:
            raise TypeError('%s: only must hold layers or their names, got %r' % (where, item))
    if not found:
        raise ValueError('%s: only must name at least one layer, got %r' % (where, only))
    return [name for name in named if name in found]


def near_miss(name, known):
    """``' (did you mean 'fc1'?)'``, or '' where nothing is near."""
    near = difflib.get_close_matches(str(name), list(known), 1)
    return ' (did you mean %r?)' % near[0] if near else ''
