"""Inputs and outputs of functions."""
from pytensor.compile.io import SymbolicInput, SymbolicOutput

from lasagne_ext.engine.pytensor.functions import In, Out, Param
