"""Connectionist temporal classification, which needs a C library that is not linked here."""
from lasagne_ext.engine.pytensor._names import refuse


def ctc_available():
    """Whether :func:`ctc` can be used: no."""
    return False


def ctc_present():
    """Whether the library warp-ctc has been found: no."""
    return False


def ctc(activations, labels, input_lengths):
    """A loss of unaligned sequences; always an error on this engine."""
    raise RuntimeError('theano.tensor.nnet.ctc.ctc is not available on the engine "pytensor", which does '
                       'not link warp-ctc; ctc_available() is false')


__getattr__ = refuse(__name__, {
    'ConnectionistTemporalClassification': 'warp-ctc is not linked; ctc_available() is false',
    'local_ctc_no_grad': 'warp-ctc is not linked; ctc_available() is false'})

__all__ = ['ctc', 'ctc_available', 'ctc_present']
