"""The spatial transformer layer: affine transforms and the families of them."""
from lasagne_ext import ops
from lasagne_ext.layers._arguments import takes_layers
from lasagne_ext.layers._modes import check_aspect, check_family, transform_by
from lasagne_ext.layers._naming import called
from lasagne_ext.layers._transforming import TransformingLayer
from lasagne_ext.ops.theta import AFFINE_FAMILIES

_OTHER_LAYERS = {'projective': 'a ProjectiveTransformerLayer', 'tps': 'a TPSTransformerLayer'}


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
    border_mode : {'nearest', 'zeros', 'mirror', 'reflect', 'wrap'}
        What lies outside the image: its nearest pixel; zeros; its mirror image, without the
        outermost pixels or ('reflect') with them; or the image again, with the period of its size.
    output_shape : tuple of int, optional
        (rows, columns) or (depth, rows, columns) of the output, instead of a `downsample_factor`.
    interpolation : {'bilinear', 'nearest', 'bicubic'}
        How a value between pixels is made, along every axis.
    align_corners : bool
        See the convention below.
    check_finite : bool
        Raise an error that names this layer when theta holds NaN or Inf. Otherwise such an image
        comes out as NaN.
    family : str
        Which transforms there are: 'affine' (n = 6, for volumes 12), 'similarity' (4, 7), 'rigid'
        (3, 6), 'attention' (3, 4), 'scale' (2, 3), 'translation' (2, 3) or 'rotation' (1, 3).
        :func:`lasagne_ext.ops.theta_of` says what the numbers are.
    aspect : {None, 'image'}
        With 'image' coordinates are pixels in the unit of half the image's rows, so that a rotation
        of an image that is not square does not shear it.
    antialias : bool
        Average over what an output pixel covers of the input, so that shrinking does not alias.
    outside_grad : float
        Strength, at least 0, of a pull: where a sample has left the image, its gradient also leads
        back, by so much times the sum over channels of the absolute gradient of its value.
    theta_lr_scale : float
        The gradient that goes back into the localisation network is scaled by this much.
    cubic : float
        Coefficient of bicubic interpolation, from -1 to 0; that of Keys is -0.5.
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
    def __init__(self, incoming, localization_network, downsample_factor=1, border_mode='nearest',
                 output_shape=None, interpolation='bilinear', align_corners=True,
                 check_finite=False, family='affine', aspect=None, antialias=False, outside_grad=0.,
                 theta_lr_scale=1., cubic=-.75, **kwargs):
        self.family, self.aspect = family, aspect
        super().__init__(incoming, localization_network, downsample_factor, output_shape,
                         theta_lr_scale, interpolation, border_mode, align_corners, check_finite,
                         cubic, antialias, outside_grad, **kwargs)

    def expected(self):
        where = called(self)
        check_family(where, self.family, AFFINE_FAMILIES, _OTHER_LAYERS)
        check_aspect(where, self.aspect, self.family)
        what = 'theta' if self.family == 'affine' else "the numbers of family '%s'" % self.family
        return what, ops.family_size(self.family, self.rank)

    def transform(self, images, parameters, out_shape):
        return transform_by(self.family, images, parameters, out_shape, self.aspect, self.modes)
