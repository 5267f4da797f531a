"""Draws from a ``RandomState``: functions (state, size, ...) -> (new state, sample)."""
import warnings

import pytensor
import pytensor.tensor as pt
from pytensor.scalar import upcast
from pytensor.tensor.type import TensorType

from lasagne_ext.engine.pytensor._names import ENGINE
from lasagne_ext.engine.pytensor.random import draws
from lasagne_ext.engine.pytensor.random.random_function import RandomFunction, infer_size
from lasagne_ext.engine.pytensor.tensor.adoption import adopting


def _real(name, random_state, size, first, second, ndim, dtype):
    first, second = pt.as_tensor_variable(first), pt.as_tensor_variable(second)
    if dtype is None:
        dtype = upcast(pytensor.config.floatX, first.dtype, second.dtype)
    size, shape = infer_size(ndim, size, first, second)
    return RandomFunction(name, TensorType(dtype, shape))(random_state, size, first, second)


def uniform(random_state, size=None, low=0.0, high=1.0, ndim=None, dtype=None):
    """Numbers from [`low`, `high`)."""
    return _real('uniform', random_state, size, low, high, ndim, dtype)


def normal(random_state, size=None, avg=0.0, std=1.0, ndim=None, dtype=None):
    """Normally distributed numbers of that mean and standard deviation."""
    return _real('normal', random_state, size, avg, std, ndim, dtype)


def binomial(random_state, size=None, n=1, p=0.5, ndim=None, dtype='int64', prob=None):
    """How many of `n` trials succeed, each with probability `p`."""
    if prob is not None:
        warnings.warn('binomial: the argument prob is called p', DeprecationWarning, skip_file_prefixes=ENGINE)
        p = prob
    n, p = pt.as_tensor_variable(n), pt.as_tensor_variable(p)
    size, shape = infer_size(ndim, size, n, p)
    # In Theano its samples broadcast along no axis.
    shape = tuple(None if length == 1 else length for length in shape)
    return RandomFunction('binomial', TensorType(dtype, shape))(random_state, size, n, p)


def random_integers(random_state, size=None, low=0, high=1, ndim=None, dtype='int64'):
    """Integers between `low` and `high`, both included."""
    low, high = pt.as_tensor_variable(low), pt.as_tensor_variable(high)
    size, shape = infer_size(ndim, size, low, high)
    return RandomFunction(draws.random_integers, TensorType(dtype, shape))(random_state, size, low, high)


def choice(random_state, size=None, a=2, replace=True, p=None, ndim=None, dtype='int64'):
    """Elements of a vector `a`, or of ``range(a)``, with probabilities `p` or equal ones."""
    a = pt.as_tensor_variable(a)
    replace = pt.constant(replace, dtype='int8') if isinstance(replace, bool) else replace
    p = pt.constant([], dtype='float64') if p is None else pt.as_tensor_variable(p)
    size, shape = infer_size(ndim, size)
    return RandomFunction(draws.choice, TensorType(dtype, shape))(random_state, size, a, replace, p)


def poisson(random_state, size=None, lam=1.0, ndim=None, dtype='int64'):
    """Poisson distributed numbers of mean `lam`."""
    lam = pt.as_tensor_variable(lam)
    size, shape = infer_size(ndim, size)
    return RandomFunction('poisson', TensorType(dtype, shape))(random_state, size, lam)


def permutation(random_state, size=None, n=1, ndim=None, dtype='int64'):
    """Permutations of ``range(n)`` along a new last axis."""
    if size is None or isinstance(size, tuple) and not size:
        if ndim not in (None, 1):
            raise TypeError('one permutation has 1 dimension, got ndim=%s' % ndim)
        size, shape = (), ()
    else:
        size, shape = infer_size(ndim, size)
    return RandomFunction(draws.permutation, TensorType(dtype, shape + (None,)), ndim_added=1)(
        random_state, size, n)


def multinomial(random_state, size=None, n=1, pvals=[0.5, 0.5], ndim=None, dtype='int64'):
    """How often each outcome of the distributions along the last axis of `pvals` comes up in `n` draws."""
    n, pvals = pt.as_tensor_variable(n), pt.as_tensor_variable(pvals)
    size, shape = infer_size(ndim, size, n, pvals[..., 0])
    return RandomFunction(draws.multinomial, TensorType(dtype, shape + pvals.type.shape[-1:]),
                          ndim_added=1)(random_state, size, n, pvals)


@adopting
class RandomStreamsBase:
    """Draws by method, where a subclass's ``gen(function, *args, **kwargs)`` supplies the state."""

    def binomial(self, size=None, n=1, p=0.5, ndim=None, dtype='int64', prob=None):
        """How many of `n` trials succeed, each with probability `p`."""
        return self.gen(binomial, size, n, p, ndim=ndim, dtype=dtype, prob=prob)

    def uniform(self, size=None, low=0.0, high=1.0, ndim=None, dtype=None):
        """Numbers from [`low`, `high`)."""
        return self.gen(uniform, size, low, high, ndim=ndim, dtype=dtype)

    def normal(self, size=None, avg=0.0, std=1.0, ndim=None, dtype=None):
        """Normally distributed numbers of that mean and standard deviation."""
        return self.gen(normal, size, avg, std, ndim=ndim, dtype=dtype)

    def random_integers(self, size=None, low=0, high=1, ndim=None, dtype='int64'):
        """Integers between `low` and `high`, both included."""
        return self.gen(random_integers, size, low, high, ndim=ndim, dtype=dtype)

    def choice(self, size=None, a=2, replace=True, p=None, ndim=None, dtype='int64'):
        """Elements of a vector `a`, or of ``range(a)``, with probabilities `p` or equal ones."""
        return self.gen(choice, size, a, replace, p, ndim=ndim, dtype=dtype)

    def poisson(self, size=None, lam=None, ndim=None, dtype='int64'):
        """Poisson distributed numbers of mean `lam`."""
        return self.gen(poisson, size, lam, ndim=ndim, dtype=dtype)

    def permutation(self, size=None, n=1, ndim=None, dtype='int64'):
        """Permutations of ``range(n)`` along a new last axis."""
        return self.gen(permutation, size, n, ndim=ndim, dtype=dtype)

    def multinomial(self, size=None, n=1, pvals=[0.5, 0.5], ndim=None, dtype='int64'):
        """How often each outcome of the distributions along the last axis of `pvals` comes up."""
        return self.gen(multinomial, size, n, pvals, ndim=ndim, dtype=dtype)

    def shuffle_row_elements(self, input):
        """`input` with every row, along the last axis, shuffled; ``.permutation`` says how."""
        permutations = self.permutation(size=input.shape[:-1], n=input.shape[-1], ndim=input.ndim - 1)
        shuffled = pt.take_along_axis(input, permutations, axis=-1)
        shuffled.permutation = permutations
        return shuffled
