"""Gradients against finite differences."""
import random
from collections import OrderedDict

import numpy as np

from lasagne_ext.checks import check_count, check_number
from lasagne_ext.debug.gradients.comparison import Failure, choose_precision, compare, entry_name
from lasagne_ext.debug.gradients.problem import NoGradient, gradient_problem, make_problem
from lasagne_ext.debug.report import Verdict

#: Entries of an input that are moved each by itself, where `sample` is not given.
SAMPLE = 64


class GradCheck(Verdict):
    """Result of a check of gradients: ``print()`` it; true if all of them are right.

    Attributes
    ----------
    passed : bool
    verdict : str
        One sentence.
    rows : list of Row
        The worst derivatives: `output`, `output_index`, `input`, `index`, `analytic`, `numeric`, `error`,
        `relative`, `wrong`. `output_index` is None for a random sum of all entries of an output, `index`
        for a random direction in which all entries of an input move at once.
    compared : int
        Derivatives compared.
    failed : int
        How many of them are wrong.
    kinks : int
        Pairs of an output's and an input's entries that were left out, because the function has no
        derivative there.
    worst_error : float
        The largest relative error.
    seed : int
        With it the same entries and directions are drawn again.
    note : str
        What else is to be known, or ''.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne_ext.debug import gradcheck
    >>> result = gradcheck(lambda x: x ** 2, [np.array([1., 2.])])
    >>> result.passed, result.failed
    (True, 0)
    """

    right = (2, 3, 4, 5)
    totals = ('passed', 'verdict', 'compared', 'failed', 'kinks', 'worst_error', 'seed', 'note')

    def __init__(self, title, rows, worst, kinks, seed, note, failure=''):
        super().__init__(rows[:worst])
        self.compared, self.kinks, self.seed, self.note = len(rows), kinks, seed, note
        self.failed = sum(row.wrong for row in rows)
        self.worst_error = max((row.relative for row in rows), default=0.)
        if not failure and not rows:
            failure = 'nothing could be compared: the function has kinks at all %d entries' % kinks
        self.passed = not failure and not self.failed
        if failure:
            result = 'FAILED: %s' % failure
        elif self.failed:
            first = rows[0]
            output = '(%s)' % _output(first) if first.output_index is None else _output(first)
            result = 'FAILED: d %s / d %s: analytic %.6g, numeric %.6g; %d of %d derivatives are wrong' % (
                output, _input(first), first.analytic, first.numeric, self.failed, len(rows))
        else:
            result = 'passed: %d %s, worst relative error %.1e' % (
                len(rows), 'derivative' if len(rows) == 1 else 'derivatives', self.worst_error)
        if rows and kinks:
            result += ', %d at kinks left out' % kinks
        self.verdict = '%s: %s' % (title, result)

    def head(self):
        return ['derivative of', 'to', 'analytic', 'numeric', 'error', 'relative'] if self.rows else []

    def cells(self):
        return [[_output(row), _input(row), '%.9g' % row.analytic, '%.9g' % row.numeric, '%.1e' % row.error,
                 '%.1e' % row.relative] for row in self.rows]

    def emphasis(self, row):
        return 'bad' if row.wrong else None

    def footer(self):
        return '\n'.join(line for line in (self.note, 'seed %d' % self.seed) if line)


def _output(row):
    if row.output_index is None:
        return 'a random sum of %s' % row.output
    return entry_name(row.output, row.output_index)


def _input(row):
    if row.index is None:
        return '%s, a random direction' % row.input
    return entry_name(row.input, row.index)


