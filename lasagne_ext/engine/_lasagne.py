"""Lasagne on either engine: what it asks for when it is imported, and what it says needlessly."""
import contextlib
import importlib
import sys
import types
import warnings

from lasagne_ext.engine import distributions


def drop_half_imported(package):
    """Forget what a failed import has left behind, so that the next one starts afresh."""
    if is_whole(package):
        return
    for name in list(sys.modules):
        if name == package or name.startswith(package + '.'):
            del sys.modules[name]


def is_whole(package):
    module = sys.modules.get(package)
    return module is not None and not getattr(module.__spec__, '_initializing', False)


def import_lasagne(before=()):
    """Import Lasagne, and the modules named in `before`, without needless warnings; then mend it."""
    drop_half_imported('lasagne')
    with pkg_resources_provided(), warnings.catch_warnings():
        for category in (DeprecationWarning, FutureWarning, SyntaxWarning,
                         PendingDeprecationWarning):
            warnings.simplefilter('ignore', category)
        for name in (*before, 'lasagne'):
            importlib.import_module(name)
    # Not above: it asks for theano, which is there only now.
    importlib.import_module('lasagne_ext.engine.origins').follow_lasagne(sys.modules['lasagne'])
    mend_lasagne_tps()
    silence_image_shape()


@contextlib.contextmanager
def pkg_resources_provided():
    """Lasagne 0.1, and the part of Theano that scan imports, ask for `pkg_resources`.

    New setuptools lack it, others warn of its end, and a new environment may have no setuptools at
    all. Both need next to nothing of it, and only while they are imported: a stand-in serves them,
    and is gone before anybody else meets it.
    """
    if sys.modules.get('pkg_resources') is not None:
        yield
        return
    sys.modules['pkg_resources'] = distributions
    try:
        yield
    finally:
        if sys.modules.get('pkg_resources') is distributions:
            del sys.modules['pkg_resources']


def silence_image_shape():
    """Lasagne 0.1 calls Theano's convolution by an old argument name, for every layer anew."""
    warnings.filterwarnings('ignore', message='[Tt]he (argument )?`?image_shape',
                            category=UserWarning, module=r'lasagne\.')


class _LenientNumPy(types.ModuleType):
    """NumPy, with a `linspace` that takes a whole number of points written as a float."""

    def __init__(self, numpy):
        super().__init__('numpy', numpy.__doc__)
        self._numpy = numpy

    def __getattr__(self, name):
        return getattr(self._numpy, name)

    def linspace(self, start, stop, num=50, *args, **kwargs):
        if isinstance(num, float) and num.is_integer():
            num = int(num)
        return self._numpy.linspace(start, stop, num, *args, **kwargs)


def mend_lasagne_tps():
    """Lasagne master's `TPSTransformerLayer` asks for 4.0 points, which NumPy >= 1.18 refuses."""
    try:
        special = importlib.import_module('lasagne.layers.special')
    except ImportError:
        return
    if hasattr(special, 'TPSTransformerLayer') and not isinstance(special.np, _LenientNumPy):
        special.np = _LenientNumPy(special.np)
