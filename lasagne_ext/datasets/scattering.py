"""Digits scattered on a canvas among clutter: a task between the published ones."""
import numpy as np

from lasagne_ext.datasets._warps import affine, rotation_matrices


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
    """Each image somewhere on an empty canvas, turned and scaled."""
    edge = rng.uniform(size[0], size[1], len(images))
    angle = np.deg2rad(rng.uniform(-rotation, rotation, len(images)))
    # A turned square needs more room than its edge; where there is less, it stays in the middle.
    room = np.maximum(0, 1 - edge / canvas * (np.abs(np.cos(angle)) + np.abs(np.sin(angle))))
    turn = rotation_matrices(angle)
    shift = rng.uniform(-1, 1, (len(images), 2)) * room[:, None]
    # Theta maps the canvas to the image: undo the shift, then the turn, then the scale.
    matrix = turn * (canvas / edge)[:, None, None]
    return affine(images, matrix, -np.einsum('nij,nj->ni', matrix, shift), canvas)


def _add_pieces(canvases, sources, rng, size, piece):
    """Paste a turned square, cut from every source, at a random place of the canvas of its index."""
    number = len(canvases)
    edge = rng.uniform(size[0], size[1], number)
    turn = rotation_matrices(rng.uniform(-np.pi, np.pi, number))
    cut = affine(sources, turn * (piece / edge)[:, None, None], rng.uniform(-.5, .5, (number, 2)),
                  piece)
    corner = rng.randint(canvases.shape[2] - piece + 1, size=(2, number, 1, 1))
    at = (np.arange(number)[:, None, None], 0, corner[0] + np.arange(piece)[:, None],
          corner[1] + np.arange(piece))
    canvases[at] = np.maximum(canvases[at], cut[:, 0])
