"""Test values: numbers that go along with a graph while it is being made."""
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Constant, Variable


def get_test_value(v):
    """The test value of a variable, the value of a constant or a shared variable.

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
    raise AttributeError('%s has no test value; set %s.tag.test_value' % (v, v.name or 'its'))


def get_debug_values(*variables):
    """The test values of variables: one tuple of them, or none where one is missing.

    Returns
    -------
    list of tuple
    """
    from theano.configdefaults import config
    if config.compute_test_value == 'off':
        return []
    try:
        return [tuple(get_test_value(variable) for variable in variables)]
    except AttributeError:
        if config.compute_test_value == 'raise':
            raise
        return []
