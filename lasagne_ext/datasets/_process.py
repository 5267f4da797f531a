"""Work done ahead by a background process, where compiled functions let no thread run beside them.

The process is a fork of this one: nothing has to be pickled to get there, so a transform may be any
function. Arrays come back through memory that both see, everything else through a pipe.
"""
import contextlib
import gc
import multiprocessing
import os
import pickle
import random
import signal
import sys
import tempfile
import traceback
import warnings

import numpy as np

from lasagne_ext import kernels


def available():
    """Whether a process can be had: macOS cannot fork safely, and Windows not at all."""
    return sys.platform.startswith('linux') and not multiprocessing.current_process().daemon


class PrefetchedByProcess:
    """Iterator over what `items` yields, some of it made ahead of time.

    Parameters
    ----------
    items : iterator
        Not begun yet; its copy in the process is used, this one never.
    ahead : int
        How many items may be ready, or in the making, before they are asked for.
    seeds : sequence of int
        Of the global random generators there, which would begin alike in every process.
    skipped : dict or None
        What `items` adds to it there is added here too.

    Notes
    -----
    An exception of `items` is raised by ``next`` after all that came before; its cause is the traceback
    in words. Warnings come with the item they belong to. The process ends with the last item, with
    :meth:`close`, when nobody holds the iterator any more, or with this process, however that ends.
    ``close`` waits for an item in the making.
    """

    def __init__(self, items, ahead, seeds, skipped=None):
        context = multiprocessing.get_context('fork')
        self._skipped, self._buffers = skipped, _Buffers()
        self._spaces = [_memory() for _ in range(ahead)]
        wanted, self._wanted = context.Pipe(duplex=False)
        self._made, made = context.Pipe(duplex=False)
        # Only its own ends may stay open in the process, or it would not learn that this one is gone.
        self._process = context.Process(
            target=_work, daemon=True, name='lasagne_ext prefetch',
            args=(items, self._spaces, wanted, made, (self._wanted, self._made), seeds, skipped))
        self._finished = False
        self._process.start()
        wanted.close()
        made.close()
        for number in range(ahead):
            self._wanted.send(number)

    def __iter__(self):
        return self

    def __next__(self):
        if self._finished:
            raise StopIteration
        try:
            number, (head, sizes), error, told, skipped = self._made.recv()
            item = pickle.loads(head, buffers=self._buffers.filled(self._spaces[number], sizes))
        except EOFError:
            self.close()
            raise RuntimeError('the background process that makes batches has ended unasked, with exit code '
                               '%s' % self._process.exitcode) from None
        except BaseException:                                   # half a message may be left
            self.close()
            raise
        for message in told:
            warnings.warn_explicit(*message)
        if skipped:
            self._skipped.update(skipped)
        if error is not None:
            self.close()
            raise error[0] from _There(error[1])
        self._tell(number)
        return item

    def close(self):
        """End the process. Asking for more items afterwards is asking for more than there are."""
        if self._end():
            try:
                while True:                                     # it may wait to be rid of something large
                    self._made.recv_bytes()
            except (EOFError, OSError):
                pass
            self._process.join()
            self._made.close()

    def __del__(self):
        if hasattr(self, '_finished'):
            self._end()

    def _end(self):
        """Whether it had not been told so before."""
        first, self._finished = not self._finished, True
        if first:
            self._tell(None)
            # Processes forked later hold this end too, so that closing it would not be enough.
            self._wanted.close()
        return first

    def _tell(self, what):
        try:
            self._wanted.send(what)
        except OSError:                                         # gone; what is missing then will be noticed
            pass


class _There(Exception):
    """What happened in the process, as the cause of the exception raised here."""

    def __str__(self):
        return '\n' + self.args[0].rstrip()


def _work(items, spaces, wanted, made, ends_of_others, seeds, skipped):
    """What the process does."""
    # Ctrl-C goes to all processes of a terminal; what it means is decided by the other one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for end in ends_of_others:
        end.close()
    # Being told to go on, it must not take the other one's processor, which has a step to make.
    with contextlib.suppress(OSError):                          # not everywhere may a process say so
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    gc.freeze()                         # to look through all that was there before would copy its memory
    kernels.set_num_threads(1)          # the others did not come along, and would be waited for
    np.random.seed(seeds)
    random.seed(repr(tuple(seeds)))
    known = set(skipped or ())
    try:
        for number in iter(wanted.recv, None):
            with warnings.catch_warnings(record=True) as caught:
                content, error = _next(items, spaces[number])
            told = [_portable((str(one.message), one.category), (str(one.message), UserWarning))
                    + (one.filename, one.lineno) for one in caught]
            found = {key: value for key, value in (skipped or {}).items() if key not in known}
            known.update(found)
            made.send((number, content, error, told, found))
    except (EOFError, OSError):                                 # nobody is there any more
        pass


def _next(items, space):
    """The next item, its arrays in `space` and the rest here; or the exception that came instead."""
    try:
        return _packed(next(items), space), None
    except BaseException as error:                              # StopIteration among them
        text = traceback.format_exc()
        substitute = RuntimeError('%s: %s' % (type(error).__name__, error))
        return _packed(None, space), (_portable(error, substitute), text)


def _portable(thing, substitute):
    """`thing`, or the substitute if it cannot be pickled or not be made of that again."""
    try:
        pickle.loads(pickle.dumps(thing))
    except Exception:
        return substitute
    return thing


def _memory():
    """A file without a name, in memory where the system offers that."""
    try:
        return open(os.memfd_create('lasagne_ext'), 'r+b', buffering=0)
    except (AttributeError, OSError):
        return tempfile.TemporaryFile(buffering=0)


def _packed(item, space):
    """The pickled item without the contents of its arrays, and their sizes; they are in `space`."""
    views = []
    head = pickle.dumps(item, protocol=5, buffer_callback=lambda buffer: views.append(buffer.raw()))
    sizes, offset = [len(view) for view in views], 0
    for view in views:
        while view:                                             # no call writes more than 2 GB
            done = os.pwrite(space.fileno(), view, offset)
            view, offset = view[done:], offset + done
    return head, sizes


class _Buffers:
    """Memory to read into: that of batches which nobody holds any more, as new memory costs more to get than
    to fill.
    """

    def __init__(self):
        self._arrays = []

    def filled(self, space, sizes):
        """Arrays of these numbers of bytes, which lie in `space` one after another."""
        arrays, offset = [], 0
        for size in sizes:
            arrays.append(self._unused(size))
            view = memoryview(arrays[-1])
            while view:
                done = os.preadv(space.fileno(), [view], offset)
                view, offset = view[done:], offset + done
        # Two batches: one is held while the next is made.
        self._arrays = self._arrays[-2 * len(sizes):]
        return arrays

    def _unused(self, size):
        for array, count in zip(self._arrays, _counts(self._arrays)):
            if count == _ONLY_LISTED and len(array) == size:
                return array
        self._arrays.append(np.empty(size, 'uint8'))
        return self._arrays[-1]


def _counts(arrays):
    """How many references there are to each."""
    return [sys.getrefcount(array) for array in arrays]


#: What that is for an array which only a list holds.
_ONLY_LISTED, = _counts([np.empty(1)])
