"""Connectionist temporal classification, which needs a C library that is not linked here."""
from lasagne_ext.engine.pytensor._names import refuse


def ctc_available():
    """Return whether :func:`ctc` can be used: False."""
    return False


def ctc_present():
    """Return whether the library warp-ctc has been found: False."""
    return False


def ctc(activations, labels, input_lengths):
    """Refuse to make a loss of unaligned sequences."""
    raise RuntimeError('theano.tensor.nnet.ctc.ctc is not available on the engine "pytensor", which does '
                       'not link warp-ctc; ctc_available() is false')


__getattr__ = refuse(__name__, {
    'ConnectionistTemporalClassification': 'warp-ctc is not linked; ctc_available() is false',
    'local_ctc_no_grad': 'warp-ctc is not linked; ctc_available() is false'})
