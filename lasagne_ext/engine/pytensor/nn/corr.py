"""Theano's names for what computes its convolutions: cross-correlation without known shapes."""
from pytensor.tensor.basic import as_tensor_variable

from lasagne_ext.engine.pytensor.nn.conv_ops import (
    AbstractConv, AbstractConv_gradInputs, AbstractConv_gradWeights)
from lasagne_ext.engine.pytensor.nn.conv_shapes import (
    get_conv_gradinputs_shape, get_conv_gradweights_shape)


class _Images:
    """The options of two dimensions."""

    def __init__(self, border_mode='valid', subsample=(1, 1), filter_dilation=(1, 1), num_groups=1,
                 unshared=False, openmp=None):
        super().__init__(2, None, None, border_mode, subsample, False, filter_dilation, num_groups,
                         unshared)


class _Volumes:
    """The options of three dimensions."""

    def __init__(self, border_mode='valid', subsample=(1, 1, 1), filter_dilation=(1, 1, 1), openmp=None,
                 num_groups=1):
        super().__init__(3, None, None, border_mode, subsample, False, filter_dilation, num_groups)


class _GradWeights(AbstractConv_gradWeights):

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


class _GradInputs(AbstractConv_gradInputs):

    def make_node(self, kern, topgrad, shape=None):
        kern, topgrad = as_tensor_variable(kern), as_tensor_variable(topgrad)
        if shape is None:
            shape = get_conv_gradinputs_shape(
                tuple(kern.shape), tuple(topgrad.shape), self.border_mode, self.subsample,
                self.filter_dilation, self.num_groups)[2:]
            self.check_inferred(shape)
        return super().make_node(kern, topgrad, shape)

    check_inferred = _GradWeights.check_inferred


class CorrMM(_Images, AbstractConv):
    """Cross-correlation of images: ``(image, kernel)``."""


class CorrMM_gradWeights(_Images, _GradWeights):
    """Its gradient to the kernel; the kernel's size may be left out where it is certain."""


class CorrMM_gradInputs(_Images, _GradInputs):
    """Its gradient to the image; the image's size may be left out where it is certain."""


class Corr3dMM(_Volumes, AbstractConv):
    """Cross-correlation of volumes: ``(volume, kernel)``."""


class Corr3dMM_gradWeights(_Volumes, _GradWeights):
    """Its gradient to the kernel."""


class Corr3dMM_gradInputs(_Volumes, _GradInputs):
    """Its gradient to the volume."""
