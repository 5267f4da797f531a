"""Inputs and outputs of functions."""
from pytensor.compile.io import Out, SymbolicInput, SymbolicOutput

from lasagne_ext.engine.pytensor.functions import In, Param
