"""Elementwise operations, reductions and permutations of axes as Ops."""
from pytensor.tensor.elemwise import CAReduce, DimShufflePrinter, Elemwise
from pytensor.tensor.math import (All, Any, MulWithoutZeros, Prod, ProdWithoutZeros, Sum,
                                  mul_without_zeros)

from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.tensor.dimshuffle import DimShuffle

__getattr__ = refuse(__name__, {'CAReduceDtype': 'use theano.tensor.elemwise.CAReduce, Sum or Prod'})
