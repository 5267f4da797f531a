"""Make symbolic outputs of symbolic inputs of what is checked: functions, Ops and networks alike."""
import inspect
from collections import OrderedDict, namedtuple

import lasagne
import numpy as np
import theano
import theano.tensor as T
from theano.gradient import DisconnectedType, NullType

from lasagne_ext.debug.gradients.float64 import (float64_outputs, float64_variable, is_float,
                                                 replace_variables)
from lasagne_ext.network.expressions import flattened
from lasagne_ext.network.graph import argument_text, layer_label, named_layers, named_parameters
from lasagne_ext.network.inputs import Feed

#: `outputs` and `inputs` are name -> variable, `values` those of the inputs. `title` says what it is.
Problem = namedtuple('Problem', 'title outputs inputs values')


class NoGradient(Exception):
    """Error where a gradient cannot be had; the message says why."""


def make_problem(caller, thing, inputs, deterministic):
    """Return the :class:`Problem` of a function, an Op, a layer or a list of layers."""
    layers = thing if isinstance(thing, (list, tuple)) else [thing]
    if any(isinstance(layer, lasagne.layers.Layer) for layer in layers):
        return _network(caller, list(layers), inputs, deterministic)
    if not callable(thing):
        raise TypeError('%s: fn_or_layer must be a function of symbolic variables, an Op or a Lasagne layer, '
                        'got %s' % (caller, argument_text(thing, 'the function or layer')))
    return _function(caller, thing, inputs)


def _network(caller, layers, inputs, deterministic):
    named = named_layers(caller, layers)
    names = {layer: name for name, layer in named.items()}
    feed = Feed(caller, named, inputs)
    found, values = OrderedDict(), []
    variables = OrderedDict()
    for (layer, own), value in zip(feed.variables.items(), feed.values):
        variables[layer] = found[names[layer]] = float64_variable(own)
        values.append(value)
    parameters = OrderedDict(pair for pair in named_parameters(named).items() if is_float(pair[1]))
    outputs, stand_ins = float64_outputs(layers, variables, list(parameters.values()), deterministic)
    replacements = OrderedDict()
    for (name, parameter), stand_in in zip(parameters.items(), stand_ins):
        found[name] = replacements[stand_in] = stand_in.type()
        # A layer may keep its parameter where nobody can exchange it, such as in a closure.
        replacements[parameter] = found[name]
        values.append(parameter.get_value())
    parts = OrderedDict()
    for layer, output in zip(layers, outputs):
        output = flattened(output)
        parts.update((names[layer] if len(output) == 1 else '%s[%d]' % (names[layer], k), part)
                     for k, part in enumerate(output))
    _check_outputs(caller, parts.values())
    parts = OrderedDict(zip(parts, replace_variables(list(parts.values()), replacements)))
    title = ' and '.join(layer_label(names[layer], layer) for layer in layers)
    return _problem(caller, title, parts, found, values)


def _function(caller, function, inputs):
    arrays = named_arrays(caller, function, inputs)
    variables = OrderedDict((name, T.TensorType('float64' if array.dtype.kind == 'f' else str(array.dtype),
                                                [size == 1 for size in array.shape])(name))
                            for name, array in arrays.items())
    with theano.configparser.change_flags(floatX='float64'):
        outputs = apply_function(caller, function, variables, isinstance(inputs, dict))
    return _problem(caller, function_text(function), outputs, variables, list(arrays.values()))


def named_arrays(caller, function, inputs):
    """Return the arrays given for a function's arguments, by name."""
    if isinstance(inputs, dict):
        names, arrays = [str(name) for name in inputs], list(inputs.values())
    else:
        arrays = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        names = _argument_names(function, len(arrays))
    arrays = [np.asarray(array) for array in arrays]
    if not arrays:
        raise ValueError('%s: inputs must hold at least one array, got none' % caller)
    for name, array in zip(names, arrays):
        if array.dtype.kind not in 'biuf':
            raise TypeError('%s: the input %r must be an array of real numbers, got dtype %s'
                            % (caller, name, array.dtype))
    return OrderedDict(zip(names, arrays))


