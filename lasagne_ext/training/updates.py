"""Update rules by name, with their learning rates, clipped gradients and slower parts."""
import fnmatch
import inspect
from collections import OrderedDict

import lasagne
import theano
import theano.tensor as T

from lasagne_ext.checks import check_number, did_you_mean
from lasagne_ext.network.graph import named_layers, parameters_of

#: Rules by name, and the learning rate they start with where nothing is said.
DEFAULT_RATES = OrderedDict([
    ('sgd', .01), ('momentum', .01), ('nesterov_momentum', .01), ('adagrad', .01), ('rmsprop', .001),
    ('adadelta', 1.), ('adam', .001), ('adamax', .002), ('amsgrad', .001)])


class UpdateRule:
    """Update rule with its learning rate.

    Attributes
    ----------
    learning_rate : shared variable or None
        None where the rule has its own, which nobody else can set.
    """

    def __init__(self, updates, learning_rate):
        self._call, default = _get_rule(updates)
        try:
            argument = inspect.signature(self._call).parameters.get('learning_rate')
        except ValueError:                             # some callables made in C have no signature
            argument = None
        self._passes = argument is not None
        # A shared variable as the default is a rate that the program changes itself.
        if isinstance(getattr(argument, 'default', None), theano.compile.SharedVariable):
            self.learning_rate, self._passes = argument.default, False
        elif self._passes:
            if isinstance(argument.default, (int, float)) and default is None:
                default = argument.default
            if learning_rate is None:
                learning_rate = .01 if default is None else default
            if not isinstance(learning_rate, theano.compile.SharedVariable):
                learning_rate = theano.shared(lasagne.utils.floatX(check_number(
                    'compile_functions', 'learning_rate', learning_rate, 0)), name='learning_rate')
            self.learning_rate = learning_rate
        else:
            self.learning_rate = None
        if learning_rate is not None and not self._passes:
            raise ValueError('compile_functions: learning_rate=%r was given, but updates=%r takes no '
                             'argument of that name' % (learning_rate, updates))

    def __call__(self, loss_or_gradients, parameters, factor):
        if not self._passes:
            if factor != 1:
                raise ValueError('compile_functions: rates needs a rule that takes a learning_rate')
            return self._call(loss_or_gradients, parameters)
        rate = self.learning_rate if factor == 1 else self.learning_rate * lasagne.utils.floatX(factor)
        return self._call(loss_or_gradients, parameters, learning_rate=rate)


def _get_rule(updates):
    if callable(updates):
        return updates, None
    if not isinstance(updates, str):
        raise TypeError('compile_functions: updates must be a name or a callable (loss, parameters), got %r'
                        % (updates,))
    known = [name for name in DEFAULT_RATES if hasattr(lasagne.updates, name)]
    if updates not in known:
        if updates in DEFAULT_RATES:
            raise ValueError('compile_functions: this Lasagne, %s, has no %s yet; it has %s'
                             % (lasagne.__version__, updates, ', '.join(known)))
        raise ValueError('compile_functions: there is no rule %r for updates; there are %s, or give a '
                         'callable (loss, parameters)%s'
                         % (updates, ', '.join(known), did_you_mean(updates, known)))
    return getattr(lasagne.updates, updates), DEFAULT_RATES[updates]


def trainable_parameters(outputs):
    """Return the shared variables that training changes, each once, in the order of the layers."""
    found = []
    for layer in lasagne.layers.get_all_layers(outputs):
        found += [variable for variable in parameters_of(layer, trainable=True) if variable not in found]
    return found


