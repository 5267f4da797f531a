"""Updates of shared variables in the order of their making."""
from collections import OrderedDict

from pytensor.compile.sharedvalue import SharedVariable


class OrderedUpdates(OrderedDict):
    """OrderedDict whose keys are shared variables; ``+`` joins two that do not contradict."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for key in self:
            self._check(key)

    @staticmethod
    def _check(key):
        if not isinstance(key, SharedVariable):
            raise TypeError('OrderedUpdates: the keys must be shared variables, got %r' % (key,))

    def __setitem__(self, key, value):
        self._check(key)
        super().__setitem__(key, value)

    def update(self, other=None):
        for key, value in OrderedDict(other or ()).items():
            if key in self and self[key] is not value:
                raise KeyError('two updates for the same shared variable', key, self[key], value)
            self[key] = value

    def __add__(self, other):
        joined = OrderedUpdates(self)
        joined.update(other)
        return joined

    def __radd__(self, other):
        joined = OrderedUpdates(other)
        joined.update(self)
        return joined
