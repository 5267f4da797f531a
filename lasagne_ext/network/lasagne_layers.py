"""Register Lasagne's layers: how many multiply-adds they need, what they do in words, and their family.

Family by family come the functions, and then the classes that they are for. They are given by name, as
Lasagne 0.1 lacks many, and others can be imported only where there is a graphics processor.
"""
import lasagne
import numpy as np
import theano.tensor as T

from lasagne_ext.network.graph import is_kind_of
from lasagne_ext.network.registry import multiply_adds, register_layer
from lasagne_ext.network.shapes import incoming_shapes, output_shape_for, size_of
from lasagne_ext.network.wording import (axes_words, axis_name, count_words, listed, nonlinearity_words,
                                         ordinal, pad_words, per_axis, window_reasons, window_words)


def _register(*names, **known):
    for name in names:
        register_layer(name, **known)


def _one_each(layer, inputs, output, deterministic):
    return size_of(output)


# Input and dense layers

def _dense_phrase(layer):
    leading = getattr(layer, 'num_leading_axes', 1)
    leading = leading if leading >= 0 else len(layer.input_shape) + leading
    sizes = layer.input_shape[leading:]
    total = None if None in sizes else size_of(sizes)
    each = 'a sample' if leading == 1 else 'the last axis' if len(sizes) == 1 else 'the last axes'
    flat = '' if len(sizes) < 2 else ', laid out in a row: %s%s' % (
        window_words(sizes), '' if total is None else ' = %d' % total)
    return 'connects %s to %s of %s%s%s' % (
        'its only unit' if layer.num_units == 1 else 'each of %d units' % layer.num_units,
        'all numbers' if total is None else 'all %d numbers' % total,
        each, flat, nonlinearity_words(layer.nonlinearity))


_register('InputLayer', family='input', multiply_adds=0)
_register('EmbeddingLayer', family='dense', multiply_adds=0,
          phrase=lambda layer: 'replaces every whole number below %d by the %s learned for it' % (
              layer.input_size, count_words(layer.output_size, 'number')))
_register('DenseLayer', family='dense',
          multiply_adds=lambda layer, inputs, output, _: size_of(output) * size_of(
              inputs[0][getattr(layer, 'num_leading_axes', 1):]),
          phrase=_dense_phrase)
_register('NINLayer', family='dense',
          multiply_adds=lambda layer, inputs, output, _: size_of(output) * size_of(inputs[0][1:2]),
          phrase=lambda layer: 'mixes the %s channels of each position into %s%s' % (
              layer.input_shape[1], layer.num_units, nonlinearity_words(layer.nonlinearity)))
_register('NINLayer_c01b', family='dense',
          multiply_adds=lambda layer, inputs, output, _: size_of(output) * size_of(inputs[0][:1]))


# Convolutions

def _convolution_products(layer, inputs, output, deterministic):
    if getattr(layer, 'channelwise', False):
        return size_of(output) * size_of(tuple(layer.filter_size))
    channels = layer.input_shape[1] // getattr(layer, 'num_groups', 1)
    return size_of(output) * size_of((channels,) + tuple(layer.filter_size))


def _convolution_phrase(layer, verb='slides', windows=None, spread=''):
    count = len(layer.filter_size)
    pads = per_axis(layer.pad, count)
    windows = windows or layer.filter_size
    # The dilated layer has no strides.
    strides = getattr(layer, 'stride', (1,) * count)
    why = window_reasons(layer.input_shape[2:2 + count], layer.output_shape[2:2 + count], windows,
                         strides, pads)
    groups = getattr(layer, 'num_groups', 1)
    return '%s %s of %s%s over it%s, %s%s%s%s' % (
        verb, count_words(layer.num_filters, 'filter'), window_words(layer.filter_size),
        spread, '' if groups == 1 else ', each over one of %d groups of channels' % groups,
        pad_words(layer.pad), _steps(strides), why,
        nonlinearity_words(layer.nonlinearity))


def _dilated_phrase(layer):
    reach = tuple((size - 1) * gap + 1 for size, gap in zip(layer.filter_size, layer.dilation))
    return _convolution_phrase(layer, windows=reach,
                               spread=', spread out to reach over %s,' % window_words(reach))


def _transposed_phrase(layer):
    sizes = ['%s -> %s' % pair for pair in zip(layer.input_shape[2:], layer.output_shape[2:])]
    return 'spreads every number over a window of %s, by %s%s (%s)%s' % (
        window_words(layer.filter_size), count_words(layer.num_filters, 'filter'),
        _steps(layer.stride), '; '.join(sorted(set(sizes))),
        nonlinearity_words(layer.nonlinearity))


def _steps(strides):
    if all(stride == 1 for stride in strides):
        return ''
    return ', in steps of %s' % (strides[0] if len(set(strides)) == 1 else window_words(strides))


