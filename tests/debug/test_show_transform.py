"""Where a transformer looks: in words that are true of the image, and as a picture."""
import sys

import lasagne
import numpy as np
import pytest
from lasagne.layers import ConcatLayer, DenseLayer, InputLayer

from lasagne_ext.debug import show_transform
from lasagne_ext.debug.drawing.transforms import affine_words, grid_words, projective_words
from lasagne_ext.layers import (FlowWarpLayer, GridSampleLayer, MultiGlimpseLayer,
                                ProjectiveTransformerLayer, TPSTransformerLayer, TransformerLayer)

pytestmark = pytest.mark.usefixtures('nothing_compiled')

SQUARE = (9, 9)


def rotation(degrees, size=1., shift=(0., 0.)):
    angle = np.radians(degrees)
    turn = size * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.column_stack([turn, shift])


def inputs(in_size, count, channels=1):
    return (InputLayer((None, channels) + in_size, name='images'),
            InputLayer((None, count), name='numbers'))


def shown(layer, images, numbers, **options):
    return show_transform(layer, {'images': images, 'numbers': np.array(numbers, 'float64')}, **options)


@pytest.mark.parametrize('theta, words, flags', [
    (rotation(0), 'the whole image', []),
    (rotation(31, .6, (.2, .1)), 'rotated 31 degrees clockwise, 0.6 x, shifted 0.2 right and 0.1 down', []),
    (rotation(-90, 1, (-.5, -.25)), 'rotated 90 degrees counter-clockwise, shifted 0.5 left and 0.25 up', []),
    (rotation(180), 'rotated 180 degrees', []),
    ([[.5, 0, 0], [0, .75, 0]], '0.5 x wide and 0.75 x high', []),
    ([[1, .3, 0], [0, 1, 0]], "of the image's size", ['sheared 0.3']),
    ([[-1, 0, 0], [0, 1, 0]], "of the image's size", ['mirrored left to right']),
    ([[1, 0, 0], [0, -1, 0]], "of the image's size", ['mirrored top to bottom']),
    (rotation(10) * [1, -1, 1], 'rotated 10 degrees clockwise', ['mirrored top to bottom']),
    (rotation(10) * [-1, 1, 1], 'rotated 10 degrees clockwise', ['mirrored left to right']),
    (np.zeros((2, 3)), '', ['collapsed']), ([[1, 1, 0], [1, 1, 0]], '', ['collapsed']),
    (np.full((2, 3), np.nan), '', ['NaN']), ([[1, 0, np.inf], [0, 1, 0]], '', ['NaN'])])
def test_words_of_a_square_image(theta, words, flags):
    assert affine_words(theta, SQUARE) == (words, flags)


def test_which_way_it_turns():
    """What a clockwise window shows has turned counter-clockwise: the spot below comes to the right."""
    image = np.zeros((1, 1) + SQUARE)
    image[0, 0, 8, 4] = 1
    layer = TransformerLayer(*inputs(SQUARE, 1), family='rotation')
    report = shown(layer, image, [[np.pi / 2]])
    assert report.rows[0].words == 'rotated 90 degrees clockwise'
    crop = report.crops[0, 0, 0]
    assert np.unravel_index(crop.argmax(), crop.shape) == (4, 8)


def test_which_way_it_is_shifted_and_how_large_it_is():
    """A window a quarter of the image to the right and down shows what lies there, twice as large."""
    image = np.zeros((1, 1) + SQUARE)
    image[0, 0, 6, 6] = 1
    report = shown(TransformerLayer(*inputs(SQUARE, 3), family='attention'), image, [[.5, .5, .5]])
    assert report.rows[0].words == '0.5 x, shifted 0.5 right and 0.5 down'
    crop = report.crops[0, 0, 0]
    assert np.unravel_index(crop.argmax(), crop.shape) == (4, 4)
    assert (crop >= .5).sum() == 5


def test_rotation_of_an_image_that_is_not_square():
    """By the matrix of a rotation the window turns only in coordinates of one unit."""
    images = np.zeros((1, 1, 9, 17))
    layers = inputs((9, 17), 1)
    with_aspect = shown(TransformerLayer(*layers, family='rotation', aspect='image'), images, [[.5]])
    assert with_aspect.rows[0].words == 'rotated 28.6 degrees clockwise' and not with_aspect.rows[0].flags
    without = shown(TransformerLayer(*layers, family='rotation'), images, [[.5]])
    assert without.rows[0].words.startswith('rotated 15.3 degrees clockwise, ')
    assert without.rows[0].flags[0].startswith('sheared')
    # In pixels of the image drawn, half its width being 8 and half its height 4.
    edge = without.grids[0, 0, 0, -1] - without.grids[0, 0, 0, 0]
    np.testing.assert_allclose(np.degrees(np.arctan2(4 * edge[1], 8 * edge[0])), 15.3, atol=.05)


