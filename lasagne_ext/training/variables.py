"""Find the variables of a training: a network's inputs, targets and mask, and all that a step changes."""
from collections import OrderedDict

import lasagne
import numpy as np
import theano
import theano.tensor as T

from lasagne_ext.network.graph import named_layers, parameters_of
from lasagne_ext.training.losses import LABEL_LOSSES


def find_inputs(named):
    """Return name -> variable, and name -> shape, of the input layers; a shared variable counts once."""
    inputs, shapes = OrderedDict(), OrderedDict()
    for name, layer in named.items():
        if not isinstance(layer, lasagne.layers.InputLayer):
            continue
        variable = layer.input_var
        if variable.owner is not None or isinstance(
                variable, (theano.Constant, theano.compile.SharedVariable)):
            raise ValueError('compile_functions: the input layer %r reads %s, which cannot be given a value; '
                             'its input_var must be a free variable' % (name, variable))
        if not any(variable is known for known in inputs.values()):
            inputs[name], shapes[name] = variable, layer.shape
    if not inputs:
        raise ValueError('compile_functions: the network has no input layer')
    return inputs, shapes


def make_targets(outputs, losses, target):
    """Return a target variable for each output: those given, or new ones that suit the losses."""
    if target is not None:
        targets = list(target) if isinstance(target, (list, tuple)) else [target]
        for variable in targets:
            if not isinstance(variable, theano.Variable):
                raise TypeError('compile_functions: target must be a variable or a list of them, got %r'
                                % (variable,))
        if len(targets) != len(outputs):
            raise ValueError('compile_functions: %d targets for %d outputs' % (len(targets), len(outputs)))
        return targets
    targets = []
    for layer, loss in zip(outputs, losses):
        rank = len(layer.output_shape)
        labels = isinstance(loss, str) and loss in LABEL_LOSSES
        kind = T.TensorType('int32' if labels else theano.config.floatX, (False,) * (rank - labels))
        targets.append(kind('target'))
    return targets


def as_column(target, layer):
    """Return a target in the rank of its output, if that is a column."""
    # A vector of targets for a column of predictions would be broadcast to a matrix.
    if target.ndim == len(layer.output_shape) - 1 and layer.output_shape[-1] == 1:
        return T.shape_padright(target)
    return target


def find_mask(named, inputs, mask):
    """Return the variable of the input layer that says which steps count; None without one."""
    if mask is None:
        return None
    layer = named.get(mask) if isinstance(mask, str) else mask
    variable = getattr(layer, 'input_var', None)
    if not any(variable is known for known in inputs.values()):
        raise ValueError('compile_functions: mask must be an input layer of the network or its name, got %r; '
                         'there are: %s' % (mask, ', '.join(inputs)))
    return variable


def named_parameters(caller, network):
    """Return the parameters of a network, each once, under the first layer that uses it.

    Parameters
    ----------
    caller : str
        Name to show in error messages.
    network : Layer or list of Layer

    Returns
    -------
    OrderedDict
        Name of the layer -> OrderedDict from the name within the layer to the shared variable; layers
        without parameters of their own are left out.
    """
    named, known = OrderedDict(), set()
    for layer_name, layer in named_layers(caller, network).items():
        of_layer = OrderedDict()
        for number, parameter in enumerate(parameters_of(layer)):
            if parameter not in known:
                known.add(parameter)
                of_layer[_unique_name(_name_within(layer, parameter, number), of_layer)] = parameter
        if of_layer:
            named[layer_name] = of_layer
    return named


def _name_within(layer, parameter, number):
    """Return the name of a parameter within its layer: that of the attribute that holds it."""
    # Its own name may be that of another layer that it is shared with.
    for name, value in vars(layer).items():
        if value is parameter:
            return name
    name, prefix = parameter.name or 'parameter%d' % number, '%s.' % layer.name
    return name[len(prefix):] if name.startswith(prefix) else name


def _unique_name(name, taken):
    """Return `name`, with a number where it is taken."""
    number, free = 1, name
    while free in taken:
        number, free = number + 1, '%s#%d' % (name, number)
    return free


def training_state(function, network):
    """Return what a compiled function updates besides the parameters of a network.

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
        state[_unique_name(name, state)] = variable
    return state


def checkpoint_variables(caller, network, functions):
    """Return the variables that a checkpoint holds: of a network, and of what trains it.

    Parameters
    ----------
    caller : str
        Name to show in error messages.
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
    parameters = named_parameters(caller, network)
    if functions is None:
        return parameters, None
    state = getattr(functions, 'state', None)
    if state is None:
        if not hasattr(functions, 'maker'):
            raise TypeError('%s: functions must be what compile_functions returns, or a compiled Theano '
                            'function, got %r' % (caller, functions))
        return parameters, training_state(functions, network)
    ours, theirs = (set(lasagne.layers.get_all_params(net)) for net in (network, functions.network))
    if ours != theirs:
        raise ValueError('%s: functions were compiled for another network than the one given' % caller)
    return parameters, state


def random_states():
    """Return the generators that programs and Lasagne draw from; the latter's is None if it is the former."""
    of_lasagne = lasagne.random.get_rng()
    of_numpy = np.random.RandomState()
    of_numpy.set_state(np.random.get_state())
    return {'numpy': of_numpy, 'lasagne': None if of_lasagne is np.random else of_lasagne}
