"""The layer that gives a transform's grid instead of an image, for plots."""
import lasagne

from lasagne_ext import ops
from lasagne_ext.layers._arguments import takes_layers
from lasagne_ext.layers._modes import check_aspect, check_glimpses, split_glimpses
from lasagne_ext.layers._naming import called
from lasagne_ext.layers._shapes import check_parameters, check_size
from lasagne_ext.ops._checks import check_choice, check_flag, check_number
from lasagne_ext.ops._spline import control_point_array
from lasagne_ext.ops.theta import FAMILIES


class GridLayer(lasagne.layers.Layer):
    """Where in its input a spatial transformer samples: a grid to plot, or for a GridSampleLayer.

    Parameters
    ----------
    localization_network : Layer or tuple
        Gives the numbers of the family, ``(batch, n)``: that of the transformer.
    output_shape : tuple of int
        (rows, columns) or (depth, rows, columns) of the transformer's output.
    family : str
        That of the transformer, see :class:`TransformerLayer`; or 'projective', as of
        :class:`ProjectiveTransformerLayer`; or 'tps', as of :class:`TPSTransformerLayer`.
    align_corners : bool
        That of the transformer; see the convention below.
    aspect : {None, 'image'}
        That of the transformer; 'image' needs `in_shape`.
    in_shape : tuple of int, optional
        (rows, columns) or (depth, rows, columns) of the transformer's input.
    glimpses : int, optional
        Of a :class:`MultiGlimpseLayer`: the localisation network gives ``(batch, glimpses * n)``.
    control_points, regularization : as in `TPSTransformerLayer`
        Those of a :class:`TPSTransformerLayer`, for the family 'tps'.
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
    >>> from lasagne_ext.layers import GridLayer, localization
    >>> theta = localization(DenseLayer(InputLayer((None, 3, 28, 28)), num_units=50), 'rigid')
    >>> GridLayer(theta, (14, 14), family='rigid').output_shape
    (None, 14, 14, 2)
    """

    @takes_layers('localization_network')
    def __init__(self, localization_network, output_shape, family='affine', align_corners=True,
                 aspect=None, in_shape=None, glimpses=None, control_points=16, regularization=0.,
                 **kwargs):
        super().__init__(localization_network, **kwargs)
        where = called(self)
        self.size = check_size(where, 'output_shape', output_shape)
        self.rank = len(self.size)
        self.family = check_choice(where, 'family', family, FAMILIES + ('tps',))
        self.align_corners = check_flag(where, 'align_corners', align_corners)
        self.aspect = check_aspect(where, aspect, family)
        self.in_shape = None if in_shape is None else check_size(where, 'in_shape', in_shape, self.rank)
        if aspect is not None and in_shape is None:
            raise ValueError("%s: aspect='image' needs in_shape, the size of the transformer's input"
                             % where)
        self.glimpses, self.control_points = glimpses, control_points
        self.regularization = check_number(where, 'regularization', regularization, 0)
        if glimpses is not None:
            check_glimpses(where, glimpses)
        if family == 'tps':
            self.count = control_point_array(where, control_points, self.rank).size
        else:
            self.count = ops.family_size(family, self.rank)
        self.count *= glimpses or 1
        check_parameters(where, self.input_shape, "the numbers of family '%s'" % family, self.count)

    def get_output_shape_for(self, input_shape):
        glimpses = () if self.glimpses is None else (self.glimpses,)
        return (input_shape[0],) + glimpses + self.size + (self.rank,)

    def get_output_for(self, input, **kwargs):
        where = called(self)
        if self.glimpses is not None:
            input = split_glimpses(where, input, self.glimpses, self.count)
        if self.family == 'tps':
            return ops.tps_grid(input, self.size, self.control_points, self.regularization,
                                self.align_corners, name=where)
        theta = ops.theta_of(self.family, input, self.rank, where)
        if self.family == 'projective':
            return ops.projective_grid(theta, self.size, self.align_corners, where)
        return ops.affine_grid(theta, self.size, self.align_corners, self.aspect, self.in_shape, where)
