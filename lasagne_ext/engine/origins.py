"""Origin of the nodes of a graph: the Lasagne layer that made each.

A node's tag holds that as plain data, one chain of layers for each node of the program that it stands for::

    node.tag.origins = ((("Conv2DLayer 'conv1'", 3, 'forward'),),)

the layer's class and name, a number that belongs to that layer alone, and the direction. The tag is of the
node rather than of its outputs, since the engines copy the former even where a clone gets outputs of
another type. It is written when ``get_output_for`` returns (:func:`follow_lasagne`) and when an Op is
differentiated (:func:`follow_gradient`), and handed on by a feature of the graphs that are compiled
(:mod:`lasagne_ext.engine.origin_rewrites`). In the engines' own messages, the lines of a node's trace that lead
through this file name the layer.
"""
import contextlib
import functools
import inspect
import itertools
import os
import threading
import weakref
from collections import namedtuple

#: Where a node comes from. `layer` is the layer itself, or None once it is gone; `called` its class and
#: the name it had; `direction` is ``'forward'`` or ``'backward'``.
Origin = namedtuple('Origin', 'layer called direction')

_numbers = weakref.WeakKeyDictionary()
_layers = weakref.WeakValueDictionary()
#: From a number of the process's own, lest a graph that another has pickled names layers of this one.
_count = itertools.count(int.from_bytes(os.urandom(6), 'big') << 20)


class _AtWork(threading.local):
    """Layers whose ``get_output_for`` is running in a thread, the outermost first."""

    chain = ()


_at_work = _AtWork()

#: Differentiating exchanges the Ops of a graph for a while, which two threads must not do at once.
_differentiating = threading.RLock()


def origins(variable):
    """Return where a variable comes from.

    Parameters
    ----------
    variable : Variable
        Of any graph, optimized or not.

    Returns
    -------
    list of list of Origin
        One list for each node of the program that the optimizer made this one from; in it the layer
        first, then those that it ran in turn (a recurrent layer runs others). Empty where no layer has
        made it.
    """
    return [[Origin(_layers.get(number), called, direction) for called, number, direction in chain]
            for chain in chains_of(variable.owner)]


def chains_of(node):
    """Return a node's origins as they are stored; none of None."""
    return getattr(node.tag, 'origins', ()) if node is not None else ()


def follow_lasagne(lasagne):
    """Let the layers of a Lasagne mark the nodes that they make.

    What marks is asked for together with ``get_output_for``, so that a layer of any class takes part,
    defined before or after, and with a method that was exchanged later.

    Parameters
    ----------
    lasagne : module
        Imported as a whole; one without layers is left alone.
    """
    # Not above: where theano is a facade, its own gradients use this module.
    from theano.tensor import scalar
    base = getattr(getattr(lasagne, 'layers', None), 'Layer', None)
    if base is None or '__getattribute__' in vars(base):
        return

    def __getattribute__(self, name):
        value = super(base, self).__getattribute__(name)
        # A stand-in for a method, as tests make them, is asked for its own attributes.
        return _marking(self, value, scalar) if name == 'get_output_for' and inspect.isroutine(value) else value

    base.__getattribute__ = __getattribute__


def _marking(layer, method, make_variable):
    """Make a layer's ``get_output_for`` mark the nodes that it makes."""
    @functools.wraps(method)
    def get_output_for(*args, **kwargs):
        outer, first = _at_work.chain, _number(make_variable())
        _at_work.chain = chain = outer + (_link(layer),)
        try:
            outputs = method(*args, **kwargs)
        finally:
            _at_work.chain = outer
        kept = [value for value in vars(layer).values() if _is_variable(value)]
        given = {variable.owner for variable in _variables([args, kwargs])}
        _mark(_variables(outputs) + kept, chain, given, first)
        return outputs

    # Lasagne looks for the arguments that its layers know, in some versions by getargspec, which unwraps nothing.
    with contextlib.suppress(TypeError, ValueError):
        get_output_for.__signature__ = inspect.signature(method)
    return get_output_for


def _link(layer):
    if layer not in _numbers:
        _numbers[layer] = number = next(_count)
        _layers[number] = layer
    kind = type(layer).__name__
    called = "%s '%s'" % (kind, layer.name) if getattr(layer, 'name', None) else kind
    return called, _numbers[layer], 'forward'


