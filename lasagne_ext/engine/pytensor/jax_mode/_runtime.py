"""PyTensor's functions for JAX, imported so that JAX's settings stay as they were."""
import jax

_double = jax.config.jax_enable_x64
from pytensor.link.jax.dispatch import jax_funcify  # noqa: E402, F401  (sets it, to what floatX is)

jax.config.update('jax_enable_x64', _double)
