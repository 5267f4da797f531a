"""Apply a sampling Op with what its options ask for besides: anti-aliasing, and a gradient outside."""
import theano
import theano.tensor as T
from theano.gof.opt import local_optimizer
from theano.tensor.opt import register_canonicalize

from lasagne_ext.ops._inputs import shape_of
from lasagne_ext.ops.antialias import antialiased_sample


def apply_sampler(op, *inputs):
    """Apply a :class:`lasagne_ext.ops._sampler.ForwardSampler` to its inputs, as its options ask for."""
    output = op(*inputs)
    if not op.options.antialias and not op.options.outside_grad:
        return output
    image, points = output.owner.inputs[:2]
    rank = image.ndim - 2
    sizes = [shape_of(variable)[-rank:] for variable in (image, output)]
    grid = op.generator.grid(op.caller, T.cast(points, 'float64'), *sizes, op.options.align_corners)
    if op.options.antialias:
        output = antialiased_sample(image, grid, op.options, op.caller)
    return OutsidePull(op.options.outside_grad, rank)(output, grid) if op.options.outside_grad else output


class OutsidePull(theano.Op):
    """Return sampled images unchanged, and draw points outside back by their gradient: inputs (images, grid).

    A point has the extra gradient `strength`, times the sum over channels of the absolute gradient
    of its value, times the sign of its excess, along each axis on which it lies outside [-1, 1].

    Parameters
    ----------
    strength : float
        At least 0.
    rank : int
        2 for images, 3 for volumes.
    """

    __props__ = ('strength', 'rank')
    view_map = {0: [0]}

    def __init__(self, strength, rank):
        self.strength, self.rank = strength, rank

    def make_node(self, images, grid):
        return theano.Apply(self, [images, grid], [images.type()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0]

    def jax_function(self, node):
        return lambda images, grid: (images,)

    def infer_shape(self, node, input_shapes):
        return [input_shapes[0]]

    def grad(self, inputs, grads):
        images, grid = inputs
        size = T.sum(abs(grads[0]), axis=images.ndim - self.rank - 1)
        excess = T.cast(T.gt(grid, 1), grid.dtype) - T.cast(T.lt(grid, -1), grid.dtype)
        pull = self.strength * T.shape_padright(T.cast(size, grid.dtype)) * excess
        return [grads[0], T.patternbroadcast(pull, grid.broadcastable)]

    def R_op(self, inputs, eval_points):
        if eval_points[0] is None:
            return [inputs[0].zeros_like()]
        return [eval_points[0]]


@register_canonicalize('fast_compile')
@local_optimizer([OutsidePull])
def local_outside_pull(node):
    """Drop the Op: once differentiated it has done its work, and the grid need not be computed."""
    if isinstance(node.op, OutsidePull):
        return [node.inputs[0]]
    return False
