"""Spatial transformer layer of homographies."""
from lasagne_ext.layers._arguments import name_of, takes_layers
from lasagne_ext.layers._transforming import TransformingLayer
from lasagne_ext.ops.families import find_family
from lasagne_ext.ops.options import SamplerOptions, document_options


@document_options
class ProjectiveTransformerLayer(TransformingLayer):
    """Projective spatial transformer: views its input as from another place.

    Parameters
    ----------
    incoming : Layer or tuple
        The images, ``(batch, channels, rows, columns)``, or volumes, ``(batch, channels, depth, rows,
        columns)``, float32 or float64.
    localization_network : Layer or tuple
        Gives the matrix H row by row but for its last entry, which is 1: ``(batch, 8)``, for volumes
        ``(batch, 15)``. ``localization(incoming, 'projective')`` makes a layer that starts at the
        identity.
    downsample_factor : float or tuple of float
        The output has ``size // downsample_factor`` (rows, columns): 1 keeps the size, 2 halves it,
        values below 1 enlarge.
    {border_mode}
    output_shape : tuple of int, optional
        (rows, columns) or (depth, rows, columns) of the output, instead of a `downsample_factor`.
    {sampler_options}
    theta_lr_scale : float
        The gradient that goes back into the localisation network is scaled by this much.
    **kwargs
        Any of Lasagne's own, such as `name`.

    Raises
    ------
    TypeError, ValueError
        At construction, if shapes, sizes or modes do not fit. At run time, if the batch sizes of
        images and H differ. The message names the layer, what it got and what it expected.

    Notes
    -----
    **Convention.** H maps OUTPUT coordinates to INPUT coordinates: ``x = (h1 x' + h2 y' + h3) / w``,
    ``y = (h4 x' + h5 y' + h6) / w`` with ``w = h7 x' + h8 y' + 1``. Coordinates are normalised to
    [-1, 1], x (columns) first, then y (rows), then z. With ``align_corners=True`` -1 and 1 are the
    centres of the corner pixels, with ``False`` their outer edges. An axis of one pixel has its only
    point at 0. Where w is 0 a point is not finite, and comes out as NaN.

    References
    ----------
    Hartley, Zisserman (2004): Multiple View Geometry in Computer Vision, section 2.3.

    Examples
    --------
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> from lasagne_ext.layers import ProjectiveTransformerLayer, localization
    >>> images = InputLayer((None, 3, 28, 28))
    >>> H = localization(DenseLayer(images, num_units=50), 'projective')
    >>> ProjectiveTransformerLayer(images, H, border_mode='zeros').output_shape
    (None, 3, 28, 28)
    """

    @takes_layers('incoming', 'localization_network')
    def __init__(self, incoming, localization_network, downsample_factor=1, border_mode='nearest', *,
                 output_shape=None, interpolation='bilinear', align_corners=True, cubic=-.75,
                 antialias=False, outside_grad=0., check_finite=False, theta_lr_scale=1., **kwargs):
        caller = name_of(type(self), kwargs.get('name'))
        options = SamplerOptions(interpolation, border_mode, align_corners, cubic, antialias, outside_grad,
                                 check_finite, caller=caller)
        super().__init__(incoming, localization_network, find_family(caller, 'projective'),
                         downsample_factor, output_shape, options, theta_lr_scale, **kwargs)
