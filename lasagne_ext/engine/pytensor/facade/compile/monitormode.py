"""Mode that calls functions around every Op, with the arguments that Theano gives them."""
from pytensor.compile.debug import monitormode


class MonitorMode(monitormode.MonitorMode):
    """Run everything, and functions before and after every node.

    Parameters
    ----------
    pre_func, post_func : callable, optional
        ``function(number, node, thunk)``.
    optimizer, linker, db
        As in Theano.
    """

    def eval(self, fgraph, i, node, fn):
        """Run a node between the two functions."""
        if self.pre_func is not None:
            self.pre_func(i, node, fn)
        fn()
        if self.post_func is not None:
            self.post_func(i, node, fn)


def detect_nan(i, node, fn):
    """Print a node that gives NaN; for `post_func`."""
    monitormode.detect_nan(None, i, node, fn)
