"""Layers that sample where another layer's output says, point by point."""
import lasagne

from lasagne_ext import ops
from lasagne_ext.layers._arguments import takes_layers
from lasagne_ext.layers._modes import sampling_modes
from lasagne_ext.layers._naming import called
from lasagne_ext.layers._shapes import check_batches, rank_of

_AXES = {2: 'rows, columns', 3: 'depth, rows, columns'}


class _PointwiseLayer(lasagne.layers.MergeLayer):
    """Base of both: images, and a field of points, of which it knows the layout."""

    def __init__(self, incoming, points_layer, interpolation, border_mode, align_corners, check_finite,
                 cubic, antialias, outside_grad, **kwargs):
        super().__init__([incoming, points_layer], **kwargs)
        where = called(self)
        images, points = self.input_shapes
        self.rank = rank_of(where, images)
        self.modes = sampling_modes(where, interpolation, border_mode, align_corners, check_finite,
                                    cubic, antialias, outside_grad)
        kind, layout = self.layout()
        if len(points) not in (self.rank + 2, self.rank + 3) or \
                points[self.coordinate_axis()] not in (self.rank, None):
            raise ValueError('%s: the %s layer must give shape (batch, %s) or (batch, K, %s), got shape '
                             '%r' % (where, kind, layout, layout, points))
        check_batches(where, images, points, '%s layer' % kind)

    def layout(self):
        """What the points are called, and how those of one transform lie."""
        raise NotImplementedError

    def coordinate_axis(self):
        """Over which axis, counted from the last, the coordinates of a point lie."""
        raise NotImplementedError

    def get_output_shape_for(self, input_shapes):
        images, points = input_shapes
        batch = points[0] if images[0] is None else images[0]
        count = len(points) - self.rank - 1
        size = list(points[count:])
        del size[self.coordinate_axis()]
        return (batch,) + tuple(points[1:count]) + (images[1],) + tuple(size)


class GridSampleLayer(_PointwiseLayer):
    """Samples its input at the points that another layer gives.

    Parameters
    ----------
    incoming : Layer or tuple
        The images, ``(batch, channels, rows, columns)``, or volumes, ``(batch, channels, depth, rows,
        columns)``, float32 or float64.
    grid_layer : Layer or tuple
        Gives normalised coordinates (x, y) in the input, ``(batch, rows, columns, 2)``, for volumes
        (x, y, z), ``(batch, depth, rows, columns, 3)``. With ``(batch, K, ...)`` every image is
        sampled K times, and the output is ``(batch, K, channels, ...)``.
    border_mode : {'nearest', 'zeros', 'mirror', 'reflect', 'wrap'}
        What lies outside the image: its nearest pixel; zeros; its mirror image, without the
        outermost pixels or ('reflect') with them; or the image again, with the period of its size.
    interpolation : {'bilinear', 'nearest', 'bicubic'}
        How a value between pixels is made, along every axis.
    align_corners : bool
        See the convention below.
    check_finite : bool
        Raise an error that names this layer when the grid holds NaN or Inf. Otherwise such a point
        comes out as NaN.
    antialias : bool
        Average over what an output pixel covers of the input, so that shrinking does not alias.
    outside_grad : float
        Strength, at least 0, of a pull: where a point has left the image, its gradient also leads
        back, by so much times the sum over channels of the absolute gradient of its value.
    cubic : float
        Coefficient of bicubic interpolation, from -1 to 0; that of Keys is -0.5.
    **kwargs
        Any of Lasagne's own, such as `name`.

    Raises
    ------
    TypeError, ValueError
        At construction, if shapes or modes do not fit. At run time, if the batch sizes of images and
        grid differ. The message names the layer, what it got and what it expected.

    Notes
    -----
    **Convention.** Coordinates are normalised to [-1, 1], x (columns) first, then y (rows), then z.
    With ``align_corners=True`` -1 and 1 are the centres of the corner pixels, with ``False`` their
    outer edges. An axis of one pixel has its only point at 0.

    References
    ----------
    Jaderberg, Simonyan, Zisserman, Kavukcuoglu (2015): Spatial Transformer Networks, section 3.3.

    Examples
    --------
    >>> from lasagne.layers import InputLayer
    >>> from lasagne_ext.layers import GridSampleLayer
    >>> images, grid = InputLayer((None, 3, 28, 28)), InputLayer((None, 10, 12, 2))
    >>> GridSampleLayer(images, grid, border_mode='zeros').output_shape
    (None, 3, 10, 12)
    """

    @takes_layers('incoming', 'grid_layer')
    def __init__(self, incoming, grid_layer, border_mode='nearest', interpolation='bilinear',
                 align_corners=True, check_finite=False, antialias=False, outside_grad=0.,
                 cubic=-.75, **kwargs):
        super().__init__(incoming, grid_layer, interpolation, border_mode, align_corners, check_finite,
                         cubic, antialias, outside_grad, **kwargs)

    def layout(self):
        return 'grid', '%s, %d' % (_AXES[self.rank], self.rank)

    def coordinate_axis(self):
        return -1

    def get_output_for(self, inputs, **kwargs):
        images, grid = inputs
        return ops.grid_sample(images, grid, **self.modes)


