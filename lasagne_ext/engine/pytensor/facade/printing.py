"""Printing graphs, and values while a function runs, with Theano's arguments."""
import hashlib
import numbers
import sys

import numpy as np
import pytensor.printing
from pytensor.compile.io import SymbolicInput, SymbolicOutput
from pytensor.graph.basic import Variable
from pytensor.printing import (
    VALID_ASSOC, DefaultPrinter, IgnorePrinter, LeafPrinter, OperatorPrinter, PatternPrinter, PPrinter,
    PrinterState, default_colorCodes, default_printer, greek, leaf_printer, min_informative_str, pp,
    pprint, pydotprint, special, use_ascii)

from lasagne_ext.engine.pytensor._dispatch import register_dispatch
from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.border import TagGenerator
from lasagne_ext.engine.pytensor.tensor.adoption import AdoptingCall


def debugprint(obj, depth=-1, print_type=False, file=None, ids='CHAR', stop_on_name=False, done=None,
               print_storage=False, print_clients=False, used_ids=None):
    """Print the graph below a variable, node or function, one node per line.

    Parameters
    ----------
    obj : Variable, Apply, function, In, Out, number, array, or list of them
    depth : int
        How deep; -1 for all.
    print_type : bool
        With the types.
    file : file, 'str' or None
        Where to; ``'str'`` returns a string, None prints.
    ids : {'CHAR', 'int', 'id', ''}
        How nodes are numbered.
    stop_on_name : bool
        Leave out what is below a named variable.
    done, used_ids : dict, optional
        Shared between calls, for common numbers.
    print_storage : bool
        With the values that a function holds.
    print_clients : bool
        Not supported.

    Returns
    -------
    str, file or None
    """
    if isinstance(depth, bool) or not isinstance(depth, numbers.Integral):
        raise TypeError('debugprint: depth must be an int, got %r' % (depth,))
    if print_clients:
        raise NotImplementedError('debugprint: print_clients is not available on the engine "pytensor"; '
                                  'fgraph.clients holds them')
    given = list(obj) if isinstance(obj, (list, tuple, set)) else [obj]
    plain = [value for value in given if isinstance(value, (numbers.Number, np.ndarray))]
    graphs = [value.variable if isinstance(value, (SymbolicInput, SymbolicOutput)) else value
              for value in given if not isinstance(value, (numbers.Number, np.ndarray))]
    text = ''.join('%s\n' % value for value in plain)
    if graphs:
        text += pytensor.printing.debugprint(
            graphs, depth=depth, print_type=print_type, file='str', id_type=ids,
            stop_on_name=stop_on_name, done=done, print_storage=print_storage, used_ids=used_ids)
    if file == 'str':
        return text
    target = sys.stdout if file is None else file
    target.write(text)
    target.flush()
    return file


class Print(AdoptingCall, pytensor.printing.Print):
    """Op that prints its input, or some attributes of it, whenever it is computed, and returns it.

    Parameters
    ----------
    message : str
    attrs : tuple of str
        What to print: ``'__str__'`` the value itself.
    global_fn : callable, optional
        Called with the Op and the value instead.
    """


class FunctionPrinter(pytensor.printing.FunctionPrinter):
    """Print each output of an Op as a call of the function of that name."""

    def __init__(self, *names):
        super().__init__(list(names))


def var_descriptor(obj, _prev_obs=None, _tag_generator=None):
    """Tell in one line, completely, how a variable is computed, the same in every process."""
    seen = {} if _prev_obs is None else _prev_obs
    if id(obj) in seen:
        return '<%s>' % seen[id(obj)]
    tags = _tag_generator or TagGenerator()
    seen[id(obj)] = tag = tags.get_tag()
    if isinstance(obj, np.ndarray):
        text = '<ndarray:strides=[%s],digest=%s>' % (
            _listed(obj.strides), hashlib.sha256(obj.tobytes()).hexdigest())
    elif getattr(obj, 'owner', None) is not None:
        text = '%s(%s)' % (obj.owner.op, ','.join(
            var_descriptor(value, seen, tags) for value in obj.owner.inputs))
    elif getattr(obj, 'name', None) is not None:
        text = obj.name
    else:
        text = str(obj)
        if ' at 0x' in text:
            text = position_independent_str(obj)
    return '%s=%s' % (tag, text)


def position_independent_str(obj):
    """Return the type of a variable in words that say nothing of where it lies in memory."""
    if not isinstance(obj, Variable):
        raise NotImplementedError('position_independent_str: got %r, expected a variable' % (obj,))
    return 'theano_var{type=%s}' % (obj.type,)


def hex_digest(x):
    """Return a hash of the contents, strides and shape of an array."""
    if not isinstance(x, np.ndarray):
        raise AssertionError('hex_digest: expected a numpy.ndarray, got %s' % type(x).__name__)
    return '%s|strides=[%s]|shape=[%s]' % (
        hashlib.sha256(x.tobytes()).hexdigest(), _listed(x.strides), _listed(x.shape))


def _listed(values):
    return ','.join(map(str, values))


register_dispatch(numba='lasagne_ext.engine.pytensor.numba_mode.tensor')

_PYDOT = 'call pydotprint, which says what is missing'

__getattr__ = refuse(__name__, {'pydot_imported': _PYDOT, 'pydot_imported_msg': _PYDOT})
