"""Modes: an optimizer and a linker."""
from pytensor.compile.mode import (AddDestroyHandler, AddFeatureOptimizer, OPT_FAST_COMPILE,
                                   OPT_FAST_RUN, OPT_FAST_RUN_STABLE, OPT_MERGE, OPT_NONE, OPT_O2,
                                   OPT_O3, OPT_STABILIZE, OPT_UNSAFE, PrintCurrentFunctionGraph,
                                   predefined_optimizers, register_optimizer)
from pytensor.compile.mode import optdb as pytensor_optdb

from lasagne_ext.engine.pytensor.modes import (Mode, get_default_mode, get_mode, predefined_linkers,
                                               predefined_modes, register_linker, register_mode)
from lasagne_ext.engine.pytensor.rewriting import SequenceDatabase

FAST_COMPILE = predefined_modes['FAST_COMPILE']
FAST_RUN = get_mode('FAST_RUN')

#: What is done to graphs, in order.
optdb = SequenceDatabase(pytensor_optdb)
