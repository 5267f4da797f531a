"""Find the blocks of layers that a network repeats."""
from collections import namedtuple

from lasagne_ext.network.graph import first_users, incoming_layers, parameters_of

#: `times` blocks of `length` layers each, one after another, from layer number `start` on.
Block = namedtuple('Block', 'start length times')

_PLAIN = (bool, int, float, str, type(None))


def repeated_blocks(layers):
    """Find the blocks of layers that are repeated without a break.

    Two blocks are the same if their layers are, one by one: type, shapes of input and output, shapes
    and tags of the parameters, with whom they share them, settings that are plain values or
    functions, and connections, which stay inside the block, lead to the one before, or to one layer
    in front of all of them. Only the last may be used by layers behind the blocks.

    Parameters
    ----------
    layers : list of Layer
        A network's, in topological order.

    Returns
    -------
    list of Block
        In order, without overlap. Where several ways to divide the layers save as many lines, the
        blocks with the fewest connections from outside are taken, and of those the ones that begin
        with a layer that has parameters, and of those the last.
    """
    wiring = _Wiring(layers)
    found, remaining = [], [(0, len(layers))]
    while remaining:
        low, high = remaining.pop()
        block = wiring.best(low, high)
        if block:
            found.append(block)
            remaining += [(low, block.start), (block.start + block.length * block.times, high)]
    return sorted(found)


class _Wiring:
    """Signatures and connections of a network's layers, by their numbers."""

    def __init__(self, layers):
        numbers = {layer: number for number, layer in enumerate(layers)}
        users = first_users(layers)
        self.signatures = [_signature(layer) for layer in layers]
        self.sources = [[numbers[source] for source in incoming_layers(layer)] for layer in layers]
        self.lenders = [[users[parameter] for parameter in parameters_of(layer)] for layer in layers]
        self.last_use = list(range(len(layers)))
        for number, sources in enumerate(self.sources):
            for source in sources:
                self.last_use[source] = number

    def alike(self, first, length):
        """Return whether a layer and the one `length` further on are the same, each in its block."""
        second = first + length
        if self.last_use[first] >= second + length or self.signatures[first] != self.signatures[second]:
            return False
        # Both ends of a connection lie in their blocks, or at one layer before both.
        return all(len(ends[first]) == len(ends[second])
                   and all(one + length == other or one == other <= first - length
                           for one, other in zip(ends[first], ends[second]))
                   for ends in (self.sources, self.lenders))

    def best(self, low, high):
        """Return the repetition among layers `low` to `high` that saves the most lines, or None."""
        best, most = None, (0,)
        for length in range(1, (high - low) // 2 + 1):
            if high - low - length < most[0]:
                break
            for block in self._of_length(length, low, high):
                # The line that announces a repetition is one more.
                saved = (block.times - 1) * length - 1
                value = (saved, -length, -len(self._from_outside(block)),
                         bool(self.lenders[block.start]), block.start)
                if saved > 0 and value > most:
                    best, most = block, value
        return best

    def _of_length(self, length, low, high):
        start = low
        for number in range(low, high - length + 1):
            if number < high - length and self.alike(number, length):
                continue
            times, left = divmod(number - start + length, length)
            for first in range(start, start + left + 1):
                yield self._kept_inside(Block(first, length, times))
            start = number + 1

    def _kept_inside(self, block):
        """Return the block, repeated as often as only its last one is used from behind."""
        start, length, times = block
        while times > 1 and any(self.last_use[number] >= start + times * length
                                for number in range(start, start + (times - 1) * length)):
            times -= 1
        return Block(start, length, times)

    def _from_outside(self, block):
        return {source for number in range(block.start, block.start + block.length)
                for source in self.sources[number] if source < block.start}


def _signature(layer):
    shapes = getattr(layer, 'input_shapes', None) or getattr(layer, 'input_shape', None)
    trainable = parameters_of(layer, trainable=True)
    try:
        output_shape = str(layer.output_shape)
    except Exception:                   # whatever a layer of one's own raises
        output_shape = layer
    parameters = [(parameter.type, parameter in trainable, getattr(
        parameter.get_value(borrow=True, return_internal_type=True), 'shape', ()))
        for parameter in parameters_of(layer)]
    settings = sorted((key, _setting(value)) for key, value in vars(layer).items()
                      if key != 'name' and (_is_plain(value) or callable(value)))
    return type(layer), str(shapes), output_shape, parameters, settings


def _is_plain(value):
    if isinstance(value, dict):
        return all(map(_is_plain, value.values()))
    return all(map(_is_plain, value)) if isinstance(value, (tuple, list)) else isinstance(value, _PLAIN)


def _setting(value):
    """Return a text that is the same for the same setting."""
    if isinstance(value, dict):                                 # which may hold the layer's name
        return repr([(key, part) for key, part in value.items() if key != 'name'])
    if not callable(value):
        return repr(value)
    if hasattr(value, '__qualname__') or not hasattr(value, '__dict__'):
        return str(id(value))
    return '%s %r' % (type(value), [pair for pair in vars(value).items() if _is_plain(pair[1])])
