"""``theano.function``."""
from pytensor.compile.debug.dump import function_dump
from pytensor.compile.executor import Function

from lasagne_ext.engine.pytensor.functions import function

__all__ = ['Function', 'function', 'function_dump']
