"""Where points lie in an image, in jax.numpy, and what a gradient there is to the points.

Coordinates are counted x first. Sizes are known when JAX traces, so that what depends on them alone
is worked out in NumPy.
"""
import jax
import jax.numpy as jnp
import numpy as np


def half_extent(size, align_corners):
    """Pixels between the middle of an axis and its normalised coordinate 1."""
    return (size - 1) / 2 if align_corners else size / 2


def _offsets(out_size):
    """Pixels between the middle and every output pixel: per coordinate, broadcasting over `out_size`."""
    return [np.reshape(np.arange(size) - (size - 1) / 2, (size,) + (1,) * coordinate)
            for coordinate, size in enumerate(out_size[::-1])]


def _homogeneous(out_size, align_corners):
    """``x', y'[, z'], 1`` of every output pixel, each broadcasting over `out_size`."""
    # An axis of one pixel has its only offset at 0, so that any divisor but 0 serves.
    return [offset / max(half_extent(size, align_corners), .5)
            for offset, size in zip(_offsets(out_size), out_size[::-1])] + [np.float64(1)]


def _rounded(product):
    """A product that is rounded before anything is added to it.

    Fused into one operation, a point meant to lie on a pixel centre could come out just left of it,
    and have the left-hand derivative.
    """
    return jax.lax.optimization_barrier(product)


def _linear(row, extent, out_size, align_corners):
    """A row of a matrix, ``(N, rank + 1, 1, ...)``, times ``x', y'[, z'], 1`` times `extent`."""
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
    """Where every output pixel is sampled, in pixels: per coordinate ``(N, *out_size)``, x first."""
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
    """Gradient to the points from that to their coordinates in pixels, `places`.

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
