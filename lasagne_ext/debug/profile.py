"""Measure how long each layer takes."""
import time
from collections import OrderedDict, namedtuple

import lasagne
import numpy as np
import theano

from lasagne_ext.checks import check_count
from lasagne_ext.debug.report import Report, named_entry
from lasagne_ext.engine.monitoring import node_seconds, timed_function
from lasagne_ext.network.expressions import expressions, loss_of, parts_by_name
from lasagne_ext.network.graph import layer_list, layer_names, named_layers, places
from lasagne_ext.network.inputs import Feed

#: Times of one layer in a call, in milliseconds; `kind` is its class, '' for what is no layer. `share` is
#: that of the whole call, `nodes` those behind it, slowest first.
Row = namedtuple('Row', 'name kind forward backward milliseconds share nodes')

#: A node, or a layer's part of one that several layers made: `operation` is the Op as text, `direction`
#: ``'forward'`` or ``'backward'``, `shared_with` the other layers, `node` the node itself.
Node = namedtuple('Node', 'operation direction milliseconds share shared_with node')


class Profile(Report):
    """Milliseconds and share per layer; ``print()`` shows them as a table.

    Attributes
    ----------
    rows : list of Row
        The layers in topological order, then ``loss`` where there is one, ``other`` (nodes that neither
        made) and ``overhead`` (the time between nodes). Their shares sum to 1. ``report['conv1']`` is
        that of a layer.
    milliseconds : float
        A whole call, the nodes being timed.
    unprofiled : float
        A whole call of the same function without timing.
    repeats : int
        Number of calls.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> from lasagne_ext.debug import profile
    >>> net = DenseLayer(InputLayer((None, 4), name='in'), 2, name='out')
    >>> report = profile(net, np.ones((3, 4)), repeats=2)
    >>> [row.name for row in report.rows], report.repeats
    (['in', 'out', 'other', 'overhead'], 2)
    """

    right = (2, 3, 4, 5, 6)
    totals = ('milliseconds', 'unprofiled', 'repeats')

    def __init__(self, rows, unprofiled, repeats):
        super().__init__(rows)
        self.milliseconds = sum(row.milliseconds for row in rows)
        self.unprofiled, self.repeats = unprofiled, repeats

    def head(self):
        return ['layer', 'type', 'forward ms', 'backward ms', 'ms', 'share', 'nodes']

    def cells(self):
        return [[row.name, row.kind] + ['%.3f' % value for value in row[2:5]]
                + ['%.1f %%' % (100 * row.share), str(len(row.nodes)) + _mark(row.nodes)]
                for row in self.rows]

    def emphasis(self, row):
        if row.share == max(row.share for row in self.rows):
            return 'strong'
        return 'quiet' if row.share < .001 else None

    def footer(self):
        text = ('%.3f ms a call, %.3f ms without timing (means of the faster half of %d)'
                % (self.milliseconds, self.unprofiled, self.repeats))
        if any(_mark(row.nodes) for row in self.rows):
            text += '\n* some made by several layers, and shared out equally'
        return text

    def __getitem__(self, name):
        return named_entry({row.name: row for row in self.rows}, name, 'row')

    def nodes(self, name):
        """Show the nodes behind a layer, as a table of their own.

        Parameters
        ----------
        name : str
            As in the rows of the profile.

        Returns
        -------
        Report
            To be printed, or shown by a notebook.
        """
        return NodeTable(self[name])

    def to_dict(self):
        rows = [dict(row._asdict(), nodes=NodeTable(row).to_dict()['rows']) for row in self.rows]
        return dict(super().to_dict(), rows=rows)


class NodeTable(Report):
    """Nodes behind one layer, slowest first."""

    right = (2, 3)

    def __init__(self, row):
        super().__init__(row.nodes)
        self.name = row.name

    def title(self):
        return self.name

    def head(self):
        return ['operation', 'direction', 'ms', 'share', 'shared with']

    def cells(self):
        # Without its parameters where there are too many to be read in a table.
        return [[row.operation if len(row.operation) <= 60 else row.operation.split('{')[0] + '{...}',
                 row.direction, '%.3f' % row.milliseconds, '%.1f %%' % (100 * row.share),
                 ', '.join(row.shared_with)] for row in self.rows]

    def to_dict(self):
        return {'rows': [{name: value for name, value in row._asdict().items() if name != 'node'}
                         for row in self.rows]}


def _mark(nodes):
    return '*' if any(node.shared_with for node in nodes) else ''


class _Loss(lasagne.layers.Layer):
    """Loss as a layer, so that its nodes are known by it like those of any other."""

    def __init__(self, loss):
        super().__init__((), name='loss')
        self.loss = loss

    def get_output_for(self, outputs):
        return loss_of('profile', self.loss, outputs)


