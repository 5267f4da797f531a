"""Errors about variables that no gradient reaches name the variable, which both engines forget."""
import types


def install(gradient):
    """Give a gradient module messages that begin with the variable.

    Parameters
    ----------
    gradient : module
        ``theano.gradient`` or ``pytensor.gradient``; its `utils` serve these messages alone.
    """
    trace = gradient.utils.get_variable_trace_string

    def message(variable):
        return 'nothing that has a gradient connects %s with the cost. %s' % (variable, trace(variable))
    gradient.utils = types.SimpleNamespace(get_variable_trace_string=message)
