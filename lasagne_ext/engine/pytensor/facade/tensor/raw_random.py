"""Draws from the states of NumPy's ``RandomState``: functions (state, size, ...) -> (new state, sample)."""
import warnings
from functools import reduce

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType, grad_undefined
from pytensor.graph.basic import Apply, Variable
from pytensor.scalar import upcast
from pytensor.tensor.basic import get_vector_length
from pytensor.tensor.exceptions import ShapeError
from pytensor.tensor.type import TensorType, integer_dtypes

from lasagne_ext.engine.pytensor._dispatch import register_dispatch
from lasagne_ext.engine.pytensor._names import ENGINE, refuse
from lasagne_ext.engine.pytensor.random_state import RandomStateType, borrow, encode, random_state_type
from lasagne_ext.engine.pytensor.tensor.adoption import Op, adopting


def random_integers_helper(random_state, low, high, size):
    """Draw integers between `low` and `high`, both included and of any shapes that broadcast to `size`."""
    beyond = np.asarray(high + np.int64(1)).astype('int64')       # 127 + 1 is no int8
    return random_state.randint(np.asarray(low).astype('int64'), beyond, size)


def choice_helper(random_state, a, replace, p, size):
    """Draw elements of `a`, or of ``range(a)``; an empty `p` stands for equal probabilities."""
    if a.ndim > 1:
        raise ValueError('a.ndim (%i) must be 0 or 1' % a.ndim)
    if p.ndim != 1:
        raise ValueError('p.ndim (%i) must be 1' % p.ndim)
    return random_state.choice(a if a.ndim else a.item(), size, bool(replace), p if p.size else None)


def permutation_helper(random_state, n, size):
    """Draw permutations of ``range(n)``, shape `size` + (n,)."""
    size = size or ()
    drawn = np.empty(size + (int(n),), dtype='int64')
    for index in np.ndindex(*size):
        drawn[index] = random_state.permutation(int(n))
    return drawn


def multinomial_helper(random_state, n, pvals, size):
    """Draw counts of the outcomes whose probabilities are in the rows of `pvals`, shape `size` + (outcomes,).

    `n` and the rows broadcast to `size`, or to one another if that is None.
    """
    rows = np.empty(pvals.shape[:-1])
    size = np.broadcast_shapes(n.shape, rows.shape) if size is None else size
    if pvals.min() < 0:
        raise ValueError('multinomial: pvals must not be negative, got %s' % pvals.min())
    ns = np.broadcast_to(n, size)
    rows = np.broadcast_to(pvals, size + pvals.shape[-1:])
    drawn = np.empty(rows.shape, dtype='int64')
    for index in np.ndindex(*size):
        drawn[index] = random_state.multinomial(ns[index], _damped(rows[index]).astype('float64'))
    return drawn


def _damped(pvals):
    """Return `pvals`, a little less where rounding might have their sum exceed 1, which NumPy refuses."""
    total = np.sum(pvals)
    if 1.0 < total < 1.0 + 1e-5 or pvals[-1] < 5e-5:
        pvals = pvals * (1.0 - 5e-5)
        total = np.sum(pvals)
    if total > 1.0:
        raise ValueError('multinomial: pvals must add up to at most 1, got %s' % total)
    return pvals


_NO_SIZE = pt.constant(np.array([], 'int64'))

#: Drawing functions that add an axis -> its length, from a node's inputs and their shapes.
_ADDED = {permutation_helper.__name__: lambda inputs, shapes: inputs[2],
          multinomial_helper.__name__: lambda inputs, shapes: shapes[3][-1]}


