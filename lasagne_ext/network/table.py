"""Tabulate a network: what a summary and a drawing tell of every layer."""
from collections import OrderedDict, namedtuple

import lasagne
import numpy as np
import theano

from lasagne_ext.network.registry import multiply_adds
from lasagne_ext.network.expressions import expressions, flattened, symbolic_outputs
from lasagne_ext.network.inputs import Feed
from lasagne_ext.network.graph import (first_users, incoming_layers, layer_label, parameter_size,
                                       parameters_of)
from lasagne_ext.network.shapes import (actual_shapes, declared_shape, incoming_shapes, parts_of,
                                        shapes_of_one_batch)

#: A line of a summary. `parameters` counts only those that no earlier line has counted, `trainable`
#: how many of them are trained; `shared_with` names the earlier layers whose parameters this one uses
#: too. `trained` says of all the layer's parameters whether they are: 'yes', 'no', 'partly', or '' if
#: there are none. `output_shape` and `declared_shape` are None if a layer cannot tell, `multiply_adds`
#: and `bytes` if unknown. A line whose `block` is not None announces that the layers behind it are
#: repeated; it counts nothing itself.
Row = namedtuple('Row', (
    'number', 'name', 'type', 'incoming', 'output_shape', 'declared_shape', 'parameters', 'trainable',
    'trained', 'shared_with', 'dtype', 'multiply_adds', 'bytes', 'block'))

#: What was found out about a network's layers: dicts layer -> the shape to show, the shape for which
#: costs are counted, and the symbolic output; and sentences about those that fail.
_Measures = namedtuple('_Measures', 'shown sizes outputs problems')


def network_rows(caller, named, inputs, deterministic):
    """Return a row of figures for every layer of a network.

    Parameters
    ----------
    caller : str
        Name to show in error messages.
    named : dict
        name -> layer, in topological order.
    inputs : array, dict or None
        As for :func:`lasagne_ext.debug.summary`.
    deterministic : bool
        Whether layers behave as for prediction.

    Returns
    -------
    rows : list of Row
    batch : int or None
        The batch size for which costs are counted; None if the inputs have several.
    problems : list of str
        Sentences about layers that fail.
    """
    names = {layer: name for name, layer in named.items()}
    layers = list(named.values())
    declared, problems = _declared(named)
    if inputs is None:
        measures = _by_declaration(named, declared, problems, deterministic)
    else:
        measures = _by_evaluation(caller, named, inputs, deterministic)
    users = first_users(layers)
    trainable = {parameter for layer in layers for parameter in parameters_of(layer, trainable=True)}
    rows = []
    for number, (name, layer) in enumerate(named.items()):
        own = [parameter for parameter in parameters_of(layer) if users[parameter] == number]
        lenders = OrderedDict((names[layers[users[parameter]]], None)
                              for parameter in parameters_of(layer) if users[parameter] != number)
        rows.append(Row(
            number, name, type(layer).__name__, [names[source] for source in incoming_layers(layer)],
            measures.shown[layer], declared[layer], _count(own),
            _count(parameter for parameter in own if parameter in trainable), _trained(layer),
            list(lenders), _dtype(measures.outputs.get(layer)),
            multiply_adds(layer, incoming_shapes(layer, measures.sizes), measures.sizes[layer],
                          deterministic),
            _bytes(measures.sizes[layer], measures.outputs.get(layer)), None))
    return rows, _batch(layers, measures.sizes), problems


def _declared(named):
    shapes, problems = {}, []
    for name, layer in named.items():
        try:
            shapes[layer] = declared_shape(layer)
        except Exception as error:      # a layer of one's own may raise anything
            shapes[layer] = None
            problems.append(_failure(name, layer, 'cannot tell its output shape', error))
    return shapes, problems


def _failure(name, layer, what, error):
    return '%s %s: %s: %s' % (layer_label(name, layer), what, type(error).__name__,
                              ' '.join(str(error).split()))


def _by_declaration(named, declared, problems, deterministic):
    outputs, failures = symbolic_outputs(named, deterministic)
    problems += [_failure(name, named[name], 'gives no symbolic output', error)
                 for name, error in failures.items()]
    return _Measures(declared, shapes_of_one_batch(list(named.values())), outputs, problems)


def _by_evaluation(caller, named, inputs, deterministic):
    feed = Feed(caller, named, inputs)
    outputs = expressions(caller, named, feed.variables, deterministic)
    shapes = {named[name]: shape for name, shape in actual_shapes(outputs, feed).items()}
    return _Measures(shapes, shapes, {named[name]: output for name, output in outputs.items()}, [])


def _count(parameters):
    return sum(parameter_size(parameter)[0] for parameter in parameters)


def _trained(layer):
    every, trained = parameters_of(layer), parameters_of(layer, trainable=True)
    if not every:
        return ''
    return 'no' if not trained else 'yes' if len(trained) == len(every) else 'partly'


def _dtypes(output):
    """Return the dtypes of a layer's values; None if it gave none that are symbolic."""
    parts = flattened(output)
    if not parts or not all(isinstance(part, theano.Variable) for part in parts):
        return None
    return [getattr(part, 'dtype', '?') for part in parts]


def _dtype(output):
    return ', '.join(OrderedDict.fromkeys(_dtypes(output) or ['?']))


def _bytes(shape, output):
    """Return the bytes of a layer's output; None if a size or a dtype is unknown."""
    parts, dtypes = parts_of(shape), _dtypes(output)
    if not parts or not dtypes or len(parts) != len(dtypes) or '?' in dtypes:
        return None
    if any(not isinstance(size, int) for part in parts for size in part):
        return None
    return sum(int(np.prod(part, dtype='int64')) * np.dtype(dtype).itemsize
               for part, dtype in zip(parts, dtypes))


def _batch(layers, sizes):
    batches = {sizes[layer][0] for layer in layers
               if isinstance(layer, lasagne.layers.InputLayer) and sizes[layer]}
    return batches.pop() if len(batches) == 1 else None
