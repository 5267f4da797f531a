"""Train a network, epoch after epoch: the loop over batches, what ends it, and evaluation."""
import contextlib
import math
import numbers
import os
import signal
import threading
import time
import warnings

import lasagne
import numpy as np

from lasagne_ext.checks import check_choice, check_count
from lasagne_ext.datasets import minibatches
from lasagne_ext.datasets.batches import check_worker
from lasagne_ext.training.callbacks import Checkpoint, FunctionCallback, KeepBest
from lasagne_ext.training.checkpoint import read_checkpoint
from lasagne_ext.training.data import Source, split_validation
from lasagne_ext.training.functions import Functions
from lasagne_ext.training.history import History
from lasagne_ext.training.progress import Progress
from lasagne_ext.training.run import Run, TrainingError
from lasagne_ext.training.serialization import CheckpointError

_BATCH_SIZE = 128

#: Nonlinearities that give no probabilities; rectify is Lasagne's default.
_UNBOUNDED = ('rectify', 'linear', 'identity', 'tanh', 'elu', 'selu')

#: Methods of callbacks.
_HOOKS = ('on_train_begin', 'on_batch_end', 'on_epoch_end', 'on_train_end')


def fit(functions, data, validation=None, epochs=10, batch_size=None, seed=0, callbacks=(), progress=True,
        checkpoint=None, resume=None, on_nan='raise', transform=None, prefetch=None, worker=None):
    """Train a network.

    Parameters
    ----------
    functions : Functions
        What `compile_functions` gives.
    data : tuple of array, or streaming data set
        All inputs ``(examples, ...)`` in the order of ``functions.inputs``, or one dict of them by layer's
        name; then the targets. Or an object with ``__len__`` and ``__getitem__(indices)`` that returns
        such a tuple.
    validation : float, or data, optional
        Data of the same kind; or a share of `data`, drawn at random and not trained with.
    epochs : int
        How many in all, those before a checkpoint included.
    batch_size : int, optional
        Examples in a batch; the last one of an epoch may be smaller. By default 128, or all where there are
        fewer.
    seed : int
        Of the order of the examples and of the share for validation.
    callbacks : sequence
        Objects with any of ``on_train_begin(run)``, ``on_batch_end(run)``, ``on_epoch_end(run, row)``,
        ``on_train_end(run)``, see :class:`Run`; or functions, called as ``function(run, row)`` after every
        epoch. One that returns False ends training.
    progress : bool
        Whether to show a bar, on a terminal or in a notebook.
    checkpoint : str, optional
        Where to write a checkpoint after every epoch, see :class:`Checkpoint`.
    resume : str or True, optional
        The checkpoint to go on from. True: the one of `checkpoint`, if there is one.
    on_nan : {'raise', 'stop'}
        Whether a loss that is not finite raises a TrainingError or ends training with a History.
    transform : callable, optional
        ``transform(batch, rng)`` returns the batch to train with in its place: a distortion, for example,
        which may give the inputs another shape.
        Validation data are used as they are; what both must see, such as images without their mean, is
        done by :func:`lasagne_ext.datasets.mapped`.
    prefetch : int, optional
        How many batches are made in the background, validation's too. By default 2 where there is work to
        do, for streaming data and with a `transform`, and 0 for arrays, of which a batch is cut in no time.
    worker : {'thread', 'process'}, optional
        Who makes them, see :func:`lasagne_ext.datasets.minibatches`. A process begins anew with every epoch,
        as a copy of what is there then.

    Returns
    -------
    History
        A row per epoch: means over its examples, in training with dropout on, and in validation off.

    Raises
    ------
    TypeError, ValueError
        If the data do not fit the network, labels are out of range, the batch size is larger than the data,
        or another argument is wrong. Nothing has been changed then.
    TrainingError
        If the loss, or a parameter, becomes NaN or infinite; it carries the history. All that training
        changes is as it was at the end of the epoch before: a copy is kept in memory.
    CheckpointError
        If the checkpoint cannot be read or written, or is another network's.

    Notes
    -----
    Ctrl-C ends training after the running batch. Then the network is the one with the smallest validation
    loss, or without validation the last one, and the History says ``interrupted``. A second Ctrl-C raises
    KeyboardInterrupt at once. Elsewhere than in the main thread Ctrl-C is left alone. The best parameters
    are kept in memory and, beside the last ones, in checkpoints.

    Training that is resumed from a checkpoint, with the same arguments, gives bit-identical parameters to
    training that was not interrupted.

    Examples
    --------
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> from lasagne.nonlinearities import softmax
    >>> from lasagne_ext.datasets import load_digits
    >>> from lasagne_ext.training import compile_functions, fit
    >>> net = DenseLayer(InputLayer((None, 1, 8, 8)), 10, nonlinearity=softmax)
    >>> history = fit(compile_functions(net, learning_rate=.01), load_digits(), validation=.2, epochs=3,
    ...               progress=False)
    >>> history['val_accuracy'][-1] > .8
    True
    """
    if not isinstance(functions, Functions):
        raise TypeError('fit: functions must be what compile_functions gives, got %r' % (functions,))
    for name, value, least in (('epochs', epochs, 1), ('seed', seed, 0), ('prefetch', prefetch or 0, 0),
                               ('batch_size', _BATCH_SIZE if batch_size is None else batch_size, 1)):
        check_count('fit', name, value, least)
    check_choice('fit', 'on_nan', on_nan, ('raise', 'stop'))
    check_worker('fit', transform, worker)
    if isinstance(validation, numbers.Real) and not isinstance(validation, bool):
        source, validation_source = split_validation('fit', functions, data, validation, seed,
                                                     transform is not None)
    else:
        source = Source('fit', functions, data, transformed=transform is not None)
        validation_source = None if validation is None else Source('fit: validation', functions, validation)
    if batch_size is None:
        batch_size = min(_BATCH_SIZE, len(source))
    if batch_size > len(source):
        raise ValueError('fit: batch_size=%d is larger than the data, which have %d examples'
                         % (batch_size, len(source)))
    # What the order of the examples follows from: with other settings a resumed training is another one.
    settings = {'batch_size': int(batch_size), 'seed': int(seed), 'examples': len(source)}
    run = Run(functions, epochs, math.ceil(len(source) / batch_size), validation_source is not None, settings,
              History())
    run.callbacks = _order_callbacks(callbacks, validation_source is not None, checkpoint)
    if resume is True:
        if checkpoint is None or '{' in str(checkpoint):
            raise ValueError('fit: resume=True needs a checkpoint that is one file, got checkpoint=%r'
                             % (checkpoint,))
        resume = checkpoint if os.path.exists(checkpoint) else None
    # Refused now, not after a compilation that may take minutes.
    for callback in run.callbacks:
        if isinstance(callback, Checkpoint) and not resume:
            _check_overwriting(callback.path, functions.network)
    if resume:
        _warn_of_other_settings(run.load(resume), settings)

    options = {'batch_size': batch_size, 'seed': seed, 'transform': transform, 'prefetch': prefetch,
               'worker': worker}
    with Progress(progress, epochs, run.batches, run.epoch) as bar:
        # Before Ctrl-C is caught: it ends a compilation at once.
        functions.compile('train', *([] if validation_source is None else ['validate']))
        run.call('on_train_begin')
        with _Interruption() as interruption:
            _Epochs(run, source, validation_source, options, interruption, bar).train(on_nan)
            run.call('on_train_end')
    return run.history


