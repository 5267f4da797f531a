"""Families of transforms: their matrices from the few numbers that each leaves free."""
import numpy as np
import theano.tensor as T

from lasagne_ext.checks import check_choice
from lasagne_ext.ops._apply import apply_sampler
from lasagne_ext.ops._inputs import as_parameters, as_size, leading, shape_of, size_list
from lasagne_ext.ops.affine import AffineTransform, affine_grid, normalised_theta
from lasagne_ext.ops.matrices import check_rank, inverse_matrices
from lasagne_ext.ops.projective import ProjectiveTransform, projective_grid

#: Square of the angle below which the series are taken; there their errors are below float64's.
_SMALL = 1e-2


class TransformFamily:
    """Base class of the families of transforms: a matrix from the few numbers that a family leaves free.

    Those of this package are known by name, and listed by :func:`theta_from_parameters`. For one of
    your own define `num_parameters`, `identity_parameters` and `theta_from_parameters`, and give an
    object of it as the `family` of a layer or a function.

    Attributes
    ----------
    name : str
        Name to show in messages.
    op : class
        Op that samples by its matrices: AffineTransform by default, or ProjectiveTransform.
    invertible : bool
        Whether the transforms can be undone.

    Examples
    --------
    >>> import numpy as np
    >>> import theano.tensor as T
    >>> from lasagne_ext.ops import TransformFamily, theta_from_parameters
    >>> class Shear(TransformFamily):
    ...     name = 'shear'
    ...
    ...     def num_parameters(self, rank=2):
    ...         return 1
    ...
    ...     def identity_parameters(self, rank=2):
    ...         return np.zeros(1)
    ...
    ...     def theta_from_parameters(self, parameters, rank=2):
    ...         one, zero = T.ones_like(parameters), T.zeros_like(parameters)
    ...         return T.concatenate([one, parameters, zero, zero, one, zero], axis=parameters.ndim - 1)
    >>> theta_from_parameters(Shear(), np.array([[.5]])).eval().tolist()
    [[1.0, 0.5, 0.0, 0.0, 1.0, 0.0]]
    """

    name = None
    op = AffineTransform
    invertible = True
    _parameters_are_theta = False

    def __str__(self):
        return self.name

    def num_parameters(self, rank=2):
        """Return how many numbers are free.

        Parameters
        ----------
        rank : {2, 3}
            2 for images, 3 for volumes.

        Returns
        -------
        int
            The n of a localization network.
        """
        raise NotImplementedError

    def identity_parameters(self, rank=2):
        """Return the numbers for which the transform is the identity.

        Parameters
        ----------
        rank : {2, 3}
            2 for images, 3 for volumes.

        Returns
        -------
        float64 array
            Of so many numbers.
        """
        raise NotImplementedError

    def theta_from_parameters(self, parameters, rank=2):
        """Make the matrices from the free numbers, of which there are as many as asked for.

        Parameters
        ----------
        parameters : tensor, (batch, n) or (batch, K, n)
            Float32 or float64.
        rank : {2, 3}
            2 for images, 3 for volumes.

        Returns
        -------
        tensor, (batch, m) or (batch, K, m)
            Row by row, for the Op.
        """
        raise NotImplementedError

    def parameters_in_words(self, rank):
        """Return what a localization network must give, for error messages.

        Parameters
        ----------
        rank : {2, 3}
            2 for images, 3 for volumes.

        Returns
        -------
        str
            The numbers by their names.
        """
        return "the numbers of family '%s'" % self.name

    def transform(self, input, parameters, out_shape, options, caller, aspect=None, inverse=False):
        """Transform images by parameters of the family, or by the inverse of that.

        Parameters
        ----------
        input : tensor, (batch, channels, rows, columns) or (batch, channels, depth, rows, columns)
            Images or volumes.
        parameters : tensor, (batch, n) or (batch, K, n)
            Numbers of the family.
        out_shape : tuple
            Size of the output, as for :func:`affine_transform`.
        options : SamplerOptions
            How to sample.
        caller : str
            Name to show in error messages.
        aspect : {None, 'image'}
            As for :func:`affine_transform`.
        inverse : bool
            Whether to undo the transform.

        Returns
        -------
        tensor, ``(batch, channels, *out_shape)`` or ``(batch, K, channels, *out_shape)``
            In the input's dtype.
        """
        rank = input.ndim - 2
        if inverse or not self._parameters_are_theta:    # theta as it is given is checked by the Op
            parameters = self._checked(caller, parameters, rank)
        theta = self.theta_from_parameters(parameters, rank)
        if inverse:
            theta = inverse_matrices(theta, rank, self.op is ProjectiveTransform)
        if aspect is not None:
            theta = normalised_theta(caller, theta, shape_of(input)[2:],
                                     size_list(as_size(caller, out_shape, rank), rank), options.align_corners)
        return apply_sampler(self.op(options, caller), input, theta, out_shape)

    def grid(self, parameters, out_shape, caller, align_corners=True, aspect=None, in_shape=None):
        """Work out where the transform samples: normalised coordinates, as :func:`affine_grid`.

        Parameters
        ----------
        parameters : tensor, (batch, n) or (batch, K, n)
            Numbers of the family.
        out_shape : tuple
            Sizes of the output.
        caller : str
            Name to show in error messages.
        align_corners : bool
            Whether -1 and 1 are the centres of the corner pixels, or their outer edges.
        aspect : {None, 'image'}
            As for :func:`affine_grid`.
        in_shape : tuple, optional
            Sizes of the input.

        Returns
        -------
        tensor, ``(batch, *out_shape, rank)`` or ``(batch, K, *out_shape, rank)``
            In the dtype of the parameters.
        """
        rank = len(out_shape)
        theta = self.theta_from_parameters(self._checked(caller, parameters, rank), rank)
        if self.op is ProjectiveTransform:
            return projective_grid(theta, out_shape, align_corners=align_corners, name=caller)
        return affine_grid(theta, out_shape, align_corners=align_corners, aspect=aspect, in_shape=in_shape,
                           name=caller)

    def _checked(self, caller, parameters, rank):
        return as_parameters(caller, 'parameters', parameters, self.num_parameters(rank))


