"""Rewrites of PyTensor that change numbers, mended."""
from pytensor.tensor.math import int_div
from pytensor.tensor.rewriting.math import local_div_by_one
from pytensor.tensor.type import discrete_dtypes


def install():
    """Mend the rewrites; harmless when done already."""
    if local_div_by_one.fn is not _div_by_one:
        _div_by_one.original = local_div_by_one.fn
        local_div_by_one.fn = _div_by_one


def _div_by_one(fgraph, node):
    """``x // 1`` is ``floor(x)`` and not `x`, unless `x` is whole."""
    if node.op == int_div and node.outputs[0].dtype not in discrete_dtypes:
        return None
    return _div_by_one.original(fgraph, node)
