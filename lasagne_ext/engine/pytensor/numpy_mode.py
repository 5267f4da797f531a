"""The linker `numpy`: nothing is compiled, and fused operations still run in the cache."""
from pytensor.compile import mode as modes
from pytensor.compile.inner_function import HasInnerFunction, link_only_mode
from pytensor.graph.rewriting.db import RewriteDatabaseQuery
from pytensor.link.vm import VMLinker
from pytensor.scan.op import Scan


class NumPyLinker(VMLinker):
    """Runs every Op's Python side, one after the other."""

    def __init__(self, *args, **kwargs):
        kwargs.update(c_thunks=False, use_cloop=False)
        super().__init__(*args, **kwargs)
        self.required_rewrites = ('minimum_compile', 'lasagne_ext_numpy')
        self.incompatible_rewrites = ('cxx_only', 'BlasOpt', 'local_careduce_fusion')


def register():
    """Make the linker known as ``numpy``, and the mode ``NUMPY``; harmless when done already.

    FAST_COMPILE runs on it too: PyTensor's own knows no operation of more than 32 arguments.
    """
    if 'numpy' in modes.predefined_linkers:
        return
    modes.register_linker('numpy', NumPyLinker())
    modes.predefined_modes['FAST_COMPILE'] = modes.Mode(
        NumPyLinker(), RewriteDatabaseQuery(include=['fast_compile', 'py_only']))
    mode = modes.Mode('numpy', 'fast_run')
    modes.predefined_modes['NUMPY'] = modes.fast_run_linkers_to_mode['numpy'] = mode
    _link_inner_graphs()
    _use_compiled_scan_loop()


def _link_inner_graphs():
    """Where the outer graph runs without C code, so do the graphs inside Scan and its like."""
    link_mode = HasInnerFunction.link_mode

    def link(self, impl):
        if impl == 'py':
            return link_only_mode(VMLinker(use_cloop=False, c_thunks=False))
        return link_mode(self, impl)
    HasInnerFunction.link_mode = link


def _use_compiled_scan_loop():
    """Scan's loop comes compiled; PyTensor runs it only beside C code."""
    make_thunk = Scan.make_thunk

    def make(self, node, storage_map, compute_map, no_recycling, impl=None):
        if impl == 'py' and self._fn is None:
            self._fn = self.compile_fn(self.link_mode(impl))
        return make_thunk(self, node, storage_map, compute_map, no_recycling)
    Scan.make_thunk = make
