"""Transform images affinely, as the spatial transformer does, in one Op."""
import theano
import theano.tensor as T

from lasagne_ext.checks import check_choice, check_flag
from lasagne_ext.ops import _symbolic
from lasagne_ext.ops._apply import apply_sampler
from lasagne_ext.ops._generators import AFFINE
from lasagne_ext.ops._inputs import CheckShape, as_points, as_size, shape_of, size_list
from lasagne_ext.ops._sampler import ForwardSampler, SamplerGrad
from lasagne_ext.ops.options import SamplerOptions, document_options


def affine_grid(theta, out_shape, *, align_corners=True, aspect=None, in_shape=None, name=None):
    """Work out the points of the input at which an affine transformation samples.

    Parameters
    ----------
    theta : tensor, (batch, 6) or (batch, K, 6), in 3D 12 instead of 6
        Maps OUTPUT coordinates to INPUT coordinates, row by row: ``x = t1 x' + t2 y' + t3`` and
        ``y = t4 x' + t5 y' + t6``. float32 or float64.
    out_shape : tuple
        (rows, columns) or (depth, rows, columns) of the output, each an int or a symbolic integer
        scalar; or a symbolic vector of integers, which counts as (rows, columns) if its length is
        unknown.
    align_corners : bool
        See the convention below.
    aspect : {None, 'image'}
        As for :func:`affine_transform`; 'image' needs `in_shape`.
    in_shape : tuple, optional
        Sizes of the input, like `out_shape`.
    name : str, optional
        Name to show in error messages; by default the function's.

    Returns
    -------
    tensor, (batch, rows, columns, 2) or (batch, K, rows, columns, 2), in 3D (..., depth, rows, columns, 3)
        Normalised coordinates (x, y) or (x, y, z), in theta's dtype.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind; at run time, if theta has another number of entries.
        The message says what was expected.

    Notes
    -----
    **Convention.** Coordinates are normalised to [-1, 1], x (columns) first, then y (rows), then z.
    With ``align_corners=True`` -1 and 1 are the centres of the corner pixels, with ``False`` their
    outer edges. An axis of one pixel has its only point at 0.

    A grid in float32 holds the identity only to within rounding: prefer :func:`affine_transform`,
    which is exact there, and faster.

    References
    ----------
    Jaderberg, Simonyan, Zisserman, Kavukcuoglu (2015): Spatial Transformer Networks, equation 1.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne_ext.ops import affine_grid
    >>> theta = np.array([[1, 0, 0, 0, 1, 0]], dtype='float32')
    >>> affine_grid(theta, (1, 3)).eval()[0, 0].tolist()
    [[-1.0, 0.0], [0.0, 0.0], [1.0, 0.0]]
    """
    caller = name or 'affine_grid'
    out_size = size_list(as_size(caller, out_shape))
    rank = len(out_size)
    theta = as_points(caller, 'theta', theta, theano.config.floatX, AFFINE.layouts(rank))
    check_flag(caller, 'align_corners', align_corners)
    if in_shape is not None:
        in_shape = size_list(as_size(caller, in_shape, rank, 'in_shape'), rank)
    dtype = theta.dtype
    if check_aspect(caller, aspect):
        if in_shape is None:
            raise ValueError("%s: aspect='image' needs in_shape, the sizes of the input" % caller)
        theta = normalised_theta(caller, theta, in_shape, out_size, align_corners)
    return T.cast(AFFINE.grid(caller, theta, in_shape, out_size, align_corners), dtype)


