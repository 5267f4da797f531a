"""Find, name and choose the layers of a network, their parameters, and the nodes that they made.

Every function that may refuse what it gets takes `caller`, the name to show in front of the message.
"""
from collections import OrderedDict, namedtuple

import lasagne
import numpy as np
import theano

from lasagne_ext.checks import did_you_mean
from lasagne_ext.engine.origins import origins

#: What may be given in place of layers by mistake, of which the parts would mean nothing.
_NOT_LAYERS = (str, dict, np.ndarray)

#: Where in a network a node belongs: the layer's name, ``'forward'`` or ``'backward'``, and whether
#: the node itself says so, or else only one next to it.
Place = namedtuple('Place', 'name direction exact')


def network_layers(caller, layers):
    """Return all layers that feed `layers`, in topological order, these included.

    Parameters
    ----------
    caller : str
        Name to show in error messages.
    layers : Layer or iterable of Layer
        The network's outputs.

    Raises
    ------
    TypeError
        If `layers` is anything else.
    ValueError
        If it is empty.
    """
    given = layer_list(layers)
    for layer in given if isinstance(given, list) else [given]:
        if not isinstance(layer, lasagne.layers.Layer):
            raise TypeError('%s: layers must be a Lasagne layer or a list of them, got %s' % (
                caller, argument_text(layer)))
    if not given:
        raise ValueError('%s: layers must hold at least one layer, got an empty list' % caller)
    return lasagne.layers.get_all_layers(given)


def argument_text(value, expected='the network'):
    """Describe what was given in place of `expected`, which comes first, for messages."""
    if isinstance(value, str):
        return 'the string %r' % value
    if isinstance(value, np.ndarray):
        return 'an array of shape %s; %s comes first' % (value.shape, expected)
    if isinstance(value, dict):
        return 'a dict; %s comes first' % expected
    return repr(value)


def named_layers(caller, layers):
    """Return the network's layers by name, in topological order.

    A layer without a name is called after its class and its number in the table; a name that is
    taken gets that number too.

    Returns
    -------
    OrderedDict
        name -> layer
    """
    named = OrderedDict()
    for number, layer in enumerate(network_layers(caller, layers)):
        kind = type(layer).__name__
        name = layer.name or '%s%d' % (kind[:-5].lower() if kind.endswith('Layer') else kind, number)
        while name in named:
            name += '#%d' % number
        named[name] = layer
    return named


def layer_label(name, layer):
    """Return a layer's class and name, for sentences: ``DenseLayer 'fc1'``."""
    return "%s '%s'" % (type(layer).__name__, name)


def incoming_layers(layer):
    """Return the layers that feed `layer`; a shape given in place of a layer counts as none."""
    sources = getattr(layer, 'input_layers', None) or [getattr(layer, 'input_layer', None)]
    return [source for source in sources if source is not None]


def is_kind_of(layer, *names):
    """Return whether a layer is of one of the classes so called, or of their kind."""
    # By name, as Lasagne 0.1 lacks many of them.
    return any(kind.__name__ in names for kind in type(layer).__mro__)


def localisation_layers(layers):
    """Return those of `layers` that say where a spatial transformer samples.

    They start at the identity, so that constant values and small gradients are right for them.
    """
    return {source for layer in layers
            if is_kind_of(layer, 'TransformingLayer', 'TransformerLayer', 'TPSTransformerLayer')
            for source in incoming_layers(layer)[1:]}


def layer_list(layers):
    """Return `layers` as a list where it is an iterable, which may be possible once only."""
    if isinstance(layers, lasagne.layers.Layer):
        return [layers]
    if isinstance(layers, _NOT_LAYERS):
        return layers                      # network_layers refuses it
    try:
        return list(layers)
    except TypeError:
        return layers                      # network_layers refuses it


def layer_names(layers, named):
    """Return the names that layers of a network have in `named`, in the order of `layers`."""
    names = {layer: name for name, layer in named.items()}
    return [names[layer] for layer in layers]


