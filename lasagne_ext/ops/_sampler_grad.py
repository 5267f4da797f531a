"""What the gradients of the sampling Ops have in common: derivatives beyond the first."""
import theano
import theano.tensor as T
from theano.gof.opt import optimizer
from theano.gradient import DisconnectedType

from lasagne_ext.ops._sampler import Sampler


class SamplerGrad(Sampler):
    """Base of the gradient Ops: inputs (input, points, output_grad), a gradient to each of two out.

    With S the sampling, linear in the image, and J its derivative along a change v of the points,
    the outputs paired with u and v are <output_grad, S(u) + J(image) v>.

    Parameters
    ----------
    wanted : pair of bool
        Which of both gradients, to the input and to the points, are outputs.
    **modes
        As for :class:`Sampler`.
    """

    __props__ = Sampler.__props__ + ('wanted',)

    #: The Op that samples.
    sampler = None

    def __init__(self, *args, wanted=(True, True), **modes):
        super().__init__(*args, **modes)
        self.wanted = wanted

    def forward(self, image, points, output_grad):
        """What the forward Op makes of image and points, like `output_grad`."""
        size = () if self.points.has_size else (output_grad.shape[points.ndim:],)
        return self.sampler(**self.props())(image, points, *size)

    def make_node(self, input, points, output_grad):
        input, points = self.as_inputs(input, points)
        output_grad = T.cast(T.as_tensor_variable(output_grad), input.dtype)
        return theano.Apply(self, [input, points, output_grad], self._chosen([input.type(), points.type()]))

    def _chosen(self, pair):
        return [value for value, wanted in zip(pair, self.wanted) if wanted]

    def check_shapes(self, image, points, output_grad):
        self.check_fit(image, points)
        rank = image.ndim - 2
        size = tuple(output_grad.shape[-rank:])
        if self.points.has_size:
            size = tuple(self.points.sizes(points.shape, rank))
        expected = self.points.leading(points.shape, rank) + (image.shape[1],) + size
        if tuple(output_grad.shape) != expected:
            raise ValueError('%s: the gradient of the output must have shape %s, got %s'
                             % (self.name, expected, output_grad.shape))
        self.check_image(image, size)

    def compute(self, kernels, image, points, output_grad):
        rank = image.ndim - 2
        flat = self.points.flat(points, rank)
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
            both = type(self)(**self.props())
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
        """Gradient to image and points of <output_grad, J(image) step>.

        Taken to copies of both, because one may be computed from the other (a localisation network
        reads the image), and that path is not this Op's to follow.
        """
        image, points = T.tensor_copy(image), T.tensor_copy(points)
        cost = T.sum(output_grad * self.derivative(image, points, output_grad, step))
        return theano.grad(cost, [image, points])

    def R_op(self, inputs, eval_points):
        """Derivative along `eval_points`: the gradient, to w, of <eval_points, L-operator(w)>."""
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
    """Nobody waits for a gradient that no other node and no output reads."""
    used = set(fgraph.outputs).union(*(node.inputs for node in fgraph.apply_nodes))
    for node in fgraph.toposort():
        if not isinstance(node.op, SamplerGrad):
            continue
        wanted = [variable for variable in node.outputs if variable in used]
        if len(wanted) == 1 < len(node.outputs):
            op = type(node.op)(wanted=tuple(variable in used for variable in node.outputs),
                               **node.op.props())
            replaced = theano.Apply(op, node.inputs, [wanted[0].type()])
            fgraph.replace_validate(wanted[0], replaced.outputs[0], reason='drop_unwanted_gradients')


# After all that may merge two gradients of the same arguments, or make one superfluous.
theano.compile.optdb.register('drop_unwanted_gradients', drop_unwanted_gradients, 48.7,
                              'fast_run', 'fast_compile')
