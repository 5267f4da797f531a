"""What the sampling Ops have in common: modes, messages, and derivatives beyond the first."""
import numpy as np
import theano
import theano.tensor as T
from theano.gradient import DisconnectedType

from lasagne_ext import kernels
from lasagne_ext.ops import _reference
from lasagne_ext.ops._checks import INTERPOLATIONS, check_choice, check_flag

#: Offsets inside one plane of an image are 32-bit integers in the kernels.
_LARGEST_PLANE = 2 ** 31 - 1


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
    name : str
        Who speaks in error messages: a function, or a layer.
    """

    __props__ = ('interpolation', 'border_mode', 'align_corners', 'check_finite', 'name')

    #: What the second input is called in error messages.
    points_name = None

    def __init__(self, interpolation, border_mode, align_corners, check_finite, name):
        self.interpolation = check_choice(name, 'interpolation', interpolation, INTERPOLATIONS)
        self.border_mode = check_choice(name, 'border_mode', border_mode, kernels.BORDER_MODES)
        self.align_corners = check_flag(name, 'align_corners', align_corners)
        self.check_finite = check_flag(name, 'check_finite', check_finite)
        self.name = name

    def props(self):
        return {name: getattr(self, name) for name in self.__props__}

    def check_shapes(self, image, points, *others):
        """Refuse at run time inputs that do not fit together."""
        raise NotImplementedError

    def compute(self, kernels, image, points, *others):
        """The outputs as a tuple, by the functions of :mod:`lasagne_ext.kernels` or their namesakes."""
        raise NotImplementedError

    def perform(self, node, inputs, output_storage):
        self.check_shapes(*inputs)
        self.check_points(inputs[1])
        for cell, output in zip(output_storage, self.compute(kernels, *inputs)):
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
                points = _jax.checked(points, self.check_points)
            return self.compute(_jax, image, points, *others)
        return function

    def check_image(self, image, out_size):
        """Refuse at run time what no kernel can read."""
        rows, columns = image.shape[2:]
        if rows * columns == 0 and np.prod(out_size) > 0:
            raise ValueError('%s: input of shape %s has no pixel to sample from'
                             % (self.name, image.shape))
        if rows * columns > _LARGEST_PLANE:
            raise ValueError('%s: input of shape %s has more than 2**31 - 1 pixels in a plane'
                             % (self.name, image.shape))

    def check_batch(self, image, points):
        if len(image) != len(points):
            raise ValueError('%s: the batch sizes of input and %s must be the same, got input of '
                             'shape %s and %s of shape %s' % (self.name, self.points_name, image.shape,
                                                              self.points_name, points.shape))

    def check_points(self, points):
        if not self.check_finite:
            return
        finite = np.isfinite(points).all(axis=tuple(range(1, points.ndim)))
        if not finite.all():
            first = int(np.argmin(finite))
            raise ValueError('%s: %s is not finite for %d of %d images; the first is number %d: %s'
                             % (self.name, self.points_name, (~finite).sum(), len(points), first,
                                np.array2string(points[first].ravel(), precision=4, threshold=12)))


class SamplerGrad(Sampler):
    """Base of the gradient Ops: inputs (image, points, output_grad), two gradients out.

    A subclass says how its points become coordinates; all else about second derivatives is the
    same. With S the sampling, linear in the image, and J its derivative along a change v of the
    points, the gradient Op's outputs paired with u and v are <output_grad, S(u) + J(image) v>.
    """

    def coordinates(self, points, image, output_grad):
        """Symbolic pixel coordinates less the input's centre, linear in `points`."""
        raise NotImplementedError

    def sample(self, image, points, output_grad):
        """The forward Op, for an output like `output_grad`."""
        raise NotImplementedError

    def derivative(self, image, points, output_grad, step):
        """Change of the output when `points` change along `step`."""
        x, y = _reference.around_centre(*self.coordinates(points, image, output_grad),
                                        in_size=image.shape[2:])
        return _reference.directional_derivative(
            image, x, y, *self.coordinates(step, image, output_grad), border_mode=self.border_mode)

    def infer_shape(self, node, input_shapes):
        return [input_shapes[0], input_shapes[1]]

    def grad(self, inputs, grads):
        image, points, output_grad = inputs
        image_step, points_step = (None if isinstance(g.type, DisconnectedType) else g for g in grads)
        to_image, to_points = image.zeros_like(), points.zeros_like()
        to_output_grad = output_grad.zeros_like()
        if image_step is not None:
            to_output_grad += self.sample(image_step, points, output_grad)
            to_points += self(image_step, points, output_grad)[1]
        if points_step is not None:
            to_output_grad += self.derivative(image, points, output_grad, points_step)
            second = self._grad_of_derivative(image, points, output_grad, points_step)
            to_image += second[0]
            to_points += second[1]
        # A size that is 1 for one reason here may be 1 for another there, unknown to Theano.
        return [T.patternbroadcast(gradient, variable.broadcastable)
                for gradient, variable in zip((to_image, to_points, to_output_grad), inputs)]

    def _grad_of_derivative(self, image, points, output_grad, step):
        """Gradient to image and points of <output_grad, J(image) step>.

        Taken to copies of both, because one may be computed from the other (a localisation network
        reads the image), and that path is not this Op's to follow.
        """
        image, points = T.tensor_copy(image), T.tensor_copy(points)
        cost = T.sum(output_grad * self.derivative(image, points, output_grad, step))
        return theano.grad(cost, [image, points])

    def R_op(self, inputs, eval_points):
        """Derivative along `eval_points`: the gradient, to w, of <eval_points, L-operator(w)>."""
        seeds = [output.zeros_like() for output in self(*inputs)]
        pulled = self.grad(inputs, seeds)
        cost = sum(T.sum(gradient * step) for gradient, step in zip(pulled, eval_points)
                   if step is not None)
        return theano.grad(cost, seeds, disconnected_inputs='ignore')
