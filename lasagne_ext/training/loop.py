"""Training, epoch after epoch."""
import math
import numbers
import os
import warnings

from lasagne_ext.checks import check_choice, check_count
from lasagne_ext.datasets.batches import check_worker
from lasagne_ext.training._data import Source, share_apart
from lasagne_ext.training._epochs import Epochs
from lasagne_ext.training._interrupt import Interruption
from lasagne_ext.training._npz import CheckpointError
from lasagne_ext.training._progress import Progress
from lasagne_ext.training._run import KeepBest, Plain, Run
from lasagne_ext.training.callbacks import Checkpoint
from lasagne_ext.training.checkpoint import restore
from lasagne_ext.training.functions import Functions
from lasagne_ext.training.history import History

_BATCH_SIZE = 128

_MOMENTS = ('on_train_begin', 'on_batch_end', 'on_epoch_end', 'on_train_end')


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
    _check(functions, epochs, batch_size, seed, prefetch, on_nan)
    check_worker('fit', transform, worker)
    if isinstance(validation, numbers.Real) and not isinstance(validation, bool):
        source, judged = share_apart('fit', functions, data, validation, seed, transform is not None)
    else:
        source = Source('fit', functions, data, transformed=transform is not None)
        judged = None if validation is None else Source('fit: validation', functions, validation)
    if batch_size is None:
        batch_size = min(_BATCH_SIZE, len(source))
    if batch_size > len(source):
        raise ValueError('fit: batch_size=%d is larger than the data, which have %d examples'
                         % (batch_size, len(source)))
    settings = {'batch_size': int(batch_size), 'seed': int(seed), 'examples': len(source)}
    run = Run(functions, epochs, math.ceil(len(source) / batch_size), judged is not None, settings,
              History())
    run.callbacks = _in_order(callbacks, judged is not None, checkpoint)
    if resume is True:
        if checkpoint is None or '{' in str(checkpoint):
            raise ValueError('fit: resume=True needs a checkpoint that is one file, got checkpoint=%r'
                             % (checkpoint,))
        resume = checkpoint if os.path.exists(checkpoint) else None
    for callback in run.callbacks:
        if isinstance(callback, Checkpoint) and not resume:
            _refuse_to_lose(callback.path, functions.network)
    if resume:
        _compare(run.load(resume), settings)

    options = {'batch_size': batch_size, 'seed': seed, 'transform': transform, 'prefetch': prefetch,
               'worker': worker}
    with Progress(progress, epochs, run.batches, run.epoch) as bar:
        # Before Ctrl-C is caught: it ends a compilation at once.
        functions.compile('train', *([] if judged is None else ['validate']))
        run.call('on_train_begin')
        with Interruption() as interruption:
            Epochs(run, source, judged, options, interruption, bar).train(on_nan)
            run.call('on_train_end')
    return run.history


def _in_order(callbacks, validated, checkpoint):
    """All callbacks; those that write checkpoints come last, when the others know how the epoch went."""
    if callable(callbacks) or any(hasattr(callbacks, moment) for moment in _MOMENTS):
        callbacks = [callbacks]
    found = []
    for callback in callbacks:
        if not any(hasattr(callback, moment) for moment in _MOMENTS):
            if not callable(callback) or isinstance(callback, type):
                raise TypeError('fit: a callback must be a function (run, row) or an object with one of %s; '
                                'got %r' % (', '.join(_MOMENTS), callback))
            callback = Plain(callback)
        elif isinstance(callback, type):
            raise TypeError('fit: a callback must be an object, got the class %s' % callback.__name__)
        found.append(callback)
    if validated and not any(getattr(callback, 'restore_best', False) for callback in found):
        found.append(KeepBest())
    if checkpoint is not None:
        found.append(Checkpoint(checkpoint))
    return sorted(found, key=lambda callback: isinstance(callback, Checkpoint))


class _Same(Exception):
    """A checkpoint is of this network."""


def _refuse_to_lose(path, network):
    """Refuse to write over the checkpoint of another network."""
    def stop(restored):
        raise _Same
    try:
        restore(path, network, None, True, False, stop)
    except CheckpointError as error:
        if error.of_another:
            raise CheckpointError('fit: checkpoint: another network would be lost; give another name, or '
                                  'delete the file: %s' % error) from None
    except _Same:
        pass


def _compare(before, now):
    differing = [name for name in now if before[name] != now[name]]
    if differing:
        warnings.warn('fit: the checkpoint was made with %s, this is %s: training goes on, but not as it '
                      'would have gone on without an interruption' % tuple(
                          ', '.join('%s=%s' % (name, values[name]) for name in differing)
                          for values in (before, now)), UserWarning, stacklevel=3)


def _check(functions, epochs, batch_size, seed, prefetch, on_nan):
    if not isinstance(functions, Functions):
        raise TypeError('fit: functions must be what compile_functions gives, got %r' % (functions,))
    for name, value, least in (('epochs', epochs, 1), ('seed', seed, 0), ('prefetch', prefetch or 0, 0),
                               ('batch_size', _BATCH_SIZE if batch_size is None else batch_size, 1)):
        check_count('fit', name, value, least)
    check_choice('fit', 'on_nan', on_nan, ('raise', 'stop'))
