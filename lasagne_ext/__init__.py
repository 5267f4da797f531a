"""Custom layers, a fast spatial transformer and debugging tools for Lasagne.

Importing this package also makes Theano and Lasagne importable on today's Python::

    import lasagne_ext
    import lasagne, theano
"""
from lasagne_ext import engine

engine.activate()

__version__ = '0.1.0'

# The engine must be active before anything that imports theano.
from lasagne_ext import debug, layers, ops  # noqa: E402

__all__ = ['debug', 'engine', 'layers', 'ops']