@pytest.mark.parametrize('align_corners', [True, False])
def test_share_of_samples_outside(align_corners):
    layer = TransformerLayer(*inputs((10, 10), 6), align_corners=align_corners)
    report = shown(layer, np.zeros((3, 1, 10, 10)), [[1, 0, 0, 0, 1, 0], [1, 0, 1, 0, 1, 0], [np.nan] * 6])
    assert [row.outside for row in report] == [0, .5, 1]
    assert report.rows[2].flags == ['NaN'] and report.emphasis(report.rows[2]) == 'bad'
    assert report.rows[1].words == 'shifted 1 right'


@pytest.mark.parametrize('rank', [2, 3])
def test_grids_are_where_the_layer_samples(rng, rank):
    """An image of its own coordinates, sampled, is the grid."""
    size = (5, 6, 7)[-rank:]
    places = np.stack(np.meshgrid(*[np.linspace(-1, 1, n) for n in size], indexing='ij')[::-1])[None]
    theta = np.eye(rank, rank + 1).reshape(1, -1) * .4 + .05 * rng.randn(1, rank * (rank + 1))
    moves = .02 * rng.randn(1, rank * 2 ** rank) - .05
    H = np.append(np.eye(rank, rank + 1).ravel() * .4, np.full(rank, .05))[None]
    flow = rng.uniform(-.4, .4, (1, rank) + tuple(n - 2 for n in size)) + 1
    grid = rng.uniform(-1, 1, (1, 3) + size[1:] + (rank,))[:, :, :2] if rank == 2 else \
        rng.uniform(-1, 1, (1, 3, 2, 2, rank))
    images = InputLayer((None, rank) + size, name='images')
    for kind, value, options in (
            (TransformerLayer, theta, {}),
            (TransformerLayer, theta, {'aspect': 'image', 'downsample_factor': 2}),
            (ProjectiveTransformerLayer, H, {}),
            (TPSTransformerLayer, .4 * moves, {'control_points': 2 ** rank}),
            (FlowWarpLayer, flow, {}), (GridSampleLayer, grid, {}),
            (MultiGlimpseLayer, np.hstack([theta, theta / 2]), {'glimpses': 2}),
            (MultiGlimpseLayer, np.hstack([theta, theta / 2]), {'glimpses': 2, 'merge': 'batch'}),
            (MultiGlimpseLayer, np.hstack([theta, theta / 2]), {'glimpses': 2, 'merge': 'channels'})):
        layer = kind(images, InputLayer((None,) + value.shape[1:], name='numbers'), **options)
        report = shown(layer, places, value)
        assert len(report) == options.get('glimpses', 1) == report.grids.shape[1]
        inside = (np.abs(report.grids) <= 1).all(axis=-1)
        assert inside.mean() > .5
        np.testing.assert_allclose(np.moveaxis(report.crops, 2, -1)[inside], report.grids[inside], atol=1e-5)


def test_splines_flows_and_grids_in_words():
    image = np.zeros((2, 1) + SQUARE)
    spline = TPSTransformerLayer(*inputs(SQUARE, 8), control_points=4)
    report = shown(spline, image, [[.2] * 4 + [0] * 4, [.4, 0, 0, 0] + [0] * 4])
    assert report.rows[0].words == 'shifted 0.2 right' and not report.rows[0].flags
    assert any(flag.startswith('bent by up to 0.1') for flag in report.rows[1].flags)
    flow = FlowWarpLayer(InputLayer((None, 1) + SQUARE, name='images'),
                         InputLayer((None, 2, 3, 4), name='numbers'))
    report = shown(flow, image, np.tile(np.reshape([2., -1.], (1, 2, 1, 1)), (2, 1, 3, 4)))
    assert report.rows[0].words == 'shifted 0.5 right and 0.25 up'
    np.testing.assert_allclose(report.rows[0].outside, 4 / 12)
    assert report.rows[0].theta is None


