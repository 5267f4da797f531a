"""Functions of ``theano.tensor`` whose signature or meaning PyTensor has changed: joining and reshaping."""
import warnings

import numpy as np
import pytensor.tensor as pt

from lasagne_ext.engine.pytensor._names import ENGINE
from lasagne_ext.engine.pytensor.tensor.conversion import as_tensor_variable


def stack(*tensors, **kwargs):
    """Join tensors along a new axis: ``stack(tensors, axis=0)``, or the old ``stack(*tensors)``."""
    unknown = set(kwargs) - {'tensors', 'axis'}
    if unknown:
        raise TypeError('stack: expected the keywords tensors and axis, got %s' % ', '.join(sorted(unknown)))
    if not kwargs and tensors and not isinstance(tensors[0], (list, tuple)):
        warnings.warn('stack(*tensors) is deprecated, use stack(tensors, axis=0) instead.',
                      DeprecationWarning, skip_file_prefixes=ENGINE)
        return pt.stack(list(tensors), 0)
    return _stack(*tensors, **kwargs)


def _stack(tensors, axis=0):
    if not len(tensors):
        raise ValueError('stack: expected at least one tensor, got none')
    return pt.stack(list(tensors), axis)


def split(x, splits_size, n_splits, axis=0):
    """Split `x` into parts of the given sizes along an axis, a list of `n_splits` variables."""
    return pt.split(x, splits_size, n_splits=n_splits, axis=axis)


def reshape(x, newshape, ndim=None):
    """Return `x` in another shape; `ndim` is needed where the length of `newshape` is not known."""
    return pt.reshape(x, newshape, ndim=ndim)


def _one_ndim(ndim, outdim):
    if outdim is None:
        return 1 if ndim is None else ndim
    if ndim is not None:
        raise ValueError('expected ndim or outdim, got both')
    warnings.warn('outdim is deprecated, use ndim instead.', skip_file_prefixes=ENGINE)
    return outdim


def flatten(x, ndim=None, outdim=None):
    """Return `x` with all axes from number ``ndim - 1`` on made into one."""
    return pt.flatten(x, _one_ndim(ndim, outdim))


def is_flat(var, ndim=None, outdim=None):
    """Return whether a variable has that many dimensions."""
    return var.ndim == _one_ndim(ndim, outdim)


def tile(x, reps, ndim=None):
    """Repeat `x` along its axes, as :func:`numpy.tile` does."""
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
    """Repeat each element of `x`, as :func:`numpy.repeat` does."""
    return pt.repeat(x, repeats, axis)


def choose(a, choices, out=None, mode='raise'):
    """Pick elements among several arrays, as :func:`numpy.choose` does."""
    if out is not None:
        raise NotImplementedError('choose: expected out=None, got %s' % out)
    return pt.choose(a, choices, mode)


def permute_row_elements(x, y, inverse=0):
    """Order the elements of each row of `x` as the row of `y` says."""
    return pt.permute_row_elements(x, y, inverse)


def unravel_index(indices, dims, order='C', ndim=None):
    """Return the coordinates for flat indices into an array of shape `dims`, one variable per axis."""
    if ndim is not None:
        dims = pt.specify_shape(pt.as_tensor_variable(dims), (ndim,))
    return pt.unravel_index(indices, dims, order)


def diag(v, k=0):
    """Return the diagonal of a tensor, or the matrix with a vector on its diagonal."""
    v = as_tensor_variable(v)
    if not v.ndim:
        raise ValueError('diag: expected a vector or more dimensions, got a scalar')
    return pt.diag(v, k) if v.ndim == 1 else pt.diagonal(v, k)


def triu(m, k=0):
    """Return the upper triangle of a matrix, zeros below diagonal number `k`; of bool in int8."""
    m = as_tensor_variable(m)
    return pt.triu(pt.cast(m, 'int8') if m.dtype == 'bool' else m, k)


def take(a, indices, axis=None, mode='raise'):
    """Return elements, or slices along an axis, by their number; with ``axis=None`` of the flattened tensor."""
    return pt.take(a, indices, int(axis) if isinstance(axis, np.integer) else axis, mode)


def dot(a, b):
    """Multiply matrices and vectors; over the last and the last but one axis beyond two dimensions."""
    return pt.dot(a, b)
