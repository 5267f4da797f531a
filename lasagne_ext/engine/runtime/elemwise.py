"""Elementwise operations, fused ones too, block by block with NumPy.

A fused operation on large arrays would write each step's result to memory and read it back. Here every
step of it is done on a block that stays in the cache before the next block is begun.
"""
import itertools

import numpy as np
from theano.compile.mode import optdb
from theano.gof.opt import in2out, local_optimizer
from theano.scalar import Composite, get_scalar_type
from theano.tensor import dscalar, neg
from theano.tensor.elemwise import Elemwise

from lasagne_ext.engine.runtime.scalar_functions import function_of

#: Tag of the rewrite that puts this Op in place of Theano's: a linker that runs Python asks for it.
TAG = 'lasagne_ext_numpy'

#: Elements of a block: a few arrays of them fit into a processor's own cache.
BLOCK = 32768

#: Class of the Ops in graphs; the facade's Elemwise makes such.
_Elemwise = type(neg(dscalar()).owner.op)


class NumPyElemwise(_Elemwise):
    """Run a :class:`Plan`: Theano's Elemwise without its C code."""

    __props__ = ('scalar_op', 'inplace_pattern')

    def __str__(self):
        return str(_Elemwise(self.scalar_op, self.inplace_pattern, name=self.name))

    def prepare_node(self, node, storage_map, compute_map, impl):
        node.tag.plan = _plan(self, node)

    def perform(self, node, inputs, output_storage):
        plan = getattr(node.tag, 'plan', None) or _plan(self, node)
        shape = inputs[0].shape
        for x in inputs[1:]:
            if x.shape != shape:
                _check_broadcast(node, inputs)
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
    return Plan(op.scalar_op.make_node(*[get_scalar_type(x.dtype)() for x in node.inputs]))


def _check_broadcast(node, inputs):
    """Refuse to repeat an axis whose length is 1 now, where the graph was built for any length."""
    for axis, lengths in enumerate(zip(*[x.shape for x in inputs])):
        if max(lengths) != 1 and any(length == 1 and not variable.broadcastable[axis]
                                     for length, variable in zip(lengths, node.inputs)):
            raise ValueError(
                '%s: arrays of shapes %s are not repeated along axis %d, which was not known to have '
                'length 1 when the graph was built; say so with theano.tensor.addbroadcast'
                % (node.op, ', '.join(str(x.shape) for x in inputs), axis))


@local_optimizer([Elemwise])
def use_numpy_elemwise(node):
    """Replace Elemwise by its namesake here."""
    if type(node.op) is not _Elemwise:
        return None
    op = NumPyElemwise(node.op.scalar_op, dict(node.op.inplace_pattern), name=node.op.name,
                       nfunc_spec=node.op.nfunc_spec)
    return op.make_node(*node.inputs).outputs


def register():
    """Add the rewrite to Theano's, after everything that looks for an Elemwise."""
    optdb.register('use_numpy_elemwise', in2out(use_numpy_elemwise), 200, TAG)


