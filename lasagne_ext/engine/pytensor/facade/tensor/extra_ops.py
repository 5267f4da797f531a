"""Operations in the manner of NumPy's lesser known functions."""
from pytensor.tensor.extra_ops import (Bartlett, CpuContiguous, CumOp, FillDiagonal, FillDiagonalOffset,
                                       SearchsortedOp, Unique, bartlett, bincount, compress, cpu_contiguous,
                                       cumprod, cumsum, diff, fill_diagonal, fill_diagonal_,
                                       fill_diagonal_offset, fill_diagonal_offset_, ravel_multi_index,
                                       searchsorted, squeeze, to_one_hot)

from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.tensor.shapes import repeat, unravel_index

bartlett_ = Bartlett()

__getattr__ = refuse(__name__, {
    'CumprodOp': 'use theano.tensor.cumprod', 'CumsumOp': 'use theano.tensor.cumsum',
    'DiffOp': 'use theano.tensor.extra_ops.diff', 'RepeatOp': 'use theano.tensor.repeat',
    'RavelMultiIndex': 'use theano.tensor.ravel_multi_index',
    'UnravelIndex': 'use theano.tensor.unravel_index'})
