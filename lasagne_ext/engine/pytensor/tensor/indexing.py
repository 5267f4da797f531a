"""Indexing, and setting and incrementing what an index picks."""
import pytensor.tensor as pt
from pytensor.tensor.subtensor import AdvancedSubtensor

from lasagne_ext.engine.pytensor.border import TensorOperators


def getitem(self, args):
    """Return ``self[args]``; remember where new axes have been put in for an advanced index."""
    picked = TensorOperators.__getitem__(self, args)
    if picked.owner is not None and isinstance(picked.owner.op, AdvancedSubtensor):
        source = picked.owner.inputs[0]
        if source is not self:
            picked.tag.new_axes = [axis for axis, old in enumerate(source.owner.op.new_order) if old == 'x']
    return picked


def set_subtensor(x, y, inplace=False, tolerate_inplace_aliasing=False):
    """Return the tensor that `x` is an index of, with `y` in its place.

    Parameters
    ----------
    x : variable
        The result of an index, ``a[...]``.
    y : tensor
        Broadcast to the shape of `x`.
    inplace : bool
        Overwrite the tensor; rewriting does so by itself where it may.
    tolerate_inplace_aliasing : bool
        Allow `x` and `y` to share memory when overwriting.

    Returns
    -------
    variable
        Of the shape of ``a``.
    """
    return inc_subtensor(x, y, inplace, True, tolerate_inplace_aliasing)


def inc_subtensor(x, y, inplace=False, set_instead_of_inc=False, tolerate_inplace_aliasing=False):
    """Return the tensor that `x` is an index of, with `y` added to it: see :func:`set_subtensor`.

    Where an index occurs more than once, everything is added.
    """
    changed = pt.inc_subtensor(x, y, inplace, set_instead_of_inc, inplace and tolerate_inplace_aliasing)
    new_axes = getattr(getattr(x, 'tag', None), 'new_axes', ())
    if not new_axes:
        return changed
    return changed.dimshuffle([axis for axis in range(changed.ndim) if axis not in new_axes])
