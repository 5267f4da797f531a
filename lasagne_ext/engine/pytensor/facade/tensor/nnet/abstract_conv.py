"""Convolutions of two and three dimensions, their gradients and their shapes; upsampling by convolution."""
import math

import numpy as np
from theano import config
from theano.gof import Constant, Variable
from theano.tensor.basic import arange, as_tensor_variable, cast, join, stack, zeros

from lasagne_ext.checks import is_whole
from lasagne_ext.engine.pytensor._dispatch import register_dispatch
from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.runtime.conv_shapes import (
    assert_conv_shape, border_mode_to_pad, check_conv_gradinputs_shape, get_conv_gradinputs_shape,
    get_conv_gradinputs_shape_1axis, get_conv_gradweights_shape, get_conv_gradweights_shape_1axis,
    get_conv_output_shape, get_conv_shape_1axis)
from lasagne_ext.engine.runtime.convolution import (
    AbstractConv, AbstractConv_gradInputs, AbstractConv_gradWeights, BaseAbstractConv)


class _TwoDimensions:
    """Take the options without `convdim`."""

    def __init__(self, imshp=None, kshp=None, border_mode='valid', subsample=(1, 1), filter_flip=True,
                 filter_dilation=(1, 1), num_groups=1, unshared=False):
        super().__init__(2, imshp, kshp, border_mode, subsample, filter_flip, filter_dilation, num_groups,
                         unshared)


class _ThreeDimensions:
    """Take the options without `convdim`; no kernel is unshared."""

    def __init__(self, imshp=None, kshp=None, border_mode='valid', subsample=(1, 1, 1), filter_flip=True,
                 filter_dilation=(1, 1, 1), num_groups=1):
        super().__init__(3, imshp, kshp, border_mode, subsample, filter_flip, filter_dilation, num_groups)


class AbstractConv2d(_TwoDimensions, AbstractConv):
    """Convolve images: ``(image, kernel)``."""


class AbstractConv2d_gradWeights(_TwoDimensions, AbstractConv_gradWeights):
    """Compute the gradient to the kernel: ``(image, output gradient, kernel size)``."""


class AbstractConv2d_gradInputs(_TwoDimensions, AbstractConv_gradInputs):
    """Compute the gradient to the image: ``(kernel, output gradient, image size)``."""


class AbstractConv3d(_ThreeDimensions, AbstractConv):
    """Convolve volumes: ``(volume, kernel)``."""


class AbstractConv3d_gradWeights(_ThreeDimensions, AbstractConv_gradWeights):
    """Compute the gradient to the kernel: ``(volume, output gradient, kernel size)``."""


class AbstractConv3d_gradInputs(_ThreeDimensions, AbstractConv_gradInputs):
    """Compute the gradient to the volume: ``(kernel, output gradient, volume size)``."""


_TwoDimensions.kinds = {AbstractConv: AbstractConv2d, AbstractConv_gradWeights: AbstractConv2d_gradWeights,
                        AbstractConv_gradInputs: AbstractConv2d_gradInputs}
_ThreeDimensions.kinds = {AbstractConv: AbstractConv3d, AbstractConv_gradWeights: AbstractConv3d_gradWeights,
                          AbstractConv_gradInputs: AbstractConv3d_gradInputs}


def conv2d(input, filters, input_shape=None, filter_shape=None, border_mode='valid', subsample=(1, 1),
           filter_flip=True, filter_dilation=(1, 1), num_groups=1, unshared=False):
    """Convolve images with filters.

    Parameters
    ----------
    input : tensor4, (batch, channels, rows, columns)
    filters : tensor4, (filters, channels of a group, rows, columns)
        Unshared: 6-D, (filters, output rows, output columns, channels of a group, rows, columns).
    input_shape, filter_shape : tuple of int, constant or None, optional
        What is known of the shapes; checked.
    border_mode : {'valid', 'full', 'half'} or int or tuple
        Zeros around the image: none, the filter's size less one, half the filter's size, or as many
        as told for both axes; an axis takes an int or a pair (before, after).
    subsample : tuple of int
        Strides.
    filter_flip : bool
        Convolution; otherwise cross-correlation.
    filter_dilation : tuple of int
        Steps between the elements of a filter.
    num_groups : int
        Groups of channels, each convolved with its own filters.
    unshared : bool
        Whether each point of the output has filters of its own.

    Returns
    -------
    tensor4, (batch, filters, output rows, output columns)
    """
    return AbstractConv2d(input_shape, filter_shape, border_mode, subsample, filter_flip,
                          filter_dilation, num_groups, unshared)(input, filters)


