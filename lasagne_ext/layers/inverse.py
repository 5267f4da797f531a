"""Layer that pastes back what a spatial transformer has cut out."""
from lasagne_ext.layers._arguments import name_of, takes_layers
from lasagne_ext.layers._shapes import check_size, known_size
from lasagne_ext.layers._transforming import (TransformingLayer, localization_network_of,
                                              transformer_settings)
from lasagne_ext.ops.families import find_family
from lasagne_ext.ops.options import SamplerOptions, document_options


@document_options
class InverseTransformerLayer(TransformingLayer):
    """Inverse spatial transformer: pastes a crop back to where a spatial transformer has cut it out.

    Parameters
    ----------
    incoming : Layer or tuple
        The crops, ``(batch, channels, rows, columns)``, or ``(batch, channels, depth, rows,
        columns)``, float32 or float64: what a :class:`TransformerLayer` gave, or what a network made
        of it.
    transformer : Layer or tuple
        The :class:`TransformerLayer` or :class:`ProjectiveTransformerLayer` that has cut the crops
        out. Or its localization network, that gives the numbers of the family, ``(batch, n)``.
    output_shape : tuple of int, optional
        (rows, columns) or (depth, rows, columns) of the image to paste into. By default the size of
        the transformer's input, if that is known.
    family : str or TransformFamily, optional
        With a localization network: the transformer's, 'affine' by default; see
        :class:`TransformerLayer`; or 'projective', as of :class:`ProjectiveTransformerLayer`.
    aspect : {None, 'image'}
        With a localization network: the transformer's.
    {sampler_options}
    theta_lr_scale : float
        The gradient that goes back into the localisation network is scaled by this much.
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

    Around the crop lie zeros, if no other `border_mode` is given. `align_corners` is the transformer's,
    where that is given, and True by default with a localization network. A singular matrix has no
    inverse: the image comes out as NaN, or is refused with `check_finite`.

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
    >>> InverseTransformerLayer(crops, crops).output_shape
    (None, 1, 50, 50)
    """

    inverse = True

    @takes_layers('incoming', 'transformer')
    def __init__(self, incoming, transformer, output_shape=None, *, family=None, aspect=None,
                 interpolation='bilinear', border_mode='zeros', align_corners=None, cubic=-.75,
                 antialias=False, outside_grad=0., check_finite=False, theta_lr_scale=1., **kwargs):
        caller = name_of(type(self), kwargs.get('name'))
        settings = transformer_settings(caller, transformer, family=family, aspect=aspect,
                                        align_corners=align_corners)
        if isinstance(transformer, TransformingLayer) and output_shape is None:
            output_shape = known_size(caller, 'output_shape', transformer.input_shapes[0][2:])
        options = SamplerOptions(interpolation, border_mode, settings['align_corners'], cubic, antialias,
                                 outside_grad, check_finite, caller=caller)
        family = find_family(caller, settings['family'])
        if not family.invertible:
            raise ValueError("%s: the transforms of family '%s' have no inverse" % (caller, family))
        super().__init__(incoming, localization_network_of(transformer), family, 1, output_shape, options,
                         theta_lr_scale, settings['aspect'], **kwargs)
        check_size(caller, 'output_shape', self.output_size.size, self.rank)
