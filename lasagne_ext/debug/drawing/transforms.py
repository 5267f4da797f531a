"""Put spatial transforms into words, and draw them: how the window lies in which a transformer samples.

The window is where the output's corners come from in the input. Its size, its turn and its lean are
measured in pixels, relative to the whole image upright; its place in half the image. Coordinates are x
(columns), y (rows, downwards), then z.
"""
import numpy as np

from lasagne_ext._figures import new_figure

#: Which way a positive and a negative shift go, along each coordinate.
_WAYS = (('right', 'left'), ('down', 'up'), ('deeper', 'shallower'))

#: Below these, in degrees, in shares and in half images, nothing is said.
_LEAST_ANGLE, _LEAST_SHARE, _LEAST_SHIFT = .5, .01, .005

#: A window that is so much shorter in one direction than the image has collapsed.
_COLLAPSED = 1e-3


def half_extents(size, align_corners):
    """Return the pixels between the middle of each axis and its normalised coordinate 1, x first."""
    return np.maximum((np.array(size[::-1], dtype='float64') - bool(align_corners)) / 2, .5)


def affine_words(theta, in_size, align_corners=True, aspect=None):
    """Put an affine transform into words.

    Parameters
    ----------
    theta : array, (rank, rank + 1)
        Maps normalised coordinates of the output to those of the input.
    in_size : tuple of int
        (rows, columns) or (depth, rows, columns) of the input.
    align_corners : bool
    aspect : {None, 'image'}
        With 'image', theta's unit is half the image's rows along every axis.

    Returns
    -------
    words : str
        '' where it has none, being NaN or having collapsed.
    flags : list of str
        What is remarkable: 'NaN', 'collapsed', 'mirrored left to right', 'sheared 0.3'.
    """
    theta = np.asarray(theta, 'float64')
    if not np.isfinite(theta).all():
        return '', ['NaN']
    matrix, shift = theta[:, :-1], theta[:, -1]
    extents = half_extents(in_size, align_corners)
    if aspect is None:
        matrix = extents[:, None] * matrix / extents
    else:
        shift = shift * extents[1] / extents
    if np.linalg.svd(matrix, compute_uv=False)[-1] < _COLLAPSED:
        return '', ['collapsed']
    turn, sizes, flags = (_plane if len(matrix) == 2 else _volume)(matrix)
    parts = [turn, _size_words(sizes), _shift_words(shift)]
    nothing = "of the image's size" if flags else 'the whole image'
    return ', '.join(part for part in parts if part) or nothing, flags


def projective_words(H, in_size, align_corners=True):
    """Put a projective transform into words: what it does at the window's middle, and its perspective.

    Parameters
    ----------
    H : array, (rank + 1, rank + 1)
    in_size, align_corners
        As for :func:`affine_words`.
    """
    H = np.asarray(H, 'float64')
    if not np.isfinite(H).all():
        return '', ['NaN']
    below, tilt = H[-1, -1], H[-1, :-1]
    if np.abs(tilt).sum() >= abs(below):
        return '', ['the horizon lies inside']
    point = H[:-1, -1] / below
    slope = (H[:-1, :-1] - np.outer(point, tilt)) / below
    words, flags = affine_words(np.hstack([slope, point[:, None]]), in_size, align_corners)
    strength = np.abs(tilt / below).max()
    return words, flags + (['perspective %.2g' % strength] if strength > _LEAST_SHARE else [])