@document_options
def affine_transform(input, theta, out_shape, *, aspect=None, interpolation='bilinear',
                     border_mode='nearest', align_corners=True, cubic=-.75, antialias=False,
                     outside_grad=0., check_finite=False, name=None):
    """Transform images affinely, each by its own thetas, without a grid in memory.

    Parameters
    ----------
    input : tensor, (batch, channels, rows, columns) or (batch, channels, depth, rows, columns)
        Images or volumes, float32 or float64.
    theta : tensor, (batch, 6) or (batch, K, 6), for volumes 12 instead of 6
        Maps OUTPUT coordinates to INPUT coordinates, row by row: ``x = t1 x' + t2 y' + t3`` and
        ``y = t4 x' + t5 y' + t6``. With K, every image is transformed K times. float32 or float64,
        whatever the images are.
    out_shape : tuple
        (rows, columns) or (depth, rows, columns) of the output, each an int or a symbolic integer
        scalar; or a symbolic vector of integers.
    aspect : {None, 'image'}
        With 'image', theta's coordinates are pixels in the unit of half the image's rows, for input
        and output alike: y in [-1, 1], and x in [-a, a] where an image is a times as wide as high.
        So the matrix of a rotation rotates, also where that is not square.
    {sampler_options}
    name : str, optional
        Name to show in error messages; by default the function's.

    Returns
    -------
    tensor, ``(batch, channels, *out_shape)`` or ``(batch, K, channels, *out_shape)``
        In the input's dtype.

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

    The identity returns the input bit for bit. Coordinates are worked out in float64. Where they are
    not finite the output is NaN, its gradient to theta is NaN, and the input gets no gradient.

    Differentiable in `input` and `theta`, any number of times. At a kink (a point exactly on a
    pixel centre) the derivative is the right-hand one; to the points of 'nearest' it is 0.

    References
    ----------
    Jaderberg, Simonyan, Zisserman, Kavukcuoglu (2015): Spatial Transformer Networks, equations
    1 and 5 to 7. Keys (1981): Cubic Convolution Interpolation for Digital Image Processing.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne_ext.ops import affine_transform
    >>> image = np.arange(6, dtype='float32').reshape(1, 1, 2, 3)
    >>> mirrored = affine_transform(image, [[-1, 0, 0, 0, 1, 0]], (2, 3))
    >>> mirrored.eval()[0, 0].tolist()
    [[2.0, 1.0, 0.0], [5.0, 4.0, 3.0]]
    """
    caller = name or 'affine_transform'
    options = SamplerOptions(interpolation, border_mode, align_corners, cubic, antialias, outside_grad,
                             check_finite, caller=caller)
    op = AffineTransform(options, caller)
    if check_aspect(caller, aspect):
        input, theta = op.as_inputs(input, theta)
        rank = input.ndim - 2
        out_size = size_list(as_size(caller, out_shape, rank), rank)
        theta = normalised_theta(caller, theta, shape_of(input)[2:], out_size, align_corners)
    return apply_sampler(op, input, theta, out_shape)


class AffineTransform(ForwardSampler):
    """Op behind :func:`affine_transform`: inputs (input, theta, out_shape).

    Examples
    --------
    >>> import theano.tensor as T
    >>> from lasagne_ext.ops import AffineTransform, affine_transform
    >>> isinstance(affine_transform(T.tensor4(), T.matrix(), (5, 5)).owner.op, AffineTransform)
    True
    """

    generator = AFFINE

    def gradient(self):
        return AffineTransformGrad(self.options, self.caller)


class AffineTransformGrad(SamplerGrad):
    """Both gradients of :class:`AffineTransform`: inputs (input, theta, output_grad)."""

    generator = AFFINE
    sampler = AffineTransform


def check_aspect(caller, aspect):
    """Tell whether coordinates are to be those of the image; refuse an unknown word."""
    return aspect is not None and bool(check_choice(caller, 'aspect', aspect, ('image',)))


def normalised_theta(caller, theta, in_size, out_size, align_corners):
    """Return theta for normalised coordinates, float64, from one for coordinates of one unit.

    The unit, for all axes, is half the rows; a size is a list of scalars.
    """
    theta = CheckShape(AFFINE, len(out_size), caller)(theta)
    into, outof = (_half_extents(T.stack(size[::-1]), align_corners) for size in (in_size, out_size))
    # Equal sizes make the diagonal's factors 1 exactly: the identity stays what it is.
    factors = T.concatenate([outof, T.ones((1,), 'float64')]) / into.dimshuffle(0, 'x')
    return T.cast(theta, 'float64') * factors.flatten()


def _half_extents(size, align_corners):
    """Return half extents of the axes, x first, in the unit of that of the rows."""
    extents = _symbolic.divisors(size, align_corners)
    return extents / extents[1]