def apply_function(caller, function, variables, by_name):
    """Return what a function gives for symbolic variables, by name."""
    # An Op takes its inputs in order, whatever they are called.
    by_name = by_name and not hasattr(function, 'make_node')
    outputs = function(**variables) if by_name else function(*variables.values())
    parts = flattened(outputs)
    _check_outputs(caller, parts)
    if isinstance(outputs, dict):
        return OrderedDict(outputs)
    return OrderedDict(zip(['out'] if len(parts) == 1 else ['out%d' % k for k in range(len(parts))], parts))


def function_text(function):
    """Describe a function or an Op."""
    if hasattr(function, 'make_node'):
        name = str(function)
        return 'the Op %s' % (name if len(name) <= 40 else type(function).__name__)
    name = getattr(function, '__name__', type(function).__name__)
    return 'a function' if name == '<lambda>' else name


def _argument_names(function, count):
    """Return the names that a function gives its arguments, numbers for those that it does not name."""
    try:
        parameters = inspect.signature(getattr(function, 'make_node', function)).parameters.values()
        names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    except (TypeError, ValueError):
        names = []
    return (names + ['input%d' % k for k in range(len(names), count)])[:count]


def _check_outputs(caller, outputs):
    if not outputs or not all(isinstance(output, theano.Variable) for output in outputs):
        raise TypeError('%s: the function must give symbolic outputs, got %s'
                        % (caller, ', '.join(map(repr, outputs)) or 'none'))


def _problem(caller, title, outputs, inputs, values):
    if not any(is_float(variable) for variable in inputs.values()):
        raise ValueError('%s: nothing to differentiate: no input or parameter is of a floating type, but %s'
                         % (caller, ', '.join('%s %s' % (name, variable.dtype)
                                              for name, variable in inputs.items())))
    if not any(is_float(output) for output in outputs.values()):
        raise ValueError('%s: nothing to differentiate: no output is of a floating type, but %s'
                         % (caller, ', '.join('%s %s' % (name, getattr(output, 'dtype', output.type))
                                              for name, output in outputs.items())))
    values = [np.array(value, dtype=variable.dtype) for variable, value in zip(inputs.values(), values)]
    return Problem(title, outputs, inputs, values)


def gradients(output, inputs):
    """Return the gradient of an output to each of `inputs`, for a cotangent given as a variable.

    Returns
    -------
    cotangent : Variable
    gradients : list
        None where the output does not depend on the input, as far as the graph says.

    Raises
    ------
    NoGradient
    """
    cotangent = output.type()
    try:
        with theano.configparser.change_flags(floatX='float64'):
            found = theano.grad(None, inputs, known_grads={output: cotangent}, disconnected_inputs='ignore',
                                return_disconnected='Disconnected', null_gradients='return')
    except Exception as error:       # whatever an Op's own method may raise
        raise NoGradient('%s: %s' % (type(error).__name__, error)) from error
    for gradient in found:
        if isinstance(gradient.type, NullType):
            raise NoGradient(gradient.type.why_null)
    return cotangent, [None if isinstance(gradient.type, DisconnectedType) else gradient
                       for gradient in found]


def gradient_problem(problem, rng):
    """Return the :class:`Problem` whose outputs are another's gradients, with cotangents as inputs too.

    Raises
    ------
    NoGradient
    """
    compute = theano.function(list(problem.inputs.values()), list(problem.outputs.values()),
                              on_unused_input='ignore')
    floating = [name for name, variable in problem.inputs.items() if is_float(variable)]
    outputs, inputs, values = OrderedDict(), OrderedDict(problem.inputs), list(problem.values)
    for (name, output), value in zip(problem.outputs.items(), compute(*problem.values)):
        if not is_float(output):
            continue
        cotangent, found = gradients(output, [problem.inputs[wrt] for wrt in floating])
        for wrt, gradient in zip(floating, found):
            if gradient is not None:
                outputs['(d %s / d %s)' % (name, wrt)] = gradient
        inputs['cotangent of %s' % name] = cotangent
        values.append(np.asarray(rng.uniform(.5, 1.5, value.shape) * rng.choice([-1., 1.], value.shape),
                                 dtype=cotangent.dtype))
    if not outputs:
        raise NoGradient('no output depends on an input')
    return Problem(problem.title, outputs, inputs, values)
