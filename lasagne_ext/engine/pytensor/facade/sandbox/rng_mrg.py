"""Random streams of the generator MRG31k3p.

A stream starts 2 ** 134 steps after the one before, a substream 2 ** 72 (L'Ecuyer, Simard, Chen and
Kelton 2002). A step is a product with a matrix modulo a prime, many steps one with its power.
"""
import warnings

import numpy as np
import theano
import theano.tensor as T
from theano.gof import Variable
from theano.gradient import undefined_grad
from theano.scalar import upcast

from lasagne_ext.engine.pytensor._dispatch import register_dispatch
from lasagne_ext.engine.pytensor._names import ENGINE, refuse
from lasagne_ext.engine.runtime.random import ChoiceFromUniform, MultinomialFromUniform
from lasagne_ext.engine.runtime.random import MRGUniform as mrg_uniform
from lasagne_ext.kernels.mrg import M1, M2


#: Streams of a draw whose size is not known, and at most: as many as a GPU of old could use.
_MOST_STREAMS = 60 * 256

#: Standard deviation of the standard normal distribution cut off at -2 and 2.
_TRUNCATED_STD = .87962566103423978


def _power(first_row, log2_steps, modulus):
    """Return the matrix of 2 ** `log2_steps` steps of a recurrence over three values, the newest first."""
    matrix = np.array([first_row, [1, 0, 0], [0, 1, 0]], dtype=object)
    for _ in range(log2_steps):
        matrix = matrix.dot(matrix) % modulus
    return matrix.astype('int64')


A1p72, A2p72 = _power([0, 2 ** 22, 2 ** 7 + 1], 72, M1), _power([2 ** 15, 0, 2 ** 15 + 1], 72, M2)
A1p134, A2p134 = _power([0, 2 ** 22, 2 ** 7 + 1], 134, M1), _power([2 ** 15, 0, 2 ** 15 + 1], 134, M2)


def jump(states, matrix1, matrix2):
    """Return states, (n, 6) int32, after the steps of two matrices.

    Remainders have the sign of the dividend, as in C: so the streams of a negative seed are Theano's.
    """
    states = states.astype('int64')
    return np.concatenate([_multiply(matrix1, states[:, :3], M1), _multiply(matrix2, states[:, 3:], M2)],
                          axis=1).astype('int32')


def _multiply(matrix, vectors, modulus):
    # Every product is less than 2 ** 62, so that they are reduced before they are added.
    products = np.fmod(vectors[:, None, :] * matrix, modulus)
    return np.fmod(products.sum(axis=2), modulus)


def ff_2p134(state):
    """Return the start of the stream after the one that starts at `state`, (6,) int32."""
    return jump(state[None], A1p134, A2p134)[0]


def ff_2p72(state):
    """Return the start of the substream after the one that starts at `state`, (6,) int32."""
    return jump(state[None], A1p72, A2p72)[0]


def substreams(state, count):
    """Return the starts of `count` substreams, (count, 6) int32, the first of them `state`."""
    states = state[None]
    matrix1, matrix2 = A1p72, A2p72
    while len(states) < count:
        states = np.concatenate([states, jump(states, matrix1, matrix2)])
        matrix1, matrix2 = _square(matrix1, M1), _square(matrix2, M2)
    return np.ascontiguousarray(states[:count])


def _square(matrix, modulus):
    return _multiply(matrix, matrix.T, modulus).T


