"""Show where a spatial transformer looks."""
import base64
import os
from collections import namedtuple

import lasagne
import numpy as np
import theano
import theano.tensor as T

from lasagne_ext import layers as ours
from lasagne_ext import ops
from lasagne_ext._figures import png_of
from lasagne_ext._files import whole_file
from lasagne_ext.checks import check_count
from lasagne_ext.debug.drawing.transforms import (affine_words, draw_transforms, grid_words, half_extents,
                                                  projective_words)
from lasagne_ext.debug.report import Report
from lasagne_ext.network.graph import layer_label, named_layers
from lasagne_ext.network.inputs import Feed
from lasagne_ext.ops.families import find_family

#: A window in an image. `outside` is the share of samples that lie outside the image, or nowhere;
#: `theta` the matrix as nested lists, None where there is none.
Row = namedtuple('Row', 'image glimpse words flags outside theta')

#: How far beyond 1 a normalised coordinate may be by rounding.
_ROUNDING = 1e-6

_CALLER = 'show_transform'


def _transformers():
    """Return the classes of layers that can be shown."""
    classes = [ours.TransformerLayer, ours.ProjectiveTransformerLayer, ours.TPSTransformerLayer,
               ours.GridSampleLayer, ours.FlowWarpLayer, ours.MultiGlimpseLayer]
    return tuple(classes + [getattr(lasagne.layers, name) for name in ('TransformerLayer',
                                                                       'TPSTransformerLayer')
                            if hasattr(lasagne.layers, name)])


