"""Linker `jax`, which needs JAX only when a function is compiled."""
from pytensor.link.jax import linker as pytensors

from lasagne_ext.engine._environment import EngineError
from lasagne_ext.engine.pytensor.jax_mode._errors import UntraceableError  # noqa: F401


class JAXLinker(pytensors.JAXLinker):
    """Link a graph into one function, compiled by JAX for the shapes of each call."""

    #: Shapes need no preparation here, and XLA fuses by itself.
    incompatible_rewrites = pytensors.JAXLinker.incompatible_rewrites + (
        'fusion', 'jax_shape_parameter_as_tuple', 'jax_size_parameter_as_tuple',
        'local_uint_constant_indices')

    def create_jitable_thunk(self, compute_map, order, input_storage, output_storage, storage_map):
        """Return what runs the graph: see the base class."""
        try:
            import jax  # noqa: F401
        except ImportError:
            raise EngineError('the JAX mode was asked for, but JAX is not installed; mend it with: '
                              'pip install "lasagne-ext[jax]"') from None
        from lasagne_ext.engine.pytensor.jax_mode._program import Program
        program = Program(self.fgraph, order)
        inputs = [storage_map[variable] for variable in self.fgraph.inputs]
        outputs = [storage_map[variable] for variable in self.fgraph.outputs]
        output_nodes = [variable.owner for variable in self.fgraph.outputs if variable.owner is not None][:1]

        def thunk():
            for cell, value in zip(outputs, program([cell[0] for cell in inputs])):
                cell[0] = value

        thunk.inputs = inputs
        thunk.outputs = outputs
        thunk.lazy = False
        return [thunk], output_nodes, program


def specialisations(function):
    """List what a compiled function has been specialised for.

    Parameters
    ----------
    function : Function
        A function compiled in the JAX mode.

    Returns
    -------
    list of Specialisation
        One for each time that JAX has compiled it: the ``shapes`` of its inputs, in their order and
        those of shared variables behind them, and the ``numbers`` that were assumed.

    Raises
    ------
    TypeError
        If the function was compiled in another mode.
    """
    program = getattr(function.vm, 'jit_fn', None)
    if not hasattr(program, 'specialisations'):
        raise TypeError('a function compiled in the JAX mode was expected, got %s' % (function,))
    return list(program.specialisations)
