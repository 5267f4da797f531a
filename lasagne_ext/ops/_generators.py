"""Grid generators: from what a sampling Op is given to the points at which it samples.

What an Op is given, its points, are a matrix per transform, a grid or a flow. Their tensor begins with
the batch, or with (batch, K) for K transforms of every image. Shapes are tuples, of numbers or of
symbolic sizes; lists go over coordinates, x first.
"""
import theano.tensor as T

from lasagne_ext.ops import _symbolic
from lasagne_ext.ops._inputs import CheckShape, shape_of

_SIZE = {2: ('rows', 'columns'), 3: ('depth', 'rows', 'columns')}


class GridGenerator:
    """Base class of the grid generators, as the paper calls what lies between theta and the sampler.

    Attributes
    ----------
    kind : str
        Of the kernels' :data:`lasagne_ext.kernels.sampling.POINTS`.
    argument : str
        Name of the tensor of points, to show in error messages.

    References
    ----------
    Jaderberg, Simonyan, Zisserman, Kavukcuoglu (2015): Spatial Transformer Networks, section 3.2.
    """

    def __init__(self, kind, argument):
        self.kind, self.argument = kind, argument

    def __reduce__(self):
        return self.kind.upper()                 # the same object, so that Ops that hold it are equal

    def axes(self, rank):
        """Return the axes of one transform's points: an int where the size is given, else a name."""
        raise NotImplementedError

    def layouts(self, rank):
        """Return the accepted numbers of dimensions, and how each is laid out."""
        axes = self.axes(rank)
        return {len(axes) + len(leading): '(%s)' % ', '.join(map(str, leading + axes))
                for leading in (('batch',), ('batch', 'K'))}

    def leading(self, shape, rank):
        """Return the sizes before those of one transform: (batch,) or (batch, K)."""
        return tuple(shape)[:len(shape) - len(self.axes(rank))]

    def sizes(self, shape, rank):
        """Return the output's size, or () where the shape does not say it."""
        axes = self.axes(rank)
        return tuple(size for axis, size in zip(axes, shape[-len(axes):]) if isinstance(axis, str))

    def flat(self, points, rank):
        """Reshape an array or a tensor as the kernels take it: transforms counted in one axis."""
        shape = shape_of(points)
        leading = self.leading(shape, rank)
        count = leading[0] if len(leading) == 1 else leading[0] * leading[1]
        return points.reshape((count,) + shape[len(leading):])

    def fits(self, shape, rank):
        """Tell whether a shape is that of these points, as far as it is known."""
        axes = self.axes(rank)
        return all(size in (axis, None) for axis, size in zip(axes, shape[-len(axes):])
                   if not isinstance(axis, str))

    def check(self, caller, shape, rank):
        """Refuse a shape that is not that of these points."""
        if not self.fits(shape, rank):
            raise ValueError('%s: %s must have shape %s, got %s%s' % (
                caller, self.argument, ' or '.join(self.layouts(rank).values()), tuple(shape),
                self.hint(shape, rank)))

    def hint(self, shape, rank):
        """Return what may help somebody whose shape does not fit."""
        return ''

    def pixels(self, points, step, rank, in_size, out_size, align_corners):
        """Work out where points of the kernels' shape sample, and how that changes along a step.

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

    def grid(self, caller, points, in_shape, out_shape, align_corners):
        """Work out normalised coordinates, ``(batch[, K], *out_shape, rank)``, in the dtype of `points`.

        The shapes are lists of sizes, z or y first.
        """
        rank = len(out_shape)
        points = CheckShape(self, rank, caller)(points)
        sizes = [shape and T.stack(shape[::-1]) for shape in (in_shape, out_shape)]
        coordinates = self.normalised(T.cast(self.flat(points, rank), 'float64'), rank, *sizes,
                                      align_corners)
        shape = self.leading(shape_of(points), rank) + tuple(out_shape) + (rank,)
        return T.cast(coordinates, points.dtype).dimshuffle(0, 2, 1).reshape(shape)

    def normalised(self, points, rank, in_size, out_size, align_corners):
        """Work out normalised coordinates of points of the kernels' shape: ``(N, rank, P)``."""
        raise NotImplementedError


class _Matrices(GridGenerator):
    """Points given as a matrix per transform, row by row."""

    #: Rows that a matrix has beside those of the coordinates.
    more_rows = 0

    def axes(self, rank):
        return (rank + self.more_rows) * (rank + 1),

    def flat(self, points, rank):
        return points.reshape((-1, rank + self.more_rows, rank + 1))

    def hint(self, shape, rank):
        if tuple(shape[1:]) == (rank + self.more_rows, rank + 1):
            return '; flatten it with %s.flatten(2)' % self.argument
        return ''

    def pixel_rows(self, matrix, rank, in_size, out_size, align_corners):
        """Apply the rows to the output: pixels from the input's centre, ``(N, rows, P)``."""
        ones = [T.ones((1,), 'float64')]
        extents = T.concatenate([_symbolic.half_extents(in_size, align_corners)] + ones * self.more_rows)
        divisors = T.concatenate([_symbolic.divisors(out_size, align_corners)] + ones)
        # With the ratio as one factor the identity gives whole numbers exactly.
        scaled = matrix * (extents.dimshuffle(0, 'x') / divisors)
        return T.dot(scaled, _symbolic.homogeneous(_symbolic.offsets(out_size, rank)))

    def normalised_rows(self, matrix, rank, out_size, align_corners):
        """Apply the rows to the output: normalised coordinates."""
        extents = _symbolic.divisors(out_size, align_corners).dimshuffle(0, 'x')
        return T.dot(matrix, _symbolic.homogeneous(_symbolic.offsets(out_size, rank) / extents))


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


class _Grid(GridGenerator):
    """Points given by their normalised coordinates."""

    def axes(self, rank):
        return _SIZE[rank] + (rank,)

    def pixels(self, grid, step, rank, in_size, out_size, align_corners):
        extents = _symbolic.half_extents(in_size, align_corners)
        coordinates, changes = ((which * extents).reshape((which.shape[0], -1, rank)).dimshuffle(0, 2, 1)
                                for which in (grid, step))
        return coordinates + _centres(in_size), changes

    def grid(self, caller, grid, in_shape, out_shape, align_corners):
        return CheckShape(self, len(out_shape), caller)(grid)


class _Flow(GridGenerator):
    """Points given by how far each lies from its place, in pixels."""

    def axes(self, rank):
        return (rank,) + _SIZE[rank]

    def pixels(self, flow, step, rank, in_size, out_size, align_corners):
        places = _symbolic.places(out_size, rank)
        return flow.flatten(3) + places, step.flatten(3)

    def normalised(self, flow, rank, in_size, out_size, align_corners):
        coordinates, _ = self.pixels(flow, flow, rank, in_size, out_size, align_corners)
        # On an axis of one pixel, whose only point is at 0, a pixel counts as far as with its edges.
        return ((coordinates - _centres(in_size))
                / _symbolic.divisors(in_size, align_corners).dimshuffle(0, 'x'))


def _last(rows):
    return rows[:, -1].dimshuffle(0, 'x', 1)


def _centres(size):
    return _symbolic.centres(size).dimshuffle(0, 'x')


AFFINE = _Affine('affine', 'theta')
PROJECTIVE = _Projective('projective', 'H')
GRID = _Grid('grid', 'grid')
FLOW = _Flow('flow', 'flow')
