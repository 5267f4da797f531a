"""Ops that the compiler uses itself, and Ops from Python functions."""
from pytensor.compile.ops import DeepCopyOp, FromFunctionOp, ViewOp, deep_copy_op, view_op
from pytensor.tensor.shape import Shape, Shape_i, SpecifyShape, shape, shape_i, specify_shape

from lasagne_ext.engine.pytensor.graphs import as_list
from lasagne_ext.engine.pytensor.tensor.adoption import adopting
from lasagne_ext.engine.pytensor.tensor.broadcast import Rebroadcast


def as_op(itypes, otypes, infer_shape=None):
    """Turn a function of arrays into an Op without a gradient.

    Parameters
    ----------
    itypes, otypes : Type or list of Type
    infer_shape : callable, optional
        ``f(node, input_shapes)``.
    """
    def decorate(function):
        return adopting(FromFunctionOp(function, as_list(itypes), as_list(otypes), infer_shape))
    return decorate
