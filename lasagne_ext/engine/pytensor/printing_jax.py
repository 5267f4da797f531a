"""Printing from functions compiled by JAX."""
import jax
import numpy as np
from pytensor.link.jax.dispatch import jax_funcify
from pytensor.printing import Print


@jax_funcify.register(Print)
def jax_funcify_print(op, **kwargs):
    def tell(value):
        op.global_fn(op, np.asarray(value))

    def identity(x):
        jax.debug.callback(tell, x, ordered=True)
        return x
    return identity
