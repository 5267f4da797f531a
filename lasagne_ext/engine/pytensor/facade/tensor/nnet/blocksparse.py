"""Products with chosen blocks of a matrix."""
from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.nnet_blocksparse import (
    SparseBlockGemv, SparseBlockOuter, sparse_block_dot, sparse_block_gemv, sparse_block_gemv_inplace,
    sparse_block_outer, sparse_block_outer_inplace)

__getattr__ = refuse(__name__, {})

__all__ = ['SparseBlockGemv', 'SparseBlockOuter', 'sparse_block_dot', 'sparse_block_gemv',
           'sparse_block_gemv_inplace', 'sparse_block_outer', 'sparse_block_outer_inplace']
