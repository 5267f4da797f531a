"""Activation functions and cross-entropies."""
from pytensor.tensor.math import sigmoid, softplus

from lasagne_ext.engine.pytensor.nnet_activations import elu, relu, selu, softsign
from lasagne_ext.engine.pytensor.nnet_crossentropy import (
    crossentropy_categorical_1hot)
from lasagne_ext.engine.pytensor.nnet_losses import binary_crossentropy, categorical_crossentropy
from lasagne_ext.engine.pytensor.nnet_softmax import logsoftmax, softmax, softmax_graph
from lasagne_ext.engine.pytensor import nnet_rewrites  # noqa: F401
