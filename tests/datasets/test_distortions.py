"""The published distortions: their ranges, their repetition, what they do to known images."""
import numpy as np
import pytest

from lasagne_ext.datasets import distort, distortions, load_digits, scatter

KINDS = ('R', 'RTS', 'P', 'E', 'T', 'clutter')
EVERY_KIND = pytest.mark.parametrize('kind', KINDS)


@pytest.fixture
def mnist_like(rng):
    """Blobs in the middle 20 x 20 of 28 x 28 pixels, as MNIST's digits."""
    images = np.zeros((40, 1, 28, 28), dtype='float32')
    images[:, :, 4:-4, 4:-4] = rng.uniform(.2, 1, (40, 1, 20, 20))
    return images


def dots(number, *places):
    """Images of 29 x 29 pixels, black but for some dots, given from the middle (x, y)."""
    images = np.zeros((number, 1, 29, 29))
    soft = np.outer([1, 2, 3, 2, 1], [1, 2, 3, 2, 1]) / 9
    for x, y in places:
        images[:, :, 12 + y:17 + y, 12 + x:17 + x] = soft
    return images


def centroid(images):
    """Where the ink is, from the middle, (x, y), in pixels."""
    rows, columns = images.shape[2:]
    y, x = np.mgrid[:rows, :columns]
    total = images.sum(axis=(1, 2, 3))
    return np.stack([(images[:, 0] * (axis - (size - 1) / 2)).sum(axis=(1, 2)) / total
                     for axis, size in ((x, columns), (y, rows))], 1)


@EVERY_KIND
def test_published_sizes_and_repetition(mnist_like, kind):
    edge = {'RTS': 42, 'T': 60, 'clutter': 60}.get(kind, 28)
    first, second = distort(mnist_like, kind, 3), distort(mnist_like, kind, np.random.RandomState(3))
    assert first.shape == (40, 1, edge, edge) and first.dtype == 'float32'
    assert (first == second).all() and (first != distort(mnist_like, kind, 4)).any()
    assert 0 <= first.min() and first.max() <= 1


@EVERY_KIND
def test_channels_move_together_and_bytes_are_taken(kind, rng):
    grey = rng.randint(0, 2, (3, 1, 10, 16)).astype('uint8')
    colours = distort(np.concatenate([grey, 1 - grey, grey], axis=1), kind, 0)
    assert (colours[:, 0] == colours[:, 2]).all()
    np.testing.assert_array_equal(colours[:, :1], distort(grey, kind, 0))
    assert distort(np.zeros((0, 1, 8, 8)), kind, 0).shape[0] == 0
    assert distort(np.ones((1, 2, 8, 8)), kind, 0, canvas=(50, 40)).shape == (1, 2, 50, 40)


def test_rotation():
    """A dot to the right of the middle goes around it, up to a quarter either way."""
    x, y = centroid(distort(dots(2000, (8, 0)), 'R', 0)).T
    angle = np.rad2deg(np.arctan2(y, x))
    np.testing.assert_allclose(np.hypot(x, y), 8, atol=.3)
    assert -91 < angle.min() < -88 and 88 < angle.max() < 91 and abs(angle.mean()) < 4
    assert abs(angle.std() - 180 / 12 ** .5) < 3


def test_rotation_of_oblong_images_keeps_distances():
    images = np.zeros((500, 1, 29, 49))
    images[:, :, 14, 34] = 1
    x, y = centroid(distort(images, 'R', 0)).T
    np.testing.assert_allclose(np.hypot(x, y), 10, atol=.3)
    assert np.abs(y).max() > 9.5


def test_rotation_scale_and_translation():
    """Two dots tell all: how they lie to each other the turn and the scale, their middle the place."""
    one, other = dots(3000, (7, 0)), dots(3000, (-7, 0))
    ends = [centroid(distort(dot, 'RTS', 0)) for dot in (one, other)]
    x, y = (ends[0] - ends[1]).T
    scale, angle = np.hypot(x, y) / 14, np.rad2deg(np.arctan2(y, x))
    assert .68 < scale.min() < .72 and 1.18 < scale.max() < 1.22 and abs(scale.mean() - .95) < .01
    assert -46 < angle.min() < -44 and 44 < angle.max() < 46
    place, room = (ends[0] + ends[1]) / 2, (44 - 29 * scale) / 2     # 42 of 28 are 44 of 29, rounded
    assert (np.abs(place) < room[:, None] + .3).all()
    assert (np.abs(place / room[:, None]).max(axis=0) > .95).all() and np.abs(place.mean(axis=0)).max() < .2


def test_digits_stay_whole(mnist_like):
    """Where ink were cut off, less would be left than the area says."""
    disc = np.hypot(*np.mgrid[-13.5:14, -13.5:14]) < 10
    ink = distort(mnist_like[:1] * 0 + disc[None, None].repeat(500, 0), 'RTS', 0).sum(axis=(1, 2, 3))
    assert .69 ** 2 * disc.sum() < ink.min() and ink.max() < 1.21 ** 2 * disc.sum()


