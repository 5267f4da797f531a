"""Affine transformation of images: the spatial transformer's sampling, in one Op."""
import theano
import theano.tensor as T
from theano.gradient import DisconnectedType

from lasagne_ext.ops import _reference
from lasagne_ext.ops._checks import as_image, as_points, as_size, check_flag
from lasagne_ext.ops._sampler import Sampler, SamplerGrad

_THETA = {2: '(batch, 6)', 3: '(batch, 2, 3)'}


def affine_grid(theta, out_shape, align_corners=True):
    """Points of the input at which an affine transformation samples.

    Parameters
    ----------
    theta : tensor, (batch, 6) or (batch, 2, 3)
        Maps OUTPUT coordinates to INPUT coordinates, row by row: ``x = t1 x' + t2 y' + t3`` and
        ``y = t4 x' + t5 y' + t6``. float32 or float64.
    out_shape : pair
        (rows, columns) of the output, each an int or a symbolic integer scalar; or a symbolic
        vector of two integers.
    align_corners : bool
        See the convention below.

    Returns
    -------
    tensor, (batch, rows, columns, 2)
        Normalised coordinates (x, y), in theta's dtype.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind; the message says what was expected.

    Notes
    -----
    **Convention.** Coordinates are normalised to [-1, 1], x (columns) first. With
    ``align_corners=True`` -1 and 1 are the centres of the corner pixels, with ``False`` their outer
    edges. An axis of one pixel has its only point at 0.

    A grid in float32 holds the identity only to within rounding: prefer :func:`affine_transform`,
    which is exact there, and faster.

    References
    ----------
    Jaderberg, Simonyan, Zisserman, Kavukcuoglu (2015): Spatial Transformer Networks, equation 1.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne_ext.ops import affine_grid
    >>> theta = np.array([[1, 0, 0, 0, 1, 0]], dtype='float32')
    >>> affine_grid(theta, (1, 3)).eval()[0, 0].tolist()
    [[-1.0, 0.0], [0.0, 0.0], [1.0, 0.0]]
    """
    theta = as_points('affine_grid', 'theta', theta, theano.config.floatX, _THETA)
    rows_columns = as_size('affine_grid', out_shape)
    check_flag('affine_grid', 'align_corners', align_corners)
    theta = theta.reshape((theta.shape[0], 2, 3))

    def positions(size):
        extent = T.maximum(_reference.half_extent(size, align_corners), .5)
        return T.cast(_reference.offsets(size) / extent, theta.dtype)

    x = positions(rows_columns[1]).dimshuffle('x', 'x', 0, 'x')
    y = positions(rows_columns[0]).dimshuffle('x', 0, 'x', 'x')
    first, second, third = (theta[:, :, k].dimshuffle(0, 'x', 'x', 1) for k in range(3))
    return first * x + second * y + third


def affine_transform(input, theta, out_shape, interpolation='bilinear', border_mode='nearest',
                     align_corners=True, check_finite=False, name=None):
    """Transform images affinely, each by its own theta, without a grid in memory.

    Parameters
    ----------
    input : tensor4, (batch, channels, rows, columns)
        Images, float32 or float64.
    theta : tensor, (batch, 6) or (batch, 2, 3)
        Maps OUTPUT coordinates to INPUT coordinates, row by row: ``x = t1 x' + t2 y' + t3`` and
        ``y = t4 x' + t5 y' + t6``. float32 or float64, whatever the images are.
    out_shape : pair
        (rows, columns) of the output, each an int or a symbolic integer scalar; or a symbolic
        vector of two integers.
    interpolation : {'bilinear'}
        How a value between pixels is made.
    border_mode : {'nearest', 'zeros', 'mirror', 'wrap'}
        What lies outside the image: its nearest pixel; zeros; its mirror image, the outermost
        pixels not repeated; or the image again, with the period of its size.
    align_corners : bool
        See the convention below.
    check_finite : bool
        Raise an error at run time if theta holds NaN or Inf.
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

    The identity returns the input bit for bit. Coordinates are worked out in float64. Where they are
    not finite the output is NaN, its gradient to theta is NaN, and the input gets no gradient.

    Differentiable in `input` and `theta`, any number of times. At a kink (a point exactly on a
    pixel centre) the derivative is the right-hand one.

    References
    ----------
    Jaderberg, Simonyan, Zisserman, Kavukcuoglu (2015): Spatial Transformer Networks, equations
    1 and 5 to 7.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne_ext.ops import affine_transform
    >>> image = np.arange(6, dtype='float32').reshape(1, 1, 2, 3)
    >>> mirrored = affine_transform(image, [[-1, 0, 0, 0, 1, 0]], (2, 3))
    >>> mirrored.eval()[0, 0].tolist()
    [[2.0, 1.0, 0.0], [5.0, 4.0, 3.0]]
    """
    op = AffineTransform(interpolation, border_mode, align_corners, check_finite,
                        name or 'affine_transform')
    return op(input, theta, out_shape)


