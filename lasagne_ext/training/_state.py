"""What training changes: a network's parameters by name, and all else that a training step updates."""
from collections import OrderedDict

import lasagne
import numpy as np
import theano

from lasagne_ext.network.graph import named_layers, parameters_of


def named_parameters(where, network):
    """The parameters of a network, each once, under the first layer that uses it.

    Parameters
    ----------
    where : str
        The function that asks, for messages.
    network : Layer or list of Layer

    Returns
    -------
    OrderedDict
        Name of the layer -> OrderedDict from the name within the layer to the shared variable; layers
        without parameters of their own are left out.
    """
    named, known = OrderedDict(), set()
    for layer_name, layer in named_layers(where, network).items():
        of_layer = OrderedDict()
        for number, parameter in enumerate(parameters_of(layer)):
            if parameter not in known:
                known.add(parameter)
                of_layer[_free(_name_within(layer, parameter, number), of_layer)] = parameter
        if of_layer:
            named[layer_name] = of_layer
    return named


def _name_within(layer, parameter, number):
    """The attribute that holds a parameter: its own name may be that of a layer it is shared with."""
    for name, value in vars(layer).items():
        if value is parameter:
            return name
    name, prefix = parameter.name or 'parameter%d' % number, '%s.' % layer.name
    return name[len(prefix):] if name.startswith(prefix) else name


def _free(name, taken):
    """`name`, with a number where it is taken."""
    number, free = 1, name
    while free in taken:
        number, free = number + 1, '%s#%d' % (name, number)
    return free


def training_state(function, network):
    """What a compiled function updates besides the parameters of a network.

    Momenta and their like, counters, and the states of random streams, which dropout draws from.

    Parameters
    ----------
    function : Function
        Compiled by ``theano.function`` with the updates of a training step.
    network : Layer or list of Layer
        Whose parameters are left out.

    Returns
    -------
    OrderedDict
        Name -> shared variable. Names and order are the same in every process that builds the same
        function: ``random0`` and so on for states of random streams, and ``update0`` and so on for
        variables without a name.

    Raises
    ------
    TypeError
        If `function` is no compiled function.
    ValueError
        If it keeps a value where none but itself can reach it, in an input with an update.
    """
    try:
        inputs = function.maker.expanded_inputs
    except AttributeError:
        raise TypeError('training_state: function must be a compiled Theano function, got %r'
                        % (function,)) from None
    # Batch normalization updates its running averages through variables that merely share their values.
    known = {id(parameter.container) for of_layer in named_parameters('training_state', network).values()
             for parameter in of_layer.values()}
    state, count = OrderedDict(), {'random': 0, 'update': 0}
    for described in inputs:
        variable = described.variable
        if described.update is None:
            continue
        if not isinstance(variable, theano.compile.SharedVariable):
            raise ValueError('training_state: the function keeps the value of its input %s to itself; '
                             'make that a shared variable, so that it can be saved' % variable)
        if id(variable.container) in known:
            continue
        known.add(id(variable.container))
        is_random = getattr(variable.tag, 'is_rng', False)
        kind = 'random' if is_random else 'update'
        name = None if is_random else variable.name
        if name is None:
            name = '%s%d' % (kind, count[kind])
            count[kind] += 1
        state[_free(name, state)] = variable
    return state


def what_changes(where, network, functions):
    """What a checkpoint holds of a network and of what trains it.

    Parameters
    ----------
    where : str
        The function that asks, for messages.
    network : Layer or list of Layer
    functions : object with ``network`` and ``state``, compiled function, or None

    Returns
    -------
    parameters : OrderedDict
        As of :func:`named_parameters`.
    state : OrderedDict or None
        Name -> shared variable; None without functions.

    Raises
    ------
    TypeError, ValueError
        If `functions` are something else, or of another network.
    """
    parameters = named_parameters(where, network)
    if functions is None:
        return parameters, None
    state = getattr(functions, 'state', None)
    if state is None:
        if not hasattr(functions, 'maker'):
            raise TypeError('%s: functions must be what compile_functions returns, or a compiled Theano '
                            'function, got %r' % (where, functions))
        return parameters, training_state(functions, network)
    ours, theirs = (set(lasagne.layers.get_all_params(net)) for net in (network, functions.network))
    if ours != theirs:
        raise ValueError('%s: functions were compiled for another network than the one given' % where)
    return parameters, state


def random_states():
    """The generators that programs and Lasagne draw from; the latter's is None where it is the former."""
    of_lasagne = lasagne.random.get_rng()
    of_numpy = np.random.RandomState()
    of_numpy.set_state(np.random.get_state())
    return {'numpy': of_numpy, 'lasagne': None if of_lasagne is np.random else of_lasagne}
