"""Schedules, which change the learning rate from epoch to epoch."""
import math
import numbers

from lasagne_ext.checks import check_count, check_number
from lasagne_ext.training.callbacks import MonitoringCallback


class _Schedule:
    """Base class of schedules whose rate is a function of the epoch, relative to the one at the beginning."""

    def __init__(self):
        self._initial = None

    def factor(self, epoch):
        """Return the learning rate of an epoch, from 0, divided by that of the first."""
        raise NotImplementedError

    def on_train_begin(self, run):
        if not run.resumed or self._initial is None:
            self._initial = run.learning_rate

    def on_epoch_end(self, run, row):
        run.learning_rate = self._initial * self.factor(run.epoch)

    def state(self):
        return {'initial': self._initial}

    def set_state(self, state):
        self._initial = state['initial']


def _check_share(caller, name, value, zero=False):
    if not isinstance(value, numbers.Real) or not (0 < value <= 1 or zero and value == 0):
        raise ValueError('%s: %s must be %s 0 and at most 1, got %r'
                         % (caller, name, 'at least' if zero else 'more than', value))
    return value


class StepDecay(_Schedule):
    """Multiply the learning rate by a factor every so many epochs.

    Parameters
    ----------
    every : int
        After how many epochs.
    factor : float
        More than 0, at most 1.

    Examples
    --------
    >>> from lasagne_ext.training import StepDecay
    >>> [StepDecay(2, .5).factor(epoch) for epoch in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    def __init__(self, every, factor=.1):
        super().__init__()
        self._every = check_count('StepDecay', 'every', every)
        self._factor = _check_share('StepDecay', 'factor', factor)

    def factor(self, epoch):
        return float(self._factor ** (epoch // self._every))


class ExponentialDecay(_Schedule):
    """Multiply the learning rate by a factor after every epoch.

    Parameters
    ----------
    factor : float
        More than 0, at most 1.

    Examples
    --------
    >>> from lasagne_ext.training import ExponentialDecay
    >>> [ExponentialDecay(.5).factor(epoch) for epoch in range(4)]
    [1.0, 0.5, 0.25, 0.125]
    """

    def __init__(self, factor=.95):
        super().__init__()
        self._factor = _check_share('ExponentialDecay', 'factor', factor)

    def factor(self, epoch):
        return float(self._factor ** epoch)


class CosineDecay(_Schedule):
    """Lower the learning rate along half a cosine, and keep it at the end.

    Parameters
    ----------
    epochs : int
        In how many epochs.
    end : float
        The last learning rate, as a share of the first.

    Examples
    --------
    >>> from lasagne_ext.training import CosineDecay
    >>> [round(CosineDecay(4).factor(epoch), 3) for epoch in range(6)]
    [1.0, 0.854, 0.5, 0.146, 0.0, 0.0]
    """

    def __init__(self, epochs, end=0.):
        super().__init__()
        self._epochs = check_count('CosineDecay', 'epochs', epochs)
        self._end = _check_share('CosineDecay', 'end', end, zero=True)

    def factor(self, epoch):
        done = min(epoch / self._epochs, 1)
        return self._end + (1 - self._end) * (1 + math.cos(math.pi * done)) / 2


class ReduceOnPlateau(MonitoringCallback):
    """Multiply the learning rate by a factor when a loss or metric has not got better for some epochs.

    Parameters
    ----------
    monitor : str
        A column of the history.
    factor : float
        More than 0, at most 1.
    patience : int
        How many epochs in a row may be no better than the best one.
    min_delta : float
        By how much a value must be better than the best one to count.
    min_rate : float
        No learning rate becomes smaller.
    mode : {'min', 'max'}, optional
        Whether smaller or larger is better. By default 'max' for accuracies and 'min' for all else.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> from lasagne_ext.training import ReduceOnPlateau, compile_functions, fit
    >>> net = DenseLayer(InputLayer((None, 4), name='in'), 2, name='out')
    >>> halving = ReduceOnPlateau('loss', factor=.5, patience=1, min_delta=1e9)
    >>> functions = compile_functions(net, 'squared_error', learning_rate=.1)
    >>> history = fit(functions, (np.ones((8, 4)), np.ones((8, 2))), epochs=3, batch_size=8,
    ...               callbacks=[halving], progress=False)
    >>> [round(rate, 3) for rate in history['learning_rate']]
    [0.1, 0.1, 0.05]
    """

    def __init__(self, monitor='val_loss', factor=.5, patience=3, min_delta=0., min_rate=0., mode=None):
        super().__init__(monitor, mode, min_delta)
        self._factor = _check_share('ReduceOnPlateau', 'factor', factor)
        self._patience = check_count('ReduceOnPlateau', 'patience', patience)
        self._min_rate = check_number('ReduceOnPlateau', 'min_rate', min_rate, 0)

    def on_train_begin(self, run):
        super().on_train_begin(run)
        run.learning_rate                          # refuses a rule whose rate cannot be set

    def on_epoch_end(self, run, row):
        if not self.improved(row) and self.waited >= self._patience:
            rate = run.learning_rate
            run.learning_rate = min(rate, max(rate * self._factor, self._min_rate))
            self.waited = 0