_register('BaseConvLayer', 'Conv1DLayer', 'Conv2DLayer', 'Conv3DLayer', 'Conv2DMMLayer', 'Conv2DDNNLayer',
          'Conv3DDNNLayer', family='convolution', multiply_adds=_convolution_products,
          phrase=_convolution_phrase)
_register('Conv2DCCLayer', family='convolution', phrase=_convolution_phrase,
          multiply_adds=lambda layer, inputs, output, _: size_of(output) * size_of(
              (inputs[0][1 if layer.dimshuffle else 0],) + tuple(layer.filter_size)))
_register('DilatedConv2DLayer', family='convolution', phrase=_dilated_phrase)
_register('LocallyConnected2DLayer', family='convolution', multiply_adds=_convolution_products,
          phrase=lambda layer: _convolution_phrase(
              layer, verb='moves, with weights of its own at every position,'))
_register('TransposedConv2DLayer', 'TransposedConv3DLayer', 'Deconv2DLayer', 'Deconv3DLayer',
          family='convolution',
          multiply_adds=lambda layer, inputs, output, _: size_of(inputs[0]) * size_of(
              (layer.num_filters,) + tuple(layer.filter_size)),
          phrase=_transposed_phrase)


# Pooling

def _pool_phrase(layer):
    keeps = {'max': 'keeps the largest number', 'sum': 'takes the sum'}.get(layer.mode,
                                                                            'takes the mean')
    windows, count = layer.pool_size, len(layer.pool_size)
    strides, pads = per_axis(layer.stride, count), per_axis(layer.pad, count)
    sizes, outcomes = layer.input_shape[2:], layer.output_shape[2:]
    why = window_reasons(sizes, outcomes, windows, strides, pads, not layer.ignore_border)
    lost = [] if not layer.ignore_border else [
        axis_name(2 + k, len(layer.input_shape)) for k in range(count)
        if sizes[k] is not None and (sizes[k] + 2 * pads[k] - windows[k]) % strides[k]]
    return '%s of each window of %s%s%s%s%s' % (
        keeps, window_words(windows),
        '' if strides == tuple(windows) else ', in steps of %s' % window_words(strides),
        ', ' + pad_words(pads) if any(pads) else '', why,
        ', what is left over at the end of %s is dropped' % listed(lost) if lost else '')


_register('Pool1DLayer', 'Pool2DLayer', 'Pool3DLayer', 'Pool2DDNNLayer', 'Pool3DDNNLayer',
          'MaxPool2DDNNLayer', 'MaxPool3DDNNLayer', family='pooling', multiply_adds=0, phrase=_pool_phrase)
_register('MaxPool1DLayer', 'MaxPool2DCCLayer', 'SpatialPyramidPoolingDNNLayer', family='pooling',
          multiply_adds=0)
_register('GlobalPoolLayer', family='pooling', multiply_adds=0,
          phrase=lambda layer: 'takes the %s of each channel over all positions' % (
              getattr(layer.pool_function, '__name__', 'its function')))
_register('FeaturePoolLayer', family='pooling', multiply_adds=0,
          phrase=lambda layer: 'takes the %s of every %d neighbours along %s' % (
              getattr(layer.pool_function, '__name__', 'its function'), layer.pool_size,
              axis_name(layer.axis, len(layer.input_shape))))
_register('FeatureWTALayer', family='pooling', multiply_adds=0,
          phrase=lambda layer: 'keeps the largest of every %d neighbours along %s and sets the others '
          'to 0' % (layer.pool_size, axis_name(layer.axis, len(layer.input_shape))))
_register('SpatialPyramidPoolingLayer', family='pooling', multiply_adds=0,
          phrase=lambda layer: 'pools over grids of %s windows, whatever the size of the image, and lays the '
          'results in a row' % ', '.join(map(str, layer.pool_dims)))
_register('Upscale1DLayer', 'Upscale2DLayer', 'Upscale3DLayer', family='pooling', multiply_adds=0,
          phrase=lambda layer: '%s every number %s times' % (
              'repeats' if getattr(layer, 'mode', 'repeat') == 'repeat' else 'spreads, with zeros between,',
              window_words(layer.scale_factor)))


# Noise

def _dropout_phrase(layer):
    p = layer.p if isinstance(layer.p, (int, float)) else 'p'
    if p == 0:
        return 'does nothing, its p being 0'
    scale = '' if not layer.rescale else ' and divides the others by %s' % (
        '1 - p' if p == 'p' else '%.4g' % (1 - p))
    return 'sets %s at random to 0%s while training; does nothing when predicting' % (
        'a share p of the numbers' if p == 'p' else '%.4g %% of the numbers' % (100 * p), scale)


