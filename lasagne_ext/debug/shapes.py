"""Declared shapes against actual ones, layer by layer."""
from collections import OrderedDict, namedtuple

import lasagne
import numpy as np
import theano

from lasagne_ext.checks import shape_agrees
from lasagne_ext.debug.errors import annotate_error
from lasagne_ext.debug.report import Report, shape_text
from lasagne_ext.engine.monitoring import Monitored
from lasagne_ext.network.expressions import expressions, flattened
from lasagne_ext.network.graph import incoming_layers, layer_label, named_layers
from lasagne_ext.network.inputs import Feed
from lasagne_ext.network.shapes import declared_output_shape, describe_axis_order, is_shape

#: `declared` is what the layer declares; `actual` the shape of what it gives, a tuple of shapes where it
#: gives several values, or None. `verdict` is ``'ok'``, ``'false'``, ``'consequence'``, ``'failed'`` or
#: ``'not reached'``; `note` says why.
Row = namedtuple('Row', 'name type declared actual dtype verdict note')

_EMPHASIS = {'false': 'bad', 'failed': 'bad', 'consequence': 'doubtful', 'not reached': 'quiet'}


class ShapeReport(Report):
    """Result of :func:`check_shapes`.

    Attributes
    ----------
    rows : list of Row
    problems : list of str
        In words, the first liar first; empty if all shapes are as they were declared.
    doubts : list of str
        What may be meant, and may be a mistake.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> from lasagne_ext.debug import check_shapes
    >>> net = DenseLayer(InputLayer((None, 4), name='in'), 2, name='out')
    >>> check_shapes(net, np.ones((3, 4))).problems
    []
    """

    totals = ('problems', 'doubts')

    def __init__(self, rows, problems, doubts):
        super().__init__(rows)
        self.problems, self.doubts = problems, doubts

    def head(self):
        return ['name', 'type', 'declared', 'actual', 'dtype', 'verdict']

    def cells(self):
        return [[row.name, row.type, shape_text(row.declared),
                 '-' if row.actual is None else shape_text(row.actual), row.dtype or '-', row.verdict]
                for row in self.rows]

    def title(self):
        return 'check_shapes: ' + (self.problems[0] if self.problems
                                   else 'every layer gives the shape it declares')

    def footer(self):
        return '\n'.join(self.problems[1:] + ['In doubt: ' + doubt for doubt in self.doubts])

    def emphasis(self, row):
        return _EMPHASIS.get(row.verdict)


def check_shapes(layers, inputs, dimensions=None, deterministic=True):
    """Compare the shape that each layer of a network declares with that of what it gives.

    Parameters
    ----------
    layers : Layer or iterable of Layer
        The network's output, or outputs.
    inputs : array or dict
        The value of the network's only input layer; or a dict from input layers, their names or their
        variables, to values.
    dimensions : dict, optional
        Layer, or its name -> names of the axes of what it gives, None for one that needs no name:
        ``{'in': ('batch', 'time', None), 'mask': ('batch', 'time')}``. Axes of one name must have one
        size.
    deterministic : bool
        Whether layers behave as for prediction.

    Returns
    -------
    ShapeReport
        Its first line names the first layer whose declaration is false.

    Raises
    ------
    TypeError, ValueError
        If `layers` are not layers, an input is missing, unknown or of the wrong rank, or `dimensions`
        names what is not there.

    Notes
    -----
    **Convention.** A declared None stands for any size. A layer whose shape is wrong only because those
    before it are wrong is called a consequence: for the shapes that came it would have declared the right
    one. Where a layer fails, those that do not depend on it are still shown.

    The network runs in Python, nothing being compiled for a single look; give a small batch where
    convolutions are large.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne.layers import InputLayer, NonlinearityLayer
    >>> from lasagne_ext.debug import check_shapes
    >>> image = InputLayer((None, 8), name='image')
    >>> half = NonlinearityLayer(image, lambda x: x[:, ::2], name='half')
    >>> print(check_shapes(half, np.zeros((5, 8))))
    check_shapes: NonlinearityLayer 'half' declares (None, 8) but gives (5, 4)
    <BLANKLINE>
    name    type               declared    actual    dtype    verdict
    ------  -----------------  ----------  --------  -------  ---------
    image   InputLayer         (None, 8)   (5, 8)    float64  ok
    half    NonlinearityLayer  (None, 8)   (5, 4)    float64  false
    """
    named = named_layers('check_shapes', layers)
    feed = Feed('check_shapes', named, inputs, any_size=True)
    dimensions = _by_layer(named, dimensions)
    values, failures = _values(named, feed, deterministic)
    rows, problems, shapes, named_axes = [], [], {}, {}
    for name, layer in named.items():
        row = _row(name, layer, values.get(name), shapes, failures)
        rows.append(row)
        if row.actual is not None:
            shapes[layer] = row.actual
        problems += [_problem(row, layer)] if row.verdict in ('false', 'failed') else []
        for number, (axis, size) in enumerate(zip(dimensions.get(layer, ()),
                                                  row.actual if is_shape(row.actual) else ())):
            first, label, k = named_axes.setdefault(axis, (size, layer_label(name, layer), number))
            if axis and size != first:
                problems.append('the dimension %r is %d in %s (axis %d) but %d in %s (axis %d)' % (
                    axis, first, label, k, size, layer_label(name, layer), number))
    return ShapeReport(rows, problems, _doubts(named, feed, values))


