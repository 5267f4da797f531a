"""Callbacks, which `fit` calls at the beginning, after each batch or epoch, and at the end."""
from lasagne_ext.checks import check_count, check_number, did_you_mean
from lasagne_ext.debug.watch import watch
from lasagne_ext.training.history import sign_of


class MonitoringCallback:
    """Base class of callbacks that follow one column of the history.

    Attributes
    ----------
    monitor : str
    best : float or None
        The best value so far.
    waited : int
        How many epochs in a row were no better than that.
    """

    def __init__(self, monitor, mode, min_delta=0.):
        caller = type(self).__name__
        self.monitor, self.best, self.waited = monitor, None, 0
        self._sign = sign_of(caller, monitor, mode)
        self._min_delta = check_number(caller, 'min_delta', min_delta, 0)

    def on_train_begin(self, run):
        """Refuse a column that the history will not have; begin anew unless training is resumed."""
        if self.monitor not in run.names:
            raise ValueError('%s: monitor=%r: there will be %s%s%s' % (
                type(self).__name__, self.monitor, ', '.join(run.names),
                '; give fit validation data' if self.monitor.startswith('val_') else '',
                did_you_mean(self.monitor, run.names)))
        if not run.resumed:
            self.best, self.waited = None, 0

    def improved(self, row):
        """Return whether this epoch is the best so far, and count those that are not."""
        value = row[self.monitor]
        # NaN is never better, not even than nothing.
        better = value == value and (self.best is None
                                     or self._sign * (self.best - value) > self._min_delta)
        if better:
            self.best, self.waited = value, 0
        else:
            self.waited += 1
        return better

    def state(self):
        return {'best': self.best, 'waited': self.waited}

    def set_state(self, state):
        self.best, self.waited = state['best'], state['waited']


class EarlyStopping(MonitoringCallback):
    """End training when a loss or metric has not got better for some epochs.

    Parameters
    ----------
    monitor : str
        A column of the history.
    patience : int
        How many epochs in a row may be no better than the best one.
    min_delta : float
        By how much a value must be better than the best one to count.
    restore_best : bool
        Whether the network gets the parameters of its best epoch at the end of training, however it ends
        but with an exception. A copy of them is kept in memory and in checkpoints.
    mode : {'min', 'max'}, optional
        Whether smaller or larger is better. By default 'max' for accuracies and 'min' for all else.

    Attributes
    ----------
    best : float or None
        The best value so far.
    best_epoch : int or None

    Examples
    --------
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> from lasagne.nonlinearities import softmax
    >>> from lasagne_ext.datasets import load_digits
    >>> from lasagne_ext.training import EarlyStopping, compile_functions, fit
    >>> net = DenseLayer(InputLayer((None, 1, 8, 8)), 10, nonlinearity=softmax)
    >>> stopping = EarlyStopping(patience=1, min_delta=.2)
    >>> history = fit(compile_functions(net, learning_rate=.01), load_digits(), validation=.2, epochs=50,
    ...               callbacks=[stopping], progress=False)
    >>> len(history) < 50, len(history) - stopping.best_epoch
    (True, 1)
    """

    def __init__(self, monitor='val_loss', patience=5, min_delta=0., restore_best=True, mode=None):
        super().__init__(monitor, mode, min_delta)
        self.patience = check_count('EarlyStopping', 'patience', patience)
        self.restore_best = bool(restore_best)
        self.best_epoch, self._parameters = None, None

    def on_train_begin(self, run):
        super().on_train_begin(run)
        if not run.resumed:
            self.best_epoch, self._parameters = None, None
        self._stop_if_due(run)

    def on_epoch_end(self, run, row):
        if self.improved(row):
            self.best_epoch = row['epoch']
            if self.restore_best:
                self._parameters = run.parameters()
        self._stop_if_due(run)

    def _stop_if_due(self, run):
        if self.waited >= self.patience:
            run.stop = 'stopped early: %s has not been better than %.6g, of epoch %s, for %d epoch%s' % (
                self.monitor, self.best, self.best_epoch, self.patience,
                '' if self.patience == 1 else 's')

    def on_train_end(self, run):
        if self._parameters is not None:
            run.set_parameters(self._parameters)

    def state(self):
        return dict(super().state(), best_epoch=self.best_epoch, parameters=self._parameters)

    def set_state(self, state):
        super().set_state(state)
        self.best_epoch, self._parameters = state['best_epoch'], state['parameters']


