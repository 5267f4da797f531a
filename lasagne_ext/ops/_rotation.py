"""Rotation matrices from angles and rotation vectors, smooth at no rotation."""
import numpy as np
import theano.tensor as T

#: Square of the angle below which the series are taken; there their errors are below float64's.
_SMALL = 1e-2


def rotation_matrices(turns, rank):
    """Rotation matrices of angles (2D) or of rotation vectors (3D).

    Parameters
    ----------
    turns : tensor, (..., 1) or (..., 3)
        Radians; a positive angle turns x towards y.
    rank : {2, 3}

    Returns
    -------
    tensor, (..., rank, rank)
    """
    if rank == 2:
        cosine, sine = T.cos(turns[..., 0]), T.sin(turns[..., 0])
        return _matrices([cosine, -sine, sine, cosine], rank)
    square = T.sqr(turns).sum(axis=-1)
    small = T.lt(square, _SMALL)
    # A square root has no derivative at 0, and a switch multiplies it by 0, not away.
    angle = T.sqrt(T.switch(small, 1, square))
    half = T.sin(angle / 2) / angle
    first = T.switch(small, _series(square, (1, 6, 20, 42, 72)), T.sin(angle) / angle)
    second = T.switch(small, _series(square, (2, 12, 30, 56, 90)), 2 * half * half)
    x, y, z = (turns[..., k] for k in range(3))
    zero = T.zeros_like(x)
    cross = _matrices([zero, -z, y, z, zero, -x, -y, x, zero], rank)
    outer = T.shape_padright(turns) * T.shape_padaxis(turns, turns.ndim - 1)
    eye = np.eye(rank, dtype=turns.dtype)
    first, second, square = (T.shape_padright(v, 2) for v in (first, second, square))
    return eye + first * cross + second * (outer - square * eye)


def _matrices(entries, rank):
    rows = [T.stack(entries[start:start + rank], axis=-1) for start in range(0, rank * rank, rank)]
    return T.stack(rows, axis=-2)


def _series(square, divisors):
    """``(1 - square / d2 (1 - square / d3 (...))) / d1``."""
    total = 1.
    for divisor in divisors[:0:-1]:
        total = 1 - square / divisor * total
    return total / divisors[0]
