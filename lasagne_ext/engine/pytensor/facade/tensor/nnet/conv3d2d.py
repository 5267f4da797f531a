"""Convolution of films, time before channels."""
from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.nn.conv3d2d import conv3d  # noqa: F401

_DIAGONALS = 'theano.tensor.nnet.conv3d2d.conv3d does without it'

__getattr__ = refuse(__name__, {
    name: _DIAGONALS for name in ('DiagonalSubtensor', 'IncDiagonalSubtensor', 'diagonal_subtensor',
                                  'inc_diagonal_subtensor', 'get_diagonal_subtensor_view')})
