"""The one place that knows which Theano is installed.

``import lasagne_ext`` activates the engine; after that ``import theano`` and ``import lasagne``
work, wherever they are written. Nothing outside this package asks which engine it is.
"""
from lasagne_ext.engine._choice import activate, functions_keep_lock, report, use
from lasagne_ext.engine._environment import EngineError, EngineWarning

__all__ = ['EngineError', 'EngineWarning', 'activate', 'functions_keep_lock', 'report', 'use']
