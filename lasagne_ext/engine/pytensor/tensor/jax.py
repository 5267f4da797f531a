"""JAX's form of the tensor Ops."""
from pytensor.link.jax.dispatch.basic import jax_funcify

from lasagne_ext.engine.pytensor.tensor.broadcast import Unbroadcast


@jax_funcify.register(Unbroadcast)
def jax_unbroadcast(op, **kwargs):
    return lambda x: x
