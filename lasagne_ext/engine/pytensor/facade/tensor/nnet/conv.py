"""Old interface of convolution."""
import warnings

from theano.tensor.nnet import abstract_conv

from lasagne_ext.engine.pytensor._names import ENGINE, refuse
from lasagne_ext.engine.runtime.static_shapes import static_int

#: Options of the old Op that say how to compute, not what.
_HINTS = ('unroll_batch', 'unroll_kern', 'unroll_patch', 'openmp', 'verbose', 'version', 'direction_hint')


def conv2d(input, filters, image_shape=None, filter_shape=None, border_mode='valid', subsample=(1, 1),
           **kargs):
    """Convolve as :func:`convolve_images`, with a warning that this is old."""
    warnings.warn('theano.tensor.nnet.conv.conv2d is old: use theano.tensor.nnet.conv2d',
                  skip_file_prefixes=ENGINE)
    return convolve_images(input, filters, image_shape, filter_shape, border_mode, subsample, **kargs)


def convolve_images(input, filters, image_shape=None, filter_shape=None, border_mode='valid',
                    subsample=(1, 1), **kargs):
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
    return abstract_conv.conv2d(input, filters, _known_lengths(image_shape), _known_lengths(filter_shape),
                                border_mode, subsample)


def _known_lengths(shape):
    """Return a shape, which may hold constants, as ints and None."""
    if shape is None:
        return None
    known = tuple(static_int(size) for size in shape)
    if any(size is not None and value is None for size, value in zip(shape, known)):
        raise ValueError('conv2d: shapes must consist of ints, constants and None, got %r' % (tuple(shape),))
    return known


__getattr__ = refuse(__name__, {
    'ConvOp': 'use theano.tensor.nnet.conv2d or theano.tensor.nnet.abstract_conv.AbstractConv2d'})
