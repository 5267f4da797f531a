"""Places for the boxes and lines of a directed graph without cycles, from top to bottom."""
from collections import defaultdict

#: Between boxes side by side, between a box and the labels below it, and for a line alone.
_GAP, _RISE, _LINE = 24, 22, 14

_SWEEPS = 12


class Layout:
    """Layered drawing: what depends on nothing is on top, and no box or label covers another.

    A line of boxes is followed by a line of the labels on the edges that leave it. An edge that goes
    on beyond keeps a place free in every line that it passes.

    Parameters
    ----------
    sizes : list of (width, height)
        Of the boxes.
    edges : list of (source, target, width, height)
        Numbers of boxes, the source's lower, and the size of the edge's label.

    Attributes
    ----------
    boxes : list of (x, y)
        The boxes' centres.
    labels : list of (x, y)
        The labels' centres.
    lines : list of list of (x, top, bottom)
        For every edge the places that it passes, from its source's lower end to its target's upper.
    width, height : float
    """

    def __init__(self, sizes, edges):
        self._sizes = list(sizes)
        self._line = [2 * rank for rank in _ranks(len(sizes), edges)]
        self._neighbours = {-1: defaultdict(list), 1: defaultdict(list)}
        chains = [self._chain(*edge) for edge in edges]
        self._order = [[] for _ in range(max(self._line) + 1)]
        for item in sorted(range(len(self._line)), key=lambda item: self._line[item]):
            self._order[self._line[item]].append(item)
        self._untangle()
        x = self._horizontal()
        tops, bottoms = self._vertical()
        left = min(x[k] - self._sizes[k][0] / 2 for k in range(len(x))) - _GAP
        x = [value - left for value in x]
        self.width = max(x[k] + self._sizes[k][0] / 2 for k in range(len(x))) + _GAP
        self.height = bottoms[-1] + _RISE
        middle = [(tops[line] + bottoms[line]) / 2 for line in range(len(tops))]
        self.boxes = [(x[k], middle[self._line[k]]) for k in range(len(sizes))]
        self.labels = [(x[chain[1]], middle[self._line[chain[1]]]) for chain in chains]
        self.lines = [self._passed(chain, x, tops, bottoms) for chain in chains]

    def _chain(self, source, target, width, height):
        """Return the items that an edge joins: its source, label, what keeps its way free, and its target."""
        chain = [source]
        for line in range(self._line[source] + 1, self._line[target]):
            self._line.append(line)
            self._sizes.append((width, height) if len(chain) == 1 else (_LINE, 0))
            chain.append(len(self._line) - 1)
        chain.append(target)
        for upper, lower in zip(chain, chain[1:]):
            self._neighbours[1][upper].append(lower)
            self._neighbours[-1][lower].append(upper)
        return chain

    def _untangle(self):
        """Order every line by the mean place of what its items hang on; keep the best order seen."""
        best, fewest = [list(line) for line in self._order], self._crossings()
        for sweep in range(_SWEEPS):
            direction = -1 if sweep % 2 == 0 else 1
            place = self._places()
            for line in self._order[::-direction]:
                line.sort(key=lambda item: _mean([place[other] for other in
                                                  self._neighbours[direction][item]], place[item]))
                place.update((item, k) for k, item in enumerate(line))
            crossings = self._crossings()
            if crossings < fewest:
                best, fewest = [list(line) for line in self._order], crossings
        self._order = best

    def _places(self):
        return {item: k for line in self._order for k, item in enumerate(line)}

    def _crossings(self):
        place, count = self._places(), 0
        for line in self._order:
            ends = [(place[item], place[lower]) for item in line for lower in self._neighbours[1][item]]
            count += sum((one[0] - other[0]) * (one[1] - other[1]) < 0
                         for k, one in enumerate(ends) for other in ends[:k])
        return count

    def _horizontal(self):
        """Every item near the mean of what it hangs on, as far as its line has room."""
        x = [0.] * len(self._line)
        for line in self._order:
            for item, value in zip(line, self._spread(line, [0.] * len(line))):
                x[item] = value
        for sweep in range(2 * _SWEEPS):
            direction = -1 if sweep % 2 == 0 else 1
            for line in self._order[::-direction]:
                wanted = [_mean([x[other] for other in self._neighbours[direction][item]], x[item])
                          for item in line]
                for item, value in zip(line, self._spread(line, wanted)):
                    x[item] = value
        return x

    def _spread(self, line, wanted):
        """Return the places nearest to those wanted, by least squares, at which nothing overlaps."""
        offsets = [0.]
        for left, right in zip(line, line[1:]):
            offsets.append(offsets[-1] + (self._sizes[left][0] + self._sizes[right][0]) / 2 + _GAP)
        groups = []                     # items that touch: their number and the mean they want
        for value, offset in zip(wanted, offsets):
            groups.append((1, value - offset))
            while len(groups) > 1 and groups[-2][1] > groups[-1][1]:
                (n, a), (m, b) = groups[-2:]
                groups[-2:] = [(n + m, (n * a + m * b) / (n + m))]
        means = [mean for count, mean in groups for _ in range(count)]
        return [mean + offset for mean, offset in zip(means, offsets)]

    def _vertical(self):
        tops, bottoms, y = [], [], _RISE
        for line in self._order:
            tops.append(y)
            bottoms.append(y + max(self._sizes[item][1] for item in line))
            y = bottoms[-1] + _RISE
        return tops, bottoms

    def _passed(self, chain, x, tops, bottoms):
        lines = [self._line[item] for item in chain]
        middle = [(tops[line] + bottoms[line]) / 2 for line in lines]
        source, target = (self._sizes[chain[end]][1] / 2 for end in (0, -1))
        passed = [(x[item], tops[line], bottoms[line]) for item, line in zip(chain, lines)]
        passed[0] = (x[chain[0]], middle[0], middle[0] + source)
        passed[-1] = (x[chain[-1]], middle[-1] - target, middle[-1])
        return passed


def _mean(values, otherwise):
    return sum(values) / len(values) if values else otherwise


def _ranks(count, edges):
    """Return the longest way to every box; one without sources stands right above the first it feeds."""
    sources, targets = defaultdict(list), defaultdict(list)
    for source, target, *_ in edges:
        sources[target].append(source)
        targets[source].append(target)
    ranks = [0] * count
    for number in range(count):
        ranks[number] = max((ranks[source] + 1 for source in sources[number]), default=0)
    for number in range(count):
        if not sources[number] and targets[number]:
            ranks[number] = min(ranks[target] for target in targets[number]) - 1
    return ranks
