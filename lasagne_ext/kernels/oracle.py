"""NumPy reference of every kernel that samples: what the C code must compute, written to be read.

Each public function has the signature and the meaning of its namesake in
:mod:`lasagne_ext.kernels`; it answers in its place where no library was built.
Images have two or three spatial axes, ``(batch, channels, *size)``. Coordinates are counted from
the last axis: x, y, then z. All of them are worked out in float64. Points that are not finite make
NaN, no warnings.
"""
import numpy as np

from lasagne_ext.kernels._oracle_taps import Taps

#: Most samples that a footprint takes on either side of its point.
MOST_TAPS = 31


def _centre(size):
    return (size - 1) / 2


def _half_extent(size, align_corners):
    """Pixels between the middle of an axis and its normalised coordinate 1."""
    return (size - 1) / 2 if align_corners else size / 2


def _offsets(size):
    """Pixels between the middle of an axis and each of its pixels."""
    return np.arange(size) - _centre(size)


def normalised_positions(size, align_corners):
    """Normalised coordinates of the pixel centres along an axis, the middle being 0."""
    extent = _half_extent(size, align_corners)
    return _offsets(size) / extent if extent else _offsets(size)


def _along(values, coordinate, rank):
    """Lay `values` along the axis of a coordinate, x being the last axis."""
    shape = [1] * rank
    shape[-1 - coordinate] = len(values)
    return np.reshape(values, shape)


def _homogeneous(out_size, align_corners):
    """``x', y'[, z'], 1`` of every output pixel, each broadcasting over `out_size`."""
    return [_along(normalised_positions(size, align_corners), coordinate, len(out_size))
            for coordinate, size in enumerate(out_size[::-1])] + [np.ones([1] * len(out_size))]


def affine_grid(theta, out_size, align_corners):
    """Grid ``(N, *out_size, rank)`` of theta ``(N, rank, rank + 1)``: equation 1 of the paper."""
    rank = len(out_size)
    theta = theta.astype('float64')[(Ellipsis,) + (None,) * rank]
    terms = [theta[:, :, k] * position
             for k, position in enumerate(_homogeneous(out_size, align_corners))]
    return np.moveaxis(sum(terms[1:], terms[0]), 1, -1)


def _linear(row, extent, out_size, align_corners):
    """A row of a matrix, ``(N, rank + 1, 1, ...)``, times ``x', y'[, z'], 1`` times `extent`.

    Written around the centres, with the ratio of the sizes as one factor, so that the identity
    gives whole numbers exactly.
    """
    total = row[:, -1] * extent
    for coordinate, size in reversed(list(enumerate(out_size[::-1]))):
        out_extent = _half_extent(size, align_corners)
        factor = extent / out_extent if out_extent else 0.
        total = row[:, coordinate] * factor * _along(_offsets(size), coordinate, len(out_size)) + total
    return total


@np.errstate(all='ignore')
def pixels(points, out_size, in_size, mode):
    """Where every output pixel is sampled, in pixels of the image: ``(rank, N, *out_size)``, x first."""
    rank, align_corners = len(in_size), mode.align_corners
    points = points.astype('float64')
    if mode.points == 'flow':
        return np.stack([_along(np.arange(size), d, rank) + points[:, d]
                         for d, size in enumerate(out_size[::-1])])
    if mode.points == 'grid':
        return np.stack([_centre(size) + _half_extent(size, align_corners) * points[..., d]
                         for d, size in enumerate(in_size[::-1])])
    matrix = points[(Ellipsis,) + (None,) * rank]
    w = _linear(matrix[:, -1], 1., out_size, align_corners) if mode.points == 'projective' else 1.
    return np.stack([_linear(matrix[:, d], _half_extent(size, align_corners), out_size, align_corners) / w
                     + _centre(size) for d, size in enumerate(in_size[::-1])])


def _points_grad(points, positions, pixel_grad, in_size, mode):
    """Gradient to the points from that to the pixel coordinates, both ``(rank, N, *out_size)``."""
    rank, out_size = len(in_size), positions.shape[2:]
    if mode.points == 'flow':
        return np.moveaxis(pixel_grad, 0, 1)
    extents = np.array([_half_extent(size, mode.align_corners) for size in in_size[::-1]])
    normalised_grad = pixel_grad * extents[(Ellipsis,) + (None,) * (rank + 1)]
    if mode.points == 'grid':
        return np.moveaxis(normalised_grad, 0, -1)
    rows = list(normalised_grad)
    if mode.points == 'projective':
        matrix = points.astype('float64')[(Ellipsis,) + (None,) * rank]
        w = _linear(matrix[:, -1], 1., out_size, mode.align_corners)
        rows = [row / w for row in rows]
        rows.append(-sum(grad * (position - _centre(size)) / w for grad, position, size
                         in zip(pixel_grad, positions, in_size[::-1])))
    columns = _homogeneous(out_size, mode.align_corners)
    axes = tuple(range(1, rank + 1))
    return np.stack([np.stack([(row * column).sum(axis=axes) for column in columns], -1)
                     for row in rows], 1)


