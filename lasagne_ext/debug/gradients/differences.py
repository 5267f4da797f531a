"""Take derivatives by finite differences, and tell kinks, where there are none.

A difference is taken twice, with a step and with half of it, from either side. With a step h of a smooth
function the derivatives from the right and from the left differ by about ``h f''``, so half the step
halves that, and both central differences agree to order h squared. At a kink the one-sided derivatives
keep their distance however small the step. What disagrees at a large step is tried again at smaller
ones, because the kink may only be near. None of this looks at the derivative that is to be checked.
"""
from collections import namedtuple

import numpy as np

#: A line along which one input moves: the input's number, flat indices of entries, their steps.
Direction = namedtuple('Direction', 'number indices steps')

#: Derivatives of all outputs along a direction, flat; how far each may be wrong; where there is none.
Estimate = namedtuple('Estimate', 'value uncertainty kink')

#: How precisely a function is worked out, and so how its derivatives are taken and compared. `step` is
#: the first, relative to an entry's size; each of `levels` is `shrink` times smaller than the last.
Precision = namedtuple('Precision', 'rounding step shrink levels rtol atol')

PRECISIONS = {'float64': Precision(2. ** -52, 2. ** -10, 8., 5, 1e-5, 1e-7),
              'float32': Precision(2. ** -23, 2. ** -5, 4., 3, 1e-2, 1e-3)}

#: Roundings that may have gone into a value, and values that go into a second difference.
_ROUNDINGS, _VALUES = 4, 16

#: Share of a derivative that has to be in doubt for it to be called a kink.
_DOUBT = 1e-3

#: How far points next to the one of interest are, in units of the first step; how many there are; how
#: much smaller the first step is there than that distance.
_NEAR, _NEIGHBOURS, _NEARER = (1 / 16, 1 / 512), 12, 16


def directions(number, value, sample, rng):
    """Return the lines along which an input is moved.

    Parameters
    ----------
    number : int
        Of the input.
    value : array
        Where it is.
    sample : int
        So many entries, drawn at random, are moved each by itself. If there are more, they are also
        moved all together, to random sides.
    rng : RandomState

    Returns
    -------
    list of Direction
    """
    sizes = step_sizes(value)
    chosen = np.arange(value.size)
    found = []
    if value.size > sample:
        chosen = np.sort(rng.choice(value.size, sample, replace=False))
        # As far in all as a single entry goes, so that no more kinks are met than need be.
        shrink = 2. ** -round(np.log2(value.size) / 2)
        found = [Direction(number, np.arange(value.size),
                           shrink * sizes * rng.choice([-1., 1.], value.size))]
    return [Direction(number, np.array([k]), sizes[k:k + 1]) for k in chosen] + found


def step_sizes(value):
    """Return the unit in which each entry moves: a power of two, so that steps of it are exact."""
    flat = np.abs(value.ravel())
    typical = np.sqrt(np.mean(np.square(flat))) if value.size else 0
    return 2. ** np.round(np.log2(np.maximum(flat, typical or 1)))


def split_direction(direction):
    """Return a direction's two halves, to search for an entry."""
    middle = len(direction.indices) // 2
    return [Direction(direction.number, direction.indices[part], direction.steps[part])
            for part in (slice(None, middle), slice(middle, None))]


def directional_derivative(direction, gradients):
    """Return the derivative along a direction, per unit of length, from the gradient to every input."""
    gradient = np.asarray(gradients[direction.number]).ravel()[direction.indices]
    return gradient @ direction.steps / np.linalg.norm(direction.steps)


