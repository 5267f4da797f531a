"""Transform images projectively (homographies), in one Op."""
import theano

from lasagne_ext.checks import check_flag
from lasagne_ext.ops._apply import apply_sampler
from lasagne_ext.ops._generators import PROJECTIVE
from lasagne_ext.ops._inputs import as_points, as_size, size_list
from lasagne_ext.ops._sampler import ForwardSampler, SamplerGrad
from lasagne_ext.ops.options import SamplerOptions, document_options


def projective_grid(H, out_shape, *, align_corners=True, name=None):
    """Work out the points of the input at which a projective transformation samples.

    Parameters
    ----------
    H : tensor, (batch, 9) or (batch, K, 9), in 3D 16 instead of 9
        Maps OUTPUT coordinates to INPUT coordinates, row by row, as in :func:`projective_transform`.
        float32 or float64.
    out_shape : tuple
        (rows, columns) or (depth, rows, columns) of the output, each an int or a symbolic integer
        scalar; or a symbolic vector of integers, which counts as (rows, columns) if its length is
        unknown.
    align_corners : bool
        See the convention below.
    name : str, optional
        Name to show in error messages; by default the function's.

    Returns
    -------
    tensor, (batch, rows, columns, 2) or (batch, K, rows, columns, 2), in 3D (..., depth, rows, columns, 3)
        Normalised coordinates (x, y) or (x, y, z), in the dtype of `H`.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind; at run time, if `H` has another number of entries.
        The message says what was expected.

    Notes
    -----
    **Convention.** Coordinates are normalised to [-1, 1], x (columns) first, then y (rows), then z.
    With ``align_corners=True`` -1 and 1 are the centres of the corner pixels, with ``False`` their
    outer edges. An axis of one pixel has its only point at 0.

    References
    ----------
    Hartley, Zisserman (2004): Multiple View Geometry in Computer Vision, section 2.3.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne_ext.ops import projective_grid
    >>> H = np.array([[1, 0, 0, 0, 1, 0, .5, 0, 1]])
    >>> projective_grid(H, (1, 3)).eval()[0, 0].round(3).tolist()
    [[-2.0, 0.0], [0.0, 0.0], [0.667, 0.0]]
    """
    caller = name or 'projective_grid'
    out_size = size_list(as_size(caller, out_shape))
    H = as_points(caller, 'H', H, theano.config.floatX, PROJECTIVE.layouts(len(out_size)))
    check_flag(caller, 'align_corners', align_corners)
    return PROJECTIVE.grid(caller, H, None, out_size, align_corners)


@document_options
def projective_transform(input, H, out_shape, *, interpolation='bilinear', border_mode='nearest',
                         align_corners=True, cubic=-.75, antialias=False, outside_grad=0., check_finite=False,
                         name=None):
    """Transform images projectively, each by its own matrices, without a grid in memory.

    Parameters
    ----------
    input : tensor, (batch, channels, rows, columns) or (batch, channels, depth, rows, columns)
        Images or volumes, float32 or float64.
    H : tensor, (batch, 9) or (batch, K, 9), for volumes 16 instead of 9
        Maps OUTPUT coordinates to INPUT coordinates, row by row: ``x = (h1 x' + h2 y' + h3) / w`` and
        ``y = (h4 x' + h5 y' + h6) / w`` with ``w = h7 x' + h8 y' + h9``. With K, every image is
        transformed K times. float32 or float64, whatever the images are.
    out_shape : tuple
        (rows, columns) or (depth, rows, columns) of the output, each an int or a symbolic integer
        scalar; or a symbolic vector of integers.
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

    With the last row (0, 0, 1) it is :func:`affine_transform`, bit for bit. Where w is 0 a point is
    nowhere, and behind that line of the output the input appears again, turned over. Coordinates are
    worked out in float64. Where they are not finite the output is NaN, its gradient to `H` is NaN,
    and the input gets no gradient.

    Differentiable in `input` and `H`, any number of times. At a kink (a point exactly on a
    pixel centre) the derivative is the right-hand one; to the points of 'nearest' it is 0.

    References
    ----------
    Hartley, Zisserman (2004): Multiple View Geometry in Computer Vision, section 2.3.
    Keys (1981): Cubic Convolution Interpolation for Digital Image Processing.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne_ext.ops import projective_transform
    >>> image = np.arange(5.).reshape(1, 1, 1, 5)
    >>> H = np.array([[1, 0, 0, 0, 1, 0, .5, 0, 1]])
    >>> projective_transform(image, H, (1, 3)).eval()[0, 0].round(3).tolist()
    [[0.0, 2.0, 3.333]]
    """
    caller = name or 'projective_transform'
    options = SamplerOptions(interpolation, border_mode, align_corners, cubic, antialias, outside_grad,
                             check_finite, caller=caller)
    return apply_sampler(ProjectiveTransform(options, caller), input, H, out_shape)


class ProjectiveTransform(ForwardSampler):
    """Op behind :func:`projective_transform`: inputs (input, H, out_shape).

    Examples
    --------
    >>> import theano.tensor as T
    >>> from lasagne_ext.ops import ProjectiveTransform, projective_transform
    >>> isinstance(projective_transform(T.tensor4(), T.matrix(), (5, 5)).owner.op, ProjectiveTransform)
    True
    """

    generator = PROJECTIVE

    def gradient(self):
        return ProjectiveTransformGrad(self.options, self.caller)


class ProjectiveTransformGrad(SamplerGrad):
    """Both gradients of :class:`ProjectiveTransform`: inputs (input, H, output_grad)."""

    generator = PROJECTIVE
    sampler = ProjectiveTransform
