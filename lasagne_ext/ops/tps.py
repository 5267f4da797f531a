"""Thin-plate splines: bend images by moving control points."""
import numpy as np
import theano.tensor as T

from lasagne_ext.checks import check_flag, check_number, is_whole
from lasagne_ext.ops import _symbolic
from lasagne_ext.ops._apply import apply_sampler
from lasagne_ext.ops._inputs import as_image, as_parameters, as_size, leading, size_list
from lasagne_ext.ops.families import TransformFamily
from lasagne_ext.ops.flow import FlowWarp
from lasagne_ext.ops.options import SamplerOptions, document_options

#: Least spread of the control points across their narrowest direction, as a part of the widest.
_FLAT = 1e-6


def tps_grid(displacements, out_shape, control_points=16, *, regularization=0., align_corners=True,
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
        Name to show in error messages; by default the function's.

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
    caller = name or 'tps_grid'
    spline = ThinPlateSpline(control_points, regularization, precompute_grid, caller=caller)
    return spline.grid(displacements, out_shape, caller, align_corners)


@document_options
def tps_transform(input, displacements, out_shape, control_points=16, *, regularization=0.,
                  precompute_grid='auto', interpolation='bilinear', border_mode='nearest',
                  align_corners=True, cubic=-.75, antialias=False, outside_grad=0.,
                  check_finite=False, name=None):
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
    caller = name or 'tps_transform'
    options = SamplerOptions(interpolation, border_mode, align_corners, cubic, antialias, outside_grad,
                             check_finite, caller=caller)
    spline = ThinPlateSpline(control_points, regularization, precompute_grid, caller=caller)
    return spline.transform(as_image(caller, input), displacements, out_shape, options, caller)


class ThinPlateSpline(TransformFamily):
    """Family of thin-plate splines: its numbers are how far control points move.

    Parameters
    ----------
    control_points : int or array, (n, 2) or (n, 3)
        Where the control points lie in the OUTPUT, normalised, x first. A number is the side's
        square (in 3D its cube): they form a regular grid that reaches to -1 and 1, x running
        fastest.
    regularization : float
        At least 0. With 0 the spline passes through all displaced points; more makes it stiffer.
    precompute_grid : bool or 'auto'
        Whether what depends on the output's size alone is worked out when the graph is built.
    caller : str
        Name to show in error messages.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind. Whether a spline can be drawn through the control points
        is checked where it is known whether they are those of images or of volumes.

    Notes
    -----
    :func:`tps_grid` says what the spline is. It has no matrix and no inverse.

    Examples
    --------
    >>> from lasagne_ext.ops import ThinPlateSpline
    >>> ThinPlateSpline(16).num_parameters(), ThinPlateSpline(27).num_parameters(rank=3)
    (32, 81)
    """

    name = 'tps'
    op = FlowWarp
    invertible = False

    def __init__(self, control_points=16, regularization=0., precompute_grid='auto', *,
                 caller='ThinPlateSpline'):
        self.control_points, self.caller = control_points, caller
        self.regularization = check_number(caller, 'regularization', regularization, 0)
        if precompute_grid != 'auto' and not isinstance(precompute_grid, (bool, np.bool_)):
            raise TypeError("%s: precompute_grid must be True, False or 'auto', got %r"
                            % (caller, precompute_grid))
        self.precompute_grid = precompute_grid

    def num_parameters(self, rank=2):
        return control_point_array(self.caller, self.control_points, rank).size

    def identity_parameters(self, rank=2):
        return np.zeros(self.num_parameters(rank))

    def parameters_in_words(self, rank):
        return 'displacements of %d control points' % (self.num_parameters(rank) // rank)

    def precomputes(self, known, caller):
        """Decide whether to precompute.

        Parameters
        ----------
        known : bool
            Whether the output's size is known now.
        caller : str
            Name to show in error messages.

        Returns
        -------
        bool
            Whether to.
        """
        if self.precompute_grid == 'auto':
            return known
        if self.precompute_grid and not known:
            raise ValueError('%s: precompute_grid=True needs an output size that is known when the graph '
                             'is built' % caller)
        return bool(self.precompute_grid)

    def transform(self, input, parameters, out_shape, options, caller, aspect=None, inverse=False):
        rank = input.ndim - 2
        displacements, out_size, bent = self._bent(caller, parameters, out_shape, rank,
                                                   options.align_corners)
        # In pixels, and not as a grid, no displacement is no displacement to the last bit.
        in_size = input.shape[:1:-1]
        extents = _symbolic.half_extents(in_size, options.align_corners)
        offsets = _symbolic.offsets(out_size, rank)
        per_pixel = extents / _symbolic.divisors(out_size, options.align_corners)
        centres, out_centres, extents, per_pixel = (T.shape_padright(vector) for vector in (
            _symbolic.centres(in_size), _symbolic.centres(out_size), extents, per_pixel))
        flow = (centres + per_pixel * offsets) - (out_centres + offsets) + extents * bent
        flow = flow.reshape(leading(displacements) + [rank] + _sizes(out_size, rank),
                            ndim=displacements.ndim + rank)
        return apply_sampler(FlowWarp(options, caller), input, flow)

    def grid(self, parameters, out_shape, caller, align_corners=True, aspect=None, in_shape=None):
        rank = len(size_list(as_size(caller, out_shape)))
        check_flag(caller, 'align_corners', align_corners)
        displacements, out_size, bent = self._bent(caller, parameters, out_shape, rank, align_corners)
        grid = (_positions(out_size, rank, align_corners) + bent).dimshuffle(0, 2, 1)
        return T.cast(grid.reshape(leading(displacements) + _sizes(out_size, rank) + [rank],
                                   ndim=displacements.ndim + rank), displacements.dtype)

    def _bent(self, caller, displacements, out_shape, rank, align_corners):
        """Return the displacements, the output's size, and how far each output pixel moves.

        The size is a vector, x first; the last is a float64 tensor ``(N, rank, P)``, in normalised
        coordinates, of N transforms and P pixels.
        """
        points = control_point_array(caller, self.control_points, rank)
        solution = solve_spline(points, self.regularization)
        displacements = as_parameters(caller, 'displacements', displacements, points.size)
        out_size = as_size(caller, out_shape, rank)[::-1]
        known = isinstance(out_shape, (tuple, list)) and all(map(is_whole, out_shape))
        if self.precomputes(known, caller):
            basis = _spline_basis(np, _pixel_positions(out_shape, align_corners), points, solution)
        else:
            basis = _spline_basis(T, _positions(out_size, rank, align_corners), points, solution)
        moves = T.cast(displacements, 'float64').reshape((-1, len(points)))
        bent = T.dot(moves, basis)
        return displacements, out_size, bent.reshape((-1, rank, bent.shape[1]))


def _positions(out_size, rank, align_corners):
    """Return normalised coordinates of the output's pixels, ``(rank, P)``, as a graph."""
    return (_symbolic.offsets(out_size, rank)
            / T.shape_padright(_symbolic.divisors(out_size, align_corners)))


def _sizes(size, rank):
    """Return a vector, x first, as a list of scalars in the order of axes."""
    return [size[k] for k in range(rank)][::-1]


def control_point_array(caller, control_points, rank):
    """Return control points as an array (n, rank); refuse those that no spline can be drawn through.

    Parameters
    ----------
    caller : str
        Name to show in error messages.
    control_points : int or array
    rank : {2, 3}
    """
    if is_whole(control_points):
        side = round(max(control_points, 0) ** (1 / rank))
        if side ** rank != control_points or side < 2:
            raise ValueError('%s: the number of control_points must be the %s of a whole number from 2 '
                             'on, got %r; give their places for any other number of them'
                             % (caller, {2: 'square', 3: 'cube'}[rank], control_points))
        axes = np.meshgrid(*[np.linspace(-1, 1, side)] * rank, indexing='ij')
        return np.stack([axis.ravel() for axis in axes[::-1]], axis=1)
    try:
        points = np.array(control_points, dtype='float64')
    except (TypeError, ValueError):
        points = np.empty(0)
    if points.ndim != 2 or points.shape[1] != rank or not np.isfinite(points).all():
        raise ValueError('%s: control_points must be a whole number or a finite array of shape (n, %d), '
                         'got %s' % (caller, rank, 'an array of shape %s' % (points.shape,)
                                     if points.size else repr(control_points)))
    if len(np.unique(points, axis=0)) < len(points):
        raise ValueError('%s: control_points must differ from each other, got some twice' % caller)
    spread = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
    if len(points) <= rank or spread[-1] <= _FLAT * spread[0]:
        raise ValueError('%s: control_points must be %d or more that do not all lie on one %s, got %s'
                         % (caller, rank + 1, {2: 'line', 3: 'plane'}[rank], points.tolist()))
    return points


def _radial(module, square, rank):
    """Return U of the squared distance."""
    if rank == 3:
        return -module.sqrt(square)
    return square * module.log(module.maximum(square, np.finfo('float64').tiny)) / 2


def solve_spline(points, regularization):
    """Return the matrix from displacements of the control points to coefficients: ``(n + rank + 1, n)``."""
    count, rank = points.shape
    square = ((points[:, None] - points) ** 2).sum(axis=-1)
    plane = np.column_stack([np.ones(count), points])
    system = np.zeros((count + rank + 1,) * 2)
    system[:count, :count] = _radial(np, square, rank) + regularization * np.eye(count)
    system[:count, count:], system[count:, :count] = plane, plane.T
    return np.linalg.solve(system, np.eye(len(system), count))


def _pixel_positions(size, align_corners):
    """Return normalised coordinates of all pixels of an image or a volume, x first: ``(rank, P)``."""
    size = np.array(size)[::-1, None]
    places = np.indices(size[::-1, 0])[::-1].reshape(len(size), -1)
    return (places - (size - 1) / 2) / np.maximum((size - align_corners) / 2, .5)


def _spline_basis(module, positions, points, solution):
    """Work out what each control point's displacement contributes at every position: ``(n, P)``.

    Parameters
    ----------
    module
        numpy or theano.tensor, whichever the positions belong to.
    """
    count, rank = points.shape
    square = sum((positions[axis] - points[:, axis, None]) ** 2 for axis in range(rank))
    return (module.dot(solution[:count].T, _radial(module, square, rank))
            + module.dot(solution[count + 1:].T, positions) + solution[count, :, None])
