"""The layer that takes several glimpses of every image."""
from lasagne_ext import ops
from lasagne_ext.layers._arguments import takes_layers
from lasagne_ext.layers._modes import (check_aspect, check_family, check_glimpses, split_glimpses,
                                       transform_by)
from lasagne_ext.layers._naming import called
from lasagne_ext.layers._transforming import TransformingLayer
from lasagne_ext.ops._checks import check_choice
from lasagne_ext.ops.theta import FAMILIES


class MultiGlimpseLayer(TransformingLayer):
    """Several spatial transforms of every image, without repeating it in memory.

    Parameters
    ----------
    incoming : Layer or tuple
        The images, ``(batch, channels, rows, columns)``, or volumes, ``(batch, channels, depth, rows,
        columns)``, float32 or float64.
    localization_network : Layer or tuple
        Gives the numbers of the family for every glimpse, those of one glimpse together:
        ``(batch, glimpses * n)``. ``localization(incoming, family, glimpses=K)`` makes a layer that
        starts at the identity.
    glimpses : int
        How many glimpses of every image.
    downsample_factor : float or tuple of float
        A glimpse has ``size // downsample_factor`` (rows, columns): 1 keeps the size, 2 halves it,
        values below 1 enlarge.
    border_mode : {'nearest', 'zeros', 'mirror', 'reflect', 'wrap'}
        What lies outside the image: its nearest pixel; zeros; its mirror image, without the
        outermost pixels or ('reflect') with them; or the image again, with the period of its size.
    output_shape : tuple of int, optional
        (rows, columns) or (depth, rows, columns) of a glimpse, instead of a `downsample_factor`.
    interpolation : {'bilinear', 'nearest', 'bicubic'}
        How a value between pixels is made, along every axis.
    align_corners : bool
        See the convention below.
    check_finite : bool
        Raise an error that names this layer when theta holds NaN or Inf. Otherwise such a glimpse
        comes out as NaN.
    family : str
        Which transforms there are, see :class:`TransformerLayer`; or 'projective', as of
        :class:`ProjectiveTransformerLayer`.
    merge : {None, 'batch', 'channels'}
        How the glimpses lie in the output. None: on an axis of their own, ``(batch, glimpses,
        channels, rows, columns)``. 'batch': as more images, ``(batch * glimpses, channels, rows,
        columns)``, all of the first image first, so that the same layers look at each. 'channels':
        as more channels, ``(batch, glimpses * channels, rows, columns)``, all of the first glimpse
        first.
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
    **Convention.** theta maps OUTPUT coordinates to INPUT coordinates. Coordinates are normalised to
    [-1, 1], x (columns) first, then y (rows), then z. With ``align_corners=True`` -1 and 1 are the
    centres of the corner pixels, with ``False`` their outer edges. An axis of one pixel has its only
    point at 0.

    References
    ----------
    Jaderberg, Simonyan, Zisserman, Kavukcuoglu (2015): Spatial Transformer Networks, section 4.3
    (several transformers in parallel).

    Examples
    --------
    >>> from lasagne.layers import Conv2DLayer, DenseLayer, InputLayer
    >>> from lasagne_ext.layers import MultiGlimpseLayer, localization
    >>> images = InputLayer((None, 3, 40, 40))
    >>> places = localization(DenseLayer(images, num_units=50), 'attention', glimpses=4)
    >>> glimpses = MultiGlimpseLayer(images, places, 4, output_shape=(16, 16), family='attention')
    >>> glimpses.output_shape
    (None, 4, 3, 16, 16)
    >>> glimpses = MultiGlimpseLayer(images, places, 4, output_shape=(16, 16), family='attention',
    ...                              merge='channels')
    >>> Conv2DLayer(glimpses, num_filters=8, filter_size=3).output_shape
    (None, 8, 14, 14)
    """

    @takes_layers('incoming', 'localization_network')
    def __init__(self, incoming, localization_network, glimpses, downsample_factor=1,
                 border_mode='nearest', output_shape=None, interpolation='bilinear',
                 align_corners=True, check_finite=False, family='affine', merge=None, aspect=None,
                 antialias=False, outside_grad=0., theta_lr_scale=1., cubic=-.75, **kwargs):
        self.glimpses, self.family, self.merge, self.aspect = glimpses, family, merge, aspect
        super().__init__(incoming, localization_network, downsample_factor, output_shape,
                         theta_lr_scale, interpolation, border_mode, align_corners, check_finite,
                         cubic, antialias, outside_grad, **kwargs)

    def expected(self):
        where = called(self)
        check_glimpses(where, self.glimpses)
        check_family(where, self.family, FAMILIES,
                     {'tps': 'a GridSampleLayer above a GridLayer of as many glimpses'})
        check_aspect(where, self.aspect, self.family)
        if self.merge is not None:
            check_choice(where, 'merge', self.merge, ('batch', 'channels'))
        return ("the numbers of %d transforms of family '%s'" % (self.glimpses, self.family),
                self.glimpses * ops.family_size(self.family, self.rank))

    def get_output_shape_for(self, input_shapes):
        batch, channels, *size = super().get_output_shape_for(input_shapes)
        if self.merge == 'batch':
            return (None if batch is None else batch * self.glimpses, channels, *size)
        if self.merge == 'channels':
            return (batch, None if channels is None else channels * self.glimpses, *size)
        return (batch, self.glimpses, channels, *size)

    def transform(self, images, parameters, out_shape):
        parameters = split_glimpses(called(self), parameters, self.glimpses, self.expected()[1])
        output = transform_by(self.family, images, parameters, out_shape, self.aspect, self.modes)
        if self.merge is None:
            return output
        batch, glimpses, channels, *size = [output.shape[k] for k in range(output.ndim)]
        leading = [batch * glimpses, channels] if self.merge == 'batch' else [batch, glimpses * channels]
        return output.reshape(leading + size, ndim=images.ndim)
