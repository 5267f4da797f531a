"""Sample by averages over what an output pixel covers of the input, so that shrinking does not alias."""
import theano
import theano.tensor as T

from lasagne_ext.ops import _symbolic
from lasagne_ext.ops._generators import GRID
from lasagne_ext.ops._inputs import shape_of
from lasagne_ext.ops._sampler import Sampler, SamplerGrad, is_connected

#: A grid's steps of up to half as much more than a pixel are rounding, and need no averaging: so a
#: rotation gives what it gives without anti-aliasing, and the identity the image itself.
_ROUNDING = 1e-6


def antialiased_sample(input, grid, options, caller):
    """Sample images at the points of a grid, each averaged over its footprint.

    Parameters
    ----------
    input : tensor, (batch, channels, rows, columns) or (batch, channels, depth, rows, columns)
        Images or volumes.
    grid : tensor, ``(batch, *out_size, rank)`` or ``(batch, K, *out_size, rank)``
        Normalised coordinates.
    options : SamplerOptions
        How to sample.
    caller : str
        Name to show in error messages.

    Returns
    -------
    tensor, ``(batch, channels, *out_size)`` or ``(batch, K, channels, *out_size)``
        In the input's dtype.
    """
    op = FootprintSample(options, caller)
    input, grid = op.as_inputs(input, grid)
    return op(input, grid, footprint(grid, shape_of(input)[2:], options.align_corners))


def footprint(grid, in_size, align_corners=True):
    """Work out what the pixels of a grid cover of the input, beyond what interpolation blends anyway.

    Along each direction of the output this is the grid's derivative J, by central differences, times
    ``max(0, 1 - 1/|J|^2)``: nothing where the grid does not shrink, nearly J where it shrinks much,
    and smooth between. Samples spread so over s = \\|J\\| pixels, and blended bilinearly, have about
    the variance of a triangle of half-width s, the one that such a reduction asks for.

    Parameters
    ----------
    grid : tensor, ``(batch, *out_size, rank)`` or ``(batch, K, *out_size, rank)``
        Normalised coordinates, x first.
    in_size : tuple
        Sizes of the input's axes, ints or symbolic: (rows, columns) or (depth, rows, columns).
    align_corners : bool
        Whether -1 and 1 are the centres of the corner pixels, or their outer edges.

    Returns
    -------
    tensor, ``(batch, *out_size, rank, rank)`` or ``(batch, K, *out_size, rank, rank)``
        In pixels of the input, in the grid's dtype: ``[..., r, d]`` is how far coordinate r spreads
        along direction d, d = 0 being along the output's columns.

    References
    ----------
    Heckbert (1989): Fundamentals of Texture Mapping and Image Warping, chapter 3.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne_ext.ops import footprint
    >>> columns, rows = np.array([-.75, -.25, .25, .75]), np.zeros(4)
    >>> grid = np.stack(np.meshgrid(columns, rows), axis=-1)[np.newaxis]
    >>> footprint(grid, (8, 8), align_corners=False).eval()[0, 1, 1].round(3).tolist()
    [[1.5, 0.0], [0.0, 0.0]]
    """
    grid = T.as_tensor_variable(grid)
    extents = _symbolic.half_extents(T.stack([T.cast(size, 'int64') for size in in_size[::-1]]),
                                      align_corners)
    columns = []
    for direction in range(len(in_size)):
        step = _difference(grid, grid.ndim - 2 - direction) * extents
        square = T.sum(T.sqr(step), axis=grid.ndim - 1, keepdims=True) / (1 + _ROUNDING)
        columns.append(step * (1 - 1 / T.maximum(square, 1)))
    return T.cast(T.stack(columns, axis=grid.ndim), grid.dtype)


def _difference(grid, axis):
    """Return central differences along an axis; one-sided at its ends, and 0 if it has but one entry."""
    def along(first, last):
        return (slice(None),) * axis + (slice(first, last),)

    first, last = grid[along(0, 1)], grid[along(-1, None)]
    there = T.concatenate([T.zeros_like(first), T.ones_like(grid), T.zeros_like(last)], axis=axis)
    neighbours = there[along(2, None)] + there[along(None, -2)]
    longer = T.concatenate([first, grid, last], axis=axis)
    return (longer[along(2, None)] - longer[along(None, -2)]) / T.maximum(neighbours, 1)


class _Footprints(Sampler):
    """Base class of both Ops: inputs (input, grid, footprint), and more."""

    generator = GRID

    def as_inputs_with_footprint(self, input, grid, footprint):
        input, grid = self.as_inputs(input, grid)
        footprint = T.cast(T.as_tensor_variable(footprint), grid.dtype)
        if footprint.ndim != grid.ndim + 1:
            raise TypeError('%s: footprint must have one dimension more than grid, %d, got %d'
                            % (self.caller, grid.ndim + 1, footprint.ndim))
        return input, grid, footprint

    def check_footprint(self, image, grid, footprint):
        self.check_fit(image, grid)
        expected = tuple(grid.shape) + (image.ndim - 2,)
        if tuple(footprint.shape) != expected:
            raise ValueError('%s: footprint must have shape %s for grid of shape %s, got %s'
                             % (self.caller, expected, tuple(grid.shape), tuple(footprint.shape)))
        self.check_image(image, self.generator.sizes(grid.shape, image.ndim - 2))

    def output_shape(self, image, grid):
        """Return shape, or broadcasting pattern, of the sampled images from those of image and grid."""
        rank = len(image) - 2
        leading = self.generator.leading(grid, rank)
        return (leading[0] or image[0],) + leading[1:] + (image[1],) + self.generator.sizes(grid, rank)

    def flat_points(self, grid, footprint):
        """Return both as the kernels take them, transforms counted in one axis."""
        rank = grid.shape[-1]
        grid = self.generator.flat(grid, rank)
        return grid, footprint.reshape(grid.shape + (rank,))

    def derivative(self, image, grid, footprint, output, steps):
        """Return the change of the output along a change (of the grid, of the footprint), either None."""
        rank = image.ndim - 2
        grid_step, footprint_step = (variable.zeros_like() if step is None else step
                                     for variable, step in zip((grid, footprint), steps))
        coordinates, changes = self.generator.pixels(
            *(self.generator.flat(T.cast(which, 'float64'), rank) for which in (grid, grid_step)), rank,
            image.shape[:1:-1], output.shape[:-rank - 1:-1], self.options.align_corners)
        spread, spread_step = (T.cast(which, 'float64').reshape((coordinates.shape[0], -1, rank, rank))
                               for which in (footprint, footprint_step))
        change = _symbolic.footprint_derivative(image, coordinates, spread, changes, spread_step,
                                                self.mode)
        return change.reshape(output.shape, ndim=output.ndim)


