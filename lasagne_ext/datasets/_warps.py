"""Images turned, scaled and bent, each by a transform of its own; nothing lies outside them."""
import numpy as np

from lasagne_ext.kernels import sampling


def rotation_matrices(angle):
    """Matrices ``(number, 2, 2)`` that turn by `angle`."""
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([np.stack([cos, sin], -1), np.stack([-sin, cos], -1)], -2)


def affine(images, matrix, shift, size):
    """Square views of the images, `size` pixels wide."""
    return _sample(images, np.concatenate([matrix, shift[:, :, None]], axis=2), 'affine', (size, size))


def projective(images, matrix, size):
    """Views of the images, of that size, through matrices ``(number, 3, 3)``."""
    return _sample(images, matrix, 'projective', size)


def bent(images, size, scale, side, displacements):
    """Views of the images, of that size, where every point shows what is at another.

    That is its own place plus the value there of a thin-plate spline, all times `scale`, ``(number,)``.

    Parameters
    ----------
    displacements : array, (number, 2, side ** 2)
        The spline's values at a regular grid of points, in x and in y, normalised.
    """
    x, y = ((2 * np.arange(count) + 1) / count - 1 for count in size[::-1])
    places = np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)
    moved = places + np.moveaxis(displacements @ _spline_basis(side, places).T, 1, 2)
    moved *= scale[:, None, None]
    return _sample(images, moved.reshape((len(images),) + size + (2,)), 'grid', size)


def _sample(images, points, kind, size):
    """Coordinates are normalised: -1 and 1 are the outer edges of an image."""
    return sampling.sample(images, points, size, sampling.SamplingMode(kind, 'bilinear', 'zeros', False, 0.))


def homographies(corners, targets):
    """Matrices ``(number, 3, 3)`` that take four points ``(number, 4, 2)`` to four others."""
    x, y = corners[..., 0], corners[..., 1]
    zero, one = np.zeros_like(x), np.ones_like(x)
    rows = [np.stack(part + [-x * target, -y * target], -1)
            for part, target in (([x, y, one, zero, zero, zero], targets[..., 0]),
                                 ([zero, zero, zero, x, y, one], targets[..., 1]))]
    right = np.concatenate([targets[..., 0], targets[..., 1]], axis=1)[..., None]
    solution = np.linalg.solve(np.concatenate(rows, axis=1), right)[..., 0]
    return np.concatenate([solution, np.ones((len(solution), 1))], axis=1).reshape(-1, 3, 3)


def are_convex(corners):
    """Which quadrilaterals ``(number, 4, 2)``, their corners in turn, are convex and not turned over."""
    edges = np.roll(corners, -1, axis=1) - corners
    following = np.roll(edges, -1, axis=1)
    return (edges[..., 0] * following[..., 1] - edges[..., 1] * following[..., 0] > 0).all(axis=1)


def _spline_basis(side, places):
    """What the spline's value at each point of the grid adds at every place: ``(places, side ** 2)``."""
    from scipy.interpolate import RBFInterpolator      # slow to import, and few distort images
    axis = np.linspace(-1, 1, side)
    points = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
    return RBFInterpolator(points, np.eye(len(points)), kernel='thin_plate_spline', degree=1)(places)
