"""Invert and compose matrices of transforms."""
import itertools

import numpy as np
import theano.tensor as T

from lasagne_ext.checks import check_flag, is_whole
from lasagne_ext.ops._inputs import as_parameters, leading


def invert_theta(theta, rank=2, projective=False):
    """Invert matrices of transforms: sampling with the inverse pastes back what was cut out.

    Parameters
    ----------
    theta : tensor, (batch, n) or (batch, K, n)
        Matrices row by row: n = 6 in 2D and 12 in 3D; with `projective` 9 and 16. float32 or
        float64.
    rank : {2, 3}
        2 for images, 3 for volumes.
    projective : bool
        Whether theta holds whole projective matrices.

    Returns
    -------
    tensor
        Of theta's shape and dtype. A singular matrix gives Inf or NaN.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind; at run time, if there are not n numbers.

    Notes
    -----
    **Convention.** As everywhere, theta maps OUTPUT coordinates to INPUT coordinates, normalised to
    [-1, 1], x (columns) first. Cofactors over the determinant; differentiable any number of times
    wherever the determinant is not 0.

    References
    ----------
    Cramer's rule: Strang (2016): Introduction to Linear Algebra, section 5.3.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne_ext.ops import invert_theta
    >>> invert_theta(np.array([[.5, 0, .25, 0, .5, 0]])).eval()[0, [0, 2]].tolist()
    [2.0, -0.5]
    """
    check_rank('invert_theta', rank)
    check_flag('invert_theta', 'projective', projective)
    theta = as_parameters('invert_theta', 'theta', theta, matrix_size(rank, projective))
    return inverse_matrices(theta, rank, projective)


def inverse_matrices(theta, rank, projective):
    """Do the work of :func:`invert_theta` for a tensor that is known to fit."""
    return _flat(_inverses(_square(theta, rank, projective), rank + 1), rank, projective)


def compose_thetas(first, second, rank=2, projective=False):
    """Compose matrices, to do in one step what two transforms do one after the other.

    Sampling an image with ``compose_thetas(first, second)`` gives what sampling it with `first`, and
    then that RESULT with `second`, would give, without interpolating twice.

    Parameters
    ----------
    first : tensor, (batch, n) or (batch, K, n)
        Theta of the transform applied to the image. n = 6 in 2D and 12 in 3D; with `projective` 9
        and 16. float32 or float64.
    second : tensor, (batch, n) or (batch, K, n)
        Theta of the transform applied to the first one's result.
    rank : {2, 3}
        2 for images, 3 for volumes.
    projective : bool
        Whether both hold whole projective matrices.

    Returns
    -------
    tensor, (batch, n), or (batch, K, n) if either is
        The matrix product ``first second``: theta maps OUTPUT coordinates to INPUT coordinates, so
        that a point of the last output goes through `second`'s matrix before it goes through
        `first`'s.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind; at run time, if there are not n numbers.

    Notes
    -----
    **Convention.** Coordinates are normalised to [-1, 1], x (columns) first. What lies outside
    the first result is not cut off as it would be in two steps.

    References
    ----------
    Hartley, Zisserman (2004): Multiple View Geometry in Computer Vision, section 2.3.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne_ext.ops import compose_thetas
    >>> shift, zoom = np.array([[1., 0, .5, 0, 1, 0]]), np.array([[.5, 0, 0, 0, .5, 0]])
    >>> compose_thetas(shift, zoom).eval().tolist()
    [[0.5, 0.0, 0.5, 0.0, 0.5, 0.0]]
    >>> compose_thetas(zoom, shift).eval().tolist()
    [[0.5, 0.0, 0.25, 0.0, 0.5, 0.0]]
    """
    check_rank('compose_thetas', rank)
    check_flag('compose_thetas', 'projective', projective)
    size = matrix_size(rank, projective)
    first, second = (_square(as_parameters('compose_thetas', argument, theta, size), rank, projective)
                     for argument, theta in (('first', first), ('second', second)))
    if first.ndim < second.ndim:
        first = first.dimshuffle(0, 'x', 1, 2)
    if second.ndim < first.ndim:
        second = second.dimshuffle(0, 'x', 1, 2)
    product = T.shape_padright(first) * T.shape_padaxis(second, second.ndim - 2)
    return _flat(product.sum(axis=-2), rank, projective)


def matrix_size(rank, projective):
    """Return how many numbers a matrix has: an affine one lacks the last row."""
    return (rank + 1) * (rank + bool(projective))


def check_rank(caller, rank):
    """Refuse a number of dimensions that images and volumes do not have."""
    if not is_whole(rank) or rank not in (2, 3):
        raise ValueError('%s: rank must be 2 (images) or 3 (volumes), got %r' % (caller, rank))


def _square(theta, rank, projective):
    """Return square matrices ``(batch, rank + 1, rank + 1)`` or ``(batch, K, rank + 1, rank + 1)``."""
    if not projective:
        last = T.zeros_like(theta[..., :rank + 1]) + np.eye(rank + 1, dtype=theta.dtype)[rank]
        theta = T.concatenate([theta, last], axis=theta.ndim - 1)
    return theta.reshape(leading(theta) + [rank + 1, rank + 1], ndim=theta.ndim + 1)


def _flat(matrices, rank, projective):
    """Undo :func:`_square`."""
    rows = matrices if projective else matrices[..., :rank, :]
    return rows.reshape(leading(rows)[:-1] + [matrix_size(rank, projective)], ndim=rows.ndim - 1)


def _inverses(matrices, size):
    """Invert square matrices: cofactors, transposed, over the determinant."""
    factors, signs = _cofactor_terms(size)
    entries = matrices.reshape(leading(matrices)[:-1] + [size * size], ndim=matrices.ndim - 1)
    entries = entries.dimshuffle(entries.ndim - 1, *range(entries.ndim - 1))
    terms = T.cast(T.shape_padright(T.constant(signs), matrices.ndim - 2), matrices.dtype)
    for factor in factors:
        terms *= entries[factor]
    terms = terms.reshape([size * size, -1] + [entries.shape[k] for k in range(1, entries.ndim)],
                          ndim=entries.ndim + 1)
    cofactors = terms.sum(axis=1)
    determinant = T.sum(entries[:size] * cofactors[:size], axis=0)
    transposed = np.arange(size * size).reshape(size, size).T.ravel()
    inverses = (cofactors[transposed] / determinant).dimshuffle(*range(1, entries.ndim), 0)
    return inverses.reshape(leading(inverses) + [size, size], ndim=matrices.ndim)


def _cofactor_terms(size):
    """Return every cofactor of a matrix as a sum of signed products of its entries.

    Returns
    -------
    factors : int array, (size - 1, size**2 * terms)
        Of every term of every cofactor, row by row, the flat indices of its factors.
    signs : int array, (size**2 * terms,)
    """
    factors, signs = [], []
    for i, j in itertools.product(range(size), repeat=2):
        rows, columns = ([k for k in range(size) if k != left_out] for left_out in (i, j))
        for order in itertools.permutations(range(size - 1)):
            swaps = sum(a > b for a, b in itertools.combinations(order, 2))
            factors.append([row * size + columns[k] for row, k in zip(rows, order)])
            signs.append((-1) ** (i + j + swaps))
    return np.array(factors).T, np.array(signs)
