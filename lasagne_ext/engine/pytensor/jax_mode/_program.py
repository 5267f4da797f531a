"""Graph compiled by JAX, once for every combination of shapes that it is called with."""
import collections
import warnings

import jax
import numpy as np
from pytensor.graph.basic import Constant
from pytensor.tensor.type import TensorType

from lasagne_ext.engine._environment import EngineWarning
from lasagne_ext.engine.pytensor.jax_mode._dispatch import implementation
from lasagne_ext.engine.pytensor.jax_mode._errors import Undetermined, UntraceableError
from lasagne_ext.engine.pytensor.jax_mode._trace import LARGEST_FOLDED, Graph, Trace, stage

#: What a function was specialised for: the shapes of its inputs, shared variables last, and the numbers
#: assumed in it that the data decide.
Specialisation = collections.namedtuple('Specialisation', 'shapes numbers')

#: With so many specialisations the user is told, once.
MANY = 20

#: A call tries no more sets of assumed numbers than this.
_MOST_TRIALS = 100


class Program:
    """Compute a graph as a function of NumPy arrays.

    Parameters
    ----------
    fgraph : FunctionGraph
        The graph.
    order : list of Apply
        Its nodes, each after those it depends on.
    """

    def __init__(self, fgraph, order):
        for variable in fgraph.inputs:
            if not isinstance(variable.type, TensorType):
                raise UntraceableError('JAX functions take tensors only, and the input %s is of type %s; '
                                       'compile this function with another mode' % (variable, variable.type))
        self.specialisations = []
        self._dtypes = [variable.type.dtype for variable in fgraph.inputs]
        self.fgraph = fgraph
        self.graph = Graph(fgraph, implementation, order)
        big = {variable for node in order for variable in node.inputs if isinstance(variable, Constant)
               and isinstance(variable.type, TensorType) and variable.data.size > LARGEST_FOLDED}
        with jax.enable_x64(True):
            self.constants = {variable: jax.device_put(np.asarray(variable.data)) for variable in big}
        self.exceptions = []
        self.errors = []
        self._general = _Variant(self, [])
        self._variants = collections.defaultdict(list)

    def __call__(self, values):
        """Return the values of the graph's outputs, as new NumPy arrays.

        Parameters
        ----------
        values : list of ndarray
            Values of the graph's inputs.
        """
        with jax.enable_x64(True):
            arrays = list(map(_from_numpy, values, self._dtypes))
            if not self._general.undetermined:
                result = self._general(arrays)
            if self._general.undetermined:
                result = self._assuming(arrays)
            outputs, _, failure = result
            jax.block_until_ready(outputs)
            self._raise(failure)
            return [_to_numpy(output) for output in outputs]

    def _raise(self, failure):
        if self.errors:
            error = self.errors[0]
            self.errors.clear()
            raise error
        if failure is not None and failure:
            raise self.exceptions[int(failure) - 1].with_traceback(None)

    def _assuming(self, arrays):
        """Run the variant for these shapes whose assumed numbers turn out to be right."""
        variants = self._variants[tuple(array.shape for array in arrays)]      # the last used first
        found = []
        for _ in range(_MOST_TRIALS):
            variant = next((variant for variant in variants if _same(variant.known, found)), None)
            if variant is None:
                variant = _Variant(self, found)
            result = variant(arrays)
            numbers = [np.asarray(number) for number in result[1]]
            if variant.undetermined:
                found = variant.known + numbers
                continue
            if variant in variants:
                variants.remove(variant)
            variants.insert(0, variant)
            right = next((place for place, (number, assumed) in enumerate(zip(numbers, variant.known))
                          if not np.array_equal(number, assumed)), None)
            if right is None:
                return result
            found = numbers[:right + 1]
        raise UntraceableError('numbers that this function needs while JAX compiles it change whenever it '
                               'is compiled anew; compile it with another mode')

    def record(self, shapes, numbers):
        """Count a specialisation; tell the user when there are many, and why."""
        numbers = tuple(number.item() if number.ndim == 0 else tuple(number.tolist()) for number in numbers)
        self.specialisations.append(Specialisation(shapes, numbers))
        if len(self.specialisations) != MANY:
            return
        seen = [len({specialisation.shapes[place] for specialisation in self.specialisations})
                for place in range(len(shapes))]
        if max(seen, default=1) > 1:
            place = seen.index(max(seen))
            reason = 'its input %s came in %d shapes, the last %s; pad it to a few' % (
                self.fgraph.inputs[place], seen[place], shapes[place])
        else:
            reason = ('it needs numbers that the data decide, such as the length of a slice or of a mask, '
                      'the last %s' % (numbers,))
        warnings.warn('the function %s has been compiled by JAX %d times, which takes most of its time: '
                      '%s, or compile it with another mode'
                      % (self.fgraph.name or '', MANY, reason), EngineWarning, stacklevel=2)


class _Variant:
    """Program compiled under the assumption of some numbers.

    A call returns the outputs, the numbers assumed as they turned out, and the failure. Where
    `undetermined` is set by a call, it has met a number that was not assumed, which is all it returns.
    """

    def __init__(self, program, known):
        self.known = list(known)
        self.undetermined = False
        self._program = program
        self._jitted = jax.jit(self._trace)

    def __call__(self, arrays):
        return self._jitted(list(self._program.constants.values()), *arrays)

    def _trace(self, constants, *arrays):
        program = self._program
        trace = Trace(self.known, dict(zip(program.constants, constants)), program.exceptions,
                      program.errors)
        try:
            outputs = [stage(output) for output in program.graph(trace, *arrays)]
        except Undetermined as undetermined:
            self.undetermined = True
            return [], [undetermined.tracer], None
        program.record(tuple(array.shape for array in arrays), self.known)
        return outputs, trace.quantities, trace.failure


def _same(known, found):
    return len(known) >= len(found) and all(map(np.array_equal, known, found))


class _Memory:
    """Base of a NumPy array that shows the memory of a JAX array."""

    __slots__ = ('array', '__array_interface__')

    def __init__(self, array):
        self.array = array
        self.__array_interface__ = {'version': 3, 'shape': array.shape, 'typestr': array.dtype.str,
                                    'data': (array.unsafe_buffer_pointer(), False)}


def _to_numpy(array):
    """Return a writable NumPy array over the memory of a JAX array that is ready and held by nobody else."""
    if array.size and array.platform() == 'cpu':
        return np.asarray(_Memory(array))
    return np.array(array)


def _from_numpy(value, dtype):
    """Return what to hand to JAX for a NumPy array: the JAX array that it shows, where it is one of ours.

    A Python number, which a function that trusts its inputs may get, becomes an array of that dtype.
    """
    if not isinstance(value, np.ndarray):
        return np.asarray(value, dtype)
    memory = value.base
    if type(memory) is _Memory and memory.array.shape == value.shape and memory.array.dtype == value.dtype:
        return memory.array
    return value
