"""Walking over graphs as Theano does: some of its orders are relied upon."""
from pytensor.graph.basic import Variable as PyTensorVariable
from pytensor.graph.basic import equal_computations
from pytensor.graph.replace import clone_replace


def as_list(given):
    """Return a list or tuple as a list, anything else as the list of it alone."""
    return list(given) if isinstance(given, (list, tuple)) else [given]


def ancestors(variables, blockers=None):
    """List all variables that `variables` depend on, themselves included, in Theano's order.

    It goes depth first, from the last of `variables`; of an Op's inputs the first comes first.

    Parameters
    ----------
    variables : list of Variable
    blockers : collection of Variable, optional
        Nothing beyond them is visited.

    Returns
    -------
    list of Variable
    """
    blockers = set(blockers or ())
    stack, found, seen = list(variables), [], set()
    while stack:
        variable = stack.pop()
        if variable in seen:
            continue
        seen.add(variable)
        found.append(variable)
        if variable.owner is not None and variable not in blockers:
            stack.extend(reversed(variable.owner.inputs))
    return found


def inputs(variable_list, blockers=None):
    """List the variables without an owner that `variable_list` depends on, in Theano's order."""
    return [variable for variable in ancestors(variable_list, blockers) if variable.owner is None]


def is_same_graph(var1, var2, givens=None):
    """Return whether two variables are computed in the same way from the same inputs.

    Parameters
    ----------
    var1, var2 : Variable
    givens : dict or iterable of pairs, optional
        Variables to be taken for others.
    """
    if givens:
        replace = dict(givens)
        var1, var2 = clone_replace([var1, var2], replace)
    return equal_computations([var1], [var2])


def clone(output, replace=None, strict=True, share_inputs=True):
    """Copy the graphs of `output`, with some variables replaced.

    Parameters
    ----------
    output : Variable or list of Variable
    replace : dict or iterable of pairs, optional
        Variable -> what takes its place.
    strict : bool
        Whether a replacement must have the very type of what it replaces.
    share_inputs : bool
        Whether the copy shares its inputs with the original.
    """
    return clone_replace(output, replace, rebuild_strict=strict, copy_inputs_over=share_inputs)


def variables(inputs, outputs):
    """Return the set of all variables between `inputs` and `outputs`, both included."""
    return set(ancestors(list(outputs), inputs)) | set(inputs)


def orphans(inputs, outputs):
    """Variables without an owner that `outputs` need and that are not among `inputs`."""
    return {variable for variable in variables(inputs, outputs)
            if variable.owner is None and variable not in set(inputs)}


def variables_and_orphans(inputs, outputs):
    """:func:`variables` and :func:`orphans` as lists."""
    return list(variables(inputs, outputs)), list(orphans(inputs, outputs))


def ops(inputs, outputs):
    """Return the set of applications of Ops between `inputs` and `outputs`."""
    return {variable.owner for variable in ancestors(list(outputs), inputs)
            if variable.owner is not None and variable not in set(inputs)}


def list_of_nodes(inputs, outputs):
    """List the applications of Ops between `inputs` and `outputs`."""
    return list(ops(inputs, outputs))


def is_in_ancestors(node, other):
    """Return whether one application of an Op feeds another, or is it."""
    return node is other or other in {variable.owner for variable in ancestors(node.inputs)}


def view_roots(variable):
    """List the variables whose memory `variable` may share."""
    owner = variable.owner
    views = owner and getattr(owner.op, 'view_map', None)
    shared = views and views.get(owner.outputs.index(variable))
    if not shared:
        return [variable]
    return [root for index in shared for root in view_roots(owner.inputs[index])]


class _AnyVariable(type):
    """Metaclass that makes variables without an owner, as Theano does."""

    def __call__(cls, type, owner=None, index=None, name=None):
        return PyTensorVariable(type, owner, index, name)

    def __instancecheck__(cls, instance):
        return isinstance(instance, PyTensorVariable)

    def __subclasscheck__(cls, subclass):
        return issubclass(subclass, PyTensorVariable)


class Variable(metaclass=_AnyVariable):
    """Any symbolic variable.

    Parameters
    ----------
    type : Type
    owner : Apply, optional
    index : int, optional
    name : str, optional
    """
