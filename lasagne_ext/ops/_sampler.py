"""Base classes of the sampling Ops and of their gradients."""
import math

import numpy as np
import theano
import theano.tensor as T
from theano.gof.opt import optimizer
from theano.gradient import DisconnectedType

from lasagne_ext.kernels import sampling
from lasagne_ext.ops import _symbolic
from lasagne_ext.ops._inputs import as_image, as_points, as_size
from lasagne_ext.ops.options import SamplerOptions

#: Offsets inside one channel of an image are 32-bit integers in the kernels.
_LARGEST_CHANNEL = 2 ** 31 - 1


class Sampler(theano.Op):
    """Base class of the sampling Ops and of their gradients.

    Parameters
    ----------
    options : SamplerOptions
        How to sample.
    caller : str
        Name to show in error messages: of a function, or of a layer. By default that of the class.
    """

    __props__ = ('options', 'caller')

    #: What the second input is, a :class:`lasagne_ext.ops._generators.GridGenerator`.
    generator = None

    def __init__(self, options=SamplerOptions(), caller=None):
        self.options = options
        self.caller = caller or type(self).__name__
        self.mode = sampling.SamplingMode(self.generator.kind, options.interpolation, options.border_mode,
                                          options.align_corners, options.cubic)

    def check_shapes(self, image, points, *others):
        """Refuse at run time inputs that do not fit together."""
        raise NotImplementedError

    def compute(self, kernels, image, points, *others):
        """Return the outputs as a tuple, by the functions of :mod:`.kernels.sampling` or their namesakes."""
        raise NotImplementedError

    def perform(self, node, inputs, output_storage):
        self.check_shapes(*inputs)
        self.check_points(inputs[1], inputs[0].ndim - 2)
        for cell, output in zip(output_storage, self.compute(sampling, *inputs)):
            cell[0] = output

    def jax_function(self, node):
        """Return the Op as a function of JAX arrays, for an engine that compiles with JAX.

        Shapes are refused while JAX traces it; points that are not finite while the compiled
        function runs, by an error of JAX's that holds the message.
        """
        from lasagne_ext.ops import _jax

        def function(image, points, *others):
            self.check_shapes(image, points, *others)
            if self.options.check_finite:
                points = _jax.checked(points, lambda values: self.check_points(values, image.ndim - 2))
            return self.compute(_jax, image, points, *others)
        return function

    def as_inputs(self, input, points):
        """Return both as symbolic tensors of kinds that fit together."""
        input = as_image(self.caller, input)
        rank = input.ndim - 2
        points = as_points(self.caller, self.generator.argument, points, input.dtype,
                           self.generator.layouts(rank))
        if isinstance(points, theano.Constant):
            self.generator.check(self.caller, points.data.shape, rank)
        return input, points

    def check_image(self, image, out_size):
        """Refuse at run time what no kernel can read."""
        pixels = math.prod(image.shape[2:])
        if pixels == 0 and math.prod(out_size) > 0:
            raise ValueError('%s: input of shape %s has no pixel to sample from'
                             % (self.caller, image.shape))
        if pixels > _LARGEST_CHANNEL:
            raise ValueError('%s: input of shape %s has more than 2**31 - 1 pixels in a channel'
                             % (self.caller, image.shape))

    def check_fit(self, image, points):
        """Refuse at run time points that are not for these images."""
        self.generator.check(self.caller, points.shape, image.ndim - 2)
        if len(image) != len(points):
            raise ValueError('%s: the batch sizes of input and %s must be the same, got input of '
                             'shape %s and %s of shape %s' % (self.caller, self.generator.argument, image.shape,
                                                              self.generator.argument, points.shape))

    def check_points(self, points, rank):
        if not self.options.check_finite:
            return
        leading = len(self.generator.leading(points.shape, rank))
        finite = np.isfinite(points).all(axis=tuple(range(leading, points.ndim)))
        if not finite.all():
            first = tuple(int(k) for k in np.argwhere(~finite)[0])
            raise ValueError('%s: %s is not finite for %d of %d %s; the first is number %s: %s'
                             % (self.caller, self.generator.argument, (~finite).sum(), finite.size,
                                'images' if leading == 1 else 'transforms',
                                first[0] if leading == 1 else first,
                                np.array2string(points[first].ravel(), precision=4, threshold=12)))

    def derivative(self, image, points, output, step):
        """Return the change of the output when `points` change along `step`, by elementary Ops."""
        rank = image.ndim - 2
        coordinates, changes = self.generator.pixels(
            *(self.generator.flat(T.cast(which, 'float64'), rank) for which in (points, step)), rank,
            image.shape[:1:-1], output.shape[:-rank - 1:-1], self.options.align_corners)
        change = _symbolic.directional_derivative(image, coordinates, changes, self.mode)
        return change.reshape(output.shape, ndim=output.ndim)


