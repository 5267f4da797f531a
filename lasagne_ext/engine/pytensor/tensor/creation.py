"""Tensor variables by the names of their dtypes and broadcast patterns."""
import numbers
from functools import partial

import pytensor

from lasagne_ext.engine.pytensor.tensor.variables import TensorType


def tensor(*args, **kwargs):
    """Make a variable of ``TensorType(*args, **kwargs)``; `name` is the variable's."""
    name = kwargs.pop('name', None)
    return TensorType(*args, **kwargs)(name)


def _variable_maker(name, pattern):
    def make(name=None, dtype=None):
        return TensorType(pytensor.config.floatX if dtype is None else dtype, pattern)(name)
    make.__name__ = make.__qualname__ = name
    make.__doc__ = """Make a variable of the pattern %r.

    Parameters
    ----------
    name : str, optional
        Its name.
    dtype : str, optional
        By default ``config.floatX``.
    """ % (pattern,)
    return make


def _several(make, *names):
    """Make several variables: a number of them, or one per name."""
    if names and isinstance(names[0], numbers.Integral):
        return [make() for _ in range(names[0])]
    if len(names) == 1:
        names = names[0]
    if len(names) == 1:
        return make(names)
    return [make(name) for name in names]


#: Broadcast patterns of the kinds of variables that have a name.
PATTERNS = {'scalar': (), 'vector': (False,), 'matrix': (False, False), 'row': (True, False),
            'col': (False, True)}
PATTERNS.update(('tensor%d' % ndim, (False,) * ndim) for ndim in range(3, 8))

#: Letters that stand for dtypes in names such as ``fmatrix``.
LETTERS = {'b': 'int8', 'w': 'int16', 'i': 'int32', 'l': 'int64', 'f': 'float32', 'd': 'float64',
           'c': 'complex64', 'z': 'complex128'}


def named_types():
    """Return ``matrix``, ``fmatrix``, ``matrices``, ``fmatrices`` and so on, under their names."""
    found = {}
    for kind, pattern in PATTERNS.items():
        plural = 'matrices' if kind == 'matrix' else kind + 's'
        found[kind] = _variable_maker(kind, pattern)
        found[plural] = partial(_several, found[kind])
        for letter, dtype in LETTERS.items():
            found[letter + kind] = TensorType(dtype, pattern)
            if letter in 'ildf':
                found[letter + plural] = partial(_several, found[letter + kind])
    for group, letters in (('int', 'bwil'), ('float', 'fd'), ('complex', 'cz')):
        for kind in ('scalar', 'vector', 'matrix'):
            found['%s_%s_types' % (group, kind)] = tuple(found[letter + kind] for letter in letters)
        found['%s_types' % group] = found['%s_scalar_types' % group]
    return found


