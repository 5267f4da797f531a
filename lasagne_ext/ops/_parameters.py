"""Numbers that describe transforms, refused where there are too few or too many of them."""
from collections import namedtuple

import theano

from lasagne_ext.ops._checks import as_points
from lasagne_ext.ops._fitting import Fitting

#: How numbers that describe transforms are laid out.
_LAYOUTS = {2: '(batch, %d)', 3: '(batch, K, %d)'}


class _Parameters(namedtuple('_Parameters', 'name size')):
    """A family of tensors, for :class:`Fitting`: so many numbers per transform."""

    def check(self, where, shape, rank):
        if shape[-1] != self.size:
            raise ValueError('%s: %s must have shape %s, got %s'
                             % (where, self.name, _LAYOUTS[len(shape)] % self.size, tuple(shape)))


def as_parameters(where, argument, value, size, rank):
    """`value` as a symbolic float tensor ``(batch, size)`` or ``(batch, K, size)``.

    Whole numbers take Theano's floatX.

    Raises
    ------
    TypeError
        If it is no float tensor of two or three dimensions.
    ValueError
        If its last axis is not of that size: at once for a constant, else at run time.
    """
    layouts = {ndim: layout % size for ndim, layout in _LAYOUTS.items()}
    value = as_points(where, argument, value, theano.config.floatX, layouts)
    family = _Parameters(argument, size)
    if isinstance(value, theano.Constant):
        family.check(where, value.data.shape, rank)
    return Fitting(family, rank, where)(value)


def leading(tensor):
    """Symbolic sizes of all axes but the last."""
    return [tensor.shape[k] for k in range(tensor.ndim - 1)]
