"""How many multiply-adds a layer needs."""
import lasagne
import numpy as np
import theano.tensor as T

from lasagne_ext.network.layers import is_kind_of
from lasagne_ext.network.shapes import incoming_shapes, parts_of, plain_shape

#: By the name of a class of Lasagne or of this package, as not every Lasagne has all of them: a
#: function of the layer, the shapes that go in, the shape that comes out, and `deterministic`.
_COUNTS = {}


class _Unknown(Exception):
    """A count that cannot be told."""


def multiply_adds(layer, input_shapes, output_shape, deterministic):
    """The number of multiplications in a layer's forward pass, most with an addition behind them.

    A layer whose class is not known counts as the nearest of its base classes that is.

    Parameters
    ----------
    layer : Layer
    input_shapes : list of tuple
        Of what goes in.
    output_shape : tuple
    deterministic : bool
        Whether it predicts.

    Returns
    -------
    int or None
        None if the class, or a size that matters, is unknown.

    Notes
    -----
    Counted is what the definition of the layer says, whatever algorithm computes it: multiplications
    with the zeros of a padding too, and in recurrent layers those of every time step. Additions,
    comparisons, divisions and the nonlinearities that layers apply are not counted. A layer that
    samples images multiplies a matrix by every output point's coordinates, and has one
    multiplication for each value and pixel it is made of: 4 bilinear ones in an image.
    """
    for kind in type(layer).__mro__:
        if kind.__module__.split('.')[0] in ('lasagne', 'lasagne_ext') and kind.__name__ in _COUNTS:
            try:
                return _COUNTS[kind.__name__](layer, input_shapes, output_shape, deterministic)
            except (_Unknown, AttributeError, LookupError, TypeError, ValueError):
                return None             # the latter from a class of one's own that lacks something
    return None


def network_multiply_adds(output, input_shape, deterministic):
    """The number of multiply-adds of a network with one input layer, given its input's shape."""
    shapes, total = {}, 0
    for layer in lasagne.layers.get_all_layers(output):
        if isinstance(layer, lasagne.layers.InputLayer):
            shapes[layer] = input_shape
            continue
        given = incoming_shapes(layer, shapes)
        several = isinstance(layer, lasagne.layers.MergeLayer)
        shapes[layer] = plain_shape(layer.get_output_shape_for(given if several else given[0]))
        count = multiply_adds(layer, given, shapes[layer], deterministic)
        if count is None:
            raise _Unknown
        total += count
    return total


def _counts(*names):
    def register(function):
        _COUNTS.update(dict.fromkeys(names, function))
        return function
    return register


def _size(shape):
    """The number of values in a shape, or in several."""
    parts = parts_of(shape)
    if parts is None or any(not isinstance(size, int) for part in parts for size in part):
        raise _Unknown
    return sum(int(np.prod(part, dtype='int64')) for part in parts)


@_counts('InputLayer', 'EmbeddingLayer', 'BiasLayer', 'NonlinearityLayer', 'RandomizedRectifierLayer',
         'GaussianNoiseLayer', 'ConcatLayer', 'FlattenLayer', 'ReshapeLayer', 'DimshuffleLayer',
         'PadLayer', 'SliceLayer', 'Pool1DLayer', 'Pool2DLayer', 'Pool3DLayer', 'MaxPool1DLayer',
         'Pool2DDNNLayer', 'Pool3DDNNLayer', 'MaxPool2DCCLayer', 'Upscale1DLayer', 'Upscale2DLayer',
         'Upscale3DLayer', 'FeaturePoolLayer', 'FeatureWTALayer', 'GlobalPoolLayer',
         'SpatialPyramidPoolingLayer', 'SpatialPyramidPoolingDNNLayer', 'ShuffleBC01ToC01BLayer',
         'ShuffleC01BToBC01Layer', 'PrintLayer')
def _none(layer, inputs, output, deterministic):
    return 0


@_counts('BatchNormLayer', 'ScaleLayer', 'StandardizationLayer', 'ParametricRectifierLayer')
def _one_each(layer, inputs, output, deterministic):
    return _size(output)


@_counts('DropoutLayer')
def _mask(layer, inputs, output, deterministic):
    return 0 if deterministic or layer.p == 0 else _size(output)


@_counts('LocalResponseNormalization2DLayer')
def _local_response(layer, inputs, output, deterministic):
    return (1 + layer.n) * _size(output)


@_counts('ElemwiseSumLayer')
def _weighted_sum(layer, inputs, output, deterministic):
    return sum(not np.all(coefficient == 1) for coefficient in layer.coeffs) * _size(output)


