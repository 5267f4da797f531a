"""Pooling under its old name, which Theano 1.0 removed and Lasagne 0.1 imports."""
from theano.tensor.signal.pool import Pool as DownsampleFactorMax
from theano.tensor.signal.pool import max_pool_2d_same_size, pool_2d


def max_pool_2d(input, ds, ignore_border=None, st=None, padding=(0, 0), mode='max'):
    """Pool as :func:`pool_2d`, under the name and with the arguments that it had before Theano 0.9.

    Parameters
    ----------
    ds, st, padding
        Window, stride and padding.
    ignore_border : bool
        False, without a warning, if not given.
    """
    return pool_2d(input, ds, bool(ignore_border), st, padding, mode)
