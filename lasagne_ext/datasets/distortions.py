"""Distort images: the published tasks of spatial transformers, and a task between them.

Each image gets a transform of its own; outside an image there is 0.
"""
from collections import namedtuple

import numpy as np

from lasagne_ext.kernels import sampling
from lasagne_ext.checks import check_choice, check_count
from lasagne_ext.datasets.data import as_rng

#: Edge of MNIST's images: the lengths below are published in their pixels.
_EDGE = 28

#: Ranges of what is random, None for what there is not; lengths in pixels of MNIST.
_Kind = namedtuple('_Kind', 'canvas rotation scale corners bending pieces')

_KINDS = {
    'R': _Kind(28, 90, (1, 1), None, None, 0), 'RTS': _Kind(42, 45, (.7, 1.2), None, None, 0),
    'P': _Kind(28, None, (.75, 1), 5, None, 0), 'E': _Kind(28, None, (.75, 1), None, 1.5, 0),
    'T': _Kind(60, None, None, None, None, 0), 'clutter': _Kind(60, None, None, None, None, 6)}

#: Control points of the spline along an edge, and the edge of a piece of clutter.
_SIDE, _PIECE = 4, 6


def distort(images, kind, rng, canvas=None):
    """Distort images in one of the ways that spatial transformers were published with.

    Parameters
    ----------
    images : array, (number, channels, rows, columns)
        On a background of 0; anything in [0, 1], such as those of `load_mnist`.
    kind : {'R', 'RTS', 'P', 'E', 'T', 'clutter'}
        'R': turned, by an angle from -90 to 90 degrees. 'RTS': turned, by -45 to 45 degrees, scaled by a
        factor from 0.7 to 1.2, and put somewhere on a canvas of 42 x 42 pixels. 'P': scaled by 0.75 to 1,
        then each corner moved by normal amounts with a standard deviation of 5 pixels. 'E': scaled by
        0.75 to 1, then bent by a thin-plate spline whose 4 x 4 control points move by normal amounts with
        a standard deviation of 1.5 pixels. 'T': put somewhere on a canvas of 60 x 60. 'clutter': that,
        and six pieces of 6 x 6 pixels of other images added.
    rng : numpy.random.RandomState or int
        Where all choices come from, or its seed.
    canvas : tuple of int, optional
        (rows, columns) of the result, instead of the published one.

    Returns
    -------
    array, (number, channels, canvas rows, canvas columns)
        Of float32.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind, or the images do not fit on the canvas ('T', 'clutter').

    Notes
    -----
    The published lengths are in pixels of MNIST's 28 x 28. For images of another size they are multiplied
    by its shorter edge divided by 28, and so are canvases; scikit-learn's digits look as MNIST's do.

    As published [1]_ (appendix A.4): the kinds, their ranges and canvases. It leaves open, and we chose:

    - Random ranges are uniform. Turns and scales are about the middle. Values between pixels are bilinear;
      outside an image there is 0.
    - 'RTS': the place is uniform among those where the scaled image, before it is turned, is wholly on the
      canvas. MNIST's digits, in the middle 20 x 20 pixels of their images, then stay on it. 'R', 'P' and 'E'
      keep the size of the image.
    - 'P': corners move independently in x and y. Where the image would be folded or turned over, all
      corners are drawn again.
    - 'E': the control points form a regular grid up to the corners of the canvas; each says from how far
      away its value comes.
    - 'T' and 'clutter': places are whole pixels, and an image is wholly on the canvas. A piece is any 6 x 6
      pixels of any other image of `images` (of the same, if it is the only one). Where things overlap, the
      brighter is seen.

    References
    ----------
    .. [1] Jaderberg, Simonyan, Zisserman, Kavukcuoglu (2015): Spatial Transformer Networks,
       arXiv:1506.02025, section 4.1 and appendix A.4.

    Examples
    --------
    >>> from lasagne_ext.datasets import distort, load_digits
    >>> digits = load_digits().images[:10]
    >>> [distort(digits, kind, rng=0).shape[2:] for kind in ('R', 'RTS', 'P', 'E', 'clutter')]
    [(8, 8), (12, 12), (8, 8), (8, 8), (17, 17)]
    """
    check_choice('distort', 'kind', kind, _KINDS)
    images = np.asarray(images)
    if images.ndim != 4 or 0 in images.shape[1:] or images.dtype.kind not in 'fiub':
        raise ValueError('distort: images must have shape (number, channels, rows, columns), got an array '
                         'of %s of shape %s' % (images.dtype, images.shape))
    images = images.astype('float32', copy=False)
    rng = as_rng('distort', rng)
    kind, in_size = _KINDS[kind], images.shape[2:]
    unit = min(in_size) / _EDGE
    if canvas is None:
        canvas = in_size if kind.canvas == _EDGE else tuple(
            int(round(size * kind.canvas / _EDGE)) for size in in_size)
    elif not isinstance(canvas, (tuple, list)) or len(canvas) != 2:
        raise TypeError('distort: canvas must be (rows, columns), got %r' % (canvas,))
    canvas = tuple(check_count('distort', 'canvas', size) for size in canvas)
    if kind.scale is None:
        return _translate(images, rng, canvas, kind.pieces, max(1, int(round(_PIECE * unit))))
    return _warp(images, kind, rng, canvas, unit)


