"""The sampling kernels in jax.numpy, for functions that JAX compiles.

The functions have the signatures and the meaning of their namesakes in :mod:`lasagne_ext.kernels.sampling`;
JAX must have its 64-bit types enabled. Where `check_finite` is asked for, points that are not finite
stop the computation by an error of JAX's that holds the Op's message: compiled code cannot raise ours.
"""
import jax
import jax.numpy as jnp
import numpy as np

from lasagne_ext.kernels.sampling_reference import MAX_STEPS
from lasagne_ext.ops._jax_points import points_grad, positions
from lasagne_ext.ops._jax_taps import Taps, as_images, as_list, as_rows


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


def sample(image, points, out_size, mode):
    """Values of the images at the points: ``(N, channels, *out_size)``."""
    places = positions(points, out_size, image.shape[2:], mode)
    if not places[0].size:
        return jnp.zeros((len(points), image.shape[1]) + tuple(out_size), image.dtype)
    return Taps(places, image.shape, mode).values(image)


def sample_backward(image, points, output_grad, mode, wanted=(True, True)):
    """Gradients ``(input_grad, points_grad)`` of :func:`sample`; None for what is not wanted."""
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
    """Weighted means of samples around the points of a grid, spread as `footprint` says."""
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
    """Gradients ``(input_grad, grid_grad, footprint_grad)`` of :func:`footprint_sample`."""
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
