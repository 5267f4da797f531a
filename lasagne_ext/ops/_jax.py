"""Sample by jax.numpy, in functions that JAX compiles.

The functions have the signatures and the meaning of their namesakes in :mod:`lasagne_ext.kernels.sampling`;
JAX must have its 64-bit types enabled. Where `check_finite` is asked for, points that are not finite
stop the computation by an error of JAX's that holds the Op's message: compiled code cannot raise ours.
"""
import jax
import jax.numpy as jnp
import numpy as np

from lasagne_ext.kernels.sampling_reference import MAX_STEPS
from lasagne_ext.ops._jax_taps import Taps, as_images, as_list, as_rows


def checked(points, check):
    """Return `points`; while the compiled function runs, call `check` with those not finite.

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


def sample(image, points, out_size, mode):
    """Return the values of the images at the points: ``(N, channels, *out_size)``."""
    places = positions(points, out_size, image.shape[2:], mode)
    if not places[0].size:
        return jnp.zeros((len(points), image.shape[1]) + tuple(out_size), image.dtype)
    return Taps(places, image.shape, mode).values(image)


def sample_backward(image, points, output_grad, mode, wanted=(True, True)):
    """Return the gradients ``(input_grad, points_grad)`` of :func:`sample`; None for what is not wanted."""
    in_size, out_size = image.shape[2:], output_grad.shape[2:]
    places = positions(points, out_size, in_size, mode)
    if not places[0].size:
        return tuple(jnp.zeros_like(array) if want else None
                     for array, want in zip((image, points), wanted))
    taps, grads = Taps(places, image.shape, mode), as_list(output_grad)
    input_grad = to_points = None
    if wanted[0]:
        rows = taps.scatter(jnp.zeros_like(as_rows(image)), grads)
        input_grad = as_images(rows, image.shape)
    if wanted[1]:
        pixel_grads = taps.position_grads(as_rows(image), grads)
        to_points = points_grad(points, places, pixel_grads, in_size, mode)
    return input_grad, to_points


class _Footprints:
    """Points of a grid with the footprints that they are averaged over."""

    def __init__(self, image_shape, grid, footprint, mode):
        self.image_shape, self.mode = image_shape, mode
        places = jnp.stack(positions(grid, grid.shape[1:-1], image_shape[2:], mode))
        spread = jnp.moveaxis(footprint.astype('float64'), (-2, -1), (0, 1))
        self.finite = jnp.isfinite(places).all(axis=0) & jnp.isfinite(spread).all(axis=(0, 1))
        self.places = jnp.where(self.finite, places, jnp.nan)
        self.spread = jnp.where(self.finite, spread, 0)
        lengths = jnp.sqrt((self.spread ** 2).sum(axis=0))
        self.reach = jnp.minimum(jnp.ceil(lengths), MAX_STEPS)             # (rank, N, *out_size)
        self.finite, self.places, self.spread, self.reach = jax.lax.optimization_barrier(
            (self.finite, self.places, self.spread, self.reach))

    def over_taps(self, step, start):
        """Fold ``step(taps, present, offsets, weights, carried)`` over all combinations of taps."""
        rank = len(self.places)
        most = self.reach.max(axis=tuple(range(1, self.reach.ndim))).astype('int32')

        def combination(number, carried):
            m = []
            for widest in most:
                number, digit = jnp.divmod(number, 2 * widest + 1)
                m.append((digit - widest).astype('float64'))
            m = jnp.stack(m).reshape((rank,) + (1,) * (self.reach.ndim - 1))
            present = (jnp.abs(m) <= self.reach).all(axis=0)
            # The variance along a direction is a sixth of its squared length, as a tent's.
            offsets = m / jnp.sqrt(jnp.where(self.reach > 0, (self.reach + 1) ** 2 - 1, 1))
            weights = jnp.prod((self.reach + 1 - jnp.abs(m)) / (self.reach + 1) ** 2, axis=0)
            places = self.places + (offsets * self.spread).sum(axis=1)
            taps = Taps(list(places), self.image_shape, self.mode, present)
            return step(taps, present, offsets, weights, carried)

        return jax.lax.fori_loop(0, jnp.prod(2 * most + 1), combination, start)


def footprint_sample(image, grid, footprint, mode):
    """Return weighted means of samples around the points of a grid, spread as `footprint` says."""
    out_shape = (len(grid), image.shape[1]) + grid.shape[1:-1]
    if not np.prod(grid.shape):
        return jnp.zeros(out_shape, image.dtype)

    def add(taps, present, _, weights, total):
        weighted = weights[:, None].astype(image.dtype) * taps.values(image)
        return jnp.where(present[:, None], total + weighted, total)

    # Adding to -0.0 leaves everything as it is, -0.0 too.
    return _Footprints(image.shape, grid, footprint, mode).over_taps(
        add, jnp.full(out_shape, -0., image.dtype))


def footprint_sample_backward(image, grid, footprint, output_grad, mode):
    """Return the gradients ``(input_grad, grid_grad, footprint_grad)`` of :func:`footprint_sample`."""
    if not np.prod(grid.shape):
        return jnp.zeros_like(image), jnp.zeros_like(grid), jnp.zeros_like(footprint)
    around = _Footprints(image.shape, grid, footprint, mode)
    pixels, grads = as_rows(image), as_list(output_grad)

    def add(taps, present, offsets, weights, carried):
        rows, pixel_grads, spread_grad = carried
        rows = taps.scatter(rows, grads * weights.reshape(-1, 1).astype(grads.dtype))
        step = jnp.stack(taps.position_grads(pixels, grads))
        step = jnp.where(present, weights * step, 0)
        return rows, pixel_grads + step, spread_grad + step[:, None] * offsets

    rows, pixel_grads, spread_grad = around.over_taps(
        add, (jnp.zeros_like(pixels), jnp.zeros_like(around.places), jnp.zeros_like(around.spread)))
    spread_grad = jnp.where(around.finite, spread_grad, jnp.nan)
    grid_grad = points_grad(grid, around.places, list(pixel_grads), image.shape[2:], mode)
    return (as_images(rows, image.shape), grid_grad,
            jnp.moveaxis(spread_grad, (0, 1), (-2, -1)).astype(footprint.dtype))


def half_extent(size, align_corners):
    """Return the pixels between the middle of an axis and its normalised coordinate 1."""
    return (size - 1) / 2 if align_corners else size / 2


def _offsets(out_size):
    """Return the pixels between the middle and every output pixel: per coordinate, broadcasting over `out_size`."""
    return [np.reshape(np.arange(size) - (size - 1) / 2, (size,) + (1,) * coordinate)
            for coordinate, size in enumerate(out_size[::-1])]


def _homogeneous(out_size, align_corners):
    """Return ``x', y'[, z'], 1`` of every output pixel, each broadcasting over `out_size`."""
    # An axis of one pixel has its only offset at 0, so that any divisor but 0 serves.
    return [offset / max(half_extent(size, align_corners), .5)
            for offset, size in zip(_offsets(out_size), out_size[::-1])] + [np.float64(1)]


def _rounded(product):
    """Return a product, rounded before anything is added to it.

    Fused into one operation, a point meant to lie on a pixel centre could come out just left of it,
    and have the left-hand derivative.
    """
    return jax.lax.optimization_barrier(product)


def _linear(row, extent, out_size, align_corners):
    """Multiply a row of a matrix, ``(N, rank + 1, 1, ...)``, by ``x', y'[, z'], 1`` and `extent`."""
    total = _rounded(row[:, -1] * extent)
    for d, (offset, size) in reversed(list(enumerate(zip(_offsets(out_size), out_size[::-1])))):
        out_extent = half_extent(size, align_corners)
        # With the ratio as one factor the identity gives whole numbers exactly. XLA would merge it
        # with the offsets, which are constants too, and round otherwise.
        scaled = _rounded(row[:, d] * (extent / out_extent if out_extent else 0.))
        total = _rounded(scaled * offset) + total
    return total


def _as_matrices(points, rank):
    return points.astype('float64')[(Ellipsis,) + (None,) * rank]


def positions(points, out_size, in_size, mode):
    """Work out where every output pixel is sampled, in pixels: per coordinate ``(N, *out_size)``, x first."""
    rank, align_corners = len(in_size), mode.align_corners
    if mode.points == 'flow':
        return [np.reshape(np.arange(float(size)), (size,) + (1,) * d) + points[:, d].astype('float64')
                for d, size in enumerate(out_size[::-1])]
    if mode.points == 'grid':
        return [(of - 1) / 2
                + _rounded(half_extent(of, align_corners) * points[..., d].astype('float64'))
                for d, of in enumerate(in_size[::-1])]
    matrix = _as_matrices(points, rank)
    w = _linear(matrix[:, -1], 1., out_size, align_corners) if mode.points == 'projective' else 1.
    return [_linear(matrix[:, d], half_extent(of, align_corners), out_size, align_corners) / w
            + (of - 1) / 2 for d, of in enumerate(in_size[::-1])]


def points_grad(points, places, grads, in_size, mode):
    """Return the gradient to the points from that to their coordinates in pixels, `places`.

    `places` and `grads` are lists of ``(N, *out_size)``, x first. The result has the points' dtype.
    """
    rank, out_size = len(in_size), grads[0].shape[1:]
    if mode.points == 'flow':
        return jnp.stack(grads, axis=1).astype(points.dtype)
    rows = [half_extent(of, mode.align_corners) * grad for of, grad in zip(in_size[::-1], grads)]
    if mode.points == 'grid':
        return jnp.stack(rows, axis=-1).astype(points.dtype)
    if mode.points == 'projective':
        w = _linear(_as_matrices(points, rank)[:, -1], 1., out_size, mode.align_corners)
        rows = [row / w for row in rows]
        rows.append(-sum(grad * (place - (of - 1) / 2) / w
                         for grad, place, of in zip(grads, places, in_size[::-1])))
    rows = jax.lax.optimization_barrier(rows)            # several sums read each
    axes = tuple(range(1, rank + 1))
    return jnp.stack([jnp.stack([(row * column).sum(axis=axes)
                                 for column in _homogeneous(out_size, mode.align_corners)], axis=-1)
                      for row in rows], axis=1).astype(points.dtype)
