"""Cross-correlation of images."""
from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.nn.corr import CorrMM, CorrMM_gradInputs, CorrMM_gradWeights  # noqa: F401

__getattr__ = refuse(__name__, {
    'BaseCorrMM': 'use theano.tensor.nnet.abstract_conv.BaseAbstractConv'})
