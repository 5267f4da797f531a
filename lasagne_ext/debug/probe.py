"""Compute the value of every layer."""
import html
from collections import OrderedDict
from collections.abc import Mapping

import theano
from tabulate import tabulate

from lasagne_ext.debug.describe import array_text
from lasagne_ext.debug.report import named_entry
from lasagne_ext.network.expressions import (expressions, flattened, in_form_of, labelled_parts, loss_of,
                                             parts_by_name)
from lasagne_ext.network.function_cache import cached_function
from lasagne_ext.network.graph import layer_list, layer_names, named_layers, select_names
from lasagne_ext.network.graph_copy import copy_variables, merging_mode
from lasagne_ext.network.inputs import Feed


class Values(Mapping):
    """Values of a network's layers by name; ``print()`` describes them, one line each.

    The value of a layer with several outputs is a tuple or dict of arrays, that of one without a value
    is None.
    """

    def __init__(self, values):
        self._values = values

    def __getitem__(self, name):
        return named_entry(self._values, name)

    def __iter__(self):
        return iter(self._values)

    def __len__(self):
        return len(self._values)

    def _cells(self):
        return [[label, _described(value)] for name in self
                for label, value in labelled_parts(name, self[name])]

    def __str__(self):
        return tabulate(self._cells(), tablefmt='plain', disable_numparse=True)

    def __repr__(self):
        return '<%s of %s>' % (type(self).__name__, ', '.join(self))

    def _repr_html_(self):
        return '<table>%s</table>' % ''.join(
            '<tr>%s</tr>' % ''.join('<td style="text-align:left">%s</td>' % html.escape(cell)
                                    for cell in cells) for cells in self._cells())

    def to_dict(self):
        """name -> value, as an ordinary dict."""
        return dict(self._values)


class Probe(Values):
    """Values of a network's layers by name; ``print()`` describes them, one line each.

    Attributes
    ----------
    gradients : Values or None
        The loss's gradients with respect to them, in the same form; None for a layer that the loss does
        not depend on. None if they were not asked for.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> from lasagne_ext.debug import probe
    >>> net = DenseLayer(InputLayer((None, 4), name='in'), 2, name='out')
    >>> values = probe(net, np.ones((3, 4)))
    >>> list(values), values['out'].shape, values.gradients
    (['in', 'out'], (3, 2), None)
    """

    def __init__(self, values, gradients=None):
        super().__init__(values)
        self.gradients = gradients and Values(gradients)

    def _cells(self):
        if self.gradients is None:
            return super()._cells()
        cells = []
        for name in self:
            parts = zip(labelled_parts(name, self[name]), labelled_parts(name, self.gradients[name]))
            for (label, value), (_, gradient) in parts:
                cells += [[label, _described(value)], ['d loss / d ' + label, _described(gradient)]]
        return cells

    def to_dict(self):
        """Give the values as an ordinary dict.

        Returns
        -------
        dict
            Name -> value; with gradients, of ``'values'`` and ``'gradients'``, one such dict each.
        """
        if self.gradients is None:
            return super().to_dict()
        return {'values': super().to_dict(), 'gradients': self.gradients.to_dict()}


def _described(value):
    return 'none' if value is None else array_text(value)


def probe(layers, inputs, gradients=False, loss=None, deterministic=True, only=None):
    """Compute the value of every layer of a network, and the loss's gradient with respect to each.

    The values are extra outputs of one compiled function. Nothing is put into the graph, which would
    keep Theano from rewriting it and could change the network's own numbers. The function is kept: to
    look at the same network again, with other inputs or new weights, compiles nothing.

    Parameters
    ----------
    layers : Layer or iterable of Layer
        The network's output, or outputs.
    inputs : array or dict
        The value of the network's only input layer; or a dict from input layers, their names or their
        variables, to values. Values are cast to the dtype of the input layer's variable where nothing
        but precision is lost.
    gradients : bool
        Whether to compute the gradients too.
    loss : callable, optional
        What is differentiated: gets the symbolic outputs of `layers`, one argument each, and returns a
        symbolic scalar. By default half the sum of their squares. The function is only kept for the same
        object: give the loss a name of its own, where it is to be used again.
    deterministic : bool
        Whether layers behave as for prediction: no dropout, batch normalisation by its averages.
    only : Layer, str, or iterable of them, optional
        The layers to look at, or their names; by default all.

    Returns
    -------
    Probe
        Mapping of layer names to arrays, in topological order; of a layer with several outputs to a
        tuple or dict of arrays. Its ``gradients`` map the names to the gradients. Layers without a name
        are called as in :func:`lasagne_ext.debug.summary`. The arrays are the caller's own.

    Raises
    ------
    TypeError, ValueError
        If `layers` are not layers, an input is missing, unknown, or of the wrong shape, `only` names
        no layer of the network, or `loss` gives no scalar.

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
    >>> probed = probe(net, np.array([[-1., 2.]]), gradients=True, loss=lambda y: 3 * y.sum())
    >>> probed.gradients['in']
    array([[0., 3.]])
    """
    layers = layer_list(layers)
    named = named_layers('probe', layers)
    names = select_names('probe', named, only)
    if loss is not None and not gradients:
        raise ValueError('probe: a loss was given, which only gradients=True needs')
    feed = Feed('probe', named, inputs)
    heads = layer_names(layers, named)

    def build():
        variables = list(feed.variables.values())
        network = expressions('probe', named, feed.variables, deterministic)
        values = expressions('probe', named, copy_variables(feed.variables), deterministic)
        looked_at = OrderedDict((name, values[name]) for name in names)
        slopes = OrderedDict()
        if gradients:
            slopes = _gradients(loss_of('probe', loss, parts_by_name(values, heads)), looked_at)
        results = parts_by_name(dict(looked_at, **{name: network[name] for name in heads}), names)
        results += [part for part in parts_by_name(slopes, slopes) if part is not None]
        # To look must not change what is looked at, such as the averages of a batch normalisation.
        function = theano.function(variables, results, mode=merging_mode(), on_unused_input='ignore',
                                   no_default_updates=True)
        return function, _forms(looked_at), _forms(slopes)

    function, *forms = cached_function('probe', named.values(), [
        heads, list(named), names, bool(gradients), loss, bool(deterministic)], build)
    results = iter(function(*feed.values))
    values, slopes = (OrderedDict((name, in_form_of(form, [next(results) if there else None
                                                           for there in flattened(form)]))
                                  for name, form in part.items()) for part in forms)
    return Probe(values, slopes if gradients else None)


def _gradients(loss, values):
    """Return the loss's gradients with respect to values by name, in their form; None where there is none."""
    smooth = [part for part in parts_by_name(values, values) if part.dtype.startswith(('float', 'complex'))]
    slopes = dict(zip(smooth, theano.grad(loss, smooth, disconnected_inputs='ignore',
                                          return_disconnected='None') if smooth else []))
    return OrderedDict((name, in_form_of(value, [slopes.get(part) for part in flattened(value)]))
                       for name, value in values.items())


def _forms(values):
    """Return layers' outputs with True in place of a variable and False in place of None."""
    return OrderedDict((name, in_form_of(value, [part is not None for part in flattened(value)]))
                       for name, value in values.items())