class FootprintSample(_Footprints):
    """Op that averages samples around the points of a grid: inputs (input, grid, footprint).

    The footprint is that of :func:`footprint`. Along each direction an odd number of samples is
    taken, more than twice its length in pixels but 63 at most, with the weights of a triangle.

    Examples
    --------
    >>> import theano.tensor as T
    >>> from lasagne_ext.ops import FootprintSample, grid_sample
    >>> isinstance(grid_sample(T.tensor4(), T.tensor4(), antialias=True).owner.op, FootprintSample)
    True
    """

    def make_node(self, input, grid, footprint):
        inputs = self.as_inputs_with_footprint(input, grid, footprint)
        pattern = self.output_shape(*(variable.broadcastable for variable in inputs[:2]))
        return theano.Apply(self, list(inputs), [T.TensorType(inputs[0].dtype, pattern)()])

    def check_shapes(self, image, grid, footprint):
        self.check_footprint(image, grid, footprint)

    def compute(self, kernels, image, grid, footprint):
        output = kernels.footprint_sample(image, *self.flat_points(grid, footprint), self.mode)
        return output.reshape(self.output_shape(image.shape, grid.shape)),

    def infer_shape(self, node, input_shapes):
        image, grid, _ = input_shapes
        rank = len(image) - 2
        return [(image[0],) + self.generator.leading(grid, rank)[1:] + (image[1],)
                + self.generator.sizes(grid, rank)]

    def grad(self, inputs, grads):
        return FootprintSampleGrad(self.options, self.caller)(*inputs, grads[0], return_list=True)

    def R_op(self, inputs, eval_points):
        image, grid, footprint = inputs
        output = self(*inputs)
        change = output.zeros_like()
        if eval_points[0] is not None:
            change += self(eval_points[0], grid, footprint)
        if eval_points[1] is not None or eval_points[2] is not None:
            change += self.derivative(image, grid, footprint, output, eval_points[1:])
        return [T.patternbroadcast(change, output.broadcastable)]


class FootprintSampleGrad(_Footprints):
    """All gradients of :class:`FootprintSample`: inputs (input, grid, footprint, output_grad)."""

    def make_node(self, input, grid, footprint, output_grad):
        inputs = self.as_inputs_with_footprint(input, grid, footprint)
        output_grad = T.cast(T.as_tensor_variable(output_grad), inputs[0].dtype)
        return theano.Apply(self, list(inputs) + [output_grad], [variable.type() for variable in inputs])

    def check_shapes(self, image, grid, footprint, output_grad):
        self.check_footprint(image, grid, footprint)
        expected = self.output_shape(image.shape, grid.shape)
        if tuple(output_grad.shape) != expected:
            raise ValueError('%s: the gradient of the output must have shape %s, got %s'
                             % (self.caller, expected, tuple(output_grad.shape)))

    def compute(self, kernels, image, grid, footprint, output_grad):
        flat = self.flat_points(grid, footprint)
        input_grad, grid_grad, footprint_grad = kernels.footprint_sample_backward(
            image, *flat, output_grad.reshape((len(flat[0]),) + output_grad.shape[1 - image.ndim:]),
            self.mode)
        return input_grad, grid_grad.reshape(grid.shape), footprint_grad.reshape(footprint.shape)

    def infer_shape(self, node, input_shapes):
        return input_shapes[:3]

    def grad(self, inputs, grads):
        image, grid, footprint, output_grad = inputs
        image_step, *steps = (step if is_connected(step) else None for step in grads)
        pulled = [variable.zeros_like() for variable in inputs]
        if image_step is not None:
            pulled[3] += FootprintSample(self.options, self.caller)(image_step, grid, footprint)
            _, to_grid, to_footprint = self(image_step, grid, footprint, output_grad)
            pulled[1] += to_grid
            pulled[2] += to_footprint
        if any(step is not None for step in steps):
            pulled[3] += self.derivative(image, grid, footprint, output_grad, steps)
            # Copies, because one may be computed from another, and that path is not this Op's.
            copies = [T.tensor_copy(variable) for variable in inputs[:3]]
            cost = T.sum(output_grad * self.derivative(*copies, output_grad, steps))
            for k, gradient in enumerate(theano.grad(cost, copies)):
                pulled[k] += gradient
        return [T.patternbroadcast(gradient, variable.broadcastable)
                for gradient, variable in zip(pulled, inputs)]

    R_op = SamplerGrad.R_op
