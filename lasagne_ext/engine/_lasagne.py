"""Lasagne on either engine: what it asks for when it is imported, and what is done to it afterwards."""
import contextlib
import sys
import types
import warnings

from lasagne_ext.engine import distributions, origins


@contextlib.contextmanager
def pkg_resources_provided():
    """Answer for `pkg_resources`, for which Lasagne 0.1 and the part of Theano that scan imports ask.

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


def complete(lasagne):
    """Repair a copy of Lasagne that has just been imported, and let its layers mark what they make.

    Parameters
    ----------
    lasagne : module
        Of whatever version: the release, the master branch, a fork.
    """
    if hasattr(getattr(lasagne, 'layers', None), 'Layer'):
        origins.follow_lasagne(lasagne)
    patch_tps(lasagne)
    # Lasagne 0.1 calls Theano's convolution by an old argument name, for every layer anew.
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


def patch_tps(lasagne):
    """Let Lasagne master's `TPSTransformerLayer` ask for 4.0 points, which NumPy >= 1.18 refuses."""
    special = getattr(getattr(lasagne, 'layers', None), 'special', None)
    numpy = getattr(special, 'np', None)
    if hasattr(special, 'TPSTransformerLayer') and numpy and not isinstance(numpy, _LenientNumPy):
        special.np = _LenientNumPy(numpy)
