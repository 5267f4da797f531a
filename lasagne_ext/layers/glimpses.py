"""Layer that takes several glimpses of every image."""
from lasagne_ext.checks import check_choice
from lasagne_ext.layers._arguments import name_of, takes_layers
from lasagne_ext.layers._shapes import check_glimpses
from lasagne_ext.layers._transforming import TransformingLayer
from lasagne_ext.ops.families import find_family
from lasagne_ext.ops.options import SamplerOptions, document_options


@document_options
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
    {border_mode}
    output_shape : tuple of int, optional
        (rows, columns) or (depth, rows, columns) of a glimpse, instead of a `downsample_factor`.
    family : str or TransformFamily
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
                 border_mode='nearest', *, output_shape=None, family='affine', merge=None, aspect=None,
                 interpolation='bilinear', align_corners=True, cubic=-.75, antialias=False,
                 outside_grad=0., check_finite=False, theta_lr_scale=1., **kwargs):
        caller = name_of(type(self), kwargs.get('name'))
        options = SamplerOptions(interpolation, border_mode, align_corners, cubic, antialias, outside_grad,
                                 check_finite, caller=caller)
        check_glimpses(caller, glimpses)
        self.merge = merge if merge is None else check_choice(caller, 'merge', merge, ('batch', 'channels'))
        family = find_family(caller, family, elsewhere={
            'tps': 'a GridSampleLayer above a GridLayer of as many glimpses'})
        super().__init__(incoming, localization_network, family, downsample_factor, output_shape, options,
                         theta_lr_scale, aspect, glimpses, **kwargs)

    def get_output_shape_for(self, input_shapes):
        batch, channels, *size = super().get_output_shape_for(input_shapes)
        if self.merge == 'batch':
            return (None if batch is None else batch * self.glimpses, channels, *size)
        if self.merge == 'channels':
            return (batch, None if channels is None else channels * self.glimpses, *size)
        return (batch, self.glimpses, channels, *size)

    def get_output_for(self, inputs, **kwargs):
        output = super().get_output_for(inputs, **kwargs)
        if self.merge is None:
            return output
        batch, glimpses, channels, *size = [output.shape[k] for k in range(output.ndim)]
        leading = [batch * glimpses, channels] if self.merge == 'batch' else [batch, glimpses * channels]
        return output.reshape(leading + size, ndim=inputs[0].ndim)
