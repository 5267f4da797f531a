"""Spatial transformer layer: affine transforms and the families of them."""
from lasagne_ext.layers._arguments import name_of, takes_layers
from lasagne_ext.layers._transforming import TransformingLayer
from lasagne_ext.ops.families import AFFINE_FAMILIES, find_family
from lasagne_ext.ops.options import SamplerOptions, document_options

_OTHER_LAYERS = {'projective': 'a ProjectiveTransformerLayer', 'tps': 'a TPSTransformerLayer'}


@document_options
class TransformerLayer(TransformingLayer):
    """Spatial transformer: samples its input where a localisation network says.

    A drop-in for Lasagne's layer of the same name, faster, for volumes too, with more modes.

    Parameters
    ----------
    incoming : Layer or tuple
        The images, ``(batch, channels, rows, columns)``, or volumes, ``(batch, channels, depth, rows,
        columns)``, float32 or float64.
    localization_network : Layer or tuple
        Gives the numbers of the family for every image, ``(batch, n)``. :func:`localization` makes
        a layer that starts at the identity.
    downsample_factor : float or tuple of float
        The output has ``size // downsample_factor`` (rows, columns): 1 keeps the size, 2 halves it,
        values below 1 enlarge.
    {border_mode}
    output_shape : tuple of int, optional
        (rows, columns) or (depth, rows, columns) of the output, instead of a `downsample_factor`.
    family : str or TransformFamily
        Which transforms there are: 'affine' (n = 6, for volumes 12), 'similarity' (4, 7), 'rigid'
        (3, 6), 'attention' (3, 4), 'scale' (2, 3), 'translation' (2, 3) or 'rotation' (1, 3).
        :func:`lasagne_ext.ops.theta_from_parameters` says what the numbers are, and how to
        make a family of your own.
    aspect : {None, 'image'}
        With 'image' coordinates are pixels in the unit of half the image's rows, so that a rotation
        of an image that is not square does not shear it.
    {sampler_options}
    theta_lr_scale : float
        The gradient that goes back into the localisation network is scaled by this much.
    **kwargs
        Any of Lasagne's own, such as `name`.

    Raises
    ------
    TypeError, ValueError
        At construction, if shapes, sizes or modes do not fit. At run time, if the batch sizes of
        images and theta differ. The message names the layer, what it got and what it expected.

    Notes
    -----
    **Convention.** theta maps OUTPUT coordinates to INPUT coordinates, row by row: ``x = t1 x' +
    t2 y' + t3`` and ``y = t4 x' + t5 y' + t6``. Coordinates are normalised to [-1, 1], x (columns)
    first, then y (rows), then z. With ``align_corners=True`` (Lasagne's and the paper's) -1 and 1
    are the centres of the corner pixels, with ``False`` their outer edges. An axis of one pixel has
    its only point at 0.

    The identity returns the input bit for bit. The shape that `output_shape` declares is always the
    one that comes out. At a kink (a point exactly on a pixel centre) the derivative is the
    right-hand one.

    The paper starts the localisation network at the identity, its last weights at zero, and lets it
    learn at a tenth of the others' rate or less. A `theta_lr_scale` does that under updates that
    are proportional to the gradient; those that divide by its size, such as Adam, undo the scale.

    References
    ----------
    Jaderberg, Simonyan, Zisserman, Kavukcuoglu (2015): Spatial Transformer Networks,
    section 3.

    Examples
    --------
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> from lasagne_ext.layers import TransformerLayer, localization
    >>> images = InputLayer((None, 3, 28, 28))
    >>> theta = localization(DenseLayer(images, num_units=50))
    >>> TransformerLayer(images, theta, downsample_factor=2).output_shape
    (None, 3, 14, 14)
    """

    @takes_layers('incoming', 'localization_network')
    def __init__(self, incoming, localization_network, downsample_factor=1, border_mode='nearest', *,
                 output_shape=None, family='affine', aspect=None, interpolation='bilinear',
                 align_corners=True, cubic=-.75, antialias=False, outside_grad=0., check_finite=False,
                 theta_lr_scale=1., **kwargs):
        caller = name_of(type(self), kwargs.get('name'))
        options = SamplerOptions(interpolation, border_mode, align_corners, cubic, antialias, outside_grad,
                                 check_finite, caller=caller)
        family = find_family(caller, family, AFFINE_FAMILIES, _OTHER_LAYERS)
        super().__init__(incoming, localization_network, family, downsample_factor, output_shape, options,
                         theta_lr_scale, aspect, **kwargs)
