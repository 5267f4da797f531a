"""Make batches ahead of time, in a background thread or in a background process.

A thread does where functions let it run beside them: what takes the time (Pillow's decoders, NumPy, our
kernels) releases the interpreter's lock, and nothing is copied. The two threads speak through
`queue.SimpleQueue`, which alone may be used from a destructor at any moment.

A process is taken where compiled functions let no thread run beside them. It is a fork of this one: nothing
has to be pickled to get there, so a transform may be any function. Arrays come back through memory that
both see, everything else through a pipe.
"""
import atexit
import contextlib
import gc
import multiprocessing
import os
import pickle
import queue
import random
import signal
import sys
import tempfile
import threading
import traceback
import warnings
import weakref

import numpy as np

from lasagne_ext import kernels

#: Told to the background thread: make another one, or end.
_NEXT, _STOP = True, False

_running = weakref.WeakSet()


class ThreadPrefetcher:
    """Iterator over what `items` yields, some of it made ahead of time.

    Parameters
    ----------
    items : iterator
        Used by the background thread alone.
    ahead : int
        How many items may be ready, or in the making, before they are asked for.

    Notes
    -----
    An exception of `items` is raised by ``next``, with its traceback, after all that came before. The
    thread ends with the last item, with :meth:`close`, when nobody holds the iterator any more, or with
    the interpreter. ``close`` waits for an item in the making.
    """

    def __init__(self, items, ahead):
        self._requests, self._results = queue.SimpleQueue(), queue.SimpleQueue()
        for _ in range(ahead):
            self._requests.put(_NEXT)
        # It must not know this object, or that would never be garbage.
        self._thread = threading.Thread(target=_serve_thread, args=(items, self._requests, self._results),
                                        daemon=True, name='lasagne_ext prefetch')
        self._finished = False
        _running.add(self)
        self._thread.start()

    def __iter__(self):
        return self

    def __next__(self):
        if self._finished:
            raise StopIteration
        item, error = self._results.get()
        if error is not None:
            self.close()
            try:
                raise error
            finally:
                del error                                       # it would hold this frame, and that it
        self._requests.put(_NEXT)
        return item

    def close(self):
        """End the thread. Asking for more items afterwards is asking for more than there are."""
        self._end()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def __del__(self):
        # Without waiting: whoever drops the last reference may hold a lock that the thread wants.
        if not getattr(self, '_finished', True):
            self._end()

    def _end(self):
        self._finished = True
        try:
            while True:
                self._requests.get_nowait()
        except queue.Empty:
            self._requests.put(_STOP)


def _serve_thread(items, requests, results):
    """Make items in the background thread as long as they are wanted."""
    try:
        while requests.get() is _NEXT:
            results.put((next(items), None))
    except BaseException as error:                              # StopIteration among them
        results.put((None, error))


@atexit.register
def _close_all():
    """End threads that would still run while the interpreter is taken apart, and crash it."""
    for iterator in list(_running):
        iterator.close()


def can_fork():
    """Return whether a process can be had: macOS cannot fork safely, and Windows not at all."""
    return sys.platform.startswith('linux') and not multiprocessing.current_process().daemon


class ProcessPrefetcher:
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
        self._files = [_open_memory() for _ in range(ahead)]
        requests, self._requests = context.Pipe(duplex=False)
        self._results, results = context.Pipe(duplex=False)
        # Only its own ends may stay open in the process, or it would not learn that this one is gone.
        self._process = context.Process(
            target=_serve_process, daemon=True, name='lasagne_ext prefetch',
            args=(items, self._files, requests, results, (self._requests, self._results), seeds, skipped))
        self._finished = False
        self._process.start()
        requests.close()
        results.close()
        for number in range(ahead):
            self._requests.send(number)

    def __iter__(self):
        return self

    def __next__(self):
        if self._finished:
            raise StopIteration
        try:
            number, (head, sizes), error, warned, skipped = self._results.recv()
            item = pickle.loads(head, buffers=self._buffers.read(self._files[number], sizes))
        except EOFError:
            self.close()
            raise RuntimeError('the background process that makes batches has ended unasked, with exit code '
                               '%s' % self._process.exitcode) from None
        except BaseException:                                   # half a message may be left
            self.close()
            raise
        for message in warned:
            warnings.warn_explicit(*message)
        if skipped:
            self._skipped.update(skipped)
        if error is not None:
            self.close()
            raise error[0] from _RemoteTraceback(error[1])
        self._request(number)
        return item

    def close(self):
        """End the process. Asking for more items afterwards is asking for more than there are."""
        if self._end():
            try:
                while True:                                     # it may wait to be rid of something large
                    self._results.recv_bytes()
            except (EOFError, OSError):
                pass
            self._process.join()
            self._results.close()

    def __del__(self):
        if hasattr(self, '_finished'):
            self._end()

    def _end(self):
        """Tell the process to end; return whether it had not been told so before."""
        first, self._finished = not self._finished, True
        if first:
            self._request(None)
            # Processes forked later hold this end too, so that closing it would not be enough.
            self._requests.close()
        return first

    def _request(self, what):
        try:
            self._requests.send(what)
        except OSError:                                         # gone; what is missing then will be noticed
            pass


