"""Sample images at the points of any grid."""
from lasagne_ext.ops._apply import apply_sampler
from lasagne_ext.ops._generators import GRID
from lasagne_ext.ops._sampler import ForwardSampler, SamplerGrad
from lasagne_ext.ops.options import SamplerOptions, document_options


@document_options
def grid_sample(input, grid, *, interpolation='bilinear', border_mode='nearest',
                align_corners=True, cubic=-.75, antialias=False, outside_grad=0., check_finite=False,
                name=None):
    """Sample images at the points of a grid, each image at its own.

    Parameters
    ----------
    input : tensor, (batch, channels, rows, columns) or (batch, channels, depth, rows, columns)
        Images or volumes, float32 or float64.
    grid : tensor, (batch, out rows, out columns, 2) or (batch, K, out rows, out columns, 2)
        Normalised coordinates (x, y) in the input; for volumes (..., out depth, out rows,
        out columns, 3) and (x, y, z). With K, every image is sampled K times. float32 or float64,
        whatever the images are.
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
    **Convention.** Coordinates are normalised to [-1, 1], x (columns) first, then y (rows), then z.
    With ``align_corners=True`` -1 and 1 are the centres of the corner pixels, with ``False`` their
    outer edges. An axis of one pixel has its only point at 0.

    Coordinates are worked out in float64. Where they are not finite the output is NaN, its gradient
    to the grid is NaN, and the input gets no gradient.

    Differentiable in `input` and `grid`, any number of times. At a kink (a point exactly on a
    pixel centre) the derivative is the right-hand one; to the points of 'nearest' it is 0.

    References
    ----------
    Jaderberg, Simonyan, Zisserman, Kavukcuoglu (2015): Spatial Transformer Networks, equations
    5 to 7. Keys (1981): Cubic Convolution Interpolation for Digital Image Processing.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne_ext.ops import grid_sample
    >>> image = np.arange(6, dtype='float32').reshape(1, 1, 2, 3)
    >>> corners = np.array([[[[-1, -1], [1, -1]], [[-1, 1], [1, 1]]]], dtype='float32')
    >>> grid_sample(image, corners).eval()[0, 0].tolist()
    [[0.0, 2.0], [3.0, 5.0]]
    """
    caller = name or 'grid_sample'
    options = SamplerOptions(interpolation, border_mode, align_corners, cubic, antialias, outside_grad,
                             check_finite, caller=caller)
    return apply_sampler(GridSample(options, caller), input, grid)


class GridSample(ForwardSampler):
    """Op behind :func:`grid_sample`: inputs (input, grid).

    Examples
    --------
    >>> import theano.tensor as T
    >>> from lasagne_ext.ops import GridSample, grid_sample
    >>> isinstance(grid_sample(T.tensor4(), T.tensor4()).owner.op, GridSample)
    True
    """

    generator = GRID

    def gradient(self):
        return GridSampleGrad(self.options, self.caller)


class GridSampleGrad(SamplerGrad):
    """Both gradients of :class:`GridSample`: inputs (input, grid, output_grad)."""

    generator = GRID
    sampler = GridSample
