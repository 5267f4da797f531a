"""Sampling images at the points of any grid."""
import theano
import theano.tensor as T

from lasagne_ext.ops import _reference
from lasagne_ext.ops._checks import as_image, as_points
from lasagne_ext.ops._sampler import Sampler, SamplerGrad

_GRID = {4: '(batch, rows, columns, 2)'}


def grid_sample(input, grid, interpolation='bilinear', border_mode='nearest', align_corners=True,
                check_finite=False, name=None):
    """Sample images at the points of a grid, each image at its own.

    Parameters
    ----------
    input : tensor4, (batch, channels, rows, columns)
        Images, float32 or float64.
    grid : tensor4, (batch, out rows, out columns, 2)
        Normalised coordinates (x, y) in the input, float32 or float64, whatever the images are.
    interpolation : {'bilinear'}
        How a value between pixels is made.
    border_mode : {'nearest', 'zeros', 'mirror', 'wrap'}
        What lies outside the image: its nearest pixel; zeros; its mirror image, the outermost
        pixels not repeated; or the image again, with the period of its size.
    align_corners : bool
        See the convention below.
    check_finite : bool
        Raise an error at run time if the grid holds NaN or Inf.
    name : str, optional
        Who speaks in error messages; by default the function's name.

    Returns
    -------
    tensor4, (batch, channels, out rows, out columns)
        In the input's dtype.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind; at run time, if the batch sizes differ or there is
        no pixel to sample from. The message says what was got and what was expected.

    Notes
    -----
    **Convention.** Coordinates are normalised to [-1, 1], x (columns) first. With
    ``align_corners=True`` -1 and 1 are the centres of the corner pixels, with ``False`` their outer
    edges. An axis of one pixel has its only point at 0.

    Where a point is not finite the output is NaN, its gradient to the grid is NaN, and the input
    gets no gradient. Differentiable in `input` and `grid`, any number of times; at a kink (a point
    exactly on a pixel centre) the derivative is the right-hand one.

    References
    ----------
    Jaderberg, Simonyan, Zisserman, Kavukcuoglu (2015): Spatial Transformer Networks, equations
    5 to 7.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne_ext.ops import grid_sample
    >>> image = np.arange(6, dtype='float32').reshape(1, 1, 2, 3)
    >>> corners = np.array([[[[-1, -1], [1, -1]], [[-1, 1], [1, 1]]]], dtype='float32')
    >>> grid_sample(image, corners).eval()[0, 0].tolist()
    [[0.0, 2.0], [3.0, 5.0]]
    """
    op = GridSample(interpolation, border_mode, align_corners, check_finite,
                   name or 'grid_sample')
    return op(input, grid)


class GridSample(Sampler):
    """Op behind :func:`grid_sample`: inputs (input, grid)."""

    points_name = 'grid'

    def make_node(self, input, grid):
        input = as_image(self.name, input)
        grid = as_points(self.name, 'grid', grid, input.dtype, _GRID)
        output = T.TensorType(input.dtype, (input.broadcastable[0] or grid.broadcastable[0],
                                            input.broadcastable[1],
                                            grid.broadcastable[1], grid.broadcastable[2]))()
        return theano.Apply(self, [input, grid], [output])

    def check_shapes(self, image, grid):
        _check_grid(self, image, grid)

    def compute(self, kernels, image, grid):
        return kernels.grid_forward(image, grid, self.border_mode, self.align_corners),

    def infer_shape(self, node, input_shapes):
        image, grid = input_shapes
        return [(image[0], image[1], grid[1], grid[2])]

    def grad(self, inputs, grads):
        return list(GridSampleGrad(**self.props())(*inputs, grads[0]))

    def R_op(self, inputs, eval_points):
        image, grid = inputs
        output = self(*inputs)
        change = output.zeros_like()
        if eval_points[0] is not None:
            change += self(eval_points[0], grid)
        if eval_points[1] is not None:
            change += GridSampleGrad(**self.props()).derivative(image, grid, output, eval_points[1])
        return [T.patternbroadcast(change, output.broadcastable)]


class GridSampleGrad(SamplerGrad):
    """Both gradients of :class:`GridSample`: inputs (input, grid, output_grad)."""

    points_name = 'grid'

    def make_node(self, input, grid, output_grad):
        input = as_image(self.name, input)
        grid = as_points(self.name, 'grid', grid, input.dtype, _GRID)
        output_grad = T.cast(T.as_tensor_variable(output_grad), input.dtype)
        return theano.Apply(self, [input, grid, output_grad], [input.type(), grid.type()])

    def check_shapes(self, image, grid, output_grad):
        _check_grid(self, image, grid)

    def compute(self, kernels, image, grid, output_grad):
        return kernels.grid_backward(image, grid, output_grad, self.border_mode, self.align_corners)

    def coordinates(self, points, image, output_grad):
        return _reference.grid_offsets(points, image.shape[2:], self.align_corners)

    def sample(self, image, points, output_grad):
        return GridSample(**self.props())(image, points)


def _check_grid(op, image, grid):
    if grid.shape[3] != 2:
        raise ValueError('%s: grid must have shape %s, got %s' % (op.name, _GRID[4], grid.shape))
    op.check_batch(image, grid)
    op.check_image(image, grid.shape[1:3])
