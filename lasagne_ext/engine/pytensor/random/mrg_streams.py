"""``MRG_RandomStreams``: random variables on streams of MRG31k3p."""
import warnings

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.gradient import undefined_grad
from pytensor.scalar import upcast

from lasagne_ext.engine.pytensor.random import mrg_jump
from lasagne_ext.engine.pytensor.random.mrg_op import MRGUniform
from lasagne_ext.engine.pytensor.random.mrg_size import as_size, check_uniform_size, guess_n_streams
from lasagne_ext.engine.pytensor.random.multinomial import ChoiceFromUniform, MultinomialFromUniform
from lasagne_ext.engine.pytensor.shared import shared
from lasagne_ext.engine.pytensor.tensor.adoption import adopting
from lasagne_ext.kernels.mrg import M1, M2

#: Standard deviation of the standard normal distribution cut off at -2 and 2.
_TRUNCATED_STD = .87962566103423978


@adopting
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
        """A copy of `state_updates`."""
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
        self.rstate = mrg_jump.next_stream(self.rstate)

    def get_substream_rstates(self, n_streams, dtype, inc_rstate=True):
        """States of `n_streams` streams, 2**72 steps apart: int32, (n_streams, 6)."""
        if not 0 < n_streams < 2 ** 72:
            raise ValueError('nstreams must be at least 1, got %r' % (n_streams,))
        states = mrg_jump.substreams(self.rstate, n_streams)
        if inc_rstate:
            self.inc_rstate()
        return states

    def n_streams(self, size):
        """How many streams a call of that size gets."""
        return guess_n_streams(size)

    def pretty_return(self, node_rstate, new_rstate, sample, size, nstreams):
        """Note down the update of a call and return its sample."""
        sample.rstate = node_rstate
        sample.update = (node_rstate, new_rstate)
        self.state_updates.append((node_rstate, new_rstate, size, nstreams))
        node_rstate.default_update = new_rstate
        return sample

    def uniform(self, size, low=0.0, high=1.0, ndim=None, dtype=None, nstreams=None, **kwargs):
        """Numbers from the open interval (`low`, `high`).

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
        low, high = pt.as_tensor_variable(low), pt.as_tensor_variable(high)
        if dtype is None:
            dtype = upcast(pytensor.config.floatX, low.dtype, high.dtype)
        low = undefined_grad(pt.cast(low, dtype))
        high = undefined_grad(pt.cast(high, dtype))
        check_uniform_size(size)
        states = self.get_substream_rstates(self.n_streams(size) if nstreams is None else nstreams, dtype)
        if kwargs.pop('target', 'cpu') != 'cpu':
            raise TypeError("uniform: target must be 'cpu', there is no other device")
        if kwargs:
            raise TypeError('uniform() got unexpected keyword arguments %s' % sorted(kwargs))
        state = shared(states)
        u = self.pretty_return(state, *MRGUniform.new(state, ndim, dtype, size), size=size,
                               nstreams=nstreams)
        # Tells it from other shared variables.
        state.tag.is_rng = True
        r = u * (high - low) + low
        if u.type.broadcastable != r.type.broadcastable:
            raise NotImplementedError('Increase the size to match the broadcasting pattern of '
                                      '`low` and `high` arguments')
        return r

    def binomial(self, size=None, n=1, p=0.5, ndim=None, dtype='int64', nstreams=None, **kwargs):
        """Ones with probability `p`, zeros else; only `n` = 1 is supported."""
        if n != 1:
            raise NotImplementedError('MRG_RandomStreams.binomial with n > 1')
        p = undefined_grad(pt.as_tensor_variable(p))
        return pt.cast(self.uniform(size=size, nstreams=nstreams, **kwargs) < p, dtype)

    def multinomial(self, size=None, n=1, pvals=None, ndim=None, dtype='int64', nstreams=None, **kwargs):
        """How often each of a row's outcomes comes up in `n` draws.

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
        pvals = undefined_grad(pt.as_tensor_variable(pvals))
        if pvals.ndim != 2:
            raise NotImplementedError('MRG_RandomStreams.multinomial only implemented for pvals.ndim = 2, '
                                      'got %d' % pvals.ndim)
        unis = self.uniform(size=pvals[:, 0].shape * n, ndim=1, nstreams=nstreams, **kwargs)
        return MultinomialFromUniform(dtype)(pvals, unis, pt.as_tensor_variable(n))

    def choice(self, size=1, a=None, replace=True, p=None, ndim=None, dtype='int64', nstreams=None,
               **kwargs):
        """Indices of `size` different outcomes of each row, (rows, `size`).

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
        p = undefined_grad(pt.as_tensor_variable(p))
        if p.ndim != 2:
            raise NotImplementedError('MRG_RandomStreams.choice is only implemented for p.ndim = 2, got %d'
                                      % p.ndim)
        unis = self.uniform(size=p[:, 0].shape * size, ndim=1, nstreams=nstreams, **kwargs)
        return ChoiceFromUniform(dtype)(p, unis, pt.as_tensor_variable(size))

    def multinomial_wo_replacement(self, size=None, n=1, pvals=None, ndim=None, dtype='int64',
                                   nstreams=None, **kwargs):
        """:meth:`choice` by its old name."""
        warnings.warn('MRG_RandomStreams.multinomial_wo_replacement() is deprecated, use '
                      'MRG_RandomStreams.choice() instead.')
        if size is not None:
            raise AssertionError('size must be None, got %r' % (size,))
        return self.choice(size=n, replace=False, p=pvals, dtype=dtype, nstreams=nstreams, ndim=ndim,
                           **kwargs)

    def normal(self, size, avg=0.0, std=1.0, ndim=None, dtype=None, nstreams=None, truncate=False,
               **kwargs):
        """Normally distributed numbers.

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
        size = as_size(size)
        avg, std = undefined_grad(pt.as_tensor_variable(avg)), undefined_grad(pt.as_tensor_variable(std))
        if dtype is None:
            dtype = upcast(pytensor.config.floatX, avg.dtype, std.dtype)
        avg, std = pt.cast(avg, dtype), pt.cast(std, dtype)
        count = pt.prod(size, dtype='int64')
        even_count = count + count % 2

        def uniform(how_many, low):
            return self.uniform((how_many,), low=low, high=1., ndim=1, dtype=dtype, nstreams=nstreams,
                                **kwargs)

        # Box and Muller's transform: a radius and an angle make two numbers.
        numbers = uniform(even_count, 0.)
        radius = pt.sqrt(-2.0 * pt.log(numbers[:even_count // 2]))
        angle = np.array(2.0 * np.pi, dtype=dtype) * numbers[even_count // 2:]
        directions = pt.cos(angle), pt.sin(angle)
        pairs = [radius * direction for direction in directions]
        if truncate:
            outside = [(z < -2.) | (z > 2.) for z in pairs]
            kept = [z[pt.nonzero(~out)] for z, out in zip(pairs, outside)]
            redrawn = [pt.nonzero(out)[0] for out in outside]
            # A radius of at most 2 cannot leave the interval, whatever its angle.
            lower = pt.constant(np.exp(-2.), dtype=dtype)
            radius = pt.sqrt(-2. * pt.log(uniform(redrawn[0].size + redrawn[1].size, lower)))
            radii = radius[:redrawn[0].size], radius[redrawn[0].size:]
            fixed = [r * direction[where] for r, direction, where in zip(radii, directions, redrawn)]
            samples = pt.join(0, kept[0], fixed[0], kept[1], fixed[1])
        else:
            samples = pt.join(0, *pairs)
        return pt.reshape(samples[:count], size, ndim=ndim) * std + avg

    def truncated_normal(self, size, avg=0.0, std=1.0, ndim=None, dtype=None, nstreams=None, **kwargs):
        """Normally distributed numbers less than two standard deviations off, with deviation `std`."""
        return self.normal(size=size, avg=avg, std=std / pt.constant(_TRUNCATED_STD), truncate=True,
                           ndim=ndim, dtype=dtype, nstreams=nstreams, **kwargs)