def _owners(count, batch, out_size):
    """The image that each point of a flat list belongs to: `count` transforms of `batch` images."""
    transforms = max(1, count // max(1, batch))
    return np.repeat(np.arange(count) // transforms, int(np.prod(out_size)))


def _as_list(images):
    """``(N, channels, *size)`` as a list of points, ``(points, channels)``."""
    count = images.shape[0] * int(np.prod(images.shape[2:]))
    return np.moveaxis(images, 1, -1).reshape(count, images.shape[1])


def _as_images(values, count, size):
    """The reverse of :func:`_as_list`."""
    values = values.reshape((count,) + tuple(size) + values.shape[1:])
    return np.ascontiguousarray(np.moveaxis(values, -1, 1))


@np.errstate(all='ignore')
def sample(image, points, out_size, mode):
    in_size = image.shape[2:]
    positions = pixels(points, out_size, in_size, mode).reshape(len(in_size), -1)
    owners = _owners(len(points), len(image), out_size)
    return _as_images(Taps(positions, owners, in_size, mode).values(image), len(points), out_size)


@np.errstate(all='ignore')
def sample_backward(image, points, output_grad, mode, wanted=(True, True)):
    in_size, out_size = image.shape[2:], output_grad.shape[2:]
    positions = pixels(points, out_size, in_size, mode)
    owners = _owners(len(points), len(image), out_size)
    taps = Taps(positions.reshape(len(in_size), -1), owners, in_size, mode)
    grads = _as_list(output_grad)
    input_grad = points_grad = None
    if wanted[0]:
        input_grad = np.zeros_like(image, order='C')
        taps.scatter(grads, input_grad)
    if wanted[1]:
        pixel_grad = taps.position_grad(image, grads).reshape(positions.shape)
        points_grad = _points_grad(points, positions, pixel_grad, in_size, mode)
        points_grad = points_grad.astype(points.dtype, order='C')
    return input_grad, points_grad


class _Footprints:
    """Points ``(rank, P)`` with the footprints ``(rank, rank, P)`` that they are averaged over."""

    def __init__(self, image, grid, footprint, mode):
        self.in_size, self.mode = image.shape[2:], mode
        rank, out_size = len(self.in_size), grid.shape[1:-1]
        self.owners = _owners(len(grid), len(image), out_size)
        positions = pixels(grid, out_size, self.in_size, mode).reshape(rank, -1)
        spread = np.moveaxis(footprint.astype('float64'), (-2, -1), (0, 1)).reshape(rank, rank, -1)
        finite = np.isfinite(positions).all(axis=0) & np.isfinite(spread).all(axis=(0, 1))
        self.finite = finite
        self.positions = np.where(finite, positions, np.nan)
        self.spread = np.where(finite, spread, 0)
        self.reach = np.minimum(np.ceil(np.sqrt((self.spread ** 2).sum(axis=0))), MOST_TAPS)

    def taps(self):
        """Yield, per combination of taps, the points that have it, its offsets, weights and samples."""
        most = self.reach.max(axis=1, initial=0).astype(int)
        for m in np.ndindex(*(2 * most + 1)):
            m = (m - most)[:, None]
            those, = np.nonzero((np.abs(m) <= self.reach).all(axis=0))
            if not len(those):
                continue
            reach = self.reach[:, those]
            # The variance along a direction is a sixth of its squared length, as a tent's.
            offsets = m * (1 / np.sqrt(np.where(reach > 0, (reach + 1) ** 2 - 1, 1)))
            weights = np.prod((reach + 1 - np.abs(m)) / (reach + 1) ** 2, axis=0)
            spread = np.moveaxis(self.spread[:, :, those], 1, 0)
            positions = sum((offset * along for offset, along in zip(offsets, spread)),
                            self.positions[:, those])
            yield those, offsets, weights, Taps(positions, self.owners[those], self.in_size, self.mode)


@np.errstate(all='ignore')
def footprint_sample(image, grid, footprint, mode):
    around = _Footprints(image, grid, footprint, mode)
    # Adding to -0.0 leaves everything as it is, -0.0 too.
    total = np.full((len(around.owners), image.shape[1]), -0., dtype=image.dtype)
    for those, _, weights, taps in around.taps():
        total[those] += weights.astype(image.dtype)[:, None] * taps.values(image)
    return _as_images(total, len(grid), grid.shape[1:-1])


@np.errstate(all='ignore')
def footprint_sample_backward(image, grid, footprint, output_grad, mode):
    around = _Footprints(image, grid, footprint, mode)
    grads = _as_list(output_grad)
    input_grad = np.zeros_like(image, order='C')
    pixel_grad = np.zeros_like(around.positions)
    spread_grad = np.zeros_like(around.spread)
    for those, offsets, weights, taps in around.taps():
        taps.scatter(grads[those] * weights.astype(image.dtype)[:, None], input_grad)
        position_grad = weights * taps.position_grad(image, grads[those])
        pixel_grad[:, those] += position_grad
        spread_grad[:, :, those] += position_grad[:, None] * offsets
    spread_grad[:, :, ~around.finite] = np.nan
    rank, points_shape = len(around.in_size), grid.shape[:-1]
    pixel_grad = pixel_grad.reshape((rank,) + points_shape)
    spread_grad = spread_grad.reshape((rank, rank) + points_shape)
    grid_grad = _points_grad(grid, pixel_grad, pixel_grad, around.in_size, mode)
    footprint_grad = np.moveaxis(spread_grad, (0, 1), (-2, -1))
    return (input_grad, grid_grad.astype(grid.dtype, order='C'),
            footprint_grad.astype(footprint.dtype, order='C'))