class _Affine(TransformFamily):
    """Family whose numbers are the matrix itself."""

    name = 'affine'
    _parameters_are_theta = True

    def num_parameters(self, rank=2):
        return rank * (rank + 1)

    def identity_parameters(self, rank=2):
        return np.eye(rank, rank + 1).ravel()

    def theta_from_parameters(self, parameters, rank=2):
        return parameters

    def parameters_in_words(self, rank):
        return 'theta'


class _Projective(TransformFamily):
    """Family whose numbers are the matrix but its last entry, which is 1."""

    name = 'projective'
    op = ProjectiveTransform

    def num_parameters(self, rank=2):
        return (rank + 1) ** 2 - 1

    def identity_parameters(self, rank=2):
        return np.eye(rank + 1).ravel()[:-1]

    def theta_from_parameters(self, parameters, rank=2):
        one = T.shape_padright(T.ones_like(parameters[..., 0]))
        return T.concatenate([parameters, one], axis=parameters.ndim - 1)

    def parameters_in_words(self, rank):
        return 'H without its last entry'


class _Constrained(TransformFamily):
    """Family of affine transforms that scale, rotate and shift.

    Parameters
    ----------
    name : str
    *parts : {'scale', 'scales', 'rotation', 'shift'}
        What the numbers stand for, in order.
    """

    def __init__(self, name, *parts):
        self.name, self.parts = name, parts

    def num_parameters(self, rank=2):
        return sum(self._sizes(rank))

    def identity_parameters(self, rank=2):
        return np.concatenate([np.full(size, float(part in ('scale', 'scales')))
                               for part, size in zip(self.parts, self._sizes(rank))])

    def theta_from_parameters(self, parameters, rank=2):
        one = T.shape_padright(T.ones_like(parameters[..., 0]))
        linear, scale, shift = np.eye(rank, dtype=one.dtype), one, one * np.zeros(rank, one.dtype)
        taken = 0
        for part, size in zip(self.parts, self._sizes(rank)):
            values = (T.shape_padright(parameters[..., taken]) if size == 1
                      else parameters[..., taken:taken + size])
            taken += size
            if part == 'shift':
                shift = values
            elif part == 'rotation':
                linear = rotation_matrices(values, rank)
            else:
                scale = values
        linear = linear * T.shape_padaxis(scale, scale.ndim - 1)
        matrix = T.concatenate([linear, T.shape_padright(shift)], axis=linear.ndim - 1)
        return matrix.reshape(leading(parameters) + [rank * (rank + 1)], ndim=parameters.ndim)

    def _sizes(self, rank):
        return [{'scale': 1, 'rotation': 1 if rank == 2 else 3}.get(part, rank) for part in self.parts]


_FAMILIES = {family.name: family for family in (
    _Affine(), _Constrained('similarity', 'scale', 'rotation', 'shift'),
    _Constrained('rigid', 'rotation', 'shift'), _Constrained('attention', 'scale', 'shift'),
    _Constrained('scale', 'scales'), _Constrained('translation', 'shift'),
    _Constrained('rotation', 'rotation'), _Projective())}

#: Names of the families.
FAMILIES = tuple(_FAMILIES)

AFFINE_FAMILIES = tuple(name for name, family in _FAMILIES.items() if family.op is AffineTransform)