def conv3d(input, filters, input_shape=None, filter_shape=None, border_mode='valid', subsample=(1, 1, 1),
           filter_flip=True, filter_dilation=(1, 1, 1), num_groups=1):
    """Convolve volumes with filters: :func:`conv2d` with one more axis.

    Returns
    -------
    tensor5, (batch, filters, output depth, output rows, output columns)
    """
    return AbstractConv3d(input_shape, filter_shape, border_mode, subsample, filter_flip,
                          filter_dilation, num_groups)(input, filters)


def separable_conv2d(input, depthwise_filters, pointwise_filters, num_channels, input_shape=None,
                     depthwise_filter_shape=None, pointwise_filter_shape=None, border_mode='valid',
                     subsample=(1, 1), filter_flip=True, filter_dilation=(1, 1)):
    """Convolve each channel by itself, then mix the channels point by point.

    Parameters
    ----------
    depthwise_filters : tensor4, (depthwise filters, 1, rows, columns)
    pointwise_filters : tensor4, (filters, depthwise filters, 1, 1)
    num_channels : int
        Channels of the input.
    """
    depthwise = conv2d(input, depthwise_filters, input_shape, depthwise_filter_shape, border_mode, subsample,
                       filter_flip, filter_dilation, num_channels)
    return conv2d(depthwise, pointwise_filters, filter_shape=pointwise_filter_shape,
                  filter_flip=filter_flip)


def separable_conv3d(input, depthwise_filters, pointwise_filters, num_channels, input_shape=None,
                     depthwise_filter_shape=None, pointwise_filter_shape=None, border_mode='valid',
                     subsample=(1, 1, 1), filter_flip=True, filter_dilation=(1, 1, 1)):
    """Convolve each channel by itself, then mix the channels: see :func:`separable_conv2d`."""
    depthwise = conv3d(input, depthwise_filters, input_shape, depthwise_filter_shape, border_mode, subsample,
                       filter_flip, filter_dilation, num_channels)
    return conv3d(depthwise, pointwise_filters, filter_shape=pointwise_filter_shape,
                  filter_flip=filter_flip)


def causal_conv1d(input, filters, filter_shape, input_shape=None, subsample=1, filter_flip=True,
                  filter_dilation=1, num_groups=1, unshared=False):
    """Convolve sequences so that no output depends on later inputs.

    Parameters
    ----------
    input : tensor3, (batch, channels, time)
    filters : tensor3, (filters, channels of a group, time)
    filter_shape : tuple
        Shape of the filters; the last is needed.

    Returns
    -------
    tensor3, (batch, filters, output time)
    """
    input, filters = as_tensor_variable(input), as_tensor_variable(filters)
    for name, variable in (('input', input), ('filters', filters)):
        if variable.ndim != 3:
            raise ValueError('causal_conv1d: %s must be 3D, got %s' % (name, variable.type))
    for name, shape in (('input_shape', input_shape), ('filter_shape', filter_shape)):
        if shape is not None and len(shape) != 3:
            raise ValueError('causal_conv1d: %s must have 3 elements, got %r' % (name, shape))
    padding = filter_dilation * (filter_shape[2] - 1)
    output = conv2d(input.dimshuffle(0, 1, 2, 'x'), filters.dimshuffle(0, 1, 2, 'x'),
                    None if input_shape is None else tuple(input_shape) + (1,), tuple(filter_shape) + (1,),
                    ((padding, 0), 0), (subsample, 1), filter_flip, (filter_dilation, 1), num_groups,
                    unshared)
    return output[:, :, :, 0]


