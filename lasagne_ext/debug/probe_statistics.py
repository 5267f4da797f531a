"""Compute statistics of every layer's value over many batches."""
from collections import OrderedDict, namedtuple

import numpy as np
import theano

from lasagne_ext.debug.report import Report, named_entry
from lasagne_ext.debug.statistics import RunningStatistics, Statistics, statistics_mode, unpack_statistics
from lasagne_ext.network.expressions import expressions, labelled_parts
from lasagne_ext.network.function_cache import cached_function
from lasagne_ext.network.graph import layer_list, named_layers, select_names
from lasagne_ext.network.inputs import Feed

#: Statistics of one layer: how many values, their range, mean and std (of the finite ones), and how many
#: are zero, NaN and infinite.
Row = namedtuple('Row', 'name size minimum maximum mean std zeros nans infs')


class ProbeStatistics(Report):
    """Statistics of every layer's values over all batches; ``print()`` shows them as a table.

    Attributes
    ----------
    rows : list of Row
        ``report['fc1']`` is that of a layer.
    batches : int
        How many there were.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> from lasagne_ext.debug import probe_statistics
    >>> net = DenseLayer(InputLayer((None, 4), name='in'), 2, name='out')
    >>> report = probe_statistics(net, [np.zeros((3, 4)), np.ones((3, 4))])
    >>> report.batches, report['in'].mean
    (2, 0.5)
    """

    right = tuple(range(1, 9))
    totals = ('batches',)

    def __init__(self, rows, batches):
        super().__init__(rows)
        self.batches = batches

    def head(self):
        return ['layer', 'values', 'min', 'max', 'mean', 'std', 'zero', 'NaN', 'Inf']

    def cells(self):
        return [[row.name, format(row.size, ',')]
                + ['' if value is None else '%.4g' % value
                   for value in (row.minimum, row.maximum, row.mean, row.std)]
                + [format(count, ',') for count in (row.zeros, row.nans, row.infs)] for row in self.rows]

    def footer(self):
        return '%d batch%s' % (self.batches, '' if self.batches == 1 else 'es')

    def emphasis(self, row):
        return 'bad' if row.nans or row.infs else None

    def __getitem__(self, name):
        return named_entry({row.name: row for row in self.rows}, name)


def probe_statistics(layers, batches, deterministic=True, only=None):
    """Compute statistics of every layer's value over many batches, without keeping the values.

    Parameters
    ----------
    layers : Layer or iterable of Layer
        The network's output, or outputs.
    batches : iterable
        Of inputs as for :func:`lasagne_ext.debug.probe`: an array, or a dict, for each batch. A
        generator is gone through once.
    deterministic : bool
        Whether layers behave as for prediction.
    only : Layer, str, or iterable of them, optional
        The layers to look at, or their names; by default all.

    Returns
    -------
    ProbeStatistics
        Of a layer with several outputs a row each.

    Raises
    ------
    TypeError, ValueError
        As :func:`lasagne_ext.debug.probe`; and if there is no batch.

    Notes
    -----
    The statistics are worked out inside the one compiled function, by an operation that stands beside
    each layer, and only they leave it: a value is freed as soon as the network no longer needs it. To the
    optimizer a layer's value has one more use, as it has in ``probe``, so the numbers are the same.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne.layers import InputLayer, NonlinearityLayer
    >>> from lasagne.nonlinearities import rectify
    >>> from lasagne_ext.debug import probe_statistics
    >>> net = NonlinearityLayer(InputLayer((None, 2), name='in'), rectify, name='relu')
    >>> print(probe_statistics(net, (np.array([[-k, k]], float) for k in range(1, 4))))
    layer      values    min    max    mean    std    zero    NaN    Inf
    -------  --------  -----  -----  ------  -----  ------  -----  -----
    in              6     -3      3       0   2.16       0      0      0
    relu            6      0      3       1  1.155       3      0      0
    <BLANKLINE>
    3 batches
    """
    caller = 'probe_statistics'
    layers = layer_list(layers)
    named = named_layers(caller, layers)
    names = select_names(caller, named, only)
    if isinstance(batches, (np.ndarray, dict, str)) or not hasattr(batches, '__iter__'):
        raise TypeError('%s: batches must be an iterable of inputs, such as [x] for a single batch; got %s'
                        % (caller, type(batches).__name__))
    found, count = OrderedDict(), 0
    for count, inputs in enumerate(batches, 1):
        feed = Feed(caller, named, inputs)
        function, labels = cached_function(
            caller, named.values(), [list(named), names, bool(deterministic)],
            lambda: _compiled(caller, named, names, feed.variables, deterministic))
        for label, vector in zip(labels, function(*feed.values)):
            found.setdefault(label, RunningStatistics()).merge(unpack_statistics(vector)[0])
    if not count:
        raise ValueError('%s: batches must hold at least one, got none' % caller)
    return ProbeStatistics([Row(label, **running.to_dict()) for label, running in found.items()], count)


def _compiled(caller, named, names, variables, deterministic):
    values = expressions(caller, named, variables, deterministic)
    labelled = [(label, part) for name in names for label, part in labelled_parts(name, values[name])]
    statistics = [Statistics()(part) for _, part in labelled]
    # No default updates: to look must not change what is looked at.
    return theano.function(list(variables.values()), statistics, mode=statistics_mode(),
                           on_unused_input='ignore',
                           no_default_updates=True), [label for label, _ in labelled]
