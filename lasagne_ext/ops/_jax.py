"""The sampling kernels in jax.numpy, for functions that JAX compiles.

The functions have the signatures and the meaning of their namesakes in :mod:`lasagne_ext.kernels`;
JAX must have its 64-bit types enabled. Where `check_finite` is asked for, points that are not finite
stop the computation by an error of JAX's that holds the Op's message: compiled code cannot raise ours.
"""
import jax
import jax.numpy as jnp
import numpy as np


def checked(points, check):
    """`points` again; while the compiled function runs, `check` is called with those not finite.

    Parameters
    ----------
    points : Array
        Theta or a grid.
    check : function
        Of a NumPy array that holds something not finite: raises the error.
    """
    def refuse(values):
        check(np.asarray(values))
        return values

    # What the callback returns is used, so that nothing can be computed before it was called.
    return jax.lax.cond(jnp.isfinite(points).all(), lambda values: values,
                        lambda values: jax.pure_callback(refuse, values, values), points)


def _half_extent(size, align_corners):
    """Pixels between the middle of an axis and its normalised coordinate 1."""
    return (size - 1) / 2 if align_corners else size / 2


def _offsets(size):
    """Distances in pixels of an axis's pixel centres from its middle."""
    return np.arange(size) - (size - 1) / 2


def _affine_coordinates(theta, size, in_size, align_corners):
    """Pixel coordinates ``x, y`` of every output pixel, each ``(batch, rows, columns)``."""
    theta = theta.astype('float64')[..., None, None]
    right, below = _offsets(size[1])[None, None, :], _offsets(size[0])[None, :, None]

    def ratio(of, to):
        extent = _half_extent(to, align_corners)
        return _half_extent(of, align_corners) / extent if extent else 0.

    # With the ratio as one factor the identity gives whole numbers exactly.
    return tuple(_rounded(theta[:, axis, 0] * ratio(of, size[1]) * right)
                 + (_rounded(theta[:, axis, 1] * ratio(of, size[0]) * below)
                    + (_rounded(theta[:, axis, 2] * _half_extent(of, align_corners)) + (of - 1) / 2))
                 for axis, of in ((0, in_size[1]), (1, in_size[0])))


def _grid_coordinates(grid, in_size, align_corners):
    return tuple((of - 1) / 2
                 + _rounded(_half_extent(of, align_corners) * grid[..., axis].astype('float64'))
                 for axis, of in ((0, in_size[1]), (1, in_size[0])))


def _rounded(product):
    """A product that is rounded before anything is added to it.

    Fused into one operation, a point meant to lie on a pixel centre could come out just left of it,
    and have the left-hand derivative.
    """
    return jax.lax.optimization_barrier(product)


class _Axis:
    """Both neighbours of every coordinate along an axis, and the way between them.

    Attributes
    ----------
    neighbours : list
        Twice an index into the axis, int32, and where the position was inside it.
    fraction : float64 Array
        0 where both neighbours are the same pixel.
    """

    def __init__(self, coordinate, size, border_mode):
        floor = below = jnp.floor(coordinate)
        period = {'mirror': max(1, 2 * (size - 1)), 'wrap': size}.get(border_mode)
        if period is not None:
            # A float64 beyond 2**53 has no successor that differs from it by one: it is counted
            # from the start of its period.
            below = jnp.mod(below, period)
        self.neighbours = [_into_image(below + k, size, period, border_mode) for k in (0, 1)]
        self.fraction = coordinate - floor
        if border_mode != 'zeros':
            (low, _), (high, _) = self.neighbours
            self.fraction = jnp.where(low == high, 0, self.fraction)     # Inf - Inf would be NaN


def _into_image(position, size, period, border_mode):
    """Index of the pixel at a whole-number float64 position, and where that was inside."""
    inside = (position >= 0) & (position < size)
    if period is not None:
        position = jnp.where(position < period, position, position - period)
    if border_mode == 'mirror':
        position = jnp.where(position < size, position, period - position)
    return jnp.clip(position, 0, size - 1).astype('int32'), inside


class _Neighbours:
    """The four pixels around every point, and how far the point is between them.

    Attributes
    ----------
    corners : list
        Four times an index into a plane, ``(batch, rows, columns)``, and where it was inside.
    across, down : float64 Arrays
        NaN where the point is not finite.
    """

    def __init__(self, x, y, in_size, border_mode):
        self.finite = jnp.isfinite(x) & jnp.isfinite(y)
        columns, rows = (_Axis(jnp.where(self.finite, coordinate, 0), size, border_mode)
                         for coordinate, size in ((x, in_size[1]), (y, in_size[0])))
        self.across, self.down = (jnp.where(self.finite, axis.fraction, jnp.nan)
                                  for axis in (columns, rows))
        self.masked = border_mode == 'zeros'
        self.corners = [(row * in_size[1] + column, row_inside & column_inside)
                        for row, row_inside in rows.neighbours
                        for column, column_inside in columns.neighbours]
        # Fused into what follows, they would be worked out again for every channel.
        self.corners, self.across, self.down = jax.lax.optimization_barrier(
            (self.corners, self.across, self.down))

    def values(self, image):
        """The pixels as four arrays ``(batch, channels, rows, columns)``."""
        batch, channels, rows, columns = image.shape
        planes = _starts(batch * channels, rows * columns).reshape(batch, channels, 1, 1)
        flat = image.reshape(-1)
        for index, inside in self.corners:
            value = flat.at[planes + index[:, None]].get(mode='promise_in_bounds')
            yield jnp.where(inside[:, None], value, 0) if self.masked else value

    def weights(self, dtype):
        """The ways across and down, for all channels."""
        return self.across[:, None].astype(dtype), self.down[:, None].astype(dtype)


