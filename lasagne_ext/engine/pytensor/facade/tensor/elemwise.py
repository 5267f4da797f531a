"""Elementwise operations, reductions and permutations of axes as Ops."""
from pytensor.tensor.elemwise import CAReduce, DimShufflePrinter, Elemwise
from pytensor.tensor.elemwise import DimShuffle as AnyDimShuffle
from pytensor.tensor.math import (All, Any, MulWithoutZeros, Prod, ProdWithoutZeros, Sum,
                                  mul_without_zeros)

from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.tensor.adoption import adopting

__getattr__ = refuse(__name__, {'CAReduceDtype': 'use theano.tensor.elemwise.CAReduce, Sum or Prod'})


class _DimShuffleMeta(type(AnyDimShuffle)):
    def __call__(cls, input_broadcastable, new_order, inplace=True):
        if len(set(new_order) - {'x'}) + list(new_order).count('x') != len(new_order):
            raise ValueError('DimShuffle: expected each axis once at most, got %s' % (new_order,))
        for axis, broadcastable in enumerate(input_broadcastable):
            if axis not in new_order and not broadcastable:
                raise ValueError('DimShuffle: expected dropped axes to be broadcastable, got %s of %s'
                                 % (new_order, input_broadcastable))
        return adopting(AnyDimShuffle(input_ndim=len(input_broadcastable), new_order=new_order))

    def __instancecheck__(cls, instance):
        return isinstance(instance, AnyDimShuffle)


class DimShuffle(AnyDimShuffle, metaclass=_DimShuffleMeta):
    """Op that permutes axes, adds some (``'x'``) and drops broadcastable ones.

    Parameters
    ----------
    input_broadcastable : sequence of bool
    new_order : sequence of int and 'x'
    inplace : bool
        It makes a view in any case.
    """
