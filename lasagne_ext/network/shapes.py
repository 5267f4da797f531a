"""Declare, compute and compare the shapes of what the layers of a network give.

A shape is a tuple of sizes, or a tuple, list or dict of such where a layer gives several values. A size is
a whole number, None where any is right, or the text of a symbolic one.
"""
import itertools
import re

import lasagne
import numpy as np
import theano

from lasagne_ext.checks import shape_agrees
from lasagne_ext.network.expressions import flattened, in_form_of, incoming_values
from lasagne_ext.network.graph import incoming_layers


def plain_shape(shape):
    """Return a declared shape whose sizes are whole numbers, None, or the text of anything symbolic."""
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


def output_shape_for(layer, incoming):
    """Return what a layer declares for a list of incoming shapes, as :func:`plain_shape` puts it."""
    several = isinstance(layer, lasagne.layers.MergeLayer)
    return _checked_shape(layer.get_output_shape_for(incoming if several else incoming[0]))


def _checked_shape(declared):
    if not isinstance(declared, (tuple, list, dict)):
        raise TypeError('%r is not a shape' % (declared,))
    return plain_shape(declared)


def declared_shape(layer):
    """Return the output shape that a layer declares, as :func:`plain_shape` puts it."""
    # A layer's output_shape refuses what is symbolic, unless its class has its own.
    inherited = (lasagne.layers.Layer.output_shape, lasagne.layers.MergeLayer.output_shape)
    if type(layer).output_shape not in inherited:
        return _checked_shape(layer.output_shape)
    return output_shape_for(layer, layer.input_shapes if isinstance(layer, lasagne.layers.MergeLayer)
                            else [layer.input_shape])


def parts_of(shape):
    """Return the shapes of all values of a layer's output, as a list; None if they are unknown."""
    if shape is None:
        return None
    several = isinstance(shape, dict) or any(isinstance(size, (tuple, list)) for size in shape)
    return flattened(shape) if several else [shape]


def size_of(shape):
    """Return the number of values in a shape, or in several; raise ValueError if a size is unknown."""
    parts = parts_of(shape)
    if parts is None or any(not isinstance(size, int) for part in parts for size in part):
        raise ValueError('a size is unknown: %s' % (shape,))
    return sum(int(np.prod(part, dtype='int64')) for part in parts)


def batch_of_one(shape):
    """Return a shape, or several, with a batch of 1 where the batch is unknown."""
    parts = parts_of(shape)
    if parts is None:
        return None
    ones = [(1,) + tuple(part[1:]) if len(part) and part[0] is None else part for part in parts]
    return ones[0] if parts[0] is shape else in_form_of(shape, ones)


def shapes_of_one_batch(layers):
    """Return the shape of every layer's output for a batch of 1, where the batch is unknown.

    It goes from layer to layer, as a network may move the batch to another dimension.

    Returns
    -------
    dict
        layer -> shape, in which other unknown sizes stay; None if a layer cannot tell.
    """
    shapes = {}
    for layer in layers:
        try:
            shapes[layer] = (batch_of_one(declared_shape(layer))
                             if isinstance(layer, lasagne.layers.InputLayer)
                             else output_shape_for(layer, incoming_shapes(layer, shapes)))
        except Exception:               # whatever a layer raises that has a size fixed inside
            try:
                shapes[layer] = batch_of_one(declared_shape(layer))
            except Exception:           # those who show it tell why
                shapes[layer] = None
    return shapes


def incoming_shapes(layer, shapes):
    """Return the shapes of what feeds a layer, as a list, from a dict layer -> shape."""
    return incoming_values(layer, shapes, batch_of_one)


def actual_shapes(outputs, feed):
    """Compute the shapes of symbolic outputs for given inputs, and as few values as possible.

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
    function = feed.function([part.shape for part in parts], mode)
    found = iter([tuple(map(int, shape)) for shape in function(*feed.values)])
    return {name: in_form_of(output, [next(found) for _ in flattened(output)])
            for name, output in outputs.items()}


def is_shape(thing):
    """Return whether this is one shape, not a tuple, list or dict of them."""
    return isinstance(thing, (tuple, list)) and all(
        size is None or isinstance(size, (int, np.integer)) for size in thing)


def describe_axis_order(declared, actual):
    """Say what order of axes `actual` looks like, if that is what is wrong; else return ''."""
    if len(declared) != len(actual) or shape_agrees(declared, actual) or len(actual) > 5:
        return ''
    fitting = [order for order in itertools.permutations(range(len(actual)))
               if shape_agrees(declared, [actual[axis] for axis in order])]
    if not fitting:
        return ''
    rank = len(actual)
    known = {(1, 0) + tuple(range(2, rank)): 'the first two axes exchanged (time before batch?)'}
    if rank > 3:
        known[(0, rank - 1) + tuple(range(1, rank - 1))] = 'channels last'
        known[(0,) + tuple(range(2, rank)) + (1,)] = 'channels first'
    order = next((order for order in known if order in fitting), fitting[0])
    return 'looks like %s; transpose%s' % (known.get(order, 'another order of axes'), order)


def suggest_reshape(declared, actual):
    """Return what to reshape an array to whose rank is wrong, if that helps; else None."""
    if not actual or len(declared) == len(actual) or None in declared[1:]:
        return None
    shape = (actual[0],) + tuple(declared[1:])
    return shape if np.prod(shape) == np.prod(actual) and shape_agrees(declared, shape) else None


def declared_output_shape(layer, shapes):
    """Return what a layer declares for actual shapes of its incoming layers, a dict layer -> shape.

    Returns
    -------
    tuple, list, dict or None
        None if the layer has no incoming layers, or the shape of one is unknown.
    """
    sources = incoming_layers(layer)
    if not sources or not all(is_shape(shapes.get(source)) for source in sources):
        return None
    if len(sources) != len(getattr(layer, 'input_shapes', sources)):
        return None                          # a shape stands in place of a layer
    return output_shape_for(layer, [tuple(shapes[source]) for source in sources])


def propagate_shapes(layers, given):
    """Return the shapes that layers declare where inputs have the shapes given.

    Parameters
    ----------
    layers : iterable of Layer
        In topological order.
    given : dict
        Input layer -> shape.

    Returns
    -------
    dict
        Layer -> shape, without those that cannot tell.
    """
    shapes = dict(given)
    for layer in layers:
        if layer not in shapes:
            try:
                shape = declared_output_shape(layer, shapes)
            except Exception:                # whatever a layer that somebody else wrote may raise
                shape = None
            if shape is not None:
                shapes[layer] = shape
    return shapes
