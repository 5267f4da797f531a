"""Ops that draw: uniform numbers from MRG31k3p, and from discrete distributions by uniform numbers."""
import numpy as np
import theano
from theano.gof import Apply, Op
from theano.gradient import grad_undefined
from theano.tensor import as_tensor_variable, get_vector_length, zeros_like
from theano.tensor.basic import discrete_dtypes

from lasagne_ext.engine.runtime.static_shapes import static_int, static_shape, tensor_type, vector_length
from lasagne_ext.kernels import mrg


class MRGUniform(Op):
    """Draw numbers from the open interval (0, 1): ``(state, size)`` -> ``(new state, sample)``."""

    __props__ = ('dtype', 'ndim')

    def __init__(self, dtype, ndim):
        if dtype not in mrg.NORM:
            raise TypeError('MRG_RandomStreams draws %s, got dtype %r' % (', '.join(sorted(mrg.NORM)), dtype))
        self.dtype = dtype
        self.ndim = ndim

    @classmethod
    def new(cls, rstate, ndim, dtype, size):
        """Return new state and sample, of as many axes as `size` is long if `ndim` is None."""
        size = as_tensor_variable(size, ndim=1)
        return cls(dtype, get_vector_length(size) if ndim is None else ndim)(rstate, size)

    def make_node(self, rstate, size):
        rstate = as_tensor_variable(rstate)
        size = as_tensor_variable(size, ndim=1)
        if rstate.dtype != 'int32' or rstate.ndim != 2:
            raise TypeError('the state must be an int32 matrix, got %s' % rstate.type)
        if size.dtype not in discrete_dtypes:
            # An empty tuple becomes an empty array of floats.
            if vector_length(size) != 0:
                raise TypeError('size must be of integers, got %s' % size.type)
            size = size.astype('int64')
        shape = [static_int(size[i]) for i in range(self.ndim)]
        return Apply(self, [rstate, size], [rstate.type(), tensor_type(self.dtype, shape)()])

    def perform(self, node, inputs, output_storage):
        rstate, size = inputs
        shape = self.shape(size)
        new_state, sample = mrg.uniform(rstate, int(np.prod(shape, dtype='int64')), self.dtype)
        output_storage[0][0] = new_state
        output_storage[1][0] = sample.reshape(shape)

    def shape(self, size):
        """Return the sample's shape for a value of `size`, checked."""
        shape = tuple(int(length) for length in size)
        if len(shape) != self.ndim:
            raise ValueError('size must have length %d, got %s' % (self.ndim, shape))
        if min(shape, default=0) < 0:
            raise ValueError('size must not be negative, got %s' % (shape,))
        if np.prod(shape, dtype=object) > mrg.M1:
            raise ValueError('MRG_RandomStreams does not draw more than 2**31 - 1 numbers at a time, '
                             'got size %s' % (shape,))
        return shape

    def infer_shape(self, node, input_shapes):
        size = node.inputs[1]
        return [input_shapes[0], tuple(size[i] for i in range(self.ndim))]

    def grad(self, inputs, output_grads):
        return [grad_undefined(self, i, x, 'Random numbers have no gradient') for i, x in enumerate(inputs)]

    def R_op(self, inputs, eval_points):
        return [None, None]


class _FromUniform(Op):
    """Draw for each row of `pvals` by `n` uniform numbers: ``(pvals, unis, n)``, `unis` in `n` blocks."""

    __props__ = ('odtype',)

    #: dtype that ``odtype='auto'`` stands for; None for that of the probabilities.
    auto_dtype = None

    def __init__(self, odtype):
        self.odtype = odtype

    def make_node(self, pvals, unis, n=1):
        pvals, unis, n = (as_tensor_variable(x) for x in (pvals, unis, n))
        if pvals.ndim != 2:
            raise NotImplementedError('pvals ndim should be 2', pvals.ndim)
        if unis.ndim != 1:
            raise NotImplementedError('unis ndim should be 1', unis.ndim)
        if n.ndim != 0 or n.dtype not in discrete_dtypes:
            raise TypeError('n must be an integer scalar, got %s' % n.type)
        dtype = self.auto_dtype or pvals.dtype if self.odtype == 'auto' else self.odtype
        return Apply(self, [pvals, unis, n], [tensor_type(dtype, self.static_shape(pvals, n))()])

    def perform(self, node, inputs, output_storage):
        pvals, unis, n = inputs
        if len(unis) != len(pvals) * n:
            raise ValueError('unis.shape[0] (%d) is not pvals.shape[0] * n (%d * %d)'
                             % (len(unis), len(pvals), n))
        output_storage[0][0] = self.draw(pvals, unis.reshape(int(n), len(pvals)), node.outputs[0].dtype)

    def grad(self, inputs, output_grads):
        return [zeros_like(x, dtype=theano.config.floatX if x.dtype in discrete_dtypes else x.dtype)
                for x in inputs]


class MultinomialFromUniform(_FromUniform):
    """Count how often each outcome of a row came up, in the shape of `pvals`."""

    def static_shape(self, pvals, n):
        return static_shape(pvals)

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
    """Tell which outcomes of a row came up, (rows, n), by default none of them twice."""

    __props__ = ('odtype', 'replace')
    auto_dtype = 'int64'

    def __init__(self, odtype, replace=False):
        super().__init__(odtype)
        self.replace = replace

    def static_shape(self, pvals, n):
        return static_shape(pvals)[0], static_int(n)

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


def _first_above(cumulated, numbers):
    """Return (rows, columns) of the first value above each row's number, for the rows that have one."""
    above = cumulated > numbers[:, None]
    rows = np.flatnonzero(above.any(axis=1))
    return rows, above[rows].argmax(axis=1)


def _without(pvals, cumulated, outcomes):
    """Return the probabilities given that one outcome per row is out.

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
