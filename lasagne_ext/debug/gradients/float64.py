"""Build a network as it would be in float64, without touching it."""
import contextlib
from collections import OrderedDict

import lasagne
import theano
import theano.tensor as T


def float64_variable(like):
    """Make a variable like another one, of float64 if that is of a floating type."""
    return T.TensorType('float64' if is_float(like) else like.dtype, like.broadcastable)()


def is_float(variable):
    return getattr(variable, 'dtype', '').startswith('float')


def float64_outputs(layers, variables, parameters, deterministic):
    """Return the outputs of a network whose parameters are other variables, everything in float64.

    Parameters
    ----------
    layers : list of Layer
        The network's outputs.
    variables : dict
        Input layer -> variable.
    parameters : list of shared variable
        Floating ones.
    deterministic : bool
        Whether layers behave as for prediction.

    Returns
    -------
    outputs : list
        What the layers give.
    stand_ins : list of shared variable
        float64 copies of the parameters, of which the outputs are made.
    """
    stand_ins = OrderedDict((parameter, theano.shared(
        parameter.get_value().astype('float64'), parameter.name,
        broadcastable=parameter.broadcastable)) for parameter in parameters)
    # The layers cast to floatX, and would fetch their own parameters.
    with theano.configparser.change_flags(floatX='float64'), _exchanged(layers, stand_ins):
        outputs = lasagne.layers.get_output(layers, inputs=variables, deterministic=deterministic)
    return outputs, list(stand_ins.values())


def replace_variables(outputs, replacements):
    """Replace variables in the graph of `outputs`; one of another dtype is cast to that one's."""
    return theano.clone(outputs, replace=[
        (old, new if old.dtype == new.dtype else T.cast(new, old.dtype))
        for old, new in replacements.items()])


@contextlib.contextmanager
def _exchanged(layers, stand_ins):
    """Let layers hold other variables than their parameters for a while."""
    changed = []
    try:
        seen = set()
        for layer in lasagne.layers.get_all_layers(layers):
            _exchange(layer, stand_ins, changed, seen)
        yield
    finally:
        for layer, attribute, value in reversed(changed):
            vars(layer)[attribute] = value


def _exchange(layer, stand_ins, changed, seen):
    if layer in seen:
        return
    seen.add(layer)

    def exchanged(value):
        if isinstance(value, lasagne.layers.Layer):    # a recurrent layer holds networks of its own
            for inner in lasagne.layers.get_all_layers(value):
                _exchange(inner, stand_ins, changed, seen)
            return value
        if isinstance(value, theano.Variable):
            if value in stand_ins:
                return stand_ins[value]
            # A parameter may be an expression of others, as with normalised weights.
            used = [v for v in theano.gof.graph.inputs([value]) if v in stand_ins]
            return theano.clone(value, replace=[(v, stand_ins[v]) for v in used],
                                strict=False) if used else value
        if isinstance(value, dict):
            pairs = [(exchanged(key), exchanged(item)) for key, item in value.items()]
            if all(a is c and b is d for (a, b), (c, d) in zip(pairs, value.items())):
                return value
            other = value.copy()
            other.clear()
            other.update(pairs)
            return other
        if type(value) in (list, tuple):
            items = [exchanged(item) for item in value]
            return value if all(a is b for a, b in zip(items, value)) else type(value)(items)
        return value

    for attribute, value in list(vars(layer).items()):
        new = exchanged(value)
        if new is not value:
            changed.append((layer, attribute, value))
            vars(layer)[attribute] = new