def guess_n_streams(size, warn=False):
    """Return how many streams to draw numbers of `size` from.

    Parameters
    ----------
    size : tuple, list or variable
        A sixth of the numbers get a stream of their own if these are all Python integers.
    warn : bool
        Whether to warn that the size is not known.
    """
    if isinstance(size, (tuple, list)) and all(isinstance(length, int) for length in size):
        count = 1
        for length in size:
            count *= length
        return min(count // 6 if count > 6 else count, _MOST_STREAMS)
    if warn:
        warnings.warn('MRG_RandomStreams cannot tell the number of streams from size %s, guessing %d'
                      % (size, _MOST_STREAMS), skip_file_prefixes=ENGINE)
    return _MOST_STREAMS


def _check_uniform_size(size):
    """Refuse what `uniform` does not take for a size."""
    if isinstance(size, tuple):
        for length in size:
            if not isinstance(length, (int, np.integer, Variable)):
                raise AssertionError('size must be a tuple of int or a Theano variable, got %r' % (size,))
            if not isinstance(length, Variable) and length <= 0:
                raise ValueError('The specified size contains a dimension with value <= 0', size)
    elif not (isinstance(size, Variable) and size.ndim == 1):
        raise TypeError('size must be a tuple of int or a Theano Variable with 1 dimension, got %s of '
                        'type %s' % (size, type(size)))


def _as_size(size):
    """Return `size` as a vector variable."""
    if isinstance(size, Variable):
        if size.ndim > 1:
            raise ValueError('Theano variable must have 1 dimension to be a valid size.', size)
        return size if size.ndim else T.stack([size])
    if isinstance(size, (int, np.integer)):
        return T.constant([size], dtype='int64')
    if not isinstance(size, (tuple, list)):
        raise ValueError('Size must be a int, tuple, list or Theano variable.', size)
    for length in size:
        if isinstance(length, Variable):
            if length.ndim:
                raise ValueError('Non-scalar Theano variable in size', size, length)
        elif not isinstance(length, (int, np.integer)):
            raise ValueError('Only Theano variables and integers are allowed in a size-tuple.', size, length)
        elif length <= 0:
            raise ValueError('Non-positive dimensions not allowed in size.', size, length)
    return T.as_tensor_variable(size, ndim=1) if size else T.constant(np.array([], 'int64'))


class MRG_RandomStreams:
    """Random variables, each call's drawn from streams of its own.

    Parameters
    ----------
    seed : int or sequence of 6 int
        One int stands for six times the same. The first three must be less than 2147483647 and not
        all zero, the last three less than 2147462579 and not all zero.

    Attributes
    ----------
    rstate : int32 array, (6,)
        State that the next call's first stream starts from.
    state_updates : list
        ``(state, new state, size, nstreams)`` of every call.
    """

    def __init__(self, seed=12345):
        self.state_updates = []
        self.default_instance_seed = seed
        self.set_rstate(seed)

    def updates(self):
        """Return a copy of `state_updates`."""
        return list(self.state_updates)

    def set_rstate(self, seed):
        """Let the next call start from another seed."""
        if isinstance(seed, (int, np.integer)):
            if seed == 0:
                raise ValueError('seed should not be 0', seed)
            if seed >= M2:
                raise ValueError('seed should be less than %i' % M2, seed)
            self.rstate = np.asarray([seed] * 6, dtype='int32')
            return
        if np.shape(seed) != (6,):
            raise TypeError('seed should be 1 integer or 6 integers, got %r' % (seed,))
        for which, three, modulus in (('first', seed[:3], M1), ('last', seed[3:], M2)):
            if all(value == 0 for value in three):
                raise ValueError('The %s 3 values of seed should not be all 0' % which, seed)
            if any(value >= modulus for value in three):
                raise ValueError('The %s 3 values of seed should be less than %i' % (which, modulus), seed)
            if min(three) < 0 < max(three):
                raise ValueError('The %s 3 values of seed should be of one sign' % which, seed)
        self.rstate = np.asarray(seed, dtype='int32')

    def seed(self, seed=None):
        """Start every call's streams anew, as if the object had been made with `seed`.

        Parameters
        ----------
        seed : int or sequence of 6 int, optional
            By default the one it was made with.
        """
        self.set_rstate(self.default_instance_seed if seed is None else seed)
        for state, new_state, size, nstreams in self.state_updates:
            if nstreams is None:
                nstreams = self.n_streams(size)
            state.set_value(self.get_substream_rstates(nstreams, new_state.owner.outputs[1].dtype),
                            borrow=True)

    def inc_rstate(self):
        """Advance `rstate` by 2**134 steps."""
        self.rstate = ff_2p134(self.rstate)

    def get_substream_rstates(self, n_streams, dtype, inc_rstate=True):
        """Return the states of `n_streams` streams, 2**72 steps apart: int32, (n_streams, 6)."""
        if not 0 < n_streams < 2 ** 72:
            raise ValueError('nstreams must be at least 1, got %r' % (n_streams,))
        states = substreams(self.rstate, n_streams)
        if inc_rstate:
            self.inc_rstate()
        return states

    def n_streams(self, size):
        """Return how many streams a call of that size gets."""
        return guess_n_streams(size)

    def pretty_return(self, node_rstate, new_rstate, sample, size, nstreams):
        """Note down the update of a call and return its sample."""
        sample.rstate = node_rstate
        sample.update = (node_rstate, new_rstate)
        self.state_updates.append((node_rstate, new_rstate, size, nstreams))
        node_rstate.default_update = new_rstate
        return sample

    def uniform(self, size, low=0.0, high=1.0, ndim=None, dtype=None, nstreams=None, **kwargs):
        """Draw numbers from the open interval (`low`, `high`).

        Parameters
        ----------
        size : tuple of int and scalar variables, or vector variable
            Shape of the result.
        low, high : float or variable
            Bounds, cast to `dtype`.
        ndim : int, optional
            Length of `size`, if that is a variable whose length cannot be told.
        dtype : {'float16', 'float32', 'float64'}, optional
            By default that of the bounds, but at least ``config.floatX``.
        nstreams : int, optional
            How many streams to draw from.
        """
        low, high = T.as_tensor_variable(low), T.as_tensor_variable(high)
        if dtype is None:
            dtype = upcast(theano.config.floatX, low.dtype, high.dtype)
        low = undefined_grad(T.cast(low, dtype))
        high = undefined_grad(T.cast(high, dtype))
        _check_uniform_size(size)
        states = self.get_substream_rstates(self.n_streams(size) if nstreams is None else nstreams, dtype)
        if kwargs.pop('target', 'cpu') != 'cpu':
            raise TypeError("uniform: target must be 'cpu', there is no other device")
        if kwargs:
            raise TypeError('uniform() got unexpected keyword arguments %s' % sorted(kwargs))
        state = theano.shared(states)
        u = self.pretty_return(state, *mrg_uniform.new(state, ndim, dtype, size), size=size,
                               nstreams=nstreams)
        # Tells it from other shared variables.
        state.tag.is_rng = True
        r = u * (high - low) + low
        if u.type.broadcastable != r.type.broadcastable:
            raise NotImplementedError('Increase the size to match the broadcasting pattern of '
                                      '`low` and `high` arguments')
        return r

    def binomial(self, size=None, n=1, p=0.5, ndim=None, dtype='int64', nstreams=None, **kwargs):
        """Draw ones with probability `p`, zeros else; only `n` = 1 is supported."""
        if n != 1:
            raise NotImplementedError('MRG_RandomStreams.binomial with n > 1')
        p = undefined_grad(T.as_tensor_variable(p))
        return T.cast(self.uniform(size=size, nstreams=nstreams, **kwargs) < p, dtype)

    def multinomial(self, size=None, n=1, pvals=None, ndim=None, dtype='int64', nstreams=None, **kwargs):
        """Count how often each of a row's outcomes comes up in `n` draws.

        Parameters
        ----------
        n : int or scalar variable
            Number of draws.
        pvals : matrix
            Probabilities of the outcomes, each row adding up to 1, which is not checked.
        """
        if pvals is None:
            raise TypeError('You have to specify pvals')
        for name, value in (('size', size), ('ndim', ndim)):
            if value is not None:
                raise ValueError('Provided a %s argument to MRG_RandomStreams.multinomial, which does not '
                                 'use the %s argument.' % (name, name))
        pvals = undefined_grad(T.as_tensor_variable(pvals))
        if pvals.ndim != 2:
            raise NotImplementedError('MRG_RandomStreams.multinomial only implemented for pvals.ndim = 2, '
                                      'got %d' % pvals.ndim)
        unis = self.uniform(size=pvals[:, 0].shape * n, ndim=1, nstreams=nstreams, **kwargs)
        return MultinomialFromUniform(dtype)(pvals, unis, T.as_tensor_variable(n))

    def choice(self, size=1, a=None, replace=True, p=None, ndim=None, dtype='int64', nstreams=None,
               **kwargs):
        """Draw the indices of `size` different outcomes of each row, (rows, `size`).

        Parameters
        ----------
        size : int or scalar variable
            Number of outcomes.
        replace : bool
            Must be False.
        p : matrix
            Probabilities of the outcomes, each row adding up to 1, which is not checked.
        """
        if replace:
            raise NotImplementedError('MRG_RandomStreams.choice only works without replacement, pass '
                                      'replace=False')
        if a is not None:
            raise TypeError('MRG_RandomStreams.choice: a must be None, values are between 0 and '
                            'p.shape[1] - 1')
        if p is None:
            raise TypeError('MRG_RandomStreams.choice: p has to be specified')
        if ndim is not None:
            raise ValueError('MRG_RandomStreams.choice does not use the ndim argument')
        p = undefined_grad(T.as_tensor_variable(p))
        if p.ndim != 2:
            raise NotImplementedError('MRG_RandomStreams.choice is only implemented for p.ndim = 2, got %d'
                                      % p.ndim)
        unis = self.uniform(size=p[:, 0].shape * size, ndim=1, nstreams=nstreams, **kwargs)
        return ChoiceFromUniform(dtype)(p, unis, T.as_tensor_variable(size))

    def multinomial_wo_replacement(self, size=None, n=1, pvals=None, ndim=None, dtype='int64',
                                   nstreams=None, **kwargs):
        """Draw as :meth:`choice`, under its old name."""
        warnings.warn('MRG_RandomStreams.multinomial_wo_replacement() is deprecated, use '
                      'MRG_RandomStreams.choice() instead.')
        if size is not None:
            raise AssertionError('size must be None, got %r' % (size,))
        return self.choice(size=n, replace=False, p=pvals, dtype=dtype, nstreams=nstreams, ndim=ndim,
                           **kwargs)

    def normal(self, size, avg=0.0, std=1.0, ndim=None, dtype=None, nstreams=None, truncate=False,
               **kwargs):
        """Draw normally distributed numbers.

        Parameters
        ----------
        size : int, tuple of int and scalar variables, or variable
            Shape of the result.
        avg, std : float or variable
            Mean and standard deviation, cast to `dtype`.
        ndim, dtype, nstreams
            As for :meth:`uniform`.
        truncate : bool
            Draw again, once, what is more than two standard deviations off: the standard deviation
            of the result is then less than `std`.
        """
        size = _as_size(size)
        avg, std = undefined_grad(T.as_tensor_variable(avg)), undefined_grad(T.as_tensor_variable(std))
        if dtype is None:
            dtype = upcast(theano.config.floatX, avg.dtype, std.dtype)
        avg, std = T.cast(avg, dtype), T.cast(std, dtype)
        count = T.prod(size, dtype='int64')
        even_count = count + count % 2

        def uniform(how_many, low):
            return self.uniform((how_many,), low=low, high=1., ndim=1, dtype=dtype, nstreams=nstreams,
                                **kwargs)

        # Box and Muller's transform: a radius and an angle make two numbers.
        numbers = uniform(even_count, 0.)
        radius = T.sqrt(-2.0 * T.log(numbers[:even_count // 2]))
        angle = np.array(2.0 * np.pi, dtype=dtype) * numbers[even_count // 2:]
        directions = T.cos(angle), T.sin(angle)
        pairs = [radius * direction for direction in directions]
        if truncate:
            outside = [(z < -2.) | (z > 2.) for z in pairs]
            kept = [z[T.nonzero(~out)] for z, out in zip(pairs, outside)]
            redrawn = [T.nonzero(out)[0] for out in outside]
            # A radius of at most 2 cannot leave the interval, whatever its angle.
            lower = T.constant(np.exp(-2.), dtype=dtype)
            radius = T.sqrt(-2. * T.log(uniform(redrawn[0].size + redrawn[1].size, lower)))
            radii = radius[:redrawn[0].size], radius[redrawn[0].size:]
            fixed = [r * direction[place] for r, direction, place in zip(radii, directions, redrawn)]
            samples = T.join(0, kept[0], fixed[0], kept[1], fixed[1])
        else:
            samples = T.join(0, *pairs)
        return T.reshape(samples[:count], size, ndim=ndim) * std + avg

    def truncated_normal(self, size, avg=0.0, std=1.0, ndim=None, dtype=None, nstreams=None, **kwargs):
        """Draw normally distributed numbers less than two standard deviations off, with deviation `std`."""
        return self.normal(size=size, avg=avg, std=std / T.constant(_TRUNCATED_STD), truncate=True,
                           ndim=ndim, dtype=dtype, nstreams=nstreams, **kwargs)


register_dispatch(numba='lasagne_ext.engine.pytensor.numba_mode.random',
                  jax='lasagne_ext.engine.pytensor.jax_mode.random')

_WITHIN = 'the generator is in lasagne_ext.kernels.mrg; draw with MRG_RandomStreams'

__getattr__ = refuse(__name__, {name: _WITHIN for name in (
    'DotModulo', 'MASK12', 'MASK13', 'MASK2', 'MULT2', 'NORM', 'matVecModM', 'mrg_next_value',
    'mrg_random_make_inplace', 'mrg_uniform_base', 'multMatVect', 'np_int32_vals')})