_register('DropoutLayer', family='noise',
          multiply_adds=lambda layer, _, output, deterministic: (
              0 if deterministic or layer.p == 0 else size_of(output)),
          phrase=_dropout_phrase)
_register('GaussianNoiseLayer', family='noise', multiply_adds=0,
          phrase=lambda layer: 'adds normal noise of standard deviation %s while training; does nothing when '
          'predicting' % (layer.sigma,))


# Nonlinearities

def _nonlinearity_phrase(layer):
    words = nonlinearity_words(layer.nonlinearity)
    return words.replace(', then ', 'applies ') if words else 'changes nothing, being linear'


def _expression_phrase(layer):
    name = getattr(layer.function, '__name__', type(layer.function).__name__)
    return 'applies the function %s' % ('given' if name == '<lambda>' else name)


_register('NonlinearityLayer', multiply_adds=0, phrase=_nonlinearity_phrase)
_register('ParametricRectifierLayer', multiply_adds=_one_each,
          phrase=lambda layer: 'multiplies negative numbers by a learned slope' + _shared_axes(layer))
_register('RandomizedRectifierLayer', multiply_adds=0,
          phrase=lambda layer: 'multiplies negative numbers by a slope drawn from %s to %s while training, '
          'and by its mean when predicting' % (layer.lower, layer.upper))
_register('ExpressionLayer', phrase=_expression_phrase)


# Normalisation

def _batch_norm_phrase(layer):
    learned = [what for what, parameter in (('shift', layer.beta), ('scale', layer.gamma))
               if parameter is not None]
    ndim, kept = len(layer.input_shape), 'the numbers'
    if [axis for axis in range(ndim) if axis not in layer.axes] == [1]:
        kept = 'each of %s' % count_words(layer.input_shape[1], 'channel' if ndim > 2 else 'feature')
    return ('brings %s to mean 0 and variance 1 (over %s; when predicting, by averages kept from '
            'training)%s' % (
                kept, axes_words(layer.axes, ndim),
                ', then by a learned %s to others' % ' and '.join(learned) if learned else ''))


def _shared_axes(layer):
    axes = layer.shared_axes
    return ', the same along %s' % axes_words(axes, len(layer.input_shape)) if axes else ''


_register('BatchNormLayer', family='normalisation', multiply_adds=_one_each, phrase=_batch_norm_phrase)
_register('StandardizationLayer', family='normalisation', multiply_adds=_one_each,
          phrase=lambda layer: 'brings the numbers along %s of every sample to mean 0 and variance 1' % (
              axes_words(layer.axes, len(layer.input_shape))))
_register('LocalResponseNormalization2DLayer', family='normalisation',
          multiply_adds=lambda layer, inputs, output, _: (1 + layer.n) * size_of(output),
          phrase=lambda layer: 'divides every number by a norm of the %d channels around it' % layer.n)
_register('BiasLayer', family='normalisation', multiply_adds=0,
          phrase=lambda layer: 'adds a learned number' + _shared_axes(layer))
_register('ScaleLayer', family='normalisation', multiply_adds=_one_each,
          phrase=lambda layer: 'multiplies by a learned number' + _shared_axes(layer))


# Shape

def _slice_phrase(layer):
    indices = layer.slice
    if isinstance(indices, slice):
        indices = ':'.join('' if part is None else str(part)
                           for part in (indices.start, indices.stop, indices.step)).rstrip(':') or ':'
    return 'keeps [%s] along %s' % (indices, axis_name(layer.axis % len(layer.input_shape),
                                                       len(layer.input_shape)))


_register('ReshapeLayer', family='shape', multiply_adds=0,
          phrase=lambda layer: 'lays the numbers out anew, by (%s)' % ', '.join(
              '[%d]' % axis[0] if isinstance(axis, (list, tuple)) else str(axis) for axis in layer.shape))
_register('FlattenLayer', family='shape', multiply_adds=0,
          phrase=lambda layer: 'lays all axes from the %s on in a row' % ordinal(layer.outdim))
_register('DimshuffleLayer', family='shape', multiply_adds=0,
          phrase=lambda layer: 'reorders the axes: %s' % ', '.join(
              'a new axis of 1' if axis == 'x' else 'axis %d' % axis for axis in layer.pattern))
_register('PadLayer', family='shape', multiply_adds=0,
          phrase=lambda layer: 'surrounds every sample with numbers of %s' % (layer.val,))
_register('SliceLayer', family='shape', multiply_adds=0, phrase=_slice_phrase)
_register('ShuffleBC01ToC01BLayer', 'ShuffleC01BToBC01Layer', family='shape', multiply_adds=0)


# Merging

def _merge_products(layer, inputs, output, deterministic):
    if layer.merge_function is T.mul:
        return (len(inputs) - 1) * size_of(output)
    return 0 if layer.merge_function in (T.add, T.sub, T.maximum, T.minimum) else None


