"""What the layers that bring, lay out, join, walk through or move numbers do, in words."""
from lasagne_ext.debug.words.plain import axis_name, count_words, nonlinearity_words, register, window_words

#: Name of a class -> function that says what such a layer does.
PHRASES = {}

says = register(PHRASES)


@says('ReshapeLayer')
def _reshape(layer):
    axes = ['[%d]' % axis[0] if isinstance(axis, (list, tuple)) else str(axis) for axis in layer.shape]
    return 'lays the numbers out anew, by (%s)' % ', '.join(axes)


@says('FlattenLayer')
def _flatten(layer):
    return 'lays all axes from the %s on in a row' % _ordinal(layer.outdim)


def _ordinal(number):
    return {1: 'first', 2: 'second', 3: 'third'}.get(number, '%dth' % number)


@says('DimshuffleLayer')
def _dimshuffle(layer):
    moves = ['a new axis of 1' if axis == 'x' else 'axis %d' % axis for axis in layer.pattern]
    return 'reorders the axes: %s' % ', '.join(moves)


@says('PadLayer')
def _pad(layer):
    return 'surrounds every sample with numbers of %s' % (layer.val,)


@says('SliceLayer')
def _slice(layer):
    where = layer.slice
    if isinstance(where, slice):
        where = ':'.join('' if part is None else str(part)
                         for part in (where.start, where.stop, where.step)).rstrip(':') or ':'
    return 'keeps [%s] along %s' % (where, axis_name(layer.axis % len(layer.input_shape),
                                                     len(layer.input_shape)))


@says('EmbeddingLayer')
def _embedding(layer):
    return 'replaces every whole number below %d by the %s learned for it' % (
        layer.input_size, count_words(layer.output_size, 'number'))


@says('ConcatLayer')
def _concatenate(layer):
    axis = layer.axis % len(layer.output_shape)
    sizes = [shape[axis] for shape in layer.input_shapes]
    total = layer.output_shape[axis]
    return 'lays them side by side along %s%s%s' % (
        axis_name(axis, len(layer.output_shape)),
        '' if None in sizes else ' (%s = %s)' % (' + '.join(map(str, sizes)), total), _cropped(layer))


@says('ElemwiseMergeLayer')
def _merge(layer):
    name = getattr(layer.merge_function, '__name__', 'a function')
    return 'joins them number by number with %s%s' % (name, _cropped(layer))


@says('ElemwiseSumLayer')
def _sum(layer):
    scaled = any(coefficient != 1 for coefficient in layer.coeffs)
    return 'adds them up number by number%s%s' % (
        ', multiplied by %s' % ', '.join(map(str, layer.coeffs)) if scaled else '', _cropped(layer))


def _cropped(layer):
    cropping = getattr(layer, 'cropping', None)
    return '' if not cropping or not any(cropping) else ', cropped to the smallest where sizes differ'


@says('ExpressionLayer')
def _expression(layer):
    name = getattr(layer.function, '__name__', type(layer.function).__name__)
    return 'applies the function %s' % ('given' if name == '<lambda>' else name)


@says('InverseLayer')
def _inverse(layer):
    return "undoes what the layer '%s' does, by way of its gradient" % (
        getattr(layer.input_layers[1], 'name', None) or type(layer.input_layers[1]).__name__)


@says('CustomRecurrentLayer', 'RecurrentLayer', 'LSTMLayer', 'GRULayer')
def _recurrent(layer):
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


def _theta_words(layer):
    if str(getattr(layer, 'family', 'affine')) == 'affine':
        return 'an affine transform of its own for every image'
    return "a transform of the family '%s' for every image" % layer.family


@says('TransformerLayer')
def _transformer(layer):
    return 'samples the first where the second says (%s)%s' % (_theta_words(layer), _sampling(layer))


@says('ProjectiveTransformerLayer')
def _projective(layer):
    return 'samples the first where the second says (a projective transform for every image)%s' % (
        _sampling(layer))


@says('TPSTransformerLayer')
def _tps(layer):
    return ('samples the first where the second says (a thin plate spline that moves %s control points '
            'of every image)%s' % (getattr(layer, 'control_points', 'its'), _sampling(layer)))


@says('GridSampleLayer')
def _grid_sample(layer):
    return 'samples the first at the points of the second' + _sampling(layer)


@says('FlowWarpLayer')
def _flow(layer):
    return 'samples the first as many pixels away as the second says' + _sampling(layer)


@says('InverseTransformerLayer')
def _inverse_transformer(layer):
    return 'puts a crop back to where a transformer took it from' + _sampling(layer)


@says('MultiGlimpseLayer')
def _glimpses(layer):
    return 'takes several samples of the first, one for each transform of the second' + _sampling(layer)


@says('GridLayer')
def _grid(layer):
    return 'gives the points at which a transformer samples'


@says('PrintLayer')
def _print(layer):
    return 'changes nothing, and prints what passes through'


def _sampling(layer):
    border = {'zeros': 'zeros', 'nearest': 'its outermost pixels', 'wrap': 'the image again',
              'mirror': 'its mirror image', 'reflect': 'its mirror image'}.get(
                  getattr(layer, 'border_mode', 'nearest'), 'its outermost pixels')
    sizes = layer.input_shapes[0][2:], layer.output_shape[-len(layer.input_shapes[0][2:]):]
    change = '' if None in sizes[0] + sizes[1] or sizes[0] == sizes[1] else ', %s -> %s' % tuple(
        window_words(size) for size in sizes)
    return '%s; beyond its border lie%s %s' % (
        change, 's' if border in ('the image again', 'its mirror image') else '', border)
