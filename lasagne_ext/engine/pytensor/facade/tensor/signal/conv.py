"""Convolution of single images or sets of them with every filter."""
from theano.tensor.basic import as_tensor_variable
from theano.tensor.nnet.conv import convolve_images


def conv2d(input, filters, image_shape=None, filter_shape=None, border_mode='valid', subsample=(1, 1),
           **kargs):
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
    output = convolve_images(images, kernels, *shapes, border_mode, subsample, **kargs)
    if filters.ndim == 2:
        output = output[:, 0]
    return output if input.ndim == 3 else output[0]
