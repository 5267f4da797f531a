"""Loops with Theano's arguments and results."""
from pytensor.scan.basic import scan as pytensor_scan

from theano.updates import OrderedUpdates

from lasagne_ext.engine.pytensor.tensor.adoption import adopting_arguments


def scan(fn, sequences=None, outputs_info=None, non_sequences=None, n_steps=None, truncate_gradient=-1,
         go_backwards=False, mode=None, name=None, profile=False, allow_gc=None, strict=False,
         return_list=False):
    """Apply a function again and again, over sequences and its own earlier results.

    Parameters
    ----------
    fn : callable
        Slices of the sequences, earlier results, non-sequences -> outputs, updates, ``until``.
    sequences, outputs_info, non_sequences : Variable, dict, or list of them, optional
        What is gone through; the first results and which earlier ones are needed; what stays.
    n_steps : int or Variable, optional
        Needed without sequences.
    truncate_gradient : int
        Steps that the gradient goes back; -1 for all.
    go_backwards, mode, name, profile, allow_gc, strict, return_list
        As in Theano.

    Returns
    -------
    outputs : Variable or list of Variable or None
        All steps of each output.
    updates : OrderedUpdates
        To be given to :func:`theano.function`.
    """
    outputs, updates = pytensor_scan(
        adopting_arguments(fn), _or_none(sequences), _or_none(outputs_info), _or_none(non_sequences),
        n_steps, truncate_gradient, go_backwards, mode, name, profile, allow_gc, strict, return_list,
        return_updates=True)
    return outputs, OrderedUpdates(updates)


def _or_none(given):
    """Replace an empty tuple or list, which says nothing, by None."""
    return None if isinstance(given, (tuple, list)) and not len(given) else given