def grid_words(grid, positions, in_size, align_corners=True):
    """Put a grid into words: the affine transform that comes nearest to it, and how far it is from that.

    Parameters
    ----------
    grid : array, (*out_size, rank)
        Normalised coordinates in the input.
    positions : array of the same shape
        Those that the points would have if the whole image were sampled.
    in_size, align_corners
        As for :func:`affine_words`.
    """
    rank = grid.shape[-1]
    grid, positions = grid.reshape(-1, rank), positions.reshape(-1, rank)
    finite = np.isfinite(grid).all(axis=1)
    flags = [] if finite.all() else ['NaN']
    if not finite.any():
        return '', flags
    grid, positions = grid[finite], positions[finite]
    moving = np.ptp(positions, axis=0) > 0
    design = np.column_stack([positions[:, moving], np.ones(len(grid))])
    fitted = np.linalg.lstsq(design, grid, rcond=None)[0]
    bend = np.abs(design @ fitted - grid).max()
    # Along an axis of a single point there is no telling.
    theta = np.eye(rank, rank + 1)
    theta[:, np.append(moving, True)] = fitted.T
    words, more = affine_words(theta, in_size, align_corners)
    if bend > _LEAST_SHIFT:
        more.append('bent by up to %.2g' % bend)
    return words, flags + more


def _plane(matrix):
    """Return the turn in words, the sizes of the window's edges, and what is remarkable."""
    flags = []
    if np.linalg.det(matrix) < 0:
        # Turned less if it is mirrored one way than the other.
        ways = {'left to right': np.array([-1, 1]), 'top to bottom': np.array([1, -1])}
        way = min(ways, key=lambda name: abs(_angle(matrix * ways[name])))
        matrix = matrix * ways[way]
        flags.append('mirrored %s' % way)
    angle = _angle(matrix)
    wide = np.linalg.norm(matrix[:, 0])
    high = np.linalg.det(matrix) / wide
    lean = matrix[:, 0] @ matrix[:, 1] / wide / high
    if abs(lean) > _LEAST_SHARE:
        flags.append('sheared %.2g' % lean)
    turn = ''
    if abs(angle) >= _LEAST_ANGLE:
        turn = 'rotated %.3g degrees%s' % (abs(angle), '' if abs(angle) > 179.5 else
                                           ' clockwise' if angle > 0 else ' counter-clockwise')
    return turn, {'wide': wide, 'high': high}, flags


def _angle(matrix):
    """Return the angle of the window's upper edge, in degrees; clockwise on a screen, where y runs down."""
    return np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0]))


def _volume(matrix):
    flags = []
    if np.linalg.det(matrix) < 0:
        matrix = matrix * np.array([-1, 1, 1])
        flags.append('mirrored left to right')
    left, _, right = np.linalg.svd(matrix)
    rotation = left @ right
    stretch = rotation.T @ matrix
    off = stretch - np.diag(np.diag(stretch))
    if np.abs(off).max() > _LEAST_SHARE:
        flags.append('sheared %.2g' % np.abs(off).max())
    skew = np.array([rotation[2, 1] - rotation[1, 2], rotation[0, 2] - rotation[2, 0],
                     rotation[1, 0] - rotation[0, 1]])
    angle = np.degrees(np.arctan2(np.linalg.norm(skew), np.trace(rotation) - 1))
    turn = ''
    if angle >= _LEAST_ANGLE:
        turn = 'rotated %.3g degrees' % angle
        if np.linalg.norm(skew) > 1e-6:
            axis = skew / np.linalg.norm(skew)
            turn += ' about (%s)' % ', '.join('%.2g' % (round(k, 2) + 0.) for k in axis)
    return turn, dict(zip(('wide', 'high', 'deep'), np.diag(stretch))), flags


def _size_words(sizes):
    values = list(sizes.values())
    if max(values) - min(values) <= _LEAST_SHARE * max(values):
        size = np.mean(values)
        return '' if abs(size - 1) <= _LEAST_SHARE else '%.3g x' % size
    return ' and '.join('%.3g x %s' % (value, name) for name, value in sizes.items())


def _shift_words(shift):
    moves = ['%.2g %s' % (abs(move), ways[int(move < 0)]) for move, ways in zip(shift, _WAYS)
             if abs(move) >= _LEAST_SHIFT]
    return 'shifted %s' % ' and '.join(moves) if moves else ''


