"""Save and load checkpoints, from which training goes on as if it had never stopped."""
import operator
import os
from collections import OrderedDict, namedtuple

from lasagne_ext import __version__
from lasagne_ext.checks import check_count
from lasagne_ext.engine import report
from lasagne_ext.training import legacy_files, serialization
from lasagne_ext.training.restore import apply_assignments, assignments_by_name, assignments_by_order
from lasagne_ext.training.serialization import CheckpointError
from lasagne_ext.training.variables import checkpoint_variables, random_states

__all__ = ['CheckpointError', 'Restored', 'load_checkpoint', 'save_checkpoint']

#: Grows when an older version of this package could not read what this one writes.
FORMAT = 1

#: The array that holds everything but the other arrays.
_CONTENT = 'lasagne_ext'

#: What it describes.
_KEYS = ('versions', 'epoch', 'history', 'extra', 'parameters', 'state', 'random')

#: What is noted, for information, of what was running.
_VERSIONS = ('engine', 'Python', 'Lasagne', 'NumPy')


class Restored(namedtuple('Restored', 'epoch history extra missing unused versions')):
    """Contents of a checkpoint besides the values that :func:`load_checkpoint` has set.

    Attributes
    ----------
    epoch : int or None
        Number of epochs trained, as it was saved.
    history : dict or None
    extra : dict
    missing : list of str
        Parameters of the network, as ``'layer.parameter'``, that the file does not have; they kept their
        values.
    unused : list of str
        Parameters in the file that the network does not have.
    versions : dict
        What the file was written with: name -> version, for information.

    Notes
    -----
    Of files that Lasagne's own functions made, only the parameters are known.

    Examples
    --------
    >>> import os, tempfile
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> from lasagne_ext.training import load_checkpoint, save_checkpoint
    >>> path = os.path.join(tempfile.mkdtemp(), 'model.npz')
    >>> save_checkpoint(path, DenseLayer(InputLayer((None, 4)), 3, name='fc'), epoch=7)
    >>> restored = load_checkpoint(path, DenseLayer(InputLayer((None, 4)), 3, name='fc'))
    >>> restored.epoch, restored.missing, restored.unused
    (7, [], [])
    """

    __slots__ = ()


def save_checkpoint(path, network, functions=None, epoch=None, history=None, extra=None):
    """Save a network, and all that its training needs to go on, in one file.

    Parameters
    ----------
    path : str or path
        Of the file, usually ending in ``.npz``; what was there is replaced once the new one is whole.
    network : Layer or list of Layer
        The output layer, or all of them.
    functions : Functions, function or None
        What trains the network: the result of ``compile_functions``, or a compiled Theano function with
        the updates. With it go momenta, counters and the random streams of dropout, and the states of
        ``numpy.random`` and of ``lasagne.random``. None: the parameters only.
    epoch : int, optional
        Number of epochs trained.
    history : dict, optional
        Of plain values, or an object whose ``to_dict()`` gives it.
    extra : dict, optional
        Whatever else is to be kept: text -> numbers, texts, arrays, random states, and lists, tuples and
        dicts of them.

    Raises
    ------
    TypeError, ValueError
        If an argument is not of that kind, or `functions` train another network.
    CheckpointError
        If the file cannot be written; the file that was there before still is, and is whole.

    See Also
    --------
    load_checkpoint : Load it.

    Notes
    -----
    An archive of arrays as ``numpy.load`` reads it, without pickles. It is written under another name in
    the same folder, flushed to the disk and then renamed: a process that is killed at any moment leaves
    the old file or the new one. What it leaves of an unfinished one is removed by the next save in that
    folder.

    Parameters are found again by the names of their layers. A layer without a name is called after its
    class and its place in the network; names last longer.

    A training that is resumed gives the parameters, bit by bit, of one that was never interrupted, if the
    same program runs on the same machine with the same versions.

    Examples
    --------
    >>> import os, tempfile
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> from lasagne_ext.training import load_checkpoint, save_checkpoint
    >>> network = DenseLayer(InputLayer((None, 4)), 3, name='fc')
    >>> path = os.path.join(tempfile.mkdtemp(), 'model.npz')
    >>> save_checkpoint(path, network, epoch=7, extra={'note': 'before pruning'})
    >>> network.W.set_value(0 * network.W.get_value())
    >>> restored = load_checkpoint(path, network)
    >>> restored.epoch, restored.extra, bool(network.W.get_value().any())
    (7, {'note': 'before pruning'}, True)
    """
    caller = 'save_checkpoint'
    path = _check_path(caller, path)
    if epoch is not None:
        epoch = check_count(caller, 'epoch', epoch, least=0)
    parameters, state = checkpoint_variables(caller, network, functions)
    found = report()
    versions = {'lasagne_ext': __version__, **{name: found[name] for name in _VERSIONS}}
    content = OrderedDict([
        ('format', FORMAT), ('versions', versions), ('epoch', epoch),
        ('history', _check_dict(caller, 'history', getattr(history, 'to_dict', lambda: history)())),
        ('extra', _check_dict(caller, 'extra', extra) or {}),
        ('parameters', OrderedDict((layer, _values(of_layer)) for layer, of_layer in parameters.items())),
        ('state', None if state is None else _values(state)),
        ('random', None if state is None else random_states())])
    packer = serialization.Packer()
    try:
        packed = {key: packer.pack(value, (key,)) for key, value in content.items()}
    except TypeError as error:
        raise TypeError('%s: %s' % (caller, error)) from None
    arrays = {_CONTENT: serialization.dumps(packed)}
    arrays.update(packer.arrays)
    try:
        serialization.write_archive(path, arrays)
    except OSError as error:
        raise CheckpointError('%s: %s: cannot be written: %s; what was there has not been touched'
                              % (caller, path, error.strerror or error)) from error


