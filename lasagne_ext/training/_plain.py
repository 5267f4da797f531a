"""Plain values, random states among them, as text and arrays and back, to the last bit."""
import json
from urllib.parse import quote

import numpy as np

#: Marks what JSON has no form for: the only key of an object, which starts with it.
_MARK = '~'

#: Bit generators that a file may ask for.
_BIT_GENERATORS = ('MT19937', 'PCG64', 'PCG64DXSM', 'Philox', 'SFC64')


class Packer:
    """Turns plain values into text and the arrays that it refers to.

    Attributes
    ----------
    arrays : dict
        Name, made of the keys that lead to an array -> array.
    """

    def __init__(self):
        self.arrays = {}

    def packed(self, value, path):
        """What ``json.dumps`` takes for a value.

        Parameters
        ----------
        value : None, bool, int, float, str, array, NumPy number, random state, or list, tuple, dict of them
        path : tuple of str
            The keys that lead to it.

        Raises
        ------
        TypeError
            If it is, or holds, anything else.
        """
        # NumPy's float64 is a float, too: its numbers must come first.
        if isinstance(value, np.generic) and value.dtype.kind in 'biuf' and value.dtype.itemsize <= 8:
            return {_MARK + 'number': [value.dtype.name, value.item()]}
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        if isinstance(value, np.ndarray) and not value.dtype.hasobject and not np.ma.isMaskedArray(value):
            return {_MARK + 'array': self._kept(value, path)}
        if isinstance(value, (list, tuple)):
            items = [self.packed(item, path + (str(i),)) for i, item in enumerate(value)]
            return items if isinstance(value, list) else {_MARK + 'tuple': items}
        if isinstance(value, dict):
            return self._packed_dict(value, path)
        if isinstance(value, np.random.RandomState):
            state = value.get_state(legacy=False)
            if state['bit_generator'] == 'MT19937':               # no other can be set again
                return {_MARK + 'RandomState': self.packed(state, path)}
        if isinstance(value, np.random.Generator):
            return {_MARK + 'Generator': self.packed(value.bit_generator.state, path)}
        raise TypeError('%s is of type %s; a checkpoint holds numbers, texts, arrays and random states, and '
                        'lists, tuples and dicts of them'
                        % ('/'.join(path), type(value).__name__
                           + (' (%s)' % value.dtype if isinstance(value, np.ndarray) else '')))

    def _packed_dict(self, value, path):
        pairs = [(key, self.packed(item, path + (str(key),))) for key, item in value.items()]
        if all(isinstance(key, str) and not key.startswith(_MARK) for key in value):
            return dict(pairs)
        return {_MARK + 'dict': [[self.packed(key, path + ('key',)), item] for key, item in pairs]}

    def _kept(self, array, path):
        name = '/'.join(quote(key, safe=' #()') for key in path)
        while name in self.arrays:
            name += '#'
        self.arrays[name] = array
        return name


def dumps(packed):
    """A packed value as a text, uint8 array."""
    return np.frombuffer(json.dumps(packed).encode(), 'uint8')


def loads(text, arrays):
    """The value that was packed as `text`, uint8 array, and `arrays`."""
    return _unpacked(json.loads(text.tobytes().decode()), arrays)


def _unpacked(value, arrays):
    if isinstance(value, list):
        return [_unpacked(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    kind = next(iter(value), '')
    if not kind.startswith(_MARK):
        return {key: _unpacked(item, arrays) for key, item in value.items()}
    content, = value.values()
    return _UNPACK[kind[len(_MARK):]](content, arrays)


def _random_state(content, arrays):
    random_state = np.random.RandomState(0)
    random_state.set_state(_unpacked(content, arrays))
    return random_state


def _generator(content, arrays):
    state = _unpacked(content, arrays)
    if state['bit_generator'] not in _BIT_GENERATORS:
        raise ValueError('unknown bit generator %r' % (state['bit_generator'],))
    bit_generator = getattr(np.random, state['bit_generator'])()
    bit_generator.state = state
    return np.random.Generator(bit_generator)


_UNPACK = {
    'array': lambda content, arrays: arrays[content],
    'number': lambda content, arrays: np.dtype(content[0]).type(content[1]),
    'tuple': lambda content, arrays: tuple(_unpacked(content, arrays)),
    'dict': lambda content, arrays: dict(_unpacked(pair, arrays) for pair in content),
    'RandomState': _random_state,
    'Generator': _generator}
