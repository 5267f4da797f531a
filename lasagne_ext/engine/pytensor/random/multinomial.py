"""Ops that turn uniform numbers into draws from discrete distributions."""
import warnings

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.graph.basic import Apply, Constant
from pytensor.tensor.type import TensorType, discrete_dtypes

from lasagne_ext.engine.pytensor._names import ENGINE
from lasagne_ext.engine.pytensor.tensor.adoption import Op


class _FromUniform(Op):
    """Inputs (pvals, unis, n): a row of probabilities each, n blocks of a number each, how many."""

    __props__ = ('odtype',)

    #: dtype that ``odtype='auto'`` stands for; None for that of the probabilities.
    auto_dtype = None

    def __init__(self, odtype):
        self.odtype = odtype

    def make_node(self, pvals, unis, n=1):
        pvals, unis, n = (pt.as_tensor_variable(x) for x in (pvals, unis, n))
        if pvals.ndim != 2:
            raise NotImplementedError('pvals ndim should be 2', pvals.ndim)
        if unis.ndim != 1:
            raise NotImplementedError('unis ndim should be 1', unis.ndim)
        if n.ndim != 0 or n.dtype not in discrete_dtypes:
            raise TypeError('n must be an integer scalar, got %s' % n.type)
        dtype = self.auto_dtype or pvals.dtype if self.odtype == 'auto' else self.odtype
        return Apply(self, [pvals, unis, n], [TensorType(dtype, self.static_shape(pvals, n))()])

    def perform(self, node, inputs, output_storage):
        pvals, unis, n = inputs
        if len(unis) != len(pvals) * n:
            raise ValueError('unis.shape[0] (%d) is not pvals.shape[0] * n (%d * %d)'
                             % (len(unis), len(pvals), n))
        output_storage[0][0] = self.draw(pvals, unis.reshape(int(n), len(pvals)), node.outputs[0].dtype)

    def pullback(self, inputs, outputs, cotangents):
        return [pt.zeros_like(x, dtype=pytensor.config.floatX if x.dtype in discrete_dtypes else x.dtype)
                for x in inputs]


class MultinomialFromUniform(_FromUniform):
    """How often each outcome of a row came up, shape of `pvals`."""

    def static_shape(self, pvals, n):
        return pvals.type.shape

    def draw(self, pvals, unis, dtype):
        counts = np.zeros(pvals.shape, dtype)
        cumulated = pvals.cumsum(axis=1, dtype='float64')
        for numbers in unis:
            rows, outcomes = _first_above(cumulated, numbers)
            counts[rows, outcomes] += 1
        return counts

    def infer_shape(self, node, input_shapes):
        return [input_shapes[0]]


class ChoiceFromUniform(_FromUniform):
    """Which outcomes of a row came up, (rows, n), by default none of them twice."""

    __props__ = ('odtype', 'replace')
    auto_dtype = 'int64'

    def __init__(self, odtype, replace=False):
        super().__init__(odtype)
        self.replace = replace

    def static_shape(self, pvals, n):
        return pvals.type.shape[0], int(n.data) if isinstance(n, Constant) else None

    def draw(self, pvals, unis, dtype):
        if len(unis) > pvals.shape[1]:
            raise ValueError('cannot draw %d of %d outcomes without replacement'
                             % (len(unis), pvals.shape[1]))
        pvals = pvals.copy()
        drawn = np.full((len(pvals), len(unis)), -1, dtype)
        for i, numbers in enumerate(unis):
            cumulated = pvals.cumsum(axis=1, dtype='float64')
            rows, outcomes = _first_above(cumulated, numbers)
            drawn[rows, i] = outcomes
            if not self.replace:
                pvals[rows] = _without(pvals[rows], cumulated[rows], outcomes)
        return drawn

    def infer_shape(self, node, input_shapes):
        return [(input_shapes[0][0], node.inputs[2])]


def multinomial_wo_replacement_from_uniform(*args, **kwargs):
    """:class:`ChoiceFromUniform` by its old name."""
    warnings.warn('MultinomialWOReplacementFromUniform is deprecated, use ChoiceFromUniform instead.',
                  DeprecationWarning, skip_file_prefixes=ENGINE)
    return ChoiceFromUniform(*args, **kwargs)


def _first_above(cumulated, numbers):
    """(rows, columns) of the first value above each row's number, for the rows that have one."""
    above = cumulated > numbers[:, None]
    rows = np.flatnonzero(above.any(axis=1))
    return rows, above[rows].argmax(axis=1)


def _without(pvals, cumulated, outcomes):
    """Probabilities given that one outcome per row is out.

    What precedes it is summed in double precision, what follows it in that of `pvals` and in order,
    since the next draw depends on the last bit.
    """
    rows = np.arange(len(pvals))
    before = (cumulated[rows, outcomes] - pvals[rows, outcomes]).astype(pvals.dtype)
    pvals[rows, outcomes] = 0
    after = np.where(np.arange(pvals.shape[1]) > outcomes[:, None], pvals, 0)
    terms = np.concatenate([before[:, None], after], axis=1, dtype=pvals.dtype)
    with np.errstate(invalid='ignore'):      # nothing is left to draw from
        return pvals / terms.cumsum(axis=1, dtype=pvals.dtype)[:, -1:]
