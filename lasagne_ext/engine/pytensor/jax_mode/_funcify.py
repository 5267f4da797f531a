"""PyTensor's functions for JAX, imported so that JAX's settings stay as they were, but for its cache."""
import os

import jax
import pytensor

_double = jax.config.jax_enable_x64
from pytensor.link.jax.dispatch import jax_funcify  # noqa: E402, F401  (sets it, to what floatX is)

jax.config.update('jax_enable_x64', _double)

if jax.config.jax_compilation_cache_dir is None:
    # As other linkers do; a second process then starts in a third of the time.
    jax.config.update('jax_compilation_cache_dir', os.path.join(str(pytensor.config.compiledir), 'jax'))
    jax.config.update('jax_persistent_cache_min_compile_time_secs', .1)
