"""Compute the same in every way there is, and compare."""
import functools
import random
from collections import OrderedDict, namedtuple

import numpy as np
import theano
import theano.tensor as T

from lasagne_ext import kernels
from lasagne_ext.debug.gradients.float64 import is_float
from lasagne_ext.debug.gradients.problem import apply_function, function_text, gradients, named_arrays
from lasagne_ext.debug.report import Verdict
from lasagne_ext.network.graph import argument_text
from lasagne_ext.ops import _symbolic
from lasagne_ext.ops._sampler import ForwardSampler, Sampler
from lasagne_ext.ops.antialias import FootprintSample

#: A result of a path, one way to compute the function. `difference` is the largest absolute one to the
#: reference's result, `roundings` that in units of the rounding of its largest value, in the coarsest type
#: at hand; `verdict` is 'equal' (bit for bit), 'same' or 'DIFFERENT'.
Row = namedtuple('Row', 'path what difference roundings verdict')

#: How many roundings of the largest value may lie between two ways to the same sum.
ALLOWED = 1000


class ImplementationReport(Verdict):
    """Comparison of the ways to compute a function: ``print()`` it; true if all agree.

    Attributes
    ----------
    passed : bool
    verdict : str
        One sentence.
    reference : str
        The path to which the others are compared.
    rows : list of Row
        `path`, `what` (an output, or the gradient to an input), `difference`, `roundings`, `verdict`.
    seed : int
        Of the cotangents for which gradients are taken.
    notes : list of str
        Paths that there are not, and why.

    Examples
    --------
    >>> import numpy as np
    >>> import theano.tensor as T
    >>> from lasagne_ext.debug import compare_implementations
    >>> result = compare_implementations(T.tanh, [np.array([.5, 1.])])
    >>> result.passed
    True
    """

    right = (2, 3)
    totals = ('passed', 'verdict', 'reference', 'seed', 'notes')

    def __init__(self, title, reference, rows, seed, notes):
        super().__init__(rows)
        self.reference, self.seed, self.notes = reference, seed, notes
        wrong = [row for row in rows if row.verdict == 'DIFFERENT']
        self.passed = bool(rows) and not wrong
        if wrong:
            worst = max(wrong, key=lambda row: row.roundings)
            text = 'DIFFERENT: %s by %s is %.3g away from that by %s, %.3g roundings' % (
                worst.what, worst.path, worst.difference, reference, worst.roundings)
        elif not rows:
            text = 'there is no other path than %s' % reference
        else:
            count = len({row.path for row in rows})
            text = '%d path%s with %s, the largest difference being %.3g roundings' % (
                count, ' agrees' if count == 1 else 's agree', reference,
                max(row.roundings for row in rows))
        self.verdict = '%s: %s' % (title, text)

    def head(self):
        return ['path', 'what', 'difference', 'roundings', 'verdict'] if self.rows else []

    def cells(self):
        return [[row.path, row.what, '%.2g' % row.difference, '%.3g' % row.roundings, row.verdict]
                for row in self.rows]

    def emphasis(self, row):
        return 'bad' if row.verdict == 'DIFFERENT' else None

    def footer(self):
        return '\n'.join(['compared with: %s' % self.reference] + self.notes + ['seed %d' % self.seed])


