"""Ops that hold graphs, choose between them, check and print."""
import jax
import numpy as np
from pytensor.compile.builders import OpFromGraph
from pytensor.conditional.op import IfElse, LazyIfElse
from pytensor.printing import Print
from pytensor.raise_op import CheckAndRaise

from lasagne_ext.engine.pytensor.jax_mode._errors import UntraceableError
from lasagne_ext.engine.pytensor.jax_mode._trace import Graph, conform, is_traced, stage


def _from_graph(node, implementation):
    run = Graph(node.op.fgraph, implementation)
    run.never_folded = True
    return run


def _lazy_if_else(node, implementation):
    branches = [Graph(branch.fgraph, implementation)
                for branch in (node.op.true_branch, node.op.false_branch)]

    def run(trace, condition, *inputs):
        return _choose(trace, node, condition, branches, [inputs, inputs])
    run.never_folded = True
    return run


def _if_else(node, implementation):
    count = node.op.n_outs

    def same(trace, *inputs):
        return list(inputs)

    def run(trace, condition, *inputs):
        return _choose(trace, node, condition, [same, same], [inputs[:count], inputs[count:]])
    run.never_folded = True
    return run


def _choose(trace, node, condition, branches, inputs):
    if is_traced(condition):
        checked = len(trace.exceptions)

        def body(branch, values):
            def run():
                with trace.inner() as failure:
                    outputs = [conform(stage(output), variable)
                               for output, variable in zip(branch(trace, *values), node.outputs)]
                    return outputs, failure()
            return run
        try:
            outputs, failure = jax.lax.cond(condition != 0, *map(body, branches, inputs))
        except (TypeError, UntraceableError):        # branches of different shapes, for one
            condition = trace.number(condition, node)
        else:
            if len(trace.exceptions) > checked:
                trace.fail(failure)
            return outputs
    taken = 0 if condition else 1
    return branches[taken](trace, *inputs[taken])


def _check(node, implementation):
    op = node.op

    def run(trace, value, *conditions):
        for condition in conditions:
            trace.check(condition, op.exc_type(op.msg))
        return [value]
    return run


def _print(node, implementation):
    op = node.op

    def run(trace, value):
        value = stage(value)

        def show(value):
            op.global_fn(op, np.array(value))
            return np.asarray(value)
        return [jax.pure_callback(show, jax.ShapeDtypeStruct(value.shape, value.dtype), value,
                                  vmap_method='sequential')]
    run.never_folded = True
    return run


IMPLEMENTATIONS = {CheckAndRaise: _check, IfElse: _if_else, LazyIfElse: _lazy_if_else,
                   OpFromGraph: _from_graph, Print: _print}
