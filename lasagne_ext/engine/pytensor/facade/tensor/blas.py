"""Products of matrices as calls of BLAS."""
from pytensor.tensor.blas import (Gemm, GemmRelated, Gemv, gemm_inplace, gemm_no_inplace, gemv_inplace,
                                  gemv_no_inplace)

from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.tensor.broadcast import batched_dot

_DOT = 'use theano.tensor.dot or outer; rewriting makes a call of BLAS of it'

__getattr__ = refuse(__name__, dict.fromkeys(
    ['BatchedDot', 'Dot22', 'Dot22Scalar', 'Ger', 'ger', 'ger_destructive', 'gemm', 'gemv', 'GemmOptimizer',
     'ldflags'], _DOT))