def _starts(count, size):
    """Flat indices at which `count` blocks of `size` begin."""
    dtype = 'int32' if count * size < 2 ** 31 else 'int64'
    return np.arange(count, dtype=dtype) * np.dtype(dtype).type(size)


def _blend(start, end, weight):
    """Linear interpolation that is exact at weight 0, whatever the other end holds."""
    return jnp.where(weight == 0, start, start + weight * (end - start))


def _sample(image, x, y, border_mode):
    if not x.size:
        return jnp.zeros(image.shape[:2] + x.shape[1:], image.dtype)
    near = _Neighbours(x, y, image.shape[2:], border_mode)
    a, b, c, d = near.values(image)
    across, down = near.weights(image.dtype)
    return _blend(_blend(a, b, across), _blend(c, d, across), down)


def _input_grad(near, image, output_grad):
    batch, channels, rows, columns = image.shape
    # All channels of a pixel lie together, so that each point is one update and not one per channel.
    gradient = jnp.zeros((batch * rows * columns, channels), image.dtype)
    incoming = jnp.moveaxis(output_grad, 1, -1)
    images = _starts(batch, rows * columns)[:, None, None]
    across, down = near.across, near.down
    weights = [(1 - down) * (1 - across), (1 - down) * across, down * (1 - across), down * across]
    for (index, inside), weight in zip(near.corners, weights):
        touched = near.finite & inside if near.masked else near.finite
        update = jnp.where(touched[..., None], incoming * weight[..., None].astype(image.dtype), 0)
        gradient = gradient.at[images + index].add(update, mode='promise_in_bounds')
    return jnp.moveaxis(gradient.reshape(batch, rows, columns, channels), -1, 1)


def _pixel_grads(near, image, output_grad):
    """d loss / d x and d loss / d y in pixels, each ``(batch, rows, columns)``, float64."""
    # Fused into both slopes, the pixels would be gathered twice.
    a, b, c, d = jax.lax.optimization_barrier(tuple(near.values(image)))
    bad = jnp.where(near.finite, 0, jnp.nan)
    across, down = near.weights(image.dtype)
    return tuple((output_grad * slope.astype('float64')).sum(axis=1) + bad
                 for slope in (_blend(b - a, d - c, down), _blend(c - a, d - b, across)))


def _backward(image, x, y, output_grad, border_mode):
    """Gradients to the image and to the coordinates in pixels."""
    if not x.size:
        return jnp.zeros(image.shape, image.dtype), (jnp.zeros(x.shape), jnp.zeros(x.shape))
    near = _Neighbours(x, y, image.shape[2:], border_mode)
    return _input_grad(near, image, output_grad), _pixel_grads(near, image, output_grad)


def affine_forward(image, theta, rows, columns, border_mode, align_corners):
    """Sample `image` at the affine grid of `theta`: ``(batch, channels, rows, columns)``."""
    x, y = _affine_coordinates(theta, (rows, columns), image.shape[2:], align_corners)
    return _sample(image, x, y, border_mode)


def affine_backward(image, theta, output_grad, border_mode, align_corners):
    """Gradients ``(input_grad, theta_grad)`` of :func:`affine_forward`, each like its variable."""
    size, in_size = output_grad.shape[2:], image.shape[2:]
    x, y = _affine_coordinates(theta, size, in_size, align_corners)
    input_grad, pixel_grads = _backward(image, x, y, output_grad, border_mode)
    pixel_grads = jax.lax.optimization_barrier(pixel_grads)           # each of the six sums reads them
    right, below = (_offsets(to) / max(_half_extent(to, align_corners), .5) for to in size[::-1])
    theta_grad = jnp.stack([
        _half_extent(of, align_corners) * (grad * factor).sum(axis=(1, 2))
        for grad, of in zip(pixel_grads, in_size[::-1])
        for factor in (right[None, None, :], below[None, :, None], 1)], axis=1)
    return input_grad, theta_grad.reshape(-1, 2, 3).astype(theta.dtype)


def grid_forward(image, grid, border_mode, align_corners):
    """Sample `image` at the points of `grid`."""
    x, y = _grid_coordinates(grid, image.shape[2:], align_corners)
    return _sample(image, x, y, border_mode)


def grid_backward(image, grid, output_grad, border_mode, align_corners):
    """Gradients ``(input_grad, grid_grad)`` of :func:`grid_forward`, each like its variable."""
    in_size = image.shape[2:]
    x, y = _grid_coordinates(grid, in_size, align_corners)
    input_grad, pixel_grads = _backward(image, x, y, output_grad, border_mode)
    grid_grad = jnp.stack([_half_extent(of, align_corners) * grad
                           for grad, of in zip(pixel_grads, in_size[::-1])], axis=-1)
    return input_grad, grid_grad.astype(grid.dtype)
