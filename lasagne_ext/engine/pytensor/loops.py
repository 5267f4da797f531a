"""Scan and its relatives with Theano's arguments and results."""
from pytensor.scan.basic import scan as pytensor_scan
from pytensor.scan.checkpoints import scan_checkpoints as pytensor_scan_checkpoints

from lasagne_ext.engine.pytensor.border import variable_numbers
from lasagne_ext.engine.pytensor.graphs import as_list
from lasagne_ext.engine.pytensor.tensor.adoption import adopt_new
from lasagne_ext.engine.pytensor.updates import OrderedUpdates


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
        _with_adopted_arguments(fn), _or_none(sequences), _or_none(outputs_info), _or_none(non_sequences),
        n_steps, truncate_gradient, go_backwards, mode, name, profile, allow_gc, strict, return_list,
        return_updates=True)
    return outputs, OrderedUpdates(updates)


def _with_adopted_arguments(fn):
    """Scan makes the variables that it calls the function with."""
    number = next(variable_numbers)

    def step(*args):
        return fn(*adopt_new(args, number))
    return step


def _or_none(given):
    """An empty tuple or list says nothing, as None does."""
    return None if isinstance(given, (tuple, list)) and not len(given) else given


def map(fn, sequences, non_sequences=None, truncate_gradient=-1, go_backwards=False, mode=None, name=None):
    """Apply a function to every element of sequences."""
    return scan(fn, sequences, None, non_sequences, truncate_gradient=truncate_gradient,
                go_backwards=go_backwards, mode=mode, name=name)


def reduce(fn, sequences, outputs_info, non_sequences=None, go_backwards=False, mode=None, name=None):
    """Join the elements of sequences one after the other; the last result alone comes back."""
    outputs, updates = scan(fn, sequences, outputs_info, non_sequences, go_backwards=go_backwards,
                            truncate_gradient=-1, mode=mode, name=name)
    if isinstance(outputs, (list, tuple)):
        return [output[-1] for output in outputs], updates
    return outputs[-1], updates


def foldl(fn, sequences, outputs_info, non_sequences=None, mode=None, name=None):
    """:func:`reduce` from the first element on."""
    return reduce(fn, sequences, outputs_info, non_sequences, go_backwards=False, mode=mode, name=name)


def foldr(fn, sequences, outputs_info, non_sequences=None, mode=None, name=None):
    """:func:`reduce` from the last element on."""
    return reduce(fn, sequences, outputs_info, non_sequences, go_backwards=True, mode=mode, name=name)


def scan_checkpoints(fn, sequences=(), outputs_info=None, non_sequences=(), name='checkpointscan_fn',
                     n_steps=None, save_every_N=10, padding=True):
    """:func:`scan` that keeps every `save_every_N`-th step and computes the others again for gradients."""
    outputs, updates = pytensor_scan_checkpoints(
        _with_adopted_arguments(fn), as_list(sequences), outputs_info, as_list(non_sequences), name, n_steps,
        save_every_N, padding)
    return outputs, OrderedUpdates(updates)
