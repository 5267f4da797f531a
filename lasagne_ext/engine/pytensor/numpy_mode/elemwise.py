"""The elementwise Op of the linker `numpy`, and the rewrite that puts it in place."""
import numpy as np
from pytensor.compile.mode import optdb
from pytensor.graph.rewriting.basic import in2out, node_rewriter
from pytensor.tensor.elemwise import Elemwise

from lasagne_ext.engine.pytensor.numpy_mode.plan import Plan

#: Name of the rewrite, which the linker asks for.
TAG = 'lasagne_ext_numpy'


class NumPyElemwise(Elemwise):
    """An Elemwise that runs a :class:`Plan`."""

    __props__ = ('scalar_op', 'inplace_pattern')

    def __str__(self):
        return str(Elemwise(self.scalar_op, self.inplace_pattern, name=self.name))

    def prepare_node(self, node, storage_map, compute_map, impl):
        node.tag.plan = _plan(self, node)

    def perform(self, node, inputs, output_storage):
        plan = getattr(node.tag, 'plan', None) or _plan(self, node)
        shape = inputs[0].shape
        for x in inputs[1:]:
            if x.shape != shape:
                self._check_runtime_broadcast(node, inputs)
                shape = np.broadcast_shapes(*[x.shape for x in inputs])
                break
        outputs = []
        for number, (variable, storage) in enumerate(zip(node.outputs, output_storage)):
            if number in self.inplace_pattern:
                out = inputs[self.inplace_pattern[number]]
            else:
                out = storage[0]
                if out is None or out.shape != shape or not out.flags.c_contiguous:
                    out = np.empty(shape, variable.type.dtype)
            outputs.append(out)
        with np.errstate(all='ignore'):
            plan.run(inputs, outputs)
        for out, storage in zip(outputs, output_storage):
            storage[0] = out


def _plan(op, node):
    scalar_inputs = [x.type.to_scalar_type()() for x in node.inputs]
    return Plan(op.scalar_op.make_node(*scalar_inputs))


@node_rewriter([Elemwise])
def use_numpy_elemwise(fgraph, node):
    """Replace Elemwise by its namesake here."""
    if type(node.op) is not Elemwise:
        return None
    op = NumPyElemwise(node.op.scalar_op, dict(node.op.inplace_pattern), name=node.op.name,
                       nfunc_spec=node.op.nfunc_spec)
    return op.make_node(*node.inputs).outputs


# After everything that looks for an Elemwise.
optdb.register('use_numpy_elemwise', in2out(use_numpy_elemwise), TAG, position=200)
