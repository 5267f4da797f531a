"""Sampling images at the points of any grid."""
from lasagne_ext.ops._points import GRID
from lasagne_ext.ops._sampler import ForwardSampler
from lasagne_ext.ops._sampler_grad import SamplerGrad
from lasagne_ext.ops._transform import transform


def grid_sample(input, grid, interpolation='bilinear',
                border_mode='nearest', align_corners=True, check_finite=False, cubic=-.75,
                antialias=False, outside_grad=0., name=None):
    """Sample images at the points of a grid, each image at its own.

    Parameters
    ----------
    input : tensor, (batch, channels, rows, columns) or (batch, channels, depth, rows, columns)
        Images or volumes, float32 or float64.
    grid : tensor, (batch, out rows, out columns, 2) or (batch, K, out rows, out columns, 2)
        Normalised coordinates (x, y) in the input; for volumes (..., out depth, out rows,
        out columns, 3) and (x, y, z). With K, every image is sampled K times. float32 or float64,
        whatever the images are.
    interpolation : {'bilinear', 'nearest', 'bicubic'}
        How a value between pixels is made, along every axis, those of a volume too.
    border_mode : {'nearest', 'zeros', 'mirror', 'reflect', 'wrap'}
        What lies outside the image: its nearest pixel; zeros; its mirror image, without the
        outermost pixels or ('reflect') with them; or the image again, with the period of its size.
    align_corners : bool
        See the convention below.
    check_finite : bool
        Raise an error at run time if the grid holds NaN or Inf.
    cubic : float
        Coefficient of bicubic interpolation, from -1 to 0; that of Keys is -0.5.
    antialias : bool
        Average over what an output pixel covers of the input, so that shrinking does not alias.
    outside_grad : float
        Strength, at least 0, of a pull: where a point has left the image, its gradient also leads
        back, by so much times the sum over channels of the absolute gradient of its value.
    name : str, optional
        Who speaks in error messages; by default the function's name.

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
    op = GridSample(interpolation, border_mode, align_corners, check_finite, cubic,
                    name or 'grid_sample')
    return transform(op, (input, grid), antialias, outside_grad)


class GridSample(ForwardSampler):
    """Op behind :func:`grid_sample`: inputs (input, grid).

    Examples
    --------
    >>> import theano.tensor as T
    >>> from lasagne_ext.ops import GridSample, grid_sample
    >>> isinstance(grid_sample(T.tensor4(), T.tensor4()).owner.op, GridSample)
    True
    """

    points = GRID

    def gradient(self):
        return GridSampleGrad(**self.props())


class GridSampleGrad(SamplerGrad):
    """Both gradients of :class:`GridSample`: inputs (input, grid, output_grad)."""

    points = GRID
    sampler = GridSample
