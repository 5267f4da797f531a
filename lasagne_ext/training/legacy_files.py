"""Read parameters as programs have always saved them for Lasagne: in order, without names."""
import pickle

import numpy as np

from lasagne_ext.training.serialization import CheckpointError

#: Where the pickled dicts of Lasagne's model zoo keep the list of parameters.
_KEYS = ('param values', 'values')


def is_archive(path):
    """Return whether a file begins as one of ``numpy.savez``, whatever its name."""
    with open(path, 'rb') as f:
        return f.read(2) == b'PK'


def ordered_arrays(path, arrays):
    """Return the list that ``numpy.savez(path, *values)`` was given.

    Parameters
    ----------
    path : str
        For messages.
    arrays : dict
        Name -> array, all of the archive.

    Raises
    ------
    CheckpointError
        If the arrays have other names than it gives them.
    """
    names = ['arr_%d' % number for number in range(len(arrays))]
    if not names or set(names) != set(arrays):
        shown = ', '.join(sorted(arrays)[:5]) + (', ...' if len(arrays) > 5 else '')
        raise CheckpointError('%s: neither written by save_checkpoint nor by numpy.savez(path, '
                              '*get_all_param_values(network)), which would name its arrays arr_0, arr_1 and '
                              'so on; it holds %s' % (path, shown or 'nothing'))
    if len(arrays) == 1 and arrays['arr_0'].dtype.hasobject:      # savez(path, values), without the star
        return [np.asarray(value) for value in arrays['arr_0'].ravel()]
    return [arrays[name] for name in names]


def read_pickled_arrays(path, allow_pickle):
    """Return the list of arrays in a file written with pickle, by any Python.

    Parameters
    ----------
    path : str
    allow_pickle : bool

    Raises
    ------
    OSError
        If the file cannot be read.
    CheckpointError
        If it is none, or reading one is not allowed.
    """
    with open(path, 'rb') as f:
        start = f.read(6)
        if not start:
            raise CheckpointError('%s: is empty' % path)
        if start == b'\x93NUMPY':
            raise CheckpointError('%s: holds a single array (numpy.save); expected an archive of several, as '
                                  'save_checkpoint or numpy.savez write it' % path)
        if not allow_pickle:
            # Protocol 2 and later; a list and a dict in protocols 0 and 1, which Python 2 preferred.
            pickled = start[:1] == b'\x80' or start[:2] in (b'(l', b'(d', b']q', b'}q')
            if pickled or path.lower().endswith(('.pkl', '.pickle', '.p')):
                raise CheckpointError(
                    '%s: is a pickle; reading it can run any program that its maker put there, so it is done '
                    'only when asked for, with allow_pickle=True' % path)
            raise CheckpointError('%s: is no archive of arrays (.npz), or only a part of one' % path)
        f.seek(0)
        try:
            content = pickle.load(f, encoding='latin1')
        except Exception as error:                # a pickle's own program can fail in any way
            raise CheckpointError('%s: cannot be unpickled: %s: %s'
                                  % (path, type(error).__name__, error)) from error
    if isinstance(content, dict):
        content = next((content[key] for key in _KEYS if key in content), content)
    if not isinstance(content, (list, tuple)):
        raise CheckpointError('%s: holds a pickled %s; expected a list of arrays, as get_all_param_values '
                              'returns it' % (path, type(content).__name__))
    return [np.asarray(value) for value in content]