class RandomFunction(Op):
    """Draw numbers; inputs (state, size, arguments...), outputs (new state, sample).

    Parameters
    ----------
    fn : str or function
        A method of ``numpy.random.RandomState``, or what is called with one, the arguments and the
        size, which is None if `size` has length 0.
    outtype : TensorType
        The sample's.
    inplace : bool
        Only False: a state is small.
    ndim_added : int
        How many more axes the sample has than `size` is long.
    """

    __props__ = ('fn', 'outtype', 'ndim_added')

    def __init__(self, fn, outtype, inplace=False, ndim_added=0):
        if inplace:
            raise NotImplementedError('RandomFunction: inplace=True is not supported')
        self.fn = fn
        self.outtype = outtype
        self.ndim_added = ndim_added

    @property
    def exec_fn(self):
        """Return the function that draws."""
        return getattr(np.random.RandomState, self.fn) if isinstance(self.fn, str) else self.fn

    def __str__(self):
        return 'RandomFunction{%s}' % self.exec_fn.__name__

    def make_node(self, r, shape, *args):
        if not isinstance(r, Variable) or not isinstance(r.type, RandomStateType):
            raise TypeError('%s draws from a variable of RandomStateType, got %s'
                            % (self, getattr(r, 'type', r)))
        shape = pt.as_tensor_variable(_NO_SIZE if isinstance(shape, tuple) and not shape else shape, ndim=1)
        if shape.dtype not in ('int64', 'int32'):
            raise TypeError('the shape must be of int32 or int64, got %s' % shape.type)
        return Apply(self, [r, shape] + [pt.as_tensor_variable(arg) for arg in args],
                     [r.type(), self.outtype()])

    def perform(self, node, inputs, output_storage):
        words, size, *args = inputs
        size = tuple(int(length) for length in size) or None
        if size is not None and len(size) + self.ndim_added != self.outtype.ndim:
            raise ValueError('%s: size must have length %d, got %s'
                             % (self, self.outtype.ndim - self.ndim_added, size))
        random_state = borrow(words)
        sample = np.asarray(self.exec_fn(random_state, *args, size), dtype=self.outtype.dtype)
        if size is None and sample.ndim == 0:
            sample = sample.reshape([1] * self.outtype.ndim)
        if sample.ndim != self.outtype.ndim:
            raise ValueError('%s: expected %d dimensions, drew %d'
                             % (self, self.outtype.ndim, sample.ndim))
        if size is not None and sample.shape[:len(size)] != size:
            raise ValueError('%s: expected shape %s, drew %s' % (self, size, sample.shape))
        output_storage[0][0] = encode(random_state)
        output_storage[1][0] = sample

    def infer_shape(self, node, input_shapes):
        size = node.inputs[1]
        ndim = self.outtype.ndim - self.ndim_added
        if size.type.shape == (0,) and ndim or self.ndim_added and self.exec_fn.__name__ not in _ADDED:
            raise ShapeError('the shape depends on the values of the arguments')
        added = [_ADDED[self.exec_fn.__name__](node.inputs, input_shapes)] if self.ndim_added else []
        return [input_shapes[0], tuple(size[i] for i in range(ndim)) + tuple(added)]

    def pullback(self, inputs, outputs, cotangents):
        return [grad_undefined(self, i, x, 'Random numbers have no gradient') for i, x in enumerate(inputs)]

    def pushforward(self, inputs, outputs, tangents):
        return [DisconnectedType()() for _ in outputs]


def _infer_size(ndim, size, *args):
    """Return the size of a draw.

    Parameters
    ----------
    ndim : int or None
        Its length, needed if `size` is a vector of unknown length.
    size : tuple, list, vector variable or None
        A -1 in it stands for that axis of the arguments; None for what these broadcast to.
    args : variables
        Arguments of the draw.

    Returns
    -------
    size : int64 vector variable
    shape : tuple
        Static shape: the lengths that are constants, None for the others.
    """
    if isinstance(size, (tuple, list)):
        if ndim not in (None, len(size)):
            raise ValueError('ndim should be equal to len(shape), but ndim = %s, len(shape) = %s, '
                             'shape = %s' % (ndim, len(size), size))
        ndim = len(size)
        lengths = [_length(i - ndim, length, args) for i, length in enumerate(size)]
        shape = tuple(None if isinstance(length, Variable) else int(length) for length in lengths)
        size = pt.as_tensor_variable(lengths, ndim=1) if lengths else _NO_SIZE
    elif size is None:
        if not args:
            raise TypeError('the size cannot be inferred: give size')
        template = reduce(lambda a, b: a + b, args)
        size, ndim, shape = template.shape, template.ndim, template.type.shape
    else:
        size = pt.as_tensor_variable(size)
        if size.ndim != 1:
            raise TypeError('shape must be a vector or list of scalar, got %s' % size.type)
        ndim = get_vector_length(size) if ndim is None else ndim
        shape = (None,) * ndim
    if size.dtype not in integer_dtypes:
        raise TypeError('shape must be an integer vector or list, got %s' % size.dtype)
    if max((arg.ndim for arg in args), default=0) > ndim:
        raise ValueError('ndim should be at least as big as required by args value',
                         (ndim, [arg.ndim for arg in args]), args)
    return pt.cast(size, 'int64'), shape


