"""Pooling as functions, with the arguments of Theano 1.0.5."""
import warnings

from pytensor.tensor.basic import as_tensor_variable

from lasagne_ext.engine.pytensor._names import ENGINE
from lasagne_ext.engine.pytensor.nn.pool_ops import MaxPoolGrad, Pool


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
    """`input` with all but the maxima of patches of `patch_size` set to zero."""
    maximum = Pool(True)(input, patch_size)
    return MaxPoolGrad(True)(input, maximum, maximum, patch_size)


def max_pool_2d(input, ds, ignore_border=None, st=None, padding=(0, 0), mode='max'):
    """:func:`pool_2d` under the name and with the arguments that it had before Theano 0.9.

    Parameters
    ----------
    ds, st, padding
        Window, stride and padding.
    ignore_border : bool
        False, without a warning, if not given.
    """
    return pool_2d(input, ds, bool(ignore_border), st, padding, mode)


def renamed_arguments(ws, stride, pad, ds, st, padding):
    """Window, stride and padding, of which old programs give some under their old names."""
    pairs = (('ds', ds, 'ws', ws), ('st', st, 'stride', stride), ('padding', padding, 'pad', pad))
    values = []
    for old_name, old, name, value in pairs:
        if old is not None:
            if value is not None and not (name == 'pad' and not any(value)):
                raise ValueError('%s and its old name %s cannot both be given' % (name, old_name))
            warnings.warn('the argument %s is now called %s' % (old_name, name), skip_file_prefixes=ENGINE)
            value = old
        values.append(value)
    if values[0] is None:
        raise ValueError('the size of the window, ws, must be given')
    return values


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
