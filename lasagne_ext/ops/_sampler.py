"""What the sampling Ops have in common: modes and messages, and what those that sample do."""
import math

import numpy as np
import theano
import theano.tensor as T
from theano.gradient import DisconnectedType

from lasagne_ext.kernels import sampling
from lasagne_ext.ops import _reference
from lasagne_ext.ops._checks import (as_image, as_points, as_size, check_border_mode, check_choice,
                                     check_flag, check_number)
from lasagne_ext.ops._points import shape_of

#: Offsets inside one channel of an image are 32-bit integers in the kernels.
_LARGEST_CHANNEL = 2 ** 31 - 1


class Sampler(theano.Op):
    """Base of the sampling Ops and of their gradients.

    Parameters
    ----------
    interpolation, border_mode : str
        Modes, refused if unknown.
    align_corners : bool
        Whether -1 and 1 are the centres of the corner pixels, or their outer edges.
    check_finite : bool
        Whether points that are not finite are refused.
    cubic : float
        Coefficient of bicubic interpolation, from -1 to 0.
    name : str
        Who speaks in error messages: a function, or a layer. By default the class.
    """

    __props__ = ('interpolation', 'border_mode', 'align_corners', 'check_finite', 'cubic', 'name')

    #: How the second input is given, of :mod:`lasagne_ext.ops._points`.
    points = None

    def __init__(self, interpolation='bilinear', border_mode='nearest', align_corners=True,
                 check_finite=False, cubic=-.75, name=None):
        name = name or type(self).__name__
        self.interpolation = check_choice(name, 'interpolation', interpolation, sampling.INTERPOLATIONS)
        self.border_mode = check_border_mode(name, border_mode, sampling.BORDER_MODES, align_corners)
        self.align_corners = check_flag(name, 'align_corners', align_corners)
        self.check_finite = check_flag(name, 'check_finite', check_finite)
        self.cubic = check_number(name, 'cubic', cubic, -1, 0)
        self.name = name
        self.mode = sampling.SamplingMode(self.points.kind, interpolation, border_mode, align_corners,
                                          self.cubic)

    def props(self):
        return {name: getattr(self, name) for name in Sampler.__props__}

    def check_shapes(self, image, points, *others):
        """Refuse at run time inputs that do not fit together."""
        raise NotImplementedError

    def compute(self, kernels, image, points, *others):
        """Return the outputs as a tuple, by :mod:`lasagne_ext.kernels.sampling` or namesakes of its functions."""
        raise NotImplementedError

    def perform(self, node, inputs, output_storage):
        self.check_shapes(*inputs)
        self.check_points(inputs[1], inputs[0].ndim - 2)
        for cell, output in zip(output_storage, self.compute(sampling, *inputs)):
            cell[0] = output

    def jax_function(self, node):
        """The Op as a function of JAX arrays, for an engine that compiles with JAX.

        Shapes are refused while JAX traces it; points that are not finite while the compiled
        function runs, by an error of JAX's that holds the message.
        """
        from lasagne_ext.ops import _jax

        def function(image, points, *others):
            self.check_shapes(image, points, *others)
            if self.check_finite:
                points = _jax.checked(points, lambda values: self.check_points(values, image.ndim - 2))
            return self.compute(_jax, image, points, *others)
        return function

    def as_inputs(self, input, points):
        """Both as symbolic tensors of kinds that fit together."""
        input = as_image(self.name, input)
        rank = input.ndim - 2
        points = as_points(self.name, self.points.name, points, input.dtype, self.points.layouts(rank))
        if isinstance(points, theano.Constant):
            self.points.check(self.name, points.data.shape, rank)
        return input, points

    def check_image(self, image, out_size):
        """Refuse at run time what no kernel can read."""
        pixels = math.prod(image.shape[2:])
        if pixels == 0 and math.prod(out_size) > 0:
            raise ValueError('%s: input of shape %s has no pixel to sample from'
                             % (self.name, image.shape))
        if pixels > _LARGEST_CHANNEL:
            raise ValueError('%s: input of shape %s has more than 2**31 - 1 pixels in a channel'
                             % (self.name, image.shape))

    def check_fit(self, image, points):
        """Refuse at run time points that are not for these images."""
        self.points.check(self.name, points.shape, image.ndim - 2)
        if len(image) != len(points):
            raise ValueError('%s: the batch sizes of input and %s must be the same, got input of '
                             'shape %s and %s of shape %s' % (self.name, self.points.name, image.shape,
                                                              self.points.name, points.shape))

    def check_points(self, points, rank):
        if not self.check_finite:
            return
        leading = len(self.points.leading(points.shape, rank))
        finite = np.isfinite(points).all(axis=tuple(range(leading, points.ndim)))
        if not finite.all():
            first = tuple(int(k) for k in np.argwhere(~finite)[0])
            raise ValueError('%s: %s is not finite for %d of %d %s; the first is number %s: %s'
                             % (self.name, self.points.name, (~finite).sum(), finite.size,
                                'images' if leading == 1 else 'transforms',
                                first[0] if leading == 1 else first,
                                np.array2string(points[first].ravel(), precision=4, threshold=12)))

    def derivative(self, image, points, output, step):
        """Change of the output when `points` change along `step`, as a graph of elementary Ops."""
        rank = image.ndim - 2
        coordinates, changes = self.points.pixels(
            *(self.points.flat(T.cast(which, 'float64'), rank) for which in (points, step)), rank,
            image.shape[:1:-1], output.shape[:-rank - 1:-1], self.align_corners)
        change = _reference.directional_derivative(image, coordinates, changes, self.mode)
        return change.reshape(output.shape, ndim=output.ndim)