def _length(axis, length, args):
    """Return one length of a size, an int if it is known; `axis` counts from the end."""
    if isinstance(length, Variable) or length >= 0:
        return length
    if length != -1:
        raise ValueError('a length must be a variable, -1 or at least 0, got %s' % length)
    candidates = [arg for arg in args if arg.ndim >= -axis]
    if not candidates:
        raise ValueError('a length of -1 must be that of an axis of the arguments')
    for arg in candidates:
        if not arg.type.broadcastable[axis]:
            return arg.shape[axis]
    return 1


def _real(name, random_state, size, first, second, ndim, dtype):
    first, second = pt.as_tensor_variable(first), pt.as_tensor_variable(second)
    if dtype is None:
        dtype = upcast(pytensor.config.floatX, first.dtype, second.dtype)
    size, shape = _infer_size(ndim, size, first, second)
    return RandomFunction(name, TensorType(dtype, shape))(random_state, size, first, second)


def uniform(random_state, size=None, low=0.0, high=1.0, ndim=None, dtype=None):
    """Draw numbers from [`low`, `high`)."""
    return _real('uniform', random_state, size, low, high, ndim, dtype)


def normal(random_state, size=None, avg=0.0, std=1.0, ndim=None, dtype=None):
    """Draw normally distributed numbers of that mean and standard deviation."""
    return _real('normal', random_state, size, avg, std, ndim, dtype)


def binomial(random_state, size=None, n=1, p=0.5, ndim=None, dtype='int64', prob=None):
    """Count how many of `n` trials succeed, each with probability `p`."""
    if prob is not None:
        warnings.warn('binomial: the argument prob is called p', DeprecationWarning, skip_file_prefixes=ENGINE)
        p = prob
    n, p = pt.as_tensor_variable(n), pt.as_tensor_variable(p)
    size, shape = _infer_size(ndim, size, n, p)
    # In Theano its samples broadcast along no axis.
    shape = tuple(None if length == 1 else length for length in shape)
    return RandomFunction('binomial', TensorType(dtype, shape))(random_state, size, n, p)


def random_integers(random_state, size=None, low=0, high=1, ndim=None, dtype='int64'):
    """Draw integers between `low` and `high`, both included."""
    low, high = pt.as_tensor_variable(low), pt.as_tensor_variable(high)
    size, shape = _infer_size(ndim, size, low, high)
    return RandomFunction(random_integers_helper, TensorType(dtype, shape))(random_state, size, low, high)


def choice(random_state, size=None, a=2, replace=True, p=None, ndim=None, dtype='int64'):
    """Draw elements of a vector `a`, or of ``range(a)``, with probabilities `p` or equal ones."""
    a = pt.as_tensor_variable(a)
    replace = pt.constant(replace, dtype='int8') if isinstance(replace, bool) else replace
    p = pt.constant([], dtype='float64') if p is None else pt.as_tensor_variable(p)
    size, shape = _infer_size(ndim, size)
    return RandomFunction(choice_helper, TensorType(dtype, shape))(random_state, size, a, replace, p)


def poisson(random_state, size=None, lam=1.0, ndim=None, dtype='int64'):
    """Draw Poisson distributed numbers of mean `lam`."""
    lam = pt.as_tensor_variable(lam)
    size, shape = _infer_size(ndim, size)
    return RandomFunction('poisson', TensorType(dtype, shape))(random_state, size, lam)


