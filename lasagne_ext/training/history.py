"""Keep the losses and metrics of a training, epoch by epoch."""
from lasagne_ext._figures import new_figure
from lasagne_ext.checks import check_choice, did_you_mean
from lasagne_ext.debug.report import Report

#: Formats of the columns that are no loss or metric; those are '%.4g'.
_FORMATS = {'epoch': '%d', 'seconds': '%.3g', 'learning_rate': '%.3g'}


class History(Report):
    """Losses and metrics of every epoch: ``print()`` it, or let a notebook show it.

    Parameters
    ----------
    rows : iterable of dict
        One per epoch: ``'epoch'`` (from 1), ``'loss'``, the metrics, ``'val_loss'`` and its like where
        there is validation, ``'seconds'`` and ``'learning_rate'``.

    Attributes
    ----------
    rows : list of dict
    interrupted : bool
        Whether Ctrl-C ended training.
    stopped : str or None
        Why training ended before the last epoch.

    Examples
    --------
    >>> from lasagne_ext.training import History
    >>> history = History([{'epoch': 1, 'loss': 2.25, 'val_loss': 2.5, 'seconds': .81},
    ...                    {'epoch': 2, 'loss': 1.5, 'val_loss': 2.0, 'seconds': .79}])
    >>> print(history)
      epoch    loss    val_loss    seconds
    -------  ------  ----------  ---------
          1    2.25         2.5       0.81
          2     1.5           2       0.79
    >>> history['loss']
    [2.25, 1.5]
    """

    def __init__(self, rows=()):
        super().__init__([dict(row) for row in rows])
        self.interrupted, self.stopped = False, None

    def head(self):
        names = []
        for row in self.rows:
            names += [name for name in row if name not in names]
        return names

    @property
    def right(self):
        """Numbers of the columns that are flush right."""
        return range(len(self.head()))

    def cells(self):
        return [[_FORMATS.get(name, '%.4g') % row[name] if name in row else '' for name in self.head()]
                for row in self.rows]

    def footer(self):
        return self.stopped or ''

    def __str__(self):
        return super().__str__() or 'no epoch'

    def __getitem__(self, name):
        """Return the values of one column, epoch by epoch; None where an epoch has none."""
        if name not in self.head():
            raise KeyError('history: there is no column %r; there are %s%s'
                           % (name, ', '.join(self.head()) or 'none', did_you_mean(name, self.head())))
        return [row.get(name) for row in self.rows]

    def best(self, monitor='val_loss', mode=None):
        """Return the row with the best value of a column; the first of equal ones.

        Parameters
        ----------
        monitor : str
            The column's name.
        mode : {'min', 'max'}, optional
            By default 'max' for accuracies and 'min' for all else.

        Returns
        -------
        dict
            Column -> value.
        """
        sign = sign_of('history', monitor, mode)
        values = [(sign * value, number) for number, value in enumerate(self[monitor])
                  if value is not None and value == value]
        if not values:
            raise ValueError('history: %r has no value that is a number' % monitor)
        return self.rows[min(values)[1]]

    def plot(self, axes=None):
        """Draw losses and metrics over the epochs.

        Parameters
        ----------
        axes : array of matplotlib Axes, optional
            One for each kind of value, the loss first; by default those of a new figure.

        Returns
        -------
        Figure
            Which a notebook shows; training is drawn full, validation dashed.
        """
        kinds = [name for name in self.head() if name not in _FORMATS and not name.startswith('val_')]
        if axes is None:
            figure = new_figure('History.plot', (4.5 * max(len(kinds), 1), 3.2))
            axes = figure.subplots(1, max(len(kinds), 1), squeeze=False)[0]
        axes = list(axes) if hasattr(axes, '__iter__') else [axes]
        if len(axes) < len(kinds):
            raise ValueError('history: %d axes for %s' % (len(axes), ', '.join(kinds)))
        for axis, kind in zip(axes, kinds):
            for name, style, label in ((kind, '-', 'training'), ('val_' + kind, '--', 'validation')):
                points = [(row['epoch'], row[name]) for row in self.rows if name in row]
                if points:
                    axis.plot(*zip(*points), style, label=label, marker='.' if len(points) < 30 else None)
            axis.set_xlabel('epoch')
            axis.xaxis.get_major_locator().set_params(integer=True)
            axis.set_title(kind)
            axis.legend()
        return axes[0].figure

    def to_dict(self):
        """Return the rows, and how training ended, as plain Python values.

        Returns
        -------
        dict
            For :meth:`from_dict`.
        """
        return {'rows': [dict(row) for row in self.rows], 'interrupted': self.interrupted,
                'stopped': self.stopped}

    @classmethod
    def from_dict(cls, content):
        """Make a history of what `to_dict` gave.

        Parameters
        ----------
        content : dict
            What :meth:`to_dict` returned.

        Returns
        -------
        History
            An equal one.
        """
        history = cls(content['rows'])
        history.interrupted, history.stopped = content['interrupted'], content['stopped']
        return history

    def __repr__(self):
        return '<History of %d epochs%s>' % (len(self.rows), ', interrupted' if self.interrupted else '')


def sign_of(caller, monitor, mode=None):
    """Return the sign with which the smallest value of a column is the best: 1, or -1 for the largest.

    Parameters
    ----------
    caller : str
        Name to show in error messages.
    monitor : str
        The column's name.
    mode : {'min', 'max'}, optional
        By default 'max' for accuracies and 'min' for all else.
    """
    if mode is None:
        name = monitor[4:] if monitor.startswith('val_') else monitor
        mode = 'max' if name.endswith('accuracy') or 'top_' in name else 'min'
    return {'min': 1, 'max': -1}[check_choice(caller, 'mode', mode, ('min', 'max'))]
