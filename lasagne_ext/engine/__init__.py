"""Only place that knows which Theano is installed.

Once ``lasagne_ext`` is loaded, by a program or by the hook that is installed with it, ``import theano`` and ``import
lasagne`` work wherever they are written, and the first of them sets the engine up. Nothing outside this package
asks which engine it is. Read ``_choice`` first, then the ``__init__`` of an engine.
"""
from lasagne_ext.engine._choice import activate, functions_keep_lock, report, use
from lasagne_ext.engine._environment import EngineError, EngineWarning

__all__ = ['EngineError', 'EngineWarning', 'activate', 'functions_keep_lock', 'report', 'use']
