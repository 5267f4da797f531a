"""Printing from functions compiled by Numba: Python prints, so Python is called."""
import warnings

from pytensor.link.numba.dispatch.basic import generate_fallback_impl, numba_funcify
from pytensor.printing import Print


@numba_funcify.register(Print)
def numba_funcify_print(op, node, **kwargs):
    with warnings.catch_warnings():
        # It is said that this happens, which is what was asked for.
        warnings.simplefilter('ignore', UserWarning)
        return generate_fallback_impl(op, node, **kwargs)
