"""Thin-plate splines: images bent by moving control points."""
import numbers

import numpy as np
import theano.tensor as T

from lasagne_ext.ops import _reference
from lasagne_ext.ops._checks import as_image, as_size, check_flag, check_number, size_list
from lasagne_ext.ops._parameters import as_parameters, leading
from lasagne_ext.ops._spline import (basis_of, check_precompute, control_point_array,
                                     pixel_positions, solved)
from lasagne_ext.ops.flow import flow_warp


def tps_grid(displacements, out_shape, control_points=16, regularization=0., align_corners=True,
             precompute_grid='auto', name=None):
    """Work out the points of the input at which a thin-plate spline samples.

    Parameters
    ----------
    displacements : tensor, (batch, 2 n) or (batch, K, 2 n), in 3D 3 n instead of 2 n
        How far each control point moves, in normalised coordinates: all in x, then all in y (then
        all in z). float32 or float64.
    out_shape : tuple
        (rows, columns) or (depth, rows, columns) of the output, each an int or a symbolic integer
        scalar; or a symbolic vector of integers; one of unknown length counts as (rows, columns).
    control_points : int or array, (n, 2) or (n, 3)
        Where the control points lie in the OUTPUT, normalised, x first. A number is the side's
        square (in 3D its cube): they form a regular grid that reaches to -1 and 1, x running
        fastest.
    regularization : float
        At least 0. With 0 the spline passes through all displaced points; more makes it stiffer.
    align_corners : bool
        See the convention below.
    precompute_grid : bool or 'auto'
        Whether what depends on the output's size alone is worked out now, once, or in the graph at
        every call. The results are the same. 'auto' is now if `out_shape` holds ints.
    name : str, optional
        Who speaks in error messages; by default the function's name.

    Returns
    -------
    tensor, (batch, rows, columns, 2) or (batch, K, rows, columns, 2), in 3D (..., depth, rows, columns, 3)
        Normalised coordinates (x, y) or (x, y, z), in the dtype of `displacements`.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind, or control points coincide or lie on one line (in 3D
        in one plane); at run time, if `displacements` has another number of entries. The message
        says what was got and what was expected.

    Notes
    -----
    The output at control point c is the input at c plus its displacement; between them the
    displacement bends least. It is a sum of ``w U(r)`` over the distances r to the control points
    and a polynomial of degree 1, with ``U(r) = r**2 log r`` in 2D and ``-r`` in 3D; `regularization`
    stands on the diagonal of the system for w. The system is solved in float64 when the graph is
    built.

    **Convention.** Coordinates are normalised to [-1, 1], x (columns) first, then y (rows), then z.
    With ``align_corners=True`` -1 and 1 are the centres of the corner pixels, with ``False`` their
    outer edges. An axis of one pixel has its only point at 0.

    Without displacement it is the grid of the output's pixels, exactly.

    References
    ----------
    Bookstein (1989): Principal Warps: Thin-Plate Splines and the Decomposition of Deformations.
    Wahba (1990): Spline Models for Observational Data, section 2.4.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne_ext.ops import tps_grid
    >>> all_to_the_right = np.array([[.5, .5, .5, .5, 0, 0, 0, 0]])
    >>> tps_grid(all_to_the_right, (1, 3), control_points=4).eval()[0, 0].round(3).tolist()
    [[-0.5, 0.0], [0.5, 0.0], [1.5, 0.0]]
    """
    where = name or 'tps_grid'
    rank = len(size_list(as_size(where, out_shape)))
    displacements, out_size, bent = _bent(where, displacements, out_shape, rank, control_points,
                                          regularization, align_corners, precompute_grid)
    grid = (_positions(out_size, rank, align_corners) + bent).dimshuffle(0, 2, 1)
    return T.cast(grid.reshape(leading(displacements) + _sizes(out_size, rank) + [rank],
                               ndim=displacements.ndim + rank), displacements.dtype)


