"""Sampling functions of every family with points off the kinks, for the tests beside this file."""
import itertools
from collections import namedtuple

import numpy as np
import pytest

from lasagne_ext import ops
from lasagne_ext.kernels import sampling_reference
from lasagne_ext.kernels.sampling import BORDER_MODES, INTERPOLATIONS, SamplingMode

FAMILIES = ('affine', 'projective', 'grid', 'flow')

#: A way to sample; `transforms` is K, or None for one transform per image.
Case = namedtuple('Case', 'family rank transforms interpolation border_mode align_corners cubic')

IN_SIZE = {2: (4, 5), 3: (3, 2, 4)}
OUT_SIZE = {2: (3, 4), 3: (2, 3, 2)}

_FUNCTIONS = {'affine': ops.affine_transform, 'projective': ops.projective_transform,
              'grid': ops.grid_sample, 'flow': ops.flow_warp}


def systematic():
    """Each family with each interpolation and border; the rest takes turns, so that pairs meet."""
    cases = []
    for count, (family, interpolation, border_mode) in enumerate(itertools.product(
            FAMILIES, INTERPOLATIONS, BORDER_MODES)):
        turn = count + count // 15                     # 15 combinations per family
        cases.append(Case(family, 2 + turn % 2, (None, 2)[turn // 2 % 2], interpolation, border_mode,
                          bool(turn % 3), (-.75, -.5)[turn % 2]))
    return cases


def everything():
    """Every family, rank and mode; one and two transforms per image take turns."""
    return [Case(family, rank, (None, 2)[count % 2], *modes, -.75) for count, (family, rank, *modes)
            in enumerate(itertools.product(FAMILIES, (2, 3), INTERPOLATIONS, BORDER_MODES,
                                           (True, False)))]


#: One per family, where the mode is not the point.
ONE_EACH = [Case('affine', 2, None, 'bilinear', 'mirror', True, -.75),
            Case('projective', 2, 2, 'bicubic', 'zeros', False, -.75),
            Case('grid', 3, None, 'bilinear', 'nearest', True, -.75),
            Case('flow', 2, None, 'bicubic', 'reflect', True, -.5)]


def name_of(case):
    return '-'.join(map(str, case))


@pytest.fixture(params=everything(), ids=name_of)
def every_mode(request):
    return request.param


@pytest.fixture(params=systematic(), ids=name_of)
def every_case(request):
    return request.param


@pytest.fixture(params=systematic()[::4], ids=name_of)
def some_case(request):
    return request.param


@pytest.fixture(params=ONE_EACH, ids=name_of)
def one_each(request):
    return request.param


@pytest.fixture
def sampling(rng):
    """Of a case: a function of (image, points), float64 values for both off the kinks, and for the
    output's gradient."""
    def make(case, in_size=None, out_size=None, batch=2, channels=2, **more):
        in_size, out_size = in_size or IN_SIZE[case.rank], out_size or OUT_SIZE[case.rank]
        image = rng.randn(batch, channels, *in_size)
        points = np.stack([_points(case, rng, in_size, out_size)
                           for _ in range(batch * (case.transforms or 1))])
        if case.transforms:
            points = points.reshape((batch, case.transforms) + points.shape[1:])
        size = (out_size,) if case.family in ('affine', 'projective') else ()
        modes = dict(more, **{name: getattr(case, name) for name in
                              ('interpolation', 'border_mode', 'align_corners', 'cubic')})
        function = _FUNCTIONS[case.family]
        leading = (batch,) if case.transforms is None else (batch, case.transforms)
        return (lambda x, p: function(x, p, *size, **modes), [image, points],
                rng.randn(*leading, channels, *out_size))
    return make


def _points(case, rng, in_size, out_size):
    """Points of one transform."""
    mode = SamplingMode(case.family, *case[3:])
    movable = np.array([size > 1 or not case.align_corners or case.family == 'flow'
                        for size in in_size[::-1]])
    while True:
        points = _draw(case, rng, in_size, out_size)
        halves = 2 * sampling_reference.pixel_coordinates(points[None], out_size, in_size, mode)[movable]
        if np.abs(halves - np.round(halves)).min(initial=1) > 4e-3:
            flat = case.family in ('affine', 'projective')
            return points.ravel() if flat else points


def _draw(case, rng, in_size, out_size):
    if case.family == 'affine':
        return np.eye(case.rank, case.rank + 1) + .5 * rng.randn(case.rank, case.rank + 1)
    if case.family == 'projective':
        H = np.eye(case.rank + 1) + .3 * rng.randn(case.rank + 1, case.rank + 1)
        H[-1] = .15 * rng.randn(case.rank + 1) + np.eye(case.rank + 1)[-1]
        return H
    # Far from the kinks by construction: with so many points none could be drawn by chance.
    pixels = np.stack([rng.randint(-size - 2, 2 * size + 2, out_size) + rng.choice([0, .5], out_size)
                       + rng.uniform(.1, .4, out_size) for size in in_size[::-1]], -1)
    if case.family == 'flow':
        places = np.stack(np.meshgrid(*map(np.arange, out_size), indexing='ij')[::-1], -1)
        return np.moveaxis(pixels - places, -1, 0)
    size = np.array(in_size[::-1])
    extent = (size - 1) / 2 if case.align_corners else size / 2
    return (pixels - (size - 1) / 2) / np.where(extent > 0, extent, 1)