def _warp(images, kind, rng, canvas, unit):
    """View images through random transforms. Lengths are in pixels of MNIST, from the middle."""
    number = len(images)
    in_half, half = (np.array(size[::-1]) / (2 * unit) for size in (images.shape[2:], canvas))
    scale = rng.uniform(*kind.scale, size=number)
    if kind.bending:
        return _view_bent(images, canvas, 1 / scale, _SIDE,
                           rng.normal(0, kind.bending, (number, 2, _SIDE ** 2)) / half[:, None])
    if kind.corners:
        views = _corner_views(rng, in_half, scale, kind.corners)
    else:
        views = _rotated_views(rng, in_half, half, scale, kind.rotation)
    # From pixels to normalised coordinates, where images reach from -1 to 1.
    matrices = views / np.append(in_half, 1)[:, None] * np.append(half, 1)
    return _sample(images, matrices, 'projective', canvas)


def _rotated_views(rng, in_half, half, scale, rotation):
    """Return matrices ``(number, 3, 3)`` from places on the canvas to those in the image: R and RTS."""
    number = len(scale)
    angle = np.deg2rad(rng.uniform(-rotation, rotation, number))
    turn = _rotation_matrices(angle) / scale[:, None, None]
    room = np.maximum(0, half - in_half * scale[:, None])
    shift = rng.uniform(-1, 1, (number, 2)) * room
    views = np.zeros((number, 3, 3))
    views[:, :2, :2], views[:, 2, 2] = turn, 1
    views[:, :2, 2] = -np.einsum('nij,nj->ni', turn, shift)
    return views


def _corner_views(rng, in_half, scale, deviation):
    """Return such matrices from where the corners have gone to where they were: P."""
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * in_half
    gone = np.empty((len(scale), 4, 2))
    folded = np.ones(len(scale), dtype=bool)
    while folded.any():
        gone[folded] = (scale[folded, None, None] * corners
                        + rng.normal(0, deviation, (np.count_nonzero(folded), 4, 2)))
        folded = ~_are_convex(gone)
    return _homographies(gone, np.broadcast_to(corners, gone.shape))


def _translate(images, rng, canvas, pieces, piece):
    """Place images somewhere on empty canvases, with pieces of others: T and clutter."""
    number, channels, *in_size = images.shape
    if canvas[0] < in_size[0] or canvas[1] < in_size[1]:
        raise ValueError('distort: a canvas of %d x %d is too small for images of %d x %d'
                         % (canvas + tuple(in_size)))
    placed = np.zeros((number, channels) + canvas, dtype='float32')
    placed[_windows(rng, placed, in_size)] = images
    edges = np.minimum(piece, in_size)
    for _ in range(pieces if number else 0):
        others = images[(np.arange(number) + rng.randint(min(1, number - 1), number, number)) % number]
        cut = others[_windows(rng, others, edges)]
        at = _windows(rng, placed, edges)
        placed[at] = np.maximum(placed[at], cut)
    return placed


def _windows(rng, images, size):
    """Return the indices of a random window of that size of every image."""
    corner = [rng.randint(whole - part + 1, size=(len(images), 1, 1, 1))
              for whole, part in zip(images.shape[2:], size)]
    return (np.arange(len(images))[:, None, None, None], np.arange(images.shape[1])[:, None, None],
            corner[0] + np.arange(size[0])[:, None], corner[1] + np.arange(size[1]))


def scatter(images, rng, canvas=40, size=(14, 24), rotation=60, clutter=6, piece=6):
    """Place every image on a larger canvas: turned, scaled, shifted, and among clutter.

    Parameters
    ----------
    images : array, (number, 1, rows, columns)
        Square images on a background of 0, float32.
    rng : numpy.random.RandomState
        Where all choices come from.
    canvas : int
        Rows and columns of the result.
    size : pair of float
        Smallest and largest edge of an image on the canvas, in pixels.
    rotation : float
        Largest angle either way, in degrees.
    clutter : int
        Number of distracting pieces of other images on each canvas.
    piece : int
        Rows and columns of such a piece.

    Returns
    -------
    array, (number, 1, canvas, canvas)
        Of float32. The whole image lies on the canvas, as far as its size allows.

    Raises
    ------
    ValueError
        If the images are not square, or a size does not fit on the canvas.

    Notes
    -----
    After the cluttered translated digits of Mnih et al. (2014) and Jaderberg et al. (2015),
    appendix A.4, with rotation and scale added.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne_ext.datasets import load_digits, scatter
    >>> scatter(load_digits().images[:5], np.random.RandomState(0)).shape
    (5, 1, 40, 40)
    """
    images = np.asarray(images, dtype='float32')
    if images.ndim != 4 or images.shape[1] != 1 or images.shape[2] != images.shape[3]:
        raise ValueError('scatter: images must have shape (number, 1, rows, rows), got %s'
                         % (images.shape,))
    if not 0 < size[0] <= size[1] <= canvas or not 0 < piece <= canvas:
        raise ValueError('scatter: size=%r and piece=%r must be positive and fit on a canvas of %d'
                         % (size, piece, canvas))
    number = len(images)
    placed = _place(images, rng, canvas, size, rotation)
    for _ in range(clutter):
        _add_pieces(placed, images[rng.permutation(number)], rng, size, piece)
    return placed


