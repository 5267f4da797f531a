"""Ctrl-C during training: the first asks for an end after the batch, the second ends at once."""
import signal
import threading


class Interruption:
    """While entered, the first SIGINT only sets `requested`.

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
