"""Which Lasagne layer made a node of a graph.

Theano keeps with every variable where in the program it was made, and hands that on when a graph is
optimized. The layers whose ``get_output_for`` was running are written there too, as one more line each::

    File "Conv2DLayer 'conv1'", line 3, in get_output_for (forward)

The line's number belongs to that layer alone; it counts the layers from 1, in the order in which they
first ran. A node of a gradient gets the layers of the node that is differentiated, ``in gradient
(backward)``. So a compiled function knows its layers, whoever built it, and Theano's own messages show them.
"""
import functools
import itertools
import os
import sys
import weakref
from collections import namedtuple

#: Where a node comes from. `layer` is the layer itself, or None once it is gone; `called` its class and
#: the name it had; `direction` is ``'forward'`` or ``'backward'``.
Origin = namedtuple('Origin', 'layer called direction')

#: What such a line says in place of a function's name, which never holds a space.
_FUNCTIONS = {'forward': 'get_output_for (forward)', 'backward': 'gradient (backward)'}
_DIRECTIONS = {function: direction for direction, function in _FUNCTIONS.items()}

#: The functions of the engine's gradient: the local variable `node` of the first is the node that is
#: being differentiated, `var` of the second the variable for which terms are summed.
_DIFFERENTIATES, _SUMS = 'access_term_cache', 'access_grad_cache'

_numbers = weakref.WeakKeyDictionary()
_layers = weakref.WeakValueDictionary()
#: How many layers of one process have numbers of their own.
_SPAN = 10 ** 6
#: From a number of the process's own, lest a graph that another has pickled names layers of this one.
_count = itertools.count(1 + _SPAN * int.from_bytes(os.urandom(3), 'big'))


class _Number(int):
    """A layer's number. It shows without what tells processes apart, as messages do not need that."""

    def __repr__(self):
        return '%d' % (self % _SPAN)

    __str__ = __repr__

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def __reduce__(self):
        # As a plain number, so that a graph can be loaded where this class is not.
        return int, ('%d' % self,)


def install(utils, FunctionGraph):
    """Make variables remember their layers.

    Parameters
    ----------
    utils : module
        The engine's, in which variables get their traces.
    FunctionGraph : type
        The engine's, in which they are exchanged.
    """
    if hasattr(utils.add_tag_trace, 'remembers_layers'):
        return
    utils.add_tag_trace = _remembering(utils.add_tag_trace)
    FunctionGraph.replace = _handing_on(FunctionGraph.replace)


def _remembering(original):
    @functools.wraps(original)
    def add_tag_trace(thing, user_line=None):
        thing = original(thing, user_line)
        lines = _lines_of_layers(sys._getframe(1))
        if lines:
            _extend_trace(thing, lines)
        return thing

    # A trace keeps a few lines and does not count the engine's own before them, which it knows by their
    # file: this function is to be one of those.
    add_tag_trace.__code__ = add_tag_trace.__code__.replace(co_filename=original.__code__.co_filename)
    add_tag_trace.remembers_layers = True
    return add_tag_trace


def _handing_on(original):
    """Most optimizations hand the trace on, fusion and those of constants do not."""
    @functools.wraps(original)
    def replace(fgraph, variable, new_variable, *args, **kwargs):
        lines = _layer_lines(variable)
        remaining = [new_variable] if lines else []
        while remaining:
            new = remaining.pop()
            if new.owner is None or new.owner in fgraph.apply_nodes or _layer_lines(new):
                continue
            _extend_trace(new, lines)
            remaining += new.owner.inputs
        _extend_by_fused(variable, new_variable)
        return original(fgraph, variable, new_variable, *args, **kwargs)

    return replace


def _extend_by_fused(variable, new_variable):
    """Let a node that computes several scalar operations at once remember all that it stands for."""
    if not hasattr(getattr(getattr(new_variable.owner, 'op', None), 'scalar_op', None), 'fgraph'):
        return
    known = _traces(new_variable)
    seen, remaining = set(new_variable.owner.inputs), [variable]
    while remaining:
        current = remaining.pop()
        if current in seen or not hasattr(getattr(current.owner, 'op', None), 'scalar_op'):
            continue
        seen.add(current)
        remaining += current.owner.inputs
        known = known + [trace for trace in _traces(current) if trace not in known]
    new_variable.tag.trace = known


def origins(variable):
    """Where a variable comes from.

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
    found = []
    for trace in _traces(variable):
        chain = [Origin(_layers.get(number), called, _DIRECTIONS[function])
                 for called, number, function, _ in trace if function in _DIRECTIONS]
        if chain and chain not in found:
            found.append(chain)
    return found


def _traces(variable):
    traces = getattr(variable.tag, 'trace', None) or []
    return [traces] if traces and isinstance(traces[0], tuple) else traces


def _layer_lines(variable):
    """Those of the first trace; that of a variable which no optimization has touched."""
    return [line for trace in _traces(variable)[:1] for line in trace if line[2] in _DIRECTIONS]


def _extend_trace(variable, lines):
    traces = _traces(variable)
    variable.tag.trace = [(traces[0] if traces else []) + lines] + traces[1:]


def _lines_of_layers(frame):
    """A line of a trace for each layer at work in a stack of frames, the outermost first."""
    layer_class = getattr(sys.modules.get('lasagne.layers.base'), 'Layer', ())
    lines, differentiated = [], None
    while frame is not None:
        name = frame.f_code.co_name
        if name == 'get_output_for':
            layer = frame.f_locals.get('self')
            if isinstance(layer, layer_class):
                lines.append(_line(layer))
        elif differentiated is None and name in (_DIFFERENTIATES, _SUMS):
            # Further out only those follow that wait for this one.
            differentiated = _lines_of_gradient(frame.f_locals, name)
            lines += reversed(differentiated)
        frame = frame.f_back
    return list(reversed(lines))


def _line(layer):
    if layer not in _numbers:
        _numbers[layer] = number = _Number(next(_count))
        _layers[number] = layer
    kind = type(layer).__name__
    called = "%s '%s'" % (kind, layer.name) if getattr(layer, 'name', None) else kind
    # No source, as a text: Theano's d3viz encodes what stands here.
    return called, _numbers[layer], _FUNCTIONS['forward'], ''


def _lines_of_gradient(local, function):
    variable = local['node'].outputs[0] if function == _DIFFERENTIATES else local['var']
    return [(called, number, _FUNCTIONS['backward'], '')
            for called, number, _, _ in _layer_lines(variable)]