def _values(named, feed, deterministic):
    """Return the values of all layers that work, by name, and what the others said: name -> text."""
    remaining, failures = OrderedDict(named), {}
    while remaining:
        try:
            outputs = expressions('check_shapes', remaining, feed.variables, deterministic)
            parts = [part for output in outputs.values() for part in flattened(output)]
            with np.errstate(all='ignore'):
                computed = iter(Monitored(list(feed.variables.values()), parts, lambda *_: None)(
                    *feed.values))
            return {name: [next(computed) for _ in flattened(output)]
                    for name, output in outputs.items()}, failures
        except Exception as error:
            annotated = annotate_error(error, remaining)
            if annotated is None or annotated.layer is None:
                raise
            lines = str(annotated).splitlines()
            failures[annotated.layer] = '; '.join(lines[:1] + [line for line in lines[1:]
                                                               if line.startswith('likely cause')])
            # It is taken away, and with it all that depend on it.
            gone = {remaining.pop(annotated.layer)}
            for other, layer in list(remaining.items()):
                if gone.intersection(incoming_layers(layer)):
                    gone.add(remaining.pop(other))
    return {}, failures


def _row(name, layer, values, shapes, failures):
    declared, kind = layer.output_shape, type(layer).__name__
    if values is None:
        verdict = 'failed' if name in failures else 'not reached'
        return Row(name, kind, declared, None, None, verdict, failures.get(name, ''))
    sizes = [np.shape(value) for value in values]
    dtypes = ', '.join(lasagne.utils.unique(str(value.dtype) for value in values))
    several = not is_shape(declared)
    actual = tuple(sizes) if several or len(sizes) > 1 else sizes[0]
    shapes_declared = flattened(declared) if several else [declared]
    if len(shapes_declared) == len(sizes) and all(map(shape_agrees, shapes_declared, sizes)):
        return Row(name, kind, declared, actual, dtypes, 'ok', '')
    if len(shapes_declared) == 1 and len(sizes) > 1 and shape_agrees(declared, sizes[0]):
        note = 'gives %d values and declares the shape of the first' % len(sizes)
        return Row(name, kind, declared, actual, dtypes, 'ok', note)
    verdict, note = 'false', ''
    if _would_be_right(layer, shapes, actual):
        verdict, note = 'consequence', 'right for what came to it'
    elif not several and len(sizes) == 1:
        note = describe_axis_order(declared, actual)
        if len(declared) != len(actual):
            note = '%d axes in place of %d' % (len(actual), len(declared))
    return Row(name, kind, declared, actual, dtypes, verdict, note)


def _would_be_right(layer, shapes, actual):
    """Return whether the layer's rule is right and only the shapes of its incoming layers are not."""
    sources = incoming_layers(layer)
    if not any(source in shapes and is_shape(source.output_shape)
               and not shape_agrees(source.output_shape, shapes[source]) for source in sources):
        return False
    try:
        expected = declared_output_shape(layer, shapes)
    except Exception:                        # whatever a layer that somebody else wrote may raise
        return True
    return (expected is None or not is_shape(expected) or not is_shape(actual)
            or shape_agrees(expected, actual))


def _problem(row, layer):
    if row.verdict == 'failed':
        return row.note
    verb = 'was given' if isinstance(layer, lasagne.layers.InputLayer) else 'gives'
    text = '%s declares %s but %s %s' % (layer_label(row.name, layer), shape_text(row.declared), verb,
                                         shape_text(row.actual))
    return text + (': ' + row.note if row.note else '')


def _by_layer(named, dimensions):
    """Map layers to the names of their axes, given by names or layers."""
    if dimensions is None:
        return {}
    if not isinstance(dimensions, dict):
        raise TypeError('check_shapes: dimensions must be a dict of layer (or name) to names of axes, got '
                        '%r' % (dimensions,))
    found = {}
    for key, axes in dimensions.items():
        layer = named.get(key) if isinstance(key, str) else key
        if layer not in named.values():
            raise ValueError('check_shapes: dimensions names %r, which is no layer of this network; its '
                             'layers are %s' % (key, ', '.join(named)))
        if not isinstance(axes, (tuple, list)) or not all(axis is None or isinstance(axis, str)
                                                          for axis in axes):
            raise TypeError('check_shapes: dimensions of %r must be a tuple of names or None, got %r'
                            % (key, axes))
        if is_shape(layer.output_shape) and len(axes) != len(layer.output_shape):
            raise ValueError('check_shapes: dimensions of %r name %d axes, but it declares %s'
                             % (key, len(axes), shape_text(layer.output_shape)))
        found[layer] = tuple(axes)
    return found


def _doubts(named, feed, values):
    """Say what may be a mistake: batches of several sizes, and float64 where float32 is asked for."""
    batches, names = OrderedDict(), {layer: name for name, layer in named.items()}
    for layer, value in zip(feed.variables, feed.values):
        if layer.shape and layer.shape[0] is None:
            batches.setdefault(len(value), layer_label(names[layer], layer))
    found = []
    if len(batches) > 1:
        found.append('the first axes of the inputs differ: ' + ', '.join(
            '%d in %s' % pair for pair in batches.items()))
    for name, layer in named.items():
        own = {str(value.dtype) for value in values.get(name, ())}
        taken = lasagne.utils.unique(str(value.dtype) for source in incoming_layers(layer)
                                     for value in values.get(names[source], ()))
        if ('float64' in own and incoming_layers(layer)
                and 'float64' not in taken + [theano.config.floatX]):
            found.append('%s gives float64, from %s, though floatX is %s; cast its input' % (
                layer_label(name, layer), ', '.join(taken), theano.config.floatX))
            break
    return found
