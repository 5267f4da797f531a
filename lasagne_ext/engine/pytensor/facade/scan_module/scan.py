"""Loops."""
from lasagne_ext.engine.pytensor.loops import scan
