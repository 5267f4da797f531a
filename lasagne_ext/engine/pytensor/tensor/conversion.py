"""Functions of ``theano.tensor`` whose signature or meaning PyTensor has changed: conversion."""
import numpy as np
import pytensor.tensor as pt
from pytensor.graph.basic import Apply, Constant, Variable
from pytensor.tensor.exceptions import NotScalarConstantError

from lasagne_ext.engine.pytensor.tensor.adoption import AsTensorError, convert_argument
from lasagne_ext.engine.pytensor.tensor.broadcast import Unbroadcast


class EmptyConstantError(NotScalarConstantError):
    """Raised for the scalar value of a constant without elements."""


def as_tensor_variable(x, name=None, ndim=None):
    """Return `x` as a tensor variable.

    Parameters
    ----------
    x : variable, Apply, array, number or sequence of these
        What to convert. A variable is returned as it is.
    name : str, optional
        Name of a newly made constant.
    ndim : int, optional
        Number of dimensions: leading axes of length 1 are added or taken away.

    Raises
    ------
    AsTensorError
        If it is none of these.
    """
    if isinstance(x, bool):
        raise AsTensorError('Cannot use %r as a tensor variable: it may come from ==, which compares '
                            'variables and not values; use theano.tensor.eq(v, w). For a constant use '
                            'numpy.array(%r).' % (x, x))
    x = convert_argument(x)
    try:
        if isinstance(x, (Variable, Apply, list, tuple, range)):
            return pt.as_tensor_variable(x, name=name, ndim=ndim)
        return pt.constant(x, name=name, ndim=ndim)
    except (TypeError, NotImplementedError) as error:
        if isinstance(x, (Variable, Apply)):
            raise AsTensorError(*error.args)
        raise AsTensorError('Cannot convert %s of type %s to TensorType' % (x, type(x)))


def get_scalar_constant_value(orig_v, elemwise=True, only_process_constants=False, max_recur=10):
    """Return the one value that all elements of a variable have, as far as the graph tells.

    Returns
    -------
    numpy.ndarray of no dimensions

    Raises
    ------
    EmptyConstantError, NotScalarConstantError
        If there are no elements, or no such value.
    """
    while getattr(orig_v, 'owner', None) and isinstance(orig_v.owner.op, Unbroadcast):
        orig_v = orig_v.owner.inputs[0]
    value = orig_v.data if isinstance(orig_v, Constant) else orig_v
    if isinstance(value, np.ndarray) and value.ndim and not value.size:
        raise EmptyConstantError()
    return pt.get_underlying_scalar_constant_value(
        orig_v, elemwise=elemwise, only_process_constants=only_process_constants, max_recur=max_recur)


def constant(x, name=None, ndim=None, dtype=None):
    """Make a constant, in the smallest dtype that holds a Python number.

    Parameters
    ----------
    x : number, array or sequence of numbers
    name : str, optional
    ndim : int, optional
        Axes of length 1 are put in front to have that many.
    dtype : str, optional

    Raises
    ------
    TypeError, ValueError
        If it cannot be made an array, or has more axes than `ndim`.
    """
    if dtype is None and isinstance(x, int) and not -2 ** 63 <= x < 2 ** 63:
        dtype = 'uint64'
    made = pt.constant(x, name=name, dtype=dtype)
    if ndim is not None and made.ndim > ndim:
        raise ValueError('constant: expected at most %d dimensions, got %d' % (ndim, made.ndim))
    return made if ndim is None else pt.constant(made.data, name=name, ndim=ndim)


def numpy_scalar(data):
    """Return `data` itself, if it is an array with a single number."""
    if data.ndim and not data.size:
        raise EmptyConstantError()
    if data.size != 1 or not np.issubdtype(data.dtype, np.number) and data.dtype != bool:
        raise NotScalarConstantError('expected an array with a single number, got %r' % (data,))
    return data


def get_vector_length(v):
    """Return the length of a vector, where the graph tells it."""
    return pt.get_vector_length(as_tensor_variable(v))


def extract_constant(x, elemwise=True, only_process_constants=False):
    """Return :func:`get_scalar_constant_value`, or `x` itself where there is none."""
    try:
        return get_scalar_constant_value(x, elemwise, only_process_constants)
    except NotScalarConstantError:
        return x


def check_equal_numpy(x, y):
    """Return whether two values are equal, arrays also in dtype and shape."""
    if isinstance(x, np.ndarray) and isinstance(y, np.ndarray):
        return x.dtype == y.dtype and x.shape == y.shape and bool(np.all(abs(x - y) < 1e-10))
    if isinstance(x, np.random.RandomState) and isinstance(y, np.random.RandomState):
        return all(np.all(a == b) for a, b in zip(x.__getstate__(), y.__getstate__()))
    return x == y


def check_and_normalize_axes(x, axis):
    """Return `axis` as a sorted list of distinct axes of `x`; none stands for an empty list."""
    ndim = as_tensor_variable(x).ndim
    if isinstance(axis, Constant):
        axis = axis.data
    if axis is None:
        return []
    if isinstance(axis, Variable) or not isinstance(axis, (int, np.integer, np.ndarray, list, tuple)):
        raise TypeError('expected an axis or several, known when the graph is built, got %s' % (axis,))
    axes = [int(i) for i in np.atleast_1d(axis)]
    if any(not -ndim <= i < ndim for i in axes):
        raise ValueError('expected axes of a %d-dimensional tensor, got %s' % (ndim, axis))
    return sorted({i % ndim for i in axes})
