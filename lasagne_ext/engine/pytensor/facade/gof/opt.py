"""Optimizations of graphs."""
from pytensor.graph.rewriting.basic import (EquilibriumGraphRewriter, GraphRewriter, MergeOptimizer,
                                            NodeProcessingGraphRewriter, NodeRewriter,
                                            SequentialGraphRewriter, SequentialNodeRewriter,
                                            WalkingGraphRewriter, check_stack_trace, copy_stack_trace)

from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.rewriting import (OpRemove, OpSub, PatternSub, in2out,
                                                   inplace_optimizer, local_optimizer, optimizer, out2in)

Optimizer = GraphRewriter
LocalOptimizer = NodeRewriter
SeqOptimizer = SequentialGraphRewriter
LocalOptGroup = SequentialNodeRewriter
NavigatorOptimizer = NodeProcessingGraphRewriter
TopoOptimizer = WalkingGraphRewriter
EquilibriumOptimizer = EquilibriumGraphRewriter

__getattr__ = refuse(__name__, dict.fromkeys(
    ['CheckStrackTraceFeature', 'OpKeyOptimizer', 'ChangeTracker', 'FromFunctionLocalOptimizer',
     'FromFunctionOptimizer',
     'GraphToGPULocalOptGroup', 'LocalMetaOptimizer', 'LocalMetaOptimizerSkipAssertionError',
     'MergeFeature', 'Updater', 'check_chain', 'inherit_stack_trace', 'pre_constant_merge',
     'pre_greedy_local_optimizer', 'merge_dict', 'CheckStackTraceOptimization'],
    'write a local_optimizer, or derive from Optimizer and define apply(fgraph)'))
