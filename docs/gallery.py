"""Write the pictures of ``gallery.rst``: ``python docs/gallery.py``.

The photograph is ``china.jpg``, which comes with scikit-learn: by danielbuechele, CC BY 2.0.
"""
import io
import os
from collections import OrderedDict

import numpy as np

import lasagne_ext  # noqa: F401  (activates the engine before theano is imported)
import theano
import theano.tensor as T
from lasagne_ext import ops
from lasagne_ext.kernels.sampling import BORDER_MODES

IMAGES = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'images')
#: A power of two, so that sizes in inches are whole numbers of pixels again.
DPI = 128
#: Few enough for small files, enough for a photograph.
COLOURS = 200
LINE, TOP, POINT = 'tab:orange', 'tab:red', 'tab:blue'
FRAMES = ('tab:red', 'tab:blue', 'tab:orange', 'tab:purple')


def value(expression):
    """What a symbolic expression comes to. It runs once: nothing is won by compiling it."""
    mode = theano.compile.get_mode('FAST_COMPILE').excluding('constant_folding', 'topo_constant_folding')
    return theano.function([], expression, mode=mode)()


def photograph(shrink=3):
    """The photograph as one image ``(1, 3, rows, columns)``, float32 in [0, 1]."""
    from sklearn.datasets import load_sample_image
    whole = load_sample_image('china.jpg')[:426, :639].transpose(2, 0, 1)[None] / 255
    batch, channels, rows, columns = whole.shape
    parts = whole.reshape(batch, channels, rows // shrink, shrink, columns // shrink, shrink)
    return parts.mean(axis=(3, 5)).astype('float32')


def sheet(rows, height, widths):
    """A figure, and its panels ``(rows, columns)``: so many pixels each, with room for titles."""
    from matplotlib.figure import Figure
    gap, title = 8, 20
    lefts = gap + np.concatenate([[0], np.cumsum(np.add(widths, gap))])
    size = np.array([lefts[-1], rows * (height + title) + gap])
    figure = Figure(figsize=size / DPI, dpi=DPI)
    panels = np.empty((rows, len(widths)), dtype=object)
    for row, column in np.ndindex(*panels.shape):
        top = title + row * (height + title)
        panels[row, column] = figure.add_axes([lefts[column] / size[0], 1 - (top + height) / size[1],
                                               widths[column] / size[0], height / size[1]])
        panels[row, column].set(xticks=[], yticks=[])
    return figure, panels


def show(panel, image, title=None, **options):
    """Draw an image ``(channels, rows, columns)``, pixel by pixel."""
    image = np.clip(image, 0, 1)
    values = image[0] if len(image) == 1 else image.transpose(1, 2, 0)
    panel.imshow(values, cmap='gray', vmin=0, vmax=1, interpolation='nearest', aspect='auto', **options)
    if title:
        panel.set_title(title, fontsize=6.2, pad=2.5)


def pixels(grid, size):
    """Normalised coordinates as columns and rows of an image."""
    return ((grid[..., k] + 1) / 2 * (size[1 - k] - 1) for k in (0, 1))


def show_grid(panel, image, grid, title=None, lines=9, around=.35):
    """Draw where in an image a grid samples; the output's upper edge is the red line."""
    show(panel, .4 + .6 * image.mean(axis=0, keepdims=True), title)
    x, y = pixels(grid, image.shape[1:])
    for k in range(2):
        across = [values.swapaxes(0, k) for values in (x, y)]
        for index in np.linspace(0, len(across[0]) - 1, lines).round().astype(int):
            panel.plot(across[0][index], across[1][index], color=LINE, linewidth=.6)
    panel.plot(x[0], y[0], color=TOP, linewidth=1.2)
    rows, columns = image.shape[1:]
    panel.set(xlim=(-around * columns, (1 + around) * columns), facecolor='.9',
              ylim=((1 + around) * rows, -around * rows))


def families(photo):
    """The affine families."""
    size = photo.shape[2:]
    numbers = OrderedDict([
        ('affine', (.8, .5, 0, -.2, .9, .1)), ('similarity', (.6, .5, .3, 0)), ('rigid', (-.4, .3, .1)),
        ('attention', (.5, .2, .2)), ('scale', (.5, 1.2)), ('translation', (.7, .3)), ('rotation', (.6,))])
    figure, panels = sheet(4, 100, 4 * [150])
    panels[0, 0].remove()
    show(panels[1, 0], photo[0], 'the photograph')
    for k, (family, values) in enumerate(numbers.items(), start=1):
        theta = ops.theta_from_parameters(family, np.array([values]))
        grid = ops.affine_grid(theta, size, aspect='image', in_shape=size)
        output = ops.affine_transform(photo, theta, size, border_mode='zeros', aspect='image')
        above, below = panels[2 * (k // 4):2 * (k // 4) + 2, k % 4]
        show_grid(above, photo[0], value(grid)[0], family)
        show(below, value(output)[0], ', '.join('%g' % value for value in values))
    return figure


def free_families(photo):
    """Projective, thin-plate spline, flow, and a grid of one's own."""
    size = photo.shape[2:]
    H = ops.theta_from_parameters('projective', np.array([[1., 0, 0, 0, 1, .1, .15, .25]]))
    moves = .12 * np.random.RandomState(3).randn(1, 32)
    row, column = np.mgrid[:size[0], :size[1]] / size[1]
    flow = .03 * size[1] * np.stack([np.sin(25 * row), np.sin(12 * column)])[None]
    shown = [
        ('projective', ops.projective_grid(H, size),
         ops.projective_transform(photo, H, size, border_mode='zeros')),
        ('thin-plate spline', ops.tps_grid(moves, size),
         ops.tps_transform(photo, moves, size, border_mode='zeros')),
        ('flow', ops.flow_grid(flow), ops.flow_warp(photo, flow, border_mode='zeros')),
        ('a grid of one\'s own', T.constant(whirl(size)),
         ops.grid_sample(photo, whirl(size), border_mode='zeros'))]
    figure, panels = sheet(2, 100, 4 * [150])
    for (above, below), (title, grid, output) in zip(panels.T, shown):
        show_grid(above, photo[0], value(grid)[0], title, lines=13)
        show(below, value(output)[0])
    ends = (np.stack(np.meshgrid(*2 * [np.linspace(-1, 1, 4)])) + moves.reshape(2, 4, 4)).transpose(1, 2, 0)
    panels[0, 1].plot(*[values.ravel() for values in pixels(ends, size)], '.', color=POINT, markersize=4)
    return figure


def whirl(size):
    """A grid that is turned the more, the nearer it is to the middle: ``(1, rows, columns, 2)``."""
    wide = size[1] / size[0]
    x, y = np.meshgrid(np.linspace(-wide, wide, size[1]), np.linspace(-1, 1, size[0]))
    angle = 2.5 * np.exp(-3 * (x ** 2 + y ** 2))
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([(cos * x - sin * y) / wide, sin * x + cos * y], -1)[None]


def borders(photo):
    """What lies outside: of the photograph, and of three by three pixels."""
    few = np.random.RandomState(7).rand(1, 3, 3, 3).astype('float32')
    figure, panels = sheet(2, 100, 5 * [150])
    wide = np.array([[2.2, .4, 0, -.4, 2.2, 0]])
    for (above, below), border in zip(panels.T, BORDER_MODES):
        output = ops.affine_transform(photo, wide, photo.shape[2:], border_mode=border, aspect='image')
        show(above, value(output)[0], "'%s'" % border)
        around = ops.affine_transform(few, np.array([[5., 0, 0, 0, 11 / 3, 0]]), (11, 15),
                                      align_corners=False, interpolation='nearest', border_mode=border)
        show(below, value(around)[0])
        below.plot([5.5, 8.5, 8.5, 5.5, 5.5], [3.5, 3.5, 6.5, 6.5, 3.5], color=TOP, linewidth=1.2)
    return figure


def interpolations(photo):
    """A detail, magnified."""
    detail = ops.theta_from_parameters('attention', np.array([[.16, -.2, -.5]]))
    figure, panels = sheet(1, 160, 4 * [160])
    for panel, interpolation, cubic in zip(panels[0], ('nearest', 'bilinear', 'bicubic', 'bicubic'),
                                           (-.75, -.75, -.75, -.5)):
        output = ops.affine_transform(photo, detail, (160, 160), interpolation=interpolation, cubic=cubic, aspect='image')
        show(panel, value(output)[0], repr(interpolation) + (', cubic=-.5' if cubic == -.5 else ''))
    return figure


def aliasing(photo):
    """Shrunk three times: a zone plate, and the photograph."""
    size = photo.shape[2:]
    small = tuple(n // 3 for n in size)
    row, column = (np.arange(n) - (n - 1) / 2 for n in size)
    radius = row[:, None] ** 2 + column ** 2
    # The rings come closer with the radius, down to two pixels at the left and right edge.
    plate = .5 + .5 * np.cos(np.pi * radius / size[1])[None, None].astype('float32')
    figure, panels = sheet(2, small[0], 2 * [small[1]])
    for row, (image, name) in zip(panels, ((plate, 'zone plate'), (photo, 'photograph'))):
        for panel, antialias in zip(row, (False, True)):
            output = ops.affine_transform(image, ops.identity_parameters('affine')[None], small,
                                          align_corners=False, antialias=antialias)
            show(panel, value(output)[0], '%s, antialias=%s' % (name, antialias))
    return figure


def aspects(photo):
    """The rotation of an image that is not square."""
    size = photo.shape[2:]
    row, column = (abs(np.arange(n) - (n - 1) / 2) for n in size)
    square = abs(np.maximum(row[:, None], column) - size[0] / 4) < max(1, size[0] / 140)
    marked = np.where(square, np.float32(1), photo)
    figure, panels = sheet(1, size[0], 3 * [size[1]])
    show(panels[0, 0], marked[0], 'the photograph, with a square')
    theta = ops.theta_from_parameters('rotation', np.array([[.5]]))
    for panel, aspect in zip(panels[0, 1:], (None, 'image')):
        output = ops.affine_transform(marked, theta, size, aspect=aspect, border_mode='zeros')
        show(panel, value(output)[0], 'aspect=%r' % aspect)
    return figure


def frame(panel, theta, size, colour):
    """Draw the outline of a crop."""
    corners = value(ops.affine_grid(theta, (2, 2), aspect='image', in_shape=size)).reshape(4, 2)
    panel.plot(*pixels(corners[[0, 1, 3, 2, 0]], size), color=colour, linewidth=1.2)


def glimpses(photo):
    """Several crops of one image, in one call."""
    size = photo.shape[2:]
    small = tuple(n // 3 for n in size)
    numbers = np.array([[[.35, 0, 0, .05], [.25, .5, -1, .3], [.2, -.4, .9, .2], [.3, 0, .3, .65]]])
    thetas = ops.theta_from_parameters('similarity', numbers)
    crops = value(ops.affine_transform(photo, thetas, 2 * small[:1], interpolation='bicubic', aspect='image'))
    whole = value(ops.affine_transform(photo, ops.identity_parameters('affine')[None], small, antialias=True))
    figure, panels = sheet(1, small[0], small[1:] + 4 * small[:1])
    show(panels[0, 0], whole[0], 'the photograph')
    for k, (panel, crop, colour) in enumerate(zip(panels[0, 1:], crops[0], FRAMES)):
        frame(panels[0, 0], thetas[:, k], small, colour)
        show(panel, crop, 'glimpse %d' % k)
        panel.spines[:].set(color=colour, linewidth=2)
    return figure


def gradients(photo):
    """Which way gradient descent moves the points of a patch that has half left the image."""
    place = np.linspace(-1, 1, 24)
    hill = np.exp(-3 * ((place - .3) ** 2 + place[:, None] ** 2))[None, None].astype('float32')
    points = np.stack(np.meshgrid(np.linspace(.5, 1.6, 7), np.linspace(-.9, .9, 7)), -1)[None]
    reach = 1.8
    figure, panels = sheet(1, 200, 3 * [200])
    for panel, (border, strength) in zip(panels[0], (('zeros', 0.), ('nearest', 0.), ('nearest', .5))):
        around = ops.affine_transform(hill, np.array([[reach, 0, 0, 0, reach, 0]]), (100, 100),
                                      border_mode=border)
        show(panel, .3 + .7 * value(around)[0], "'%s', outside_grad=%g" % (border, strength),
             extent=(-reach, reach, reach, -reach))
        grid = T.constant(points)
        sampled = ops.grid_sample(hill, grid, border_mode=border, outside_grad=strength)
        downhill = -value(T.grad(T.sum((sampled - 1) ** 2) / 2, grid))
        x, y = points[0].reshape(-1, 2).T
        panel.plot([-1, 1, 1, -1, -1], [-1, -1, 1, 1, -1], color=LINE, linewidth=1.2)
        panel.plot(x, y, '.', color=POINT, markersize=3)
        panel.quiver(x, y, *downhill.reshape(-1, 2).T, angles='xy', scale_units='xy', scale=2.5, color=TOP,
                     width=.01)
        panel.set(xlim=(-.6, reach), ylim=(1.2, -1.2))
    return figure


def inverses(photo):
    """A crop, changed, and pasted back to where it came from."""
    size = photo.shape[2:]
    theta = ops.theta_from_parameters('similarity', np.array([[.45, .4, .3, .1]]))
    back = ops.invert_theta(theta)
    crop = value(ops.affine_transform(photo, theta, 2 * size[:1], interpolation='bicubic', aspect='image'))
    changed = crop[:, ::-1]
    pasted, covered = (value(ops.affine_transform(part, back, size, border_mode='zeros', aspect='image'))
                       for part in (changed, np.ones_like(crop)))
    figure, panels = sheet(1, size[0], [size[1], size[0], size[1], size[1]])
    for panel, (image, title) in zip(panels[0], (
            (photo, 'the photograph'), (changed, 'crop, colours exchanged'), (pasted, 'pasted back'),
            ((1 - covered) * photo + pasted, 'into the photograph'))):
        show(panel, image[0], title)
    frame(panels[0, 0], theta, size, TOP)
    return figure


def volumes(photo):
    """A tube and a ball in space, turned; slices through them."""
    z, y, x = np.meshgrid(*3 * [np.linspace(-1, 1, 48)], indexing='ij')
    tube = np.maximum(abs(np.hypot(x, y) - .5) - .1, abs(z) - .55)
    ball = np.sqrt((x - .1) ** 2 + y ** 2 + (z - .2) ** 2) - .25
    volume = (np.clip(.5 - 24 * tube, 0, .6) + np.clip(.5 - 24 * ball, 0, 1)).astype('float32')[None, None]
    theta = ops.theta_from_parameters('rotation', np.array([[.8, .4, 0.]]), rank=3)
    turned = value(ops.affine_transform(volume, theta, volume.shape[2:], border_mode='zeros'))
    figure, panels = sheet(2, 100, 6 * [100])
    for row, (name, values) in zip(panels, (('upright', volume), ('turned', turned))):
        for panel, k in zip(row, (12, 18, 24, 30, 36)):
            show(panel, values[0, :, k], '%s, z = %.1f' % (name, z[k, 0, 0]))
        show(row[-1], values[0].max(axis=1), '%s, maximum' % name)
    return figure


#: What each picture ``gallery_NAME.png`` shows, and how many times its photograph is shrunk.
PICTURES = OrderedDict([
    ('families', (families, 3)), ('free_families', (free_families, 3)), ('borders', (borders, 3)),
    ('interpolations', (interpolations, 3)), ('aliasing', (aliasing, 1)), ('aspects', (aspects, 3)),
    ('glimpses', (glimpses, 1)), ('gradients', (gradients, 3)), ('inverses', (inverses, 3)),
    ('volumes', (volumes, 3))])


def made(name):
    """The picture, of few colours."""
    from PIL import Image
    draw, shrink = PICTURES[name]
    buffer = io.BytesIO()
    draw(photograph(shrink)).savefig(buffer, format='png', dpi=DPI)
    return Image.open(buffer).convert('RGB').quantize(COLOURS, dither=Image.Dither.NONE)


def main():
    for name in PICTURES:
        path = os.path.join(IMAGES, 'gallery_%s.png' % name)
        made(name).save(path, optimize=True)
        print('%s: %d kB' % (path, os.path.getsize(path) // 1000))


if __name__ == '__main__':
    main()
