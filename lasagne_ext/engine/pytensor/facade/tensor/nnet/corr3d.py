"""Cross-correlation of volumes."""
from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.nn.corr import (  # noqa: F401
    Corr3dMM, Corr3dMM_gradInputs, Corr3dMM_gradWeights)

__getattr__ = refuse(__name__, {
    'BaseCorr3dMM': 'use theano.tensor.nnet.abstract_conv.BaseAbstractConv'})
