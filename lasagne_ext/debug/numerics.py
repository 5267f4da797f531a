"""Find the first value that is NaN or infinite."""
from collections import namedtuple

import lasagne
import numpy as np
import theano

from lasagne_ext.checks import check_choice
from lasagne_ext.debug.diagnosis.nonfinite import Search, bad_value_dict, bad_value_text
from lasagne_ext.debug.errors import layer_errors
from lasagne_ext.debug.report import Report
from lasagne_ext.network.expressions import expressions, flattened, loss_of, parts_by_name
from lasagne_ext.network.graph import layer_list, layer_names, named_layers
from lasagne_ext.network.inputs import Feed

#: Largest finite magnitude of a layer's output and of its parameters' gradients, and how many values of
#: each are NaN or Inf; None where there are none, or it was not worked out.
Row = namedtuple('Row', 'name type forward bad_forward backward bad_backward')

ACTIONS = ('return', 'raise', 'debug')


class NumericsReport(Report):
    """Result of :func:`check_numerics`; `first` is the first bad value, or None where all is finite.

    Attributes
    ----------
    rows : list of Row
        The largest magnitudes of each layer.
    first : BadValue or None
    harmless : list of BadValue
        Those that reach neither the output of a layer nor a gradient.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> from lasagne_ext.debug import check_numerics
    >>> net = DenseLayer(InputLayer((None, 4), name='in'), 2, name='out')
    >>> check_numerics(net, np.ones((3, 4))).first is None
    True
    """

    right = (2, 3)

    def __init__(self, rows, first, harmless, backward):
        super().__init__(rows)
        self.first, self.harmless, self._backward = first, harmless, backward

    def head(self):
        return ['name', 'type', 'largest output'] + ['largest gradient'] * self._backward

    def cells(self):
        return [[row.name, row.type, _magnitude(row.forward, row.bad_forward)]
                + [_magnitude(row.backward, row.bad_backward)] * self._backward for row in self.rows]

    def title(self):
        if self.first is None:
            return 'check_numerics: all values are finite, forward%s' % (
                ' and backward' if self._backward else '')
        return 'check_numerics: the first bad value is ' + bad_value_text(self.first)

    def footer(self):
        return '\n'.join('Harmless, for it reaches no layer\'s output%s: %s' % (
            ' and no gradient' if self._backward else '', bad_value_text(bad)) for bad in self.harmless)

    def emphasis(self, row):
        return 'bad' if row.bad_forward or row.bad_backward else None

    def to_dict(self):
        content = super().to_dict()
        content['first'] = None if self.first is None else bad_value_dict(self.first)
        content['harmless'] = [bad_value_dict(bad) for bad in self.harmless]
        return content


def _magnitude(largest, bad):
    parts = [] if largest is None else ['%.4g' % largest]
    return ', '.join(parts + ['%d bad' % bad] * bool(bad)) or '-'


def check_numerics(layers, inputs, loss=None, action='return', deterministic=False):
    """Find the first value of a network that is NaN or infinite, and say what made it.

    Parameters
    ----------
    layers : Layer or iterable of Layer
        The network's output, or outputs.
    inputs : array or dict
        The value of the network's only input layer; or a dict from input layers, their names or their
        variables, to values.
    loss : callable, optional
        Gets the network's symbolic outputs, one argument each, and returns a symbolic scalar, such as
        ``lambda y: categorical_crossentropy(y, targets).mean()``. With it the loss and its gradient with
        respect to every trainable parameter are looked at too.
    action : {'return', 'raise', 'debug'}
        What is done about a bad value: nothing; a ``FloatingPointError`` is raised; or the debugger is
        started where the operation's `node`, `inputs` and `outputs` are at hand.
    deterministic : bool
        Whether layers behave as for prediction. By default as for training.

    Returns
    -------
    NumericsReport
        Its first line names value, layer, direction, operation and likely cause; below follow the
        largest magnitudes of each layer.

    Raises
    ------
    TypeError, ValueError
        If `layers`, `inputs`, `loss` or `action` are none of these.
    FloatingPointError
        If there is a bad value and `action` is ``'raise'``.

    Notes
    -----
    **Convention.** A value is bad if it is NaN or infinite. The first bad value is the one made earliest
    among those from which the first bad output of a layer, or else the loss, or else a gradient, comes.
    Infinities that reach none of these, such as those of a mask under a maximum, are listed as harmless.

    The graph is optimized as ``theano.function`` does, so a loss that is finite there is finite here. It
    runs in Python, operation by operation; give a small batch where convolutions are large.

    Of a recurrent layer the first bad time step is told; with ``unroll_scan=True`` also the operation.

    Examples
    --------
    >>> import numpy as np
    >>> import theano.tensor as T
    >>> from lasagne.layers import InputLayer, NonlinearityLayer
    >>> from lasagne_ext.debug import check_numerics
    >>> net = NonlinearityLayer(InputLayer((None, 2), name='in'), T.log, name='log')
    >>> report = check_numerics(net, np.array([[1., 0.]]))
    >>> print(report.first.kind, report.first.where, report.first.cause, sep=' | ')
    Inf | NonlinearityLayer 'log' | the logarithm of 0 (1 of 2 inputs); clip it: T.log(T.maximum(x, 1e-7))
    """
    check_choice('check_numerics', 'action', action, ACTIONS)
    layers = layer_list(layers)
    named = named_layers('check_numerics', layers)
    feed = Feed('check_numerics', named, inputs)
    with layer_errors(layers):
        computed = expressions('check_numerics', named, feed.variables, deterministic)
        value = None if loss is None else loss_of(
            'check_numerics', loss, parts_by_name(computed, layer_names(layers, named)))
        search, first, rows = _forward(named, feed, computed)
        if first is None and loss is not None:
            search, first, rows = _backward(named, feed, value, rows)
    report = NumericsReport(rows, first, search.harmless(), loss is not None)
    if first is not None and action == 'raise':
        raise FloatingPointError(str(report))
    if first is not None and action == 'debug':
        _stop(report, *search.scene)
    return report


def _forward(named, feed, computed):
    groups, outputs = [], []
    for name in named:
        parts = flattened(computed[name])
        groups.append(range(len(outputs), len(outputs) + len(parts)))
        outputs += parts
    search = Search(named, feed, outputs)
    rows = [Row(name, type(layer).__name__, *_largest([search.values[k] for k in group]), None, 0)
            for (name, layer), group in zip(named.items(), groups)]
    return search, search.first(groups), rows


def _backward(named, feed, loss, rows):
    parameters = lasagne.utils.unique(parameter for layer in named.values()
                                      for parameter in layer.get_params(trainable=True))
    gradients = theano.grad(loss, parameters, disconnected_inputs='ignore')
    search = Search(named, feed, [loss] + gradients, loss=True)
    values = dict(zip(parameters, search.values[1:]))
    rows = [row._replace(**dict(zip(('backward', 'bad_backward'), _largest(
        [values[parameter] for parameter in layer.get_params(trainable=True)]))))
        for row, layer in zip(rows, named.values())]
    return search, search.first([[0], range(1, len(gradients) + 1)]), rows


def _largest(values):
    """Return the largest finite magnitude among arrays, and how many values are not finite."""
    flat = [np.asarray(value, dtype='float64').ravel() for value in values]
    flat = np.concatenate(flat) if flat else np.zeros(0)
    finite = flat[np.isfinite(flat)]
    return (float(np.abs(finite).max()) if finite.size else None), int(flat.size - finite.size)


def _stop(report, node, inputs, outputs):
    """Start the debugger with these at hand."""
    breakpoint()
