"""The picture of a transformer: what it gets, where it looks, what it makes of that."""
import numpy as np

from lasagne_ext._figures import new_figure
from lasagne_ext.debug.words.theta import half_extents

#: Colours of the windows, those of several glimpses of an image one after the other.
COLOURS = ('tab:orange', 'tab:cyan', 'tab:green', 'tab:pink', 'tab:olive', 'tab:purple')

#: Lines drawn along each axis of a grid.
LINES = 9


def picture(caller, images, grids, crops, align_corners, titles=None):
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
            axis.imshow(shown(images[k]), cmap='gray')
        for g in range(glimpses):
            draw_grid(axes[1, k], grids[k, g], images.shape[2:], align_corners, COLOURS[g % len(COLOURS)])
            axes[2 + g, k].imshow(shown(crops[k, g]), cmap='gray')
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
    """Some of the rows of a grid, or what lies between two of them, so far apart that all look alike."""
    places = np.linspace(0, len(points) - 1, min(LINES, len(points)))
    below = places.astype(int)
    above = np.minimum(below + 1, len(points) - 1)
    share = (places - below)[:, None, None]
    return list((1 - share) * points[below] + share * points[above])


def shown(image):
    """Channels as an image that can be shown: three as colours, others as their mean."""
    image = np.asarray(image, 'float64')
    if len(image) != 3:
        return image.mean(axis=0)
    finite = np.isfinite(image)
    low, high = (image[finite].min(), image[finite].max()) if finite.any() else (0, 1)
    return np.where(finite, (image - low) / (high - low if high > low else 1), 1).transpose(1, 2, 0)
