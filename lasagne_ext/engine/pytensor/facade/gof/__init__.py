"""Graphs, Ops, types and rewriting."""
from pytensor.graph.basic import Constant
from pytensor.graph.features import Bookkeeper, Feature, History, ReplaceValidate, Validator
from pytensor.graph.fg import FunctionGraph
from pytensor.graph.utils import InconsistencyError, MethodNotDefined, MissingInputError
from pytensor.link.basic import Container, Linker, LocalLinker
from pytensor.link.c.params_type import Params, ParamsType
from pytensor.link.c.type import CEnumType, EnumList, EnumType, Generic, generic

from theano.gof import destroyhandler, fg, graph, link, null_type, op, opt, optdb, toolbox, type, utils, vm
from theano.gof.graph import Apply, Variable, view_roots
from theano.gof.op import COp, Op, OpenMPOp, PureOp, ops_with_inner_function
from theano.gof.opt import (EquilibriumOptimizer, LocalOptGroup, LocalOptimizer, MergeOptimizer,
                            NavigatorOptimizer, OpRemove, OpSub, Optimizer, PatternSub,
                            SeqOptimizer, TopoOptimizer, inplace_optimizer, local_optimizer)
from theano.gof.optdb import DB, EquilibriumDB, LocalGroupDB, ProxyDB, Query, SequenceDB
from theano.gof.type import Type

from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.border import DestroyHandler

_LINKER = 'linkers are PyTensor\'s; choose one by name: theano.Mode(linker="cvm")'

__getattr__ = refuse(__name__, dict(
    {'object2': 'use object', 'HideC': 'leave c_code out of the Op',
     'CachedConstantError': 'it is not raised here', 'callcache': _LINKER, 'sched': _LINKER,
     'NoOutputFromInplace': 'inplace Ops may be outputs here',
     'ReplacementDidntRemovedError': 'it is not raised here',
     'CheckStackTraceOptimization': 'set theano.config.check_stack_trace',
     'hashtype': 'use hash(type(x))', 'unify': 'use PatternSub',
     'OpKeyOptimizer': 'give TopoOptimizer a local_optimizer with tracks',
     'NodeFinder': 'walk over fgraph.apply_nodes',
     'PrintListener': 'print the graph by theano.printing.debugprint'},
    **dict.fromkeys(['CLinker', 'DualLinker', 'OpWiseCLinker', 'PerformLinker', 'WrapLinker',
                     'WrapLinkerMany', 'vm', 'lazylinker_c', 'cc', 'cmodule', 'compilelock'], _LINKER)))
