"""Find what looks suspicious in a network, before it runs and in the values of its layers."""
import gc
from collections import OrderedDict, namedtuple

import lasagne
import numpy as np
import theano
from theano.gof import graph

from lasagne_ext.network.expressions import expressions, flattened
from lasagne_ext.network.graph import incoming_layers, is_kind_of, localisation_layers
from lasagne_ext.network.wording import nonlinearity_name

#: Something that looks suspicious: the name of the layer, and what about it.
Suspicion = namedtuple('Suspicion', 'name text')

_SQUASHING = ('sigmoid', 'tanh', 'softmax', 'ScaledTanh', 'ScaledTanH')

#: Dropout of more than this leaves hardly anything to learn from.
_LARGE_DROPOUT = .8


def find_suspicions(named, names, outputs, values=None):
    """Find all that looks suspicious.

    Parameters
    ----------
    named, names : dict
        name -> layer in topological order, and layer -> name.
    outputs : list of Layer
        The layers that the user has given.
    values : Probe, optional
        The layers' values on some inputs.

    Returns
    -------
    dict, list of Suspicion
        name -> texts for every layer; and what is wrong with layers outside the network.
    """
    network = Network(named, names, outputs)
    found = OrderedDict((name, []) for name in named)
    for name, layer in named.items():
        for check in _CHECKS:
            found[name] += check(network, layer)
    _look_at_expressions(network, found)
    if values is not None:
        constant = {layer for name, layer in named.items() if is_constant(values[name])}
        for name, layer in named.items():
            found[name] += value_suspicions(layer, values[name])
            meant = layer in network.localisation_layers
            if layer in constant and not meant and not constant.issuperset(incoming_layers(layer)):
                found[name].append('gives the same for all %d samples' % len(flattened(values[name])[0]))
    return found, _dangling(network)


class Network:
    """Layers of a network with their names, and who feeds whom."""

    def __init__(self, named, names, outputs):
        self.named, self.names, self.outputs = named, names, outputs
        self.localisation_layers = localisation_layers(names)
        self.consumers = {layer: [] for layer in names}
        for layer in names:
            for source in incoming_layers(layer):
                self.consumers[source].append(layer)

    def quoted(self, layer):
        return "'%s'" % self.names[layer]


def _nonlinearity(layer):
    return nonlinearity_name(getattr(layer, 'nonlinearity', None))


def _has_weights(layer):
    return is_kind_of(layer, 'DenseLayer', 'BaseConvLayer', 'Conv1DLayer', 'Conv2DLayer', 'NINLayer')


def _softmax(network, layer):
    if _nonlinearity(layer) != 'softmax':
        return []
    found, shape = [], layer.output_shape
    if is_kind_of(layer, 'NonlinearityLayer'):
        source, = incoming_layers(layer) or [None]
        if source is not None and _nonlinearity(source) in _SQUASHING + ('rectify',):
            found.append('softmax right after %s of %s: the numbers it gets are %s already, so that it '
                         'cannot become sure; take one of them away' % (
                             _nonlinearity(source), network.quoted(source),
                             'never negative' if _nonlinearity(source) == 'rectify' else 'squashed'))
    if len(shape) == 2 and shape[1] == 1:
        found.append('softmax over a single unit is always 1; use sigmoid, or two units')
    if len(shape) > 2:
        found.append('softmax of an array of %d dimensions: it is meant for the rows of a matrix'
                     % len(shape))
    if layer not in network.outputs and any(_has_weights(c) for c in network.consumers[layer]):
        found.append('softmax inside the network: the layers after it see hardly any differences')
    return found


def _rectified_output(network, layer):
    if not _has_weights(layer) or _nonlinearity(layer) != 'rectify':
        return []
    if layer in network.localisation_layers:
        return ['the numbers of a transform are rectified and can never be negative; give '
                'nonlinearity=None']
    if layer in network.outputs and not network.consumers[layer] and is_kind_of(layer, 'DenseLayer'):
        return ['the output is rectified (the default of Lasagne) and can never be negative; give the '
                'nonlinearity that is meant, or None']
    return []


