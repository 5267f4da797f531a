"""Match saved values with variables, and set them once all fit."""
import warnings
from collections import OrderedDict, namedtuple

import lasagne
import numpy as np

from lasagne_ext.checks import closest
from lasagne_ext.training.serialization import CheckpointError

#: Value to set: `name` to show in error messages, `set` the function that sets it, `new` and `old` values.
Assignment = namedtuple('Assignment', 'name set new old')

#: How many differences a message names.
_SHOWN = 8

_ONLY_PARAMETERS = ('%s: holds parameters only, no state of updates and random streams; load it without '
                    'functions (a Model: with parameters_only=True), and training starts from these '
                    'parameters with fresh momenta')


def assignments_by_name(path, parameters, state, content, strict):
    """Return the assignments that a checkpoint asks for.

    Parameters
    ----------
    path : str
        Name of the file, to show in error messages.
    parameters : dict
        Name of a layer -> dict from the name of a parameter to its variable.
    state : dict or None
        Name -> variable, of all else.
    content : dict
        Of the checkpoint.
    strict : bool
        Whether the parameters' names must be the same here and there.

    Returns
    -------
    list of Assignment
    missing, unused : list of str
        Names of parameters that only the network, only the file has.

    Raises
    ------
    CheckpointError
        If something does not fit.
    """
    saved = _flatten(content['parameters'])
    variables = _flatten(parameters)
    missing = [key for key in variables if key not in saved]
    unused = [key for key in saved if key not in variables]
    problems = []
    if strict:
        problems = _describe_name_differences(missing, unused, parameters, content['parameters'])
    both = [('.'.join(key), variable, saved[key]) for key, variable in variables.items() if key in saved]
    found = _match_values(both, problems)
    if problems:
        raise _mismatch_error('network', path, problems)
    if not found:
        raise CheckpointError('%s: has no parameter in common with this network' % path)
    if state is not None:
        found += _assignments_of_state(path, state, content)
    return found, ['.'.join(key) for key in missing], ['.'.join(key) for key in unused]


def _assignments_of_state(path, state, content):
    saved = content['state']
    if saved is None:
        raise CheckpointError(_ONLY_PARAMETERS % path)
    problems = ["%r is only %s" % (name, place) for place, these, others in
                (('here', state, saved), ('in the file', saved, state))
                for name in these if name not in others]
    both = [(name, variable, saved[name]) for name, variable in state.items() if name in saved]
    found = _match_values(both, problems)
    if problems:
        raise _mismatch_error('training (other updates, or other random streams)', path, problems)
    return found + list(_assignments_of_generators(content['random']))


def _assignments_of_generators(saved):
    yield Assignment('numpy.random', np.random.set_state, saved['numpy'].get_state(), np.random.get_state())
    if saved['lasagne'] is None:
        return
    here = lasagne.random.get_rng()
    if isinstance(here, np.random.RandomState):   # the program may draw from it, too
        yield Assignment('lasagne.random', here.set_state, saved['lasagne'].get_state(), here.get_state())
    else:
        yield Assignment('lasagne.random', lasagne.random.set_rng, saved['lasagne'], here)


def assignments_by_order(path, network, parameters, state, values):
    """Return the assignments that a list of arrays asks for, in the order of ``get_all_params``.

    Parameters
    ----------
    path, parameters, state
        As for :func:`assignments_by_name`.
    network : Layer or list of Layer
    values : list of array

    Returns
    -------
    list of Assignment

    Raises
    ------
    CheckpointError
        If something does not fit, or there should be more than parameters.
    """
    if state is not None:
        raise CheckpointError(_ONLY_PARAMETERS % path)
    names = {variable: '.'.join(key) for key, variable in _flatten(parameters).items()}
    variables = lasagne.layers.get_all_params(network)
    problems = []
    if len(variables) != len(values):
        problems.append('%d arrays in the file, %d parameters in the network' % (len(values), len(variables)))
    found = _match_values([('%s (the %d. array)' % (names.get(variable, variable), number), variable, value)
                      for number, (variable, value) in enumerate(zip(variables, values), 1)], problems)
    if problems:
        raise _mismatch_error('network', path, problems)
    return found


