"""Copy a graph so that the optimizer takes it for another one until its work is nearly done.

A value that leaves a function has one more use, and Theano decides by the number of uses what it may
merge: a sum of two matrix products becomes one operation of BLAS, rounded otherwise, unless one of the
products is wanted by itself. So the values that are looked at are computed from copies of the
inputs; the network's own outputs get the optimizations that they would get alone, and then what both
graphs have in common is made one.
"""
import theano

#: After the last optimization that counts uses, before loops are fused and operations work in place.
_POSITION = 48.9


class GraphCopy(theano.Op):
    """Return the input, under another name."""

    __props__ = ()
    view_map = {0: [0]}

    def make_node(self, value):
        return theano.Apply(self, [value], [value.type()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0]

    def infer_shape(self, node, input_shapes):
        return input_shapes


class _MergeCopies(theano.gof.Optimizer):
    """Put the input in the place of every :class:`GraphCopy`, and merge what is the same then."""

    def apply(self, fgraph):
        for node in fgraph.toposort():
            if isinstance(node.op, GraphCopy):
                fgraph.replace(node.outputs[0], node.inputs[0], reason='merge_copies')
        merge = theano.gof.MergeOptimizer()
        merge.add_requirements(fgraph)
        merge.apply(fgraph)


def copy_variables(variables):
    """Return a copy of each variable of a dict, from which to build the copy of a graph."""
    return {key: GraphCopy()(variable) for key, variable in variables.items()}


def merging_mode():
    """Return the mode that functions are compiled with by default, in which copies are merged."""
    return theano.compile.mode.get_default_mode().register((_MergeCopies(), _POSITION))
