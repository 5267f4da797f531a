"""Cross-correlation of volumes: Theano's names for what computes its convolutions."""
from theano.tensor.nnet.corr import CorrGradInputs, CorrGradWeights

from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.runtime.convolution import AbstractConv


class _Volumes:
    """Take the options of three dimensions."""

    def __init__(self, border_mode='valid', subsample=(1, 1, 1), filter_dilation=(1, 1, 1), openmp=None,
                 num_groups=1):
        super().__init__(3, None, None, border_mode, subsample, False, filter_dilation, num_groups)


class Corr3dMM(_Volumes, AbstractConv):
    """Cross-correlate volumes: ``(volume, kernel)``."""


class Corr3dMM_gradWeights(_Volumes, CorrGradWeights):
    """Compute the gradient to the kernel: ``(volume, output gradient, kernel size)``."""


class Corr3dMM_gradInputs(_Volumes, CorrGradInputs):
    """Compute the gradient to the volume: ``(kernel, output gradient, volume size)``."""


__getattr__ = refuse(__name__, {
    'BaseCorr3dMM': 'use theano.tensor.nnet.abstract_conv.BaseAbstractConv'})
