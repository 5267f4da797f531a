"""Families of transforms: their matrices from the few numbers that each leaves free."""
import numpy as np
import theano.tensor as T

from lasagne_ext.ops._checks import check_choice
from lasagne_ext.ops._parameters import as_parameters, leading
from lasagne_ext.ops._rotation import rotation_matrices
from lasagne_ext.ops.matrices import check_rank, matrix_size

#: What the numbers of a constrained family stand for, in order.
_PARTS = {'similarity': ('scale', 'rotation', 'shift'), 'rigid': ('rotation', 'shift'),
          'attention': ('scale', 'shift'), 'scale': ('scales',), 'translation': ('shift',),
          'rotation': ('rotation',)}

#: Whose numbers are the entries of the matrix itself.
_MATRICES = ('affine', 'projective')

AFFINE_FAMILIES = ('affine',) + tuple(_PARTS)

FAMILIES = AFFINE_FAMILIES + ('projective',)


def theta_of(family, parameters, rank=2, name=None):
    """The matrices of a constrained family of transforms, from the few numbers that it leaves free.

    Parameters
    ----------
    family : str
        One of the families below.
    parameters : tensor, (batch, n) or (batch, K, n)
        The free numbers, with n as :func:`family_size` says. float32 or float64.
    rank : {2, 3}
        Of what is transformed: 2 for images, 3 for volumes.
    name : str, optional
        Who speaks in error messages; by default the function's name.

    Returns
    -------
    tensor, (batch, m) or (batch, K, m)
        Of m = 6 numbers in 2D and 12 in 3D, row by row, for :func:`affine_transform`. For the family
        'projective' m = 9 and 16, for :func:`projective_transform`. In the dtype of `parameters`.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind; at run time, if there are not n numbers. The message
        says what was got and what was expected.

    Notes
    -----
    **Families** and their numbers, in order:

    =============  ====================================  =========================================
    family         2D                                    3D
    =============  ====================================  =========================================
    'affine'       6: the matrix, row by row             12: the matrix, row by row
    'similarity'   4: scale, angle, shifts in x and y    7: scale, rotation vector, three shifts
    'rigid'        3: angle, two shifts                  6: rotation vector, three shifts
    'attention'    3: scale, two shifts                  4: scale, three shifts
    'scale'        2: one per axis, x first              3: one per axis
    'translation'  2: one per axis, x first              3: one per axis
    'rotation'     1: angle                              3: rotation vector
    'projective'   8: the matrix but its last entry, 1   15: the matrix but its last entry, 1
    =============  ====================================  =========================================

    :func:`family_identity` gives the numbers for which the matrix is the identity, exactly.

    **Convention.** The matrix maps OUTPUT coordinates to INPUT coordinates, normalised to [-1, 1],
    x (columns) first, then y (rows, downwards), then z. It scales first, then rotates, then shifts.
    So a scale of 1/2 shows the middle half twice as large, and a shift of 1/2 in x moves the window
    to the right, its contents to the left. Angles are in radians; a positive one turns x towards y:
    the window turns clockwise on a screen, its contents counter-clockwise. A rotation vector has
    the direction of its axis and the length of its angle; ``(0, 0, angle)`` is the rotation of 2D.

    In normalised coordinates a rotation of an image that is not square also shears it;
    ``aspect='image'`` of :func:`affine_transform` and of the layers prevents that.

    References
    ----------
    Jaderberg, Simonyan, Zisserman, Kavukcuoglu (2015): Spatial Transformer Networks, equations
    1 and 2. Rodrigues's formula: Murray, Li, Sastry (1994): A Mathematical Introduction to Robotic
    Manipulation, equation 2.14.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne_ext.ops import theta_of
    >>> zoom_and_shift = np.array([[.5, .25, 0]])
    >>> theta_of('attention', zoom_and_shift).eval().tolist()
    [[0.5, 0.0, 0.25, 0.0, 0.5, 0.0]]
    """
    where = name or 'theta_of'
    check_choice(where, 'family', family, FAMILIES)
    check_rank(where, rank)
    size = family_size(family, rank)
    parameters = as_parameters(where, 'parameters', parameters, size, rank)
    if family == 'affine':
        return parameters
    one = T.shape_padright(T.ones_like(parameters[..., 0]))
    if family == 'projective':
        return T.concatenate([parameters, one], axis=parameters.ndim - 1)
    linear, scale, shift = np.eye(rank, dtype=one.dtype), one, one * np.zeros(rank, one.dtype)
    taken = 0
    for part in _PARTS[family]:
        count = _part_size(part, rank)
        values = (T.shape_padright(parameters[..., taken]) if count == 1
                  else parameters[..., taken:taken + count])
        taken += count
        if part == 'shift':
            shift = values
        elif part == 'rotation':
            linear = rotation_matrices(values, rank)
        else:
            scale = values
    linear = linear * T.shape_padaxis(scale, scale.ndim - 1)
    matrix = T.concatenate([linear, T.shape_padright(shift)], axis=linear.ndim - 1)
    return matrix.reshape(leading(parameters) + [rank * (rank + 1)], ndim=parameters.ndim)


def family_size(family, rank=2):
    """How many numbers a family of transforms leaves free.

    Parameters
    ----------
    family : str
        One of those in the table of :func:`theta_of`.
    rank : {2, 3}
        2 for images, 3 for volumes.

    Returns
    -------
    int
        The n of that table.

    Raises
    ------
    ValueError
        If there is no such family or rank.

    Examples
    --------
    >>> from lasagne_ext.ops import family_size
    >>> family_size('similarity'), family_size('similarity', rank=3)
    (4, 7)
    """
    check_choice('family_size', 'family', family, FAMILIES)
    check_rank('family_size', rank)
    if family in _MATRICES:
        return matrix_size(rank, family == 'projective') - (family == 'projective')
    return sum(_part_size(part, rank) for part in _PARTS[family])


def family_identity(family, rank=2):
    """The numbers for which :func:`theta_of` gives the identity.

    Parameters
    ----------
    family : str
        One of those in the table of :func:`theta_of`.
    rank : {2, 3}
        2 for images, 3 for volumes.

    Returns
    -------
    float64 array
        Of :func:`family_size` numbers.

    Raises
    ------
    ValueError
        If there is no such family or rank.

    Examples
    --------
    >>> from lasagne_ext.ops import family_identity
    >>> family_identity('similarity').tolist()
    [1.0, 0.0, 0.0, 0.0]
    """
    size = family_size(family, rank)
    if family in _MATRICES:
        return np.eye(rank + 1).ravel()[:size]
    return np.concatenate([np.full(_part_size(part, rank), float(part in ('scale', 'scales')))
                           for part in _PARTS[family]])


def _part_size(part, rank):
    return {'scale': 1, 'rotation': 1 if rank == 2 else 3}.get(part, rank)