def _place(images, rng, canvas, size, rotation):
    """Place each image somewhere on an empty canvas, turned and scaled."""
    edge = rng.uniform(size[0], size[1], len(images))
    angle = np.deg2rad(rng.uniform(-rotation, rotation, len(images)))
    # A turned square needs more room than its edge; where there is less, it stays in the middle.
    room = np.maximum(0, 1 - edge / canvas * (np.abs(np.cos(angle)) + np.abs(np.sin(angle))))
    turn = _rotation_matrices(angle)
    shift = rng.uniform(-1, 1, (len(images), 2)) * room[:, None]
    # Theta maps the canvas to the image: undo the shift, then the turn, then the scale.
    matrix = turn * (canvas / edge)[:, None, None]
    return _view_affine(images, matrix, -np.einsum('nij,nj->ni', matrix, shift), canvas)


def _add_pieces(canvases, sources, rng, size, piece):
    """Paste a turned square, cut from every source, at a random place of the canvas of its index."""
    number = len(canvases)
    edge = rng.uniform(size[0], size[1], number)
    turn = _rotation_matrices(rng.uniform(-np.pi, np.pi, number))
    cut = _view_affine(sources, turn * (piece / edge)[:, None, None], rng.uniform(-.5, .5, (number, 2)),
                       piece)
    corner = rng.randint(canvases.shape[2] - piece + 1, size=(2, number, 1, 1))
    at = (np.arange(number)[:, None, None], 0, corner[0] + np.arange(piece)[:, None],
          corner[1] + np.arange(piece))
    canvases[at] = np.maximum(canvases[at], cut[:, 0])


def _rotation_matrices(angle):
    """Return matrices ``(number, 2, 2)`` that turn by `angle`."""
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([np.stack([cos, sin], -1), np.stack([-sin, cos], -1)], -2)


def _view_affine(images, matrix, shift, size):
    """Return square views of the images, `size` pixels wide."""
    return _sample(images, np.concatenate([matrix, shift[:, :, None]], axis=2), 'affine', (size, size))


def _view_bent(images, size, scale, side, displacements):
    """Return views of the images, of that size, bent by thin-plate splines.

    A point shows the place of its own plus the spline's value there, all times `scale`, ``(number,)``.

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
    """Sample images at normalised coordinates, where -1 and 1 are the outer edges of an image."""
    return sampling.sample(images, points, size, sampling.SamplingMode(kind, 'bilinear', 'zeros', False, 0.))


def _homographies(corners, targets):
    """Return matrices ``(number, 3, 3)`` that take four points ``(number, 4, 2)`` to four others."""
    x, y = corners[..., 0], corners[..., 1]
    zero, one = np.zeros_like(x), np.ones_like(x)
    rows = [np.stack(part + [-x * target, -y * target], -1)
            for part, target in (([x, y, one, zero, zero, zero], targets[..., 0]),
                                 ([zero, zero, zero, x, y, one], targets[..., 1]))]
    right = np.concatenate([targets[..., 0], targets[..., 1]], axis=1)[..., None]
    solution = np.linalg.solve(np.concatenate(rows, axis=1), right)[..., 0]
    return np.concatenate([solution, np.ones((len(solution), 1))], axis=1).reshape(-1, 3, 3)


def _are_convex(corners):
    """Return which quadrilaterals ``(number, 4, 2)`` are convex and not turned over, corners in turn."""
    edges = np.roll(corners, -1, axis=1) - corners
    following = np.roll(edges, -1, axis=1)
    return (edges[..., 0] * following[..., 1] - edges[..., 1] * following[..., 0] > 0).all(axis=1)


def _spline_basis(side, places):
    """Return what the spline's value at each grid point adds at every place: ``(places, side ** 2)``."""
    from scipy.interpolate import RBFInterpolator      # slow to import, and few distort images
    axis = np.linspace(-1, 1, side)
    points = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
    return RBFInterpolator(points, np.eye(len(points)), kernel='thin_plate_spline', degree=1)(places)
