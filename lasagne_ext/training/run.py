"""Give callbacks the state of a training, to see and to change."""
import math

import lasagne
import numpy as np

from lasagne_ext.training.checkpoint import read_checkpoint, save_checkpoint
from lasagne_ext.training.restore import apply_assignments


class TrainingError(ArithmeticError):
    """Raised if the loss, or a parameter, has become NaN or infinite.

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
    """Training under way, as the callbacks of `fit` see it.

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
        """Learning rate, a float to read and to set."""
        return float(self._rate_variable().get_value())

    @learning_rate.setter
    def learning_rate(self, value):
        if not 0 <= value < math.inf:
            raise ValueError('fit: a learning rate must be at least 0 and finite, got %r' % value)
        rate = self._rate_variable()
        rate.set_value(np.asarray(value, rate.dtype))

    def _rate_variable(self):
        if self.functions.learning_rate is None:
            raise ValueError('fit: the rule for updates was given without a learning_rate that could be '
                             'changed')
        return self.functions.learning_rate

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
        states = {key: callback.state() for key, callback in self._keyed_callbacks()
                  if hasattr(callback, 'state')}
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
        found, assignments = read_checkpoint(path, self.network, self.functions)
        if 'fit' not in found.extra or found.epoch is None:
            raise ValueError('fit: resume: %s holds parameters, but is not a checkpoint that fit has '
                             'written; load it with load_checkpoint, and train anew' % path)
        apply_assignments('load_checkpoint', path, assignments)
        self.history.rows = found.history['rows']
        self.epoch, self.resumed = found.epoch, True
        # Callbacks that the earlier program did not have begin anew.
        for key, callback in self._keyed_callbacks():
            if key in found.extra['callbacks'] and hasattr(callback, 'set_state'):
                callback.set_state(found.extra['callbacks'][key])
        return found.extra['fit']

    def _keyed_callbacks(self):
        """Pair each callback with a stable key: its class and its number among those of that class."""
        kinds = [type(callback).__name__ for callback in self.callbacks]
        return [('%s#%d' % (kind, kinds[:k].count(kind)), callback)
                for k, (kind, callback) in enumerate(zip(kinds, self.callbacks))]

    def call(self, hook, *arguments):
        """Call a method of all callbacks that have it.

        Parameters
        ----------
        hook : str
            Its name, such as ``'on_epoch_end'``.
        *arguments
            Given to it, behind the run.
        """
        for callback in self.callbacks:
            method = getattr(callback, hook, None)
            if method is not None and method(self, *arguments) is False and not self.stop:
                self.stop = 'stopped by %s' % (getattr(callback, 'name', None) or type(callback).__name__)