def _concat_phrase(layer):
    axis = layer.axis % len(layer.output_shape)
    sizes = [shape[axis] for shape in layer.input_shapes]
    total = layer.output_shape[axis]
    return 'lays them side by side along %s%s%s' % (
        axis_name(axis, len(layer.output_shape)),
        '' if None in sizes else ' (%s = %s)' % (' + '.join(map(str, sizes)), total), _cropped(layer))


def _sum_phrase(layer):
    scaled = any(coefficient != 1 for coefficient in layer.coeffs)
    return 'adds them up number by number%s%s' % (
        ', multiplied by %s' % ', '.join(map(str, layer.coeffs)) if scaled else '', _cropped(layer))


def _cropped(layer):
    cropping = getattr(layer, 'cropping', None)
    return '' if not cropping or not any(cropping) else ', cropped to the smallest where sizes differ'


_register('MergeLayer', family='merge')
_register('ConcatLayer', family='merge', multiply_adds=0, phrase=_concat_phrase)
_register('ElemwiseMergeLayer', family='merge', multiply_adds=_merge_products,
          phrase=lambda layer: 'joins them number by number with %s%s' % (
              getattr(layer.merge_function, '__name__', 'a function'), _cropped(layer)))
_register('ElemwiseSumLayer', family='merge',
          phrase=_sum_phrase,
          multiply_adds=lambda layer, inputs, output, _: size_of(output) * sum(
              not np.all(coefficient == 1) for coefficient in layer.coeffs))
# For every product of a layer, its gradient has one.
_register('InverseLayer',
          multiply_adds=lambda layer, inputs, output, deterministic: multiply_adds(
              layer.input_layers[1], [inputs[2]], inputs[1], deterministic),
          phrase=lambda layer: "undoes what the layer '%s' does, by way of its gradient" % (
              getattr(layer.input_layers[1], 'name', None) or type(layer.input_layers[1]).__name__))


# Recurrence

def _network_products(output, input_shape, deterministic):
    """Count the multiply-adds of a network with one input layer, given its input's shape."""
    shapes, total = {}, 0
    for layer in lasagne.layers.get_all_layers(output):
        if isinstance(layer, lasagne.layers.InputLayer):
            shapes[layer] = input_shape
            continue
        given = incoming_shapes(layer, shapes)
        shapes[layer] = output_shape_for(layer, given)
        count = multiply_adds(layer, given, shapes[layer], deterministic)
        if count is None:
            raise ValueError('those of %r are unknown' % layer)
        total += count
    return total


def _recurrent_products(layer, inputs, output, deterministic):
    steps = size_of(inputs[0][:2])
    hidden = tuple(layer.hidden_to_hidden.output_shape[1:])
    return (_network_products(layer.input_to_hidden, (steps,) + inputs[0][2:], deterministic)
            + _network_products(layer.hidden_to_hidden, (steps,) + hidden, deterministic))


def _gated_products(layer, inputs, output, deterministic):
    gates, elementwise = 3, 3
    if is_kind_of(layer, 'LSTMLayer'):
        # Of the values one by one: the forgotten, the new, the shown, and three peepholes.
        gates, elementwise = 4, 6 if layer.peepholes else 3
    units = layer.num_units
    return size_of(inputs[0][:2]) * units * (gates * (size_of(inputs[0][2:]) + units) + elementwise)


def _recurrent_phrase(layer):
    kind = {'LSTMLayer': 'LSTM', 'GRULayer': 'GRU'}.get(type(layer).__name__, 'recurrent')
    parts = ['walks through the time steps%s with %s' % (
        ' from the last to the first' if layer.backwards else '',
        count_words(layer.output_shape[-1], kind + ' unit')) + nonlinearity_words(
            getattr(layer, 'nonlinearity', None))]
    # Lasagne 0.1 takes no other second input than a mask.
    if getattr(layer, 'mask_incoming_index', len(layer.input_layers) - 1) > 0:
        parts.append('standing still where the mask is 0')
    if layer.grad_clipping:
        parts.append('gradients clipped at %s' % layer.grad_clipping)
    if layer.gradient_steps > 0:
        parts.append('gradients kept for %s' % count_words(layer.gradient_steps, 'step'))
    last_only = getattr(layer, 'only_return_final', False)
    return '%s, and hands on %s' % (', '.join(parts), 'the last step only' if last_only else 'every step')


_register('CustomRecurrentLayer', family='recurrent', multiply_adds=_recurrent_products,
          phrase=_recurrent_phrase)
_register('RecurrentLayer', family='recurrent', phrase=_recurrent_phrase)
_register('LSTMLayer', 'GRULayer', family='recurrent', multiply_adds=_gated_products,
          phrase=_recurrent_phrase)
