"""Softmax family for Numba: a few passes over each row while it is in the cache."""
import inspect
import sys
import zlib

import numpy as np
from numba import njit
from pytensor.link.numba.dispatch.basic import register_funcify_default_op_cache_key

from lasagne_ext.engine.pytensor.numba_mode import exponential
from lasagne_ext.engine.pytensor.numba_mode.exponential import exp_of_negative
from lasagne_ext.engine.runtime import softmax

#: Changes with every change of a kernel: compiled functions are cached on disk.
_VERSION = zlib.crc32(''.join(map(inspect.getsource, (exponential, sys.modules[__name__]))).encode())

#: Sums may be split between the lanes of a vector register.
_kernel = njit(fastmath={'reassoc', 'contract', 'nsz'}, no_cpython_wrapper=True, no_cfunc_wrapper=True)


# In any other order the difference of two large numbers would come last, and lose digits. Without flags
# of its own the function would inherit its caller's, and a negation outside would spread them.
@njit(fastmath={'contract'}, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _log_odds(x, maximum, total):
    return (x - maximum) - np.log(total)


@njit(fastmath={'contract'}, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def _negative_log_odds(x, maximum, total):
    return (maximum - x) + np.log(total)


@_kernel
def _exponentials(row, out):
    """Write ``exp(row - max(row))`` into `out`; return the maximum and the sum."""
    maximum = row[0]
    for j in range(row.size):
        maximum = max(maximum, row[j])
    total = row.dtype.type(0)
    for j in range(row.size):
        out[j] = exp_of_negative(row[j] - maximum)
        total += out[j]
    return maximum, total


@_kernel
def _softmax(x):
    out = np.empty(x.shape, x.dtype)
    if x.size:
        for i in range(x.shape[0]):
            total = _exponentials(x[i], out[i])[1]
            scale = 1 / total
            for j in range(x.shape[1]):
                out[i, j] *= scale
    return out


@_kernel
def _log_softmax(x):
    out = np.empty(x.shape, x.dtype)
    if x.size:
        for i in range(x.shape[0]):
            maximum, total = _exponentials(x[i], out[i])
            for j in range(x.shape[1]):
                out[i, j] = _log_odds(x[i, j], maximum, total)
    return out


@_kernel
def _softmax_grad(dy, sm):
    dy = np.broadcast_to(dy, sm.shape)
    out = np.empty(sm.shape, sm.dtype)
    for i in range(sm.shape[0]):
        total = dy.dtype.type(0)
        for j in range(sm.shape[1]):
            total += dy[i, j] * sm[i, j]
        for j in range(sm.shape[1]):
            out[i, j] = (dy[i, j] - total) * sm[i, j]
    return out


@_kernel
def _check_labels(labels, x):
    if labels.size != x.shape[0]:
        raise ValueError('number of rows in x does not match length of y')
    for label in labels:
        if label < 0 or label >= x.shape[1]:
            raise ValueError('y_i value out of bounds')


@_kernel
def _softmax_crossentropy(x, labels):
    _check_labels(labels, x)
    nll = np.empty(x.shape[0], x.dtype)
    out = np.empty(x.shape, x.dtype)
    for i in range(x.shape[0]):
        maximum, total = _exponentials(x[i], out[i])
        nll[i] = _negative_log_odds(x[i, labels[i]], maximum, total)
        scale = 1 / total
        for j in range(x.shape[1]):
            out[i, j] *= scale
    return nll, out


@_kernel
def _crossentropy_dx(dy, sm, labels):
    _check_labels(labels, sm)
    out = np.empty(sm.shape, sm.dtype)
    each = np.broadcast_to(dy, sm.shape[:1])
    for i in range(sm.shape[0]):
        factor = sm.dtype.type(each[i])
        for j in range(sm.shape[1]):
            out[i, j] = factor * sm[i, j]
        out[i, labels[i]] -= factor
    return out


@_kernel
def _place(label, columns):
    if label < -columns or label >= columns:
        raise IndexError('class number out of bounds')
    return label + columns if label < 0 else label


@_kernel
def _categorical(coding_dist, labels):
    if labels.size < coding_dist.shape[0]:
        raise IndexError('there are fewer class numbers than rows of probabilities')
    out = np.empty(coding_dist.shape[0], coding_dist.dtype)
    for i in range(out.size):
        out[i] = -np.log(coding_dist[i, _place(labels[i], coding_dist.shape[1])])
    return out


@_kernel
def _categorical_grad(g_y, coding_dist, labels):
    if labels.size < coding_dist.shape[0]:
        raise IndexError('there are fewer class numbers than rows of probabilities')
    each = np.broadcast_to(g_y, coding_dist.shape[:1])
    out = np.zeros(coding_dist.shape, coding_dist.dtype)
    for i in range(coding_dist.shape[0]):
        j = _place(labels[i], coding_dist.shape[1])
        out[i, j] = -each[i] / coding_dist[i, j]
    return out


def _register(op, kernel):
    @register_funcify_default_op_cache_key(op)
    def funcify(op, node, **kwargs):
        return kernel, _VERSION


_register(softmax.Softmax, _softmax)
_register(softmax.LogSoftmax, _log_softmax)
_register(softmax.SoftmaxGrad, _softmax_grad)
_register(softmax.SoftmaxCrossentropy, _softmax_crossentropy)
_register(softmax.CrossentropySoftmax1HotWithBiasDx, _crossentropy_dx)
_register(softmax.CrossentropyCategorical1Hot, _categorical)
_register(softmax.CrossentropyCategorical1HotGrad, _categorical_grad)
