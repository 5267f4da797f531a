"""Compare the analytic and numeric derivatives of a problem."""
from collections import namedtuple

import numpy as np
import theano

from lasagne_ext.debug.gradients.differences import (PRECISIONS, Differences, directional_derivative,
                                                     directions, split_direction)
from lasagne_ext.debug.gradients.float64 import is_float
from lasagne_ext.debug.gradients.problem import NoGradient, gradients

#: A compared derivative. The indices are tuples; `output_index` is None for a random sum of an output's
#: entries, `index` for a random direction, in which all entries of an input move at once. `relative` is
#: the error relative to the larger of both values, or to a thousandth of the largest there is.
Row = namedtuple('Row', 'output output_index input index analytic numeric error relative wrong')

#: Outputs of up to so many entries are differentiated entry by entry.
EXACT_OUTPUT = 64

#: So many random sums stand for the entries of a larger one.
PROJECTIONS = 2


#: After so many derivatives of an output to an input that are wrong for no kink, no more are looked into.
PATIENCE = 4


class Failure(Exception):
    """Failure of a check without a comparison; the message says why."""


def compare(problem, precision, sample, rng):
    """Compare all derivatives of a problem.

    Parameters
    ----------
    problem : Problem
    precision : Precision
    sample : int
        Entries of an input that are moved each by itself.
    rng : RandomState

    Returns
    -------
    rows : list of Row
        All that was compared, the worst first.
    kinks : int
        Pairs of output and input entries that were left out.

    Raises
    ------
    Failure
    """
    with theano.configparser.change_flags(floatX='float64'), np.errstate(all='ignore'):
        outputs = [(name, output) for name, output in problem.outputs.items() if is_float(output)]
        moving = [k for k, variable in enumerate(problem.inputs.values()) if is_float(variable)]
        run = _compiled(problem, [output for _, output in outputs])
        numeric = Differences(run, problem.values, precision)
        for (name, _), first, second in zip(outputs, numeric.outputs, run(*problem.values)):
            _check_value(name, first, second)
        sides, start = [], 0
        for (name, output), value in zip(outputs, numeric.outputs):
            sides.append(_Output(problem, name, output, moving, value.shape, start, rng))
            start += value.size
        for number in moving:
            for line in directions(number, problem.values[number], sample, rng):
                estimate = numeric(line)
                for side in sides:
                    side.add(line, estimate)
        ranked = [pair for side in sides for pair in side.ranked(numeric, precision, rng)]
    # An infinity comes before the NaN that it makes of zeros elsewhere.
    ranked.sort(key=lambda pair: (-pair[0], np.isnan(pair[1].analytic), -abs(pair[1].numeric)))
    return [row for _, row in ranked], sum(side.kinks for side in sides)


def _compiled(problem, outputs, more=()):
    # What a layer keeps of the values it sees is not to be changed; but the state of a random generator
    # must go on, or else nobody would see that it is at work.
    kept = [variable for variable in theano.gof.graph.inputs(outputs)
            if getattr(variable, 'default_update', None) is not None and is_float(variable)]
    return theano.function(list(problem.inputs.values()) + list(more), outputs, on_unused_input='ignore',
                           no_default_updates=kept)


def _check_value(name, first, second):
    if not np.isfinite(first).all():
        index = tuple(int(k) for k in np.argwhere(~np.isfinite(first))[0])
        raise Failure('%s is %s at the point given' % (entry_name(name, index), first[index]))
    _check_repeats(name, first, second)


def _check_repeats(name, first, second):
    """Refuse a function that does not give the same twice."""
    if first.tobytes() != second.tobytes():
        with np.errstate(all='ignore'):
            differences = np.nan_to_num(np.abs(np.asarray(first, 'float64') - second))
        index = _unravelled(np.argmax(differences), differences.shape)
        raise Failure('not deterministic: two evaluations of %s at the same point gave %.6g and %.6g; is a '
                      'dropout left on?' % (entry_name(name, index), first[index], second[index]))


