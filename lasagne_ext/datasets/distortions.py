"""The distortions of handwritten digits that spatial transformers were published with."""
from collections import namedtuple

import numpy as np

from lasagne_ext.datasets import _warps
from lasagne_ext.datasets._data import as_rng, check_count

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
    if not isinstance(kind, str) or kind not in _KINDS:
        raise ValueError('distort: kind must be one of %s, got %r'
                         % (', '.join(map(repr, _KINDS)), kind))
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
        return _placed(images, rng, canvas, kind.pieces, max(1, int(round(_PIECE * unit))))
    return _warped(images, kind, rng, canvas, unit)


def _warped(images, kind, rng, canvas, unit):
    """What is seen through a random transform. Lengths are in pixels of MNIST, from the middle."""
    number = len(images)
    in_half, half = (np.array(size[::-1]) / (2 * unit) for size in (images.shape[2:], canvas))
    scale = rng.uniform(*kind.scale, size=number)
    if kind.bending:
        return _warps.bent(images, canvas, 1 / scale, _SIDE,
                           rng.normal(0, kind.bending, (number, 2, _SIDE ** 2)) / half[:, None])
    if kind.corners:
        views = _stretches(rng, in_half, scale, kind.corners)
    else:
        views = _turns(rng, in_half, half, scale, kind.rotation)
    # From pixels to normalised coordinates, where images reach from -1 to 1.
    return _warps.projective(images, views / np.append(in_half, 1)[:, None] * np.append(half, 1), canvas)


def _turns(rng, in_half, half, scale, rotation):
    """Matrices ``(number, 3, 3)`` from places on the canvas to those in the image: R and RTS."""
    number = len(scale)
    angle = np.deg2rad(rng.uniform(-rotation, rotation, number))
    turn = _warps.rotation_matrices(angle) / scale[:, None, None]
    room = np.maximum(0, half - in_half * scale[:, None])
    shift = rng.uniform(-1, 1, (number, 2)) * room
    views = np.zeros((number, 3, 3))
    views[:, :2, :2], views[:, 2, 2] = turn, 1
    views[:, :2, 2] = -np.einsum('nij,nj->ni', turn, shift)
    return views


def _stretches(rng, in_half, scale, deviation):
    """The same, from where the corners have gone to where they were: P."""
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * in_half
    gone = np.empty((len(scale), 4, 2))
    folded = np.ones(len(scale), dtype=bool)
    while folded.any():
        gone[folded] = (scale[folded, None, None] * corners
                        + rng.normal(0, deviation, (np.count_nonzero(folded), 4, 2)))
        folded = ~_warps.are_convex(gone)
    return _warps.homographies(gone, np.broadcast_to(corners, gone.shape))


def _placed(images, rng, canvas, pieces, piece):
    """Images somewhere on empty canvases, and pieces of others: T and clutter."""
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
    """Indices of a random window of that size of every image."""
    corner = [rng.randint(whole - part + 1, size=(len(images), 1, 1, 1))
              for whole, part in zip(images.shape[2:], size)]
    return (np.arange(len(images))[:, None, None, None], np.arange(images.shape[1])[:, None, None],
            corner[0] + np.arange(size[0])[:, None], corner[1] + np.arange(size[1]))
