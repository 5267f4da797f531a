"""Functions of ``theano.tensor`` whose signature or meaning PyTensor has changed: conversion and joining."""
import warnings

import numpy as np
import pytensor.tensor as pt
from pytensor.graph.basic import Constant, Variable
from pytensor.tensor import _as_tensor_variable
from pytensor.tensor.exceptions import NotScalarConstantError

from lasagne_ext.engine.pytensor.tensor_broadcast import Unbroadcast


class AsTensorError(TypeError, NotImplementedError):
    """Something cannot be made into a tensor variable."""


class EmptyConstantError(NotScalarConstantError):
    """A constant without elements has no scalar value."""


def convert_anything(x, name, ndim, dtype=None, **kwargs):
    """The last resort of ``as_tensor_variable``: what NumPy can make an array of."""
    if hasattr(x, '_as_TensorVariable'):
        return x._as_TensorVariable()
    try:
        return pt.constant(x, name=name, ndim=ndim, dtype=dtype)
    except TypeError:
        raise AsTensorError('Cannot convert %s of type %s to TensorType' % (x, type(x)))


def refuse_bool(x, name, ndim, **kwargs):
    """``v == w`` of two variables is a bool where a tensor was meant."""
    raise AsTensorError('Cannot use %r as a tensor variable: it may come from ==, which compares '
                        'variables and not values; use theano.tensor.eq(v, w). For a constant use '
                        'numpy.array(%r).' % (x, x))


def convert_int(x, name, ndim, dtype=None, **kwargs):
    """A Python int, unsigned where it does not fit otherwise."""
    if dtype is None and not -2 ** 63 <= x < 2 ** 63:
        if not 0 <= x < 2 ** 64:
            raise AsTensorError('expected a whole number of at most 64 bits, got %d' % x)
        dtype = 'uint64'
    return pt.constant(x, name=name, ndim=ndim, dtype=dtype)


def install_conversion():
    """Let PyTensor's functions convert what Theano's do, with Theano's error for the rest."""
    _as_tensor_variable.register(object, convert_anything)
    _as_tensor_variable.register(bool, refuse_bool)
    _as_tensor_variable.register(int, convert_int)


