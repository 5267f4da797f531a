"""The old interface of convolution."""
from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.nn.signal_conv import nnet_old_conv2d as conv2d  # noqa: F401

__getattr__ = refuse(__name__, {
    'ConvOp': 'use theano.tensor.nnet.conv2d or theano.tensor.nnet.abstract_conv.AbstractConv2d'})
