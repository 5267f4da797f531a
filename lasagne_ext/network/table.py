"""Tabulate a network: what a summary and a drawing tell of every layer."""
from collections import OrderedDict, namedtuple

import lasagne
import numpy as np
import theano

from lasagne_ext.network.expressions import expressions, flattened, symbolic_outputs
from lasagne_ext.network.graph import (first_users, incoming_layers, layer_label, parameter_size,
                                       parameters_of)
from lasagne_ext.network.inputs import Feed
from lasagne_ext.network.registry import multiply_adds
from lasagne_ext.network.shapes import (actual_shapes, declared_shape, incoming_shapes, parts_of,
                                        shapes_of_one_batch, size_of)

#: A line of a summary. `parameters` counts only those that no earlier line has counted, `trainable`
#: how many of them are trained; `shared_with` names the earlier layers whose parameters this one uses
#: too. `trained` says of all the layer's parameters whether they are: 'yes', 'no', 'partly', or '' if
#: there are none. `output_shape` and `declared_shape` are None if a layer cannot tell, `multiply_adds`
#: and `bytes` if unknown. A line whose `block` is not None announces that the layers behind it are
#: repeated; it counts nothing itself.
Row = namedtuple('Row', (
    'number', 'name', 'type', 'incoming', 'output_shape', 'declared_shape', 'parameters', 'trainable',
    'trained', 'shared_with', 'dtype', 'multiply_adds', 'bytes', 'block'))


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
    declared, problems = {}, []
    for name, layer in named.items():
        try:
            declared[layer] = declared_shape(layer)
        except Exception as error:      # a layer of one's own may raise anything
            declared[layer] = None
            problems.append(_problem(name, layer, 'cannot tell its output shape', error))
    if inputs is None:
        shown, sizes = declared, shapes_of_one_batch(layers)
        outputs, failures = symbolic_outputs(named, deterministic)
        problems += [_problem(name, named[name], 'gives no symbolic output', error)
                     for name, error in failures.items()]
    else:
        feed = Feed(caller, named, inputs)
        outputs = expressions(caller, named, feed.variables, deterministic)
        shown = sizes = {named[name]: shape for name, shape in actual_shapes(outputs, feed).items()}
        outputs, problems = {named[name]: output for name, output in outputs.items()}, []
    users = first_users(layers)
    trainable = {parameter for layer in layers for parameter in parameters_of(layer, trainable=True)}
    rows = []
    for number, (name, layer) in enumerate(named.items()):
        parameters = parameters_of(layer)
        counts = {parameter: parameter_size(parameter)[0] for parameter in parameters
                  if users[parameter] == number}
        lenders = OrderedDict.fromkeys(names[layers[users[parameter]]] for parameter in parameters
                                       if users[parameter] != number)
        trained = len(parameters_of(layer, trainable=True))
        dtypes = _dtypes(outputs.get(layer))
        rows.append(Row(
            number, name, type(layer).__name__, [names[source] for source in incoming_layers(layer)],
            shown[layer], declared[layer], sum(counts.values()),
            sum(count for parameter, count in counts.items() if parameter in trainable),
            '' if not parameters else 'no' if not trained else
            'yes' if trained == len(parameters) else 'partly',
            list(lenders), ', '.join(OrderedDict.fromkeys(dtypes or ['?'])),
            multiply_adds(layer, incoming_shapes(layer, sizes), sizes[layer], deterministic),
            _bytes(sizes[layer], dtypes), None))
    batches = {sizes[layer][0] for layer in layers
               if isinstance(layer, lasagne.layers.InputLayer) and sizes[layer]}
    return rows, batches.pop() if len(batches) == 1 else None, problems


def _problem(name, layer, what, error):
    return '%s %s: %s: %s' % (layer_label(name, layer), what, type(error).__name__,
                              ' '.join(str(error).split()))


def _dtypes(output):
    """Return the dtypes of a layer's values; None if it gave none that are symbolic."""
    parts = flattened(output)
    if not parts or not all(isinstance(part, theano.Variable) for part in parts):
        return None
    return [getattr(part, 'dtype', '?') for part in parts]


def _bytes(shape, dtypes):
    """Return the bytes of a layer's output; None if a size or a dtype is unknown."""
    parts = parts_of(shape)
    if not parts or not dtypes or len(parts) != len(dtypes) or '?' in dtypes:
        return None
    try:
        return sum(size_of(part) * np.dtype(dtype).itemsize for part, dtype in zip(parts, dtypes))
    except ValueError:                  # a size is unknown
        return None
