"""Building blocks of neural networks."""
from theano.tensor.nnet.nnet import (
    binary_crossentropy, categorical_crossentropy, crossentropy_categorical_1hot, elu, logsoftmax, relu, selu,
    softmax, softmax_graph, softsign)
from theano.tensor.nnet.sigm import hard_sigmoid, sigmoid, softplus

try:
    from theano.tensor.nnet.abstract_conv import conv2d, conv2d_grad_wrt_inputs, conv3d, separable_conv2d
except ModuleNotFoundError:
    pass