def select_names(caller, named, only):
    """Return the names of the layers asked for, in topological order.

    Parameters
    ----------
    caller : str
        Name to show in error messages.
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
                raise ValueError('%s: only: no layer is called %r; there are: %s%s'
                                 % (caller, item, ', '.join(named), did_you_mean(item, named)))
            found.add(item)
        elif isinstance(item, lasagne.layers.Layer):
            if item not in names:
                raise ValueError('%s: only: the layer %r does not belong to this network; its layers '
                                 'are: %s' % (caller, item.name or item, ', '.join(named)))
            found.add(names[item])
        else:
            raise TypeError('%s: only must hold layers or their names, got %r' % (caller, item))
    if not found:
        raise ValueError('%s: only must name at least one layer, got %r' % (caller, only))
    return [name for name in named if name in found]


def parameters_of(layer, **tags):
    """Return the shared variables among a layer's parameters, each once.

    Of a parameter that is an expression, those that it is made of; a parameter without any, such as
    a constant, gives none.

    Parameters
    ----------
    layer : Layer
    **tags
        As for the layer's ``get_params``.

    Returns
    -------
    list of SharedVariable
    """
    found = []
    for parameter in layer.get_params(**tags):
        # Lasagne 0.1 does not look into expressions.
        for variable in theano.gof.graph.inputs([parameter]):
            if isinstance(variable, theano.compile.SharedVariable) and variable not in found:
                found.append(variable)
    return found


def named_parameters(named, **tags):
    """Return the parameters of a network, each once, by name: ``fc.W``.

    Parameters
    ----------
    named : dict
        name -> layer
    **tags
        As for the layers' ``get_params``.

    Returns
    -------
    OrderedDict
        name -> parameter
    """
    found = OrderedDict()
    for layer_name, layer in named.items():
        for number, parameter in enumerate(layer.get_params(**tags)):
            if parameter not in found.values():
                # A layer may have put its own name before that of the parameter.
                own = (parameter.name or 'parameter%d' % number).split('.')[-1]
                name = '%s.%s' % (layer_name, own)
                while name in found:
                    name += '#%d' % number
                found[name] = parameter
    return found


def first_users(layers):
    """Find where every parameter of a network is first used.

    Returns
    -------
    dict
        SharedVariable -> number of the layer
    """
    users = {}
    for number, layer in enumerate(layers):
        for parameter in parameters_of(layer):
            users.setdefault(parameter, number)
    return users


def parameter_size(parameter):
    """Return how many values a shared variable holds, and in how many bytes."""
    value = parameter.get_value(borrow=True, return_internal_type=True)
    count = int(np.prod(getattr(value, 'shape', ()), dtype='int64'))
    return count, count * np.dtype(getattr(parameter, 'dtype', 'uint8')).itemsize


def places(node, names):
    """Find the layers that made a node.

    Parameters
    ----------
    node : Apply
        Of any graph, optimized or not.
    names : dict
        layer -> name, all layers of a network.

    Returns
    -------
    list of Place
        Several where the optimizer has made one node of several layers'; empty where no layer of this
        network has made it, as for a loss or an update.
    """
    found = []
    for output in node.outputs:
        for chain in origins(output):
            inside = [origin for origin in chain if origin.layer in names]
            if inside:
                place = Place(names[inside[0].layer], inside[0].direction, True)
                if place not in found:
                    found.append(place)
    return found


def nearest_place(node, names):
    """Find where a node belongs; if it does not say so, where the nodes do that made its inputs.

    Returns
    -------
    Place or None
    """
    seen, remaining = {node}, [node]
    while remaining:
        current = remaining.pop(0)
        found = places(current, names)
        if found:
            return found[0]._replace(exact=current is node)
        for variable in current.inputs:
            if variable.owner is not None and variable.owner not in seen:
                seen.add(variable.owner)
                remaining.append(variable.owner)
    return None
