"""Custom layers, a fast spatial transformer and debugging tools for Lasagne.

Importing this package also makes Theano and Lasagne importable on today's Python::

    import lasagne_ext
    import lasagne, theano
"""
from lasagne_ext import engine

engine.activate()

__version__ = '0.1.0'

# The engine must be active before anything that imports theano.
from lasagne_ext import blocks, datasets, debug, layers, network, ops, training  # noqa: E402
from lasagne_ext.debug.errors import (  # noqa: E402, F401  (for %load_ext lasagne_ext)
    load_ipython_extension, unload_ipython_extension)

__all__ = ['blocks', 'datasets', 'debug', 'engine', 'layers', 'network', 'ops', 'training']