class Plan:
    """Hold the steps of a scalar operation.

    Parameters
    ----------
    node : Apply
        Application of the scalar operation to scalar variables.

    Attributes
    ----------
    steps : list of (function, slots of its arguments, slot of its result)
        Slots are numbered: first the inputs, then what the steps compute.
    constants : list of (slot, 0-d array)
    results : list of int
        Slots of the outputs.
    dtypes : list of numpy.dtype
        Of all slots.
    """

    def __init__(self, node):
        self._node = node
        self.steps, self.constants, self.dtypes = [], [], []
        self._slots = {}
        if isinstance(node.op, Composite):
            graph = node.op.fgraph
            inputs, outputs, nodes = graph.inputs, graph.outputs, graph.toposort()
        else:
            inputs, outputs, nodes = node.inputs, node.outputs, [node]
        # An operation may be given the same variable twice, and each argument has a slot.
        for variable in inputs:
            self._slots[variable] = self._new(variable)
        self.inputs = len(inputs)
        for step in nodes:
            self._add(step)
        self.results = [self._slots[output] for output in outputs]
        # Two outputs may be one variable, or an input: the first place is written, the others copied.
        self._targets = {}
        for place, slot in enumerate(self.results):
            if slot >= self.inputs:
                self._targets.setdefault(slot, place)
        self._copies = [(place, slot) for place, slot in enumerate(self.results)
                        if self._targets.get(slot) != place]
        self.last_use = {slot: index for index, (_, used, _) in enumerate(self.steps) for slot in used}

    def __reduce__(self):
        return Plan, (self._node,)

    def _new(self, variable):
        self.dtypes.append(np.dtype(variable.type.dtype))
        return len(self.dtypes) - 1

    def _slot(self, variable):
        if variable not in self._slots:
            self._slots[variable] = slot = self._new(variable)
            self.constants.append((slot, np.asarray(variable.data, dtype=variable.type.dtype)))
        return self._slots[variable]

    def _add(self, node):
        used = [self._slot(variable) for variable in node.inputs]
        if isinstance(node.op, Composite):
            inner = Plan(node)
            self._inline(inner, used, node.outputs)
            return
        self._slots[node.outputs[0]] = slot = self._new(node.outputs[0])
        self.steps.append((function_of(node), used, slot))

    def _inline(self, inner, used, outputs):
        moved = dict(zip(range(inner.inputs), used))
        for slot in range(inner.inputs, len(inner.dtypes)):
            self.dtypes.append(inner.dtypes[slot])
            moved[slot] = len(self.dtypes) - 1
        self.constants += [(moved[slot], value) for slot, value in inner.constants]
        self.steps += [(function, [moved[slot] for slot in slots], moved[result])
                       for function, slots, result in inner.steps]
        for output, slot in zip(outputs, inner.results):
            self._slots[output] = moved[slot]

    def run(self, inputs, outputs):
        """Compute all steps on arrays that broadcast against one another.

        Parameters
        ----------
        inputs : list of numpy.ndarray
        outputs : list of numpy.ndarray
            To be filled, all of the full shape. One may be an input.
        """
        shape = outputs[0].shape
        values = [None] * len(self.dtypes)
        for slot, constant in self.constants:
            values[slot] = constant
        if outputs[0].size <= BLOCK or len(self.steps) == 1:
            self._run_block(inputs, outputs, values, {})
            return
        scratch = {}
        flat = _flatten(inputs, outputs, shape)
        if flat is not None:
            inputs, outputs = flat
        whole = [x.ndim == 0 for x in inputs]
        for index in _blocks(outputs[0].shape):
            self._run_block([x if is_whole else _part(x, index) for x, is_whole in zip(inputs, whole)],
                            [out[index] for out in outputs], values, scratch)

    def _run_block(self, inputs, outputs, values, scratch):
        """Compute one block; `scratch` keeps the arrays between steps for the next block of its shape."""
        values[:self.inputs] = inputs
        between = scratch.get(outputs[0].shape)
        if between is None:
            between = scratch[outputs[0].shape] = self._between(inputs, outputs, values)
        targets, late = self._targets, []
        for number, (function, used, slot) in enumerate(self.steps):
            place = targets.get(slot)
            target = between[number] if place is None else outputs[place]
            if place is not None and self._still_read(number, target, inputs):
                late.append((target, slot))
                target = np.empty(target.shape, target.dtype)
            function(*[values[k] for k in used], out=target)
            values[slot] = target
        for target, slot in late:
            np.copyto(target, values[slot])
        for place, slot in self._copies:
            np.copyto(outputs[place], values[slot])

    def _between(self, inputs, outputs, values):
        """Make an array for the result of each step that is no output."""
        shapes = [() if value is None else value.shape for value in values]
        between = []
        for _, used, slot in self.steps:
            shapes[slot] = np.broadcast_shapes(*[shapes[k] for k in used])
            place = self._targets.get(slot)
            if place is not None:
                shapes[slot] = outputs[place].shape
            between.append(None if place is not None else np.empty(shapes[slot], self.dtypes[slot]))
        return between

    def _still_read(self, number, target, inputs):
        """Return whether writing `target` at a step would change an input that a later one reads."""
        if number == len(self.steps) - 1:
            return False
        return any(self.last_use.get(slot, -1) > number and np.may_share_memory(target, x)
                   for slot, x in enumerate(inputs))


def _flatten(inputs, outputs, shape):
    """Return inputs and outputs with one dimension where all are alike, else None."""
    for x in inputs:
        if x.size != 1 and not (x.shape == shape and x.flags.c_contiguous):
            return None
    if not all(out.flags.c_contiguous for out in outputs):
        return None
    return ([x.reshape(()) if x.size == 1 else x.reshape(-1) for x in inputs],
            [out.reshape(-1) for out in outputs])


def _blocks(shape):
    """Return indices that divide an array into blocks of about BLOCK elements along its first axes."""
    inner, axis = 1, len(shape)
    while axis and inner * shape[axis - 1] <= BLOCK:
        axis -= 1
        inner *= shape[axis]
    if axis == 0:
        return [()]
    step = max(1, BLOCK // max(1, inner))
    parts = [slice(start, start + step) for start in range(0, shape[axis - 1], step)]
    outer = [[slice(k, k + 1) for k in range(size)] for size in shape[:axis - 1]]
    return itertools.product(*outer, parts)


def _part(array, index):
    """Return the part of an array that broadcasts against a block."""
    return array[tuple(slice(None) if size == 1 else part for size, part in zip(array.shape, index))]
