"""Engine `theano`: Theano 1.0.5, mended while it runs, on Python 3.8 to 3.11."""
import contextlib
import importlib
import logging
import warnings

from lasagne_ext.engine import _environment, _imports, _lasagne, settings
from lasagne_ext.engine.theano import blas as _blas
from lasagne_ext.engine.theano import patches

NAME = 'theano'

#: They are C code from the first operation to the last.
FUNCTIONS_KEEP_LOCK = True

#: Two environments may share a home directory; binaries made for one NumPy crash under another.
COMPILEDIR_FORMAT = ('compiledir_%(short_platform)s-%(processor)s-%(python_version)s-'
                     '%(python_bitwidth)s-numpy%(numpy_version)s')

#: Where the compiler may join a product and a sum into one rounding, a value depends on whether its
#: neighbours happen to be fused with it, and looking at a layer would change a network's numbers.
#: Theano asks for debugging symbols, which nobody reads and which take a seventh of the time.
COMPILER_FLAGS = '-ffp-contract=off -g0'

_active_blas = None


def find_theano():
    """Return the spec of the Theano that is installed, or None."""
    return _imports.find_elsewhere('theano')


@contextlib.contextmanager
def importing_theano():
    """Make Theano importable for a ``with`` block that imports it, and repair it afterwards.

    Settings in ``THEANO_FLAGS`` and ``.theanorc`` are left as they are.

    Raises
    ------
    EngineError
        If this environment cannot run Theano 1.0.5; the message holds the remedy.
    """
    _environment.check_theano_can_run()
    flags = settings.user_flags()
    found = _blas.choose_blas(flags)
    defaults = {'compiledir_format': COMPILEDIR_FORMAT, 'gcc.cxxflags': COMPILER_FLAGS}
    if found.flags:
        defaults['blas.ldflags'] = found.flags
    if 'cxx' not in flags and _environment.missing_compiler() is not None:
        defaults['cxx'] = ''
    with settings.theano_flags(defaults, _instead_of_gpu(flags)), _quiet(), patches.blas_opt_info_provided():
        yield
    _patch_theano(found)


def adopt(theano):
    """Repair a Theano that has been imported without us, with whatever BLAS it found; ours serves where it found none.

    Raises
    ------
    EngineError
        If this environment cannot run Theano 1.0.5; the message holds the remedy.
    """
    _environment.check_theano_can_run()
    flags = settings.user_flags()
    if 'gcc.cxxflags' not in flags and not theano.config.gcc.cxxflags:
        theano.config.gcc.cxxflags = COMPILER_FLAGS
    if theano.config.blas.ldflags or 'blas.ldflags' in flags:
        found = _blas.configured_blas(theano.config.blas.ldflags)
    else:
        found = _blas.choose_blas(flags)
        if found.flags:
            theano.config.blas.ldflags = found.flags
    _patch_theano(found)


def _patch_theano(blas):
    global _active_blas
    patches.patch_theano()
    # Scan would import it later, when the stand-in for pkg_resources is gone.
    with _quiet(), _lasagne.pkg_resources_provided():
        importlib.import_module('theano.gpuarray')
    _blas.limit_threads(blas)
    _active_blas = blas


def _instead_of_gpu(flags):
    """Return what replaces the user's flags of the first GPU back-end, which would end the program."""
    if not flags.get('device', '').startswith('gpu'):
        return {}
    _environment.warn('device=%s: Theano 1.0 has removed this GPU back-end; everything runs on the CPU'
                      % flags['device'])
    return {'device': 'cpu'}


@contextlib.contextmanager
def _quiet():
    """Hide, for a ``with`` block, what Theano warns of and logs at its import: a user can do nothing about it."""
    loggers = [logging.getLogger(name) for name in ('theano.configdefaults', 'theano.tensor.blas')]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(max(logger.level, logging.ERROR))
    try:
        with _environment.silent_warnings():
            warnings.filterwarnings('ignore', message='DeprecationWarning: there is no c')
            yield
    finally:
        for logger, level in zip(loggers, levels):
            logger.setLevel(level)


def report():
    """Tell what runs underneath that depends on the engine: label -> text."""
    import theano
    threads = _blas.threads(_active_blas)
    blas = _active_blas.name
    if _active_blas.path:
        blas += ' (%s)' % _active_blas.path
    return {
        'engine': '%s (Theano %s)' % (NAME, theano.__version__),
        'BLAS': blas,
        'BLAS threads': 'unknown' if threads is None else str(threads),
        'BLAS flags': theano.config.blas.ldflags or 'none',
        'C++ compiler': theano.config.cxx or 'none: pure Python, slow',
        'compiledir': theano.config.compiledir,
    }
