"""Spatial transformer layer of thin-plate splines."""
from lasagne_ext.layers._arguments import name_of, takes_layers
from lasagne_ext.layers._transforming import TransformingLayer
from lasagne_ext.ops import ThinPlateSpline
from lasagne_ext.ops.options import SamplerOptions, document_options


@document_options
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
    {border_mode}
    output_shape : tuple of int, optional
        (rows, columns) or (depth, rows, columns) of the output, instead of a `downsample_factor`.
    regularization : float
        At least 0. With 0 the spline passes through all displaced points; more makes it stiffer.
    {sampler_options}
    theta_lr_scale : float
        The gradient that goes back into the localisation network is scaled by this much.
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
                 precompute_grid='auto', border_mode='nearest', *, output_shape=None, regularization=0.,
                 interpolation='bilinear', align_corners=True, cubic=-.75, antialias=False,
                 outside_grad=0., check_finite=False, theta_lr_scale=1., **kwargs):
        caller = name_of(type(self), kwargs.get('name'))
        options = SamplerOptions(interpolation, border_mode, align_corners, cubic, antialias, outside_grad,
                                 check_finite, caller=caller)
        family = ThinPlateSpline(control_points, regularization, precompute_grid, caller=caller)
        super().__init__(incoming, localization_network, family, downsample_factor, output_shape, options,
                         theta_lr_scale, **kwargs)
        self.control_points, self.regularization = control_points, family.regularization
        size = self.output_size(self.input_shapes[0])
        self.precompute_grid = family.precomputes(None not in size, caller)
        if self.precompute_grid:
            self.output_size.size = size