def _linear_after_linear(network, layer):
    if not _has_weights(layer):
        return []
    return ['two linear layers in a row, %s and this one, can do no more than one'
            % network.quoted(source) for source in incoming_layers(layer)
            if type(source) is type(layer) and _nonlinearity(source) == 'linear']


def _bias_before_normalisation(network, layer):
    consumers = network.consumers[layer]
    if getattr(layer, 'b', None) is None or not consumers or _nonlinearity(layer) != 'linear':
        return []
    if all(is_kind_of(consumer, 'BatchNormLayer') for consumer in consumers) and layer not in network.outputs:
        return ['its bias is taken away again by the batch normalisation of %s; give b=None'
                % network.quoted(consumers[0])]
    return []


def _dropout(network, layer):
    if not is_kind_of(layer, 'DropoutLayer') or not isinstance(layer.p, (int, float)):
        return []
    found = []
    if layer.p > _LARGE_DROPOUT:
        found.append('drops %.4g %% of the numbers; p is the share that is dropped, not kept'
                     % (100 * layer.p))
    if layer in network.outputs and not network.consumers[layer]:
        found.append('dropout at the very output: a part of the answers is set to 0')
    return found


def _frozen(network, layer):
    normal = layer.get_params(trainable=True) + layer.get_params(batch_norm_stats=True)
    frozen = [p.name or 'a parameter' for p in layer.get_params() if p not in normal]
    statistics = ('mean', 'inv_std') if is_kind_of(layer, 'BatchNormLayer') else ()
    frozen = [name for name in frozen if name.split('.')[-1] not in statistics
              and not name.endswith(('hid_init', 'cell_init'))]
    return ['%s not trained (no tag `trainable`) and stay%s as at the start' % (
        ', '.join(frozen) + (' is' if len(frozen) == 1 else ' are'), 's' * (len(frozen) == 1))
            ] if frozen else []


def _sizes(network, layer):
    shape = layer.output_shape
    if not isinstance(shape, tuple) or not all(size is None or isinstance(size, int) for size in shape):
        return []
    if any(size is not None and size < 1 for size in shape):
        return ['nothing is left: its output has the shape %r' % (shape,)]
    last = len(shape) == 4 and shape[3] in (1, 3, 4) and shape[1] not in (1, 3, 4)
    if is_kind_of(layer, 'InputLayer') and last and None not in shape[1:] and shape[1] > 8 and any(
            is_kind_of(c, 'BaseConvLayer', 'Conv2DLayer', 'Pool2DLayer') for c in network.consumers[layer]):
        return ['looks like images with their channels last, %r; Lasagne takes (batch, channels, rows, '
                'columns)' % (shape,)]
    return []


_CHECKS = (_softmax, _rectified_output, _linear_after_linear, _bias_before_normalisation, _dropout,
           _frozen, _sizes)


def _look_at_expressions(network, found):
    """Add what only the symbolic values show: random predictions, dtypes, values that nobody uses."""
    variables = {layer: layer.input_var for layer in network.names
                 if isinstance(layer, lasagne.layers.InputLayer)}
    values = expressions('explain', network.named, variables, deterministic=True)
    parts = {layer: flattened(values[name]) for name, layer in network.named.items()}
    needed = set(graph.ancestors([part for layer in network.outputs for part in parts[layer]]))
    used = {layer for layer in parts if needed.intersection(parts[layer])}
    for name, layer in network.named.items():
        above = [part for source in incoming_layers(layer) for part in parts[source]]
        leaves = graph.inputs(parts[layer], blockers=above)
        if any(getattr(leaf, 'default_update', None) is not None for leaf in leaves):
            found[name].append('gives random numbers even when predicting (deterministic=True): its '
                               'get_output_for does not look at `deterministic`')
        found[name] += _widened(parts[layer], above)
        consumers = [network.names[c] for c in network.consumers[layer] if c in used]
        if layer not in used and consumers:
            found[name].append("its value is not used by '%s'" % "' or '".join(consumers))


