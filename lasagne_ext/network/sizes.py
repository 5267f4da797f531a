"""Declared shapes against actual ones."""
import itertools

import numpy as np

from lasagne_ext.network.graph import incoming_layers


def agrees(declared, actual):
    """Whether an actual shape is one that was declared; None stands for any size."""
    return len(declared) == len(actual) and all(
        size is None or size == other for size, other in zip(declared, actual))


def is_shape(thing):
    """Whether this is one shape, not a tuple, list or dict of them."""
    return isinstance(thing, (tuple, list)) and all(
        size is None or isinstance(size, (int, np.integer)) for size in thing)


def axis_order(declared, actual):
    """In words what order of axes `actual` looks like, if that is what is wrong; else ''."""
    if len(declared) != len(actual) or agrees(declared, actual) or len(actual) > 5:
        return ''
    fitting = [order for order in itertools.permutations(range(len(actual)))
               if agrees(declared, [actual[axis] for axis in order])]
    if not fitting:
        return ''
    rank = len(actual)
    known = {(1, 0) + tuple(range(2, rank)): 'the first two axes exchanged (time before batch?)'}
    if rank > 3:
        known[(0, rank - 1) + tuple(range(1, rank - 1))] = 'channels last'
        known[(0,) + tuple(range(2, rank)) + (1,)] = 'channels first'
    order = next((order for order in known if order in fitting), fitting[0])
    return 'looks like %s; transpose%s' % (known.get(order, 'another order of axes'), order)


def flattened_shape(declared, actual):
    """What to reshape an array to whose rank is wrong, if that helps; else None."""
    if not actual or len(declared) == len(actual) or None in declared[1:]:
        return None
    shape = (actual[0],) + tuple(declared[1:])
    return shape if np.prod(shape) == np.prod(actual) and agrees(declared, shape) else None


def declared_for(layer, shapes):
    """What a layer declares for the shapes of its incoming layers, or None if it declares nothing.

    Parameters
    ----------
    layer : Layer
    shapes : dict
        Layer -> shape.
    """
    sources = incoming_layers(layer)
    if not sources or not all(is_shape(shapes.get(source)) for source in sources):
        return None
    given = [tuple(shapes[source]) for source in sources]
    if hasattr(layer, 'input_shapes'):
        if len(given) != len(layer.input_shapes):
            return None
        return layer.get_output_shape_for(given)
    return layer.get_output_shape_for(given[0])


def declared_from(layers, given):
    """The shapes that layers declare where inputs have the shapes given.

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
                shape = declared_for(layer, shapes)
            except Exception:                # whatever a layer that somebody else wrote may raise
                shape = None
            if shape is not None:
                shapes[layer] = shape
    return shapes