def apply_assignments(caller, path, assignments):
    """Set all values, or none if one of them is refused nevertheless.

    Raises
    ------
    CheckpointError
        If one is refused.
    """
    converted = sorted({'%s to %s' % pair for pair in map(_dtypes, assignments) if pair[0] != pair[1]})
    if converted:
        warnings.warn('%s: %s: converted from %s; a training that is resumed so does not give the very same '
                      'numbers' % (caller, path, ', '.join(converted)), stacklevel=3)
    done = []
    try:
        for assignment in assignments:
            done.append(assignment)           # before it is set: a setter that fails may have set half
            saved, current = _dtypes(assignment)
            assignment.set(assignment.new if saved == current else assignment.new.astype(current))
    except BaseException as error:                # Ctrl-C, too
        for earlier in done:
            earlier.set(earlier.old)
        if not isinstance(error, Exception):
            raise
        raise CheckpointError('%s: %s: %s was refused: %s; nothing has been changed'
                              % (caller, path, assignment.name, error)) from error


def _flatten(named):
    return {(layer, name): value for layer, of_layer in named.items() for name, value in of_layer.items()}


def _describe_name_differences(missing, unused, here, there):
    """Return sentences on layers and parameters that only one side has, and their likely names there."""
    problems = []
    for keys, mine, others, one, other in ((missing, here, there, 'the network', 'the file'),
                                           (unused, there, here, 'the file', 'the network')):
        for layer in OrderedDict.fromkeys(layer for layer, _ in keys):
            if layer in others:
                problems += ['%s has %s.%s, %s has not' % (one, layer, name, other)
                             for owner, name in keys if owner == layer]
            else:
                near = closest(layer, [name for name in others if name not in mine])
                problems.append('%s has a layer %r, %s has none of that name%s'
                                % (one, layer, other, ', but has %r' % near if near else ''))
    return problems


def _match_values(triples, problems):
    """Return the assignments of values; sentences on those that do not fit are appended to `problems`."""
    found = []
    for name, variable, new in triples:
        old = variable.get_value(borrow=True)
        problem = _describe_mismatch(old, new)
        if problem:
            problems.append('%s: %s' % (name, problem))
        found.append(Assignment(name, variable.set_value, new, old))
    return found


def _describe_mismatch(current, saved):
    """Return why a saved value cannot take the place of another, or None."""
    if not isinstance(current, np.ndarray) or not isinstance(saved, np.ndarray):
        kinds = [next((kind.__name__ for kind in (np.random.RandomState, np.random.Generator)
                       if isinstance(value, kind)), type(value).__name__) for value in (saved, current)]
        return None if kinds[0] == kinds[1] else '%s in the file, %s here' % tuple(kinds)
    if current.shape != saved.shape:
        return 'shape %s in the file, %s here' % (saved.shape, current.shape)
    if current.dtype == saved.dtype:
        return None
    if current.dtype.kind != 'f' or saved.dtype.kind != 'f':
        return '%s in the file, %s here' % (saved.dtype, current.dtype)
    too_large = np.isfinite(saved) & (np.abs(saved) > np.finfo(current.dtype).max)
    return ('%s in the file, with values that %s here cannot hold' % (saved.dtype, current.dtype)
            if too_large.any() else None)


def _dtypes(assignment):
    return tuple(getattr(value, 'dtype', None) for value in (assignment.new, assignment.old))


def _mismatch_error(what, path, problems):
    more = len(problems) - _SHOWN
    error = CheckpointError('%s: is of another %s; nothing has been changed:\n  %s%s' % (
        path, what, '\n  '.join(problems[:_SHOWN]), '\n  and %d more' % more if more > 0 else ''))
    error.of_another = True
    return error
