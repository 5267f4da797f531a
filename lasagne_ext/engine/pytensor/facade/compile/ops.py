"""Ops that the compiler uses itself, and Ops from Python functions."""
from pytensor.compile.ops import DeepCopyOp, FromFunctionOp, ViewOp, deep_copy_op, view_op
from pytensor.tensor.shape import Shape, Shape_i, SpecifyShape, shape, shape_i, specify_shape

from lasagne_ext.engine.pytensor.ops import as_op
from lasagne_ext.engine.pytensor.tensor.broadcast import Rebroadcast
