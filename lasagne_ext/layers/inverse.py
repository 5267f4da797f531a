"""The layer that pastes back what a spatial transformer has cut out."""
from lasagne_ext import ops
from lasagne_ext.layers._arguments import takes_layers
from lasagne_ext.layers._modes import check_aspect, transform_matrices
from lasagne_ext.layers._naming import called
from lasagne_ext.layers._shapes import check_size
from lasagne_ext.layers._transforming import TransformingLayer
from lasagne_ext.ops._checks import check_choice
from lasagne_ext.ops.theta import FAMILIES


class InverseTransformerLayer(TransformingLayer):
    """Pastes a crop back to where a spatial transformer has cut it out.

    Parameters
    ----------
    incoming : Layer or tuple
        The crops, ``(batch, channels, rows, columns)``, or ``(batch, channels, depth, rows,
        columns)``, float32 or float64: what a :class:`TransformerLayer` gave, or what a network made
        of it.
    localization_network : Layer or tuple
        That of the transformer which cut the crops out: the numbers of the family, ``(batch, n)``.
    output_shape : tuple of int
        (rows, columns) or (depth, rows, columns) of the image to paste into.
    border_mode : {'zeros', 'nearest', 'mirror', 'reflect', 'wrap'}
        What lies around the crop: zeros; its nearest pixel; its mirror image, without the outermost
        pixels or ('reflect') with them; or the crop again, with the period of its size.
    interpolation : {'bilinear', 'nearest', 'bicubic'}
        How a value between pixels is made, along every axis.
    align_corners : bool
        That of the transformer; see the convention below.
    check_finite : bool
        Raise an error that names this layer when the inverse matrix holds NaN or Inf, because theta
        does or because it is singular. Otherwise such an image comes out as NaN.
    family : str
        That of the transformer, see :class:`TransformerLayer`; or 'projective', as of
        :class:`ProjectiveTransformerLayer`.
    aspect : {None, 'image'}
        That of the transformer.
    antialias : bool
        Average over what an output pixel covers of the crop, so that shrinking does not alias.
    outside_grad : float
        Strength, at least 0, of a pull: where a sample has left the crop, its gradient also leads
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
        crops and theta differ. The message names the layer, what it got and what it expected.

    Notes
    -----
    **Convention.** theta is that of the FORWARD transform: it maps coordinates of the crop to
    coordinates of the image. Coordinates are normalised to [-1, 1], x (columns) first, then y (rows),
    then z. With ``align_corners=True`` -1 and 1 are the centres of the corner pixels, with ``False``
    their outer edges. An axis of one pixel has its only point at 0.

    References
    ----------
    Eslami, Heess, Weber, Tassa, Szepesvari, Kavukcuoglu, Hinton (2016): Attend, Infer, Repeat: Fast
    Scene Understanding with Generative Models.

    Examples
    --------
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> from lasagne_ext.layers import InverseTransformerLayer, TransformerLayer, localization
    >>> images = InputLayer((None, 1, 50, 50))
    >>> where = localization(DenseLayer(images, num_units=50), 'attention')
    >>> crops = TransformerLayer(images, where, output_shape=(20, 20), family='attention')
    >>> InverseTransformerLayer(crops, where, (50, 50), family='attention').output_shape
    (None, 1, 50, 50)
    """

    @takes_layers('incoming', 'localization_network')
    def __init__(self, incoming, localization_network, output_shape, border_mode='zeros',
                 interpolation='bilinear', align_corners=True, check_finite=False, family='affine',
                 aspect=None, antialias=False, outside_grad=0., theta_lr_scale=1., cubic=-.75,
                 **kwargs):
        self.family, self.aspect = family, aspect
        super().__init__(incoming, localization_network, 1, output_shape, theta_lr_scale,
                         interpolation, border_mode, align_corners, check_finite, cubic, antialias,
                         outside_grad, **kwargs)

    def expected(self):
        where = called(self)
        check_size(where, 'output_shape', self.output_size.size, self.rank)
        check_choice(where, 'family', self.family, FAMILIES)
        check_aspect(where, self.aspect, self.family)
        return "the numbers of family '%s'" % self.family, ops.family_size(self.family, self.rank)

    def transform(self, images, parameters, out_shape):
        theta = ops.theta_of(self.family, parameters, self.rank, called(self))
        theta = ops.invert_theta(theta, self.rank, self.family == 'projective')
        return transform_matrices(self.family, images, theta, out_shape, self.aspect, self.modes)
