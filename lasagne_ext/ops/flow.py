"""Warp images by a field of displacements in pixels."""
import theano

from lasagne_ext.checks import check_flag
from lasagne_ext.ops._apply import apply_sampler
from lasagne_ext.ops._generators import FLOW
from lasagne_ext.ops._inputs import as_points, as_size, shape_of, size_list
from lasagne_ext.ops._sampler import ForwardSampler, SamplerGrad
from lasagne_ext.ops.options import SamplerOptions, document_options


def flow_grid(flow, *, align_corners=True, in_shape=None, rank=2, name=None):
    """Work out the points of the input at which a flow samples.

    Parameters
    ----------
    flow : tensor, (batch, 2, rows, columns) or (batch, K, 2, rows, columns)
        Displacements in pixels, x first; in 3D (..., 3, depth, rows, columns). float32 or float64.
    align_corners : bool
        See the convention below.
    in_shape : tuple, optional
        Sizes of the input, each an int or a symbolic integer scalar, or a symbolic vector; by
        default those of the flow.
    rank : {2, 3}
        2 for images, 3 for volumes.
    name : str, optional
        Name to show in error messages; by default the function's.

    Returns
    -------
    tensor, (batch, rows, columns, 2) or (batch, K, rows, columns, 2), in 3D (..., depth, rows, columns, 3)
        Normalised coordinates (x, y) or (x, y, z), in the flow's dtype.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind; at run time, if the flow's shape is wrong. The message
        says what was expected.

    Notes
    -----
    **Convention.** Coordinates are normalised to [-1, 1], x (columns) first, then y (rows), then z.
    With ``align_corners=True`` -1 and 1 are the centres of the corner pixels, with ``False`` their
    outer edges. An axis of one pixel has its only point at 0.
    A displacement along such an axis counts as with the outer edges at -1 and 1.

    References
    ----------
    Zhou, Tulsiani, Sun, Malik, Efros (2016): View Synthesis by Appearance Flow.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne_ext.ops import flow_grid
    >>> one_to_the_right = np.stack([np.ones((1, 1, 3)), np.zeros((1, 1, 3))], axis=1)
    >>> flow_grid(one_to_the_right).eval()[0, 0].tolist()
    [[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]]
    """
    caller = name or 'flow_grid'
    if rank not in (2, 3):
        raise ValueError('%s: rank must be 2 or 3, got %r' % (caller, rank))
    flow = as_points(caller, 'flow', flow, theano.config.floatX, FLOW.layouts(rank))
    check_flag(caller, 'align_corners', align_corners)
    out_size = FLOW.sizes(shape_of(flow), rank)
    in_size = out_size if in_shape is None else \
        size_list(as_size(caller, in_shape, rank, 'in_shape'), rank)
    return FLOW.grid(caller, flow, in_size, out_size, align_corners)


@document_options
def flow_warp(input, flow, *, interpolation='bilinear', border_mode='nearest',
              align_corners=True, cubic=-.75, antialias=False, outside_grad=0., check_finite=False,
              name=None):
    """Sample images at every pixel's place plus a displacement, each image at its own.

    Parameters
    ----------
    input : tensor, (batch, channels, rows, columns) or (batch, channels, depth, rows, columns)
        Images or volumes, float32 or float64.
    flow : tensor, (batch, 2, out rows, out columns) or (batch, K, 2, out rows, out columns)
        Displacements in pixels, x first: the output at (row, column) is the input at
        (row + flow[:, 1], column + flow[:, 0]). For volumes (..., 3, out depth, out rows,
        out columns). With K, every image is warped K times. float32 or float64, whatever the
        images are.
    {sampler_options}
    name : str, optional
        Name to show in error messages; by default the function's.

    Returns
    -------
    tensor, (batch, channels, out rows, out columns) or (batch, K, channels, out rows, out columns)
        In the input's dtype; for volumes (..., out depth, out rows, out columns).

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind; at run time, if the batch sizes differ or there is
        no pixel to sample from. The message says what was got and what was expected.

    Notes
    -----
    **Convention.** The first component is along x (columns), the second along y (rows), the third
    along z. Displacements are pixels whatever `align_corners` is, which says only what counts as
    outside for `outside_grad`. The flow says where each output pixel comes from, not where an input pixel goes.

    A flow of zeros returns the input bit for bit. Coordinates are worked out in float64. Where they
    are not finite the output is NaN, its gradient to the flow is NaN, and the input gets no gradient.

    Differentiable in `input` and `flow`, any number of times. At a kink (a point exactly on a
    pixel centre) the derivative is the right-hand one; to the points of 'nearest' it is 0.

    References
    ----------
    Zhou, Tulsiani, Sun, Malik, Efros (2016): View Synthesis by Appearance Flow.
    Keys (1981): Cubic Convolution Interpolation for Digital Image Processing.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne_ext.ops import flow_warp
    >>> image = np.arange(6.).reshape(1, 1, 2, 3)
    >>> half_to_the_right = np.stack([np.full((1, 2, 3), .5), np.zeros((1, 2, 3))], axis=1)
    >>> flow_warp(image, half_to_the_right).eval()[0, 0].tolist()
    [[0.5, 1.5, 2.0], [3.5, 4.5, 5.0]]
    """
    caller = name or 'flow_warp'
    options = SamplerOptions(interpolation, border_mode, align_corners, cubic, antialias, outside_grad,
                             check_finite, caller=caller)
    return apply_sampler(FlowWarp(options, caller), input, flow)


class FlowWarp(ForwardSampler):
    """Op behind :func:`flow_warp`: inputs (input, flow).

    Examples
    --------
    >>> import theano.tensor as T
    >>> from lasagne_ext.ops import FlowWarp, flow_warp
    >>> isinstance(flow_warp(T.tensor4(), T.tensor4()).owner.op, FlowWarp)
    True
    """

    generator = FLOW

    def gradient(self):
        return FlowWarpGrad(self.options, self.caller)


class FlowWarpGrad(SamplerGrad):
    """Both gradients of :class:`FlowWarp`: inputs (input, flow, output_grad)."""

    generator = FLOW
    sampler = FlowWarp
