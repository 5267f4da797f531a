"""The spatial transformer layer of thin-plate splines."""
from lasagne_ext import ops
from lasagne_ext.layers._arguments import takes_layers
from lasagne_ext.layers._naming import called
from lasagne_ext.layers._transforming import TransformingLayer
from lasagne_ext.ops._checks import check_number
from lasagne_ext.ops._spline import check_precompute, control_point_array


class TPSTransformerLayer(TransformingLayer):
    """Thin-plate spline spatial transformer: bends its input by moving control points.

    A drop-in for Lasagne's layer of the same name, for volumes too, with more modes.

    Parameters
    ----------
    incoming : Layer or tuple
        The images, ``(batch, channels, rows, columns)``, or volumes, ``(batch, channels, depth, rows,
        columns)``, float32 or float64.
    localization_network : Layer or tuple
        Gives how far each of the n control points moves, in normalised coordinates: all in x, then
        all in y (then all in z), ``(batch, 2 n)``, for volumes ``(batch, 3 n)``.
        ``localization(incoming, 'tps')`` makes a layer that starts without displacement.
    downsample_factor : float or tuple of float
        The output has ``size // downsample_factor`` (rows, columns): 1 keeps the size, 2 halves it,
        values below 1 enlarge.
    control_points : int or array, (n, 2) or (n, 3)
        Where the control points lie in the OUTPUT, normalised, x first. A number is the side's
        square (for volumes its cube): they form a regular grid that reaches to -1 and 1, x running
        fastest.
    precompute_grid : bool or 'auto'
        Whether what depends on the output's size alone is worked out once, when the graph is built,
        or in the graph at every call. The results are the same. True needs a known size, which the
        output then keeps, whatever the images given later; 'auto' is whether it is known.
    border_mode : {'nearest', 'zeros', 'mirror', 'reflect', 'wrap'}
        What lies outside the image: its nearest pixel; zeros; its mirror image, without the
        outermost pixels or ('reflect') with them; or the image again, with the period of its size.
    output_shape : tuple of int, optional
        (rows, columns) or (depth, rows, columns) of the output, instead of a `downsample_factor`.
    regularization : float
        At least 0. With 0 the spline passes through all displaced points; more makes it stiffer.
    interpolation : {'bilinear', 'nearest', 'bicubic'}
        How a value between pixels is made, along every axis.
    align_corners : bool
        See the convention below.
    check_finite : bool
        Raise an error that names this layer when where to sample is NaN or Inf. Otherwise such an
        image comes out as NaN.
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
        At construction, if shapes, sizes, control points or modes do not fit. At run time, if the
        batch sizes of images and displacements differ. The message names the layer, what it got and
        what it expected.

    Notes
    -----
    **Convention.** The output at control point c is the input at c plus its displacement.
    Coordinates are normalised to [-1, 1], x (columns) first, then y (rows), then z. With
    ``align_corners=True`` -1 and 1 are the centres of the corner pixels, with ``False`` their outer
    edges. An axis of one pixel has its only point at 0.

    Without displacement, an output of the input's size is the input bit for bit.
    :func:`lasagne_ext.ops.tps_grid` says what the spline is.

    References
    ----------
    Bookstein (1989): Principal Warps: Thin-Plate Splines and the Decomposition of Deformations.
    Jaderberg, Simonyan, Zisserman, Kavukcuoglu (2015): Spatial Transformer Networks, section 4.1.

    Examples
    --------
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> from lasagne_ext.layers import TPSTransformerLayer, localization
    >>> images = InputLayer((None, 3, 28, 28))
    >>> moves = localization(DenseLayer(images, num_units=50), 'tps', control_points=16)
    >>> TPSTransformerLayer(images, moves, control_points=16).output_shape
    (None, 3, 28, 28)
    """

    @takes_layers('incoming', 'localization_network')
    def __init__(self, incoming, localization_network, downsample_factor=1, control_points=16,
                 precompute_grid='auto', border_mode='nearest', output_shape=None, regularization=0.,
                 interpolation='bilinear', align_corners=True, check_finite=False, antialias=False,
                 outside_grad=0., theta_lr_scale=1., cubic=-.75, **kwargs):
        self.control_points = control_points
        super().__init__(incoming, localization_network, downsample_factor, output_shape,
                         theta_lr_scale, interpolation, border_mode, align_corners, check_finite,
                         cubic, antialias, outside_grad, **kwargs)
        where = called(self)
        self.regularization = check_number(where, 'regularization', regularization, 0)
        size = self.output_size(self.input_shapes[0])
        self.precompute_grid = check_precompute(where, precompute_grid, None not in size)
        if self.precompute_grid:
            self.output_size.size = size

    def expected(self):
        points = control_point_array(called(self), self.control_points, self.rank)
        return 'displacements of %d control points' % len(points), points.size

    def transform(self, images, parameters, out_shape):
        return ops.tps_transform(images, parameters, out_shape, self.control_points,
                                 self.regularization, self.precompute_grid, **self.modes)
