"""The gallery: its pictures are the ones that its script makes, and its page shows them all."""
import importlib
import os
import re

import numpy as np
import pytest

DOCS = os.path.join(os.path.dirname(__file__), os.pardir, 'docs')
IMAGES = os.path.join(DOCS, 'images')
NAMES = ('families', 'free_families', 'borders', 'interpolations', 'aliasing', 'aspects', 'glimpses',
         'gradients', 'inverses', 'volumes')


@pytest.fixture
def gallery(monkeypatch):
    for module in ('matplotlib', 'sklearn', 'PIL'):
        pytest.importorskip(module)
    monkeypatch.syspath_prepend(DOCS)
    return importlib.import_module('gallery')


def coarse(picture):
    """A picture in grey, by parts of 8 x 8 pixels, which differ little between versions of matplotlib."""
    grey = np.asarray(picture.convert('L'), dtype=float)
    rows, columns = (size // 8 for size in grey.shape)
    return grey[:8 * rows, :8 * columns].reshape(rows, 8, columns, 8).mean(axis=(1, 3))


@pytest.mark.parametrize('name', NAMES)
def test_picture_is_the_one_that_the_script_makes(gallery, name):
    from PIL import Image
    made = gallery.made(name)
    with Image.open(os.path.join(IMAGES, 'gallery_%s.png' % name)) as kept:
        assert kept.size == made.size
        assert abs(coarse(made) - coarse(kept)).mean() < 4


def test_pictures_are_small():
    sizes = [os.path.getsize(os.path.join(IMAGES, 'gallery_%s.png' % name)) for name in NAMES]
    assert max(sizes) < 150e3 and sum(sizes) < 1.5e6


def test_page_shows_every_picture_and_no_other(gallery):
    with open(os.path.join(DOCS, 'gallery.rst')) as f:
        shown = re.findall(r'^\.\. figure:: images/gallery_(\w+)\.png$', f.read(), re.M)
    kept = re.findall(r'gallery_(\w+)\.png', ' '.join(os.listdir(IMAGES)))
    assert tuple(shown) == tuple(gallery.PICTURES) == NAMES and sorted(kept) == sorted(NAMES)


def test_whirl_keeps_its_outside_and_turns_its_middle(gallery):
    grid = gallery.whirl((101, 201))
    np.testing.assert_allclose(grid[0, 0, 0], [-1, -1], atol=1e-4)
    np.testing.assert_allclose(grid[0, 50, 100], 0, atol=1e-12)
    assert grid[0, 50, 101, 0] < 0 < grid[0, 50, 101, 1]          # more than a quarter turn


def test_frame_is_drawn_where_a_transform_samples(gallery):
    grid = np.array([[[-1, -1], [1, -1]], [[-1, 1], [0, 0]]])
    columns, rows = gallery.pixels(grid, (5, 9))
    assert columns.tolist() == [[0, 8], [0, 8 / 2]] and rows.tolist() == [[0, 0], [4, 2]]
