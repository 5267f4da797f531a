"""Layer that gives a transform's grid instead of an image, for plots."""
import lasagne

from lasagne_ext.checks import check_flag
from lasagne_ext.layers._arguments import called, takes_layers
from lasagne_ext.layers._shapes import (check_glimpses, check_parameters, check_size, known_size,
                                        split_glimpses)
from lasagne_ext.layers._transforming import (TransformingLayer, check_aspect, localization_network_of,
                                              transformer_settings)
from lasagne_ext.ops import ThinPlateSpline
from lasagne_ext.ops.families import FAMILIES, find_family


class GridLayer(lasagne.layers.Layer):
    """Grid of the points at which a spatial transformer samples: to plot, or for a GridSampleLayer.

    Parameters
    ----------
    transformer : Layer or tuple
        The transformer, of any class that has a localization network: all settings are taken from
        it. Or its localization network, that gives the numbers of the family, ``(batch, n)``.
    output_shape : tuple of int, optional
        (rows, columns) or (depth, rows, columns) of the grid. By default the size of the
        transformer's output, if that is known.
    family : str or TransformFamily, optional
        With a localization network: the transformer's, 'affine' by default; see
        :class:`TransformerLayer`; or 'projective', as of :class:`ProjectiveTransformerLayer`; or 'tps',
        as of :class:`TPSTransformerLayer`.
    align_corners : bool, optional
        With a localization network: the transformer's, True by default; see the convention below.
    aspect : {None, 'image'}
        With a localization network: the transformer's; 'image' needs `in_shape`.
    in_shape : tuple of int, optional
        (rows, columns) or (depth, rows, columns) of the transformer's input.
    glimpses : int, optional
        With a localization network: of a :class:`MultiGlimpseLayer`; that network then gives
        ``(batch, glimpses * n)``.
    control_points, regularization : as in `TPSTransformerLayer`
        With a localization network and the family 'tps': the transformer's.
    **kwargs
        Any of Lasagne's own, such as `name`.

    Raises
    ------
    TypeError, ValueError
        At construction, if shapes, sizes or modes do not fit. The message names the layer, what it
        got and what it expected.

    Notes
    -----
    **Convention.** The output holds normalised coordinates (x, y) or (x, y, z) in the input:
    ``(batch, rows, columns, 2)`` or ``(batch, depth, rows, columns, 3)``; with `glimpses`
    ``(batch, glimpses, ...)``. Coordinates are normalised to [-1, 1], x (columns) first, then y
    (rows), then z. With ``align_corners=True`` -1 and 1 are the centres of the corner pixels, with
    ``False`` their outer edges. An axis of one pixel has its only point at 0.

    References
    ----------
    Jaderberg, Simonyan, Zisserman, Kavukcuoglu (2015): Spatial Transformer Networks, section 3.2.

    Examples
    --------
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> from lasagne_ext.layers import GridLayer, TransformerLayer, localization
    >>> images = InputLayer((None, 3, 28, 28))
    >>> theta = localization(DenseLayer(images, num_units=50), 'rigid')
    >>> GridLayer(TransformerLayer(images, theta, 2, family='rigid')).output_shape
    (None, 14, 14, 2)
    >>> GridLayer(theta, (14, 14), family='rigid').output_shape
    (None, 14, 14, 2)
    """

    @takes_layers('transformer')
    def __init__(self, transformer, output_shape=None, family=None, *, align_corners=None, aspect=None,
                 in_shape=None, glimpses=None, control_points=None, regularization=None, **kwargs):
        super().__init__(localization_network_of(transformer), **kwargs)
        caller = called(self)
        settings = transformer_settings(
            caller, transformer, family=family, align_corners=align_corners, aspect=aspect,
            glimpses=glimpses, control_points=control_points, regularization=regularization)
        if isinstance(transformer, TransformingLayer):
            if output_shape is None:
                sizes = transformer.output_size(transformer.input_shapes[0])
                output_shape = known_size(caller, 'output_shape', sizes)
            if in_shape is None and settings['aspect'] is not None:
                in_shape = known_size(caller, 'in_shape', transformer.input_shapes[0][2:])
        self.size = check_size(caller, 'output_shape', output_shape)
        self.rank = len(self.size)
        if settings['family'] == 'tps':
            self.family = ThinPlateSpline(settings['control_points'], settings['regularization'],
                                          caller=caller)
        else:
            self.family = find_family(caller, settings['family'], FAMILIES + ('tps',))
        self.align_corners = check_flag(caller, 'align_corners', settings['align_corners'])
        self.aspect = check_aspect(caller, settings['aspect'], self.family)
        self.in_shape = None if in_shape is None else check_size(caller, 'in_shape', in_shape, self.rank)
        if self.aspect is not None and in_shape is None:
            raise ValueError("%s: aspect='image' needs in_shape, the size of the transformer's input"
                             % caller)
        self.glimpses = settings['glimpses']
        if self.glimpses is not None:
            check_glimpses(caller, self.glimpses)
        check_parameters(caller, self.input_shape, self.family, self.rank, self.glimpses)

    def get_output_shape_for(self, input_shape):
        glimpses = () if self.glimpses is None else (self.glimpses,)
        return (input_shape[0],) + glimpses + self.size + (self.rank,)

    def get_output_for(self, input, **kwargs):
        caller = called(self)
        if self.glimpses is not None:
            input = split_glimpses(caller, input, self.glimpses, self.family.num_parameters(self.rank))
        return self.family.grid(input, self.size, caller, self.align_corners, self.aspect, self.in_shape)
