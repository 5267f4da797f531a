"""NumPy reference of every kernel: what the C code must compute, written to be read.

Each function has the signature and the meaning of its namesake in
:mod:`lasagne_ext.kernels`; it answers in its place where no library was built.
All coordinates are worked out in float64.
"""
import numpy as np


def _centre(size):
    return (size - 1) / 2


def _half_extent(size, align_corners):
    """Pixels between the middle of an axis and its normalised coordinate 1."""
    return (size - 1) / 2 if align_corners else size / 2


def normalised_positions(size, align_corners):
    """Normalised coordinates of the pixel centres along an axis, the middle being 0."""
    extent = _half_extent(size, align_corners)
    offsets = np.arange(size) - _centre(size)
    return offsets / extent if extent else offsets


def affine_grid(theta, rows, columns, align_corners):
    """Grid ``(batch, rows, columns, 2)`` of theta ``(batch, 2, 3)``: equation 1 of the paper."""
    x = normalised_positions(columns, align_corners)
    y = normalised_positions(rows, align_corners)
    theta = theta.astype('float64')
    return (theta[:, None, None, :, 0] * x[None, None, :, None]
            + theta[:, None, None, :, 1] * y[None, :, None, None]
            + theta[:, None, None, :, 2])


def _affine_pixels(theta, size, in_size, align_corners):
    """Pixel coordinates ``x, y`` of every output pixel, each ``(batch, rows, columns)``.

    Written around the centres, with the ratio of the sizes as one factor, so that the identity
    gives whole numbers exactly.
    """
    def ratio(of, to):
        if not align_corners:
            return of / to if to else 0.
        return (of - 1) / (to - 1) if to > 1 else 0.

    i = (np.arange(size[0]) - _centre(size[0]))[None, :, None]
    j = (np.arange(size[1]) - _centre(size[1]))[None, None, :]
    theta = theta.astype('float64')[:, :, :, None, None]
    y, x = (theta[:, axis, 0] * ratio(of, size[1]) * j
            + (theta[:, axis, 1] * ratio(of, size[0]) * i
               + theta[:, axis, 2] * _half_extent(of, align_corners) + _centre(of))
            for axis, of in ((1, in_size[0]), (0, in_size[1])))
    return x, y


def _grid_pixels(grid, in_size, align_corners):
    y, x = (_centre(of) + _half_extent(of, align_corners) * grid[..., axis].astype('float64')
            for axis, of in ((1, in_size[0]), (0, in_size[1])))
    return x, y


def _border_index(index, size, border_mode):
    """Map whole-number positions (as floats) into the image; also tell which were inside it."""
    inside = (index >= 0) & (index < size)
    if border_mode == 'mirror':
        index = np.mod(index, max(1, 2 * (size - 1)))
        index = np.where(index < size, index, 2 * (size - 1) - index)
    elif border_mode == 'wrap':
        index = np.mod(index, size)
    else:
        index = np.clip(index, 0, size - 1)
    return index.astype('int64'), inside


def _both_neighbours(below, size, border_mode):
    """The neighbours at `below` and one further, which in a period is counted from its start.

    A float64 beyond 2**53 has no successor that differs from it by one.
    """
    period = {'mirror': max(1, 2 * (size - 1)), 'wrap': size}.get(border_mode)
    if period is not None:
        below = np.mod(below, period)
    return [_border_index(below + k, size, border_mode) for k in (0, 1)]


class _Neighbours:
    """The four pixels around every point, and how far the point is between them."""

    def __init__(self, x, y, size, border_mode):
        finite = np.isfinite(x) & np.isfinite(y)
        x, y = np.where(finite, x, 0), np.where(finite, y, 0)
        with np.errstate(invalid='ignore'):
            columns = _both_neighbours(np.floor(x), size[1], border_mode)
            rows = _both_neighbours(np.floor(y), size[0], border_mode)
        self.across = np.where(finite, x - np.floor(x), np.nan)
        self.down = np.where(finite, y - np.floor(y), np.nan)
        if border_mode != 'zeros':
            # Two equal neighbours need no blending (and Inf - Inf would be NaN).
            self.across[finite & (columns[0][0] == columns[1][0])] = 0
            self.down[finite & (rows[0][0] == rows[1][0])] = 0
        self.finite = finite
        self.corners = [(r, c, (r_in & c_in) if border_mode == 'zeros' else np.ones_like(r_in))
                        for r, r_in in rows for c, c_in in columns]

    def values(self, image):
        """The pixels as four arrays ``(batch, channels, rows, columns)``."""
        batch = np.arange(len(image))[:, None, None]
        planes = np.moveaxis(image, 1, -1)
        return [np.moveaxis(np.where(inside[..., None], planes[batch, r, c], image.dtype.type(0)),
                            -1, 1)
                for r, c, inside in self.corners]


