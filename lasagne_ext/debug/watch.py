"""Record how activations, gradients and weights develop in training."""
import numbers
from collections import OrderedDict, namedtuple

import lasagne
import numpy as np
import theano

from lasagne_ext._figures import new_figure, png_of
from lasagne_ext.debug.report import Report
from lasagne_ext.debug.statistics import RunningStatistics, Statistics, statistics_mode, unpack_statistics
from lasagne_ext.network.expressions import expressions, labelled_parts, loss_of, parts_by_name
from lasagne_ext.network.function_cache import cached_function
from lasagne_ext.network.graph import (layer_list, layer_names, localisation_layers, named_layers,
                                       named_parameters)
from lasagne_ext.network.inputs import Feed

#: See the notes of :func:`watch`.
DEAD_SHARE, VANISHING, EXPLODING, LARGE_UPDATE = .5, 1e-6, 1e3, 1.

#: One layer, or one parameter, at one time. Of a layer: `mean` and `std` of its output, the shares of
#: `zeros` in it and of `dead` units. Of a parameter: the norms of its `gradient` and of its `weights`, and
#: `ratio`, how far it has moved since the last record relative to its norm then. What does not apply
#: is None. `flags` are words, see :func:`watch`.
Row = namedtuple('Row', 'epoch kind name mean std zeros dead gradient weights ratio flags')

#: What is drawn: heading, kind of the rows, field, and whether its axis is logarithmic.
_PANELS = (('std of activations', 'layer', 'std', True), ('share of zeros', 'layer', 'zeros', False),
           ('norm of gradients', 'parameter', 'gradient', True),
           ('update / weights', 'parameter', 'ratio', True))


class WatchHistory(Report):
    """Record of a watcher, epoch by epoch; ``print()`` shows the last one as a table.

    Attributes
    ----------
    rows : list of Row
        Of all epochs, in each of all layers and then of all parameters.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> from lasagne_ext.debug import watch
    >>> net = DenseLayer(InputLayer((None, 4), name='in'), 2, name='out')
    >>> history = watch(net, np.ones((3, 4))).record()
    >>> [row.name for row in history.rows]
    ['in', 'out', 'out.W', 'out.b']
    """

    right = tuple(range(1, 8))

    def last(self):
        """Give the last epoch's part of the history.

        Returns
        -------
        WatchHistory
            Of one epoch.
        """
        return WatchHistory([row for row in self.rows if row.epoch == self.rows[-1].epoch])

    def series(self, field):
        """Follow a field of the rows through the epochs.

        Parameters
        ----------
        field : str
            Such as ``'std'``, or another of a row.

        Returns
        -------
        OrderedDict
            Name of a layer or parameter -> ``(epochs, values)``, two lists.
        """
        found = OrderedDict()
        for row in self.rows:
            if getattr(row, field) is not None:
                epochs, values = found.setdefault(row.name, ([], []))
                epochs.append(row.epoch)
                values.append(getattr(row, field))
        return found

    def plot(self):
        """Draw all epochs: activations, zeros, gradients, and updates, a panel each.

        Returns
        -------
        matplotlib.figure.Figure
            ``figure.savefig('history.png')`` writes it.

        Raises
        ------
        ImportError
            If there is no matplotlib.
        """
        figure = new_figure('watch', (11, 7.5))              # which says so if there is no matplotlib
        import matplotlib
        for axes, (heading, kind, field, logarithmic) in zip(figure.subplots(2, 2).flat, _PANELS):
            names = list(OrderedDict.fromkeys(row.name for row in self.rows if row.kind == kind))
            colours = matplotlib.colormaps['viridis' if len(names) > 10 else 'tab10']
            series = self.series(field)
            for number, name in enumerate(names):
                epochs, values = series.get(name, ([], []))
                axes.plot(epochs, [value if value > 0 or not logarithmic else np.nan for value in values],
                          marker='.', label=name, color=colours(
                              number / (len(names) - 1) if len(names) > 10 else number))
            axes.set_title(heading)
            axes.set_xlabel('epoch')
            axes.locator_params(axis='x', integer=True)
            if logarithmic:
                axes.set_yscale('log')
            # Of many, coloured by depth, the first and the last.
            shown = axes.lines if len(names) <= 10 else [axes.lines[0], axes.lines[-1]]
            if shown:
                axes.legend(handles=list(shown), fontsize='small')
        return figure

    def head(self):
        return ['layer or parameter', 'mean', 'std', 'zero', 'dead', 'gradient', 'weights',
                'update/weights', 'flags']

    def cells(self):
        return [[row.name] + [_number(value) for value in (row.mean, row.std)]
                + [_share(value) for value in (row.zeros, row.dead)]
                + [_number(value) for value in (row.gradient, row.weights, row.ratio)]
                + [', '.join(row.flags)] for row in self.rows]

    def title(self):
        return 'epoch %s' % self.rows[-1].epoch if self.rows else 'nothing recorded'

    def emphasis(self, row):
        return 'bad' if row.flags else None

    def __str__(self):
        return super(WatchHistory, self.last()).__str__() if self.rows else self.title()

    def _repr_html_(self):
        return super(WatchHistory, self.last())._repr_html_() if self.rows else self.title()


