"""Activation functions, softmax and cross-entropies."""
from pytensor.tensor.math import sigmoid, softplus

from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.nnet_activations import elu, relu, selu, softsign
from theano.tensor.nnet.blocksparse import sparse_block_dot
from lasagne_ext.engine.pytensor.nnet_crossentropy import (
    CrossentropyCategorical1Hot, CrossentropyCategorical1HotGrad, CrossentropySoftmax1HotWithBiasDx,
    CrossentropySoftmaxArgmax1HotWithBias, crossentropy_categorical_1hot,
    crossentropy_categorical_1hot_grad, crossentropy_softmax_1hot, crossentropy_softmax_1hot_with_bias,
    crossentropy_softmax_1hot_with_bias_dx, crossentropy_softmax_argmax_1hot_with_bias,
    crossentropy_softmax_max_and_argmax_1hot, crossentropy_softmax_max_and_argmax_1hot_with_bias)
from lasagne_ext.engine.pytensor.nnet_losses import (
    Prepend_scalar_constant_to_each_row, Prepend_scalar_to_each_row, binary_crossentropy,
    categorical_crossentropy, confusion_matrix, h_softmax, prepend_0_to_each_row, prepend_1_to_each_row,
    prepend_scalar_to_each_row, sigmoid_binary_crossentropy)
from lasagne_ext.engine.pytensor.nnet_rewrites import (
    local_argmax_of_softmax, local_chosen_of_logsoftmax, local_crossentropy_of_softmax,
    local_log_of_softmax, local_softmax_beside_crossentropy, local_softmax_grad_of_quotient)
from lasagne_ext.engine.pytensor.nnet_softmax import (
    LogSoftmax, Softmax, SoftmaxGrad, SoftmaxWithBias, logsoftmax, logsoftmax_op, softmax, softmax_grad,
    softmax_graph, softmax_op, softmax_with_bias)

# The rewrites that do what Theano's do, under its names.
crossentropy_to_crossentropy_with_softmax = local_crossentropy_of_softmax
graph_merge_softmax_with_crossentropy_softmax = local_softmax_beside_crossentropy
local_advanced_indexing_crossentropy_onehot = local_chosen_of_logsoftmax
local_advanced_indexing_crossentropy_onehot_grad = local_softmax_grad_of_quotient
local_argmax_pushdown = local_argmax_of_softmax
local_logsoftmax = local_log_of_softmax
local_logsoftmax_grad = local_softmax_grad_of_quotient
local_softmax_grad_to_crossentropy_with_softmax_grad = local_softmax_grad_of_quotient

_BIAS = 'there is no Op of its own for a softmax with bias; the bias is added before'

__getattr__ = refuse(__name__, {
    'ScalarSoftsign': 'use softsign',
    'crossentropy_to_crossentropy_with_softmax_with_bias': _BIAS,
    'local_softmax_with_bias': _BIAS,
    'local_useless_crossentropy_softmax_1hot_with_bias_dx_alloc': 'the Op broadcasts by itself',
    'scalar_softsign': 'use softsign',
    'softmax_simplifier': 'the optimizer finds exp(x) / exp(x).sum(); write softmax(x) to be certain'})

__all__ = ['CrossentropyCategorical1Hot', 'CrossentropyCategorical1HotGrad',
           'CrossentropySoftmax1HotWithBiasDx', 'CrossentropySoftmaxArgmax1HotWithBias', 'LogSoftmax',
           'Prepend_scalar_constant_to_each_row', 'Prepend_scalar_to_each_row', 'Softmax', 'SoftmaxGrad',
           'SoftmaxWithBias', 'binary_crossentropy', 'categorical_crossentropy', 'confusion_matrix',
           'crossentropy_categorical_1hot', 'crossentropy_categorical_1hot_grad',
           'crossentropy_softmax_1hot', 'crossentropy_softmax_1hot_with_bias',
           'crossentropy_softmax_1hot_with_bias_dx', 'crossentropy_softmax_argmax_1hot_with_bias',
           'crossentropy_softmax_max_and_argmax_1hot', 'crossentropy_softmax_max_and_argmax_1hot_with_bias',
           'crossentropy_to_crossentropy_with_softmax', 'elu',
           'graph_merge_softmax_with_crossentropy_softmax', 'h_softmax',
           'local_advanced_indexing_crossentropy_onehot',
           'local_advanced_indexing_crossentropy_onehot_grad', 'local_argmax_pushdown', 'local_logsoftmax',
           'local_logsoftmax_grad', 'local_softmax_grad_to_crossentropy_with_softmax_grad', 'logsoftmax',
           'logsoftmax_op', 'prepend_0_to_each_row', 'prepend_1_to_each_row', 'prepend_scalar_to_each_row',
           'relu', 'selu', 'sigmoid', 'sigmoid_binary_crossentropy', 'softmax', 'softmax_grad',
           'softmax_graph', 'softmax_op', 'softmax_with_bias', 'softplus', 'softsign', 'sparse_block_dot']
