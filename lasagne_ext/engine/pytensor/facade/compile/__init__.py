"""Compiling graphs."""
from pytensor.compile.debug.profiling import ProfileStats

from theano.compile import builders, debugmode, io, mode, monitormode, ops, sharedvalue
from theano.compile.builders import OpFromGraph
from theano.compile.debugmode import DebugMode
from theano.compile.function import Function, function, function_dump
from theano.compile.io import In, Out, Param, SymbolicInput, SymbolicOutput
from theano.compile.mode import (AddDestroyHandler, AddFeatureOptimizer, FAST_COMPILE, FAST_RUN, Mode,
                                 OPT_FAST_COMPILE, OPT_FAST_RUN, OPT_FAST_RUN_STABLE, OPT_MERGE,
                                 OPT_NONE, OPT_O2, OPT_O3, OPT_STABILIZE, OPT_UNSAFE,
                                 PrintCurrentFunctionGraph, get_default_mode, get_mode, optdb,
                                 predefined_linkers, predefined_modes, predefined_optimizers,
                                 register_linker, register_mode, register_optimizer)
from theano.compile.monitormode import MonitorMode
from theano.compile.ops import (DeepCopyOp, FromFunctionOp, Rebroadcast, Shape, Shape_i, SpecifyShape,
                                ViewOp, as_op, deep_copy_op, shape, specify_shape, view_op)
from theano.compile.sharedvalue import SharedVariable, shared, shared_constructor

from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.border import (
    AliasedMemoryError, FunctionMaker, UnusedInputError, alias_root, infer_reuse_pattern, insert_deepcopy,
    rebuild_collect_shared, view_tree_set)

_INNER = 'it is a part of the compiler\'s inside; compile with theano.function'

__getattr__ = refuse(__name__, dict.fromkeys(
    ['ScanProfileStats', 'convert_function_input', 'fgraph_updated_vars', 'get_info_on_inputs',
     'inline_ofg_expansion',
     'orig_function', 'pfunc', 'register_checker', 'std_fgraph', 'gof', 'exclude', 'function_module',
     'Supervisor', 'local_useless', 'profiling', 'check_equal', 'NODEFAULT', 'DUPLICATE',
     'register_deep_copy_op_c_code', 'register_rebroadcast_c_code', 'register_shape_c_code',
     'register_shape_i_c_code', 'register_specify_shape_c_code', 'register_view_op_c_code'], _INNER))
