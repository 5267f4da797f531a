"""Lazy choice between two branches, with Theano's checks."""
from pytensor.conditional.op import IfElse
from pytensor.graph.basic import Variable

from theano.tensor import as_tensor_variable

from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.border import (
    CondMerge, acceptable_ops, cond_make_inplace, cond_merge_ifs_false, cond_merge_ifs_true,
    cond_merge_random_op, cond_remove_identical, ifelse_lift_single_if_through_acceptable_ops)
from lasagne_ext.engine.pytensor.graphs import as_list

__getattr__ = refuse(__name__, {})


def ifelse(condition, then_branch, else_branch, name=None):
    """Choose one of two branches, of which only that one is computed.

    Parameters
    ----------
    condition : scalar Variable
        Zero chooses `else_branch`, anything else `then_branch`.
    then_branch, else_branch : Variable, or list or tuple of them
        As many in each, pairwise of one type.
    name : str, optional

    Returns
    -------
    Variable, list or tuple
        In the container of `then_branch`.

    Raises
    ------
    TypeError
        If two corresponding types differ, or `condition` is not a scalar.
    ValueError
        If the branches are not of one length.
    """
    branches = [[value if isinstance(value, Variable) else as_tensor_variable(value)
                 for value in as_list(branch)] for branch in (then_branch, else_branch)]
    for pair in zip(*branches):
        _check_types(*pair)
    if len(branches[0]) != len(branches[1]):
        raise ValueError('ifelse: both branches must hold as many variables, got %d on the `then` branch '
                         'and %d on the `else` branch' % tuple(map(len, branches)))
    results = IfElse(n_outs=len(branches[0]), name=name)(
        condition, *branches[0], *branches[1], return_list=True)
    if isinstance(then_branch, (list, tuple)):
        return type(then_branch)(results)
    return results[0]


def _check_types(then, other):
    """Raise an error unless two variables may stand for each other; static shapes may differ."""
    if type(then.type) is type(other.type) and all(
            getattr(then.type, trait, None) == getattr(other.type, trait, None)
            for trait in ('dtype', 'ndim')):
        return
    raise TypeError('The two branches should have identical types, but they are %s and %s respectively'
                    % (then.type, other.type))
