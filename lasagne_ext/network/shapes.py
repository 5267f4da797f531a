"""The shapes of what a network's layers give, declared and actual."""
import re

import lasagne
import numpy as np
import theano
import theano.tensor as T

from lasagne_ext.network.expressions import flattened, like
from lasagne_ext.network.graph import incoming_layers


def plain_shape(shape):
    """A declared shape whose sizes are whole numbers, None, or the text of anything symbolic."""
    if isinstance(shape, dict):
        return {str(key): plain_shape(part) for key, part in shape.items()}
    if isinstance(shape, (tuple, list)):
        return tuple(map(plain_shape, shape))
    if isinstance(shape, theano.Constant):
        return plain_shape(shape.data[()])
    if isinstance(shape, theano.Variable):
        return shape.name or re.sub(r'\w*Constant\{(.*?)\}', r'\1', theano.pprint(shape))
    if isinstance(shape, (int, np.integer)):
        return int(shape)
    return shape if shape is None else str(shape)


def declared_shape(layer):
    """The output shape that a layer declares, as :func:`plain_shape` puts it."""
    # A layer's output_shape refuses what is symbolic, unless its class has its own.
    inherited = (lasagne.layers.Layer.output_shape, lasagne.layers.MergeLayer.output_shape)
    if type(layer).output_shape not in inherited:
        return _as_shape(layer.output_shape)
    several = isinstance(layer, lasagne.layers.MergeLayer)
    return _as_shape(layer.get_output_shape_for(layer.input_shapes if several else layer.input_shape))


def _as_shape(declared):
    if not isinstance(declared, (tuple, list, dict)):
        raise TypeError('%r is not a shape' % (declared,))
    return plain_shape(declared)


def parts_of(shape):
    """The shapes of all values of a layer's output, as a list; None if they are unknown."""
    if shape is None:
        return None
    several = isinstance(shape, dict) or any(isinstance(size, (tuple, list)) for size in shape)
    return flattened(shape) if several else [shape]


def batch_of_one(shape):
    """A shape, or several, with a batch of 1 where the batch is unknown."""
    parts = parts_of(shape)
    if parts is None:
        return None
    parts = [(1,) + tuple(part[1:]) if len(part) and part[0] is None else part for part in parts]
    return parts[0] if parts_of(shape)[0] is shape else like(shape, parts)


def shapes_of_one_batch(layers):
    """The shape of every layer's output for a batch of 1, where the batch is unknown.

    It goes from layer to layer, as a network may move the batch to another dimension.

    Returns
    -------
    dict
        layer -> shape, in which other unknown sizes stay; None if a layer cannot tell.
    """
    shapes = {}
    for layer in layers:
        try:
            if isinstance(layer, lasagne.layers.InputLayer):
                shapes[layer] = batch_of_one(declared_shape(layer))
                continue
            given = incoming_shapes(layer, shapes)
            several = isinstance(layer, lasagne.layers.MergeLayer)
            shapes[layer] = _as_shape(layer.get_output_shape_for(given if several else given[0]))
        except Exception:               # whatever a layer raises that has a size fixed inside
            shapes[layer] = _declared_for_one(layer)
    return shapes


def _declared_for_one(layer):
    try:
        return batch_of_one(declared_shape(layer))
    except Exception:                   # those who show it tell why
        return None


def incoming_shapes(layer, shapes):
    """The shapes of what feeds a layer, as a list, from a dict layer -> shape."""
    if isinstance(layer, lasagne.layers.MergeLayer):
        return [batch_of_one(shape) if source is None else shapes[source]
                for source, shape in zip(layer.input_layers, layer.input_shapes)]
    source = getattr(layer, 'input_layer', None)
    if source is not None:
        return [shapes[source]]
    return [batch_of_one(getattr(layer, 'input_shape', None))]


def actual_shapes(outputs, feed):
    """The shapes of symbolic outputs for given inputs, of which as little as possible is computed.

    Parameters
    ----------
    outputs : dict
        name -> Variable, or a tuple, list or dict of them.
    feed : Feed

    Returns
    -------
    dict
        name -> shape, in the form of the output.
    """
    parts = [part for output in outputs.values() for part in flattened(output)]
    # Nothing is compiled in C, and of the optimizations only those matter that work out shapes.
    mode = theano.Mode(linker='py', optimizer='fast_run').excluding('fusion', 'inplace', 'conv_gemm',
                                                                    'AbstractConvCheck')
    function = theano.function(list(feed.variables.values()), [part.shape for part in parts], mode=mode,
                               on_unused_input='ignore', no_default_updates=True)
    found = iter([tuple(map(int, shape)) for shape in function(*feed.values)])
    return {name: like(output, [next(found) for _ in flattened(output)])
            for name, output in outputs.items()}


def symbolic_outputs(named, deterministic):
    """The symbolic outputs of as many layers as have one.

    Unlike :func:`lasagne_ext.network.expressions.expressions` it goes on after a layer that fails,
    and needs no input layer.

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
            outputs[layer] = _symbolic_output(layer, outputs, deterministic)
        except Exception as error:      # a layer of one's own may raise anything
            failures[name] = error
    return outputs, failures


def _symbolic_output(layer, outputs, deterministic):
    if isinstance(layer, lasagne.layers.InputLayer):
        return layer.input_var
    if isinstance(layer, lasagne.layers.MergeLayer):
        given = [_any_of(shape) if source is None else outputs[source]
                 for source, shape in zip(layer.input_layers, layer.input_shapes)]
    else:
        source = layer.input_layer
        given = _any_of(layer.input_shape) if source is None else outputs[source]
    return layer.get_output_for(given, deterministic=deterministic)


def _any_of(shape):
    """A variable for a shape that stands in place of a layer."""
    return T.TensorType(theano.config.floatX, [size == 1 for size in shape])()
