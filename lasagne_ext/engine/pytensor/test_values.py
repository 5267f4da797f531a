"""Test values: numbers that go along with a graph while it is being made.

A variable's ``tag.test_value`` is carried through every Op that is applied to it, so that a wrong shape
raises its error in the line of the program that makes the wrong node.
"""
import warnings

import numpy as np
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Constant, Variable
from pytensor.scalar import ScalarOp

from lasagne_ext.engine.pytensor._names import ENGINE

MODES = ('off', 'ignore', 'warn', 'raise', 'pdb')

_mode = 'off'


def get_mode():
    """Return ``theano.config.compute_test_value``."""
    return _mode


def set_mode(mode):
    """Begin or end to compute test values.

    Parameters
    ----------
    mode : {'off', 'ignore', 'warn', 'raise', 'pdb'}
        What to do where an input has none; ``'pdb'`` raises, for a debugger to stop at.
    """
    global _mode
    if mode not in MODES:
        raise ValueError('compute_test_value must be one of %s, got %r'
                         % (', '.join(map(repr, MODES)), mode))
    _mode = mode


def follow(node):
    """Compute the test values of a node that has just been made, where that is asked for."""
    # Elementwise gradients are worked out on scalars that stand for nothing.
    if _mode != 'off' and not isinstance(node.op, ScalarOp):
        _compute(node)


def _compute(node):
    try:
        values = [_value(variable) for variable in node.inputs]
    except AttributeError as error:
        message = 'Cannot compute a test value of %s: %s' % (node.op, error)
        if _mode in ('raise', 'pdb'):
            raise ValueError(message) from None
        if _mode == 'warn':
            warnings.warn(message, skip_file_prefixes=ENGINE)
        return
    if getattr(node.op, 'destroy_map', None):
        values = [np.copy(value) if isinstance(value, np.ndarray) else value for value in values]
    storage = dict(zip(node.inputs, ([value] for value in values)))
    storage.update((output, [None]) for output in node.outputs)
    computed = {variable: [variable in node.inputs] for variable in storage}
    run = node.op.make_thunk(node, storage, computed, [], impl='py')
    run()
    for output in node.outputs:
        output.tag.test_value = storage[output][0]


def _value(variable):
    """Return the test value of a variable, worked out now if it was made while none were."""
    if variable.owner is not None and not hasattr(variable.tag, 'test_value'):
        _compute(variable.owner)
    return get_test_value(variable)


def get_test_value(v):
    """Return the test value of a variable, the value of a constant or a shared variable.

    Raises
    ------
    AttributeError
        If there is none.
    """
    if not isinstance(v, Variable):
        from theano.tensor import as_tensor_variable
        v = as_tensor_variable(v)
    if isinstance(v, Constant):
        return v.data
    if isinstance(v, SharedVariable):
        return v.get_value(borrow=True, return_internal_type=True)
    if hasattr(v.tag, 'test_value'):
        return v.type.filter(v.tag.test_value)
    raise AttributeError('%s has no test value; set its tag.test_value' % v)


def get_debug_values(*variables):
    """Return the test values of variables: one tuple of them, or none where one is missing.

    Returns
    -------
    list of tuple
    """
    if _mode == 'off':
        return []
    try:
        return [tuple(get_test_value(variable) for variable in variables)]
    except AttributeError:
        if _mode == 'raise':
            raise
        return []
