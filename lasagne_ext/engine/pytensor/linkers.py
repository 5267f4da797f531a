"""How functions are run: the choice of a linker, its default, and the modes' names."""
import pytensor
from pytensor.compile import mode as modes

from lasagne_ext.engine.pytensor import jax_mode, numpy_mode

#: What a user may choose by ``linker=``; the first is the default, see ``benchmarks/lenet.py``.
LINKERS = ('numpy', 'numba', 'cvm', 'vm', 'jax')


def install(linker=None, mode=None):
    """Add our linkers and modes, and make one of them the default.

    Parameters
    ----------
    linker, mode : str, optional
        What the user's settings ask for.
    """
    for added in (numpy_mode, jax_mode):
        added.register()
    settings = pytensor.config._config_var_dict
    settings['linker'].all.add('numpy')
    settings['mode']._apply = _with_name('NUMPY', settings['mode']._apply)
    if linker is not None or pytensor.config.linker == 'auto':
        pytensor.config.linker = linker or LINKERS[0]
    if mode is not None:
        pytensor.config.mode = mode
    modes.predefined_modes.setdefault('FAST_RUN', modes.get_mode('FAST_RUN'))


def _with_name(name, apply):
    """The check of a setting, with one more name allowed."""
    return lambda value: value if value == name else apply(value)


def describe():
    """The mode and the linker that functions are compiled with when nothing else is asked for."""
    return '%s (mode %s)' % (pytensor.config.linker, pytensor.config.mode)