class ForwardSampler(Sampler):
    """Base of the Ops that sample: inputs (input, points), and out_shape if points do not tell it."""

    def make_node(self, input, points, *out_shape):
        input, points = self.as_inputs(input, points)
        rank = input.ndim - 2
        out_shape = [as_size(self.name, size, rank) for size in out_shape]
        leading = self.points.leading(points.broadcastable, rank)
        if self.points.has_size:
            sizes = self.points.sizes(points.broadcastable, rank)
        else:
            sizes = tuple(_is_one(out_shape[0][k]) for k in range(rank))
        pattern = ((leading[0] or input.broadcastable[0],) + leading[1:]
                   + (input.broadcastable[1],) + sizes)
        return theano.Apply(self, [input, points] + out_shape, [T.TensorType(input.dtype, pattern)()])

    def gradient(self):
        """The Op that gives the gradients."""
        raise NotImplementedError

    def _size(self, points, rank, out_shape):
        """The output's size, in numbers or symbolic."""
        if self.points.has_size:
            return self.points.sizes(shape_of(points), rank)
        return tuple(out_shape[0][k] for k in range(rank))

    def check_shapes(self, image, points, *out_shape):
        self.check_fit(image, points)
        size = tuple(int(k) for k in self._size(points, image.ndim - 2, out_shape))
        if min(size) < 0:
            raise ValueError('%s: out_shape must not be negative, got %s' % (self.name, size))
        self.check_image(image, size)

    def compute(self, kernels, image, points, *out_shape):
        rank = image.ndim - 2
        size = tuple(int(k) for k in self._size(points, rank, out_shape))
        output = kernels.sample(image, self.points.flat(points, rank), size, self.mode)
        return output.reshape(self.points.leading(points.shape, rank) + output.shape[1:]),

    def infer_shape(self, node, input_shapes):
        image, points = input_shapes[:2]
        rank = len(image) - 2
        if self.points.has_size:
            size = self.points.sizes(points, rank)
        else:
            size = tuple(node.inputs[2][k] for k in range(rank))
        return [(image[0],) + self.points.leading(points, rank)[1:] + (image[1],) + tuple(size)]

    def connection_pattern(self, node):
        return [[True], [True]] + [[False]] * (len(node.inputs) - 2)

    def grad(self, inputs, grads):
        return (list(self.gradient()(*inputs[:2], grads[0]))
                + [DisconnectedType()()] * (len(inputs) - 2))

    def R_op(self, inputs, eval_points):
        image, points, *out_shape = inputs
        output = self(*inputs)
        change = output.zeros_like()
        if eval_points[0] is not None:
            change += self(eval_points[0], points, *out_shape)
        if eval_points[1] is not None:
            change += self.derivative(image, points, output, eval_points[1])
        return [T.patternbroadcast(change, output.broadcastable)]


def _is_one(size):
    """Whether a symbolic size is known to be 1, so that the axis is broadcastable."""
    try:
        return int(T.get_scalar_constant_value(size)) == 1
    except T.NotScalarConstantError:
        return False