def _blend(start, end, weight):
    """Linear interpolation that is exact at weight 0, whatever the other end holds."""
    with np.errstate(invalid='ignore'):
        return np.where(weight == 0, start, start + weight * (end - start))


def _sample(image, x, y, border_mode):
    near = _Neighbours(x, y, image.shape[2:], border_mode)
    across = near.across[:, None].astype(image.dtype)
    down = near.down[:, None].astype(image.dtype)
    a, b, c, d = near.values(image)
    return _blend(_blend(a, b, across), _blend(c, d, across), down)


def _input_grad(image_shape, dtype, x, y, output_grad, border_mode):
    near = _Neighbours(x, y, image_shape[2:], border_mode)
    across, down = np.nan_to_num(near.across), np.nan_to_num(near.down)
    input_grad = np.zeros((image_shape[0],) + image_shape[2:] + (image_shape[1],), dtype=dtype)
    batch = np.arange(image_shape[0])[:, None, None]
    weights = [(1 - down) * (1 - across), (1 - down) * across, down * (1 - across), down * across]
    for (r, c, inside), weight in zip(near.corners, weights):
        weight = (weight * (inside & near.finite))[:, None].astype(dtype)
        np.add.at(input_grad, (batch, r, c), np.moveaxis(output_grad * weight, 1, -1))
    return np.ascontiguousarray(np.moveaxis(input_grad, -1, 1))


def _pixel_grads(image, x, y, output_grad, border_mode):
    """d loss / d x and d loss / d y in pixels, each ``(batch, rows, columns)``, float64."""
    near = _Neighbours(x, y, image.shape[2:], border_mode)
    across, down = near.across[:, None], near.down[:, None]
    a, b, c, d = (value.astype('float64') for value in near.values(image))
    bad = np.where(near.finite, 0, np.nan)
    return tuple((output_grad * slope).sum(axis=1) + bad
                 for slope in (_blend(b - a, d - c, down), _blend(c - a, d - b, across)))


def affine_forward(image, theta, rows, columns, border_mode, align_corners):
    x, y = _affine_pixels(theta, (rows, columns), image.shape[2:], align_corners)
    return _sample(image, x, y, border_mode)


def affine_backward(image, theta, output_grad, border_mode, align_corners):
    size, in_size = output_grad.shape[2:], image.shape[2:]
    x, y = _affine_pixels(theta, size, in_size, align_corners)
    input_grad = _input_grad(image.shape, image.dtype, x, y, output_grad, border_mode)
    u = normalised_positions(size[1], align_corners)[None, None, :]
    v = normalised_positions(size[0], align_corners)[None, :, None]
    theta_grad = np.empty((len(image), 2, 3))
    grads = _pixel_grads(image, x, y, output_grad, border_mode)
    for axis, of in ((0, in_size[1]), (1, in_size[0])):
        grad = grads[axis] * _half_extent(of, align_corners)
        for k, factor in enumerate((u, v, 1)):
            theta_grad[:, axis, k] = (grad * factor).sum(axis=(1, 2))
    return input_grad, theta_grad.astype(theta.dtype)


def grid_forward(image, grid, border_mode, align_corners):
    x, y = _grid_pixels(grid, image.shape[2:], align_corners)
    return _sample(image, x, y, border_mode)


def grid_backward(image, grid, output_grad, border_mode, align_corners):
    in_size = image.shape[2:]
    x, y = _grid_pixels(grid, in_size, align_corners)
    input_grad = _input_grad(image.shape, image.dtype, x, y, output_grad, border_mode)
    x_grad, y_grad = _pixel_grads(image, x, y, output_grad, border_mode)
    grid_grad = np.stack([x_grad * _half_extent(in_size[1], align_corners),
                          y_grad * _half_extent(in_size[0], align_corners)], axis=-1)
    return input_grad, grid_grad.astype(grid.dtype)
