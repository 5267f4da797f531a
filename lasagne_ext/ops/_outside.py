"""A gradient for points outside the image."""
import theano
import theano.tensor as T
from theano.gof.opt import local_optimizer
from theano.tensor.opt import register_canonicalize


class OutsidePull(theano.Op):
    """Sampled images unchanged; their gradient also draws points outside back: inputs (images, grid).

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
    """Once differentiated it has done its work, and the grid need not be computed."""
    if isinstance(node.op, OutsidePull):
        return [node.inputs[0]]
    return False