def test_perspective_moves_the_corners(monkeypatch):
    seen = {}

    def spy(corners, targets):
        seen.update(corners=corners, targets=targets)
        return homographies(corners, targets)
    homographies = distortions._homographies
    monkeypatch.setattr(distortions, '_homographies', spy)
    distort(np.zeros((4000, 1, 28, 28)), 'P', 0)
    assert np.abs(seen['targets']).min() == np.abs(seen['targets']).max() == 14
    assert distortions._are_convex(seen['corners']).all()
    moved = seen['corners'] / np.sign(seen['targets'])
    assert np.abs(moved.mean(axis=0) - .875 * 14).max() < .4
    # Of the noise and of the scale; a little less, since folded images are drawn again.
    assert np.abs(moved.std(axis=0) - np.hypot(5, 14 * .25 / 12 ** .5)).max() < .3


def test_homographies_take_points_to_points(rng):
    corners = np.array([[-1., -1], [1, -1], [1, 1], [-1, 1]]) * 9 + rng.randn(20, 4, 2)
    targets = rng.uniform(-14, 14, (20, 4, 2))
    found = np.einsum('nij,nkj->nki', distortions._homographies(corners, targets),
                      np.concatenate([corners, np.ones((20, 4, 1))], axis=2))
    np.testing.assert_allclose(found[..., :2] / found[..., 2:], targets, atol=1e-8)


def test_convex_quadrilaterals():
    square = np.array([[-1., -1], [1, -1], [1, 1], [-1, 1]])
    dented, turned, crossed = square.copy(), square[::-1], square[[0, 2, 1, 3]]
    dented[2] = -.5, -.5
    found = distortions._are_convex(np.stack([square, dented, turned, crossed]))
    assert found.tolist() == [True] + [False] * 3


def test_straight_edges_stay_straight_in_perspective():
    """A bar stays one, whatever its corners do: the ink's middle line is straight."""
    images = np.zeros((30, 1, 28, 28))
    images[:, :, 5:23, 12:16] = 1
    y, x = np.mgrid[:28, :28]
    for image in distort(images, 'P', 2)[:, 0]:
        centre = [np.average(axis, weights=image) for axis in (x, y)]
        along = np.stack([x - centre[0], y - centre[1]], -1)
        spread = np.einsum('rc,rci,rcj->ij', image, along, along) / image.sum()
        assert np.linalg.eigvalsh(spread)[0] < 6


def test_elastic_follows_its_control_points(rng):
    """Where all of them move alike, so does everything, by as much."""
    images = rng.uniform(size=(1, 1, 12, 12)).astype('float32')
    shift = np.zeros((1, 2, 16))
    shift[:, 0] = 2 * 3 / 12                                   # three pixels to the right
    moved = distortions._view_bent(images, (12, 12), np.ones(1), 4, shift)
    np.testing.assert_allclose(moved[..., :9], images[..., 3:], atol=1e-5)
    still = distortions._view_bent(images, (12, 12), np.ones(1), 4, 0 * shift)
    np.testing.assert_allclose(still, images, atol=1e-5)


def test_the_spline_is_that_of_the_layers(rng, nothing_compiled):
    from lasagne_ext.ops import tps_transform
    images, moves = rng.uniform(size=(2, 1, 9, 11)).astype('float32'), .1 * rng.randn(2, 2, 16)
    ours = distortions._view_bent(images, (9, 11), np.ones(2), 4, moves)
    theirs = tps_transform(images, moves.reshape(2, 32), (9, 11), border_mode='zeros', align_corners=False)
    np.testing.assert_allclose(ours, theirs.eval(), atol=1e-5)


def test_elastic_moves_by_a_pixel_and_a_half(monkeypatch):
    seen = {}

    def spy(images, size, scale, side, displacements):
        seen.update(scale=scale, moves=displacements * 14)
        return np.zeros(())
    monkeypatch.setattr(distortions, '_view_bent', spy)
    distort(np.zeros((2000, 1, 28, 28)), 'E', 0)
    assert seen['moves'].shape == (2000, 2, 16) and abs(seen['moves'].std() - 1.5) < .02
    assert 1 <= seen['scale'].min() and seen['scale'].max() <= 1 / .75


def test_translation_is_by_whole_pixels(mnist_like):
    placed = distort(mnist_like, 'T', 0)
    np.testing.assert_allclose(placed.sum(axis=(1, 2, 3)), mnist_like.sum(axis=(1, 2, 3)), rtol=1e-5)
    images = np.repeat(np.arange(1, 29 * 28 - 27, dtype='float32').reshape(1, 1, 28, 28) / 1000, 800, axis=0)
    placed = distort(images, 'T', 0)
    corner = np.array([np.argwhere(np.isclose(image[0], .001)).min(axis=0) for image in placed])
    assert corner.min() == 0 and corner.max() == 32
    for image, (row, column) in zip(placed, corner):
        np.testing.assert_array_equal(image[0, row:row + 28, column:column + 28], images[0, 0])


