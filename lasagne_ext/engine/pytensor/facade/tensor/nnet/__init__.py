"""Building blocks of neural networks."""
import warnings

from theano.tensor.nnet import (
    abstract_conv, blocksparse, bn, conv, conv3d2d, corr, corr3d, ctc, neighbours, nnet, sigm)
from theano.tensor.nnet.abstract_conv import conv2d as abstract_conv2d
from theano.tensor.nnet.abstract_conv import conv2d_grad_wrt_inputs, conv3d, separable_conv2d
from theano.tensor.nnet.bn import batch_normalization
from theano.tensor.nnet.nnet import (
    CrossentropyCategorical1Hot, CrossentropyCategorical1HotGrad, CrossentropySoftmax1HotWithBiasDx,
    CrossentropySoftmaxArgmax1HotWithBias, LogSoftmax, Prepend_scalar_constant_to_each_row,
    Prepend_scalar_to_each_row, Softmax, SoftmaxGrad, SoftmaxWithBias, binary_crossentropy,
    categorical_crossentropy, confusion_matrix, crossentropy_categorical_1hot,
    crossentropy_categorical_1hot_grad, crossentropy_softmax_1hot, crossentropy_softmax_1hot_with_bias,
    crossentropy_softmax_1hot_with_bias_dx, crossentropy_softmax_argmax_1hot_with_bias,
    crossentropy_softmax_max_and_argmax_1hot, crossentropy_softmax_max_and_argmax_1hot_with_bias,
    crossentropy_to_crossentropy_with_softmax, elu, graph_merge_softmax_with_crossentropy_softmax,
    h_softmax, logsoftmax, logsoftmax_op, prepend_0_to_each_row, prepend_1_to_each_row,
    prepend_scalar_to_each_row, relu, selu, sigmoid_binary_crossentropy, softmax, softmax_grad,
    softmax_graph, softmax_op, softmax_with_bias, softsign)
from theano.tensor.nnet.sigm import (
    hard_sigmoid, scalar_sigmoid, sigmoid, sigmoid_inplace, softplus, ultra_fast_sigmoid)

from lasagne_ext.engine.pytensor._names import ENGINE, refuse


def conv2d(input, filters, input_shape=None, filter_shape=None, border_mode='valid', subsample=(1, 1),
           filter_flip=True, image_shape=None, filter_dilation=(1, 1), num_groups=1, unshared=False,
           **kwargs):
    """Convolve images with filters: :func:`abstract_conv.conv2d` with its old arguments.

    Parameters
    ----------
    image_shape : tuple, optional
        Old name of `input_shape`.
    **kwargs
        Options of old convolutions, ignored with a warning.
    """
    if 'imshp_logical' in kwargs or 'kshp_logical' in kwargs:
        raise ValueError("conv2d does not take 'imshp_logical' and 'kshp_logical' any more")
    if kwargs:
        warnings.warn('conv2d ignores %s' % ', '.join(sorted(kwargs)), skip_file_prefixes=ENGINE)
    if image_shape is not None:
        if input_shape is not None:
            raise ValueError('input_shape and image_shape cannot both be given')
        warnings.warn('the argument image_shape of conv2d is now called input_shape',
                      skip_file_prefixes=ENGINE)
        input_shape = image_shape
    return abstract_conv2d(input, filters, input_shape, filter_shape, border_mode, subsample, filter_flip,
                           filter_dilation, num_groups, unshared)


def conv2d_transpose(input, filters, output_shape, filter_shape=None, border_mode='valid',
                     input_dilation=(1, 1), filter_flip=True, filter_dilation=(1, 1), num_groups=1,
                     unshared=False):
    """Convolve transposed: the gradient of :func:`conv2d` as a layer of its own.

    Parameters
    ----------
    input : tensor4, (batch, channels, rows, columns)
    filters : tensor4, (channels, output channels of a group, rows, columns)
    output_shape : tuple
        Shape of the result; its size may be symbolic.
    input_dilation : tuple of int
        Strides of the convolution that this transposes.
    """
    return conv2d_grad_wrt_inputs(input, filters, output_shape, filter_shape, border_mode, input_dilation,
                                  filter_flip, filter_dilation, num_groups, unshared)


__getattr__ = refuse(__name__, {
    'ConvOp': 'use conv2d',
    'crossentropy_to_crossentropy_with_softmax_with_bias':
        'there is no Op of its own for a softmax with bias; the bias is added before',
    'opt': 'rewrites are PyTensor\'s: pytensor.tensor.rewriting',
    'softmax_simplifier': 'the optimizer finds exp(x) / exp(x).sum(); write softmax(x) to be certain'})
