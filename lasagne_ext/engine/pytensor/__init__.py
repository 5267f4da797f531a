"""The engine `pytensor`: PyTensor under the name of Theano, on Python 3.12 and newer."""
import importlib
import sys
import warnings

from lasagne_ext.engine import _environment, _lasagne, settings
from lasagne_ext.engine.pytensor import _finder, flags

NAME = 'pytensor'

#: The default linker goes through Python between operations, and ours and NumPy's release it.
FUNCTIONS_KEEP_LOCK = False

_is_active = False


def activate():
    """Make ``import theano`` and ``import lasagne`` work in this process.

    May be called again, and after a failed ``import theano`` or ``import lasagne``. Settings in
    ``THEANO_FLAGS`` and ``.theanorc`` are heeded where PyTensor has them; those in ``PYTENSOR_FLAGS``
    win.

    Raises
    ------
    EngineError
        If this environment cannot run it; the message holds the remedy.
    """
    global _is_active
    if _is_active:
        return
    _environment.check_pytensor_can_run()
    _refuse_another_theano()
    user_flags = settings.user_flags()
    with flags.pytensor_flags(user_flags), warnings.catch_warnings():
        warnings.simplefilter('ignore', DeprecationWarning)
        importlib.import_module('pytensor')
    from lasagne_ext.engine.pytensor import (derivatives, linkers, old_pickles, refused_attributes,
                                              shared, test_values, variable_methods)
    for module in (variable_methods, refused_attributes, derivatives, shared, old_pickles):
        module.install()
    linkers.install(**flags.later(user_flags))
    test_values.set_mode(user_flags.get('compute_test_value', 'off'))
    _lasagne.drop_half_imported('theano')
    _finder.install()
    theano = importlib.import_module('theano')
    importlib.import_module('lasagne_ext.engine.origin_rewrites').register(
        theano.compile.optdb, 'fast_run', 'fast_compile')
    importlib.import_module('lasagne_ext.engine.runtime.elemwise').register()
    _lasagne.import_lasagne()
    _is_active = True


def _refuse_another_theano():
    """A Theano that somebody has imported cannot be exchanged: graphs may have been made with it."""
    theano = sys.modules.get('theano')
    if _lasagne.is_whole('theano') and not _finder.is_facade(theano):
        raise _environment.EngineError(
            'theano has been imported from %s before lasagne_ext; restart Python and import lasagne_ext '
            'first' % getattr(theano, '__file__', 'an unknown place'))


def report():
    """What runs underneath that depends on the engine: label -> text."""
    import pytensor
    import theano
    from lasagne_ext.engine.pytensor import linkers
    return {
        'engine': '%s (PyTensor %s as Theano %s)' % (NAME, pytensor.__version__, theano.__version__),
        'linker': linkers.describe(),
        'C++ compiler': pytensor.config.cxx or 'none: the linkers cvm and c cannot be used',
        'Numba': _environment.installed_version('numba') or 'none',
        'JAX': _environment.installed_version('jax') or 'none: pip install "lasagne-ext[jax]"',
        'compiledir': str(pytensor.config.compiledir),
    }
