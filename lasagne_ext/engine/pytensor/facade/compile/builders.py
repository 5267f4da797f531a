"""Ops from graphs."""
from lasagne_ext.engine.pytensor.ops import OpFromGraph

__all__ = ['OpFromGraph']
