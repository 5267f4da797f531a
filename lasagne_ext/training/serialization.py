"""Write checkpoints as archives of arrays, and read them without trusting them.

Plain values, random states among them, become text and arrays, and come back to the last bit. An archive is
written whole or not at all.
"""
import io
import json
import re
import zipfile
from collections import OrderedDict
from urllib.parse import quote

import numpy as np

from lasagne_ext._files import whole_file

#: Marks what JSON has no form for: the only key of an object, which starts with it.
_MARK = '~'

#: Bit generators that a file may ask for.
_BIT_GENERATORS = ('MT19937', 'PCG64', 'PCG64DXSM', 'Philox', 'SFC64')


class Packer:
    """Turn plain values into text and the arrays that it refers to.

    Attributes
    ----------
    arrays : dict
        Name, made of the keys that lead to an array -> array.
    """

    def __init__(self):
        self.arrays = {}

    def pack(self, value, path):
        """Return what ``json.dumps`` takes for a value.

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
            return {_MARK + 'array': self._store(value, path)}
        if isinstance(value, (list, tuple)):
            items = [self.pack(item, path + (str(i),)) for i, item in enumerate(value)]
            # JSON has lists only; a tuple comes back as one.
            return items if isinstance(value, list) else {_MARK + 'tuple': items}
        if isinstance(value, dict):
            return self._pack_dict(value, path)
        if isinstance(value, np.random.RandomState):
            state = value.get_state(legacy=False)
            if state['bit_generator'] == 'MT19937':               # no other can be set again
                return {_MARK + 'RandomState': self.pack(state, path)}
        if isinstance(value, np.random.Generator):
            return {_MARK + 'Generator': self.pack(value.bit_generator.state, path)}
        raise TypeError('%s is of type %s; a checkpoint holds numbers, texts, arrays and random states, and '
                        'lists, tuples and dicts of them'
                        % ('/'.join(path), type(value).__name__
                           + (' (%s)' % value.dtype if isinstance(value, np.ndarray) else '')))

    def _pack_dict(self, value, path):
        pairs = [(key, self.pack(item, path + (str(key),))) for key, item in value.items()]
        if all(isinstance(key, str) and not key.startswith(_MARK) for key in value):
            return dict(pairs)
        # Keys that are no texts, or that look like a mark, are kept as pairs.
        return {_MARK + 'dict': [[self.pack(key, path + ('key',)), item] for key, item in pairs]}

    def _store(self, array, path):
        name = '/'.join(quote(key, safe=' #()') for key in path)
        while name in self.arrays:            # keys 1 and '1' are different, and alike as text
            name += '#'
        self.arrays[name] = array
        return name


def dumps(packed):
    """Return a packed value as text, a uint8 array."""
    return np.frombuffer(json.dumps(packed).encode(), 'uint8')


def loads(text, arrays):
    """Return the value that was packed as `text`, a uint8 array, and `arrays`."""
    return _unpack(json.loads(text.tobytes().decode()), arrays)


def _unpack(value, arrays):
    if isinstance(value, list):
        return [_unpack(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    kind = next(iter(value), '')
    if not kind.startswith(_MARK):
        return {key: _unpack(item, arrays) for key, item in value.items()}
    content, = value.values()
    return _UNPACKERS[kind[len(_MARK):]](content, arrays)


def _unpack_random_state(content, arrays):
    random_state = np.random.RandomState(0)
    random_state.set_state(_unpack(content, arrays))
    return random_state


def _unpack_generator(content, arrays):
    state = _unpack(content, arrays)
    if state['bit_generator'] not in _BIT_GENERATORS:
        raise ValueError('unknown bit generator %r' % (state['bit_generator'],))
    bit_generator = getattr(np.random, state['bit_generator'])()
    bit_generator.state = state
    return np.random.Generator(bit_generator)


_UNPACKERS = {
    'array': lambda content, arrays: arrays[content],
    'number': lambda content, arrays: np.dtype(content[0]).type(content[1]),
    'tuple': lambda content, arrays: tuple(_unpack(content, arrays)),
    'dict': lambda content, arrays: dict(_unpack(pair, arrays) for pair in content),
    'RandomState': _unpack_random_state,
    'Generator': _unpack_generator}


#: Word that NumPy's messages about arrays of Python objects contain.
_OBJECT_ARRAYS = 'allow_pickle'


class CheckpointError(ValueError):
    """Raised if a checkpoint cannot be written or read, or does not fit; the message names the file.

    Attributes
    ----------
    of_another : bool
        Whether it is whole, but of another network or another training.
    """

    of_another = False


def write_archive(path, arrays):
    """Put an archive of arrays in the place of the file at `path`, if there is one, in a single step.

    Parameters
    ----------
    path : str
    arrays : dict
        Name -> array, none of Python objects.

    Raises
    ------
    OSError
        If it cannot be written; the file that was there is still there.
    """
    with whole_file(path) as unfinished, zipfile.ZipFile(unfinished, 'w') as archive:
        for name, array in arrays.items():
            with archive.open(name + '.npy', 'w', force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)


def read_archive(path, allow_pickle=False):
    """Return all arrays of an archive.

    Parameters
    ----------
    path : str
    allow_pickle : bool
        Whether arrays of Python objects are loaded, which may run any program.

    Returns
    -------
    OrderedDict
        Name -> array.

    Raises
    ------
    OSError
        If the file cannot be opened.
    CheckpointError
        If it is not a whole archive of arrays.
    """
    with open(path, 'rb') as f:
        try:
            archive = zipfile.ZipFile(f)
            # Bytes first: only when all of a member has been read is its checksum compared.
            return OrderedDict(
                (re.sub(r'\.npy$', '', name), np.lib.format.read_array(
                    io.BytesIO(archive.read(name)), allow_pickle, {'encoding': 'latin1'}))
                for name in archive.namelist())
        except Exception as error:                # a damaged file makes the readers fail in any way
            if _OBJECT_ARRAYS in str(error):
                raise CheckpointError(
                    '%s: holds an array of Python objects, as numpy.savez makes of a list without a star; '
                    'reading it can run any program that its maker put there, so it is done only when '
                    'asked for, with allow_pickle=True' % path) from error
            raise CheckpointError('%s: is damaged or was cut off (%s)'
                                  % (path, error or type(error).__name__)) from error
