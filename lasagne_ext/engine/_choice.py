"""Choice of the engine that answers to ``import theano`` in this process, and its setting up."""
import contextlib
import importlib
import importlib.util
import os
import platform
import sys

from lasagne_ext.engine import _environment, _imports, _lasagne

#: Asks for an engine by name.
VARIABLE = 'LASAGNE_EXT_ENGINE'

NAMES = ('theano', 'pytensor')

#: The last Python that Theano 1.0.5 can be installed on.
_LAST_OF_THEANO = (3, 11)

#: The engine's module, once it is set up.
_active = None

#: The name that :func:`use` has been given, while it sets that engine up.
_asked_for = None


def activate():
    """Make ``import theano`` and ``import lasagne`` work in this process.

    The engine is set up when one of them is imported first, or at once for a Theano that has been imported
    already. It is the one named in the environment variable ``LASAGNE_EXT_ENGINE``; else Theano, mended, where it can
    be installed, and PyTensor elsewhere. An environment that cannot run it is refused by that import, with an
    :class:`EngineError` that holds the remedy. May be called again.

    Raises
    ------
    EngineError
        If a Theano has been imported that cannot be used.

    Examples
    --------
    >>> from lasagne_ext import engine
    >>> engine.activate()                          # `import lasagne_ext` has done so
    >>> import lasagne, theano
    """
    if _imports.is_whole('theano'):
        _set_up()
    finder.install(instead_of=getattr(sys.modules.get('_lasagne_ext_hook'), 'Hook', None))


def use(name):
    """Set an engine up by name.

    Parameters
    ----------
    name : {'theano', 'pytensor'}
        Theano 1.0.5, mended; or PyTensor under the name of Theano.

    Raises
    ------
    ValueError
        If there is no such engine.
    EngineError
        If another one has been set up, or asked for, or this environment cannot run it.

    Examples
    --------
    >>> import lasagne_ext
    >>> lasagne_ext.engine.use(lasagne_ext.engine.report()['engine'].split()[0])
    """
    global _asked_for
    _check_name(name, 'lasagne_ext.engine.use')
    requested = _requested()
    if requested not in (None, name):
        raise _environment.EngineError(
            '%s=%s asks for one engine and lasagne_ext.engine.use(%r) for another; take one of them '
            'away' % (VARIABLE, requested, name))
    _asked_for = name
    try:
        _set_up()
    finally:
        _asked_for = None
    if _active.NAME != name:
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
    _set_up()
    rows = _active.report()
    return {'engine': rows.pop('engine'),
            'Python': '%s (%s)' % (platform.python_version(), platform.platform()),
            'Lasagne': importlib.import_module('lasagne').__version__,
            'NumPy': _environment.installed_version('numpy') or 'unknown',
            'SciPy': _environment.installed_version('scipy') or 'none',
            **rows}


def functions_keep_lock():
    """Return whether a compiled function, while it runs, lets no other thread of Python run.

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
    _set_up()
    return _active.FUNCTIONS_KEEP_LOCK


def _check_name(name, caller):
    if name not in NAMES:
        raise ValueError('%s: the engines are %s, got %r'
                         % (caller, ' and '.join(map(repr, NAMES)), name))


def _requested():
    name = os.environ.get(VARIABLE, '').strip().lower() or None
    if name is not None:
        _check_name(name, VARIABLE)
    return name


def _fitting():
    """Return the name of the engine for this environment when nobody asks for one."""
    if sys.version_info[:2] > _LAST_OF_THEANO:
        return 'pytensor'
    if _imports.find_elsewhere('theano') is None and importlib.util.find_spec('pytensor') is not None:
        return 'pytensor'
    return 'theano'


def _engine():
    """Return the module of the engine that is active or, if none is, would be."""
    return _active or importlib.import_module(
        'lasagne_ext.engine.' + (_asked_for or _requested() or _fitting()))


def _set_up():
    """Import Theano, which makes the engine active, or take over the one that has been imported."""
    global _active
    if _active is not None:
        return
    if not _imports.is_whole('theano'):
        importlib.import_module('theano')
        return
    engine = _engine()
    engine.adopt(sys.modules['theano'])
    _active = engine
    if _imports.is_whole('lasagne'):
        _lasagne.complete(sys.modules['lasagne'])


def _find_theano(target):
    engine = _engine()
    spec = engine.find_theano()
    if engine is _active:
        return spec                                  # to be executed once more
    return _imports.import_within('theano', spec, _importing_theano, target is not None)


@contextlib.contextmanager
def _importing_theano():
    global _active
    engine = _engine()
    with engine.importing_theano():
        yield
    _active = engine


def _find_lasagne(target):
    spec = _imports.find_elsewhere('lasagne')
    # A module or a folder of that name is somebody's own and not Lasagne.
    if spec is not None and (spec.origin is None or spec.submodule_search_locations is None):
        return spec
    return _imports.import_within('lasagne', spec, _importing_lasagne, target is not None)


@contextlib.contextmanager
def _importing_lasagne():
    if _imports.find_elsewhere('lasagne') is None:
        raise _environment.EngineError('Lasagne is not installed; mend it with: pip install Lasagne')
    # Lasagne, where it imports Theano first, hides the reason of a failure behind advice of its own.
    _set_up()
    with _lasagne.pkg_resources_provided(), _environment.silent_warnings():
        yield
    _lasagne.complete(sys.modules['lasagne'])


#: Answers to ``import theano`` and ``import lasagne``.
finder = _imports.PackageFinder({'theano': _find_theano, 'lasagne': _find_lasagne})
