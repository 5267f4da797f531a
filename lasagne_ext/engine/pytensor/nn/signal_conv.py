"""Convolutions under the older interfaces of Theano."""
import warnings

from pytensor.tensor.basic import as_tensor_variable

from lasagne_ext.engine.pytensor._names import ENGINE
from lasagne_ext.engine.pytensor.nn.conv import conv2d
from lasagne_ext.engine.pytensor.nn.conv_shapes import static_int

#: Options of the old Op that say how to compute, not what.
_HINTS = ('unroll_batch', 'unroll_kern', 'unroll_patch', 'openmp', 'verbose', 'version', 'direction_hint')


def old_conv2d(input, filters, image_shape=None, filter_shape=None, border_mode='valid', subsample=(1, 1),
               **kargs):
    """Convolve images with filters, in the mode 'valid' or 'full'.

    Parameters
    ----------
    input : tensor4, (batch, channels, rows, columns)
    filters : tensor4, (filters, channels, rows, columns)
    image_shape, filter_shape : tuple of int, constant or None, optional
        What is known of the shapes; checked.
    **kargs
        Hints on how to compute, without effect.
    """
    unknown = sorted(set(kargs) - set(_HINTS))
    if unknown:
        raise NotImplementedError('conv2d: %s is not available on the engine "pytensor"; '
                                  'theano.tensor.nnet.conv2d has subsample and filter_dilation'
                                  % ', '.join(unknown))
    if border_mode not in ('valid', 'full'):
        raise ValueError("conv2d: border_mode must be 'valid' or 'full', got %r" % (border_mode,))
    return conv2d(input, filters, _constants(image_shape), _constants(filter_shape), border_mode, subsample)


def nnet_old_conv2d(input, filters, image_shape=None, filter_shape=None, border_mode='valid',
                    subsample=(1, 1), **kargs):
    """:func:`old_conv2d`, with a warning that it is old."""
    warnings.warn('theano.tensor.nnet.conv.conv2d is old: use theano.tensor.nnet.conv2d', skip_file_prefixes=ENGINE)
    return old_conv2d(input, filters, image_shape, filter_shape, border_mode, subsample, **kargs)


def signal_conv2d(input, filters, image_shape=None, filter_shape=None, border_mode='valid',
                  subsample=(1, 1), **kargs):
    """Convolve every image with every filter.

    Parameters
    ----------
    input : matrix or tensor3, ([images,] rows, columns)
    filters : matrix or tensor3, ([filters,] rows, columns)
    border_mode : {'valid', 'full'}
    subsample : tuple of int

    Returns
    -------
    tensor, ([images,] [filters,] output rows, output columns)
    """
    input, filters = as_tensor_variable(input), as_tensor_variable(filters)
    for name, variable in (('input', input), ('filters', filters)):
        if variable.ndim not in (2, 3):
            raise ValueError('signal.conv.conv2d: %s must be 2D or 3D, got %s' % (name, variable.type))
    images = input.dimshuffle(0, 'x', 1, 2) if input.ndim == 3 else input.dimshuffle('x', 'x', 0, 1)
    kernels = filters.dimshuffle(0, 'x', 1, 2) if filters.ndim == 3 else filters.dimshuffle('x', 'x', 0, 1)
    shapes = [None if shape is None else ((shape[0] if variable.ndim == 3 else 1), 1) + tuple(shape[-2:])
              for variable, shape in ((input, image_shape), (filters, filter_shape))]
    output = old_conv2d(images, kernels, *shapes, border_mode, subsample, **kargs)
    if filters.ndim == 2:
        output = output[:, 0]
    return output if input.ndim == 3 else output[0]


def _constants(shape):
    """Old shapes may hold constants; ints or None."""
    if shape is None:
        return None
    known = tuple(static_int(size) for size in shape)
    if any(size is not None and value is None for size, value in zip(shape, known)):
        raise ValueError('conv2d: shapes must consist of ints, constants and None, got %r' % (tuple(shape),))
    return known