class _RemoteTraceback(Exception):
    """Traceback of the process, as the cause of the exception raised here."""

    def __str__(self):
        return '\n' + self.args[0].rstrip()


def _serve_process(items, files, requests, results, unused_ends, seeds, skipped):
    """Make items in the background process as long as they are wanted."""
    # Ctrl-C goes to all processes of a terminal; what it means is decided by the other one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for end in unused_ends:
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
        for number in iter(requests.recv, None):
            with warnings.catch_warnings(record=True) as caught:
                content, error = _pack_next(items, files[number])
            warned = [_picklable((str(one.message), one.category), (str(one.message), UserWarning))
                      + (one.filename, one.lineno) for one in caught]
            found = {key: value for key, value in (skipped or {}).items() if key not in known}
            known.update(found)
            results.send((number, content, error, warned, found))
    except (EOFError, OSError):                                 # nobody is there any more
        pass


def _pack_next(items, file):
    """Pack the next item, its arrays in `file` and the rest here; or the exception that came instead."""
    try:
        return _pack(next(items), file), None
    except BaseException as error:                              # StopIteration among them
        text = traceback.format_exc()
        substitute = RuntimeError('%s: %s' % (type(error).__name__, error))
        return _pack(None, file), (_picklable(error, substitute), text)


def _picklable(thing, substitute):
    """Return `thing`, or the substitute if it cannot be pickled or not be made of that again."""
    try:
        pickle.loads(pickle.dumps(thing))
    except Exception:
        return substitute
    return thing


def _open_memory():
    """Open a file without a name, in memory where the system offers that."""
    try:
        return open(os.memfd_create('lasagne_ext'), 'r+b', buffering=0)
    except (AttributeError, OSError):
        return tempfile.TemporaryFile(buffering=0)


def _pack(item, file):
    """Pickle an item without the contents of its arrays, which go to `file`; return that and their sizes."""
    views = []
    head = pickle.dumps(item, protocol=5, buffer_callback=lambda buffer: views.append(buffer.raw()))
    sizes, offset = [len(view) for view in views], 0
    for view in views:
        while view:                                             # no call writes more than 2 GB
            done = os.pwrite(file.fileno(), view, offset)
            view, offset = view[done:], offset + done
    return head, sizes


class _Buffers:
    """Memory to read into: that of batches which nobody holds any more.

    New memory costs more to get than to fill.
    """

    def __init__(self):
        self._arrays = []

    def read(self, file, sizes):
        """Return arrays of these numbers of bytes, which lie in `file` one after another."""
        arrays, offset = [], 0
        for size in sizes:
            arrays.append(self._allocate(size))
            view = memoryview(arrays[-1])
            while view:
                done = os.preadv(file.fileno(), [view], offset)
                view, offset = view[done:], offset + done
        # Two batches: one is held while the next is made.
        self._arrays = self._arrays[-2 * len(sizes):]
        return arrays

    def _allocate(self, size):
        for array, count in zip(self._arrays, _reference_counts(self._arrays)):
            if count == _UNSHARED and len(array) == size:
                return array
        self._arrays.append(np.empty(size, 'uint8'))
        return self._arrays[-1]


def _reference_counts(arrays):
    """Return how many references there are to each."""
    return [sys.getrefcount(array) for array in arrays]


#: What that is for an array which only a list holds.
_UNSHARED, = _reference_counts([np.empty(1)])
