"""Explain why a compiled function fails, from the shapes and numbers that came."""
import numpy as np

from lasagne_ext.checks import shape_agrees
from lasagne_ext.debug.report import shape_text
from lasagne_ext.network.graph import incoming_layers, layer_label
from lasagne_ext.network.shapes import (describe_axis_order, is_shape, propagate_shapes,
                                        suggest_reshape)


def failure_cause(node, values, layer, names, given):
    """Return a plain sentence on why a node failed, or ''.

    Parameters
    ----------
    node : Apply
    values : list of array
        Of its inputs.
    layer : Layer or None
        That made it; None for a loss or an update.
    names : dict
        layer -> name, all layers of the network in topological order.
    given : dict
        Input layer -> shape of its value, as far as they are known.
    """
    return (_wrong_inputs(layer, names, given) or _unequal_batches(names, given)
            or _out_of_range(node, values) or _unequal_merge(layer, names, given)
            or _unequal_lengths(node, layer, values) or _wrong_size(layer, values))


def input_cause(declared, dtype, value):
    """Say why an input layer's variable does not take a value, or return ''."""
    if value.ndim != len(declared):
        shape = suggest_reshape(declared, value.shape)
        return 'it has %d axes where %d were declared%s' % (
            value.ndim, len(declared), '' if shape is None else '; reshape it to %s' % shape_text(shape))
    if str(value.dtype) != dtype:
        return 'it is of %s where %s is taken; cast it: x.astype(%r)' % (value.dtype, dtype, dtype)
    return ''


def _wrong_inputs(layer, names, given):
    for source, shape in given.items():
        if shape_agrees(source.shape, shape):
            continue
        text = '%s was given %s where %s was declared' % (
            layer_label(names[source], source), shape_text(shape), shape_text(source.shape))
        order = describe_axis_order(source.shape, shape)
        if order:
            return '%s: %s' % (text, order)
        return text + _consequence(layer, names, given)
    return ''


def _consequence(layer, names, given):
    """Say what a wrong size of an input makes of that of `layer`'s own incoming layers."""
    if layer is None:
        return ''
    shapes = propagate_shapes(names, given)
    for source in incoming_layers(layer):
        shape = shapes.get(source)
        if source in given or not is_shape(shape) or shape_agrees(source.output_shape, shape):
            continue
        flat, expected = shape[1:], source.output_shape[1:]
        if len(flat) == 1 and None not in expected + tuple(flat):
            return ', so %s gives %d numbers per sample where %d are expected' % (
                layer_label(names[source], source), flat[0], np.prod(expected))
        if getattr(layer, 'num_leading_axes', 1) == 1 and hasattr(layer, 'num_units') and None not in (
                tuple(flat) + tuple(expected)):
            return ', so %s gives %s, %d numbers per sample where %d are expected' % (
                layer_label(names[source], source), shape_text(shape), np.prod(flat), np.prod(expected))
        return ', so %s gives %s where %s is expected' % (
            layer_label(names[source], source), shape_text(shape), shape_text(source.output_shape))
    return ''


def _unequal_batches(names, given):
    sizes = {}
    for source, shape in given.items():
        if shape and source.shape and source.shape[0] is None:
            sizes.setdefault(shape[0], layer_label(names[source], source))
    if len(sizes) < 2:
        return ''
    return 'the inputs are batches of different sizes: ' + ', '.join(
        '%d in %s' % pair for pair in sizes.items())


def _unequal_merge(layer, names, given):
    sources = incoming_layers(layer) if layer is not None else []
    shapes = propagate_shapes(names, given)
    known = [shapes.get(source) for source in sources]
    if len(known) < 2 or not all(map(is_shape, known)) or len(set(map(tuple, known))) == 1:
        return ''
    return 'its incoming layers differ: ' + ', '.join(
        '%s gives %s' % (layer_label(names[source], source), shape_text(shape))
        for source, shape in zip(sources, known))


def _out_of_range(node, values):
    """Say which whole number is out of range, of those that choose among classes or rows."""
    whole = [value for value in values if isinstance(value, np.ndarray) and value.dtype.kind in 'iu'
             and value.size]
    real = [value for value in values if isinstance(value, np.ndarray) and value.dtype.kind == 'f'
            and value.ndim]
    if not whole or not real:
        return ''
    kind = type(node.op).__name__
    if 'Crossentropy' in kind:
        return _wrong_target(whole[-1], real[0].shape[-1])
    if kind.startswith('AdvancedSubtensor'):
        if len(whole) > 1:
            return _wrong_target(whole[-1], real[0].shape[-1])
        count = len(real[0])
        return _out_of(whole[0], count, 'an index', '%d rows, 0 to %d, are there' % (count, count - 1))
    return ''


def _wrong_target(targets, classes):
    return _out_of(targets, classes, 'a target', 'the network has %d classes, 0 to %d'
                   % (classes, classes - 1))


def _out_of(numbers, count, what, there):
    for number in (numbers.max(), numbers.min()):
        if not 0 <= number < count:
            return '%s is %d, but %s' % (what, number, there)
    return ''


def _unequal_lengths(node, layer, values):
    """Explain a loss, which may have become one operation with the layer before it."""
    if layer is not None and 'Crossentropy' not in type(node.op).__name__:
        return ''
    arrays = [value for value in values if isinstance(value, np.ndarray) and value.ndim
              and value.shape[0] != 1]
    classes = [value for value in arrays if value.dtype.kind in 'iu']
    # Beside classes a vector is no prediction but a bias.
    lengths = {len(value) for value in arrays if not classes or value.ndim > 1 or value.dtype.kind in 'iu'}
    if len(lengths) < 2:
        return ''
    return 'predictions and targets differ in number: %s' % ' and '.join(
        map(str, sorted(lengths, reverse=True)))


def _wrong_size(layer, values):
    """Explain a matrix product whose sizes do not fit, where the network's inputs are not known."""
    shapes = [value.shape for value in values if isinstance(value, np.ndarray) and value.ndim == 2]
    weights = getattr(layer, 'W', None)
    weights = weights.get_value(borrow=True).shape if hasattr(weights, 'get_value') else None
    if weights in shapes and len(weights) == 2:
        for shape in shapes:
            if shape != weights and shape[1] != weights[0]:
                return '%d numbers per sample came where %d are expected' % (shape[1], weights[0])
    return ''
