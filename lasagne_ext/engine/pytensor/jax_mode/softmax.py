"""Softmax family for JAX.

Compiled code cannot raise: a label out of bounds gives NaN there.
"""
import jax
import jax.numpy as jnp
from pytensor.link.jax.dispatch import jax_funcify

from lasagne_ext.engine.runtime import softmax


def _register(op):
    def decorate(function):
        @jax_funcify.register(op)
        def funcify(op, **kwargs):
            return function
        return function
    return decorate


@_register(softmax.Softmax)
def _softmax(x):
    return jax.nn.softmax(x, axis=1)


@_register(softmax.LogSoftmax)
def _log_softmax(x):
    return jax.nn.log_softmax(x, axis=1)


@_register(softmax.SoftmaxGrad)
def _softmax_grad(dy, sm):
    weighted = dy * sm
    return (weighted - weighted.sum(axis=1, keepdims=True) * sm).astype(sm.dtype)


@_register(softmax.SoftmaxCrossentropy)
def _softmax_crossentropy(x, labels):
    logarithm = jax.nn.log_softmax(x, axis=1)
    return -_chosen(logarithm, _or_beyond(labels, x)), jnp.exp(logarithm)


@_register(softmax.CrossentropySoftmax1HotWithBiasDx)
def _crossentropy_dx(dy, sm, labels):
    labels = _or_beyond(labels, sm)
    dy = jnp.broadcast_to(dy, sm.shape[:1]).astype(sm.dtype)
    dy = jnp.where(labels < sm.shape[1], dy, jnp.nan)
    return dy[:, None] * (sm - jax.nn.one_hot(labels, sm.shape[1], dtype=sm.dtype))


@_register(softmax.CrossentropyCategorical1Hot)
def _categorical(coding_dist, labels):
    return -jnp.log(_chosen(coding_dist, labels[:len(coding_dist)]))


@_register(softmax.CrossentropyCategorical1HotGrad)
def _categorical_grad(g_y, coding_dist, labels):
    labels = labels[:len(coding_dist)]
    values = -g_y / _chosen(coding_dist, labels)
    return jnp.zeros_like(coding_dist).at[jnp.arange(len(coding_dist)), labels].set(
        values.astype(coding_dist.dtype))


def _chosen(x, labels):
    if len(labels) != len(x):
        raise ValueError('number of rows in x (%d) does not match length of y (%d)' % (len(x), len(labels)))
    return x.at[jnp.arange(len(x)), labels].get(mode='fill', fill_value=jnp.nan)


def _or_beyond(labels, x):
    """Return labels; a negative one, which would count from the end, becomes one beyond it."""
    return jnp.where(labels < 0, x.shape[1], labels)