def _number(variable):
    """Return the number that the engine gave a variable when it was made, counting all variables."""
    return int(variable.auto_name.split('_')[1])


def _is_variable(value):
    # A stand-in for a layer or a variable, as tests make them, has every attribute.
    return isinstance(getattr(value, 'auto_name', None), str)


def _variables(value):
    """List the variables in what a layer takes or gives."""
    if _is_variable(value):
        return [value]
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return []
    return [variable for part in value for variable in _variables(part)]


def _mark(variables, chain, seen, first=0):
    """Write a chain on the nodes behind some variables that have no origin yet.

    Parameters
    ----------
    variables : iterable of Variable
    chain : tuple
        Nothing is written if it is empty.
    seen : set
        Nodes, and variables of none, at which to stop; those that are met are added.
    first : int
        Number of a variable; those with a lower one are older than the chain.
    """
    remaining = list(variables)
    while remaining:
        variable = remaining.pop()
        node = variable.owner
        if node is None:
            # The state of random numbers and running averages is updated by nodes of the layer too.
            update = getattr(variable, 'default_update', None)
            if update is not None and variable not in seen:
                seen.add(variable)
                remaining.append(update)
        elif node not in seen:
            seen.add(node)
            if _number(node.outputs[0]) >= first:
                if chain and not chains_of(node):
                    node.tag.origins = (chain,)
                    for output in node.outputs:
                        _label_trace(output, chain)
                remaining += node.inputs
                # A loop of Theano's holds the graph of a step, whose nodes are named when they fail.
                remaining += _variables(getattr(node.op, 'outputs', ()))


def _label_trace(variable, chain):
    """Let a variable's trace, which the engines' own messages show, name the layers where it leads through here."""
    for trace in getattr(variable.tag, 'trace', None) or ():
        links = list(chain)
        for position, (path, line, function, _) in reversed(list(enumerate(trace))):
            if links and path == _label_trace.__code__.co_filename and function in ('get_output_for', 'differentiate'):
                called, _, direction = links.pop()
                trace[position] = path, line, function, '%s (%s)' % (called, direction)


@contextlib.contextmanager
def follow_gradient(outputs, known_grads, pullback):
    """Mark the nodes that Ops make when they are differentiated, inside a ``with`` block.

    They get the origins of the node that is differentiated, in the direction ``'backward'``; so does a sum
    of gradients, of the node whose output is differentiated by several ways. Neither engine tells from which
    node those of a gradient come, so that the Ops of the graph are exchanged for copies that mark, for as long
    as the block lasts.

    Parameters
    ----------
    outputs : iterable of Variable
        What is differentiated.
    known_grads : iterable of Variable
        Expressions that the gradient starts from.
    pullback : str
        The engine's name of the method by which it differentiates an Op.
    """
    with _differentiating:
        nodes = _nodes_behind(outputs)
        seen = {*nodes, *_nodes_behind(known_grads)}
        ops = [node.op for node in nodes]
        marking = [_marking_op(node, pullback, seen) for node in nodes]
        try:
            for node, op in zip(nodes, marking):
                node.op = op
            yield
        finally:
            for node, op in zip(nodes, ops):
                node.op = op
            for op in marking:
                del vars(op)[pullback]             # in case that a clone of the graph has kept it


def _nodes_behind(variables):
    """List all nodes that some variables are computed by."""
    seen, remaining = {}, [variable.owner for variable in variables if _is_variable(variable)]
    while remaining:
        node = remaining.pop()
        if node is not None and node not in seen:
            seen[node] = True
            remaining += [variable.owner for variable in node.inputs]
    return list(seen)


def _marking_op(node, pullback, seen):
    """Copy a node's Op, with a pullback that marks what it makes."""
    op = node.op
    chain = next(iter(chains_of(node)), ())
    chain = chain and _at_work.chain + tuple((*link[:2], 'backward') for link in chain)

    def differentiate(inputs, outputs, cotangents):
        _mark(cotangents, chain, seen)
        terms = getattr(op, pullback)(inputs, outputs, cotangents)
        _mark([term for term in terms or () if _is_variable(term)], chain, seen)
        return terms

    # Not copy.copy, which asks how the Op is pickled.
    copied = object.__new__(type(op))
    vars(copied).update(vars(op), **{pullback: differentiate})
    return copied
