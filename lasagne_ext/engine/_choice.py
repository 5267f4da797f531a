"""Which engine answers to ``import theano`` in this process."""
import importlib
import importlib.util
import os
import platform
import sys

from lasagne_ext.engine import _environment

#: Asks for an engine by name.
VARIABLE = 'LASAGNE_EXT_ENGINE'

NAMES = ('theano', 'pytensor')

#: The last Python that Theano 1.0.5 can be installed on.
_LAST_OF_THEANO = (3, 11)

_active = None


def activate():
    """Make ``import theano`` and ``import lasagne`` work in this process.

    The engine is the one named in the environment variable ``LASAGNE_EXT_ENGINE``; else Theano, mended,
    where it can be installed, and PyTensor elsewhere. May be called again.

    Raises
    ------
    EngineError
        If this environment cannot run it; the message holds the remedy.

    Examples
    --------
    >>> from lasagne_ext import engine
    >>> engine.activate()                          # `import lasagne_ext` has done so
    >>> import lasagne, theano
    """
    if _active is None:
        _activate(_requested() or _fitting())


def use(name):
    """Activate an engine by name.

    Parameters
    ----------
    name : {'theano', 'pytensor'}
        Theano 1.0.5, mended; or PyTensor under the name of Theano.

    Raises
    ------
    ValueError
        If there is no such engine.
    EngineError
        If another one has been activated, or asked for, or this environment cannot run it.

    Examples
    --------
    >>> import lasagne_ext
    >>> lasagne_ext.engine.use(lasagne_ext.engine.report()['engine'].split()[0])
    """
    _check_name(name, 'lasagne_ext.engine.use')
    requested = _requested()
    if requested not in (None, name):
        raise _environment.EngineError(
            '%s=%s asks for one engine and lasagne_ext.engine.use(%r) for another; take one of them '
            'away' % (VARIABLE, requested, name))
    if _active is None:
        _activate(name)
    elif _active.NAME != name:
        raise _environment.EngineError(
            'the engine %r is active in this process already and cannot be exchanged; restart Python '
            'with the environment variable %s=%s' % (_active.NAME, VARIABLE, name))


def report():
    """Tell what runs underneath, for ``python -m lasagne_ext info``.

    Returns
    -------
    dict
        Label -> text, in the order to be shown.

    Examples
    --------
    >>> from lasagne_ext import engine
    >>> list(engine.report())[:4]
    ['engine', 'Python', 'Lasagne', 'NumPy']
    """
    activate()
    rows = _active.report()
    return {'engine': rows.pop('engine'),
            'Python': '%s (%s)' % (platform.python_version(), platform.platform()),
            'Lasagne': sys.modules['lasagne'].__version__,
            'NumPy': _environment.installed_version('numpy') or 'unknown',
            'SciPy': _environment.installed_version('scipy') or 'none',
            **rows}


def functions_keep_lock():
    """Whether a compiled function, while it runs, lets no other thread of Python run.

    Returns
    -------
    bool
        Of the engine in use, with the linker it has by default.

    Examples
    --------
    >>> from lasagne_ext import engine
    >>> engine.functions_keep_lock() == engine.report()['engine'].startswith('theano')
    True
    """
    activate()
    return _active.FUNCTIONS_KEEP_LOCK


def _check_name(name, where):
    if name not in NAMES:
        raise ValueError('%s: the engines are %s, got %r'
                         % (where, ' and '.join(map(repr, NAMES)), name))


def _requested():
    name = os.environ.get(VARIABLE, '').strip().lower() or None
    if name is not None:
        _check_name(name, VARIABLE)
    return name


def _fitting():
    """The engine for this environment when nobody asks for one."""
    if sys.version_info[:2] > _LAST_OF_THEANO:
        return 'pytensor'
    if importlib.util.find_spec('theano') is None and importlib.util.find_spec('pytensor') is not None:
        return 'pytensor'
    return 'theano'


def _activate(name):
    global _active
    engine = importlib.import_module('lasagne_ext.engine.' + name)
    engine.activate()
    _active = engine
