"""Imports JAX and PyTensor's functions for it, and leaves JAX's settings as they were."""
import jax

_double = jax.config.jax_enable_x64
import pytensor.link.jax.dispatch  # noqa: E402, F401  (sets it, to what floatX is)

jax.config.update('jax_enable_x64', _double)

from lasagne_ext.engine.pytensor.jax_mode._program import Program  # noqa: E402, F401