def compare_implementations(op, inputs, seed=None):
    """Compute outputs and gradients of a function in every way there is, and compare them.

    Parameters
    ----------
    op : callable or Op
        A function of symbolic variables, such as ``lambda image, theta: affine_transform(image, theta,
        (5, 5))``; or an Op.
    inputs : array, list or dict
        An array for each argument, or a dict by their names, of the dtypes that are to be tried.
    seed : int, optional
        Of the cotangents; by default another one each time, which the report shows.

    Returns
    -------
    ImplementationReport
        True if all ways agree; ``print()`` shows a table.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind.

    Notes
    -----
    Where the function samples with this package, it is compared with the kernels' NumPy reference, and the
    paths are the compiled kernels, for each set of instructions that this processor runs, and a graph
    of elementary operations whose gradient is Theano's. Of other functions the reference is the
    graph as it is, run by the Ops' Python code; the paths are their C code, where there is a compiler,
    and the modes ``FAST_COMPILE`` and ``FAST_RUN``.

    Results are equal, or the same up to 1000 roundings of the largest value; other differences, and a NaN
    on one side only, are too large.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne_ext.debug import compare_implementations
    >>> from lasagne_ext.ops import affine_transform
    >>> image, theta = np.random.rand(1, 1, 4, 4), np.array([[.9, .1, 0, -.1, .9, .2]])
    >>> def sample(image, theta):
    ...     return affine_transform(image, theta, (3, 3))
    >>> bool(compare_implementations(sample, [image, theta]))
    True
    """
    caller = 'compare_implementations'
    if not callable(op):
        raise TypeError('%s: op must be a function of symbolic variables or an Op, got %s'
                        % (caller, argument_text(op, 'the function')))
    arrays = named_arrays(caller, op, inputs)
    seed = random.SystemRandom().randrange(2 ** 31) if seed is None else seed
    variables = OrderedDict((name, T.TensorType(str(array.dtype), [size == 1 for size in array.shape])(name))
                            for name, array in arrays.items())
    outputs = apply_function(caller, op, variables, isinstance(inputs, dict))
    run = functools.partial(_run, variables, list(arrays.values()), seed)
    ours = any(isinstance(node.op, Sampler) for node in _nodes(outputs))
    reference, paths = (_of_sampling if ours else _of_modes)(run, outputs)
    results, notes = OrderedDict(), []
    for name, path in paths.items():
        try:
            results[name] = path()
        except (NotImplementedError, AttributeError) as error:      # an Op without such an implementation
            notes.append('%s: none, %s' % (name, (str(error).splitlines() or [type(error).__name__])[0]))
    if ours and kernels.library is None:
        notes.append('no compiled kernels')
    if reference not in results:
        reference = next(iter(results))
    expected = results.pop(reference)
    # The coarsest rounding.
    unit = max((np.finfo(variable.dtype).eps for variable in [*variables.values(), *outputs.values()]
                if is_float(variable)), default=0.)
    rows = [_compared(path, what, value, expected[what], unit) for path, found in results.items()
            for what, value in found.items()]
    return ImplementationReport('%s of %s' % (caller, function_text(op)), reference, rows, seed, notes)


def _run(variables, values, seed, outputs, mode):
    """Compute outputs and gradients in a mode: what -> array."""
    rng = np.random.RandomState(seed)
    inputs = list(variables.values())
    found = OrderedDict(zip(outputs, theano.function(inputs, list(outputs.values()), mode=mode,
                                                     on_unused_input='ignore')(*values)))
    floating = [name for name, variable in variables.items() if is_float(variable)]
    for name, output in outputs.items():
        if not is_float(output):
            continue
        cotangent, gradient = gradients(output, [variables[wrt] for wrt in floating])
        there = [(wrt, g) for wrt, g in zip(floating, gradient) if g is not None]
        pull = theano.function(inputs + [cotangent], [g for _, g in there], mode=mode,
                               on_unused_input='ignore')
        weights = np.asarray(rng.uniform(-1, 1, np.shape(found[name])), cotangent.dtype)
        pulled = pull(*(values + [weights]))
        found.update(('d %s / d %s' % (name, wrt), value) for (wrt, _), value in zip(there, pulled))
    return found


def _unoptimized():
    """Make the mode that runs the graph as it is, by the Ops' Python code."""
    return theano.compile.Mode(linker='py', optimizer=None)


