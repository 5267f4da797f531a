"""Variables, applications of Ops, and walks over graphs."""
import pickle

from pytensor.graph.basic import Apply as PyTensorApply
from pytensor.graph.basic import Constant, Node, clone, clone_get_equiv, equal_computations
from pytensor.graph.op import io_connection_pattern
from pytensor.graph.traversal import general_toposort, io_toposort

from lasagne_ext.engine.pytensor._finder import ADVICE
from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.graphs import (Variable, ancestors, inputs, is_in_ancestors,
                                                is_same_graph, list_of_nodes, ops, orphans, variables,
                                                variables_and_orphans, view_roots)


class _Applied(type):
    def __call__(cls, *args):
        return PyTensorApply(*args)

    def __instancecheck__(cls, instance):
        return isinstance(instance, PyTensorApply)

    def __subclasscheck__(cls, subclass):
        return PyTensorApply in subclass.__mro__


class Apply(metaclass=_Applied):
    """Application of an Op to variables.

    What is made here is pickled with PyTensor's Apply, so that the facade's in a pickle always means that
    Theano has written it: a graph, which is refused. Variables and whole Lasagne networks are read.

    Parameters
    ----------
    op : Op
    inputs, outputs : list of Variable
    """

    def __new__(cls, *args):
        raise pickle.UnpicklingError(ADVICE)


_PRINT = 'print the graph by theano.printing.debugprint'

__getattr__ = refuse(__name__, {
    'as_string': _PRINT, 'op_as_string': _PRINT, 'default_leaf_formatter': _PRINT,
    'default_node_formatter': _PRINT, 'NoParams': 'Ops without parameters need no marker here',
    'stack_search': 'use theano.gof.graph.ancestors', 'is_same_graph_with_merge': 'use is_same_graph',
    'nodes_constructed': 'use theano.gof.graph.ops on what was made'})