def conv2d_grad_wrt_inputs(output_grad, filters, input_shape, filter_shape=None, border_mode='valid',
                           subsample=(1, 1), filter_flip=True, filter_dilation=(1, 1), num_groups=1,
                           unshared=False):
    """Compute the gradient of :func:`conv2d` to images of `input_shape`, whose size may be symbolic."""
    shape, size = _split_shape('input_shape', input_shape, 2)
    return AbstractConv2d_gradInputs(
        shape, filter_shape, border_mode, subsample, filter_flip, filter_dilation, num_groups, unshared)(
        filters, output_grad, size)


def conv3d_grad_wrt_inputs(output_grad, filters, input_shape, filter_shape=None, border_mode='valid',
                           subsample=(1, 1, 1), filter_flip=True, filter_dilation=(1, 1, 1), num_groups=1):
    """Compute the gradient of :func:`conv3d` to volumes of `input_shape`, whose size may be symbolic."""
    shape, size = _split_shape('input_shape', input_shape, 3)
    return AbstractConv3d_gradInputs(
        shape, filter_shape, border_mode, subsample, filter_flip, filter_dilation, num_groups)(
        filters, output_grad, size)


def conv2d_grad_wrt_weights(input, output_grad, filter_shape, input_shape=None, border_mode='valid',
                            subsample=(1, 1), filter_flip=True, filter_dilation=(1, 1), num_groups=1,
                            unshared=False):
    """Compute the gradient of :func:`conv2d` to filters of `filter_shape`, whose size may be symbolic."""
    shape, size = _split_shape('filter_shape', filter_shape, 2)
    return AbstractConv2d_gradWeights(
        input_shape, shape, border_mode, subsample, filter_flip, filter_dilation, num_groups, unshared)(
        input, output_grad, size)


def conv3d_grad_wrt_weights(input, output_grad, filter_shape, input_shape=None, border_mode='valid',
                            subsample=(1, 1, 1), filter_flip=True, filter_dilation=(1, 1, 1), num_groups=1):
    """Compute the gradient of :func:`conv3d` to filters of `filter_shape`, whose size may be symbolic."""
    shape, size = _split_shape('filter_shape', filter_shape, 3)
    return AbstractConv3d_gradWeights(
        input_shape, shape, border_mode, subsample, filter_flip, filter_dilation, num_groups)(
        input, output_grad, size)


def _split_shape(name, shape, convdim):
    """Split a shape into what is known of it, and its spatial sizes for the Op."""
    for axis, value in enumerate(shape):
        is_size = axis >= len(shape) - convdim
        if not (isinstance(value, Constant) or is_whole(value) or (value is None and not is_size)
                or (isinstance(value, Variable) and is_size)):
            raise ValueError('%s[%d] must be an int, a constant or %s, got %r'
                             % (name, axis, 'a symbolic scalar' if is_size else 'None', value))
    known = [None if isinstance(value, Variable) and not isinstance(value, Constant) else value
             for value in shape]
    return known, tuple(shape[-convdim:])


def bilinear_kernel_1D(ratio, normalize=True):
    """Return the triangle 1, 2, ..., `ratio`, ..., 2, 1, by which upsampling interpolates.

    Parameters
    ----------
    ratio : int or int scalar
    normalize : bool
        Divide by `ratio`, so that the peak is 1.

    Returns
    -------
    vector
        Of type ``config.floatX``.
    """
    rising = arange(1, ratio + 1, dtype=config.floatX)
    kernel = join(0, rising, rising[-2::-1])
    return kernel / cast(ratio, config.floatX) if normalize else kernel


def bilinear_kernel_2D(ratio, normalize=True):
    """Return the product of two triangles of :func:`bilinear_kernel_1D`; `ratio` may be (rows, columns)."""
    rows, columns = ratio if isinstance(ratio, tuple) else (ratio, ratio)
    return (bilinear_kernel_1D(rows, normalize).dimshuffle(0, 'x')
            * bilinear_kernel_1D(columns, normalize).dimshuffle('x', 0))


