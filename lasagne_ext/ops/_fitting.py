"""Refusing at run time points whose shape is not their family's, where no sampling Op does."""
import theano


class Fitting(theano.Op):
    """Its input, a family's tensor, refused if its shape does not fit.

    Parameters
    ----------
    family
        Of :mod:`lasagne_ext.ops._points`.
    rank : int
        2 for images, 3 for volumes.
    name : str
        Who speaks in error messages.
    """

    __props__ = ('family', 'rank', 'name')
    view_map = {0: [0]}

    def __init__(self, family, rank, name):
        self.family, self.rank, self.name = family, rank, name

    def make_node(self, points):
        if isinstance(points, theano.Constant):
            self.family.check(self.name, points.data.shape, self.rank)
        return theano.Apply(self, [points], [points.type()])

    def perform(self, node, inputs, output_storage):
        self.family.check(self.name, inputs[0].shape, self.rank)
        output_storage[0][0] = inputs[0]

    def jax_function(self, node):
        """The Op as a function of JAX arrays: refuses while JAX traces it."""
        def function(points):
            self.family.check(self.name, points.shape, self.rank)
            return points,
        return function

    def infer_shape(self, node, input_shapes):
        return input_shapes

    def grad(self, inputs, grads):
        return grads

    def R_op(self, inputs, eval_points):
        return eval_points