def as_tensor_variable(x, name=None, ndim=None):
    """`x` as a tensor variable.

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
    if hasattr(x, '_as_TensorVariable'):
        return x._as_TensorVariable()
    try:
        return pt.as_tensor_variable(x, name=name, ndim=ndim)
    except AsTensorError:
        raise
    except (TypeError, NotImplementedError) as error:
        raise AsTensorError(*error.args)


def get_scalar_constant_value(orig_v, elemwise=True, only_process_constants=False, max_recur=10):
    """The one value that all elements of a variable have, as far as the graph tells.

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
    """A constant, in the smallest dtype that holds a Python number.

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
    if dtype is None and isinstance(x, int) and not isinstance(x, bool):
        made = convert_int(x, name, None)
    else:
        made = pt.constant(x, name=name, dtype=dtype)
    if ndim is not None and made.ndim > ndim:
        raise ValueError('constant: expected at most %d dimensions, got %d' % (ndim, made.ndim))
    return made if ndim is None else pt.constant(made.data, name=name, ndim=ndim)


def numpy_scalar(data):
    """`data` itself, if it is an array with a single number."""
    if data.ndim and not data.size:
        raise EmptyConstantError()
    if data.size != 1 or not np.issubdtype(data.dtype, np.number) and data.dtype != bool:
        raise NotScalarConstantError('expected an array with a single number, got %r' % (data,))
    return data


def get_vector_length(v):
    """Length of a vector, where the graph tells it."""
    return pt.get_vector_length(as_tensor_variable(v))


def extract_constant(x, elemwise=True, only_process_constants=False):
    """:func:`get_scalar_constant_value`, or `x` itself where there is none."""
    try:
        return get_scalar_constant_value(x, elemwise, only_process_constants)
    except NotScalarConstantError:
        return x


def stack(*tensors, **kwargs):
    """Join tensors along a new axis: ``stack(tensors, axis=0)``, or the old ``stack(*tensors)``."""
    unknown = set(kwargs) - {'tensors', 'axis'}
    if unknown:
        raise TypeError('stack: expected the keywords tensors and axis, got %s' % ', '.join(sorted(unknown)))
    if not kwargs and tensors and not isinstance(tensors[0], (list, tuple)):
        warnings.warn('stack(*tensors) is deprecated, use stack(tensors, axis=0) instead.',
                      DeprecationWarning, stacklevel=2)
        return pt.stack(list(tensors), 0)
    return _stack(*tensors, **kwargs)


def _stack(tensors, axis=0):
    if not len(tensors):
        raise ValueError('stack: expected at least one tensor, got none')
    return pt.stack(list(tensors), axis)


def split(x, splits_size, n_splits, axis=0):
    """Parts of `x` of the given sizes along an axis, a list of `n_splits` variables."""
    return pt.split(x, splits_size, n_splits=n_splits, axis=axis)


def reshape(x, newshape, ndim=None):
    """`x` in another shape; `ndim` is needed where the length of `newshape` is not known."""
    return pt.reshape(x, newshape, ndim=ndim)


def _one_ndim(ndim, outdim):
    if outdim is None:
        return 1 if ndim is None else ndim
    if ndim is not None:
        raise ValueError('expected ndim or outdim, got both')
    warnings.warn('outdim is deprecated, use ndim instead.', stacklevel=3)
    return outdim


def flatten(x, ndim=None, outdim=None):
    """`x` with all axes from number ``ndim - 1`` on made into one."""
    return pt.flatten(x, _one_ndim(ndim, outdim))


def is_flat(var, ndim=None, outdim=None):
    """Whether a variable has that many dimensions."""
    return var.ndim == _one_ndim(ndim, outdim)


def tile(x, reps, ndim=None):
    """`x` repeated along its axes, as :func:`numpy.tile` does."""
    x = as_tensor_variable(x)
    if ndim is not None and ndim < x.ndim:
        raise ValueError('tile: expected ndim of at least %d, got %d' % (x.ndim, ndim))
    reps = _repetitions(reps, ndim)
    if ndim is not None:
        if len(reps) > ndim:
            raise ValueError('tile: expected at most ndim=%d repetitions, got %d' % (ndim, len(reps)))
        reps = [1] * (ndim - len(reps)) + reps
    return pt.tile(x, reps)


def _repetitions(reps, ndim):
    if isinstance(reps, (list, tuple)):
        if any(pt.as_tensor_variable(rep).ndim or pt.as_tensor_variable(rep).dtype.startswith(('f', 'c'))
               for rep in reps):
            raise ValueError('tile: expected whole numbers as repetitions, got %s' % (reps,))
        return list(reps)
    vector = pt.as_tensor_variable(reps)
    if vector.dtype.startswith(('float', 'complex')):
        raise ValueError('tile: expected whole numbers as repetitions, got %s' % vector.dtype)
    if vector.ndim == 0:
        return [vector]
    if vector.ndim > 1:
        raise ValueError('tile: expected a number or a vector of repetitions, got %d dimensions'
                         % vector.ndim)
    if ndim is None:
        raise ValueError('tile: where the repetitions are a vector, ndim must be given')
    padded = pt.ones((ndim,), dtype='int64')
    return list(pt.set_subtensor(padded[ndim - vector.shape[0]:], vector)[i] for i in range(ndim))


def repeat(x, repeats, axis=None):
    """The elements of `x`, each repeated, as :func:`numpy.repeat` does."""
    return pt.repeat(x, repeats, axis)


def choose(a, choices, out=None, mode='raise'):
    """Elements picked among several arrays, as :func:`numpy.choose` does."""
    if out is not None:
        raise NotImplementedError('choose: expected out=None, got %s' % out)
    return pt.choose(a, choices, mode)


def permute_row_elements(x, y, inverse=0):
    """Elements of each row of `x` in the order that the row of `y` gives."""
    return pt.permute_row_elements(x, y, inverse)


def unravel_index(indices, dims, order='C', ndim=None):
    """Coordinates for flat indices into an array of shape `dims`, one variable per axis."""
    if ndim is not None:
        dims = pt.specify_shape(pt.as_tensor_variable(dims), (ndim,))
    return pt.unravel_index(indices, dims, order)


def diag(v, k=0):
    """The diagonal of a tensor, or the matrix with a vector on its diagonal."""
    v = as_tensor_variable(v)
    if not v.ndim:
        raise ValueError('diag: expected a vector or more dimensions, got a scalar')
    return pt.diag(v, k) if v.ndim == 1 else pt.diagonal(v, k)


def triu(m, k=0):
    """The upper triangle of a matrix, zeros below diagonal number `k`; of bool in int8."""
    m = as_tensor_variable(m)
    return pt.triu(pt.cast(m, 'int8') if m.dtype == 'bool' else m, k)


def take(a, indices, axis=None, mode='raise'):
    """Elements, or slices along an axis, by their number; with ``axis=None`` of the flattened tensor."""
    return pt.take(a, indices, int(axis) if isinstance(axis, np.integer) else axis, mode)


def dot(a, b):
    """Product of matrices and vectors; over the last and the last but one axis beyond two dimensions."""
    return pt.dot(a, b)


def check_equal_numpy(x, y):
    """Whether two values are equal, arrays also in dtype and shape."""
    if isinstance(x, np.ndarray) and isinstance(y, np.ndarray):
        return x.dtype == y.dtype and x.shape == y.shape and bool(np.all(abs(x - y) < 1e-10))
    if isinstance(x, np.random.RandomState) and isinstance(y, np.random.RandomState):
        return all(np.all(a == b) for a, b in zip(x.__getstate__(), y.__getstate__()))
    return x == y


def check_and_normalize_axes(x, axis):
    """`axis` as a sorted list of distinct axes of `x`; none stands for an empty list."""
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