def load_checkpoint(path, network, functions=None, strict=True, allow_pickle=False):
    """Set a network, and what trains it, to the values in a file.

    Everything is read and checked first: either all is set or nothing.

    Parameters
    ----------
    path : str or path
        A file of :func:`save_checkpoint`, of ``numpy.savez(path, *get_all_param_values(network))``, or of
        ``pickle.dump`` of such a list, by Python 2 or 3.
    network : Layer or list of Layer
        The output layer, or all of them.
    functions : Functions, function or None
        What trains the network, as for :func:`save_checkpoint`. With it, the file must hold the state of
        the same updates and random streams, and the states of ``numpy.random`` and of ``lasagne.random``
        are set, too. None: the parameters only, and nothing else changes.
    strict : bool
        Whether the file must hold all parameters of the network and no others. If not, those that both
        have are set. Shapes must fit in any case.
    allow_pickle : bool
        Whether pickles are read. A pickle can run any program: allow it only for files you trust.

    Returns
    -------
    Restored
        ``epoch``, ``history`` and ``extra`` as they were saved; and what did not fit.

    Raises
    ------
    CheckpointError
        If there is no such file, it is damaged, or it is another network's: the message says which
        parameters differ, and how.
    TypeError, ValueError
        If an argument is not of the kind described, or `functions` train another network.

    Warns
    -----
    UserWarning
        If floats were saved in another precision: they are converted, and a training that is resumed so
        does not give the very same numbers. A value that is too large for it is refused.

    See Also
    --------
    save_checkpoint : Save it, with an example of both.

    Examples
    --------
    What programs for Lasagne have always written is read as well:

    >>> import os, tempfile
    >>> import numpy as np
    >>> from lasagne.layers import DenseLayer, InputLayer, get_all_param_values
    >>> from lasagne_ext.training import load_checkpoint
    >>> network = DenseLayer(InputLayer((None, 4)), 3)
    >>> path = os.path.join(tempfile.mkdtemp(), 'model.npz')
    >>> np.savez(path, *get_all_param_values(network))
    >>> load_checkpoint(path, network).epoch is None
    True
    """
    restored, assignments = read_checkpoint(path, network, functions, strict, allow_pickle)
    apply_assignments('load_checkpoint', path, assignments)
    return restored


def read_checkpoint(path, network, functions=None, strict=True, allow_pickle=False):
    """Read and check a checkpoint for :func:`load_checkpoint`, without setting anything.

    Returns
    -------
    Restored
    list of Assignment
        For :func:`~lasagne_ext.training.restore.apply_assignments`.
    """
    caller = 'load_checkpoint'
    path = _check_path(caller, path)
    parameters, state = checkpoint_variables(caller, network, functions)
    try:
        content, values = _read(path, allow_pickle)
        if content is None:
            found = assignments_by_order(path, network, parameters, state, values)
            content, missing, unused = {}, [], []
        else:
            found, missing, unused = assignments_by_name(path, parameters, state, content, strict)
    except CheckpointError as error:
        annotated = CheckpointError('%s: %s' % (caller, error))
        annotated.of_another = error.of_another
        raise annotated from error.__cause__
    except FileNotFoundError as error:
        folder = os.path.dirname(os.path.abspath(path))
        missing = 'file' if os.path.isdir(folder) else 'folder as %s' % folder
        raise CheckpointError('%s: %s: there is no such %s' % (caller, path, missing)) from error
    except OSError as error:
        raise CheckpointError('%s: %s: cannot be read: %s'
                              % (caller, path, error.strerror or error)) from error
    restored = Restored(content.get('epoch'), content.get('history'), content.get('extra', {}), missing,
                        unused, content.get('versions', {}))
    return restored, found


def _read(path, allow_pickle):
    """Return the content of a file of ours and None, or None and the arrays of a file of Lasagne's."""
    if not legacy_files.is_archive(path):
        return None, legacy_files.read_pickled_arrays(path, allow_pickle)
    arrays = serialization.read_archive(path, allow_pickle)
    if _CONTENT not in arrays:
        return None, legacy_files.ordered_arrays(path, arrays)
    try:
        content = serialization.loads(arrays[_CONTENT], arrays)
        if operator.index(content['format']) <= FORMAT:
            return {key: content[key] for key in _KEYS}, None
        versions = content['versions']
    except Exception as error:                    # as many kinds as there are ways to be no checkpoint
        raise CheckpointError('%s: is damaged: what describes its arrays cannot be understood (%s: %s)'
                              % (path, type(error).__name__, error)) from error
    raise CheckpointError('%s: was written by lasagne_ext %s, in format %s; this one, %s, reads up to format '
                          '%d: install a newer lasagne_ext'
                          % (path, versions.get('lasagne_ext', '(unknown)'), content['format'],
                             __version__, FORMAT))


def _values(variables):
    # Arrays are written at once, so they need not be copied; a random state is.
    return OrderedDict((name, variable.get_value(borrow=True)) for name, variable in variables.items())


def _check_path(caller, path):
    """Return a path as a str."""
    try:
        return os.fsdecode(path)
    except TypeError:
        raise TypeError('%s: path must be the name of a file, got %r' % (caller, path)) from None


def _check_dict(caller, name, value):
    if value is not None and not isinstance(value, dict):
        raise TypeError('%s: %s must be a dict, got %s' % (caller, name, type(value).__name__))
    return value
