"""Upsampling images by convolution."""
import math

import numpy as np
from pytensor import config
from pytensor.tensor.basic import arange, as_tensor_variable, cast, join, stack, zeros

from lasagne_ext.engine.pytensor.nn.conv import conv2d, conv2d_grad_wrt_inputs


def bilinear_kernel_1D(ratio, normalize=True):
    """Triangle 1, 2, ..., `ratio`, ..., 2, 1, by which upsampling interpolates.

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
    """Pyramid made of two triangles, see :func:`bilinear_kernel_1D`; `ratio` may be (rows, columns)."""
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
    image = _continued(input)
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
    upsampled = conv2d(kernel.dimshuffle('x', 'x', 0, 1), _continued(input), filter_dilation=ratio,
                       subsample=step)
    return upsampled.reshape((input.shape[0], input.shape[1], upsampled.shape[2], upsampled.shape[3]))


def _continued(input):
    """All channels as images of their own, ``(batch * channels, 1, rows + 2, columns + 2)``."""
    image = input.reshape((-1, 1, input.shape[2], input.shape[3]))
    image = join(2, image[:, :, :1], image, image[:, :, -1:])
    return join(3, image[:, :, :, :1], image, image[:, :, :, -1:])


def _rows(kernel, axis, count):
    """`count` rows or columns of zeros beside the kernel; the kernel itself for None."""
    if count is None:
        return kernel
    shape = (count, kernel.shape[1]) if axis == 0 else (kernel.shape[0], count)
    return zeros(shape, dtype=kernel.dtype)