def gradcheck(fn_or_layer, inputs, worst=5, seed=None, eps=None, rtol=None, atol=None, sample=None,
              deterministic=True, raise_exception=False):
    """Compare the gradient of a function, an Op or a network with finite differences.

    Parameters
    ----------
    fn_or_layer : callable, Op, Layer or list of Layer
        A function of symbolic variables that returns one or several (a list, tuple or dict); an Op; or
        the output layers of a network, of which all parameters are checked too.
    inputs : array, list or dict
        Where to check. Of a function: an array for each argument, or a dict by their names. Of a
        network: the value of its input layer, or a dict from input layers or their names. Whole numbers
        stay such and are not differentiated.
    worst : int
        How many of the worst derivatives the report shows.
    seed : int, optional
        Of what is drawn at random; by default another one each time, which the report shows.
    eps : float, optional
        The first step, relative to an entry's size: 2**-10, or 2**-5 where something works in float32.
        Smaller ones follow where the function is not smooth on that scale.
    rtol, atol : float, optional
        Errors allowed, relative to a derivative, and relative to the largest derivative of the same
        output and input: 1e-5 and 1e-7, where something works in float32 1e-2 and 1e-3.
    sample : int, optional
        At most so many entries of every input and parameter are moved each by itself, by default 64.
        All entries of a larger one are also moved at once in a random direction, and if the derivative
        along that is wrong, a wrong entry is searched for.
    deterministic : bool
        Whether layers behave as for prediction.
    raise_exception : bool
        Raise an error if the check fails.

    Returns
    -------
    GradCheck
        True if it has passed; ``print()`` shows a verdict and the worst derivatives.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind, or there is nothing to differentiate.
    AssertionError
        If the check fails and `raise_exception` says so; the message is the report.

    Notes
    -----
    Functions are compiled in Theano's default mode; ``FAST_COMPILE`` saves compiling much C code.

    Everything is done in float64, whatever floatX is: for a network with copies of its parameters, so
    that it stays as it is. Outputs of up to 64 entries are differentiated entry by entry, of larger ones
    two random sums of all entries. The same derivatives are taken by central differences with two steps,
    extrapolated. Where the derivatives from both sides still differ at the smallest steps, as those of a
    rectifier at 0, the function has a kink and no derivative; such entries are left out and counted. So
    are wrong ones where kinks cancel along a line but the derivative jumps right beside the point. An
    analytic derivative that is NaN or infinite is wrong everywhere, and so is one that is scaled or cut
    off on purpose. A function that gives different
    values at the same point is refused before anything is compared.

    References
    ----------
    Ridders (1982): Accurate computation of F'(x) and F'(x) F''(x).

    Examples
    --------
    >>> import numpy as np
    >>> import theano
    >>> import theano.tensor as T
    >>> from lasagne_ext.debug import gradcheck
    >>> bool(gradcheck(T.tanh, np.array([.5, -1])))
    True
    >>> def half(x):
    ...     return x.sum() + theano.gradient.disconnected_grad(x.sum())
    >>> print(gradcheck(half, np.array([3., 4])).verdict)
    gradcheck of half: FAILED: d out / d x[0]: analytic 1, numeric 2; 2 of 2 derivatives are wrong
    """
    return _check('gradcheck', fn_or_layer, inputs, worst, seed, eps, rtol, atol, sample, deterministic,
                  raise_exception)


def gradgradcheck(fn_or_layer, inputs, worst=5, seed=None, eps=None, rtol=None, atol=None, sample=None,
                  deterministic=True, raise_exception=False):
    """Compare second derivatives with finite differences of the gradient.

    Parameters
    ----------
    fn_or_layer, inputs, worst, seed, eps, rtol, atol, sample, deterministic, raise_exception : as in `gradcheck`
        What is checked, and how.

    Returns
    -------
    GradCheck
        Its outputs are the gradients ``(d output / d input)``, each for a random cotangent of the
        output, which counts as an input too.

    Raises
    ------
    TypeError, ValueError, AssertionError
        As for :func:`gradcheck`.

    Examples
    --------
    >>> import numpy as np
    >>> import theano.tensor as T
    >>> from lasagne_ext.debug import gradgradcheck
    >>> bool(gradgradcheck(lambda x, y: T.tanh(x * y), [np.array([.5, -1]), np.array([1., 2])]))
    True
    """
    return _check('gradgradcheck', fn_or_layer, inputs, worst, seed, eps, rtol, atol, sample, deterministic,
                  raise_exception)


def _check(caller, thing, inputs, worst, seed, eps, rtol, atol, sample, deterministic, raise_exception):
    worst = check_count(caller, 'worst', worst)
    sample = SAMPLE if sample is None else check_count(caller, 'sample', sample)
    given = OrderedDict((name, check_number(caller, argument, value, 0))
                        for name, argument, value in (('step', 'eps', eps), ('rtol', 'rtol', rtol),
                                                      ('atol', 'atol', atol)) if value is not None)
    # Not from NumPy's global generator, from which Lasagne draws weights.
    if eps == 0:
        raise ValueError('%s: eps must be more than 0' % caller)
    seed = random.SystemRandom().randrange(2 ** 31) if seed is None else seed
    rng = np.random.RandomState(seed)
    problem = make_problem(caller, thing, inputs, deterministic)
    rows, kinks, note, failure = [], 0, '', ''
    try:
        if caller == 'gradgradcheck':
            problem = gradient_problem(problem, rng)
        precision, note = choose_precision(problem)
        rows, kinks = compare(problem, precision._replace(**given), sample, rng)
    except (Failure, NoGradient) as error:
        failure = str(error)
    title = '%s of %s' % (caller, problem.title)
    report = GradCheck(title, rows, worst, kinks, seed, note, failure)
    if raise_exception and not report:
        raise AssertionError(str(report))
    return report
