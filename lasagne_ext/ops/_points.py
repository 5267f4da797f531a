"""How the points of every family are given: their names, shapes, and where they sample.

A family's tensor begins with the batch, or with (batch, K) for K transforms of every image. Shapes
are tuples, of numbers or of symbolic sizes; lists go over coordinates, x first.
"""
import theano.tensor as T

from lasagne_ext.ops import _reference
from lasagne_ext.ops._fitting import Fitting

_SIZE = {2: 'rows, columns', 3: 'depth, rows, columns'}


class _Family:
    """Common to all families.

    Attributes
    ----------
    kind : str
        Of the kernels' :data:`lasagne_ext.kernels.sampling.POINTS`.
    name : str
        What the tensor is called in messages.
    has_size : bool
        Whether its shape says how large the output is.
    """

    def __init__(self, kind, name):
        self.kind, self.name = kind, name

    def __reduce__(self):
        return family, (self.kind,)              # the same object, so that Ops that hold it are equal

    def layouts(self, rank):
        """Accepted numbers of dimensions, and how each is laid out."""
        entry = self.entry(rank)
        return {1 + self.entry_ndim(rank): '(batch, %s)' % entry,
                2 + self.entry_ndim(rank): '(batch, K, %s)' % entry}

    def leading(self, shape, rank):
        """The sizes before those of one transform: (batch,) or (batch, K)."""
        return tuple(shape)[:len(shape) - self.entry_ndim(rank)]

    def flat(self, points, rank):
        """An array or a tensor as the kernels take it: transforms counted in one axis."""
        shape = shape_of(points)
        leading = self.leading(shape, rank)
        count = leading[0] if len(leading) == 1 else leading[0] * leading[1]
        return points.reshape((count,) + self.entry_shape(shape, rank))

    def check(self, where, shape, rank):
        """Refuse at run time a shape that is not this family's."""
        if not self.fits(shape, rank):
            raise ValueError('%s: %s must have shape %s, got %s%s' % (
                where, self.name, ' or '.join(self.layouts(rank).values()), tuple(shape),
                self.hint(shape, rank)))

    def hint(self, shape, rank):
        """What may help somebody whose shape does not fit."""
        return ''

    def pixels(self, points, step, rank, in_size, out_size, align_corners):
        """Where points of the kernels' shape sample, and how that changes along a step.

        Parameters
        ----------
        points, step : float64 tensors
            As the kernels take them.
        rank : int
            2 for images, 3 for volumes.
        in_size, out_size : int64 vectors
            Symbolic, x first.
        align_corners : bool
            As for the Ops.

        Returns
        -------
        coordinates, changes : float64 tensors, (N, rank, P)
            In pixels.
        """
        raise NotImplementedError

    def grid(self, where, points, in_shape, out_shape, align_corners):
        """The normalised coordinates, ``(batch[, K], *out_shape, rank)``, in the dtype of `points`.

        The shapes are lists of sizes, z or y first.
        """
        rank = len(out_shape)
        points = Fitting(self, rank, where)(points)
        sizes = [shape and T.stack(shape[::-1]) for shape in (in_shape, out_shape)]
        coordinates = self.normalised(T.cast(self.flat(points, rank), 'float64'), rank, *sizes,
                                      align_corners)
        shape = self.leading(shape_of(points), rank) + tuple(out_shape) + (rank,)
        return T.cast(coordinates, points.dtype).dimshuffle(0, 2, 1).reshape(shape)

    def normalised(self, points, rank, in_size, out_size, align_corners):
        """The normalised coordinates of points of the kernels' shape: ``(N, rank, P)``."""
        raise NotImplementedError