def _of_sampling(run, outputs):
    def run_with(library):
        before = kernels.library
        kernels.library = library
        try:
            return run(outputs, _unoptimized())
        finally:
            kernels.library = before

    paths = OrderedDict([('the NumPy reference', lambda: run_with(None))])
    used = kernels.library
    for isa in used.runnable_isas() if used else ():
        name = 'the kernels, %s%s' % (isa, ' (in use)' if isa == used.isa else '')
        library = used if isa == used.isa else kernels.Library(used.path, isa)
        paths[name] = functools.partial(run_with, library)
    paths['the elementary graph'] = lambda: run(_elementary(outputs), _unoptimized())
    return 'the NumPy reference', paths


def _elementary(outputs):
    """Replace all sampling in the graph of `outputs` by elementary operations.

    Raises
    ------
    NotImplementedError
        If there is a gradient Op among them, for which no such graph stands by itself.
    """
    replacements = []
    for node in _nodes(outputs):
        if isinstance(node.op, (ForwardSampler, FootprintSample)):
            replacements.append((node.outputs[0], _sampled(node)))
        elif isinstance(node.op, Sampler):
            raise NotImplementedError('%s is a gradient' % type(node.op).__name__)
    return OrderedDict(zip(outputs, theano.clone(list(outputs.values()), replace=replacements)))


def _nodes(outputs):
    variables = list(outputs.values())
    return theano.gof.graph.io_toposort(theano.gof.graph.inputs(variables), variables)


def _sampled(node):
    """Return what a sampling node gives, by elementary operations."""
    op, image, points, output = node.op, node.inputs[0], node.inputs[1], node.outputs[0]
    rank = image.ndim - 2
    flat = op.generator.flat(T.cast(points, 'float64'), rank)
    # Where it samples, in pixels: (N, rank, P).
    coordinates, _ = op.generator.pixels(flat, T.zeros_like(flat), rank, image.shape[:1:-1],
                                         output.shape[:-rank - 1:-1], op.options.align_corners)
    if isinstance(op, FootprintSample):
        spread = T.cast(node.inputs[2], 'float64').reshape((coordinates.shape[0], -1, rank, rank))
        values = _symbolic.footprint_sampled(image, coordinates, spread, op.mode)
    else:
        values = _symbolic.sampled(image, coordinates, op.mode)
    # Points that are nowhere get a gradient of NaN.
    nowhere = T.or_(T.isnan(coordinates), T.isinf(coordinates)).any(axis=1, keepdims=True)
    nothing = T.sum(T.switch(nowhere, np.nan, 0.) * coordinates, axis=1)
    values += T.cast(nothing, values.dtype).dimshuffle(0, 'x', 1)
    return T.patternbroadcast(values.reshape(output.shape, ndim=output.ndim), output.broadcastable)


def _of_modes(run, outputs):
    paths = OrderedDict([('Python code', lambda: run(outputs, _unoptimized()))])
    if theano.config.cxx:
        paths['C code'] = lambda: run(outputs, theano.compile.Mode(linker='c|py', optimizer=None))
    for name in ('FAST_COMPILE', 'FAST_RUN'):
        paths[name] = lambda name=name: run(outputs, theano.compile.get_mode(name))
    return 'Python code', paths


def _compared(path, what, value, expected, unit):
    value, expected = np.asarray(value), np.asarray(expected)
    if value.shape != expected.shape:
        return Row(path, what, np.inf, np.inf, 'DIFFERENT')
    if value.tobytes() == expected.tobytes():
        return Row(path, what, 0., 0., 'equal')
    value, expected = (np.asarray(array, 'float64') for array in (value, expected))
    with np.errstate(all='ignore'):
        differences = np.abs(value - expected)
    # NaN and infinities are the same on both sides or not at all.
    differences[(value == expected) | (np.isnan(value) & np.isnan(expected))] = 0
    difference = float(np.max(np.where(np.isnan(differences), np.inf, differences)))
    largest = np.max(np.abs(expected[np.isfinite(expected)]), initial=0)
    with np.errstate(all='ignore'):
        roundings = float(np.float64(difference) / (unit * largest)) if difference else 0.
    return Row(path, what, difference, roundings, 'same' if roundings <= ALLOWED else 'DIFFERENT')
