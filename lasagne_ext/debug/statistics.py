"""Compute statistics of values that are too large, or too many, to be kept."""
from collections import OrderedDict

import numpy as np
import theano

#: Values that are looked at together: their copies in float64 fit into a processor's cache.
BLOCK = 65536


class RunningStatistics:
    """Statistics of all values that were added, as if they had been one array.

    Attributes
    ----------
    size, zeros, nans, infs : int
        Number of values, and of those that are zero, NaN and infinite.
    minimum, maximum, mean, std : float or None
        Of the finite values; None where there are none.

    Notes
    -----
    Means and squared deviations are merged by the formula of Chan, Golub and LeVeque, in float64 and in
    units of a power of two near the largest value, so that no square overflows.
    """

    def __init__(self):
        self.size = self.zeros = self.nans = self.infs = 0
        self.minimum = self.maximum = None
        self._finite, self._mean, self._squares, self._unit = 0, 0., 0., 1.

    def add(self, array):
        """Take in an array of real numbers; returns itself."""
        flat = np.asarray(array).reshape(-1)
        for start in range(0, flat.size, BLOCK):
            self._add_block(flat[start:start + BLOCK])
        return self

    def _add_block(self, block):
        finite = np.isfinite(block)
        count = int(np.count_nonzero(finite))
        nans = 0 if count == block.size else int(np.count_nonzero(np.isnan(block)))
        self.size += block.size
        self.zeros += int(block.size - np.count_nonzero(block))
        self.nans += nans
        self.infs += block.size - count - nans
        if not count:
            return
        values = (block if count == block.size else block[finite]).astype('float64')
        low, high = float(values.min()), float(values.max())
        unit = _power_of_two(max(abs(low), abs(high)))
        values /= unit
        mean = float(values.mean())
        values -= mean
        block_of = RunningStatistics()
        block_of.minimum, block_of.maximum = low, high
        block_of._finite, block_of._unit, block_of._mean = count, unit, mean
        block_of._squares = float(np.dot(values, values))
        self._merge_moments(block_of)

    def merge(self, other):
        """Take in what another one has seen; returns itself."""
        self.size += other.size
        self.zeros += other.zeros
        self.nans += other.nans
        self.infs += other.infs
        if other._finite:
            self._merge_moments(other)
        return self

    def _merge_moments(self, other):
        if not self._finite:
            for name in ('minimum', 'maximum', '_finite', '_mean', '_squares', '_unit'):
                setattr(self, name, getattr(other, name))
            return
        self.minimum, self.maximum = min(self.minimum, other.minimum), max(self.maximum, other.maximum)
        unit = max(self._unit, other._unit)
        ours, theirs = self._unit / unit, other._unit / unit
        total = self._finite + other._finite
        difference = other._mean * theirs - self._mean * ours
        self._squares = (self._squares * ours ** 2 + other._squares * theirs ** 2
                         + difference ** 2 * self._finite * (other._finite / total))
        self._mean = self._mean * ours + difference * (other._finite / total)
        self._finite, self._unit = total, unit

    @property
    def mean(self):
        return self._mean * self._unit if self._finite else None

    @property
    def std(self):
        return float(np.sqrt(self._squares / self._finite)) * self._unit if self._finite else None

    @property
    def norm(self):
        """Return the root of the sum of the finite values' squares."""
        return float(np.sqrt(self._squares + self._finite * self._mean ** 2)) * self._unit

    def to_dict(self):
        """Return the attributes as plain Python values."""
        return {name: getattr(self, name) for name in
                ('size', 'minimum', 'maximum', 'mean', 'std', 'zeros', 'nans', 'infs')}


def _power_of_two(value):
    return float(2. ** np.floor(np.log2(value))) if value > 1e-300 else 2. ** -996


class Statistics(theano.Op):
    """Op that computes a variable's statistics, so that the value itself need not leave the function.

    Parameters
    ----------
    axis : int, optional
        Which axis numbers the units whose being zero all the time is counted.

    Notes
    -----
    It stands beside the network, not in it: to the optimizer the value has one more use, just as if it
    were an output. The result is a vector that :func:`unpack_statistics` understands.
    """

    __props__ = ('axis',)

    def __init__(self, axis=None):
        self.axis = axis

    def make_node(self, value):
        return theano.Apply(self, [value], [theano.tensor.dvector()])

    def perform(self, node, inputs, output_storage):
        value = np.asarray(inputs[0])
        running = RunningStatistics().add(value)
        units = dead = 0
        if self.axis is not None:
            others = tuple(k for k in range(value.ndim) if k != self.axis % value.ndim)
            units = value.shape[self.axis]
            dead = int(np.count_nonzero(~value.any(axis=others))) if value.size else 0
        output_storage[0][0] = np.array([_or_nan(getattr(running, name)) for name in _FIELDS]
                                        + [units, dead], dtype='float64')

    def infer_shape(self, node, input_shapes):
        return [(theano.tensor.constant(len(_FIELDS) + 2),)]

    def c_code_cache_version(self):
        return (1,)


#: The entries of the vector, before the number of units and of those that are dead.
_FIELDS = ('size', 'zeros', 'nans', 'infs', 'minimum', 'maximum', '_finite', '_mean', '_squares', '_unit')


def _or_nan(value):
    return np.nan if value is None else value


def unpack_statistics(vector):
    """Return the statistics in a vector, the number of units, and the number of those that are dead.

    Returns
    -------
    (RunningStatistics, int, int)
    """
    running = RunningStatistics()
    for name, value in zip(_FIELDS, vector.tolist()):
        if name in ('size', 'zeros', 'nans', 'infs', '_finite'):
            value = int(value)
        setattr(running, name, None if value != value else value)
    return running, int(vector[-2]), int(vector[-1])


class _LookFirst(theano.gof.Optimizer):
    """Look at a value before it is used: otherwise the engine may keep all values up to the end."""

    def apply(self, fgraph):
        lookers = OrderedDict()
        nodes = fgraph.toposort()
        for node in nodes:
            if isinstance(node.op, Statistics):
                lookers.setdefault(node.inputs[0], []).append(node)
        order = OrderedDict()
        for node in nodes:
            if not isinstance(node.op, Statistics):
                first = [looker for value in node.inputs for looker in lookers.get(value, ())]
                if first:
                    order[node] = first
        fgraph.attach_feature(_Order(order))


class _Order(theano.gof.toolbox.Feature):
    """Feature that lets nodes run before others that they do not feed."""

    def __init__(self, order):
        self._order = order

    def orderings(self, fgraph):
        return OrderedDict((node, list(first)) for node, first in self._order.items())


def statistics_mode():
    """Return the mode of functions by default, in which :class:`Statistics` come early."""
    return theano.compile.mode.get_default_mode().register((_LookFirst(), 1000))