def bilinear_upsampling(input, ratio=None, frac_ratio=None, batch_size=None, num_input_channels=None,
                        use_1D_kernel=True):
    """Enlarge images by bilinear interpolation; beyond the outermost pixels they are continued.

    Parameters
    ----------
    input : tensor4, (batch, channels, rows, columns)
    ratio : int
        How many times larger the result is.
    frac_ratio : (int, int) or ((int, int), (int, int)), instead of `ratio`
        Numerator and denominator, for both axes or for each.
    batch_size, num_input_channels : int, optional
        What is known of the shape.
    use_1D_kernel : bool
        Upsample rows and columns one after the other; not with `frac_ratio`.

    Returns
    -------
    tensor4, (batch, channels, upsampled rows, upsampled columns)
    """
    if ratio and frac_ratio:
        raise ValueError('ratio and frac_ratio cannot both be given')
    if not (ratio or frac_ratio):
        raise ValueError('ratio or frac_ratio must be given')
    if frac_ratio:
        if use_1D_kernel:
            raise ValueError('frac_ratio needs use_1D_kernel=False')
        return frac_bilinear_upsampling(input, frac_ratio)
    input = as_tensor_variable(input)
    count = None if None in (batch_size, num_input_channels) else batch_size * num_input_channels
    rows, columns = input.shape[2], input.shape[3]
    image = _continue_borders(input)
    pad = 2 * ratio - (ratio - 1) // 2 - 1
    kernel = bilinear_kernel_1D(ratio)
    if use_1D_kernel:
        image = conv2d_grad_wrt_inputs(
            image, kernel.dimshuffle('x', 'x', 0, 'x'), (count, 1, rows * ratio, columns + 2),
            (1, 1, None, 1), (pad, 0), (ratio, 1))
        image = conv2d_grad_wrt_inputs(
            image, kernel.dimshuffle('x', 'x', 'x', 0), (count, 1, rows * ratio, columns * ratio),
            (1, 1, 1, None), (0, pad), (1, ratio))
    else:
        image = conv2d_grad_wrt_inputs(
            image, bilinear_kernel_2D(ratio).dimshuffle('x', 'x', 0, 1),
            (count, 1, rows * ratio, columns * ratio), (1, 1, None, None), (pad, pad), (ratio, ratio))
    return image.reshape((input.shape[0], input.shape[1], rows * ratio, columns * ratio))


def frac_bilinear_upsampling(input, frac_ratio):
    """Resize images by a fraction, bilinearly: see :func:`bilinear_upsampling`."""
    if not isinstance(frac_ratio, tuple):
        raise ValueError('frac_ratio must be a tuple, got %r' % (frac_ratio,))
    fractions = frac_ratio if isinstance(frac_ratio[0], tuple) else (frac_ratio, frac_ratio)
    fractions = [(p // math.gcd(p, q), q // math.gcd(p, q)) for p, q in fractions]
    ratio, step = zip(*fractions)
    input = as_tensor_variable(input)
    # The images, continued, are the filters that slide over the kernel: dilated by the numerators,
    # read off at steps of the denominators.
    extent = (2 * stack([input.shape[2], input.shape[3]]) - 1) * np.array(ratio) + 1
    kernel = cast(bilinear_kernel_2D(ratio), config.floatX)
    for axis in (0, 1):
        before = extent[axis] // 2
        kernel = join(axis, *[_rows(kernel, axis, count) for count in (before, None, extent[axis] - before)])
    upsampled = conv2d(kernel.dimshuffle('x', 'x', 0, 1), _continue_borders(input), filter_dilation=ratio,
                       subsample=step)
    return upsampled.reshape((input.shape[0], input.shape[1], upsampled.shape[2], upsampled.shape[3]))


def _continue_borders(input):
    """Return all channels as images with borders, ``(batch * channels, 1, rows + 2, columns + 2)``."""
    image = input.reshape((-1, 1, input.shape[2], input.shape[3]))
    image = join(2, image[:, :, :1], image, image[:, :, -1:])
    return join(3, image[:, :, :, :1], image, image[:, :, :, -1:])


def _rows(kernel, axis, count):
    """Return `count` rows or columns of zeros beside the kernel; the kernel itself for None."""
    if count is None:
        return kernel
    shape = (count, kernel.shape[1]) if axis == 0 else (kernel.shape[0], count)
    return zeros(shape, dtype=kernel.dtype)


register_dispatch(numba='lasagne_ext.engine.pytensor.numba_mode.convolution',
                  jax='lasagne_ext.engine.pytensor.jax_mode.convolution')

__getattr__ = refuse(__name__, {
    'assert_shape': 'use theano.tensor.specify_shape'})