@_counts('ElemwiseMergeLayer')
def _merge(layer, inputs, output, deterministic):
    if layer.merge_function is T.mul:
        return (len(inputs) - 1) * _size(output)
    if layer.merge_function in (T.add, T.sub, T.maximum, T.minimum):
        return 0
    raise _Unknown


@_counts('DenseLayer')
def _dense(layer, inputs, output, deterministic):
    return _size(output) * _size(inputs[0][getattr(layer, 'num_leading_axes', 1):])


@_counts('NINLayer')
def _network_in_network(layer, inputs, output, deterministic):
    return _size(output) * _size(inputs[0][1:2])


@_counts('NINLayer_c01b')
def _network_in_network_c01b(layer, inputs, output, deterministic):
    return _size(output) * _size(inputs[0][:1])


@_counts('BaseConvLayer', 'Conv1DLayer', 'Conv2DLayer', 'Conv2DMMLayer', 'Conv2DDNNLayer',
         'LocallyConnected2DLayer')
def _convolution(layer, inputs, output, deterministic):
    if getattr(layer, 'channelwise', False):
        return _size(output) * _size(tuple(layer.filter_size))
    channels = layer.input_shape[1] // getattr(layer, 'num_groups', 1)
    return _size(output) * _size((channels,) + tuple(layer.filter_size))


@_counts('Conv2DCCLayer')
def _convolution_c01b(layer, inputs, output, deterministic):
    channels = inputs[0][1] if layer.dimshuffle else inputs[0][0]
    return _size(output) * _size((channels,) + tuple(layer.filter_size))


@_counts('TransposedConv2DLayer', 'TransposedConv3DLayer')
def _transposed_convolution(layer, inputs, output, deterministic):
    return _size(inputs[0]) * _size((layer.num_filters,) + tuple(layer.filter_size))


@_counts('CustomRecurrentLayer')
def _recurrent(layer, inputs, output, deterministic):
    steps = _size(inputs[0][:2])
    hidden = tuple(layer.hidden_to_hidden.output_shape[1:])
    return (network_multiply_adds(layer.input_to_hidden, (steps,) + inputs[0][2:], deterministic)
            + network_multiply_adds(layer.hidden_to_hidden, (steps,) + hidden, deterministic))


@_counts('LSTMLayer')
def _lstm(layer, inputs, output, deterministic):
    # Four gates; of the values one by one: the forgotten, the new, the shown, and three peepholes.
    return _gated(inputs, layer.num_units, 4, 6 if layer.peepholes else 3)


@_counts('GRULayer')
def _gru(layer, inputs, output, deterministic):
    return _gated(inputs, layer.num_units, 3, 3)


def _gated(inputs, units, gates, elementwise):
    return _size(inputs[0][:2]) * units * (gates * (_size(inputs[0][2:]) + units) + elementwise)


@_counts('InverseLayer')
def _inverse(layer, inputs, output, deterministic):
    inverted = layer.input_layers[1]
    # For every product of the layer, its gradient has one.
    count = multiply_adds(inverted, [inputs[2]], inputs[1], deterministic)
    if count is None:
        raise _Unknown
    return count


@_counts('GridSampleLayer', 'FlowWarpLayer')
def _interpolation(layer, inputs, output, deterministic):
    rank = len(inputs[0]) - 2
    options = getattr(layer, 'options', None)        # Lasagne's own layers have none
    if options is not None and options.antialias:    # only theta's values say how many pixels there are
        raise _Unknown
    interpolation = 'bilinear' if options is None else options.interpolation
    pixels = {'nearest': 0, 'bilinear': 2, 'bicubic': 4}[interpolation] ** rank
    return pixels * _size(output)


@_counts('TransformerLayer', 'InverseTransformerLayer', 'MultiGlimpseLayer',
         'ProjectiveTransformerLayer', 'TPSTransformerLayer')
def _transformer(layer, inputs, output, deterministic):
    family = getattr(layer, 'family', 'tps' if is_kind_of(layer, 'TPSTransformerLayer') else 'affine')
    points = _size(output) // _size(inputs[0][1:2])
    return (_interpolation(layer, inputs, output, deterministic)
            + points * _coordinates(str(family), len(inputs[0]) - 2, inputs[1][1]))


@_counts('GridLayer')
def _grid(layer, inputs, output, deterministic):
    points = _size(output) // layer.rank
    return points * _coordinates(str(layer.family), layer.rank, inputs[0][1] // (layer.glimpses or 1))


def _coordinates(family, rank, numbers):
    """Multiplications for the coordinates of one point: of a matrix by a vector that ends with 1."""
    if family == 'projective':
        return (rank + 1) ** 2
    # A spline adds the displacements of its control points, each times a weight.
    return rank * (rank + 1) + (numbers if family == 'tps' else 0)
