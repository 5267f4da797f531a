"""Hand out minibatches: shuffled, repeatable, made ahead of time in the background."""
import numpy as np

from lasagne_ext.checks import check_choice, check_count
from lasagne_ext.datasets.data import Arrays, as_streaming, check_seed, count_of
from lasagne_ext.datasets.prefetch import ProcessPrefetcher, ThreadPrefetcher, can_fork
from lasagne_ext.engine import functions_keep_lock


def minibatches(data, batch_size, shuffle=True, seed=0, epoch=0, prefetch=1, transform=None, worker=None):
    """Iterate over a data set once, a batch at a time.

    Parameters
    ----------
    data : tuple of arrays, or streaming data set
        Arrays of equal length, inputs first and targets last, such as a `Dataset`; instead of an array
        there may be a dict of arrays. Or an object with ``__len__`` and ``__getitem__(indices)`` that
        returns such a tuple for an array of indices.
    batch_size : int
        Samples in a batch, at most as many as there are. The last batch is smaller if they do not divide
        evenly; nothing is dropped.
    shuffle : bool
        Whether the order is random. It follows from `seed` and `epoch` alone, whatever the batch size,
        so training that is resumed in a later epoch meets the same batches.
    seed : int
        Of the order.
    epoch : int
        Number of the epoch, from 0 on; each has an order of its own.
    prefetch : int
        How many batches are made ahead of time in the background; 0 for none.
    transform : callable, optional
        ``transform(batch, rng)`` is called in the background with every tuple of arrays and returns the
        tuple to use in its place, of as many samples: to subtract a mean, to distort. `rng` is a
        `numpy.random.RandomState` that follows from `seed`, `epoch` and the number of the batch.
    worker : {'thread', 'process'}, optional
        Who makes them in the background: a thread, or a process (on Linux). By default it is a process on
        the engine `theano`, whose functions let no thread run beside them, for streaming data and with a
        transform; else a thread.

    Returns
    -------
    iterator of tuple
        One array (or dict of arrays) for each of `data`. It has a method ``close()``, which ends the work
        in the background at once; otherwise that ends with the last batch, or when the iterator is no
        longer used, as after ``break``.

    Raises
    ------
    TypeError, ValueError
        At once, if the arrays are of unequal length (the message says which), there are no samples, or
        `batch_size` is not from 1 to their number, or there can be no process; with a batch, if a
        transform or a data set does not return what it should. Other exceptions that reading or
        transforming raises are raised with the batch they belong to, with their traceback.
    RuntimeError
        If the process is killed.

    Notes
    -----
    A data set that leaves out broken samples makes batches smaller; one with nothing left is passed over.

    The process begins as a copy of this one, with the data set and the transform as they are then. What they
    change there is not changed here: a list that a transform appends to stays empty. Only an attribute
    `skipped` of a data set, a dict, is kept up to date, and warnings are passed on. Code that hangs in a
    copied process, as some libraries with threads of their own do, needs ``worker='thread'``.

    What an exception's traceback refers to stays alive as long as it does; who handles exceptions far
    away, or keeps them, closes the iterator himself (``contextlib.closing``).

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne_ext.datasets import minibatches
    >>> data = np.arange(10).reshape(5, 2), np.arange(5)
    >>> for inputs, targets in minibatches(data, 2, shuffle=False):
    ...     print(inputs.tolist(), targets.tolist())
    [[0, 1], [2, 3]] [0, 1]
    [[4, 5], [6, 7]] [2, 3]
    [[8, 9]] [4]
    """
    data = as_streaming('minibatches', data)
    batch_size = check_count('minibatches', 'batch_size', batch_size)
    seed = check_seed('minibatches', 'seed', seed)
    epoch = check_seed('minibatches', 'epoch', epoch)
    prefetch = check_count('minibatches', 'prefetch', prefetch, least=0)
    check_worker('minibatches', transform, worker)
    count = len(data)
    if not count:
        raise ValueError('minibatches: there are no samples')
    if batch_size > count:
        raise ValueError('minibatches: batch_size is %d, but there are only %d samples'
                         % (batch_size, count))
    # RandomState draws the same numbers in all versions of NumPy.
    order = np.random.RandomState([seed, epoch]).permutation(count) if shuffle else np.arange(count)
    batches = _batches(data, np.split(order, range(batch_size, count, batch_size)), (seed, epoch), transform)
    if not prefetch:
        return batches
    if worker is None:
        busy = transform is not None or not isinstance(data, Arrays)
        worker = 'process' if busy and functions_keep_lock() and can_fork() else 'thread'
    if worker == 'thread':
        return ThreadPrefetcher(batches, prefetch)
    skipped = getattr(data, 'skipped', None)
    return ProcessPrefetcher(batches, prefetch, (seed, epoch),
                             skipped if isinstance(skipped, dict) else None)


def check_worker(caller, transform, worker):
    """Refuse a transform or a worker that cannot make batches.

    Parameters
    ----------
    caller : str
        Name to show in error messages.
    transform, worker
        As for `minibatches`.
    """
    if transform is not None and not callable(transform):
        raise TypeError('%s: transform must be callable, got %r' % (caller, transform))
    if worker is not None:
        check_choice(caller, 'worker', worker, ('thread', 'process'))
    if worker == 'process' and not can_fork():
        raise ValueError("%s: worker='process' needs Linux, and a process that may have processes of its "
                         "own; take 'thread'" % caller)


def _batches(data, parts, seeds, transform):
    """Yield the batches of these parts of the data, one after another."""
    something = False
    for number, part in enumerate(parts):
        batch = data[part]
        size = _size('the data set returned', batch)
        if not size:
            continue
        something = True
        if transform is not None:
            batch = transform(batch, np.random.RandomState(seeds + (number,)))
            left = _size('transform must return a tuple of as many arrays as it got; it returned', batch)
            if left != size:
                raise ValueError('minibatches: transform returned %d samples for a batch of %d'
                                 % (left, size))
        yield tuple(batch)
    if not something:
        raise ValueError('minibatches: not one of the samples could be read')


def _size(whose, batch):
    """Return the number of samples in a batch; refuse what is no tuple of arrays of equal length."""
    if not isinstance(batch, (tuple, list)) or not batch:
        raise TypeError('minibatches: %s %s, not a tuple of arrays' % (whose, type(batch).__name__))
    sizes = [count_of(part) for part in batch]
    if len(set(sizes)) > 1:
        raise ValueError('minibatches: %s arrays of unequal lengths: %s'
                         % (whose, ', '.join(map(str, sizes))))
    return sizes[0]
