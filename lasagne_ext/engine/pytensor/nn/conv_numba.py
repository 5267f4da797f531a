"""The Ops of convolution for Numba: calls of the compiled kernels."""
import numpy as np
from numba import literal_unroll  # noqa: F401
from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_and_cache_key
