"""Stand in for `theano.tensor.signal.downsample`, which Theano 1.0 removed.

Lasagne 0.1 and programs of its time import it; its functions live on in
`theano.tensor.signal.pool` under other argument names.
"""
from theano.tensor.signal.pool import Pool, max_pool_2d_same_size, pool_2d

__all__ = ['DownsampleFactorMax', 'max_pool_2d', 'max_pool_2d_same_size']

DownsampleFactorMax = Pool


def max_pool_2d(input, ds, ignore_border=None, st=None, padding=(0, 0), mode='max'):
    """Downscale the last two dimensions of `input` by pooling.

    Parameters
    ----------
    input : tensor, N-D
        Images to be pooled.
    ds : pair of int
        Size of the pooling window, (rows, columns).
    ignore_border : bool
        Whether a border that the window does not fill is left out; False if not given.
    st : pair of int, optional
        Strides; those of the window if not given.
    padding : pair of int
        Zeros added on each side of the last two dimensions.
    mode : {'max', 'sum', 'average_inc_pad', 'average_exc_pad'}
        What is computed from a window.

    Returns
    -------
    tensor
        The pooled images, as many dimensions as `input`.
    """
    return pool_2d(input, ws=ds, ignore_border=bool(ignore_border), stride=st, pad=padding,
                   mode=mode)
