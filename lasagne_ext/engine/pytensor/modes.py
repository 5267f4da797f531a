"""Modes and linkers of the functions that the facade compiles; PyTensor's own stay as they are.

A rewrite that is registered through the facade goes into PyTensor's database, under tags that only the
facade's modes ask for: a function compiled with PyTensor itself never meets it.
"""
import pytensor
from pytensor.compile import mode as pytensor_modes
from pytensor.compile.debug.debugmode import DebugMode
from pytensor.compile.debug.nanguardmode import NanGuardMode
from pytensor.graph.rewriting.db import RewriteDatabaseQuery

from lasagne_ext.checks import did_you_mean
from lasagne_ext.engine.pytensor.jax_mode import JAXLinker
from lasagne_ext.engine.pytensor.numpy_mode import NumPyLinker

#: What a user may choose by ``linker=``; the first is the default, see ``benchmarks/lenet.py``.
LINKERS = ('numpy', 'numba', 'cvm', 'vm', 'jax')

#: Before a tag that PyTensor's modes ask for: the tag in its place, for the facade's modes alone.
OURS = 'theano_'

#: Rewrites of PyTensor's that take ``x // 1`` for `x` where `x` is not whole, and fail for ``-x`` of an unsigned
#: `x`: in their place are restricted ones, in ``theano.tensor.opt``.
REPLACED = ('local_div_by_one', 'local_neg_to_mul')

#: What the user's settings, or the program, say of ``theano.config.linker`` and ``mode``.
_settings = {}

predefined_linkers = {**pytensor_modes.predefined_linkers, 'numpy': NumPyLinker(), 'jax': JAXLinker()}


def get_setting(name):
    """Return ``theano.config.linker`` or ``theano.config.mode``.

    Parameters
    ----------
    name : {'linker', 'mode'}
        Where the program has said nothing, PyTensor's own setting counts, if the user has made one.
    """
    if name in _settings:
        return _settings[name]
    value = getattr(pytensor.config, name)
    return LINKERS[0] if name == 'linker' and value == 'auto' else value


def set_setting(name, value):
    """Set ``theano.config.linker`` or ``theano.config.mode`` for functions that are compiled from now on."""
    if name == 'mode':
        get_mode(value)
    elif value not in predefined_linkers:
        raise ValueError('theano.config.linker must be one of %s, got %r' % (', '.join(LINKERS), value))
    _settings[name] = value


def describe():
    """Tell the mode and the linker that functions are compiled with when nothing else is asked for."""
    return '%s (mode %s)' % (get_setting('linker'), get_setting('mode'))


def _query_ours(query):
    """Ask for the facade's rewrites, too."""
    query = query.including(*[OURS + tag for tag in query.include])
    return query.excluding(*[OURS + tag for tag in query.exclude], *REPLACED)


class Mode(pytensor_modes.Mode):
    """Way to compile a function: what rewrites the graph, and what runs it.

    Parameters
    ----------
    linker : str or Linker, optional
        One of `LINKERS`, by default ``theano.config.linker``.
    optimizer : str, RewriteDatabaseQuery or GraphRewriter
    db : RewriteDatabase, optional
    """

    def __init__(self, linker=None, optimizer='default', db=None):
        super().__init__(get_setting('linker') if linker is None else linker, optimizer, db)

    def __setstate__(self, state):
        linker, optimizer = state
        if isinstance(optimizer, str) or optimizer is None:
            optimizer = pytensor_modes.predefined_optimizers[optimizer]
        is_query = isinstance(optimizer, RewriteDatabaseQuery)
        super().__setstate__((_linker(linker), _query_ours(optimizer) if is_query else optimizer))
        self.provided_linker, self.provided_optimizer = linker, optimizer

    def get_linker_optimizer(self, linker, optimizer):
        return super().get_linker_optimizer(_linker(linker), optimizer)


def _linker(linker):
    return predefined_linkers.get(linker, linker) if isinstance(linker, str) else linker


#: FAST_COMPILE runs on the linker `numpy` too: PyTensor's own knows no operation of more than 32 arguments.
predefined_modes = {
    **{name: Mode(mode.linker.clone(), mode.provided_optimizer)
       for name, mode in pytensor_modes.predefined_modes.items()},
    'FAST_COMPILE': Mode('numpy', RewriteDatabaseQuery(include=['fast_compile', 'py_only'])),
    'NUMPY': Mode('numpy', 'fast_run'),
    # PyTensor's rewrites for JAX prepare for its own linker for JAX.
    'JAX': Mode('jax', RewriteDatabaseQuery(include=['fast_run'], exclude=['fusion']))}

#: Modes made from settings, by those settings.
_made = {}


def get_mode(name=None):
    """Return the mode of a name.

    Parameters
    ----------
    name : str, Mode or None
        None stands for ``theano.config.mode``; a mode comes back as it is.

    Raises
    ------
    ValueError
        If there is no such mode.
    """
    name = get_setting('mode') if name is None else name
    if not isinstance(name, str):
        return name
    upper = name.upper()
    if upper in predefined_modes:
        return predefined_modes[upper]
    linker, optimizer = get_setting('linker'), pytensor.config.optimizer
    if upper == 'FAST_RUN':
        by_linker = predefined_modes.get(linker.upper())
        return by_linker if by_linker is not None else _make(upper, linker, 'fast_run')
    if upper in ('MODE', 'DEBUGMODE', 'DEBUG_MODE', 'NANGUARDMODE'):
        return _make(upper, linker, optimizer)
    known = sorted({*predefined_modes, 'FAST_RUN', 'DebugMode', 'NanGuardMode'})
    raise ValueError('theano.function: there is no mode %r; there are %s%s'
                     % (name, ', '.join(known), did_you_mean(name, known)))


def _make(name, linker, optimizer):
    tags = [getattr(pytensor.config, 'optimizer_' + what) for what in ('excluding', 'including', 'requiring')]
    key = name, linker, optimizer, *tags
    if key not in _made:
        if name.startswith('DEBUG'):
            mode = DebugMode(optimizer=_query_ours(pytensor_modes.predefined_optimizers[optimizer]))
        elif name == 'NANGUARDMODE':
            mode = NanGuardMode(True, True, True,
                                optimizer=_query_ours(pytensor_modes.predefined_optimizers[optimizer]))
        else:
            mode = Mode(linker, optimizer)
        for change, names in zip((mode.excluding, mode.including, mode.requiring), tags):
            mode = change(*names.split(':')) if names else mode
        _made[key] = mode
    return _made[key]


def get_default_mode():
    """Return the mode that functions are compiled in when nothing else is asked for."""
    return get_mode(None)


def register_mode(name, mode):
    """Let a mode be asked for by name."""
    if name in predefined_modes:
        raise ValueError('Mode name already taken: %s' % name)
    predefined_modes[name] = mode


def register_linker(name, linker):
    """Let a linker be asked for by name."""
    if name in predefined_linkers:
        raise ValueError('Linker name already taken: %s' % name)
    predefined_linkers[name] = linker
