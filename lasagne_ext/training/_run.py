"""A training under way: what its callbacks see and may change."""
import math

import lasagne
import numpy as np

from lasagne_ext.training.checkpoint import restore, save_checkpoint


class TrainingError(ArithmeticError):
    """The loss, or a parameter, has become NaN or infinite.

    Attributes
    ----------
    history : History
        Of the epochs before.
    epoch, batch : int
        Where it happened, both from 1; `batch` is None if it was found at the end of the epoch.
    """

    def __init__(self, message, history, epoch, batch):
        super().__init__(message)
        self.history, self.epoch, self.batch = history, epoch, batch


class Run:
    """What the callbacks of `fit` are given.

    Attributes
    ----------
    functions : Functions
    network : Layer or list of Layer
    history : History
        Of all whole epochs.
    epoch, epochs : int
        Number of the running epoch, or of the last one, from 1; and of epochs in all.
    batch, batches : int
        How many batches of the epoch are done; how many it has.
    loss : float or None
        Of the last batch.
    names : list of str
        The columns of a row of the history.
    resumed : bool
        Whether training goes on from a checkpoint.
    stop : str or None
        Set it to a reason, and training ends after the epoch.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> from lasagne_ext.training import compile_functions, fit
    >>> net = DenseLayer(InputLayer((None, 4), name='in'), 2, name='out')
    >>> def stop_after_two(run, row):
    ...     if run.epoch == 2:
    ...         run.stop = 'it is late'
    >>> history = fit(compile_functions(net, 'squared_error'), (np.ones((8, 4)), np.ones((8, 2))), epochs=9,
    ...               batch_size=8, callbacks=[stop_after_two], progress=False)
    >>> len(history), history.stopped
    (2, 'it is late')
    """

    def __init__(self, functions, epochs, batches, validated, settings, history):
        self.functions, self.network, self.history = functions, functions.network, history
        self.epoch, self.epochs, self.batch, self.batches, self.loss = 0, epochs, 0, batches, None
        rate = [] if functions.learning_rate is None else ['learning_rate']
        self.names = (['epoch'] + functions.names
                      + ['val_' + name for name in functions.names if validated] + ['seconds'] + rate)
        self.resumed, self.stop = False, None
        self._settings, self.callbacks = settings, []

    @property
    def learning_rate(self):
        """The learning rate, a float to read and to set."""
        rate = self.functions.learning_rate
        if rate is None:
            raise ValueError('fit: the rule for updates was given without a learning_rate that could be '
                             'changed')
        return float(rate.get_value())

    @learning_rate.setter
    def learning_rate(self, value):
        if not 0 <= value < math.inf:
            raise ValueError('fit: a learning rate must be at least 0 and finite, got %r' % value)
        rate = self.functions.learning_rate
        if rate is None:
            raise ValueError('fit: the rule for updates was given without a learning_rate that could be '
                             'changed')
        rate.set_value(np.asarray(value, rate.dtype))

    def parameters(self):
        """Copy the values of all parameters of the network.

        Returns
        -------
        list of array
            For :meth:`set_parameters`.
        """
        return lasagne.layers.get_all_param_values(self.functions.outputs)

    def set_parameters(self, values):
        """Set all parameters of the network to what `parameters` gave.

        Parameters
        ----------
        values : list of array
            In the order of the layers.
        """
        lasagne.layers.set_all_param_values(self.functions.outputs, values)

    def save(self, path):
        """Write a checkpoint that `fit` can resume from; only whole epochs can be.

        Parameters
        ----------
        path : str
            Name of the file; what was there is replaced once the new one is whole.
        """
        states = {key: callback.state() for key, callback in self._keyed() if hasattr(callback, 'state')}
        save_checkpoint(path, self.network, self.functions, epoch=self.epoch, history=self.history.to_dict(),
                        extra={'fit': self._settings, 'callbacks': states})

    def load(self, path):
        """Go on from a checkpoint.

        Parameters
        ----------
        path : str
            Name of the file.

        Returns
        -------
        dict
            The settings of `fit` that it was made with.
        """
        def accept(found):
            if 'fit' not in found.extra or found.epoch is None:
                raise ValueError('fit: resume: %s holds parameters, but is not a checkpoint that fit has '
                                 'written; load it with load_checkpoint, and train anew' % path)

        found = restore(path, self.network, self.functions, True, False, accept)
        self.history.rows = found.history['rows']
        self.epoch, self.resumed = found.epoch, True
        for key, callback in self._keyed():
            if key in found.extra['callbacks'] and hasattr(callback, 'set_state'):
                callback.set_state(found.extra['callbacks'][key])
        return found.extra['fit']

    def _keyed(self):
        """The callbacks by names that are the same in every process: of what kind, the how manieth."""
        kinds = [type(callback).__name__ for callback in self.callbacks]
        return [('%s#%d' % (kind, kinds[:k].count(kind)), callback)
                for k, (kind, callback) in enumerate(zip(kinds, self.callbacks))]

    def call(self, moment, *arguments):
        """Call a method of all callbacks that have it.

        Parameters
        ----------
        moment : str
            Its name, such as ``'on_epoch_end'``.
        *arguments
            Given to it, behind the run.
        """
        for callback in self.callbacks:
            method = getattr(callback, moment, None)
            if method is not None and method(self, *arguments) is False and not self.stop:
                self.stop = 'stopped by %s' % (getattr(callback, 'name', None) or type(callback).__name__)


class Plain:
    """A function as a callback: it is called after every epoch.

    Parameters
    ----------
    function : callable
        ``function(run, row)``; False ends training.
    """

    def __init__(self, function):
        self.function, self.name = function, getattr(function, '__name__', repr(function))

    def on_epoch_end(self, run, row):
        return self.function(run, row)


class KeepBest:
    """Keeps a copy of the best parameters, for training that Ctrl-C ends."""

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


class Snapshot:
    """The values of everything that a training step changes.

    Parameters
    ----------
    run : Run
    """

    def __init__(self, run):
        variables = lasagne.layers.get_all_params(run.functions.outputs) + list(run.functions.state.values())
        self._values = [(variable, variable.get_value()) for variable in variables]
        self.epoch = run.epoch

    def restore(self):
        """Set them to these values again."""
        for variable, value in self._values:
            variable.set_value(value)

    def when(self):
        """In words."""
        return 'the end of epoch %d' % self.epoch if self.epoch else 'the beginning'


def bad_parameter(outputs):
    """The name of a parameter that holds NaN or Inf; None if there is none."""
    for layer in lasagne.layers.get_all_layers(outputs):
        for parameter in layer.get_params():
            if hasattr(parameter, 'get_value') and not np.isfinite(parameter.get_value(borrow=True)).all():
                return '%s of layer %r' % (parameter.name or 'a parameter',
                                           layer.name or type(layer).__name__)
    return None