def test_grids_that_are_bad():
    positions = np.stack(np.meshgrid(np.linspace(-1, 1, 4), [-1, 1.]), -1)
    assert grid_words(np.full((2, 4, 2), np.nan), positions, SQUARE) == ('', ['NaN'])
    assert grid_words(np.zeros((2, 4, 2)), positions, SQUARE) == ('', ['collapsed'])
    grid = positions / 2
    assert grid_words(grid, positions, SQUARE) == ('0.5 x', [])
    grid[0, 1, 0] = np.inf
    assert grid_words(grid, positions, SQUARE) == ('0.5 x', ['NaN'])
    # Of an output of one row nobody can tell how high the window is.
    assert grid_words(positions[:1] * [.5, 1], positions[:1] * [1, 0], SQUARE)[0].startswith('0.5 x wide')


def test_projective_words():
    assert projective_words(np.eye(3), SQUARE) == ('the whole image', [])
    H = np.eye(3)
    H[:2] = 2 * rotation(20, .5, (.1, 0))
    H[2] = [0, 0, 2]
    assert projective_words(H, SQUARE) == ('rotated 20 degrees clockwise, 0.5 x, shifted 0.1 right', [])
    H = np.eye(3)
    H[2, 0] = .25
    assert projective_words(H, SQUARE) == ("the whole image", ['perspective 0.25'])
    H[2, 1] = .8
    assert projective_words(H, SQUARE) == ('', ['the horizon lies inside'])
    assert projective_words(H * np.nan, SQUARE) == ('', ['NaN'])


def test_volumes(rng):
    layers = InputLayer((None, 1, 5, 5, 5), name='images'), InputLayer((None, 7), name='numbers')
    volume = TransformerLayer(*layers, family='similarity', name='stn')
    numbers = [[1, 0, 0, 0, 0, 0, 0], [.5, 0, 0, np.radians(30), 0, .2, -.3], [.5, 0, np.pi, 0, 0, 0, 0]]
    report = shown(volume, rng.rand(3, 1, 5, 5, 5), numbers)
    assert [row.words for row in report][:2] == [
        'the whole image', 'rotated 30 degrees about (0, 0, 1), 0.5 x, shifted 0.2 down and 0.3 shallower']
    assert report.rows[2].words.startswith('rotated 180 degrees')
    pytest.importorskip('matplotlib')
    assert len(report.figure().axes) == 9


def test_mirrored_volume():
    theta = np.eye(3, 4) * np.array([-1, 1, .5])[:, None]
    assert affine_words(theta, (5, 5, 5)) == ('1 x wide and 1 x high and 0.5 x deep',
                                              ['mirrored left to right'])


def network(**options):
    images = InputLayer((None, 1, 8, 8), name='images')
    theta = DenseLayer(images, 6, W=lasagne.init.Constant(0), b=np.array([1, 0, .5, 0, 1, 0.]),
                       nonlinearity=None, name='theta')
    return DenseLayer(TransformerLayer(images, theta, name='stn', **options), 3, name='out')


def test_the_transformer_of_a_network_is_found(rng):
    report = show_transform(network(), rng.rand(12, 1, 8, 8))
    assert len(report) == 8 and report.layer == "TransformerLayer 'stn'"
    assert {row.words for row in report} == {'shifted 0.5 right'}
    assert report.rows[3].theta == [[1, 0, .5], [0, 1, 0]]
    assert len(show_transform(network(), rng.rand(12, 1, 8, 8), count=3)) == 3


def test_lasagnes_own_transformers(rng):
    if not hasattr(lasagne.layers, 'TPSTransformerLayer'):
        pytest.skip('this Lasagne has no transformers')
    image = rng.rand(1, 1, 8, 8)
    report = shown(lasagne.layers.TransformerLayer(*inputs((8, 8), 6), downsample_factor=2), image,
                   [[.5, 0, 0, 0, .5, .1]])
    assert report.rows[0].words == '0.5 x, shifted 0.1 down' and report.crops.shape == (1, 1, 1, 4, 4)
    assert report.rows[0].outside == 0
    places = np.stack(np.meshgrid(np.linspace(-1, 1, 8), np.linspace(-1, 1, 8)))[None]
    spline = lasagne.layers.TPSTransformerLayer(*inputs((8, 8), 8, 2), control_points=4)
    report = shown(spline, places, .1 * rng.randn(1, 8))
    inside = (np.abs(report.grids) <= 1).all(axis=-1)
    np.testing.assert_allclose(np.moveaxis(report.crops, 2, -1)[inside], report.grids[inside], atol=1e-5)