def _order_callbacks(callbacks, validated, checkpoint):
    """Return all callbacks; those that write checkpoints come last, when the others know of the epoch."""
    if callable(callbacks) or any(hasattr(callbacks, hook) for hook in _HOOKS):
        callbacks = [callbacks]
    found = []
    for callback in callbacks:
        if not any(hasattr(callback, hook) for hook in _HOOKS):
            if not callable(callback) or isinstance(callback, type):
                raise TypeError('fit: a callback must be a function (run, row) or an object with one of %s; '
                                'got %r' % (', '.join(_HOOKS), callback))
            callback = FunctionCallback(callback)
        elif isinstance(callback, type):
            raise TypeError('fit: a callback must be an object, got the class %s' % callback.__name__)
        found.append(callback)
    if validated and not any(getattr(callback, 'restore_best', False) for callback in found):
        found.append(KeepBest())
    if checkpoint is not None:
        found.append(Checkpoint(checkpoint))
    return sorted(found, key=lambda callback: isinstance(callback, Checkpoint))


def _check_overwriting(path, network):
    """Refuse to write over the checkpoint of another network."""
    try:
        read_checkpoint(path, network)
    except CheckpointError as error:
        # A damaged file, or none, is nothing that could be lost.
        if error.of_another:
            raise CheckpointError('fit: checkpoint: another network would be lost; give another name, or '
                                  'delete the file: %s' % error) from None