class FlowWarpLayer(_PointwiseLayer):
    """Samples its input at every pixel's place plus a displacement that another layer gives.

    Parameters
    ----------
    incoming : Layer or tuple
        The images, ``(batch, channels, rows, columns)``, or volumes, ``(batch, channels, depth, rows,
        columns)``, float32 or float64.
    flow_layer : Layer or tuple
        Gives displacements in pixels, those along x first, ``(batch, 2, rows, columns)``, for volumes
        ``(batch, 3, depth, rows, columns)``: a convolution with 2 or 3 filters, say. With
        ``(batch, K, ...)`` every image is warped K times, and the output is
        ``(batch, K, channels, ...)``.
    border_mode : {'nearest', 'zeros', 'mirror', 'reflect', 'wrap'}
        What lies outside the image: its nearest pixel; zeros; its mirror image, without the
        outermost pixels or ('reflect') with them; or the image again, with the period of its size.
    interpolation : {'bilinear', 'nearest', 'bicubic'}
        How a value between pixels is made, along every axis.
    align_corners : bool
        Whether `outside_grad` counts as outside what is beyond the centres of the corner pixels, or
        beyond their outer edges.
    check_finite : bool
        Raise an error that names this layer when the flow holds NaN or Inf. Otherwise such a point
        comes out as NaN.
    antialias : bool
        Average over what an output pixel covers of the input, so that shrinking does not alias.
    outside_grad : float
        Strength, at least 0, of a pull: where a point has left the image, its gradient also leads
        back, by so much times the sum over channels of the absolute gradient of its value.
    cubic : float
        Coefficient of bicubic interpolation, from -1 to 0; that of Keys is -0.5.
    **kwargs
        Any of Lasagne's own, such as `name`.

    Raises
    ------
    TypeError, ValueError
        At construction, if shapes or modes do not fit. At run time, if the batch sizes of images and
        flow differ. The message names the layer, what it got and what it expected.

    Notes
    -----
    **Convention.** The output at (row, column) is the input at (row + flow[:, 1],
    column + flow[:, 0]): the flow says where each output pixel comes from, not where an input pixel
    goes. A flow of zeros returns the input bit for bit.

    References
    ----------
    Zhou, Tulsiani, Sun, Malik, Efros (2016): View Synthesis by Appearance Flow.

    Examples
    --------
    >>> from lasagne.init import Constant
    >>> from lasagne.layers import Conv2DLayer, InputLayer
    >>> from lasagne_ext.layers import FlowWarpLayer
    >>> images = InputLayer((None, 3, 28, 28))
    >>> flow = Conv2DLayer(images, 2, 3, pad='same', W=Constant(0), nonlinearity=None)
    >>> FlowWarpLayer(images, flow).output_shape
    (None, 3, 28, 28)
    """

    @takes_layers('incoming', 'flow_layer')
    def __init__(self, incoming, flow_layer, border_mode='nearest', interpolation='bilinear',
                 align_corners=True, check_finite=False, antialias=False, outside_grad=0.,
                 cubic=-.75, **kwargs):
        super().__init__(incoming, flow_layer, interpolation, border_mode, align_corners, check_finite,
                         cubic, antialias, outside_grad, **kwargs)

    def layout(self):
        return 'flow', '%d, %s' % (self.rank, _AXES[self.rank])

    def coordinate_axis(self):
        return -1 - self.rank

    def get_output_for(self, inputs, **kwargs):
        images, flow = inputs
        return ops.flow_warp(images, flow, **self.modes)
