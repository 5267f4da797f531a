"""Build the symbolic expressions that the layers of a network compute, and take them apart."""
import contextlib
import copy
from collections import OrderedDict

import lasagne
import numpy as np
import theano
import theano.tensor as T

from lasagne_ext.network.graph import incoming_layers


def expressions(caller, named, variables, deterministic):
    """Return the symbolic value of every layer.

    Parameters
    ----------
    caller : str
        Name to show in error messages.
    named : dict
        name -> layer, all layers of a network.
    variables : dict
        Input layer -> variable.
    deterministic : bool
        Whether layers behave as for prediction.

    Returns
    -------
    OrderedDict
        name -> Variable; or, of a layer that gives several values, a tuple, list or dict of them.

    Raises
    ------
    TypeError
        If a layer gives anything else.
    """
    with unused_streams(named.values()):
        outputs = lasagne.layers.get_output(list(named.values()), inputs=variables,
                                            deterministic=deterministic)
    for name, output in zip(named, outputs):
        parts = flattened(output)
        if not parts or not all(isinstance(part, theano.Variable) for part in parts):
            raise TypeError('%s: the layer %r gives no symbolic value but %r' % (caller, name, output))
    return OrderedDict(zip(named, outputs))


@contextlib.contextmanager
def unused_streams(layers):
    """Put the random streams of layers back to where they were.

    A dropout layer gives each of its expressions the next seed of a stream. A training function that is
    built after a look at the network must get the seeds that it would have got without.
    """
    streams = {id(value): value for layer in layers for value in vars(layer).values()
               if hasattr(value, 'state_updates')}.values()
    before = [{name: _copied(value) for name, value in vars(stream).items()} for stream in streams]
    try:
        yield
    finally:
        for stream, attributes in zip(streams, before):
            vars(stream).update(attributes)


def _copied(value):
    if isinstance(value, np.random.RandomState):
        return copy.deepcopy(value)
    return copy.copy(value) if isinstance(value, (list, np.ndarray)) else value


def symbolic_outputs(named, deterministic):
    """Return the symbolic outputs of as many layers as have one.

    Unlike :func:`expressions` it goes on after a layer that fails, and needs no input layer.

    Returns
    -------
    outputs : dict
        layer -> whatever the layer gives
    failures : dict
        name -> the exception of a layer that failed; not of those that would come after it.
    """
    outputs, failures = {}, {}
    for name, layer in named.items():
        if any(source not in outputs for source in incoming_layers(layer)):
            continue
        try:
            if isinstance(layer, lasagne.layers.InputLayer):
                outputs[layer] = layer.input_var
                continue
            given = incoming_values(layer, outputs, _any_of)
            merging = isinstance(layer, lasagne.layers.MergeLayer)
            outputs[layer] = layer.get_output_for(given if merging else given[0],
                                                  deterministic=deterministic)
        except Exception as error:      # a layer of one's own may raise anything
            failures[name] = error
    return outputs, failures


def incoming_values(layer, values, value_of_shape):
    """Return what feeds a layer, as a list.

    Parameters
    ----------
    layer : Layer
    values : dict
        layer -> value, such as its output or its shape.
    value_of_shape : callable
        Makes the value of a shape that stands in place of a layer.
    """
    merging = isinstance(layer, lasagne.layers.MergeLayer)
    sources = layer.input_layers if merging else [getattr(layer, 'input_layer', None)]
    shapes = layer.input_shapes if merging else [getattr(layer, 'input_shape', None)]
    return [value_of_shape(shape) if source is None else values[source]
            for source, shape in zip(sources, shapes)]


def _any_of(shape):
    """Make a variable for a shape that stands in place of a layer."""
    return T.TensorType(theano.config.floatX, [size == 1 for size in shape])()


def flattened(output):
    """Return the parts of a layer's output as a list, whether it is one, or a tuple, list or dict."""
    if isinstance(output, dict):
        return list(output.values())
    return list(output) if isinstance(output, (tuple, list)) else [output]


def parts_by_name(values, names):
    """Return the parts of several layers' outputs in one list, from a dict name -> output."""
    return [part for name in names for part in flattened(values[name])]


def labelled_parts(name, value):
    """Return ``[(label, value)]`` of a layer's output, of several with ``name[0]`` or ``name['key']``."""
    if isinstance(value, dict):
        return [('%s[%r]' % (name, key), part) for key, part in value.items()]
    if isinstance(value, (tuple, list)):
        return [('%s[%d]' % (name, k), part) for k, part in enumerate(value)]
    return [(name, value)]


def in_form_of(output, values):
    """Return `values`, one for each of ``flattened(output)``, in the form that `output` has."""
    if isinstance(output, dict):
        return OrderedDict(zip(output, values))
    if isinstance(output, (tuple, list)):
        return tuple(values)
    value, = values
    return value


def loss_of(caller, loss, outputs):
    """Return the scalar to differentiate.

    Parameters
    ----------
    caller : str
        Name to show in error messages.
    loss : callable, optional
        Gets the network's symbolic outputs, one argument each, and returns a symbolic scalar. By
        default half the sum of their squares.
    outputs : list of Variable
        Symbolic outputs of the network.

    Raises
    ------
    TypeError, ValueError
        If `loss` is not callable, or what it returns is not a scalar.
    """
    if loss is None:
        squares = [(output ** 2).sum() / 2 for output in outputs if output.dtype.startswith('float')]
        if not squares:
            raise ValueError('%s: no output of the network can be differentiated, being of dtype %s'
                             % (caller, ', '.join(output.dtype for output in outputs)))
        return sum(squares[1:], squares[0])
    if not callable(loss):
        raise TypeError('%s: loss must be a function of the network\'s symbolic output, such as '
                        'lambda y: (y ** 2).mean(); got %r' % (caller, loss))
    value = loss(*outputs)
    if not isinstance(value, theano.Variable) or value.ndim != 0:
        raise ValueError('%s: loss must return a symbolic scalar, got %s; end it with .mean()'
                         % (caller, getattr(value, 'type', repr(value))))
    return value
