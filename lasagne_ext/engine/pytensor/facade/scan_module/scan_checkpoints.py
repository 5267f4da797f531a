"""Loops that compute again what their gradients need."""
from pytensor.scan.checkpoints import scan_checkpoints as pytensor_scan_checkpoints

from theano.updates import OrderedUpdates

from lasagne_ext.engine.pytensor.graphs import as_list
from lasagne_ext.engine.pytensor.tensor.adoption import adopting_arguments


def scan_checkpoints(fn, sequences=(), outputs_info=None, non_sequences=(), name='checkpointscan_fn',
                     n_steps=None, save_every_N=10, padding=True):
    """Loop as :func:`theano.scan`, but keep every `save_every_N`-th step and compute the others again for gradients."""
    outputs, updates = pytensor_scan_checkpoints(
        adopting_arguments(fn), as_list(sequences), outputs_info, as_list(non_sequences), name, n_steps,
        save_every_N, padding)
    return outputs, OrderedUpdates(updates)
