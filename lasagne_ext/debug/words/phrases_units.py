"""What the layers that compute do, in words: dense, convolving, pooling, normalising, noisy."""
from lasagne_ext.debug.words.plain import (axes_words, axis_name, count_words, listed, nonlinearity_words,
                                      pad_words, per_axis, register, window_reasons, window_words)

#: Name of a class -> function that says what such a layer does. By name, since Lasagne 0.1 lacks many.
PHRASES = {}

says = register(PHRASES)


def _product(sizes):
    total = 1
    for size in sizes:
        total = None if None in (total, size) else total * size
    return total


@says('DenseLayer')
def _dense(layer):
    leading = getattr(layer, 'num_leading_axes', 1)
    leading = leading if leading >= 0 else len(layer.input_shape) + leading
    sizes = layer.input_shape[leading:]
    total, each = _product(sizes), 'a sample' if leading == 1 else (
        'the last axis' if len(sizes) == 1 else 'the last axes')
    flat = '' if len(sizes) < 2 else ', laid out in a row: %s%s' % (
        window_words(sizes), '' if total is None else ' = %d' % total)
    return 'connects %s to %s of %s%s%s' % (
        'its only unit' if layer.num_units == 1 else 'each of %d units' % layer.num_units,
        'all numbers' if total is None else 'all %d numbers' % total,
        each, flat, nonlinearity_words(layer.nonlinearity))


@says('NINLayer')
def _nin(layer):
    return 'mixes the %s channels of each position into %s%s' % (
        layer.input_shape[1], layer.num_units, nonlinearity_words(layer.nonlinearity))


@says('BaseConvLayer', 'Conv1DLayer', 'Conv2DLayer', 'Conv3DLayer', 'Conv2DDNNLayer', 'Conv3DDNNLayer',
      'Conv2DMMLayer', 'Conv2DCCLayer')
def _convolution(layer, verb='slides', windows=None, spread=''):
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
        pad_words(layer.pad), _steps(strides), _because(why),
        nonlinearity_words(layer.nonlinearity))


@says('DilatedConv2DLayer')
def _dilated(layer):
    reach = tuple((size - 1) * gap + 1 for size, gap in zip(layer.filter_size, layer.dilation))
    return _convolution(layer, windows=reach, spread=', spread out to reach over %s,' % window_words(reach))


@says('LocallyConnected2DLayer')
def _local(layer):
    return _convolution(layer, verb='moves, with weights of its own at every position,')


@says('TransposedConv2DLayer', 'TransposedConv3DLayer', 'Deconv2DLayer', 'Deconv3DLayer')
def _transposed(layer):
    sizes = ['%s -> %s' % pair for pair in zip(layer.input_shape[2:], layer.output_shape[2:])]
    return 'spreads every number over a window of %s, by %s%s (%s)%s' % (
        window_words(layer.filter_size), count_words(layer.num_filters, 'filter'),
        _steps(layer.stride), '; '.join(sorted(set(sizes))),
        nonlinearity_words(layer.nonlinearity))


def _steps(strides):
    if all(stride == 1 for stride in strides):
        return ''
    return ', in steps of %s' % (strides[0] if len(set(strides)) == 1 else window_words(strides))


def _because(why):
    return ' (%s)' % why if why else ''


@says('Pool1DLayer', 'Pool2DLayer', 'Pool3DLayer', 'MaxPool2DDNNLayer', 'MaxPool3DDNNLayer',
      'Pool2DDNNLayer', 'Pool3DDNNLayer')
def _pool(layer):
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
        ', ' + pad_words(pads) if any(pads) else '', _because(why),
        ', what is left over at the end of %s is dropped' % listed(lost) if lost else '')


@says('GlobalPoolLayer')
def _global_pool(layer):
    function = getattr(layer.pool_function, '__name__', 'its function')
    return 'takes the %s of each channel over all positions' % function


@says('FeaturePoolLayer')
def _feature_pool(layer):
    function = getattr(layer.pool_function, '__name__', 'its function')
    return 'takes the %s of every %d neighbours along %s' % (
        function, layer.pool_size, axis_name(layer.axis, len(layer.input_shape)))


@says('FeatureWTALayer')
def _winner(layer):
    return 'keeps the largest of every %d neighbours along %s and sets the others to 0' % (
        layer.pool_size, axis_name(layer.axis, len(layer.input_shape)))


@says('SpatialPyramidPoolingLayer')
def _pyramid(layer):
    return ('pools over grids of %s windows, whatever the size of the image, and lays the results in a '
            'row' % ', '.join(str(size) for size in layer.pool_dims))


@says('Upscale1DLayer', 'Upscale2DLayer', 'Upscale3DLayer')
def _upscale(layer):
    how = 'repeats' if getattr(layer, 'mode', 'repeat') == 'repeat' else 'spreads, with zeros between,'
    return '%s every number %s times' % (how, window_words(layer.scale_factor))


@says('DropoutLayer')
def _dropout(layer):
    p = layer.p if isinstance(layer.p, (int, float)) else 'p'
    if p == 0:
        return 'does nothing, its p being 0'
    scale = '' if not layer.rescale else ' and divides the others by %s' % (
        '1 - p' if p == 'p' else '%.4g' % (1 - p))
    return 'sets %s at random to 0%s while training; does nothing when predicting' % (
        'a share p of the numbers' if p == 'p' else '%.4g %% of the numbers' % (100 * p), scale)


@says('GaussianNoiseLayer')
def _noise(layer):
    return 'adds normal noise of standard deviation %s while training; does nothing when predicting' % (
        layer.sigma,)


@says('NonlinearityLayer')
def _nonlinearity(layer):
    words = nonlinearity_words(layer.nonlinearity)
    return words.replace(', then ', 'applies ') if words else 'changes nothing, being linear'


@says('BatchNormLayer')
def _batch_norm(layer):
    learned = [what for what, parameter in (('shift', layer.beta), ('scale', layer.gamma))
               if parameter is not None]
    return ('brings %s to mean 0 and variance 1 (over %s; when predicting, by averages kept from '
            'training)%s' % (
                _kept_axes(layer), axes_words(layer.axes, len(layer.input_shape)),
                ', then by a learned %s to others' % ' and '.join(learned) if learned else ''))


def _kept_axes(layer):
    kept = [axis for axis in range(len(layer.input_shape)) if axis not in layer.axes]
    if kept == [1]:
        return 'each of %s' % count_words(layer.input_shape[1], 'channel' if len(
            layer.input_shape) > 2 else 'feature')
    return 'the numbers'


@says('StandardizationLayer')
def _standardization(layer):
    return 'brings the numbers along %s of every sample to mean 0 and variance 1' % axes_words(
        layer.axes, len(layer.input_shape))


@says('LocalResponseNormalization2DLayer')
def _response_norm(layer):
    return 'divides every number by a norm of the %d channels around it' % layer.n


@says('BiasLayer')
def _bias(layer):
    return 'adds a learned number' + _shared(layer.shared_axes, layer)


@says('ScaleLayer')
def _scale(layer):
    return 'multiplies by a learned number' + _shared(layer.shared_axes, layer)


def _shared(axes, layer):
    return ', the same along %s' % axes_words(axes, len(layer.input_shape)) if axes else ''


@says('ParametricRectifierLayer')
def _prelu(layer):
    return 'multiplies negative numbers by a learned slope' + _shared(layer.shared_axes, layer)


@says('RandomizedRectifierLayer')
def _rrelu(layer):
    return ('multiplies negative numbers by a slope drawn from %s to %s while training, and by its mean '
            'when predicting' % (layer.lower, layer.upper))