class Differences:
    """Finite differences of a function.

    Parameters
    ----------
    function : callable
        Gets the inputs' values, returns a list of arrays.
    values : list of array
        Where the derivatives are taken.
    precision : Precision

    Attributes
    ----------
    outputs : list of array
        The function's values there.
    """

    def __init__(self, function, values, precision):
        self.function, self.values, self.precision = function, values, precision
        self.outputs = [np.asarray(output) for output in function(*values)]
        self._centre = _flat(self.outputs)
        sizes = [np.full(output.size, np.abs(output).max(initial=0)) for output in self.outputs]
        self._rounding = _ROUNDINGS * precision.rounding * np.concatenate(sizes)
        self._others = None

    def __call__(self, direction):
        """Return the derivatives of all outputs along a direction, per unit of length.

        Returns
        -------
        Estimate
        """
        value = np.zeros_like(self._centre)
        uncertainty = np.full_like(value, np.inf)
        settled = np.zeros(len(value), bool)
        step = self.precision.step
        with np.errstate(all='ignore'):
            for _ in range(self.precision.levels):
                estimate, doubt = self._at(direction, step)
                noise = _VALUES * self._rounding / step
                # Where the function itself jumps, a difference may be as large as it likes.
                largest = np.max(np.abs(estimate[doubt <= _DOUBT * np.abs(estimate)]), initial=0)
                allowed = (self.precision.rtol * np.abs(estimate) + self.precision.atol * largest) / 10
                better = ~settled & (doubt + noise < uncertainty)
                value[better] = estimate[better]
                # What is below the tolerance need not be forgiven as well.
                uncertainty[better] = np.where(doubt <= allowed, noise, doubt + noise)[better]
                settled |= doubt <= allowed + noise
                if settled.all():
                    break
                step /= self.precision.shrink
            kink = ~settled & ~(uncertainty <= _DOUBT * np.abs(value))
        length = np.linalg.norm(direction.steps)
        return Estimate(value / length, uncertainty / length, kink)

    def jumps(self, direction, weights, error, rng):
        """Return whether the derivative of a sum of outputs jumps here, so that an error may come from it.

        Kinks of several terms may cancel along one line, while an analytic derivative is the sum of
        one-sided ones. Then the derivatives along that line at neighbouring points differ, however near.

        Parameters
        ----------
        direction : Direction
        weights : array
            Of all outputs.
        error : float
            What is to be explained.
        rng : RandomState
        """
        centre = self(direction)
        used, spreads = weights != 0, []
        weights = weights[used]
        for neighbours in self._neighbours(rng):
            estimates = [centre] + [neighbour(direction) for neighbour in neighbours]
            # Where a neighbour has a kink itself there is nothing to compare.
            estimates = [each for each in estimates if not each.kink[used].any()]
            if len(estimates) < 2:
                return True
            spreads.append(np.ptp([weights @ each.value[used] for each in estimates]))
            noise = max(np.abs(weights) @ each.uncertainty[used] for each in estimates)
        far, near = spreads
        return near > far / 2 and near > error / 5 and near > 10 * noise

    def _neighbours(self, rng):
        """Return differences at points around this one, at two distances along the same lines."""
        if self._others is None:
            lines = [[step_sizes(value).reshape(value.shape) * rng.uniform(-1, 1, value.shape)
                      if value.dtype.kind == 'f' else 0 for value in self.values]
                     for _ in range(_NEIGHBOURS)]
            self._others = []
            for near in _NEAR:
                distance = near * self.precision.step
                precision = self.precision._replace(step=distance / _NEARER, levels=2)
                self._others.append([Differences(self.function, [
                    np.asarray(value + distance * move, value.dtype)
                    for value, move in zip(self.values, line)], precision) for line in lines])
        return self._others

    def _at(self, direction, step):
        """Return derivatives, and by how much the differences that they come from contradict each other."""
        wide, narrow = (self._sides(direction, size) for size in (step, step / 2))
        jump = 2 * (narrow[0] - narrow[1]) - (wide[0] - wide[1])
        central = [(right + left) / 2 for right, left in (wide, narrow)]
        doubt = np.maximum(np.abs(jump), np.abs(central[0] - central[1]))
        estimate = (4 * central[1] - central[0]) / 3
        return estimate, np.where(np.isfinite(estimate + doubt), doubt, np.inf)

    def _sides(self, direction, size):
        """Return the derivatives from the right and from the left."""
        return [(_flat(self.function(*self.moved(direction, sign * size))) - self._centre) / (sign * size)
                for sign in (1, -1)]

    def moved(self, direction, size):
        """Return the inputs, of which one has gone so far along a direction."""
        values = list(self.values)
        moved = np.array(values[direction.number])
        moved.reshape(-1)[direction.indices] += size * direction.steps
        values[direction.number] = moved
        return values


def _flat(arrays):
    return np.concatenate([np.asarray(array, 'float64').ravel() for array in arrays])