class Transforms(Report):
    """Windows of a transformer in some images: ``print()`` it, or let a notebook show the picture.

    Attributes
    ----------
    layer : str
        The transformer, by class and name.
    rows : list of Row
        `image` and `glimpse` (numbers), `words`, `flags`, `outside` (the share of samples), `theta`.
    images : array, (count, channels, rows, columns)
        What it got; of volumes with a depth.
    grids : array, (count, K, rows, columns, 2)
        Normalised coordinates of the samples.
    crops : array, (count, K, channels, rows, columns)
        What it made of them.

    Examples
    --------
    >>> import lasagne_ext, numpy as np
    >>> from lasagne.layers import InputLayer
    >>> from lasagne_ext.debug import show_transform
    >>> layers = InputLayer((None, 1, 8, 8)), InputLayer((None, 6))
    >>> values = dict(zip(layers, (np.ones((2, 1, 8, 8)), np.ones((2, 6)))))
    >>> show_transform(lasagne_ext.layers.TransformerLayer(*layers), values).crops.shape
    (2, 1, 1, 8, 8)
    """

    totals = ('layer',)

    def __init__(self, layer, rows, images, grids, crops, align_corners):
        super().__init__(rows)
        self.layer, self.images, self.grids, self.crops = layer, images, grids, crops
        self._align_corners = align_corners
        self.right = (0, 1, 2) if self._several() else (0, 1)

    def _several(self):
        return self.grids.shape[1] > 1

    def head(self):
        return ['image'] + ['glimpse'] * self._several() + ['outside', 'window', 'remarkable']

    def cells(self):
        return [[str(row.image)] + [str(row.glimpse)] * self._several()
                + ['%.3g %%' % (100 * row.outside), row.words, ', '.join(row.flags)] for row in self.rows]

    def emphasis(self, row):
        if 'NaN' in row.flags or 'collapsed' in row.flags:
            return 'bad'
        return 'doubtful' if row.flags or row.outside > .5 else None

    def title(self):
        return '%s of %s' % (_CALLER, self.layer)

    def footer(self):
        return ('The window is where the output is sampled: what it shows turns, grows and moves the other '
                'way.\nSizes are relative to the image; it is shifted by parts of half the image.')

    def figure(self, titles=None):
        """Draw a picture: every image, the sampling grid in it, and the output.

        Parameters
        ----------
        titles : list of str, optional
            One above every image; by default their numbers.

        Returns
        -------
        matplotlib.figure.Figure
            The grids' upper edges are red, with a dot at the left end. Of volumes the slice in the middle.

        Raises
        ------
        ImportError
            If there is no matplotlib.
        """
        images, grids, crops = self.images, self.grids, self.crops
        if images.ndim == 5:
            images = images[:, :, images.shape[2] // 2]
            grids = grids[:, :, grids.shape[2] // 2, ..., :2]
            crops = crops[:, :, :, crops.shape[3] // 2]
        if titles is None:
            titles = [str(k) for k in range(len(images))]
        return draw_transforms(_CALLER, images, grids, crops, self._align_corners, titles)

    def save(self, path, titles=None):
        """Write the picture to a file.

        Parameters
        ----------
        path : str
            The ending of its name says of which kind.
        titles : list of str, optional
            As for :meth:`figure`.
        """
        path = os.fspath(path)
        figure = self.figure(titles)
        with whole_file(path) as unfinished:
            figure.savefig(unfinished, format=os.path.splitext(path)[1][1:] or 'png', dpi=110)

    def _repr_html_(self):
        # With a picture beside it, a notebook would store that twice.
        png = png_of(self.figure)
        return ('' if png is None else '<img alt="%s" src="data:image/png;base64,%s">' % (
            _CALLER, base64.b64encode(png).decode('ascii'))) + super()._repr_html_()


def show_transform(layer, inputs, count=8, deterministic=True):
    """Show where a spatial transformer looks: its windows in words, and a picture.

    Parameters
    ----------
    layer : Layer or list of Layer
        A transformer of this package or of Lasagne; or a network in which there is exactly one.
    inputs : array or dict
        The value of the network's only input layer; or a dict from input layers, or their names, to
        values.
    count : int
        How many images to show at most.
    deterministic : bool
        Whether layers behave as for prediction.

    Returns
    -------
    Transforms
        ``print()`` shows a table; `figure()` and `save(path)` make a picture, for which matplotlib is
        needed. A notebook shows both.

    Raises
    ------
    TypeError, ValueError
        If there is no transformer or more than one, or an input is missing, unknown or does not fit.

    Notes
    -----
    **Convention.** Words are about the WINDOW in the input from which the output is sampled, as it is
    drawn: 'rotated 30 degrees clockwise, 0.5 x, shifted 0.2 right' is one of half the image's size
    whose upper edge has turned so; what it shows comes out turned counter-clockwise and twice as large.
    Angles and sizes are measured in pixels. Shifts are those of the window's middle, in half the
    image: 1 right is the middle of the image's right edge. A window is sheared by the shift of its
    lower edge against its upper one, relative to its height.

    Of splines, grids and flows the words are those of the affine transform that comes nearest, and
    'bent by' is the largest distance to that along an axis; of projective transforms they are those of
    the window's middle.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne.layers import InputLayer
    >>> from lasagne_ext.debug import show_transform
    >>> from lasagne_ext.layers import TransformerLayer
    >>> images, theta = InputLayer((None, 1, 8, 8), name='images'), InputLayer((None, 6), name='theta')
    >>> stn = TransformerLayer(images, theta, name='stn')
    >>> print(show_transform(stn, {'images': np.random.rand(1, 1, 8, 8),
    ...                            'theta': np.array([[0, -.5, .25, .5, 0, 0]])}))
    show_transform of TransformerLayer 'stn'
    <BLANKLINE>
      image    outside  window                                                   remarkable
    -------  ---------  -------------------------------------------------------  ------------
          0        0 %  rotated 90 degrees clockwise, 0.5 x, shifted 0.25 right
    <BLANKLINE>
    The window is where the output is sampled: what it shows turns, grows and moves the other way.
    Sizes are relative to the image; it is shifted by parts of half the image.
    """
    count = check_count(_CALLER, 'count', count)
    named = named_layers(_CALLER, layer)
    name, transformer = _only_transformer(named, layer)
    feed = Feed(_CALLER, named, inputs)
    images, points, crops = lasagne.layers.get_output(
        list(transformer.input_layers) + [transformer], inputs=feed.variables, deterministic=deterministic)
    theta, grid = _theta_and_grid(transformer, images, points, crops)
    wanted = [images, grid, crops] + ([] if theta is None else [theta])
    function = theano.function(list(feed.variables.values()), wanted, on_unused_input='ignore',
                               no_default_updates=True)
    images, grids, crops, *theta = function(*feed.values)
    rank = images.ndim - 2
    grids = grids.reshape((len(images), -1) + grids.shape[-rank - 1:])
    crops = crops.reshape(grids.shape[:2] + images.shape[1:2] + crops.shape[-rank:])
    thetas = theta[0].reshape(grids.shape[:2] + (-1, rank + 1)) if theta else None
    rows = [_row(transformer, k, g, images.shape[2:], grids[k, g], None if thetas is None else thetas[k, g])
            for k in range(min(count, len(images))) for g in range(grids.shape[1])]
    return Transforms(layer_label(name, transformer), rows, images[:count], grids[:count], crops[:count],
                      _align_corners(transformer))


def _only_transformer(named, layer):
    """Return the transformer that is meant, with its name."""
    classes = _transformers()
    if isinstance(layer, classes):
        return next((name, other) for name, other in named.items() if other is layer)
    found = [(name, other) for name, other in named.items() if isinstance(other, classes)]
    if len(found) == 1:
        return found[0]
    if found:
        raise ValueError('%s: the network has %d transformers, give one of them: %s' % (
            _CALLER, len(found), ', '.join(layer_label(*pair) for pair in found)))
    raise ValueError('%s: there is no transformer in the network; those that can be shown are %s' % (
        _CALLER, ', '.join(sorted({kind.__name__ for kind in classes}))))


def _align_corners(layer):
    """Return what the transformer says; Lasagne's own know of nothing else than True."""
    return layer.options.align_corners if hasattr(layer, 'options') else True


def _theta_and_grid(layer, images, points, crops):
    """Return the symbolic matrices, or None, and the normalised coordinates of all samples."""
    rank, align_corners = images.ndim - 2, _align_corners(layer)
    in_size = tuple(images.shape[2 + k] for k in range(rank))
    out_size = tuple(crops.shape[crops.ndim - rank + k] for k in range(rank))
    points = T.cast(points, 'float64')
    if isinstance(layer, ours.GridSampleLayer):
        return None, points
    if isinstance(layer, ours.FlowWarpLayer):
        return None, ops.flow_grid(points, align_corners=align_corners, in_shape=in_size, rank=rank)
    if getattr(layer, 'glimpses', None) is not None:
        points = points.reshape((points.shape[0], layer.glimpses, -1), ndim=3)
    family = _family(layer)
    grid = family.grid(points, out_size, _CALLER, align_corners, getattr(layer, 'aspect', None), in_size)
    if isinstance(family, ops.ThinPlateSpline):
        return None, grid
    return ops.theta_from_parameters(family, points, rank), grid


def _family(layer):
    """Return the transformer's family; Lasagne's own have splines or affine transforms."""
    if hasattr(layer, 'control_points'):
        return ops.ThinPlateSpline(layer.control_points, getattr(layer, 'regularization', 0.))
    return find_family(_CALLER, getattr(layer, 'family', 'affine'))


def _row(layer, image, glimpse, in_size, grid, theta):
    align_corners = _align_corners(layer)
    if theta is None:
        positions = _positions(layer, in_size, grid.shape[:-1], align_corners)
        words, flags = grid_words(grid, positions, in_size, align_corners)
    elif _family(layer).name == 'projective':
        words, flags = projective_words(theta, in_size, align_corners)
    else:
        words, flags = affine_words(theta, in_size, align_corners, getattr(layer, 'aspect', None))
    inside = (np.abs(grid) <= 1 + _ROUNDING).all(axis=-1)
    return Row(image, glimpse, words, flags, float(1 - inside.mean()),
               None if theta is None else theta.tolist())


def _positions(layer, in_size, out_size, align_corners):
    """Return normalised coordinates of the samples if the whole image is sampled, or if nothing flows."""
    sizes = in_size if isinstance(layer, ours.FlowWarpLayer) else out_size
    places = np.stack(np.meshgrid(*[np.arange(size) for size in out_size], indexing='ij')[::-1], -1)
    return (places - (np.array(sizes[::-1]) - 1) / 2) / half_extents(sizes, align_corners)