def profile(layers, inputs, loss=None, repeats=10, deterministic=False):
    """Measure how long each layer takes, forward and, with a loss, backward.

    Parameters
    ----------
    layers : Layer or iterable of Layer
        The network's output, or outputs.
    inputs : array or dict
        As for :func:`lasagne_ext.debug.probe`. Times are those of a batch of this size.
    loss : callable, optional
        Gets the symbolic outputs of `layers`, one argument each, and returns a symbolic scalar, whose
        gradients with respect to the trainable parameters are the backward pass (without parameters:
        with respect to the inputs). By default there is none, and only the forward pass is measured.
    repeats : int
        How often the function is called, after a first call that does not count.
    deterministic : bool
        Whether layers behave as for prediction. By default they behave as in training.

    Returns
    -------
    Profile

    Raises
    ------
    TypeError, ValueError
        If `layers` are not layers, an input is missing, unknown, or of the wrong shape, `loss` gives no
        scalar, `repeats` is no positive number, or functions of the configured mode have no nodes that
        could be timed.

    Notes
    -----
    Two functions are compiled and take turns: in one the time of each node is taken, the other shows
    what that costs. Figures are means over the faster half of the calls. A node belongs to the layer in
    whose ``get_output_for`` it was made, or, backward, to that of the node it differentiates. Where the
    optimizer has made one node of several layers', its time is shared out equally between them.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> from lasagne_ext.debug import profile
    >>> net = DenseLayer(InputLayer((None, 4), name='in'), 3, name='out')
    >>> report = profile(net, np.ones((2, 4)), loss=lambda y: (y ** 2).mean(), repeats=2)
    >>> [row.name for row in report]
    ['in', 'out', 'loss', 'other', 'overhead']
    >>> round(sum(row.share for row in report), 9)
    1.0
    """
    repeats = check_count('profile', 'repeats', repeats)
    layers = layer_list(layers)
    named = named_layers('profile', layers)
    feed = Feed('profile', named, inputs)
    values = expressions('profile', named, feed.variables, deterministic)
    outputs = parts_by_name(values, layer_names(layers, named))
    names = {layer: name for name, layer in named.items()}
    kinds = OrderedDict((name, type(layer).__name__) for name, layer in named.items())
    if loss is not None:
        scalar = _Loss(loss)
        names[scalar] = _free('loss', kinds)
        kinds[names[scalar]] = ''
        outputs = _with_gradients(scalar.get_output_for(outputs), layers, feed.variables)
    arguments = list(feed.variables.values()), outputs
    # To look must not change what is looked at, such as the averages of a batch normalisation.
    options = {'on_unused_input': 'ignore', 'no_default_updates': True}
    try:
        timed = timed_function(*arguments, **options)
    except ValueError as error:
        raise ValueError('profile: %s' % error) from None
    calls, unprofiled = _measure(timed, theano.function(*arguments, **options), feed.values, repeats)
    return Profile(_rows(calls, names, kinds), 1e3 * unprofiled, repeats)


def _free(name, taken):
    while name in taken:
        name += '#'
    return name


def _with_gradients(loss, layers, variables):
    wrt = lasagne.layers.get_all_params(layers, trainable=True) or [
        variable for variable in variables.values() if variable.dtype.startswith('float')]
    if not wrt:
        raise ValueError('profile: there is no backward pass to measure: the network has no trainable '
                         'parameter and no input of real numbers')
    return [loss] + theano.grad(loss, wrt, disconnected_inputs='ignore')


def _measure(timed, plain, values, repeats):
    """Return the faster half of the calls as (seconds, seconds by node), and the mean seconds of `plain`."""
    calls, seconds = [], []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        timed(*values)
        middle = time.perf_counter()
        plain(*values)
        seconds.append(time.perf_counter() - middle)
        calls.append((middle - start, node_seconds(timed)))
    faster = (repeats + 1) // 2
    return (sorted(calls[1:], key=lambda call: call[0])[:faster],
            float(np.mean(sorted(seconds[1:])[:faster])))


def _rows(calls, names, kinds):
    total = float(1e3 * np.mean([seconds for seconds, _ in calls]))
    by_node = {node: float(1e3 * np.mean([times[node] for _, times in calls])) for node in calls[0][1]}
    total = max(total, sum(by_node.values()))
    other, overhead = (_free(name, kinds) for name in ('other', 'overhead'))
    found = OrderedDict((name, []) for name in list(kinds) + [other])
    for node, milliseconds in by_node.items():
        shares = [(place.name, place.direction) for place in places(node, names)] or [(other, 'forward')]
        makers = list(OrderedDict(shares))
        for name, direction in shares:
            part = milliseconds / len(shares)
            found[name].append(Node(str(node.op), direction, part, part / total,
                                    [maker for maker in makers if maker != name], node))
    rows = []
    for name, nodes in found.items():
        nodes.sort(key=lambda node: -node.milliseconds)
        forward, backward = (sum(node.milliseconds for node in nodes if node.direction == direction)
                             for direction in ('forward', 'backward'))
        rows.append(Row(name, kinds.get(name, ''), forward, backward, forward + backward,
                        (forward + backward) / total, nodes))
    rest = total - sum(by_node.values())
    rows.append(Row(overhead, '', rest, 0., rest, rest / total, []))
    return rows
