"""Training through JAX: a linker that specialises a graph for the shapes of each call.

The function that JAX compiles is an interpreter over the graph, run while JAX traces. Whatever
follows from shapes and constants alone is computed in NumPy during the trace, so that `None`
dimensions, sequence lengths and shapes made of shapes are plain numbers there; a call with new shapes
traces anew. Numbers that the data decide (a slice bound, the length of a mask, the steps of a loop)
are assumed to be those of the first call, returned with the results, and compared: a call for which
they differ is traced anew and run again.
"""
from pytensor.compile import mode as _modes
from pytensor.graph.rewriting.db import RewriteDatabaseQuery

from lasagne_ext.engine.pytensor.jax_mode._errors import UntraceableError
from lasagne_ext.engine.pytensor.jax_mode._linker import JAXLinker, specialisations

__all__ = ['JAXLinker', 'MODE', 'UntraceableError', 'register', 'specialisations']

#: The mode: PyTensor's rewrites for JAX, without those that prepare for its own JAX linker.
MODE = _modes.Mode(JAXLinker(), RewriteDatabaseQuery(include=['fast_run'], exclude=['fusion']))


def register():
    """Make the names ``'JAX'`` (mode) and ``'jax'`` (linker) mean this mode; harmless when done already."""
    _modes.predefined_linkers['jax'] = MODE.linker
    _modes.predefined_modes['JAX'] = MODE
    _modes.fast_run_linkers_to_mode['jax'] = MODE
    # PyTensor remembers the mode that it made from the configuration first.
    _modes._CACHED_RUNTIME_MODES.pop(('MODE', 'jax'), None)