class AffineTransform(Sampler):
    """Op behind :func:`affine_transform`: inputs (input, theta, out_shape)."""

    points_name = 'theta'

    def make_node(self, input, theta, out_shape):
        input = as_image(self.name, input)
        theta = as_points(self.name, 'theta', theta, input.dtype, _THETA)
        out_shape = as_size(self.name, out_shape)
        return theano.Apply(self, [input, theta, out_shape],
                            [_like(input, theta, out_shape)])

    def check_shapes(self, image, theta, out_shape):
        rows_columns = tuple(int(size) for size in out_shape)
        if min(rows_columns) < 0:
            raise ValueError('%s: out_shape must not be negative, got %s' % (self.name, rows_columns))
        _check_theta(self, image, theta)
        self.check_image(image, rows_columns)

    def compute(self, kernels, image, theta, out_shape):
        rows, columns = (int(size) for size in out_shape)
        return kernels.affine_forward(image, theta.reshape(len(theta), 2, 3), rows, columns,
                                      self.border_mode, self.align_corners),

    def infer_shape(self, node, input_shapes):
        out_shape = node.inputs[2]
        return [(input_shapes[0][0], input_shapes[0][1], out_shape[0], out_shape[1])]

    def connection_pattern(self, node):
        return [[True], [True], [False]]

    def grad(self, inputs, grads):
        image, theta, _ = inputs
        return list(AffineTransformGrad(**self.props())(image, theta, grads[0])) + [
            DisconnectedType()()]

    def R_op(self, inputs, eval_points):
        image, theta, out_shape = inputs
        output = self(*inputs)
        change = output.zeros_like()
        if eval_points[0] is not None:
            change += self(eval_points[0], theta, out_shape)
        if eval_points[1] is not None:
            change += AffineTransformGrad(**self.props()).derivative(image, theta, output,
                                                                    eval_points[1])
        return [T.patternbroadcast(change, output.broadcastable)]


class AffineTransformGrad(SamplerGrad):
    """Both gradients of :class:`AffineTransform`: inputs (input, theta, output_grad)."""

    points_name = 'theta'

    def make_node(self, input, theta, output_grad):
        input = as_image(self.name, input)
        theta = as_points(self.name, 'theta', theta, input.dtype, _THETA)
        output_grad = T.cast(T.as_tensor_variable(output_grad), input.dtype)
        return theano.Apply(self, [input, theta, output_grad], [input.type(), theta.type()])

    def check_shapes(self, image, theta, output_grad):
        _check_theta(self, image, theta)
        self.check_image(image, output_grad.shape[2:])

    def compute(self, kernels, image, theta, output_grad):
        input_grad, theta_grad = kernels.affine_backward(
            image, theta.reshape(len(theta), 2, 3), output_grad, self.border_mode, self.align_corners)
        return input_grad, theta_grad.reshape(theta.shape)

    def coordinates(self, points, image, output_grad):
        return _reference.affine_offsets(points, image.shape[2:], output_grad.shape[2:],
                                         self.align_corners)

    def sample(self, image, points, output_grad):
        return AffineTransform(**self.props())(image, points, output_grad.shape[2:])


def _check_theta(op, image, theta):
    """Refuse theta if it is not for these images."""
    if theta.shape[1:] not in ((6,), (2, 3)):
        raise ValueError('%s: theta must have shape (batch, 6) or (batch, 2, 3), got %s'
                         % (op.name, theta.shape))
    op.check_batch(image, theta)


def _like(input, theta, out_shape):
    """A variable for the output; the dimensions known to be 1 are broadcastable."""
    def is_one(size):
        try:
            return int(T.get_scalar_constant_value(size)) == 1
        except T.NotScalarConstantError:
            return False

    return T.TensorType(input.dtype, (input.broadcastable[0] or theta.broadcastable[0],
                                      input.broadcastable[1],
                                      is_one(out_shape[0]), is_one(out_shape[1])))()