class ForwardSampler(Sampler):
    """Base class of the Ops that sample: inputs (input, points), and out_shape if points do not tell it."""

    def make_node(self, input, points, *out_shape):
        input, points = self.as_inputs(input, points)
        rank = input.ndim - 2
        out_shape = [as_size(self.caller, size, rank) for size in out_shape]
        leading = self.generator.leading(points.broadcastable, rank)
        sizes = (self.generator.sizes(points.broadcastable, rank)
                 or tuple(_is_one(out_shape[0][k]) for k in range(rank)))
        pattern = ((leading[0] or input.broadcastable[0],) + leading[1:]
                   + (input.broadcastable[1],) + sizes)
        return theano.Apply(self, [input, points] + out_shape, [T.TensorType(input.dtype, pattern)()])

    def gradient(self):
        """Return the Op that gives the gradients."""
        raise NotImplementedError

    def _size(self, points, rank, out_shape):
        """Return the output's size."""
        return self.generator.sizes(points.shape, rank) or tuple(map(int, out_shape[0]))

    def check_shapes(self, image, points, *out_shape):
        self.check_fit(image, points)
        size = self._size(points, image.ndim - 2, out_shape)
        if min(size) < 0:
            raise ValueError('%s: out_shape must not be negative, got %s' % (self.caller, size))
        self.check_image(image, size)

    def compute(self, kernels, image, points, *out_shape):
        rank = image.ndim - 2
        output = kernels.sample(image, self.generator.flat(points, rank),
                                self._size(points, rank, out_shape), self.mode)
        return output.reshape(self.generator.leading(points.shape, rank) + output.shape[1:]),

    def infer_shape(self, node, input_shapes):
        image, points = input_shapes[:2]
        rank = len(image) - 2
        size = self.generator.sizes(points, rank) or tuple(node.inputs[2][k] for k in range(rank))
        return [(image[0],) + self.generator.leading(points, rank)[1:] + (image[1],) + size]

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
    """Tell whether a symbolic size is known to be 1, so that the axis is broadcastable."""
    try:
        return int(T.get_scalar_constant_value(size)) == 1
    except T.NotScalarConstantError:
        return False


