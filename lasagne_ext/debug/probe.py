"""The value of every layer."""
import html
from collections import OrderedDict
from collections.abc import Mapping

import lasagne
import numpy as np
import theano
from tabulate import tabulate

from lasagne_ext.debug._layers import named_layers
from lasagne_ext.debug.describe import describe


class Probe(Mapping):
    """Values of a network's layers by name; ``print()`` describes them, one line each."""

    def __init__(self, values):
        self._values = values

    def __getitem__(self, name):
        try:
            return self._values[name]
        except KeyError:
            raise KeyError('no layer is called %r; there are: %s'
                           % (name, ', '.join(self._values))) from None

    def __iter__(self):
        return iter(self._values)

    def __len__(self):
        return len(self._values)

    def _cells(self):
        return [[name, str(describe(value))] for name, value in self.items()]

    def __str__(self):
        return tabulate(self._cells(), tablefmt='plain', disable_numparse=True)

    def __repr__(self):
        return '<Probe of %s>' % ', '.join(self)

    def _repr_html_(self):
        return '<table>%s</table>' % ''.join(
            '<tr>%s</tr>' % ''.join('<td style="text-align:left">%s</td>' % html.escape(cell)
                                    for cell in cells) for cells in self._cells())

    def to_dict(self):
        """name -> array, as an ordinary dict."""
        return dict(self._values)


def probe(layers, inputs, deterministic=True):
    """Compute the value of every layer of a network.

    The values are extra outputs of one compiled function. Nothing is put into the graph, which
    would keep Theano from rewriting it and could change the network's own numbers: they are the
    same, bit for bit, with and without a probe.

    Parameters
    ----------
    layers : Layer or iterable of Layer
        The network's output, or outputs.
    inputs : array or dict
        The value of the network's only input layer; or a dict from input layers, or their names,
        to values. Values are cast to the dtype of the input layer's variable where nothing but
        precision is lost.
    deterministic : bool
        Whether layers behave as for prediction: no dropout, batch normalisation by its averages.

    Returns
    -------
    Probe
        Mapping of layer names to arrays, in topological order. Layers without a name are called as
        in :func:`lasagne_ext.debug.summary`.

    Raises
    ------
    TypeError, ValueError
        If `layers` are not layers, or an input is missing, unknown, or of the wrong rank.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne.layers import InputLayer, NonlinearityLayer
    >>> from lasagne.nonlinearities import rectify
    >>> from lasagne_ext.debug import probe
    >>> net = NonlinearityLayer(InputLayer((None, 2), name='in'), rectify, name='relu')
    >>> print(probe(net, np.array([[-1., 2.]])))
    in    (1, 2) float64, min -1 max 2 mean 0.5 std 1.5, 0 NaN, 0 Inf
    relu  (1, 2) float64, min 0 max 2 mean 1 std 1, 1 zero, 0 NaN, 0 Inf
    """
    named = named_layers('probe', layers)
    input_layers = OrderedDict((name, layer) for name, layer in named.items()
                               if isinstance(layer, lasagne.layers.InputLayer))
    if not input_layers:
        raise ValueError('probe: the network has no input layer; put an InputLayer where a shape '
                         'stands in place of one')
    variables = _variables(input_layers.values())
    values = [_as_input(name, layer.shape, variables[layer], value)
              for (name, layer), value in zip(input_layers.items(),
                                              _input_values(input_layers, inputs))]
    outputs = lasagne.layers.get_output(list(named.values()), inputs=variables,
                                        deterministic=deterministic)
    for name, output in zip(named, outputs):
        if not isinstance(output, theano.Variable):
            raise TypeError('probe: the layer %r gives no symbolic value but %r' % (name, output))
    # To look must not change what is looked at, such as the averages of a batch normalisation.
    function = theano.function(list(variables.values()), outputs, on_unused_input='ignore',
                               no_default_updates=True)
    return Probe(OrderedDict(zip(named, function(*values))))


def _variables(input_layers):
    """The variable that takes each input layer's value: its own, or one like it.

    A shared variable, a constant, an expression, or one that two layers have in common cannot be
    given a value.
    """
    taken = OrderedDict()
    for layer in input_layers:
        variable = layer.input_var
        free = (variable.owner is None and variable not in taken.values()
                and not isinstance(variable, (theano.Constant, theano.compile.SharedVariable)))
        taken[layer] = variable if free else variable.type()
    return taken


def _input_values(input_layers, inputs):
    """The value for each input layer, in order."""
    if not isinstance(inputs, dict):
        if len(input_layers) != 1:
            raise ValueError('probe: the network has %d input layers (%s); give inputs as a dict of '
                             'layer (or name) to array' % (len(input_layers), ', '.join(input_layers)))
        return [inputs]
    remaining = dict(inputs)
    found = []
    for name, layer in input_layers.items():
        key = layer if layer in remaining else name
        if key not in remaining:
            raise ValueError('probe: no value was given for the input layer %r' % name)
        found.append(remaining.pop(key))
    if remaining:
        raise ValueError('probe: %s is no input layer of this network; its input layers are %s'
                         % (', '.join(map(repr, remaining)), ', '.join(input_layers)))
    return found


def _as_input(name, shape, variable, value):
    value = np.asarray(value)
    if value.ndim != variable.ndim:
        raise ValueError('probe: the input layer %r takes %d dimensions %r, got an array of shape %s'
                         % (name, variable.ndim, shape, value.shape))
    if any(single and size != 1 for single, size in zip(variable.broadcastable, value.shape)):
        raise ValueError('probe: the input layer %r was declared with shape %r, its dimensions of 1 '
                         'being fixed; got an array of shape %s' % (name, shape, value.shape))
    if not np.can_cast(value.dtype, variable.dtype, 'same_kind'):
        raise TypeError('probe: the input layer %r takes %s, got %s; cast it first'
                        % (name, variable.dtype, value.dtype))
    cast = value.astype(variable.dtype)
    if value.dtype.kind in 'iu' and cast.dtype.kind in 'iu' and (cast != value).any():
        raise ValueError('probe: the input layer %r takes %s, which cannot hold all of the values '
                         'given' % (name, variable.dtype))
    return cast
