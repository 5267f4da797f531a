"""Convolution of films: time before channels."""
from theano.tensor.basic import as_tensor_variable
from theano.tensor.nnet import abstract_conv

from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.runtime.conv_shapes import border_mode_to_pad
from lasagne_ext.engine.runtime.static_shapes import static_shape

#: Exchanges time and channels, both ways.
_CHANNELS_FIRST = (0, 2, 1, 3, 4)


def conv3d(signals, filters, signals_shape=None, filters_shape=None, border_mode='valid'):
    """Convolve films with filters in time and space.

    Parameters
    ----------
    signals : tensor5, (batch, time, channels, rows, columns)
    filters : tensor5, (filters, time, channels, rows, columns)
    signals_shape, filters_shape : tuple of int or None, optional
        What is known of the shapes; checked.
    border_mode : {'valid', 'full', 'half'} or a tuple of three of them
        For time, rows and columns; the last two must agree.

    Returns
    -------
    tensor5, (batch, output time, filters, output rows, output columns)
    """
    if isinstance(border_mode, str):
        border_mode = (border_mode,) * 3
    if border_mode[1] != border_mode[2]:
        raise NotImplementedError('conv3d: rows and columns must have one border_mode, got %r'
                                  % (border_mode,))
    signals, filters = as_tensor_variable(signals), as_tensor_variable(filters)
    shapes = [None if shape is None else tuple(shape[axis] for axis in _CHANNELS_FIRST)
              for shape in (signals_shape, filters_shape)]
    output = abstract_conv.conv3d(signals.dimshuffle(_CHANNELS_FIRST), filters.dimshuffle(_CHANNELS_FIRST),
                                  *shapes, _one_mode(border_mode, filters, shapes[1]))
    return output.dimshuffle(_CHANNELS_FIRST)


def _one_mode(border_mode, filters, shape):
    """Return modes that differ between time and space as numbers."""
    if len(set(border_mode)) == 1:
        return border_mode[0]
    size = [static_shape(filters)[axis] for axis in (1, 3, 4)]
    if shape is not None:
        size = [known if static is None else static for static, known in zip(size, shape[2:])]
    if None in size:
        raise ValueError('conv3d: border_mode %r needs the sizes of the filters; give filters_shape'
                         % (border_mode,))
    return tuple(border_mode_to_pad(mode, 1, [length])[0] for mode, length in zip(border_mode, size))


_DIAGONALS = 'theano.tensor.nnet.conv3d2d.conv3d does without it'

__getattr__ = refuse(__name__, {
    name: _DIAGONALS for name in ('DiagonalSubtensor', 'IncDiagonalSubtensor', 'diagonal_subtensor',
                                  'inc_diagonal_subtensor', 'get_diagonal_subtensor_view')})
