"""Report on what a compiled function was doing when it failed.

Both engines report a failing node by calling their ``raise_with_op(node, thunk)``, and pass no more of it on than a
text. Its arguments, and those of the function's own call, are read from the traceback.
"""
import copy
from collections import OrderedDict, namedtuple

from theano.gof.vm import VM_Linker

#: What failed. `nodes` are the Apply nodes at work, the outermost first (a loop holds others), and
#: `values` those of the inputs of the last. `given` are the function's inputs, variable -> value, and
#: `refused` is the one among them that it would not take: then no node has run. `graph` is the
#: function's own.
Failure = namedtuple('Failure', 'nodes values given refused graph')


def find_failure(error):
    """Find what raised an error: the node of a graph, or the function that refused an input.

    Parameters
    ----------
    error : Exception
        With its traceback.

    Returns
    -------
    Failure or None
        None if it comes from no compiled function, or nobody can tell from where in it.
    """
    nodes, values, function, given = [], None, None, OrderedDict()
    for local, name in _frames(error.__traceback__):
        if name == 'raise_with_op':
            if local['node'] not in nodes:
                nodes.append(local['node'])
                values = _input_values(local)
        elif name == '__call__' and not nodes and hasattr(getattr(local.get('self'), 'maker', None), 'fgraph'):
            function, given = local['self'], _given_values(local)
    if function is None:
        return None
    if nodes and values is None:
        nodes, values = _run_step_by_step(function, given)
    refused = None if nodes else _refused_input(function, given)
    if not nodes and refused is None:
        return None
    return Failure(nodes, values or [], given, refused, function.maker.fgraph)


def _frames(traceback):
    while traceback is not None:
        yield traceback.tb_frame.f_locals, traceback.tb_frame.f_code.co_name
        traceback = traceback.tb_next


def _given_values(local):
    """Pair the inputs of a function with what a call of it was given."""
    inputs = local['self'].maker.inputs
    values = [(described.variable, value) for described, value in zip(inputs, local.get('args', ()))]
    values += [(described.variable, value) for key, value in local.get('kwargs', {}).items()
               for described in inputs if key in (described.name, described.variable)]
    return OrderedDict(values)


def _refused_input(function, given):
    """Return the first input whose value is of a wrong type, or None."""
    for described in function.maker.inputs:
        if described.variable in given:
            try:
                described.variable.type.filter(given[described.variable], strict=described.strict,
                                               allow_downcast=described.allow_downcast)
            except (TypeError, ValueError):
                return described.variable
    return None


def _input_values(local):
    """Return the values that a failing node was given; None where the graph was compiled as a whole."""
    thunk = local.get('thunk')
    storage = getattr(thunk, 'inputs', None)
    whole = 'fgraph_jit' in getattr(getattr(thunk, '__code__', None), 'co_varnames', ())
    return None if storage is None or whole else [cell[0] for cell in storage]


def _run_step_by_step(function, given):
    """Run the graph of a function that was compiled as a whole once more, node by node, to its failure."""
    graph = function.maker.fgraph.clone()
    linker = VM_Linker(use_cloop=False, c_thunks=False)
    run, inputs = linker.accept(graph).make_thunk()[:2]
    for container, described, own in zip(inputs, function.maker.expanded_inputs,
                                         function.input_storage):
        value = given.get(described.variable, own.storage[0])
        # Here too the graph may overwrite what it was given.
        container.storage[0] = container.type.filter(copy.copy(value), allow_downcast=True)
    try:
        run()
    except Exception as error:
        for local, name in _frames(error.__traceback__):
            if name == 'raise_with_op':
                return [local['node']], _input_values(local)
    return [], None