class SamplerGrad(Sampler):
    """Base class of the gradient Ops: inputs (input, points, output_grad), a gradient to each of two out.

    With S the sampling, linear in the image, and J its derivative along a change v of the points,
    the outputs paired with u and v are <output_grad, S(u) + J(image) v>.

    Parameters
    ----------
    options, caller
        As for :class:`Sampler`.
    wanted : pair of bool
        Which of both gradients, to the input and to the points, are outputs.
    """

    __props__ = Sampler.__props__ + ('wanted',)

    #: The Op that samples.
    sampler = None

    def __init__(self, options=SamplerOptions(), caller=None, wanted=(True, True)):
        super().__init__(options, caller)
        self.wanted = wanted

    def forward(self, image, points, output_grad):
        """Apply the forward Op to image and points, for an output like `output_grad`."""
        size = output_grad.shape[points.ndim:]           # of matrices, which do not tell it
        known = self.generator.sizes(points.broadcastable, image.ndim - 2)
        return self.sampler(self.options, self.caller)(image, points, *([] if known else [size]))

    def make_node(self, input, points, output_grad):
        input, points = self.as_inputs(input, points)
        output_grad = T.cast(T.as_tensor_variable(output_grad), input.dtype)
        return theano.Apply(self, [input, points, output_grad], self._chosen([input.type(), points.type()]))

    def _chosen(self, pair):
        return [value for value, wanted in zip(pair, self.wanted) if wanted]

    def check_shapes(self, image, points, output_grad):
        self.check_fit(image, points)
        rank = image.ndim - 2
        size = self.generator.sizes(points.shape, rank) or tuple(output_grad.shape[-rank:])
        expected = self.generator.leading(points.shape, rank) + (image.shape[1],) + size
        if tuple(output_grad.shape) != expected:
            raise ValueError('%s: the gradient of the output must have shape %s, got %s'
                             % (self.caller, expected, output_grad.shape))
        self.check_image(image, size)

    def compute(self, kernels, image, points, output_grad):
        rank = image.ndim - 2
        flat = self.generator.flat(points, rank)
        input_grad, points_grad = kernels.sample_backward(
            image, flat, output_grad.reshape((len(flat),) + output_grad.shape[-rank - 1:]),
            self.mode, self.wanted)
        if points_grad is not None:
            points_grad = points_grad.reshape(points.shape)
        return tuple(self._chosen([input_grad, points_grad]))

    def infer_shape(self, node, input_shapes):
        return self._chosen(input_shapes[:2])

    def grad(self, inputs, grads):
        image, points, output_grad = inputs
        steps = iter(grads)
        image_step, points_step = (next(steps) if wanted else None for wanted in self.wanted)
        to_image, to_points = image.zeros_like(), points.zeros_like()
        to_output_grad = output_grad.zeros_like()
        if is_connected(image_step):
            to_output_grad += self.forward(image_step, points, output_grad)
            both = type(self)(self.options, self.caller)
            to_points += both(image_step, points, output_grad)[1]
        if is_connected(points_step):
            to_output_grad += self.derivative(image, points, output_grad, points_step)
            second = self._grad_of_derivative(image, points, output_grad, points_step)
            to_image += second[0]
            to_points += second[1]
        # A size that is 1 for one reason here may be 1 for another there, unknown to Theano.
        return [T.patternbroadcast(gradient, variable.broadcastable)
                for gradient, variable in zip((to_image, to_points, to_output_grad), inputs)]

    def _grad_of_derivative(self, image, points, output_grad, step):
        """Return the gradient to image and points of <output_grad, J(image) step>.

        Taken to copies of both, because one may be computed from the other (a localisation network
        reads the image), and that path is not this Op's to follow.
        """
        image, points = T.tensor_copy(image), T.tensor_copy(points)
        cost = T.sum(output_grad * self.derivative(image, points, output_grad, step))
        return theano.grad(cost, [image, points])

    def R_op(self, inputs, eval_points):
        """Return the derivative along `eval_points`: the gradient, to w, of <eval_points, L-operator(w)>."""
        outputs = self(*inputs, return_list=True)
        seeds = [output.zeros_like() for output in outputs]
        pulled = self.grad(inputs, seeds)
        cost = sum(T.sum(gradient * step) for gradient, step in zip(pulled, eval_points)
                   if step is not None)
        return theano.grad(cost, seeds, disconnected_inputs='ignore')


def is_connected(gradient):
    return gradient is not None and not isinstance(gradient.type, DisconnectedType)


@optimizer
def drop_unwanted_gradients(fgraph):
    """Drop gradients that no other node and no output reads."""
    used = set(fgraph.outputs).union(*(node.inputs for node in fgraph.apply_nodes))
    for node in fgraph.toposort():
        if not isinstance(node.op, SamplerGrad):
            continue
        wanted = [variable for variable in node.outputs if variable in used]
        if len(wanted) == 1 < len(node.outputs):
            op = type(node.op)(node.op.options, node.op.caller,
                               wanted=tuple(variable in used for variable in node.outputs))
            replaced = theano.Apply(op, node.inputs, [wanted[0].type()])
            fgraph.replace_validate(wanted[0], replaced.outputs[0], reason='drop_unwanted_gradients')


# After all that may merge two gradients of the same arguments, or make one superfluous.
theano.compile.optdb.register('drop_unwanted_gradients', drop_unwanted_gradients, 48.7,
                              'fast_run', 'fast_compile')