class _Matrices(_Family):
    """A matrix per transform, row by row."""

    has_size = False

    #: Rows that a matrix has beside those of the coordinates.
    more_rows = 0

    def count(self, rank):
        return (rank + self.more_rows) * (rank + 1)

    def entry_ndim(self, rank):
        return 1

    def entry(self, rank):
        return '%d' % self.count(rank)

    def entry_shape(self, shape, rank):
        return rank + self.more_rows, rank + 1

    def fits(self, shape, rank):
        return shape[-1] == self.count(rank)

    def hint(self, shape, rank):
        if tuple(shape[1:]) == self.entry_shape(shape, rank):
            return '; flatten it with %s.flatten(2)' % self.name
        return ''


    def pixel_rows(self, matrix, rank, in_size, out_size, align_corners):
        """The rows applied to the output, in pixels from the input's centre: ``(N, rows, P)``."""
        ones = [T.ones((1,), 'float64')]
        extents = T.concatenate([_reference.half_extents(in_size, align_corners)] + ones * self.more_rows)
        divisors = T.concatenate([_reference.divisors(out_size, align_corners)] + ones)
        # With the ratio as one factor the identity gives whole numbers exactly.
        scaled = matrix * (extents.dimshuffle(0, 'x') / divisors)
        return T.dot(scaled, _reference.homogeneous(_reference.offsets(out_size, rank)))

    def normalised_rows(self, matrix, rank, out_size, align_corners):
        """The same, normalised."""
        extents = _reference.divisors(out_size, align_corners).dimshuffle(0, 'x')
        return T.dot(matrix, _reference.homogeneous(_reference.offsets(out_size, rank) / extents))


class _Affine(_Matrices):

    def pixels(self, matrix, step, rank, in_size, out_size, align_corners):
        rows, changes = (self.pixel_rows(which, rank, in_size, out_size, align_corners)
                         for which in (matrix, step))
        return rows + _centres(in_size), changes

    def normalised(self, matrix, rank, in_size, out_size, align_corners):
        return self.normalised_rows(matrix, rank, out_size, align_corners)


class _Projective(_Matrices):

    more_rows = 1

    def pixels(self, matrix, step, rank, in_size, out_size, align_corners):
        rows, changes = (self.pixel_rows(which, rank, in_size, out_size, align_corners)
                         for which in (matrix, step))
        below = _last(rows)
        coordinates = rows[:, :-1] / below
        return (coordinates + _centres(in_size),
                (changes[:, :-1] - coordinates * _last(changes)) / below)

    def normalised(self, matrix, rank, in_size, out_size, align_corners):
        rows = self.normalised_rows(matrix, rank, out_size, align_corners)
        return rows[:, :-1] / _last(rows)


class _Fields(_Family):
    """Coordinates of every point, all those of one point along an axis, the first or the last."""

    has_size = True

    def entry_ndim(self, rank):
        return rank + 1

    def entry_shape(self, shape, rank):
        return tuple(shape)[-rank - 1:]

    def fits(self, shape, rank):
        return self.entry_shape(shape, rank)[self.axis] == rank

    def sizes(self, shape, rank):
        """The output's size."""
        entry = self.entry_shape(shape, rank)
        return entry[1:] if self.axis == 0 else entry[:-1]


class _Grid(_Fields):

    axis = -1

    def entry(self, rank):
        return '%s, %d' % (_SIZE[rank], rank)

    def pixels(self, grid, step, rank, in_size, out_size, align_corners):
        extents = _reference.half_extents(in_size, align_corners)
        coordinates, changes = ((which * extents).reshape((which.shape[0], -1, rank)).dimshuffle(0, 2, 1)
                                for which in (grid, step))
        return coordinates + _centres(in_size), changes

    def grid(self, where, grid, in_shape, out_shape, align_corners):
        return Fitting(self, len(out_shape), where)(grid)


class _Flow(_Fields):

    axis = 0

    def entry(self, rank):
        return '%d, %s' % (rank, _SIZE[rank])

    def pixels(self, flow, step, rank, in_size, out_size, align_corners):
        places = _reference.places(out_size, rank)
        return flow.flatten(3) + places, step.flatten(3)

    def normalised(self, flow, rank, in_size, out_size, align_corners):
        coordinates, _ = self.pixels(flow, flow, rank, in_size, out_size, align_corners)
        # On an axis of one pixel, whose only point is at 0, a pixel counts as far as with its edges.
        return ((coordinates - _centres(in_size))
                / _reference.divisors(in_size, align_corners).dimshuffle(0, 'x'))


def _last(rows):
    return rows[:, -1].dimshuffle(0, 'x', 1)


def _centres(size):
    return _reference.centres(size).dimshuffle(0, 'x')


def shape_of(value):
    """The shape of an array or of a symbolic tensor as a tuple."""
    return tuple(value.shape[k] for k in range(value.ndim))


def family(kind):
    """The family of a kind."""
    return {each.kind: each for each in (AFFINE, PROJECTIVE, GRID, FLOW)}[kind]


AFFINE = _Affine('affine', 'theta')
PROJECTIVE = _Projective('projective', 'H')
GRID = _Grid('grid', 'grid')
FLOW = _Flow('flow', 'flow')
