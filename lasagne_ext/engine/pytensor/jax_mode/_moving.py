"""The length of a slice whose bounds move together, read off its graph."""
import collections

import numpy as np
from pytensor.graph.basic import Constant
from pytensor.scalar.basic import Add, Cast, Identity, Mul, Sub
from pytensor.tensor.basic import ScalarFromTensor, TensorFromScalar
from pytensor.tensor.elemwise import DimShuffle, Elemwise
from pytensor.tensor.subtensor import IncSubtensor, unflatten_index_variables


def length(node, number, sequences):
    """How far apart the bounds of a slice always are, or None if that is not plain to see.

    Parameters
    ----------
    node : Apply
        A Subtensor or IncSubtensor.
    number : int
        Which of its indices.
    sequences : dict of Variable to ndarray
        Values that inputs of the graph have in the steps of a loop.
    """
    flat = node.inputs[2 if isinstance(node.op, IncSubtensor) else 1:]
    index = unflatten_index_variables(flat, node.op.idx_list)[number]
    if index.start is None or index.stop is None:
        return None
    difference = _sum_of(index.stop)
    difference.subtract(_sum_of(index.start))
    lengths = np.array(difference.pop(None, 0))
    for variable, factor in difference.items():
        if factor and variable not in sequences:
            return None
        if factor:
            lengths = lengths + factor * sequences[variable]
    return int(lengths.max(initial=0)) if not lengths.size or np.ptp(lengths) == 0 else None


def _sum_of(variable):
    """An integer scalar as variables -> their factors; those of None, taken once, are a constant."""
    if isinstance(variable, Constant):
        return collections.Counter({None: int(variable.data)})
    node = variable.owner
    if node is None:
        return collections.Counter({variable: 1})
    op = node.op.scalar_op if isinstance(node.op, Elemwise) else node.op
    parts = [_sum_of(part) for part in node.inputs] if isinstance(op, _LINEAR) else []
    made = collections.Counter()
    if isinstance(op, (Add, Sub)):
        for place, part in enumerate(parts):
            made.subtract(part) if place and isinstance(op, Sub) else made.update(part)
        return made
    if isinstance(op, Mul):
        factor, moving = 1, []
        for part in parts:
            if set(part) <= {None}:
                factor *= part[None]
            else:
                moving.append(part)
        if len(moving) <= 1:
            for name, count in (moving[0] if moving else {None: 1}).items():
                made[name] = factor * count
            return made
    elif parts and not variable.type.ndim:
        return parts[0]
    return collections.Counter({variable: 1})


#: Ops that a sum goes through; all but the first three hand on a scalar as it is.
_LINEAR = (Add, Sub, Mul, Cast, Identity, ScalarFromTensor, TensorFromScalar, DimShuffle)