def _number(value):
    return '' if value is None else '%.3g' % value


def _share(value):
    return '' if value is None else '%.1f %%' % (100 * value)


class Watcher:
    """Recorder of how a network does on one batch whenever it is called; see :func:`watch`.

    Attributes
    ----------
    history : WatchHistory
        What was recorded so far.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> from lasagne_ext.debug import watch
    >>> net = DenseLayer(InputLayer((None, 4), name='in'), 2, name='out')
    >>> watcher = watch(net, np.ones((3, 4)))
    >>> before = watcher.record()
    >>> len(watcher.history) == len(before)
    True
    """

    def __init__(self, layers, inputs, loss=None, deterministic=False):
        self.layers = layer_list(layers)
        self._named = named_layers('watch', self.layers)
        self._feed = Feed('watch', self._named, inputs)
        self.loss, self.deterministic = loss, bool(deterministic)
        self._last, self.history = {}, WatchHistory([])
        self._function()                                 # refuses a wrong loss now, not after an epoch

    def record(self, epoch=None):
        """Record the present state.

        Parameters
        ----------
        epoch : number, optional
            By default one more than that of the last record; the first, best made before training, is
            epoch 0.

        Returns
        -------
        WatchHistory
            This record alone.
        """
        rows = self.history.rows
        if epoch is None:
            epoch = rows[-1].epoch + 1 if rows else 0
        if isinstance(epoch, bool) or not isinstance(epoch, numbers.Real):
            raise TypeError('watch: epoch must be a number, got %r' % (epoch,))
        function, activations, parameters = self._function()
        vectors = function(*self._feed.values)
        new = [_layer_row(epoch, name, vector, may_die)
               for (name, may_die), vector in zip(activations, vectors)]
        gradients = [unpack_statistics(vector)[0] for vector in vectors[len(activations):]]
        steepest = max([gradient.norm for gradient in gradients], default=0.)
        for (name, parameter), gradient in zip(parameters.items(), gradients):
            new.append(self._parameter_row(epoch, name, parameter, gradient, steepest))
        self.history = WatchHistory(rows + new)
        return WatchHistory(new)

    __call__ = record

    def _parameter_row(self, epoch, name, parameter, gradient, steepest):
        value = np.asarray(parameter.get_value())
        weights, ratio = _norm(value), None
        if name in self._last and self._last[name].shape == value.shape:
            last = _norm(self._last[name])
            ratio = _norm(value.astype('float64') - self._last[name]) / last if last else None
        self._last[name] = value
        flags = []
        if gradient.nans or gradient.infs or gradient.norm > EXPLODING:
            flags.append('exploding')
        elif gradient.norm <= VANISHING * steepest:
            flags.append('vanishing')
        if not np.isfinite(value).all():
            flags.append('not finite')
        if ratio is not None and value.ndim > 1 and ratio > LARGE_UPDATE:
            flags.append('large update')
        return Row(epoch, 'parameter', name, None, None, None, None, gradient.norm, weights, ratio, flags)

    def _function(self):
        options = [layer_names(self.layers, self._named), list(self._named), self.loss, self.deterministic]
        return cached_function('watch', self._named.values(), options, self._compiled)

    def _compiled(self):
        values = expressions('watch', self._named, self._feed.variables, self.deterministic)
        activations, statistics = [], []
        meant = localisation_layers(self._named.values())
        for name, layer in self._named.items():
            for label, part in labelled_parts(name, values[name]):
                may_die = not isinstance(layer, lasagne.layers.InputLayer) and layer not in meant
                activations.append((label, may_die))
                # Which numbers its units or channels; that of a recurrent layer is the last.
                axis = None if part.ndim < 2 else part.ndim - 1 if hasattr(layer, 'hid_init') else 1
                statistics.append(Statistics(axis)(part))
        loss = loss_of('watch', self.loss, parts_by_name(values, layer_names(self.layers, self._named)))
        parameters = named_parameters(self._named, trainable=True)
        slopes = theano.grad(loss, list(parameters.values()), disconnected_inputs='ignore') \
            if parameters else []
        statistics += [Statistics()(slope) for slope in slopes]
        return self._feed.function(statistics, statistics_mode()), activations, parameters

    def plot(self):
        """Draw the history, see :meth:`WatchHistory.plot`.

        Returns
        -------
        matplotlib.figure.Figure
            Of all epochs.
        """
        return self.history.plot()

    def _repr_png_(self):
        return png_of(self.plot)             # without matplotlib a notebook shows the one line

    def __repr__(self):
        return '<Watcher of %d layers, %d rows>' % (len(self._named), len(self.history))


