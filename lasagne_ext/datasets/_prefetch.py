"""Work done ahead by a background thread.

A thread does where functions let it run beside them: what takes the time (Pillow's decoders, NumPy, our
kernels) releases the interpreter's lock, and nothing is copied. The two threads speak through
`queue.SimpleQueue`, which alone may be used from a destructor at any moment.
"""
import atexit
import queue
import threading
import weakref

#: Told to the background thread: make another one, or end.
_ANOTHER, _END = True, False

_open = weakref.WeakSet()


class Prefetched:
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
        self._wanted, self._made = queue.SimpleQueue(), queue.SimpleQueue()
        for _ in range(ahead):
            self._wanted.put(_ANOTHER)
        # It must not know this object, or that would never be garbage.
        self._thread = threading.Thread(target=_work, args=(items, self._wanted, self._made), daemon=True,
                                        name='lasagne_ext prefetch')
        self._finished = False
        _open.add(self)
        self._thread.start()

    def __iter__(self):
        return self

    def __next__(self):
        if self._finished:
            raise StopIteration
        item, error = self._made.get()
        if error is not None:
            self.close()
            try:
                raise error
            finally:
                del error                                       # it would hold this frame, and that it
        self._wanted.put(_ANOTHER)
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
                self._wanted.get_nowait()
        except queue.Empty:
            self._wanted.put(_END)


def _work(items, wanted, made):
    try:
        while wanted.get() is _ANOTHER:
            made.put((next(items), None))
    except BaseException as error:                              # StopIteration among them
        made.put((None, error))


@atexit.register
def _close_all():
    """Threads that still run while the interpreter is taken apart would crash it."""
    for iterator in list(_open):
        iterator.close()
