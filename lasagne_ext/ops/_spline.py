"""Thin-plate splines through control points: refused if impossible, solved, evaluated."""
import numbers

import numpy as np

#: Least spread of the control points across their narrowest direction, as a part of the widest.
_FLAT = 1e-6


def control_point_array(where, control_points, rank):
    """Control points as an array (n, rank), refused if no spline can be drawn through them.

    Parameters
    ----------
    where : str
        Who speaks in error messages.
    control_points : int or array
    rank : {2, 3}
    """
    if isinstance(control_points, numbers.Integral) and not isinstance(control_points, bool):
        side = round(max(control_points, 0) ** (1 / rank))
        if side ** rank != control_points or side < 2:
            raise ValueError('%s: the number of control_points must be the %s of a whole number from 2 '
                             'on, got %r; give their places for any other number of them'
                             % (where, {2: 'square', 3: 'cube'}[rank], control_points))
        axes = np.meshgrid(*[np.linspace(-1, 1, side)] * rank, indexing='ij')
        return np.stack([axis.ravel() for axis in axes[::-1]], axis=1)
    try:
        points = np.array(control_points, dtype='float64')
    except (TypeError, ValueError):
        points = np.empty(0)
    if points.ndim != 2 or points.shape[1] != rank or not np.isfinite(points).all():
        raise ValueError('%s: control_points must be a whole number or a finite array of shape (n, %d), '
                         'got %s' % (where, rank, 'an array of shape %s' % (points.shape,)
                                     if points.size else repr(control_points)))
    if len(np.unique(points, axis=0)) < len(points):
        raise ValueError('%s: control_points must differ from each other, got some twice' % where)
    spread = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
    if len(points) <= rank or spread[-1] <= _FLAT * spread[0]:
        raise ValueError('%s: control_points must be %d or more that do not all lie on one %s, got %s'
                         % (where, rank + 1, {2: 'line', 3: 'plane'}[rank], points.tolist()))
    return points


def check_precompute(where, precompute_grid, known):
    """Whether to precompute, for an output size that is known now or not."""
    if precompute_grid == 'auto':
        return known
    if not isinstance(precompute_grid, (bool, np.bool_)):
        raise TypeError("%s: precompute_grid must be True, False or 'auto', got %r"
                        % (where, precompute_grid))
    if precompute_grid and not known:
        raise ValueError('%s: precompute_grid=True needs an output size that is known when the graph is '
                         'built' % where)
    return bool(precompute_grid)


def _radial(module, square, rank):
    """U of the squared distance."""
    if rank == 3:
        return -module.sqrt(square)
    return square * module.log(module.maximum(square, np.finfo('float64').tiny)) / 2


def solved(points, regularization):
    """From the control points' displacements to the spline's coefficients: ``(n + rank + 1, n)``."""
    count, rank = points.shape
    square = ((points[:, None] - points) ** 2).sum(axis=-1)
    plane = np.column_stack([np.ones(count), points])
    system = np.zeros((count + rank + 1,) * 2)
    system[:count, :count] = _radial(np, square, rank) + regularization * np.eye(count)
    system[:count, count:], system[count:, :count] = plane, plane.T
    return np.linalg.solve(system, np.eye(len(system), count))


def pixel_positions(size, align_corners):
    """Normalised coordinates of all pixels of an image or a volume, x first: ``(rank, P)``."""
    size = np.array(size)[::-1, None]
    places = np.indices(size[::-1, 0])[::-1].reshape(len(size), -1)
    return (places - (size - 1) / 2) / np.maximum((size - align_corners) / 2, .5)


def basis_of(module, positions, points, solution):
    """What each control point's displacement contributes at every position: ``(n, P)``.

    Parameters
    ----------
    module
        numpy or theano.tensor, whichever the positions belong to.
    """
    count, rank = points.shape
    square = sum((positions[axis] - points[:, axis, None]) ** 2 for axis in range(rank))
    return (module.dot(solution[:count].T, _radial(module, square, rank))
            + module.dot(solution[count + 1:].T, positions) + solution[count, :, None])