def test_shown_as_text():
    report = shown(TransformerLayer(*inputs(SQUARE, 6), name='stn'), np.zeros((2, 1) + SQUARE),
                   [[.5, 0, 0, 0, .5, 0], [1, .3, 0, 0, 1, 0]])
    lines = str(report).splitlines()
    assert lines[0] == "show_transform of TransformerLayer 'stn'"
    assert lines[2].split() == ['image', 'outside', 'window', 'remarkable']
    assert lines[4].split() == ['0', '0', '%', '0.5', 'x'] and lines[5].endswith('sheared 0.3')
    plain = report.to_dict()
    assert plain['layer'] == "TransformerLayer 'stn'" and plain['rows'][1]['flags'] == ['sheared 0.3']
    assert type(plain['rows'][0]['theta'][0][0]) is float and type(plain['rows'][0]['outside']) is float


def test_glimpses(rng):
    layer = MultiGlimpseLayer(*inputs((8, 8), 6), glimpses=2, family='attention', output_shape=(4, 3))
    report = shown(layer, rng.rand(2, 1, 8, 8), [[1, 0, 0, .5, .5, 0]] * 2)
    assert [(row.image, row.glimpse, row.words) for row in report][:3] == [
        (0, 0, 'the whole image'), (0, 1, '0.5 x, shifted 0.5 right'), (1, 0, 'the whole image')]
    assert 'glimpse' in str(report).splitlines()[2]
    pytest.importorskip('matplotlib')
    assert len(report.figure().axes) == 2 * 4


def test_picture(rng, tmp_path):
    pytest.importorskip('matplotlib')
    report = shown(TransformerLayer(*inputs((8, 6), 6, 3), name='stn', output_shape=(4, 4)),
                   rng.rand(3, 3, 8, 6), [[.5, 0, 0, 0, .5, 0], [np.nan] * 6, [0] * 6])
    figure = report.figure(titles=['a', 'b', 'c'])
    assert len(figure.axes) == 9 and [axis.get_title() for axis in figure.axes[:3]] == ['a', 'b', 'c']
    edge, dot = figure.axes[3].lines[-2:]
    # The upper edge of the middle half: columns 2.5 +- 1.25, row 3.5 - 1.75.
    np.testing.assert_allclose(edge.get_xydata()[[0, -1]], [[1.25, 1.75], [3.75, 1.75]], atol=1e-6)
    np.testing.assert_allclose(dot.get_xydata(), [[1.25, 1.75]], atol=1e-6)
    report.save(tmp_path / 'picture.png')
    assert (tmp_path / 'picture.png').read_bytes().startswith(b'\x89PNG')
    html = report._repr_html_()
    assert html.count('<img') == 1 and html.startswith('<img') and '<table' in html
    assert not hasattr(report, '_repr_png_')        # a notebook would store the picture twice


def test_without_matplotlib(monkeypatch, rng):
    monkeypatch.setitem(sys.modules, 'matplotlib.figure', None)
    report = show_transform(network(), rng.rand(1, 1, 8, 8))
    assert report._repr_html_().startswith('<p') and str(report)
    with pytest.raises(ImportError, match='show_transform: the picture needs matplotlib .* pip install'):
        report.figure()


def test_no_transformer_and_several():
    images, theta = inputs((8, 8), 6)
    with pytest.raises(ValueError, match='show_transform: there is no transformer in the network; those that '
                                         'can be shown are FlowWarpLayer, '):
        show_transform(DenseLayer(images, 3), np.zeros((1, 1, 8, 8)))
    first, second = TransformerLayer(images, theta, name='one'), TransformerLayer(images, theta, name='two')
    both = ConcatLayer([first, second])
    values = {'images': np.zeros((1, 1, 8, 8)), 'numbers': np.eye(2, 3).reshape(1, 6)}
    with pytest.raises(ValueError, match="the network has 2 transformers, give one of them: TransformerLayer "
                                         "'one', TransformerLayer 'two'"):
        show_transform(both, values)
    assert show_transform(second, values).layer == "TransformerLayer 'two'"


@pytest.mark.parametrize('layer, values, options, error, message', [
    (3, 0, {}, TypeError, 'layers must be a Lasagne layer'),
    (network(), np.zeros((1, 8, 8)), {}, ValueError, "the input layer 'images' takes 4 dimensions"),
    (network(), {}, {}, ValueError, "no value was given for the input layer 'images'"),
    (network(), np.zeros((3, 8, 8, 1)), {}, ValueError,
     r"the input layer 'images' has the shape \(None, 1, 8, 8\), got an array of shape \(3, 8, 8, 1\): looks "
     r'like channels last; transpose\(0, 3, 1, 2\)$'),
    (network(), np.zeros((1, 1, 8, 8)), {'count': 0}, ValueError,
     'count must be at least 1, got 0')])
def test_bad_arguments(layer, values, options, error, message):
    with pytest.raises(error, match='show_transform: .*' + message):
        show_transform(layer, values, **options)
