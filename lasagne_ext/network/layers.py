"""Finding and naming the layers of a network, for every tool here."""
from collections import OrderedDict

import lasagne
import numpy as np

#: What may be given in place of layers by mistake, of which the parts would mean nothing.
NO_LAYERS = (str, dict, np.ndarray)


def network_layers(where, layers):
    """All layers that feed `layers`, in topological order, these included.

    Parameters
    ----------
    where : str
        The function that asks, for messages.
    layers : Layer or iterable of Layer
        The network's outputs.

    Raises
    ------
    TypeError
        If `layers` is anything else.
    ValueError
        If it is empty.
    """
    given = [layers] if isinstance(layers, lasagne.layers.Layer) else layers
    try:
        given = list(given)
    except TypeError:
        given = [layers]
    for layer in given:
        if not isinstance(layer, lasagne.layers.Layer):
            raise TypeError('%s: layers must be a Lasagne layer or a list of them, got %s' % (
                where, given_words(layers if isinstance(layers, NO_LAYERS) else layer)))
    if not given:
        raise ValueError('%s: layers must hold at least one layer, got an empty list' % where)
    return lasagne.layers.get_all_layers(given)


def given_words(thing, first='the network'):
    """What stands where `first` is expected, for messages."""
    if isinstance(thing, str):
        return 'the string %r' % thing
    if isinstance(thing, np.ndarray):
        return 'an array of shape %s; %s comes first' % (thing.shape, first)
    if isinstance(thing, dict):
        return 'a dict; %s comes first' % first
    return repr(thing)


def named_layers(where, layers):
    """The network's layers by name, in topological order.

    A layer without a name is called after its class and its number in the table; a name that is
    taken gets that number too.

    Returns
    -------
    OrderedDict
        name -> layer
    """
    named = OrderedDict()
    for number, layer in enumerate(network_layers(where, layers)):
        kind = type(layer).__name__
        name = layer.name or '%s%d' % (kind[:-5].lower() if kind.endswith('Layer') else kind, number)
        while name in named:
            name += '#%d' % number
        named[name] = layer
    return named


def incoming_layers(layer):
    """The layers that feed `layer`; a shape given in place of a layer counts as none."""
    sources = getattr(layer, 'input_layers', None) or [getattr(layer, 'input_layer', None)]
    return [source for source in sources if source is not None]


def is_kind_of(layer, *names):
    """Whether a layer is of one of the classes so called, or of their kind; Lasagne 0.1 has not got all."""
    return any(kind.__name__ in names for kind in type(layer).__mro__)


def giving_transforms(layers):
    """Those of `layers` that say where a spatial transformer samples; they start at the identity."""
    return {source for layer in layers
            if is_kind_of(layer, 'TransformingLayer', 'TransformerLayer', 'TPSTransformerLayer')
            for source in incoming_layers(layer)[1:]}


def called(name, layer):
    """A layer by class and name, for sentences: ``DenseLayer 'fc1'``."""
    return "%s '%s'" % (type(layer).__name__, name)
