"""Pooling, with the arguments of Theano 1.0.5."""
import warnings

from theano.tensor.basic import as_tensor_variable

from lasagne_ext.engine.pytensor._dispatch import register_dispatch
from lasagne_ext.engine.pytensor._names import ENGINE, refuse
from lasagne_ext.engine.runtime.pooling import (
    AveragePoolGrad, DownsampleFactorMaxGradGrad, MaxPoolGrad, Pool, PoolGrad, renamed_arguments)


def pool_2d(input, ws=None, ignore_border=None, stride=None, pad=(0, 0), mode='max', ds=None, st=None,
            padding=None):
    """Pool the last two axes.

    Parameters
    ----------
    input : tensor
        At least 2-D.
    ws : tuple of int or int vector
        Size of the window.
    ignore_border : bool
        Whether the rest that fills no window is left out; False, with a warning, if not given.
    stride : tuple of int or int vector, optional
        That of the window if not given.
    pad : tuple of int or int vector
        Padding on both sides of each axis, smaller than the window; only with `ignore_border`.
    mode : {'max', 'sum', 'average_inc_pad', 'average_exc_pad'}
    ds, st, padding
        Old names of `ws`, `stride` and `pad`.

    Returns
    -------
    tensor
        Of the same rank and dtype.
    """
    return _pool('pool_2d', 2, input, ws, ignore_border, stride, pad, mode, ds, st, padding)


def pool_3d(input, ws=None, ignore_border=None, stride=None, pad=(0, 0, 0), mode='max', ds=None, st=None,
            padding=None):
    """Pool the last three axes: see :func:`pool_2d`."""
    return _pool('pool_3d', 3, input, ws, ignore_border, stride, pad, mode, ds, st, padding)


def max_pool_2d_same_size(input, patch_size):
    """Set all but the maxima of patches of `patch_size` to zero."""
    maximum = Pool(True)(input, patch_size)
    return MaxPoolGrad(True)(input, maximum, maximum, patch_size)


def _pool(name, ndim, input, ws, ignore_border, stride, pad, mode, ds, st, padding):
    ws, stride, pad = renamed_arguments(ws, stride, pad, ds, st, padding)
    input = as_tensor_variable(input)
    if input.ndim < ndim:
        raise NotImplementedError('%s takes tensors of at least %d dimensions, got %s'
                                  % (name, ndim, input.type))
    if ignore_border is None:
        warnings.warn('%s without ignore_border takes it to be False' % name, skip_file_prefixes=ENGINE)
        ignore_border = False
    return Pool(ignore_border, mode, ndim)(input, ws, stride, pad)


register_dispatch(numba='lasagne_ext.engine.pytensor.numba_mode.pooling',
                  jax='lasagne_ext.engine.pytensor.jax_mode.pooling')

__getattr__ = refuse(__name__, {
    'MaxPoolRop': 'theano.Rop works through Pool; its Op is DownsampleFactorMaxGradGrad',
    'PoolingMode_t': 'the modes are strings'})