class Checkpoint(MonitoringCallback):
    """Write checkpoints, from which `fit` resumes bit by bit.

    Parameters
    ----------
    path : str
        ``'model.npz'``, which is replaced, or with the epoch in it: ``'model-{epoch:03d}.npz'``.
    every : int
        After how many epochs.
    best_only : bool
        Whether only an epoch that is better than all before is written.
    monitor : str
        The column of the history that says so.
    mode : {'min', 'max'}, optional
        Whether smaller or larger is better. By default 'max' for accuracies and 'min' for all else.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> from lasagne_ext.training import Checkpoint, compile_functions, fit
    >>> net = DenseLayer(InputLayer((None, 4), name='in'), 2, name='out')
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     keep = Checkpoint(os.path.join(folder, 'net-{epoch}.npz'), every=2)
    ...     history = fit(compile_functions(net, 'squared_error'), (np.ones((8, 4)), np.ones((8, 2))), epochs=4,
    ...                   batch_size=8, callbacks=[keep], progress=False)
    ...     sorted(os.listdir(folder))
    ['net-2.npz', 'net-4.npz']
    """

    def __init__(self, path, every=1, best_only=False, monitor='val_loss', mode=None):
        self.path, self.best_only = str(path), best_only
        self.every = check_count('Checkpoint', 'every', every)
        try:
            self.path.format(epoch=1)
        except (LookupError, ValueError) as error:
            raise ValueError('Checkpoint: path=%r must have no braces but those of {epoch} (%s)'
                             % (path, error)) from None
        super().__init__(monitor, mode)

    def on_train_begin(self, run):
        if self.best_only:
            super().on_train_begin(run)

    def on_epoch_end(self, run, row):
        better = not self.best_only or self.improved(row)
        if better and run.epoch % self.every == 0:
            run.save(self.path.format(epoch=run.epoch))


class Watch:
    """Record activations, gradients and weights while a network is trained.

    Parameters
    ----------
    inputs : array or dict
        A few examples, as for ``lasagne_ext.debug.watch``.
    loss : callable, optional
        As for ``lasagne_ext.debug.watch``.
    every : int
        After how many epochs.

    Attributes
    ----------
    watcher : Watcher or None
        That of ``lasagne_ext.debug.watch``, once training has begun; its ``history`` is what was recorded.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> from lasagne_ext.training import Watch, compile_functions, fit
    >>> net = DenseLayer(InputLayer((None, 4), name='in'), 2, name='out')
    >>> watching = Watch(np.ones((2, 4)))
    >>> history = fit(compile_functions(net, 'squared_error'), (np.ones((8, 4)), np.ones((8, 2))), epochs=2,
    ...               batch_size=8, callbacks=[watching], progress=False)
    >>> sorted({row.epoch for row in watching.watcher.history})
    [0, 1, 2]
    """

    def __init__(self, inputs, loss=None, every=1):
        self._inputs, self._loss, self.every = inputs, loss, check_count('Watch', 'every', every)
        self.watcher = None

    def on_train_begin(self, run):
        self.watcher = watch(run.functions.outputs, self._inputs, loss=self._loss)
        self.watcher.record(run.epoch)

    def on_epoch_end(self, run, row):
        if run.epoch % self.every == 0:
            self.watcher.record(run.epoch)


class KeepBest:
    """Keep a copy of the best parameters, for training that Ctrl-C ends."""

    def __init__(self):
        self._best, self._parameters = None, None

    def on_epoch_end(self, run, row):
        if self._best is None or row['val_loss'] < self._best:
            self._best, self._parameters = row['val_loss'], run.parameters()

    def on_train_end(self, run):
        if run.history.interrupted and self._parameters is not None:
            run.set_parameters(self._parameters)

    def state(self):
        return {'best': self._best, 'parameters': self._parameters}

    def set_state(self, state):
        self._best, self._parameters = state['best'], state['parameters']


class FunctionCallback:
    """Callback that calls a function after every epoch.

    Parameters
    ----------
    function : callable
        ``function(run, row)``; False ends training.
    """

    def __init__(self, function):
        self.function, self.name = function, getattr(function, '__name__', repr(function))

    def on_epoch_end(self, run, row):
        return self.function(run, row)