def _warn_of_other_settings(before, now):
    """Warn if a checkpoint was made with other settings than those of this call."""
    differing = [name for name in now if before[name] != now[name]]
    if differing:
        warnings.warn('fit: the checkpoint was made with %s, this is %s: training goes on, but not as it '
                      'would have gone on without an interruption' % tuple(
                          ', '.join('%s=%s' % (name, values[name]) for name in differing)
                          for values in (before, now)), UserWarning, stacklevel=3)


class _NotFinite(Exception):
    """Raised if a loss or parameter became NaN or infinite; `batch` is the number of the batch, if known."""

    def __init__(self, message, batch=None):
        super().__init__(message)
        self.batch = batch


class _Epochs:
    """Epochs of a training.

    Parameters
    ----------
    run : Run
    source, validation : Source
        Data to train and, or None, to validate with.
    options : dict
        Of `minibatches`: 'batch_size', 'seed', 'transform', 'worker', 'prefetch' (None: as many as help).
    interruption : Interruption
    bar : Progress
    """

    def __init__(self, run, source, validation, options, interruption, bar):
        self._run, self._source, self._validation, self._options = run, source, validation, options
        self._interruption, self._bar = interruption, bar
        self._changed = source.streaming or options['transform'] is not None
        self._prefetch = _default_prefetch(options['prefetch'], self._changed)

    def train(self, on_nan):
        """Train until the last epoch, a callback or Ctrl-C ends it."""
        run = self._run
        good = _Snapshot(run)
        while run.epoch < run.epochs and not run.stop and not self._interruption.requested:
            run.epoch, run.batch = run.epoch + 1, 0
            try:
                row = self._run_epoch()
            except _NotFinite as error:
                good.restore()
                run.history.stopped = 'training stopped: %s' % error
                if on_nan == 'stop':
                    break
                raise TrainingError(
                    'fit: %s; the parameters, and all else that training changes, are those of %s again; %s'
                    % (error, good.when(), _likely_cause(run.functions)),
                    run.history, run.epoch, error.batch) from None
            if row is None:
                run.history.stopped = 'interrupted in epoch %d, after batch %d of %d' % (
                    run.epoch, run.batch, run.batches)
                break
            run.history.rows.append(row)
            self._bar.row(row)
            run.call('on_epoch_end', row)
            good = _Snapshot(run)
        run.history.interrupted = self._interruption.requested
        if not run.history.stopped:
            run.history.stopped = run.stop or (
                'interrupted after epoch %d' % run.epoch if run.history.interrupted else None)

    def _run_epoch(self):
        """Return the row of an epoch; None if Ctrl-C came before it was over."""
        run, start = self._run, time.perf_counter()
        self._bar.epoch(run.epoch)
        # Read now: a callback may change it, and the row tells the rate that the epoch began with.
        rate = None if run.functions.learning_rate is None else run.learning_rate
        measured = self._train_epoch()
        if measured is None:
            return None
        row = dict([('epoch', run.epoch)], **dict(zip(run.functions.names, measured)))
        # The loss of the last batch does not show what its step has done.
        bad = _find_nonfinite_parameter(run.functions.outputs)
        if bad:
            raise _NotFinite('%s was NaN or infinite at the end of epoch %d' % (bad, run.epoch))
        if self._validation is not None:
            interruption, options = self._interruption, self._options
            measured = evaluate(run.functions, self._validation, options['batch_size'],
                                lambda: interruption.requested, options['prefetch'], options['worker'])
            if measured is None:
                return None
            row.update(('val_' + name, value) for name, value in zip(run.functions.names, measured))
            if not math.isfinite(row['val_loss']):
                raise _NotFinite('the validation loss became %s in epoch %d' % (row['val_loss'], run.epoch))
        row['seconds'] = time.perf_counter() - start
        if rate is not None:
            row['learning_rate'] = rate
        return row

    def _train_epoch(self):
        """Return the loss and metrics of an epoch of steps; None if interrupted."""
        run, bar, interruption = self._run, self._bar, self._interruption
        step, weight = run.functions.train.function, run.functions.weight
        calls = any(hasattr(callback, 'on_batch_end') for callback in run.callbacks)
        values, weights = [], []
        with contextlib.closing(minibatches(self._source.data, epoch=run.epoch - 1,
                                            **dict(self._options, prefetch=self._prefetch))) as batches:
            for batch in batches:
                if self._changed:                     # arrays have been checked once for all
                    batch = self._source.check(batch)
                result = step(*batch)
                loss = float(result[0])
                run.batch += 1
                if not math.isfinite(loss):
                    raise _NotFinite('the loss became %s in epoch %d, batch %d of %d'
                                     % (loss, run.epoch, run.batch, run.batches), run.batch)
                values.append(result)
                weights.append(weight(batch))         # the last batch may be smaller, a mask may count less
                run.loss = loss
                if calls:
                    run.call('on_batch_end')
                bar.batch(loss)
                if interruption.requested:
                    return None
        return _weighted_means(values, weights)


