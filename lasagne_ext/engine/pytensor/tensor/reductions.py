"""Reductions along axes with what Theano takes as axes, and with its results."""
import builtins

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.graph.basic import Constant, Variable


def reduced_axes(x, axis, empty_is_all=False):
    """Return axes to reduce as PyTensor takes them.

    Parameters
    ----------
    x : tensor variable
    axis : None, or one or several of int, array or constant variable
        Doubles count once.
    empty_is_all : bool
        Whether an empty list stands for all axes, as None does.

    Returns
    -------
    None or tuple of int
    """
    if isinstance(axis, Constant):
        axis = axis.data
    if axis is None:
        return None
    if isinstance(axis, Variable) or not isinstance(axis, (int, np.integer, np.ndarray, list, tuple)):
        raise TypeError('expected an axis or several, known when the graph is built, got %r' % (axis,))
    if isinstance(axis, np.ndarray) and axis.dtype.kind not in 'iu':
        raise TypeError('expected whole numbers as axes, got %s' % axis.dtype)
    axes = list(axis) if np.ndim(axis) else [axis]
    if builtins.any(int(one) != one or not -x.ndim <= one < x.ndim for one in axes):
        raise ValueError('expected axes of a %d-dimensional tensor, got %s' % (x.ndim, axis))
    if empty_is_all and not axes:
        return None
    return tuple(sorted({int(one) % x.ndim for one in axes}))


def _distinct_axes(x, axis):
    """Return axes to divide by: of doubles, Theano would divide by the length twice."""
    axes = reduced_axes(x, axis)
    if axes is not None and len(axes) != np.size(axis.data if isinstance(axis, Constant) else axis):
        raise ValueError('expected distinct axes, got %s' % (axis,))
    return axes


def _dtype(name):
    return pytensor.config.floatX if isinstance(name, str) and name == 'floatX' else name


def sum(input, axis=None, dtype=None, keepdims=False, acc_dtype=None):
    """Sum along axes; whole numbers are summed in 64 bits."""
    input = pt.as_tensor_variable(input)
    return pt.sum(input, reduced_axes(input, axis), _dtype(dtype), keepdims, _dtype(acc_dtype))


def prod(input, axis=None, dtype=None, keepdims=False, acc_dtype=None, no_zeros_in_input=False):
    """Multiply along axes; whole numbers are multiplied in 64 bits."""
    input = pt.as_tensor_variable(input)
    return pt.prod(input, reduced_axes(input, axis), _dtype(dtype), keepdims, _dtype(acc_dtype),
                   no_zeros_in_input)


def any(x, axis=None, keepdims=False):
    """Return whether any element along axes differs from 0."""
    x = pt.as_tensor_variable(x)
    return pt.any(x, reduced_axes(x, axis), keepdims)


def all(x, axis=None, keepdims=False):
    """Return whether all elements along axes differ from 0."""
    x = pt.as_tensor_variable(x)
    return pt.all(x, reduced_axes(x, axis), keepdims)


def max(x, axis=None, keepdims=False, **initial):
    """Return the largest element along axes; NaN where there is one.

    `initial`, a value that the result is at least, is an argument of newer releases of PyTensor.
    """
    x = pt.as_tensor_variable(x)
    return pt.max(x, reduced_axes(x, axis, True), keepdims=keepdims, **initial)


def min(x, axis=None, keepdims=False, **initial):
    """Return the smallest element along axes; NaN where there is one.

    `initial`, a value that the result is at most, is an argument of newer releases of PyTensor.
    """
    x = pt.as_tensor_variable(x)
    return pt.min(x, reduced_axes(x, axis, True), keepdims=keepdims, **initial)


def argmax(x, axis=None, keepdims=False):
    """Find where the largest element along axes is; with several axes, in their flattened order."""
    x = pt.as_tensor_variable(x)
    return pt.argmax(x, reduced_axes(x, axis, True), keepdims)


def argmin(x, axis=None, keepdims=False):
    """Find where the smallest element along axes is; with several axes, in their flattened order."""
    x = pt.as_tensor_variable(x)
    return pt.argmin(x, reduced_axes(x, axis, True), keepdims)


def max_and_argmax(a, axis=None, keepdims=False):
    """Return the largest element along axes, and where it is."""
    return [max(a, axis, keepdims), argmax(a, axis, keepdims)]


def ptp(a, axis=None):
    """Subtract the smallest from the largest element along axes."""
    return max(a, axis) - min(a, axis)


def mean(input, axis=None, dtype=None, op=False, keepdims=False, acc_dtype=None):
    """Compute the mean along axes.

    Parameters
    ----------
    input : tensor
    axis : int or list of int, optional
        By default all.
    dtype : str, optional
        What the sum is made in and cast to.
    op : bool
        Compute it in float64.
    keepdims : bool
        Keep the axes with length 1.
    acc_dtype : str, optional
        What the sum is accumulated in.
    """
    input = pt.as_tensor_variable(input)
    axes = _distinct_axes(input, axis)
    if not op:
        return pt.mean(input, axes, _dtype(dtype), keepdims, _dtype(acc_dtype))
    if {dtype, acc_dtype} - {None, 'float64'}:
        raise NotImplementedError('mean: with op=True everything is float64, got dtype=%r, acc_dtype=%r'
                                  % (dtype, acc_dtype))
    return pt.mean(pt.cast(input, 'float64'), axes, keepdims=keepdims)


def mean_along(self, axis=None, dtype=None, keepdims=False, acc_dtype=None):
    """Compute :func:`mean` as a method, which cannot be an Op."""
    return mean(self, axis, dtype, keepdims=keepdims, acc_dtype=acc_dtype)


def var(input, axis=None, ddof=0, keepdims=False, corrected=False):
    """Compute the variance along axes.

    Parameters
    ----------
    input : tensor
    axis : int or list of int, optional
        By default all.
    ddof : int
        Taken from the length of each axis before the sum is divided by it. With several axes that is
        not what NumPy does. If not 0, the result is float64 at least.
    keepdims : bool
        Keep the axes with length 1.
    corrected : bool
        Correct the sum for what the rounding of the mean adds to it.
    """
    if isinstance(ddof, bool):
        raise ValueError('var: expected a number as ddof, got %r; keepdims comes after it' % ddof)
    input = pt.as_tensor_variable(input)
    axes = _distinct_axes(input, axis)
    axes = tuple(range(input.ndim)) if axes is None else axes
    centered = input - mean(input, axes, keepdims=True)
    square = centered ** pt.constant(2, dtype=centered.dtype)
    if ddof == 0:
        variance = mean(square, axes, keepdims=keepdims)
        error = mean(centered, axes, keepdims=keepdims) ** 2
    else:
        variance = sum(square, axes, keepdims=keepdims)
        error = sum(centered, axes, keepdims=keepdims) ** 2
        for axis in axes:
            left = input.shape[axis] - ddof
            variance = pt.true_div(variance, left)
            error = pt.true_div(error, left * input.shape[axis])
    variance = variance - error if corrected else variance
    variance.name = 'var'
    return variance


def std(input, axis=None, ddof=0, keepdims=False, corrected=False):
    """Compute the standard deviation along axes: the root of :func:`var`."""
    deviation = pt.sqrt(var(input, axis, ddof, keepdims, corrected))
    deviation.name = 'std'
    return deviation


def norm(x, L, axis=None, keepdims=False):
    """Compute the root of the sum of powers of absolute values along axes."""
    if L == 0 or np.isinf(L):
        raise NotImplementedError('norm: expected a finite order other than 0, got %r' % (L,))
    return (abs(x) ** L).sum(axis, keepdims=keepdims) ** (1. / L)
