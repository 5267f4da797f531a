"""Products with logarithms that are 0 at 0."""
from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.tensor.arithmetic import xlogx, xlogy0

__getattr__ = refuse(__name__, dict.fromkeys(
    ['XlogX', 'XlogY0', 'scalar_xlogx', 'scalar_xlogy0'], 'use theano.tensor.xlogx.xlogx or xlogy0'))