def test_clutter_hides_nothing_and_comes_from_others():
    images = np.zeros((4, 1, 28, 28), dtype='float32')
    images[0] = .5
    placed = distort(images, 'clutter', 0)
    assert (placed[0] == .5).sum() == 28 * 28                   # all pieces of the others are black
    pieces = (placed[1:] > 0).sum(axis=(1, 2, 3))
    assert pieces.max() > 36 and (pieces <= 6 * 36).all()
    alone = distort(images[:1], 'clutter', 0)
    assert (alone > 0).sum() > 28 * 28


def test_digits_of_scikit_learn_have_smaller_canvases():
    digits = load_digits().images[:3]
    assert [distort(digits, kind, 0).shape[2] for kind in KINDS] == [8, 12, 8, 8, 17, 17]


@pytest.mark.parametrize('images, kind, options, error, message', [
    (np.zeros((2, 1, 8, 8)), 'rts', {}, ValueError, "kind must be one of 'R', 'RTS', .* got 'rts'"),
    (np.zeros((2, 8, 8)), 'R', {}, ValueError, r'shape \(number, channels, rows, columns\), got'),
    (np.zeros((2, 1, 0, 8)), 'R', {}, ValueError, 'got an array of float64'),
    (np.zeros((2, 1, 8, 8), complex), 'R', {}, ValueError, 'complex'),
    (np.zeros((2, 1, 8, 8)), 'T', {'canvas': (8, 7)}, ValueError, 'canvas of 8 x 7 is too small .* 8 x 8'),
    (np.zeros((2, 1, 8, 8)), 'R', {'canvas': 9}, TypeError, r'canvas must be \(rows, columns\), got 9'),
    (np.zeros((2, 1, 8, 8)), 'R', {'canvas': (9, 0)}, ValueError, 'canvas must be at least 1'),
    (np.zeros((2, 1, 8, 8)), 'R', {'rng': None}, TypeError, 'a numpy.random.RandomState or a seed, got None'),
    (np.zeros((2, 1, 8, 8)), 'R', {'rng': -3}, ValueError, 'rng must be at least 0')])
def test_refused(images, kind, options, error, message):
    with pytest.raises(error, match='distort: .*' + message):
        distort(images, kind, **dict({'rng': 0}, **options))


def test_scatter_repeats_with_its_seed():
    images = load_digits().images[:20]
    first, second, other = (scatter(images, np.random.RandomState(seed)) for seed in (1, 1, 2))
    assert first.shape == (20, 1, 40, 40) and first.dtype == 'float32'
    assert (first == second).all() and (first != other).any()
    assert first.min() >= 0 and first.max() <= 1


def test_scattered_digit_is_whole():
    """Its ink is that of the digit, times the area of a pixel: nothing has been cut off."""
    images = load_digits().images[:200]
    size = 20
    placed = scatter(images, np.random.RandomState(0), size=(size, size), clutter=0)
    ratio = placed.sum(axis=(1, 2, 3)) / images.sum(axis=(1, 2, 3))
    np.testing.assert_allclose(ratio, (size / 8) ** 2, rtol=.02)


def test_scattered_digit_is_turned_and_shifted():
    images = np.zeros((300, 1, 8, 8), dtype='float32')
    images[:, :, 1:-1, 3:5] = 1                                 # an upright bar
    placed = scatter(images, np.random.RandomState(0), clutter=0, rotation=60)[:, 0]
    weight = placed / placed.sum(axis=(1, 2), keepdims=True)
    y, x = np.mgrid[:40, :40]
    centre = np.stack([(weight * x).sum(axis=(1, 2)), (weight * y).sum(axis=(1, 2))])
    assert centre.std(axis=1).min() > 3
    dx, dy = x - centre[0][:, None, None], y - centre[1][:, None, None]
    xx, yy, xy = ((weight * a * b).sum(axis=(1, 2)) for a, b in ((dx, dx), (dy, dy), (dx, dy)))
    lean = np.rad2deg(np.arctan2(2 * xy, yy - xx)) / 2
    assert 50 < np.abs(lean).max() < 61 and abs(lean.mean()) < 8


def test_clutter_adds_ink_and_hides_nothing():
    images = load_digits().images[:50]
    bare = scatter(images, np.random.RandomState(0), clutter=0)
    full = scatter(images, np.random.RandomState(0), clutter=6)
    assert (full >= bare).all()
    assert (full.sum(axis=(1, 2, 3)) > bare.sum(axis=(1, 2, 3))).mean() > .9


def test_no_images():
    assert scatter(np.zeros((0, 1, 8, 8)), np.random.RandomState(0)).shape == (0, 1, 40, 40)


@pytest.mark.parametrize('shape, options', [
    ((2, 3, 8, 8), {}), ((2, 1, 8, 9), {}), ((2, 8, 8), {}), ((2, 1, 8, 8), {'size': (10, 50)}),
    ((2, 1, 8, 8), {'size': (20, 10)}), ((2, 1, 8, 8), {'piece': 41})])
def test_scatter_refuses_what_does_not_fit(shape, options):
    with pytest.raises(ValueError, match='scatter: '):
        scatter(np.zeros(shape), np.random.RandomState(0), **options)