#: Colours of the windows, those of several glimpses of an image one after the other.
COLOURS = ('tab:orange', 'tab:cyan', 'tab:green', 'tab:pink', 'tab:olive', 'tab:purple')

#: Lines drawn along each axis of a grid.
LINES = 9


def draw_transforms(caller, images, grids, crops, align_corners, titles=None):
    """Draw a column for every image: the image, the windows in it, what lies in them.

    Parameters
    ----------
    caller : str
        Name to show in error messages.
    images : array, (count, channels, rows, columns)
    grids : array, (count, K, rows, columns, 2)
        Normalised coordinates.
    crops : array, (count, K, channels, rows, columns)
    align_corners : bool
    titles : list of str, optional
        One above every image.

    Returns
    -------
    matplotlib.figure.Figure
    """
    count, glimpses = grids.shape[:2]
    into, outof = (np.clip(array.shape[-2] / max(array.shape[-1], 1), .2, 5) for array in (images, crops))
    heights = [into, into] + [outof] * glimpses
    figure = new_figure(caller, (1.5 * max(count, 2), 1.5 * sum(heights) + .5))
    axes = figure.subplots(2 + glimpses, count, squeeze=False, gridspec_kw={'height_ratios': heights})
    for k in range(count):
        for axis in axes[:2, k]:
            axis.imshow(as_image(images[k]), cmap='gray')
        for g in range(glimpses):
            draw_grid(axes[1, k], grids[k, g], images.shape[2:], align_corners, COLOURS[g % len(COLOURS)])
            axes[2 + g, k].imshow(as_image(crops[k, g]), cmap='gray')
            if glimpses > 1:
                for spine in axes[2 + g, k].spines.values():
                    spine.set_color(COLOURS[g % len(COLOURS)])
        if titles is not None:
            axes[0, k].set_title(str(titles[k]))
    labels = ['input', 'sampling grid'] + (['output'] if glimpses == 1 else
                                           ['glimpse %d' % g for g in range(glimpses)])
    for row, label in zip(axes, labels):
        row[0].set_ylabel(label)
        for axis in row:
            axis.set_xticks([])
            axis.set_yticks([])
    return figure


def draw_grid(axis, grid, in_size, align_corners, colour=COLOURS[0]):
    """Draw some lines of a grid ``(rows, columns, 2)`` over an image.

    The upper edge is red, to show the turn, with a dot at its left end, to show what is mirrored.
    """
    points = grid * half_extents(in_size, align_corners) + (np.array(in_size[::-1]) - 1) / 2
    for line in _lines(points) + _lines(points.transpose(1, 0, 2)):
        axis.plot(line[:, 0], line[:, 1], color=colour, linewidth=.6)
    axis.plot(points[0, :, 0], points[0, :, 1], color='tab:red', linewidth=1.5)
    axis.plot(points[0, 0, 0], points[0, 0, 1], 'o', color='tab:red', markersize=3)
    axis.set_xlim(-.5, in_size[1] - .5)
    axis.set_ylim(in_size[0] - .5, -.5)


def _lines(points):
    """Return some of the rows of a grid, or what lies between two, as far apart for any number of rows."""
    places = np.linspace(0, len(points) - 1, min(LINES, len(points)))
    below = places.astype(int)
    above = np.minimum(below + 1, len(points) - 1)
    share = (places - below)[:, None, None]
    return list((1 - share) * points[below] + share * points[above])


def as_image(image):
    """Return channels as an image that can be shown: three as colours, others as their mean."""
    image = np.asarray(image, 'float64')
    if len(image) != 3:
        return image.mean(axis=0)
    finite = np.isfinite(image)
    low, high = (image[finite].min(), image[finite].max()) if finite.any() else (0, 1)
    return np.where(finite, (image - low) / (high - low if high > low else 1), 1).transpose(1, 2, 0)
