"""Show the progress of a training, on a terminal or in a notebook."""
import sys
import time

from tqdm import tqdm

#: Seconds between two looks of the bar at the loss.
INTERVAL = .2


class Progress:
    """Progress bar over the batches of all epochs.

    Parameters
    ----------
    enabled : bool
        Whether there is one.
    epochs, batches : int
        How many epochs there are in all, and batches in each.
    done : int
        Epochs before.
    """

    def __init__(self, enabled, epochs, batches, done):
        self._epochs, self._batches, self._bar = epochs, batches, None
        self._pending, self._next, self._last = 0, 0., {}
        if enabled:
            self._bar = tqdm(total=epochs * batches, initial=done * batches, unit='batch', file=_stream(),
                             desc='compiling' if done < epochs else 'all done before', dynamic_ncols=True)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self._bar is not None:
            self._flush()
            self._bar.close()

    def epoch(self, number):
        """Show that an epoch begins."""
        if self._bar is not None:
            if self._bar.desc.startswith('compiling'):
                self._bar.unpause()                    # so that compilation does not count as a batch's time
            self._bar.set_description('epoch %d/%d' % (number, self._epochs))

    def batch(self, loss):
        """Count a batch; that costs next to nothing unless the bar is due to be drawn."""
        if self._bar is not None:
            self._pending += 1
            now = time.perf_counter()
            if now >= self._next:
                self._next = now + INTERVAL
                self._show(dict(self._last, loss=float(loss)))
                self._flush()

    def row(self, row):
        """Show the numbers of an epoch that is over."""
        if self._bar is not None:
            self._last = {name: value for name, value in row.items()
                          if name not in ('epoch', 'seconds', 'learning_rate')}
            self._flush()
            self._show(self._last)

    def _show(self, numbers):
        self._bar.set_postfix_str(', '.join('%s=%.4g' % pair for pair in numbers.items()), refresh=False)

    def _flush(self):
        self._bar.update(self._pending)
        self._pending = 0


def _stream():
    """Return the file that the bar is drawn to."""
    if 'ipykernel' in sys.modules:
        from IPython import get_ipython
        if get_ipython() is not None:
            return _NotebookLine()
    return sys.stderr


class _NotebookLine:
    """File of one line in a notebook's cell: what is written replaces it, and the last of it is saved."""

    #: Can show the bar's blocks.
    encoding = 'utf-8'

    def __init__(self):
        from IPython.display import display
        self._handle = display({'text/plain': ''}, raw=True, display_id=True)

    def write(self, text):
        line = text.strip('\r\n')
        if line:
            self._handle.update({'text/plain': line}, raw=True)

    def flush(self):
        pass
