"""Convolution and pooling, which PyTensor does not have: Ops, functions and their dispatches."""
from lasagne_ext.engine.pytensor._dispatch import register_dispatch

for _name in ('conv', 'pool'):
    register_dispatch(numba='%s.%s_numba' % (__name__, _name), jax='%s.%s_jax' % (__name__, _name))
