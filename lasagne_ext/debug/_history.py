"""What a watcher has recorded, as a table and as a figure."""
from collections import OrderedDict, namedtuple

import numpy as np

from lasagne_ext._figures import new_figure
from lasagne_ext.debug.report import Report

#: One layer, or one parameter, at one time. Of a layer: `mean` and `std` of its output, the shares of
#: `zeros` in it and of `dead` units. Of a parameter: the norms of its `gradient` and of its `weights`, and
#: `ratio`, how far it has moved since the last record relative to its norm then. What does not apply
#: is None. `flags` are words, see :func:`watch`.
Row = namedtuple('Row', 'epoch kind name mean std zeros dead gradient weights ratio flags')

#: What is drawn: heading, kind of the rows, field, and whether its axis is logarithmic.
_PANELS = (('std of activations', 'layer', 'std', True), ('share of zeros', 'layer', 'zeros', False),
           ('norm of gradients', 'parameter', 'gradient', True),
           ('update / weights', 'parameter', 'ratio', True))


class History(Report):
    """What a watcher has recorded; ``print()`` shows the last epoch as a table.

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
        History
            Of one epoch.
        """
        return History([row for row in self.rows if row.epoch == self.rows[-1].epoch])

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
        return super(History, self.last()).__str__() if self.rows else self.title()

    def _repr_html_(self):
        return super(History, self.last())._repr_html_() if self.rows else self.title()


def _number(value):
    return '' if value is None else '%.3g' % value


def _share(value):
    return '' if value is None else '%.1f %%' % (100 * value)
