"""Layers that sample where another layer's output says, point by point."""
import lasagne

from lasagne_ext.layers._arguments import called, name_of, takes_layers
from lasagne_ext.layers._shapes import check_batches, rank_of
from lasagne_ext.ops import FlowWarp, GridSample
from lasagne_ext.ops._apply import apply_sampler
from lasagne_ext.ops.options import SamplerOptions, document_options


class _PointwiseLayer(lasagne.layers.MergeLayer):
    """Base class of both: images, and a field of points."""

    #: The Op that samples; its grid generator knows how the points are laid out.
    op = None

    def __init__(self, incoming, points_layer, options, **kwargs):
        super().__init__([incoming, points_layer], **kwargs)
        caller = called(self)
        images, points = self.input_shapes
        self.rank = rank_of(caller, images)
        self.options, self.border_mode = options, options.border_mode
        generator = self.op.generator
        layouts = generator.layouts(self.rank)
        if len(points) not in layouts or not generator.fits(points, self.rank):
            raise ValueError('%s: the %s layer must give shape %s, got shape %r' % (
                caller, generator.kind, ' or '.join(layouts.values()), points))
        check_batches(caller, images, points, '%s layer' % generator.kind)

    def get_output_shape_for(self, input_shapes):
        images, points = input_shapes
        generator = self.op.generator
        batch, *transforms = generator.leading(points, self.rank)
        return ((batch if images[0] is None else images[0],) + tuple(transforms) + (images[1],)
                + generator.sizes(points, self.rank))

    def get_output_for(self, inputs, **kwargs):
        return apply_sampler(self.op(self.options, called(self)), *inputs)


@document_options
class GridSampleLayer(_PointwiseLayer):
    """Grid sampler: samples its input at the points that another layer gives.

    Parameters
    ----------
    incoming : Layer or tuple
        The images, ``(batch, channels, rows, columns)``, or volumes, ``(batch, channels, depth, rows,
        columns)``, float32 or float64.
    grid_layer : Layer or tuple
        Gives normalised coordinates (x, y) in the input, ``(batch, rows, columns, 2)``, for volumes
        (x, y, z), ``(batch, depth, rows, columns, 3)``. With ``(batch, K, ...)`` every image is
        sampled K times, and the output is ``(batch, K, channels, ...)``.
    {sampler_options}
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

    op = GridSample

    @takes_layers('incoming', 'grid_layer')
    def __init__(self, incoming, grid_layer, *, interpolation='bilinear', border_mode='nearest',
                 align_corners=True, cubic=-.75, antialias=False, outside_grad=0., check_finite=False,
                 **kwargs):
        caller = name_of(type(self), kwargs.get('name'))
        options = SamplerOptions(interpolation, border_mode, align_corners, cubic, antialias, outside_grad,
                                 check_finite, caller=caller)
        super().__init__(incoming, grid_layer, options, **kwargs)



@document_options
class FlowWarpLayer(_PointwiseLayer):
    """Flow warp: samples its input at every pixel's place plus a displacement that another layer gives.

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
    {sampler_options}
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

    op = FlowWarp

    @takes_layers('incoming', 'flow_layer')
    def __init__(self, incoming, flow_layer, *, interpolation='bilinear', border_mode='nearest',
                 align_corners=True, cubic=-.75, antialias=False, outside_grad=0., check_finite=False,
                 **kwargs):
        caller = name_of(type(self), kwargs.get('name'))
        options = SamplerOptions(interpolation, border_mode, align_corners, cubic, antialias, outside_grad,
                                 check_finite, caller=caller)
        super().__init__(incoming, flow_layer, options, **kwargs)
