"""Following one column of the history."""
import math
import numbers

from lasagne_ext.network.graph import near_miss
from lasagne_ext.training.history import better_is


class Monitor:
    """Follows one column of the history: its best value, and for how many epochs it has not got better."""

    def __init__(self, where, monitor, mode, min_delta=0.):
        self.where, self.monitor = where, monitor
        try:
            self._sign = 1 if better_is(monitor, mode) == 'min' else -1
        except ValueError as error:
            raise ValueError('%s: %s' % (where, error)) from None
        if not isinstance(min_delta, numbers.Real) or not 0 <= min_delta < math.inf:
            raise ValueError('%s: min_delta must be at least 0, got %r' % (where, min_delta))
        self._min_delta = min_delta
        self.reset()

    def reset(self):
        self.best, self.waited = None, 0

    def check(self, run):
        """Refuse a column that the history will not have."""
        if self.monitor not in run.names:
            raise ValueError('%s: monitor=%r%s: there will be %s%s' % (
                self.where, self.monitor, near_miss(self.monitor, run.names), ', '.join(run.names),
                '; give fit validation data' if self.monitor.startswith('val_') else ''))

    def improved(self, row):
        """Whether this epoch is the best so far; counts those that are not."""
        value = row[self.monitor]
        # NaN is never better, not even than nothing.
        better = value == value and (self.best is None
                                     or self._sign * (self.best - value) > self._min_delta)
        if better:
            self.best, self.waited = value, 0
        else:
            self.waited += 1
        return better

    def state(self):
        return {'best': self.best, 'waited': self.waited}

    def set_state(self, state):
        self.best, self.waited = state['best'], state['waited']
