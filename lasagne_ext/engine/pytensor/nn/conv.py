"""Convolutions as functions, with the arguments of Theano 1.0.5."""
import warnings

from pytensor.graph.basic import Constant, Variable
from pytensor.tensor.basic import as_tensor_variable

from lasagne_ext.engine.pytensor._names import ENGINE
from lasagne_ext.engine.pytensor.nn.conv_classes import (
    AbstractConv2d, AbstractConv2d_gradInputs, AbstractConv2d_gradWeights, AbstractConv3d,
    AbstractConv3d_gradInputs, AbstractConv3d_gradWeights)
from lasagne_ext.engine.pytensor.nn.conv_options import is_int


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


def nnet_conv2d(input, filters, input_shape=None, filter_shape=None, border_mode='valid',
                subsample=(1, 1), filter_flip=True, image_shape=None, filter_dilation=(1, 1), num_groups=1,
                unshared=False, **kwargs):
    """Convolve images with filters: :func:`conv2d` as ``theano.tensor.nnet`` has it.

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
        warnings.warn('the argument image_shape of conv2d is now called input_shape', skip_file_prefixes=ENGINE)
        input_shape = image_shape
    return conv2d(input, filters, input_shape, filter_shape, border_mode, subsample, filter_flip,
                  filter_dilation, num_groups, unshared)


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
    """Gradient of :func:`conv2d` to images of `input_shape`, whose size may be symbolic."""
    shape, size = _shapes('input_shape', input_shape, 2)
    return AbstractConv2d_gradInputs(
        shape, filter_shape, border_mode, subsample, filter_flip, filter_dilation, num_groups, unshared)(
        filters, output_grad, size)


def conv3d_grad_wrt_inputs(output_grad, filters, input_shape, filter_shape=None, border_mode='valid',
                           subsample=(1, 1, 1), filter_flip=True, filter_dilation=(1, 1, 1), num_groups=1):
    """Gradient of :func:`conv3d` to volumes of `input_shape`, whose size may be symbolic."""
    shape, size = _shapes('input_shape', input_shape, 3)
    return AbstractConv3d_gradInputs(
        shape, filter_shape, border_mode, subsample, filter_flip, filter_dilation, num_groups)(
        filters, output_grad, size)


def conv2d_grad_wrt_weights(input, output_grad, filter_shape, input_shape=None, border_mode='valid',
                            subsample=(1, 1), filter_flip=True, filter_dilation=(1, 1), num_groups=1,
                            unshared=False):
    """Gradient of :func:`conv2d` to filters of `filter_shape`, whose size may be symbolic."""
    shape, size = _shapes('filter_shape', filter_shape, 2)
    return AbstractConv2d_gradWeights(
        input_shape, shape, border_mode, subsample, filter_flip, filter_dilation, num_groups, unshared)(
        input, output_grad, size)


def conv3d_grad_wrt_weights(input, output_grad, filter_shape, input_shape=None, border_mode='valid',
                            subsample=(1, 1, 1), filter_flip=True, filter_dilation=(1, 1, 1), num_groups=1):
    """Gradient of :func:`conv3d` to filters of `filter_shape`, whose size may be symbolic."""
    shape, size = _shapes('filter_shape', filter_shape, 3)
    return AbstractConv3d_gradWeights(
        input_shape, shape, border_mode, subsample, filter_flip, filter_dilation, num_groups)(
        input, output_grad, size)


def conv2d_transpose(input, filters, output_shape, filter_shape=None, border_mode='valid',
                     input_dilation=(1, 1), filter_flip=True, filter_dilation=(1, 1), num_groups=1,
                     unshared=False):
    """Transposed convolution: the gradient of :func:`conv2d` as a layer of its own.

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


def _shapes(name, shape, convdim):
    """A shape's known part, and its spatial sizes for the Op."""
    for axis, value in enumerate(shape):
        is_size = axis >= len(shape) - convdim
        if not (isinstance(value, Constant) or is_int(value) or (value is None and not is_size)
                or (isinstance(value, Variable) and is_size)):
            raise ValueError('%s[%d] must be an int, a constant or %s, got %r'
                             % (name, axis, 'a symbolic scalar' if is_size else 'None', value))
    known = [None if isinstance(value, Variable) and not isinstance(value, Constant) else value
             for value in shape]
    return known, tuple(shape[-convdim:])
