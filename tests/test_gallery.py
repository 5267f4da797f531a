"""The gallery: its pictures are the ones that its script makes, and its page shows them all."""
import importlib
import os
import re

import numpy as np
import pytest

DOCS = os.path.join(os.path.dirname(__file__), os.pardir, 'docs')
NAMES = ('families', 'free_families', 'borders', 'interpolations', 'aliasing', 'aspects', 'glimpses',
         'gradients', 'inverses', 'volumes')


@pytest.fixture
def gallery(monkeypatch):
    for module in ('matplotlib', 'sklearn', 'PIL'):
        pytest.importorskip(module)
    monkeypatch.syspath_prepend(DOCS)
    return importlib.import_module('gallery')


def coarse(picture):
    """A picture in grey, by parts of 8 x 8 pixels, which no version's fonts change much."""
    grey = np.asarray(picture.convert('L'), dtype=float)
    rows, columns = (size // 8 for size in grey.shape)
    return grey[:8 * rows, :8 * columns].reshape(rows, 8, columns, 8).mean(axis=(1, 3))


@pytest.mark.parametrize('name', NAMES)
def test_picture_is_the_one_that_the_script_makes(gallery, name):
    from PIL import Image
    made = gallery.made(name)
    with Image.open(gallery.path_of(name)) as kept:
        assert kept.size == made.size
        difference = abs(coarse(made) - coarse(kept))
    assert difference.mean() < 1 and np.percentile(difference, 99) < 12


def test_pictures_are_small():
    sizes = [os.path.getsize(os.path.join(DOCS, 'images', 'gallery_%s.png' % name)) for name in NAMES]
    assert max(sizes) < 150e3 and sum(sizes) < 1.5e6


def test_page_shows_every_picture_and_no_other(gallery):
    with open(os.path.join(DOCS, 'gallery.rst')) as f:
        shown = re.findall(r'^\.\. figure:: images/gallery_(\w+)\.png$', f.read(), re.M)
    kept = re.findall(r'gallery_(\w+)\.png', ' '.join(os.listdir(os.path.join(DOCS, 'images'))))
    assert tuple(shown) == tuple(gallery.PICTURES) == NAMES and sorted(kept) == sorted(NAMES)


@pytest.mark.parametrize('name, shrink', [('families', 30), ('glimpses', 15), ('aspects', 30)])
def test_photograph_of_any_size(gallery, name, shrink):
    assert gallery.PICTURES[name][0](gallery.photograph(3)[:, :, :-shrink]).axes