def _likely_cause(functions):
    """Return where a loss that is not finite comes from, or how to find out."""
    for layer, loss in zip(functions.outputs, functions.losses):
        name = getattr(getattr(layer, 'nonlinearity', None), '__name__', None)
        if loss == 'categorical_crossentropy' and name in _UNBOUNDED:
            return ('likely cause: %s needs probabilities, but the output layer %r has the nonlinearity %s; '
                    'give it nonlinearity=lasagne.nonlinearities.softmax'
                    % (loss, layer.name or type(layer).__name__, name))
    return 'lasagne_ext.debug.check_numerics finds where it comes from'


def _default_prefetch(prefetch, busy):
    """Return how many batches to make in the background; `busy` says whether making them takes time."""
    return prefetch if prefetch is not None else 2 if busy else 0


def evaluate(functions, source, batch_size, interrupted=lambda: False, prefetch=None, worker=None):
    """Return the loss and metrics of a network, means over all examples; None if interrupted.

    Parameters
    ----------
    functions : Functions
    source : Source
    batch_size : int
    interrupted : callable
        Called after every batch; True ends the evaluation.
    prefetch, worker
        See `fit`.
    """
    values, weights = [], []
    with contextlib.closing(minibatches(
            source.data, min(batch_size, len(source)), shuffle=False, worker=worker,
            prefetch=_default_prefetch(prefetch, source.streaming))) as batches:
        for batch in batches:
            batch = source.batch(batch)
            values.append(functions.validate.function(*batch))
            weights.append(functions.weight(batch))
            if interrupted():
                return None
    return _weighted_means(values, weights)


def _weighted_means(values, weights):
    """Return means over batches of different weight, as plain numbers."""
    weights = np.asarray(weights, float)
    # Where a mask lets nothing count at all, every batch counts the same.
    return np.average(np.array(values, float), axis=0, weights=weights if weights.sum() else None).tolist()


class _Snapshot:
    """Copy of the values of everything that a training step changes.

    Parameters
    ----------
    run : Run
    """

    def __init__(self, run):
        variables = lasagne.layers.get_all_params(run.functions.outputs) + list(run.functions.state.values())
        self._values = [(variable, variable.get_value()) for variable in variables]
        self.epoch = run.epoch

    def restore(self):
        """Set the variables to these values again."""
        for variable, value in self._values:
            variable.set_value(value)

    def when(self):
        """Return in words when the copy was made."""
        return 'the end of epoch %d' % self.epoch if self.epoch else 'the beginning'


def _find_nonfinite_parameter(outputs):
    """Return the name of a parameter that holds NaN or Inf; None if there is none."""
    for layer in lasagne.layers.get_all_layers(outputs):
        for parameter in layer.get_params():
            if hasattr(parameter, 'get_value') and not np.isfinite(parameter.get_value(borrow=True)).all():
                return '%s of layer %r' % (parameter.name or 'a parameter',
                                           layer.name or type(layer).__name__)
    return None


class _Interruption:
    """Catch Ctrl-C while entered: the first only sets `requested`, the second ends at once.

    Python allows this in the main thread only; elsewhere, and where the signal is ignored, nothing
    changes. The handler that was there before comes back at the end, and with the second signal.
    """

    def __init__(self):
        self.requested, self._previous = False, None

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            previous = signal.getsignal(signal.SIGINT)
            if previous not in (None, signal.SIG_IGN):
                self._previous = previous
                signal.signal(signal.SIGINT, self._handle)
        return self

    def _handle(self, number, frame):
        if self.requested:
            self._restore()
            raise KeyboardInterrupt
        self.requested = True

    def _restore(self):
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)
            self._previous = None

    def __exit__(self, *error):
        self._restore()