def _widened(own, above):
    """Find a layer where float64 begins although floatX is float32."""
    if theano.config.floatX == 'float64' or not above:
        return []
    wide = [part for part in own if part.dtype == 'float64']
    if not wide or any(part.dtype == 'float64' for part in above):
        return []
    whole = sorted({part.dtype for part in above if 'int' in part.dtype})
    return ['gives float64 where floatX is %s%s: everything after it is slower' % (
        theano.config.floatX, ', because %s comes in; cast the input, or declare it with a variable of '
        'floats' % whole[0] if whole else '')]


def _dangling(network):
    """Find layers on top of this network that lead to none of the given outputs."""
    found = []
    for thing in gc.get_objects():
        if not issubclass(type(thing), lasagne.layers.Layer) or thing in network.names:
            continue
        sources = [source for source in incoming_layers(thing) if source in network.names]
        if sources:
            kind = type(thing).__name__
            called = "%s '%s'" % (kind, thing.name) if getattr(thing, 'name', None) else 'a ' + kind
            found.append(Suspicion(network.names[sources[0]], '%s on top of it leads to none of the '
                                   'outputs given' % called))
    return found


#: From these shares on, dead units and saturated values are worth a word.
_DEAD_SHARE, _SATURATED_SHARE = .4, .25

#: Where a squashing function counts as saturated: so near, relative to its range, to either end.
_NEAR_END = .01

#: Inputs larger than this slow learning down.
_LARGE_INPUT = 20

#: With fewer samples it says little that they all give the same.
_ENOUGH_SAMPLES = 8


def value_suspicions(layer, value):
    """Say what looks suspicious in the value of a layer, as a list of texts.

    Parameters
    ----------
    layer : Layer
    value : array, or tuple, list or dict of arrays
    """
    arrays = [array for array in flattened(value) if array.dtype.kind == 'f' and array.size]
    bad = [array for array in arrays if not np.isfinite(array).all()]
    if bad:
        return ['its value holds %d NaN and %d Inf; check_numerics says where they begin' % (
            sum(int(np.isnan(array).sum()) for array in bad),
            sum(int(np.isinf(array).sum()) for array in bad))]
    return [text for array in arrays for text in _of_array(layer, array)]


def _of_array(layer, value):
    if isinstance(layer, lasagne.layers.InputLayer):
        largest = np.abs(value).max()
        return ['the inputs reach %.4g; networks learn faster from numbers of the size of 1: divide them, '
                'or take their mean away' % largest] if largest > _LARGE_INPUT else []
    check = _BY_NONLINEARITY.get(_nonlinearity(layer))
    text = check(value) if check else None
    return [text] if text else []


def is_constant(value):
    """Return whether many samples all have the same value."""
    return all(array.ndim > 0 and len(array) >= _ENOUGH_SAMPLES and (array == array[:1]).all()
               for array in flattened(value))


def _dead(value):
    # One for each unit or channel.
    dead = (value == 0).all(axis=tuple(k for k in range(value.ndim) if k != 1))
    if dead.mean() < _DEAD_SHARE:
        return None
    return ('%d of %d rectified units (%.0f %%) are 0 for all %d samples: dead, and they get no gradient; '
            'smaller steps, other initial weights, or leaky_rectify help' % (
                dead.sum(), dead.size, 100 * dead.mean(), len(value)))


def _saturated(low, high):
    def check(value):
        margin = _NEAR_END * (high - low)
        share = ((value < low + margin) | (value > high - margin)).mean()
        if share < _SATURATED_SHARE:
            return None
        return ('%.0f %% of its values are nearly %d or %d: saturated, and hardly any gradient passes'
                % (100 * share, low, high))
    return check


_BY_NONLINEARITY = {'rectify': _dead, 'sigmoid': _saturated(0, 1), 'tanh': _saturated(-1, 1)}
