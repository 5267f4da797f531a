"""Loops."""
from lasagne_ext.engine.pytensor.loops import foldl, foldr, map, reduce
