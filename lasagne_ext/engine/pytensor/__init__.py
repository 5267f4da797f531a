"""Engine `pytensor`: PyTensor under the name of Theano, on Python 3.12 and newer."""
import contextlib
import importlib
import os
import warnings

from lasagne_ext.engine import _environment, settings
from lasagne_ext.engine.pytensor import _finder, flags

NAME = 'pytensor'

#: The default linker goes through Python between operations, and ours and NumPy's release it.
FUNCTIONS_KEEP_LOCK = False


def find_theano():
    """Return the spec of the facade, under the name of Theano."""
    return _finder.find_facade()


@contextlib.contextmanager
def importing_theano():
    """Prepare PyTensor for a ``with`` block that imports the facade.

    Settings in ``THEANO_FLAGS`` and ``.theanorc`` are heeded where PyTensor has them; those in
    ``PYTENSOR_FLAGS`` win.

    Raises
    ------
    EngineError
        If this environment cannot run it; the message holds the remedy.
    """
    _environment.check_pytensor_can_run()
    if not os.path.isdir(_finder.FACADE):
        raise _environment.EngineError('lasagne_ext cannot run from within an archive, as %s does; install it with '
                                       'pip' % __file__)
    user_flags = settings.user_flags()
    with flags.pytensor_flags(user_flags), warnings.catch_warnings():
        warnings.simplefilter('ignore', DeprecationWarning)
        importlib.import_module('pytensor')
    from lasagne_ext.engine.pytensor import modes, test_values
    for name in flags.OURS:
        if name in user_flags:
            modes.set_setting(*flags.translated(name, user_flags[name]))
    test_values.set_mode(user_flags.get('compute_test_value', 'off'))
    _finder.find_modules()
    yield
    # The Theano that has been imported inside.
    importlib.import_module('lasagne_ext.engine.origin_rewrites').register(
        importlib.import_module('theano.compile').optdb, 'fast_run', 'fast_compile')
    importlib.import_module('lasagne_ext.engine.runtime.elemwise').register()


def adopt(theano):
    """Refuse a Theano that somebody has imported: it cannot be exchanged, as graphs may have been made with it.

    Raises
    ------
    EngineError
        Always.
    """
    raise _environment.EngineError(
        'theano has been imported from %s before lasagne_ext; restart Python and import lasagne_ext '
        'first' % getattr(theano, '__file__', 'an unknown place'))


def report():
    """Describe what runs underneath and depends on the engine: label -> text."""
    import pytensor
    import theano
    from lasagne_ext.engine.pytensor import modes
    return {
        'engine': '%s (PyTensor %s as Theano %s)' % (NAME, pytensor.__version__, theano.__version__),
        'linker': modes.describe(),
        'C++ compiler': pytensor.config.cxx or 'none: the linkers cvm and c cannot be used',
        'Numba': _environment.installed_version('numba') or 'none',
        'JAX': _environment.installed_version('jax') or 'none: pip install "lasagne-ext[jax]"',
        'compiledir': str(pytensor.config.compiledir),
    }