def tps_transform(input, displacements, out_shape, control_points=16, regularization=0.,
                  precompute_grid='auto', interpolation='bilinear', border_mode='nearest',
                  align_corners=True, check_finite=False, cubic=-.75, antialias=False,
                  outside_grad=0., name=None):
    """Bend images by thin-plate splines, each by its own displacements of the control points.

    Parameters
    ----------
    input : tensor, (batch, channels, rows, columns) or (batch, channels, depth, rows, columns)
        Images or volumes, float32 or float64.
    displacements : tensor, (batch, 2 n) or (batch, K, 2 n), for volumes 3 n instead of 2 n
        How far each control point moves, in normalised coordinates: all in x, then all in y (then
        all in z). With K, every image is bent K times. float32 or float64, whatever the images are.
    out_shape : tuple
        (rows, columns) or (depth, rows, columns) of the output, each an int or a symbolic integer
        scalar; or a symbolic vector of integers.
    control_points, regularization, precompute_grid : as in `tps_grid`
        The spline; :func:`tps_grid` says what they mean.
    interpolation : {'bilinear', 'nearest', 'bicubic'}
        How a value between pixels is made, along every axis, those of a volume too.
    border_mode : {'nearest', 'zeros', 'mirror', 'reflect', 'wrap'}
        What lies outside the image: its nearest pixel; zeros; its mirror image, without the
        outermost pixels or ('reflect') with them; or the image again, with the period of its size.
    align_corners : bool
        As for :func:`tps_grid`.
    check_finite : bool
        Raise an error at run time if where to sample is NaN or Inf.
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
    tensor, ``(batch, channels, *out_shape)`` or ``(batch, K, channels, *out_shape)``
        In the input's dtype.

    Raises
    ------
    TypeError, ValueError
        As for :func:`tps_grid`; at run time also if the batch sizes differ or there is no pixel to
        sample from.

    Notes
    -----
    **Convention.** That of :func:`tps_grid`. Coordinates are worked out in float64. Without
    displacement, an output of the input's size is the input bit for bit.

    Differentiable in `input` and `displacements`, any number of times.

    References
    ----------
    Bookstein (1989): Principal Warps: Thin-Plate Splines and the Decomposition of Deformations.
    Jaderberg, Simonyan, Zisserman, Kavukcuoglu (2015): Spatial Transformer Networks, section 4.1.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne_ext.ops import tps_transform
    >>> image = np.arange(6.).reshape(1, 1, 2, 3)
    >>> all_to_the_right = np.array([[.5, .5, .5, .5, 0, 0, 0, 0]])
    >>> tps_transform(image, all_to_the_right, (2, 3), control_points=4).eval()[0, 0].round(3).tolist()
    [[0.5, 1.5, 2.0], [3.5, 4.5, 5.0]]
    """
    where = name or 'tps_transform'
    input = as_image(where, input)
    rank = input.ndim - 2
    displacements, out_size, bent = _bent(where, displacements, out_shape, rank, control_points,
                                          regularization, align_corners, precompute_grid)
    # In pixels, and not as a grid, no displacement is no displacement to the last bit.
    in_size = input.shape[:1:-1]
    extents = _reference.half_extents(in_size, align_corners)
    offsets = _reference.offsets(out_size, rank)
    per_pixel = extents / _reference.divisors(out_size, align_corners)
    centres, out_centres, extents, per_pixel = (T.shape_padright(vector) for vector in (
        _reference.centres(in_size), _reference.centres(out_size), extents, per_pixel))
    flow = (centres + per_pixel * offsets) - (out_centres + offsets) + extents * bent
    flow = flow.reshape(leading(displacements) + [rank] + _sizes(out_size, rank),
                        ndim=displacements.ndim + rank)
    return flow_warp(input, flow, interpolation, border_mode, align_corners, check_finite, cubic,
                     antialias, outside_grad, where)


def _bent(where, displacements, out_shape, rank, control_points, regularization, align_corners,
          precompute_grid):
    """The checked displacements, the output's size, and how far each output pixel moves.

    The size is a vector, x first; the last is a float64 tensor ``(N, rank, P)``, in normalised
    coordinates, of N transforms and P pixels.
    """
    points = control_point_array(where, control_points, rank)
    check_flag(where, 'align_corners', align_corners)
    solution = solved(points, check_number(where, 'regularization', regularization, 0))
    displacements = as_parameters(where, 'displacements', displacements, points.size, rank)
    out_size = as_size(where, out_shape, rank)[::-1]
    known = isinstance(out_shape, (tuple, list)) and all(isinstance(s, numbers.Integral) for s in out_shape)
    if check_precompute(where, precompute_grid, known):
        basis = basis_of(np, pixel_positions(out_shape, align_corners), points, solution)
    else:
        basis = basis_of(T, _positions(out_size, rank, align_corners), points, solution)
    moves = T.cast(displacements, 'float64').reshape((-1, len(points)))
    bent = T.dot(moves, basis)
    return displacements, out_size, bent.reshape((-1, rank, bent.shape[1]))


def _positions(out_size, rank, align_corners):
    """Normalised coordinates of the output's pixels, ``(rank, P)``."""
    return (_reference.offsets(out_size, rank)
            / T.shape_padright(_reference.divisors(out_size, align_corners)))


def _sizes(size, rank):
    """A vector, x first, as a list of scalars in the order of axes."""
    return [size[k] for k in range(rank)][::-1]