def find_family(caller, family, names=FAMILIES, elsewhere=None):
    """Return the family of a name, or a family as it is.

    Parameters
    ----------
    caller : str
        Name to show in error messages.
    family : str or TransformFamily
    names : tuple of str
        Those to choose from.
    elsewhere : dict of str to str, optional
        Names of other families, and what to use for them.
    """
    if isinstance(family, TransformFamily):
        return family
    if isinstance(family, str) and family in (elsewhere or {}):
        raise ValueError('%s: family must be one of %s, got %r; use %s for it'
                         % (caller, ', '.join(map(repr, names)), family, elsewhere[family]))
    return _FAMILIES[check_choice(caller, 'family', family, names)]


def theta_from_parameters(family, parameters, rank=2, name=None):
    """Make the matrices of a family of transforms from the few numbers that it leaves free.

    Parameters
    ----------
    family : str or TransformFamily
        One of the families below, or one of your own.
    parameters : tensor, (batch, n) or (batch, K, n)
        The free numbers, with n as :func:`num_parameters` says. float32 or float64.
    rank : {2, 3}
        Of what is transformed: 2 for images, 3 for volumes.
    name : str, optional
        Name to show in error messages; by default the function's.

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

    :func:`identity_parameters` gives the numbers for which the matrix is the identity, exactly.

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
    >>> from lasagne_ext.ops import theta_from_parameters
    >>> zoom_and_shift = np.array([[.5, .25, 0]])
    >>> theta_from_parameters('attention', zoom_and_shift).eval().tolist()
    [[0.5, 0.0, 0.25, 0.0, 0.5, 0.0]]
    """
    caller = name or 'theta_from_parameters'
    family = find_family(caller, family)
    check_rank(caller, rank)
    parameters = as_parameters(caller, 'parameters', parameters, family.num_parameters(rank))
    return family.theta_from_parameters(parameters, rank)


def num_parameters(family, rank=2):
    """Return how many numbers a family of transforms leaves free.

    Parameters
    ----------
    family : str or TransformFamily
        One of those in the table of :func:`theta_from_parameters`, or one of your own.
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
    >>> from lasagne_ext.ops import num_parameters
    >>> num_parameters('similarity'), num_parameters('similarity', rank=3)
    (4, 7)
    """
    check_rank('num_parameters', rank)
    return find_family('num_parameters', family).num_parameters(rank)


def identity_parameters(family, rank=2):
    """Return the numbers for which :func:`theta_from_parameters` gives the identity.

    Parameters
    ----------
    family : str or TransformFamily
        One of those in the table of :func:`theta_from_parameters`, or one of your own.
    rank : {2, 3}
        2 for images, 3 for volumes.

    Returns
    -------
    float64 array
        Of :func:`num_parameters` numbers.

    Raises
    ------
    ValueError
        If there is no such family or rank.

    Examples
    --------
    >>> from lasagne_ext.ops import identity_parameters
    >>> identity_parameters('similarity').tolist()
    [1.0, 0.0, 0.0, 0.0]
    """
    check_rank('identity_parameters', rank)
    return find_family('identity_parameters', family).identity_parameters(rank)


def rotation_matrices(turns, rank):
    """Make rotation matrices of angles (2D) or of rotation vectors (3D), smooth at no rotation.

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
        return _stacked([cosine, -sine, sine, cosine], rank)
    square = T.sqr(turns).sum(axis=-1)
    small = T.lt(square, _SMALL)
    # A square root has no derivative at 0, and a switch multiplies it by 0, not away.
    angle = T.sqrt(T.switch(small, 1, square))
    half = T.sin(angle / 2) / angle
    first = T.switch(small, _series(square, (1, 6, 20, 42, 72)), T.sin(angle) / angle)
    second = T.switch(small, _series(square, (2, 12, 30, 56, 90)), 2 * half * half)
    x, y, z = (turns[..., k] for k in range(3))
    zero = T.zeros_like(x)
    cross = _stacked([zero, -z, y, z, zero, -x, -y, x, zero], rank)
    outer = T.shape_padright(turns) * T.shape_padaxis(turns, turns.ndim - 1)
    eye = np.eye(rank, dtype=turns.dtype)
    first, second, square = (T.shape_padright(v, 2) for v in (first, second, square))
    return eye + first * cross + second * (outer - square * eye)


def _stacked(entries, rank):
    rows = [T.stack(entries[start:start + rank], axis=-1) for start in range(0, rank * rank, rank)]
    return T.stack(rows, axis=-2)


def _series(square, divisors):
    """Return ``(1 - square / d2 (1 - square / d3 (...))) / d1``."""
    total = 1.
    for divisor in divisors[:0:-1]:
        total = 1 - square / divisor * total
    return total / divisors[0]
