"""Sorting, and the largest elements along an axis."""
from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.tensor.arithmetic import argsort, argtopk, sort, topk, topk_and_argtopk

_FUNCTION = 'use theano.tensor.sort, argsort, topk or argtopk'

__getattr__ = refuse(__name__, dict.fromkeys(['ArgSortOp', 'SortOp', 'TopKOp'], _FUNCTION))