def build_updates(rule, loss, outputs, clip, rates):
    """Return shared variable -> its new value, for all that a training step changes."""
    parameters = trainable_parameters(outputs)
    factors = _rate_factors(outputs, parameters, rates or {})
    parameters = [parameter for parameter in parameters if factors[parameter]]
    if not parameters:
        raise ValueError('compile_functions: the network has no trainable parameters')
    _check_connected(loss, outputs, parameters)
    if clip is None and set(factors.values()) == {1}:
        # The loss itself, as programs call Lasagne's rules: the graph, and so every bit, is theirs.
        source = {tuple(parameters): loss}
    else:
        # All gradients at once, so that clipping sees the norm of the whole network.
        gradients = _clip(theano.grad(loss, parameters), clip)
        groups = OrderedDict()
        for parameter, gradient in zip(parameters, gradients):
            groups.setdefault(factors[parameter], []).append((parameter, gradient))
        source = OrderedDict((tuple(parameter for parameter, _ in group), [gradient for _, gradient in group])
                             for group in groups.values())
    updates = OrderedDict()
    for group, loss_or_gradients in source.items():
        updates.update(_cast_updates(rule(loss_or_gradients, list(group), factors[group[0]])))
    return updates


def _check_connected(loss, outputs, parameters):
    """Refuse a loss that does not depend on a parameter, in the words of layers."""
    reached = set(theano.gof.graph.inputs([loss]))
    for name, layer in named_layers('compile_functions', outputs).items():
        for parameter in parameters_of(layer, trainable=True):
            if parameter in parameters and parameter not in reached:
                raise ValueError('compile_functions: the loss does not depend on the parameter %s of the '
                                 'layer %r; give that layer the factor 0 in rates, or another loss'
                                 % (parameter, name))


def _cast_updates(updates):
    """Return updates in the dtype of their variables."""
    # A float32 network is trained with floatX=float64 too.
    return OrderedDict(
        (variable, T.cast(value, variable.dtype)
         if getattr(value, 'dtype', None) != getattr(variable, 'dtype', None) else value)
        for variable, value in OrderedDict(updates).items())


def _clip(gradients, clip):
    if clip is None:
        return gradients
    if isinstance(clip, (tuple, list)):
        if len(clip) != 2 or not clip[0] < clip[1]:
            raise ValueError('compile_functions: clip must be the largest norm, or a pair (low, high), got %r'
                             % (clip,))
        return [T.clip(gradient, *map(lasagne.utils.floatX, clip)) for gradient in gradients]
    if isinstance(clip, bool) or not isinstance(clip, (int, float)):
        raise TypeError('compile_functions: clip must be a number or a pair of numbers, got %r' % (clip,))
    if not clip > 0:
        raise ValueError('compile_functions: clip must be positive, got %r' % clip)
    return lasagne.updates.total_norm_constraint(gradients, clip)


def _rate_factors(outputs, parameters, rates):
    """Return the factor of the learning rate of every parameter; the first entry that fits counts."""
    if not isinstance(rates, dict):
        raise TypeError('compile_functions: rates must be a dict of layer, name or parameter to factor, '
                        'got %r' % (rates,))
    named = named_layers('compile_functions', outputs)
    factors = OrderedDict()
    for key, factor in rates.items():
        if not isinstance(factor, (int, float)) or not 0 <= factor < float('inf'):
            raise ValueError('compile_functions: rates: the factor of %s must be a number of at least 0, '
                             'got %r' % (key, factor))
        for parameter in _parameters_of_key(key, named, parameters):
            factors.setdefault(parameter, factor)
    return OrderedDict((parameter, factors.get(parameter, 1)) for parameter in parameters)


def _parameters_of_key(key, named, parameters):
    """Return the parameters that a key of `rates` stands for."""
    if isinstance(key, str):
        layers = [named[name] for name in fnmatch.filter(named, key)]
        if not layers:
            raise ValueError('compile_functions: rates: no layer is called %r; there are: %s%s'
                             % (key, ', '.join(named), did_you_mean(key, named)))
    elif isinstance(key, lasagne.layers.Layer):
        if key not in named.values():
            raise ValueError('compile_functions: rates: the layer %r does not belong to this network'
                             % (key.name or key))
        layers = [key]
    elif key in parameters:
        return [key]
    else:
        raise TypeError('compile_functions: rates: %r is no layer, name or parameter of this network'
                        % (key,))
    return [variable for layer in layers for variable in parameters_of(layer) if variable in parameters]