def permutation(random_state, size=None, n=1, ndim=None, dtype='int64'):
    """Draw permutations of ``range(n)`` along a new last axis."""
    if size is None or isinstance(size, tuple) and not size:
        if ndim not in (None, 1):
            raise TypeError('one permutation has 1 dimension, got ndim=%s' % ndim)
        size, shape = (), ()
    else:
        size, shape = _infer_size(ndim, size)
    return RandomFunction(permutation_helper, TensorType(dtype, shape + (None,)), ndim_added=1)(
        random_state, size, n)


def multinomial(random_state, size=None, n=1, pvals=[0.5, 0.5], ndim=None, dtype='int64'):
    """Count how often each outcome of the distributions along the last axis of `pvals` comes up."""
    n, pvals = pt.as_tensor_variable(n), pt.as_tensor_variable(pvals)
    size, shape = _infer_size(ndim, size, n, pvals[..., 0])
    return RandomFunction(multinomial_helper, TensorType(dtype, shape + pvals.type.shape[-1:]),
                          ndim_added=1)(random_state, size, n, pvals)


@adopting
class RandomStreamsBase:
    """Draw by method, where a subclass's ``gen(function, *args, **kwargs)`` supplies the state."""

    def binomial(self, size=None, n=1, p=0.5, ndim=None, dtype='int64', prob=None):
        """Count how many of `n` trials succeed, each with probability `p`."""
        return self.gen(binomial, size, n, p, ndim=ndim, dtype=dtype, prob=prob)

    def uniform(self, size=None, low=0.0, high=1.0, ndim=None, dtype=None):
        """Draw numbers from [`low`, `high`)."""
        return self.gen(uniform, size, low, high, ndim=ndim, dtype=dtype)

    def normal(self, size=None, avg=0.0, std=1.0, ndim=None, dtype=None):
        """Draw normally distributed numbers of that mean and standard deviation."""
        return self.gen(normal, size, avg, std, ndim=ndim, dtype=dtype)

    def random_integers(self, size=None, low=0, high=1, ndim=None, dtype='int64'):
        """Draw integers between `low` and `high`, both included."""
        return self.gen(random_integers, size, low, high, ndim=ndim, dtype=dtype)

    def choice(self, size=None, a=2, replace=True, p=None, ndim=None, dtype='int64'):
        """Draw elements of a vector `a`, or of ``range(a)``, with probabilities `p` or equal ones."""
        return self.gen(choice, size, a, replace, p, ndim=ndim, dtype=dtype)

    def poisson(self, size=None, lam=None, ndim=None, dtype='int64'):
        """Draw Poisson distributed numbers of mean `lam`."""
        return self.gen(poisson, size, lam, ndim=ndim, dtype=dtype)

    def permutation(self, size=None, n=1, ndim=None, dtype='int64'):
        """Draw permutations of ``range(n)`` along a new last axis."""
        return self.gen(permutation, size, n, ndim=ndim, dtype=dtype)

    def multinomial(self, size=None, n=1, pvals=[0.5, 0.5], ndim=None, dtype='int64'):
        """Count how often each outcome of the distributions along the last axis of `pvals` comes up."""
        return self.gen(multinomial, size, n, pvals, ndim=ndim, dtype=dtype)

    def shuffle_row_elements(self, input):
        """Shuffle every row of `input`, along the last axis; ``.permutation`` says how."""
        permutations = self.permutation(size=input.shape[:-1], n=input.shape[-1], ndim=input.ndim - 1)
        shuffled = pt.take_along_axis(input, permutations, axis=-1)
        shuffled.permutation = permutations
        return shuffled


register_dispatch(numba='lasagne_ext.engine.pytensor.numba_mode.random',
                  jax='lasagne_ext.engine.pytensor.jax_mode.random')

__getattr__ = refuse(__name__, {
    'random_make_inplace': 'states are copied, there is nothing to optimise'})