class _Output:
    """Output, sums of its entries, and their gradients to all inputs."""

    def __init__(self, problem, name, output, moving, shape, start, rng):
        self.problem, self.name, self.moving, self.shape = problem, name, moving, shape
        size = int(np.prod(shape))
        self.part = slice(start, start + size)
        self.exact = size <= EXACT_OUTPUT
        self.cotangents = np.eye(size) if self.exact else (
            rng.uniform(.5, 1.5, (PROJECTIONS, size)) * rng.choice([-1., 1.], (PROJECTIONS, size)))
        self._derive(output)
        self.pulled = [self.pull(cotangent) for cotangent in self.cotangents]
        for cotangent, first in list(zip(self.cotangents, self.pulled))[:1]:
            for number, again in self.pull(cotangent).items():
                _check_repeats('(d %s / d %s)' % (name, self._input_name(number)), first[number], again)
        self.blocks = {number: [] for number in moving}
        self.kinks = 0

    def _input_name(self, number):
        return list(self.problem.inputs)[number]

    def _derive(self, output):
        inputs = list(self.problem.inputs.values())
        try:
            self._cotangent, found = gradients(output, [inputs[k] for k in self.moving])
        except NoGradient as error:
            raise Failure('%s has no gradient: %s' % (self.name, error)) from error
        self._connected = [k for k, gradient in zip(self.moving, found) if gradient is not None]
        self._run = _compiled(self.problem, [gradient for gradient in found if gradient is not None],
                              [self._cotangent])

    def pull(self, cotangent):
        """Return the gradients, by the inputs' numbers, of a sum of the output's entries."""
        cotangent = np.asarray(cotangent, self._cotangent.dtype).reshape(self.shape)
        try:
            found = dict(zip(self._connected, self._run(*(self.problem.values + [cotangent]))))
        except Exception as error:      # whatever an Op's own method may raise
            raise Failure('the gradient of %s cannot be computed: %s: %s' % (
                self.name, type(error).__name__, (str(error).splitlines() or [''])[0])) from error
        for number in self.moving:
            shape = self.problem.values[number].shape
            array = found.setdefault(number, np.zeros(shape))
            if np.shape(array) != shape:
                raise Failure('the gradient of %s to %s has shape %s instead of %s'
                              % (self.name, self._input_name(number), np.shape(array), shape))
        return found

    def add(self, line, estimate):
        """Compare the derivatives of all entries, or sums, along a line."""
        value, uncertainty, kink = (field[self.part] for field in estimate)
        self.kinks += int(kink.sum())
        sums, pulled, bad = self.cotangents, self.pulled, kink
        if not self.exact:
            bad = np.zeros(len(sums), bool)
            if kink.any():
                sums = self.cotangents[:0 if kink.all() else 1] * ~kink     # what is left is compared
                pulled = [self.pull(cotangent) for cotangent in sums]
        value, uncertainty = (np.where(kink, 0, field) for field in (value, uncertainty))
        for k, (cotangent, gradient) in enumerate(zip(sums, pulled)):
            analytic = directional_derivative(line, gradient)
            if not bad[k] or not np.isfinite(analytic):
                index = _unravelled(k, self.shape) if self.exact else None
                self.blocks[line.number].append(_Item(
                    index, line, cotangent, analytic, cotangent @ value, np.abs(cotangent) @ uncertainty))

    def ranked(self, numeric, precision, rng):
        """Return all that was compared: (error in units of the one allowed, Row)."""
        found = []
        for number, items in self.blocks.items():
            largest = max((abs(item.numeric) for item in items), default=0)
            pairs = [(item.ratio(precision, largest), item) for item in items]
            pairs = self._without_jumps(pairs, numeric, rng)
            wrong = [pair for pair in pairs if pair[0] > 1]
            if wrong and all(len(item.line.indices) > 1 for _, item in wrong):
                pairs += self._searched(wrong[0][1], numeric, precision, largest)
            for ratio, item in pairs:
                index = None
                if len(item.line.indices) == 1:
                    index = _unravelled(item.line.indices[0], self.problem.values[number].shape)
                analytic, difference = float(item.analytic), float(item.numeric)
                error = abs(analytic - difference)
                scale = max(abs(analytic), abs(difference), largest / 1000)
                found.append((ratio, Row(self.name, item.index, self._input_name(number), index, analytic,
                                         difference, error, error / scale if error else 0., ratio > 1)))
        return found

    def _without_jumps(self, pairs, numeric, rng):
        """Return those that are right, or wrong for no kink; the worst first."""
        kept, patience = [], PATIENCE
        for ratio, item in sorted(pairs, key=lambda pair: -pair[0]):
            if patience and 1 < ratio < np.inf:
                weights = np.zeros(sum(output.size for output in numeric.outputs))
                weights[self.part] = item.cotangent
                if numeric.jumps(item.line, weights, abs(item.analytic - item.numeric), rng):
                    self.kinks += 1
                    continue
                patience -= 1
            kept.append((ratio, item))
        return kept

    def _searched(self, item, numeric, precision, largest):
        """Find a wrong entry of a direction that is wrong, halving it until one is left."""
        line, gradient = item.line, self.pull(item.cotangent)
        while len(line.indices) > 1:
            for half in split_direction(line):
                used = item.cotangent != 0
                value, uncertainty, kink = (field[self.part][used] for field in numeric(half))
                found = item._replace(line=half, analytic=directional_derivative(half, gradient),
                                      numeric=item.cotangent[used] @ value,
                                      doubt=np.abs(item.cotangent[used]) @ uncertainty)
                ratio = found.ratio(precision, largest)
                if ratio > 1 and not kink.any():
                    line = half
                    break
            else:
                return []
        return [(ratio, found)]


class _Item(namedtuple('_Item', 'index line cotangent analytic numeric doubt')):
    """Derivative of an entry, or a sum, of an output along a line, computed both ways."""

    def ratio(self, precision, largest):
        """Return the error in units of the one allowed; `largest` is the largest derivative beside it."""
        if not np.isfinite(self.analytic):
            return np.inf
        error = abs(self.analytic - self.numeric)
        allowed = (precision.rtol * max(abs(self.analytic), abs(self.numeric))
                   + precision.atol * largest + self.doubt)
        return float(error / allowed) if error else 0.


def _unravelled(k, shape):
    return tuple(int(i) for i in np.unravel_index(k, shape))


def entry_name(name, index):
    """Name an entry of an array: ``W[3, 1]``."""
    return '%s[%s]' % (name, ', '.join(map(str, index))) if index else name


def choose_precision(problem):
    """Return the precision of float64, unless something works in float32; and a note about that, or ''."""
    inputs = [variable for variable in problem.inputs.values() if is_float(variable)]
    node = _in_float32(inputs, list(problem.outputs.values()))
    if node is None and all(variable.dtype == 'float64' for variable in inputs):
        return PRECISIONS['float64'], ''
    what = 'an input' if node is None else 'the Op %s' % node.op
    return PRECISIONS['float32'], '%s works in float32, so the tolerances are those of float32' % what


def _in_float32(inputs, outputs):
    """Return the first node that makes float32 of what depends on the inputs, or None."""
    reached = set(inputs)
    for node in theano.gof.graph.io_toposort(inputs, outputs):
        if reached.intersection(node.inputs):
            reached.update(node.outputs)
            if any(getattr(output, 'dtype', '') in ('float16', 'float32') for output in node.outputs):
                return node
    return None
