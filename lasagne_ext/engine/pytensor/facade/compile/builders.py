"""Ops from graphs."""
from lasagne_ext.engine.pytensor.ops import OpFromGraph