def _norm(value):
    # Values that are not finite are left out.
    return RunningStatistics().add(value).norm


def _layer_row(epoch, name, vector, may_die):
    running, units, dead = unpack_statistics(vector)
    share = dead / units if units else None
    flags = []
    if may_die and share is not None and share >= DEAD_SHARE:
        flags.append('dead')
    if running.nans or running.infs:
        flags.append('not finite')
    return Row(epoch, 'layer', name, running.mean, running.std,
               running.zeros / running.size if running.size else None, share, None, None, None, flags)


def watch(layers, inputs, loss=None, deterministic=False):
    """Watch activations, gradients and weights of a network while it is trained.

    Parameters
    ----------
    layers : Layer or iterable of Layer
        The network's output, or outputs.
    inputs : array or dict
        The batch to look at, as for :func:`lasagne_ext.debug.probe`; some dozens of examples, the same
        every time.
    loss : callable, optional
        Whose gradients are looked at: gets the symbolic outputs of `layers`, one argument each, and
        returns a symbolic scalar. By default half the sum of their squares.
    deterministic : bool
        Whether layers behave as for prediction. By default they behave as in training, with the same
        random numbers in every record.

    Returns
    -------
    Watcher
        Call it, or its ``record()``, once before training and after each epoch. ``watcher.history`` is a
        table, ``watcher.plot()`` a figure.

    Raises
    ------
    TypeError, ValueError
        If `layers` are not layers, an input is missing, unknown, or of the wrong shape, or `loss` gives no
        scalar.

    Notes
    -----
    Training is not touched: parameters become the same, bit for bit, with and without a watcher. A
    copy of the parameters is kept for the next record. A ratio of about 0.001 for each update of an
    epoch is usual.

    A unit is an entry of axis 1 (a channel, after a convolution), or of the last axis of a recurrent
    layer; it is dead if it is zero for the whole batch. The flags are

    - ``dead``: at least half of a layer's units are (not so where they are the numbers of a transform,
      which is the identity at first);
    - ``exploding``: the norm of a gradient is above 1000, or the gradient is not finite;
    - ``vanishing``: the norm of a gradient is at most a millionth of the network's largest;
    - ``large update``: a parameter of several dimensions has moved by more than its own norm;
    - ``not finite``: an output or a parameter holds NaN or Inf.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> from lasagne_ext.debug import watch
    >>> net = DenseLayer(InputLayer((None, 2), name='in'), 2, W=np.eye(2), name='out')
    >>> watcher = watch(net, np.array([[1., -1.], [3., -1.]]))
    >>> watcher.record()
    <WatchHistory of 4 rows>
    >>> net.W.set_value(1.5 * net.W.get_value())               # in place of an epoch of training
    >>> print(watcher.record())
    epoch 1
    <BLANKLINE>
    layer or parameter      mean    std    zero    dead    gradient    weights    update/weights  flags
    --------------------  ------  -----  ------  ------  ----------  ---------  ----------------  -------
    in                       0.5   1.66   0.0 %   0.0 %
    out                      1.5   1.84  50.0 %  50.0 %                                           dead
    out.W                                                      16.2       2.12               0.5
    out.b                                                         6          0
    """
    return Watcher(layers, inputs, loss, deterministic)
