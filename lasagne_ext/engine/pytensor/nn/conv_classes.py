"""Theano's Ops of two and of three dimensions."""
from lasagne_ext.engine.pytensor.nn.conv_ops import (
    AbstractConv, AbstractConv_gradInputs, AbstractConv_gradWeights)


class _TwoDimensions:
    """Takes the options without `convdim`."""

    def __init__(self, imshp=None, kshp=None, border_mode='valid', subsample=(1, 1), filter_flip=True,
                 filter_dilation=(1, 1), num_groups=1, unshared=False):
        super().__init__(2, imshp, kshp, border_mode, subsample, filter_flip, filter_dilation, num_groups,
                         unshared)


class _ThreeDimensions:
    """Takes the options without `convdim`; no kernel is unshared."""

    def __init__(self, imshp=None, kshp=None, border_mode='valid', subsample=(1, 1, 1), filter_flip=True,
                 filter_dilation=(1, 1, 1), num_groups=1):
        super().__init__(3, imshp, kshp, border_mode, subsample, filter_flip, filter_dilation, num_groups)


class AbstractConv2d(_TwoDimensions, AbstractConv):
    """Convolution of images: ``(image, kernel)``."""


class AbstractConv2d_gradWeights(_TwoDimensions, AbstractConv_gradWeights):
    """Gradient of a convolution of images: ``(image, output gradient, kernel size)``."""


class AbstractConv2d_gradInputs(_TwoDimensions, AbstractConv_gradInputs):
    """Gradient of a convolution of images: ``(kernel, output gradient, image size)``."""


class AbstractConv3d(_ThreeDimensions, AbstractConv):
    """Convolution of volumes: ``(volume, kernel)``."""


class AbstractConv3d_gradWeights(_ThreeDimensions, AbstractConv_gradWeights):
    """Gradient of a convolution of volumes: ``(volume, output gradient, kernel size)``."""


class AbstractConv3d_gradInputs(_ThreeDimensions, AbstractConv_gradInputs):
    """Gradient of a convolution of volumes: ``(kernel, output gradient, volume size)``."""


_TwoDimensions.kinds = {AbstractConv: AbstractConv2d, AbstractConv_gradWeights: AbstractConv2d_gradWeights,
                        AbstractConv_gradInputs: AbstractConv2d_gradInputs}
_ThreeDimensions.kinds = {AbstractConv: AbstractConv3d, AbstractConv_gradWeights: AbstractConv3d_gradWeights,
                          AbstractConv_gradInputs: AbstractConv3d_gradInputs}
