"""Linker `numpy`: nothing is compiled, and fused operations still run in the cache."""
import contextlib

from pytensor.link.vm import VMLinker
from pytensor.scan.op import Scan

from lasagne_ext.engine.pytensor.border import HasInnerFunction, link_inner_graph


class NumPyLinker(VMLinker):
    """Run every Op's Python side, one after the other."""

    def __init__(self, *args, **kwargs):
        kwargs.update(c_thunks=False, use_cloop=False)
        super().__init__(*args, **kwargs)
        self.required_rewrites = ('minimum_compile', 'theano_lasagne_ext_numpy')
        self.incompatible_rewrites = ('cxx_only', 'BlasOpt', 'local_careduce_fusion')

    def make_all(self, *args, **kwargs):
        with contextlib.ExitStack() as stack:
            for node in self.fgraph.apply_nodes:
                # Where the outer graph runs without C code, so do the graphs inside Scan and its like.
                if isinstance(node.op, HasInnerFunction) and getattr(node.op, 'mode', None) is None:
                    link_inner_graph(node.op, NumPyLinker())
                if isinstance(node.op, Scan):
                    stack.enter_context(_compiled_loop(node.op))
            return super().make_all(*args, **kwargs)


@contextlib.contextmanager
def _compiled_loop(op):
    """Let a Scan run its loop compiled, as it comes; PyTensor does so only beside C code."""
    make_thunk = type(op).make_thunk

    def make(node, storage_map, compute_map, no_recycling, impl=None):
        return make_thunk(op, node, storage_map, compute_map, no_recycling)
    op.make_thunk = make
    try:
        yield
    finally:
        del op.make_thunk
