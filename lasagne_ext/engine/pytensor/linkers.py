"""How functions are run: the choice of a linker, its default, and the modes' names."""
import pytensor
from pytensor.compile import mode as modes

#: The linkers a user may choose, by their names in ``linker=``.
LINKERS = ('numba', 'cvm', 'vm', 'jax')


def install():
    """Give the modes of Theano their names."""
    if 'FAST_RUN' not in modes.predefined_modes:
        modes.predefined_modes['FAST_RUN'] = modes.Mode(None, 'fast_run')


def describe():
    """The mode and the linker that functions are compiled with when nothing else is asked for."""
    linker = pytensor.config.linker
    return '%s (mode %s)' % ('numba' if linker == 'auto' else linker, pytensor.config.mode)
