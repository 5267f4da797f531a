"""The shared variables that a layer computes with."""
import numpy as np
import theano


def parameters_of(layer, **tags):
    """The shared variables among a layer's parameters, each once.

    Of a parameter that is an expression, those that it is made of; a parameter without any, such as
    a constant, gives none.

    Parameters
    ----------
    layer : Layer
    **tags
        As for the layer's ``get_params``.

    Returns
    -------
    list of SharedVariable
    """
    found = []
    for parameter in layer.get_params(**tags):
        # Lasagne 0.1 does not look into expressions.
        for variable in theano.gof.graph.inputs([parameter]):
            if isinstance(variable, theano.compile.SharedVariable) and variable not in found:
                found.append(variable)
    return found


def first_users(layers):
    """Where every parameter of a network is first used.

    Returns
    -------
    dict
        SharedVariable -> number of the layer
    """
    users = {}
    for number, layer in enumerate(layers):
        for parameter in parameters_of(layer):
            users.setdefault(parameter, number)
    return users


def extent(parameter):
    """How many values a shared variable holds, and in how many bytes."""
    value = parameter.get_value(borrow=True, return_internal_type=True)
    count = int(np.prod(getattr(value, 'shape', ()), dtype='int64'))
    return count, count * np.dtype(getattr(parameter, 'dtype', 'uint8')).itemsize
