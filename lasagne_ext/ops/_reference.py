"""Bilinear sampling as a symbolic graph of elementary operations.

It serves the second derivatives and the R-operator of the sampling Ops, whose kernels give first
derivatives only. Coordinates are symbolic float64 tensors ``(batch, rows, columns)`` in pixels.
"""
import numpy as np
import theano.tensor as T


def half_extent(size, align_corners):
    """Pixels between the middle of an axis of symbolic `size` and its normalised coordinate 1."""
    return (T.cast(size, 'float64') - (1 if align_corners else 0)) / 2


def offsets(size):
    """Distances in pixels of an axis's pixel centres from its middle."""
    return T.arange(size, dtype='float64') - (T.cast(size, 'float64') - 1) / 2


def affine_offsets(theta, in_size, out_size, align_corners):
    """Pixel coordinates, less the input's centre, that theta ``(batch, 6)`` gives: linear in theta.

    Returns
    -------
    x, y : float64 tensors
        ``(batch, rows, columns)``.
    """
    def per_pixel(of, to):
        # An output axis of size 1 has its only offset at 0, so that any divisor but 0 serves.
        return half_extent(of, align_corners) / T.maximum(half_extent(to, align_corners), .5)

    theta = T.cast(theta, 'float64').reshape((theta.shape[0], 2, 3))
    right = offsets(out_size[1]).dimshuffle('x', 'x', 0)
    below = offsets(out_size[0]).dimshuffle('x', 0, 'x')

    def axis(which, of):
        first, second, third = (theta[:, which, k].dimshuffle(0, 'x', 'x') for k in range(3))
        return (first * per_pixel(of, out_size[1]) * right
                + second * per_pixel(of, out_size[0]) * below
                + third * half_extent(of, align_corners))
    return axis(0, in_size[1]), axis(1, in_size[0])


def grid_offsets(grid, in_size, align_corners):
    """Pixel coordinates, less the input's centre, of a grid ``(batch, rows, columns, 2)``."""
    return tuple(half_extent(of, align_corners) * T.cast(grid[..., axis], 'float64')
                 for axis, of in ((0, in_size[1]), (1, in_size[0])))


def around_centre(x, y, in_size):
    """Coordinates whose zero is the input's centre, as coordinates from the first pixel."""
    return (x + (T.cast(in_size[1], 'float64') - 1) / 2,
            y + (T.cast(in_size[0], 'float64') - 1) / 2)


def _border_index(position, size, border_mode):
    """Whole-number float64 `position` as an index into the image, and whether it was inside."""
    last = T.cast(size, 'float64') - 1
    inside = T.and_(T.ge(position, 0), T.le(position, last))
    if border_mode == 'mirror':
        position = T.mod(position, T.maximum(2 * last, 1))
        position = T.switch(T.le(position, last), position, 2 * last - position)
    elif border_mode == 'wrap':
        position = T.mod(position, last + 1)
    return T.cast(T.clip(position, 0, last), 'int64'), inside


def _axis(coordinate, size, border_mode):
    """Both neighbours along an axis as ``[(index, inside), ...]``, and the fraction between."""
    finite = T.invert(T.or_(T.isnan(coordinate), T.isinf(coordinate)))
    below = T.floor(T.switch(finite, coordinate, 0))
    fraction = T.switch(finite, coordinate - below, np.nan)
    return [_border_index(below + k, size, border_mode) for k in (0, 1)], fraction


def _pixels(image, row, column, inside):
    """The image at indices ``(batch, rows, columns)``, for all channels."""
    batch, channels, rows, columns = (image.shape[k] for k in range(4))
    plane = (T.arange(batch).dimshuffle(0, 'x') * channels
             + T.arange(channels).dimshuffle('x', 0)).dimshuffle(0, 1, 'x', 'x') * rows * columns
    index = plane + (row * columns + column).dimshuffle(0, 'x', 1, 2)
    values = image.flatten()[index.flatten()].reshape(index.shape, ndim=4)
    return values if inside is None else T.switch(inside.dimshuffle(0, 'x', 1, 2), values, 0)


def directional_derivative(image, x, y, x_step, y_step, border_mode):
    """Derivative of the sampled values along a change of the coordinates.

    Parameters
    ----------
    image : tensor4
        ``(batch, channels, rows, columns)``.
    x, y : float64 tensors
        Coordinates in pixels.
    x_step, y_step : float64 tensors
        Direction in which they change.
    border_mode : str
        As for the Ops.

    Returns
    -------
    tensor4
        ``(batch, channels, out rows, out columns)`` in the image's dtype; at a kink the right-hand
        derivative.
    """
    columns, across = _axis(x, image.shape[3], border_mode)
    rows, down = _axis(y, image.shape[2], border_mode)
    masked = border_mode == 'zeros'
    a, b, c, d = (_pixels(image, row, column, T.and_(row_in, column_in) if masked else None)
                  for row, row_in in rows for column, column_in in columns)
    across, down, x_step, y_step = (v.dimshuffle(0, 'x', 1, 2) for v in (across, down, x_step, y_step))
    along_x = (b - a) + down * ((d - c) - (b - a))
    along_y = (c - a) + across * ((d - b) - (c - a))
    return T.cast(x_step * along_x + y_step * along_y, image.dtype)
