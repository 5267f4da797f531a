"""Draws the pictures of docs/debugging.rst anew: python docs/debugging_pictures.py [FOLDER]."""
import os
import sys

import lasagne_ext  # noqa: F401  (first: makes theano importable)
import numpy as np
from lasagne.layers import InputLayer
from lasagne_ext import datasets, demo, ops
from lasagne_ext.debug import draw, show_transform
from lasagne_ext.layers import TransformerLayer

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'images')

#: Scale, turn in degrees and shift of the windows, which are squares.
WINDOWS = ((1, 0, 0, 0), (.7, 30, .1, 0), (.5, -45, 0, .2), (.6, 90, 0, 0), (1.4, 15, 0, 0))


def thetas():
    """One affine transform for each window, and a mirroring one."""
    found = []
    for scale, degrees, x, y in WINDOWS:
        cosine, sine = scale * np.cos(np.radians(degrees)), scale * np.sin(np.radians(degrees))
        found.append([cosine, -sine, x, sine, cosine, y])
    return np.array(found + [[-1, .3, 0, 0, 1, 0]])


def transforms():
    """A transformer that is given its transforms, looked at."""
    count = len(WINDOWS) + 1
    digits = datasets.scatter(datasets.load_digits().images[:count], np.random.RandomState(1), canvas=28,
                              size=(18, 22), rotation=0, clutter=0)
    images, theta = InputLayer((None, 1, 28, 28), name='images'), InputLayer((None, 6), name='theta')
    layer = TransformerLayer(images, theta, border_mode='zeros', name='stn')
    return show_transform(layer, {'images': digits, 'theta': thetas()})


def main(folder=FOLDER):
    os.environ['PATH'] = ''                  # without Graphviz the picture is the same on every machine
    draw(demo.transformer_network().output).save(os.path.join(folder, 'draw.svg'))
    shown = transforms()
    shown.save(os.path.join(folder, 'show_transform.png'))
    print(shown)


if __name__ == '__main__':
    main(*sys.argv[1:])
