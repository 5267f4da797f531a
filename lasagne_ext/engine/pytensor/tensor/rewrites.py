"""Rewrites of PyTensor that change numbers or fail, for the facade's functions in forms that do not."""
from pytensor.graph.rewriting.basic import node_rewriter
from pytensor.tensor.math import int_div, neg, true_div
from pytensor.tensor.type import discrete_dtypes, uint_dtypes

from lasagne_ext.engine.pytensor.border import local_div_by_one, local_neg_to_mul
from lasagne_ext.engine.pytensor.rewriting import register_canonicalize


@register_canonicalize
@node_rewriter([true_div, int_div])
def local_whole_div_by_one(fgraph, node):
    """Replace ``x / 1`` by `x`, and ``x // 1``, which is ``floor(x)``, only where `x` is whole."""
    if node.op != int_div or node.outputs[0].dtype in discrete_dtypes:
        return local_div_by_one.transform(fgraph, node)


@register_canonicalize
@node_rewriter([neg])
def local_signed_neg_to_mul(fgraph, node):
    """Replace ``-x`` by ``-1 * x``, but for unsigned numbers, which have no -1."""
    if node.outputs[0].dtype not in uint_dtypes:
        return local_neg_to_mul.transform(fgraph, node)
