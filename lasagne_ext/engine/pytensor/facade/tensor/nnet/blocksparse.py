"""Products with chosen blocks of a matrix."""
import pytensor.tensor as pt
from pytensor.tensor.type import discrete_dtypes


class SparseBlockGemv:
    """Compute ``o[b, j] + sum over i of h[b, i] @ W[inputIdx[b, i], outputIdx[b, j]]``.

    Parameters
    ----------
    inplace : bool
        As in Theano; the optimizer decides for itself what is done in place.
    """

    def __init__(self, inplace=False):
        self.inplace = inplace

    def __call__(self, o, W, h, inputIdx, outputIdx):
        o, W, h, inputIdx, outputIdx = map(pt.as_tensor_variable, (o, W, h, inputIdx, outputIdx))
        for name, value, ndim in (('The output o', o, 3), ('The weight matrix W', W, 4),
                                  ('The input h', h, 3), ('The input indices inputIdx', inputIdx, 2),
                                  ('The output indices outputIdx', outputIdx, 2)):
            if value.ndim != ndim:
                raise TypeError('%s must be a %dD tensor, got %d dimensions' % (name, ndim, value.ndim))
        _check_indices(inputIdx=inputIdx, outputIdx=outputIdx)
        blocks = W[inputIdx[:, :, None], outputIdx[:, None, :]]
        product = (h[:, :, None, :, None] * blocks).sum(axis=(1, 3))
        return o + product.astype(o.dtype)


class SparseBlockOuter:
    """Add ``outer(x[b, i], y[b, j])`` to ``o[xIdx[b, i], yIdx[b, j]]``.

    Parameters
    ----------
    inplace : bool
        As in Theano; the optimizer decides for itself what is done in place.
    """

    def __init__(self, inplace=False):
        self.inplace = inplace

    def __call__(self, o, x, y, xIdx, yIdx, alpha=None):
        if alpha is not None:
            raise NotImplementedError('alpha: Theano 1.0.5 ignores it on the CPU; multiply x by it')
        o, x, y, xIdx, yIdx = map(pt.as_tensor_variable, (o, x, y, xIdx, yIdx))
        _check_indices(xIdx=xIdx, yIdx=yIdx)
        outer = x[:, :, None, :, None] * y[:, None, :, None, :]
        return pt.inc_subtensor(o[xIdx[:, :, None], yIdx[:, None, :]], outer.astype(o.dtype))


def _check_indices(**indices):
    for name, value in indices.items():
        if value.dtype not in discrete_dtypes:
            raise AssertionError('%s must hold whole numbers, got %s' % (name, value.dtype))


sparse_block_gemv = SparseBlockGemv(False)
sparse_block_gemv_inplace = SparseBlockGemv(True)
sparse_block_outer = SparseBlockOuter(False)
sparse_block_outer_inplace = SparseBlockOuter(True)


def sparse_block_dot(W, h, inputIdx, b, outputIdx):
    """Multiply blocks of `h` by chosen blocks of `W`, and add the bias of the outputs.

    Parameters
    ----------
    W : tensor4, (input blocks, output blocks, input size, output size)
    h : tensor3, (batch, chosen input blocks, input size), or one row of such a batch
    inputIdx : matrix of int, (batch, chosen input blocks)
    b : matrix, (output blocks, output size)
    outputIdx : matrix of int, (batch, chosen output blocks)

    Returns
    -------
    tensor3, (batch, chosen output blocks, output size)
    """
    assert inputIdx.ndim == h.ndim - 1
    assert outputIdx.ndim == inputIdx.ndim
    if h.ndim == 2:
        h, inputIdx, outputIdx = (value.dimshuffle('x', *range(value.ndim))
                                  for value in (h, inputIdx, outputIdx))
    return sparse_block_gemv(b.take(outputIdx, axis=0), W, h, inputIdx, outputIdx)
