"""One epoch after another: the thin loops over batches, and what ends them."""
import contextlib
import math
import time

import numpy as np

from lasagne_ext.datasets import minibatches
from lasagne_ext.training._run import Snapshot, TrainingError, bad_parameter


#: Nonlinearities by name that give no probabilities; rectify is Lasagne's default.
_UNBOUNDED = ('rectify', 'linear', 'identity', 'tanh', 'elu', 'selu')


class _NotFinite(Exception):
    """What became NaN or infinite, and in which batch."""

    def __init__(self, message, batch=None):
        super().__init__(message)
        self.batch = batch


class Epochs:
    """The epochs of a training.

    Parameters
    ----------
    run : Run
    source, judged : Source
        What to train and, or None, to validate with.
    options : dict
        Of `minibatches`: 'batch_size', 'seed', 'transform', 'worker', 'prefetch' (None: as many as help).
    interruption : Interruption
    bar : Progress
    """

    def __init__(self, run, source, judged, options, interruption, bar):
        self._run, self._source, self._judged, self._options = run, source, judged, options
        self._interruption, self._bar = interruption, bar
        self._changed = source.streaming or options['transform'] is not None
        self._ahead = _ahead(options['prefetch'], self._changed)

    def train(self, on_nan):
        """Train until the last epoch, a callback or Ctrl-C ends it."""
        run = self._run
        good = Snapshot(run)
        while run.epoch < run.epochs and not run.stop and not self._interruption.requested:
            run.epoch, run.batch = run.epoch + 1, 0
            try:
                row = self._epoch()
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
            good = Snapshot(run)
        run.history.interrupted = self._interruption.requested
        if not run.history.stopped:
            run.history.stopped = run.stop or (
                'interrupted after epoch %d' % run.epoch if run.history.interrupted else None)

    def _epoch(self):
        """The row of an epoch; None if Ctrl-C came before it was over."""
        run, start = self._run, time.perf_counter()
        self._bar.epoch(run.epoch)
        rate = None if run.functions.learning_rate is None else run.learning_rate
        measured = self._trained()
        if measured is None:
            return None
        row = dict([('epoch', run.epoch)], **dict(zip(run.functions.names, measured)))
        bad = bad_parameter(run.functions.outputs)
        if bad:
            raise _NotFinite('%s was NaN or infinite at the end of epoch %d' % (bad, run.epoch))
        if self._judged is not None:
            measured = self._validated()
            if measured is None:
                return None
            row.update(('val_' + name, value) for name, value in zip(run.functions.names, measured))
            if not math.isfinite(row['val_loss']):
                raise _NotFinite('the validation loss became %s in epoch %d' % (row['val_loss'], run.epoch))
        row['seconds'] = time.perf_counter() - start
        if rate is not None:
            row['learning_rate'] = rate
        return row

    def _trained(self):
        run, bar, interruption = self._run, self._bar, self._interruption
        step, weight = run.functions.train.function, run.functions.weight
        calls = any(hasattr(callback, 'on_batch_end') for callback in run.callbacks)
        values, weights = [], []
        with contextlib.closing(minibatches(self._source.data, epoch=run.epoch - 1,
                                            **dict(self._options, prefetch=self._ahead))) as batches:
            for batch in batches:
                if self._changed:
                    batch = self._source.checked(batch)
                result = step(*batch)
                loss = float(result[0])
                run.batch += 1
                if not math.isfinite(loss):
                    raise _NotFinite('the loss became %s in epoch %d, batch %d of %d'
                                     % (loss, run.epoch, run.batch, run.batches), run.batch)
                values.append(result)
                weights.append(weight(batch))
                run.loss = loss
                if calls:
                    run.call('on_batch_end')
                bar.batch(loss)
                if interruption.requested:
                    return None
        return means(values, weights)

    def _validated(self):
        interruption, options = self._interruption, self._options
        return judged(self._run.functions, self._judged, options['batch_size'],
                      lambda: interruption.requested, options['prefetch'], options['worker'])


def _likely_cause(functions):
    """Where a loss that is not finite comes from, or how to find out."""
    for layer, loss in zip(functions.outputs, functions.losses):
        name = getattr(getattr(layer, 'nonlinearity', None), '__name__', None)
        if loss == 'categorical_crossentropy' and name in _UNBOUNDED:
            return ('likely cause: %s needs probabilities, but the output layer %r has the nonlinearity %s; '
                    'give it nonlinearity=lasagne.nonlinearities.softmax'
                    % (loss, layer.name or type(layer).__name__, name))
    return 'lasagne_ext.debug.check_numerics finds where it comes from'


def _ahead(prefetch, busy):
    """How many batches are made in the background; `busy` says whether making them takes time."""
    return prefetch if prefetch is not None else 2 if busy else 0


def judged(functions, source, batch_size, interrupted=lambda: False, prefetch=None, worker=None):
    """Loss and metrics of a network, means over all examples; None if interrupted.

    Parameters
    ----------
    functions : Functions
    source : Source
    batch_size : int
    interrupted : callable
        Asked after every batch.
    prefetch, worker
        See `fit`.
    """
    values, weights = [], []
    with contextlib.closing(minibatches(
            source.data, min(batch_size, len(source)), shuffle=False, worker=worker,
            prefetch=_ahead(prefetch, source.streaming))) as batches:
        for batch in batches:
            batch = source.batch(batch)
            values.append(functions.validate.function(*batch))
            weights.append(functions.weight(batch))
            if interrupted():
                return None
    return means(values, weights)


def means(values, weights):
    """Means over batches of different weight, as plain numbers."""
    weights = np.asarray(weights, float)
    # Where a mask lets nothing count at all, every batch counts the same.
    return np.average(np.array(values, float), axis=0, weights=weights if weights.sum() else None).tolist()
