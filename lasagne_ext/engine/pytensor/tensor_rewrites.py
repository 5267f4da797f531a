"""Rewrites of PyTensor that change numbers or fail, mended."""
from pytensor.tensor.math import int_div
from pytensor.tensor.rewriting.math import local_div_by_one, local_neg_to_mul
from pytensor.tensor.type import discrete_dtypes, uint_dtypes


def install():
    """Mend the rewrites; harmless when done already."""
    _restrict(local_div_by_one, _is_no_floor)
    _restrict(local_neg_to_mul, _is_signed)


def _restrict(rewrite, applies):
    original = getattr(rewrite.fn, 'original', rewrite.fn)

    def restricted(fgraph, node):
        return original(fgraph, node) if applies(node) else None
    restricted.original = original
    rewrite.fn = restricted


def _is_no_floor(node):
    """``x // 1`` is ``floor(x)`` and not `x`, unless `x` is whole."""
    return node.op != int_div or node.outputs[0].dtype in discrete_dtypes


def _is_signed(node):
    """There is no -1 to multiply unsigned numbers by."""
    return node.outputs[0].dtype not in uint_dtypes
