"""Optimizations written for Theano: functions of a node alone, positions in their old place."""
import inspect

from pytensor.compile.mode import local_useless, optdb
from pytensor.graph.rewriting import basic

from lasagne_ext.engine.pytensor.modes import OURS
from lasagne_ext.engine.pytensor.tensor.adoption import original


def local_optimizer(tracks, inplace=False, requirements=()):
    """Turn a function of a node into an optimization of graphs.

    Parameters
    ----------
    tracks : list of Op or of classes of Ops, or None
        Applications of which it is tried on.
    inplace : bool
        Whether what it makes destroys its inputs.
    requirements : tuple of classes
        Features that a graph must have.

    Returns
    -------
    function
        Decorator of ``f(node)``, which returns False, or the new outputs.
    """
    if tracks is not None and not tracks:
        raise ValueError('local_optimizer: tracks is empty, so that it would never be tried')

    def decorate(function):
        # An optimization of PyTensor's own has the graph as its first argument.
        takes_graph = len(inspect.signature(function).parameters) > 1

        def rewrite(fgraph, node):
            result = function(fgraph, node) if takes_graph else function(node)
            return result or None
        rewrite.__name__, rewrite.__doc__ = function.__name__, function.__doc__
        rewrite.__module__ = function.__module__
        tracked = None if tracks is None else [original(op) for op in tracks]
        return basic.node_rewriter(tracked, inplace=inplace, requirements=requirements)(rewrite)
    return decorate


def optimizer(function):
    """Turn a function of a whole graph into an optimization."""
    return basic.graph_rewriter(function)


def inplace_optimizer(function):
    """Turn a function of a whole graph, which makes Ops work in place, into an optimization."""
    return basic.inplace_graph_rewriter(function)


def PatternSub(in_pattern, out_pattern, allow_multiple_clients=False, skip_identities_fn=None, name=None,
               tracks=(), get_nodes=None, values_eq_approx=None):
    """Make an optimization that replaces one pattern of Ops by another."""
    if skip_identities_fn is not None:
        raise NotImplementedError('PatternSub: skip_identities_fn is not available on the engine '
                                  '"pytensor"; write a local_optimizer')
    return basic.PatternNodeRewriter(in_pattern, out_pattern, allow_multiple_clients, name, tracks,
                                     get_nodes, values_eq_approx)


def OpSub(op1, op2, transfer_tags=True):
    """Make an optimization that replaces one Op by another."""
    return basic.SubstitutionNodeRewriter(op1, op2, transfer_tags)


def OpRemove(op):
    """Make an optimization that replaces an Op's outputs by its inputs."""
    @local_optimizer([op])
    def remove(node):
        return node.op == op and len(node.inputs) == len(node.outputs) and list(node.inputs)
    return remove


def out2in(*local_optimizers, **kwargs):
    """Make an optimization of a whole graph from local ones, tried from the outputs on."""
    return basic.out2in(*local_optimizers, **kwargs)


def in2out(*local_optimizers, **kwargs):
    """Make an optimization of a whole graph from local ones, tried from the inputs on."""
    return basic.in2out(*local_optimizers, **kwargs)


def _ours(tags):
    return ['%s%s' % (OURS, tag) for tag in tags]


def _registers(stage, database, *usual_tags, **usual):
    """Make a decorator ``register(rewrite, *tags, name=None)``, also used as ``@register('tag')``."""
    def register(rewrite, *tags, **kwargs):
        if isinstance(rewrite, str):
            return lambda decorated: register(decorated, rewrite, *tags, **kwargs)
        database.register(kwargs.pop('name', None) or rewrite.__name__, rewrite,
                          *_ours([*usual_tags, *tags, stage]),
                          use_db_name_as_tag=False, **{**usual, **kwargs})
        return rewrite
    register.__name__ = register.__qualname__ = 'register_%s' % stage
    register.__doc__ = 'Let functions of the facade apply a rewrite while graphs are made: %s.' % stage
    return register


register_canonicalize = _registers('canonicalize', optdb['canonicalize'], 'fast_run', 'fast_compile')
register_specialize = _registers('specialize', optdb['specialize'], 'fast_run')
register_stabilize = _registers('stabilize', optdb['stabilize'], 'fast_run')
register_uncanonicalize = _registers('uncanonicalize', optdb['uncanonicalize'], 'fast_run')
register_useless = _registers('useless', local_useless, 'fast_run', position='last')


class SequenceDatabase:
    """PyTensor's database of what is done in order, with Theano's order of arguments."""

    def __init__(self, database):
        self._database = database

    def register(self, name, obj, position, *tags, **kwargs):
        """Add an optimization at a position (a number), under a name and tags."""
        self._database.register(name, obj, *_ours(tags), position=position, **kwargs)

    def __getattr__(self, name):
        if name.startswith('__'):
            raise AttributeError(name)
        return getattr(self._database, name)

    def __getitem__(self, name):
        return self._database[name]

    def __contains__(self, name):
        return name in self._database
