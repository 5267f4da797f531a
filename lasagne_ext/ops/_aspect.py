"""Affine transformations in coordinates of one unit for all axes, that of half the rows."""
import theano.tensor as T

from lasagne_ext.ops import _reference
from lasagne_ext.ops._checks import check_choice
from lasagne_ext.ops._fitting import Fitting
from lasagne_ext.ops._points import AFFINE


def check_aspect(where, aspect):
    """Whether coordinates are to be those of the image; a word that is not known is refused."""
    return aspect is not None and bool(check_choice(where, 'aspect', aspect, ('image',)))


def rescaled(where, theta, in_size, out_size, align_corners):
    """Theta for normalised coordinates, float64, from one for coordinates of one unit."""
    theta = Fitting(AFFINE, len(out_size), where)(theta)
    into, outof = (_half_extents(T.stack(size[::-1]), align_corners) for size in (in_size, out_size))
    # Equal sizes make the diagonal's factors 1 exactly: the identity stays what it is.
    factors = T.concatenate([outof, T.ones((1,), 'float64')]) / into.dimshuffle(0, 'x')
    return T.cast(theta, 'float64') * factors.flatten()


def _half_extents(size, align_corners):
    """Half extents of the axes, x first, in the unit of that of the rows."""
    extents = _reference.divisors(size, align_corners)
    return extents / extents[1]
