"""Ops of pooling for Numba: calls of the compiled kernels."""
import numpy as np
from numba.cpython.unsafe.tuple import tuple_setitem
from pytensor.link.numba.dispatch.basic import numba_njit

from lasagne_ext.engine.pytensor.numba_mode import library
from lasagne_ext.engine.runtime.pooling import (
    AveragePoolGrad, DownsampleFactorMaxGradGrad, MaxPoolGrad, Pool)
from lasagne_ext.kernels.nn import MAX_RANK, POOL_MODES

#: Where the axes' sizes begin in `pooling` of pool.c.
_IN, _OUT, _WINDOW, _STRIDE, _PAD, _PAD_AFTER, _MODE = (1 + MAX_RANK * field for field in range(7))

_MEMORY = 'pooling: not enough memory'


@library.compiled(Pool)
def _pool(op, node):
    kernel, geometry_of = library.kernel('pool_forward', node, 2), _geometry(op)
    shape_of = _out_shape(op, node)

    @numba_njit
    def pool(image, ws, stride, pad):
        geometry = geometry_of(image.shape, ws, stride, pad)
        out = np.empty(shape_of(image.shape, geometry), image.dtype)
        if out.size and kernel(np.ascontiguousarray(image).ctypes, out.ctypes, geometry.ctypes):
            raise MemoryError(_MEMORY)
        return out
    return pool


@library.compiled(AveragePoolGrad)
def _average_pool_grad(op, node):
    kernel, geometry_of, check = library.kernel('pool_mean_grad', node, 2), _geometry(op), _check(op, node)

    @numba_njit
    def average_pool_grad(image, top, ws, stride, pad):
        geometry = geometry_of(image.shape, ws, stride, pad)
        check(geometry, image.shape, top.shape)
        grad = np.empty(image.shape, image.dtype)
        if grad.size and kernel(np.ascontiguousarray(top).ctypes, grad.ctypes, geometry.ctypes):
            raise MemoryError(_MEMORY)
        return grad
    return average_pool_grad


@library.compiled(MaxPoolGrad)
def _max_pool_grad(op, node):
    kernel, geometry_of, check = library.kernel('pool_max_grad', node, 4), _geometry(op), _check(op, node)

    @numba_njit
    def max_pool_grad(image, maximum, top, ws, stride, pad):
        geometry = geometry_of(image.shape, ws, stride, pad)
        check(geometry, image.shape, maximum.shape)
        check(geometry, image.shape, top.shape)
        grad = np.empty(image.shape, image.dtype)
        if grad.size and kernel(np.ascontiguousarray(image).ctypes, np.ascontiguousarray(maximum).ctypes,
                                np.ascontiguousarray(top).ctypes, grad.ctypes, geometry.ctypes):
            raise MemoryError(_MEMORY)
        return grad
    return max_pool_grad


@library.compiled(DownsampleFactorMaxGradGrad)
def _max_pool_grad_grad(op, node):
    kernel, geometry_of = library.kernel('pool_max_grad_grad', node, 4), _geometry(op)
    check = _check(op, node)

    @numba_njit
    def max_pool_grad_grad(image, maximum, image_grad, ws, stride, pad):
        geometry = geometry_of(image.shape, ws, stride, pad)
        check(geometry, image.shape, maximum.shape)
        if image_grad.shape != image.shape:
            raise ValueError('DownsampleFactorMaxGradGrad: the image and its gradient differ in shape')
        out = np.empty(maximum.shape, image.dtype)
        if out.size and kernel(np.ascontiguousarray(image).ctypes, np.ascontiguousarray(maximum).ctypes,
                               np.ascontiguousarray(image_grad).ctypes, out.ctypes, geometry.ctypes):
            raise MemoryError(_MEMORY)
        return out
    return max_pool_grad_grad


def _geometry(op):
    """Return a function of the image's shape and the windows that returns a `pooling`, checked."""
    rank, ignore_border, mode = op.ndim, op.ignore_border, POOL_MODES.index(op.mode)
    offset = MAX_RANK - rank
    message = '%s: these windows, strides and paddings are not possible' % op
    nothing = '%s: the image has nothing to pool' % op

    @numba_njit
    def geometry_of(shape, ws, stride, pad):
        geometry = np.ones(_MODE + 1, np.intp)
        geometry[_PAD:_MODE] = 0
        geometry[_MODE] = mode
        outer = len(shape) - rank
        for axis in range(outer):
            geometry[0] *= shape[axis]
        if len(ws) != rank or len(stride) != rank or len(pad) != rank:
            raise ValueError(message)
        for axis in range(rank):
            if (ws[axis] < 1 or stride[axis] < 1 or pad[axis] < 0 or pad[axis] >= ws[axis]
                    or (pad[axis] and not ignore_border)):
                raise ValueError(message)
            size = shape[outer + axis] + 2 * pad[axis]
            if not (size or ignore_border):
                raise ValueError(nothing)
            if ignore_border:
                count = max((size - ws[axis]) // stride[axis] + 1, 0)
            elif stride[axis] >= ws[axis]:
                count = (size - 1) // stride[axis] + 1
            else:
                count = max((size - 1 - ws[axis]) // stride[axis] + 1, 0) + 1
            at = offset + axis
            geometry[_IN + at], geometry[_OUT + at] = shape[outer + axis], count
            geometry[_WINDOW + at], geometry[_STRIDE + at] = ws[axis], stride[axis]
            geometry[_PAD + at] = geometry[_PAD_AFTER + at] = pad[axis]
        return geometry
    return geometry_of


def _out_shape(op, node):
    """Return a function that returns the shape of the pooled image."""
    rank, outer, first = op.ndim, node.outputs[0].type.ndim - op.ndim, _OUT + MAX_RANK - op.ndim

    @numba_njit
    def shape_of(shape, geometry):
        for axis in range(rank):
            shape = tuple_setitem(shape, outer + axis, geometry[first + axis])
        return shape
    return shape_of


def _check(op, node):
    """Return a function that refuses what has not the shape of the pooled image."""
    shape_of = _out_shape(op, node)
    message = '%s: the pooled image and its gradient have not the shape that the image is pooled to' % op

    @numba_njit
    def check(geometry, image_shape, shape):
        if shape_of(image_shape, geometry) != shape:
            raise ValueError(message)
    return check
