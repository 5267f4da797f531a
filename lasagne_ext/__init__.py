"""Custom layers, a fast spatial transformer and debugging tools for Lasagne.

Installed with pip, this package also makes Theano and Lasagne importable on today's Python, in every program. Where
it has only been put on the path, importing it does so, ahead of them::

    import lasagne_ext
    import lasagne, theano

Its own packages are imported when they are first asked for.
"""
import importlib

from lasagne_ext import engine

__version__ = '0.1.0'

__all__ = ['blocks', 'datasets', 'debug', 'engine', 'layers', 'network', 'ops', 'training']

_PACKAGES = [*__all__, 'kernels']

_IPYTHON = ['load_ipython_extension', 'unload_ipython_extension']    # what %load_ext lasagne_ext asks for

engine.activate()


def __getattr__(name):
    # In this way `import theano`, which loads this package for its engine, loads no layer, nor Lasagne.
    if name in _PACKAGES:
        return importlib.import_module('lasagne_ext.' + name)
    if name in _IPYTHON:
        return getattr(importlib.import_module('lasagne_ext.debug.errors'), name)
    raise AttributeError('module %r has no attribute %r' % (__name__, name))


def __dir__():
    return sorted({*globals(), *_PACKAGES, *_IPYTHON})
