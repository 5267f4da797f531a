"""Register the layers that sample, Lasagne's and those of this package."""
from lasagne_ext.network.graph import is_kind_of
from lasagne_ext.network.registry import register_layer
from lasagne_ext.network.shapes import size_of
from lasagne_ext.network.wording import window_words


def _sampling_products(layer, inputs, output, deterministic):
    rank = len(inputs[0]) - 2
    options = getattr(layer, 'options', None)       # Lasagne's own layers have none
    if options is not None and options.antialias:   # only the values of theta say how many pixels there are
        return None
    pixels = {'nearest': 0, 'bilinear': 2, 'bicubic': 4}[
        'bilinear' if options is None else options.interpolation] ** rank
    return pixels * size_of(output)


def _transformer_products(layer, inputs, output, deterministic):
    family = getattr(layer, 'family', 'tps' if is_kind_of(layer, 'TPSTransformerLayer') else 'affine')
    points = size_of(output) // size_of(inputs[0][1:2])
    return (_sampling_products(layer, inputs, output, deterministic)
            + points * _coordinate_products(str(family), len(inputs[0]) - 2, inputs[1][1]))


def _grid_products(layer, inputs, output, deterministic):
    points = size_of(output) // layer.rank
    return points * _coordinate_products(str(layer.family), layer.rank, inputs[0][1] // (layer.glimpses or 1))


def _coordinate_products(family, rank, numbers):
    """Count those for the coordinates of one point: of a matrix by a vector that ends with 1."""
    if family == 'projective':
        return (rank + 1) ** 2
    # A spline adds the displacements of its control points, each times a weight.
    return rank * (rank + 1) + (numbers if family == 'tps' else 0)


def _sampling_words(layer):
    border = {'zeros': 'zeros', 'nearest': 'its outermost pixels', 'wrap': 'the image again',
              'mirror': 'its mirror image', 'reflect': 'its mirror image'}.get(
                  getattr(layer, 'border_mode', 'nearest'), 'its outermost pixels')
    sizes = layer.input_shapes[0][2:], layer.output_shape[-len(layer.input_shapes[0][2:]):]
    change = '' if None in sizes[0] + sizes[1] or sizes[0] == sizes[1] else ', %s -> %s' % tuple(
        window_words(size) for size in sizes)
    return '%s; beyond its border lie%s %s' % (
        change, 's' if border in ('the image again', 'its mirror image') else '', border)


def _transformer_phrase(layer):
    if is_kind_of(layer, 'ProjectiveTransformerLayer'):
        theta = 'a projective transform for every image'
    elif is_kind_of(layer, 'TPSTransformerLayer'):
        theta = 'a thin plate spline that moves %s control points of every image' % (
            getattr(layer, 'control_points', 'its'))
    elif str(getattr(layer, 'family', 'affine')) == 'affine':
        theta = 'an affine transform of its own for every image'
    else:
        theta = "a transform of the family '%s' for every image" % layer.family
    return 'samples the first where the second says (%s)%s' % (theta, _sampling_words(layer))


for _name, _multiply_adds, _phrase in (
        ('TransformerLayer', _transformer_products, _transformer_phrase),
        ('ProjectiveTransformerLayer', _transformer_products, _transformer_phrase),
        ('TPSTransformerLayer', _transformer_products, _transformer_phrase),
        ('InverseTransformerLayer', _transformer_products,
         lambda layer: 'puts a crop back to where a transformer took it from' + _sampling_words(layer)),
        ('MultiGlimpseLayer', _transformer_products,
         lambda layer: 'takes several samples of the first, one for each transform of the second'
         + _sampling_words(layer)),
        ('GridSampleLayer', _sampling_products,
         lambda layer: 'samples the first at the points of the second' + _sampling_words(layer)),
        ('FlowWarpLayer', _sampling_products,
         lambda layer: 'samples the first as many pixels away as the second says' + _sampling_words(layer)),
        ('GridLayer', _grid_products, 'gives the points at which a transformer samples')):
    register_layer(_name, multiply_adds=_multiply_adds, phrase=_phrase, family='transformer')
