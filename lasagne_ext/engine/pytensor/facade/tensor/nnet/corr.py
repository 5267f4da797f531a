"""Cross-correlation of images: Theano's names for what computes its convolutions."""
from theano.tensor.basic import as_tensor_variable

from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.runtime.conv_shapes import get_conv_gradinputs_shape, get_conv_gradweights_shape
from lasagne_ext.engine.runtime.convolution import (
    AbstractConv, AbstractConv_gradInputs, AbstractConv_gradWeights)


class _Images:
    """Take the options of two dimensions."""

    def __init__(self, border_mode='valid', subsample=(1, 1), filter_dilation=(1, 1), num_groups=1,
                 unshared=False, openmp=None):
        super().__init__(2, None, None, border_mode, subsample, False, filter_dilation, num_groups,
                         unshared)


class CorrGradWeights(AbstractConv_gradWeights):
    """Compute the gradient to the kernel, whose size may be left out where it is certain."""

    def make_node(self, img, topgrad, shape=None):
        img, topgrad = as_tensor_variable(img), as_tensor_variable(topgrad)
        if shape is None:
            shape = get_conv_gradweights_shape(
                tuple(img.shape), tuple(topgrad.shape), self.border_mode, self.subsample,
                self.filter_dilation, self.num_groups, self.unshared)[-self.convdim:]
            self.check_inferred(shape)
        return super().make_node(img, topgrad, shape)

    def check_inferred(self, shape):
        if any(size is None for size in shape):
            raise ValueError("%s: shape must be given where there are strides or border_mode is 'half'"
                             % type(self).__name__)


class CorrGradInputs(AbstractConv_gradInputs):
    """Compute the gradient to the image, whose size may be left out where it is certain."""

    def make_node(self, kern, topgrad, shape=None):
        kern, topgrad = as_tensor_variable(kern), as_tensor_variable(topgrad)
        if shape is None:
            shape = get_conv_gradinputs_shape(
                tuple(kern.shape), tuple(topgrad.shape), self.border_mode, self.subsample,
                self.filter_dilation, self.num_groups)[2:]
            self.check_inferred(shape)
        return super().make_node(kern, topgrad, shape)

    check_inferred = CorrGradWeights.check_inferred


class CorrMM(_Images, AbstractConv):
    """Cross-correlate images: ``(image, kernel)``."""


class CorrMM_gradWeights(_Images, CorrGradWeights):
    """Compute the gradient to the kernel: ``(image, output gradient, kernel size)``."""


class CorrMM_gradInputs(_Images, CorrGradInputs):
    """Compute the gradient to the image: ``(kernel, output gradient, image size)``."""


__getattr__ = refuse(__name__, {
    'BaseCorrMM': 'use theano.tensor.nnet.abstract_conv.BaseAbstractConv'})
