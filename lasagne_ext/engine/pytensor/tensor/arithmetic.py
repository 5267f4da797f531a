"""Functions of ``theano.tensor`` whose signature or meaning PyTensor has changed: arithmetic and sorting."""
import numpy as np
import pytensor.tensor as pt
from pytensor.graph.basic import Variable
from pytensor.raise_op import CheckAndRaise
from pytensor.scalar import ComplexError
from pytensor.tensor import math
from pytensor.tensor.special import xlogy
from pytensor.tensor.type import complex_dtypes, discrete_dtypes, integer_dtypes


def angle(z):
    """Compute the angle of complex numbers, in float64 whatever they are."""
    return pt.cast(pt.angle(z), 'float64')


def complex_from_polar(abs, angle):
    """Make complex numbers of these absolute values and angles."""
    return pt.complex(abs * pt.cos(angle), abs * pt.sin(angle))


def conj(z):
    """Return the complex conjugate."""
    z = pt.as_tensor_variable(z)
    return pt.cast(z, 'int8') if z.dtype == 'bool' else pt.conj(z)


def chi2sf(x, k):
    """Compute the survival function of the chi-squared distribution with `k` degrees of freedom, in float64."""
    return pt.cast(pt.chi2sf(x, k), 'float64')


def div_proxy(x, y):
    """Compute ``x // y`` of whole numbers, ``x / y`` otherwise."""
    whole = all(pt.as_tensor_variable(part).dtype in discrete_dtypes for part in (x, y))
    return pt.int_div(x, y) if whole else pt.true_div(x, y)


def mod_check(x, y):
    """Compute ``x % y``, but refuse complex numbers."""
    if {pt.as_tensor_variable(part).dtype for part in (x, y)} & set(complex_dtypes):
        raise ComplexError('% is not defined for complex numbers')
    return pt.mod(x, y)


def makeKeepDims(x, y, axis):
    """Return `y`, a reduction of `x`, with the reduced axes back at length 1."""
    return math.makeKeepDims(pt.as_tensor_variable(x), pt.as_tensor_variable(y), axis)


def sort(a, axis=-1, kind='quicksort', order=None):
    """Return a sorted copy; with ``axis=None`` of the flattened array."""
    return pt.sort(a, axis, kind, order)


def argsort(a, axis=-1, kind='quicksort', order=None):
    """Return the indices that sort an array; with ``axis=None`` the flattened one."""
    return pt.argsort(a, axis, kind, order)


def topk_and_argtopk(x, kth, axis=-1, sorted=True, idx_dtype='int64'):
    """Find the largest elements along an axis, in descending order, and where they are.

    Parameters
    ----------
    x : tensor
    kth : int or integer variable
        How many; if negative, that many of the smallest, in ascending order.
    axis : int or None
        None stands for the flattened array.
    sorted : bool
        Whether the order matters; they are ordered in any case.
    idx_dtype : str
        An integer dtype, of the indices.

    Returns
    -------
    list of two variables

    Raises
    ------
    ValueError
        At run time, if `kth` is 0 or larger than the axis.
    """
    x = pt.as_tensor_variable(x)
    if axis is None:
        x, axis = x.flatten(), 0
    if not isinstance(axis, (int, np.integer)):
        raise TypeError('topk: expected a whole number as axis, got %r' % (axis,))
    if idx_dtype not in integer_dtypes:
        raise TypeError('topk: expected an integer dtype as idx_dtype, got %r' % (idx_dtype,))
    if not -x.ndim <= axis < x.ndim:
        raise IndexError('topk: expected an axis of a %d-dimensional tensor, got %d' % (x.ndim, axis))
    axis = int(axis) % x.ndim
    kth = _count(kth)
    x = _checked(x, kth, axis)
    if isinstance(kth, int):
        picked = slice(None, -kth - 1, -1) if kth > 0 else slice(None, -kth)
    else:
        picked = pt.switch(kth > 0, -1 - pt.arange(abs(kth)), pt.arange(abs(kth)))
    order = pt.argsort(x, axis)[(slice(None),) * axis + (picked,)]
    return [pt.take_along_axis(x, order, axis), pt.cast(order, idx_dtype)]


def _count(kth):
    if not isinstance(kth, Variable) and isinstance(kth, (int, np.integer)):
        return int(kth)
    kth = pt.as_tensor_variable(kth)
    if kth.dtype not in discrete_dtypes or kth.ndim:
        raise TypeError('topk: expected a whole number as kth, got %s' % (kth,))
    return pt.cast(kth, 'int64')


def _checked(x, kth, axis):
    """Return `x`, with an error at run time (or at once, if all is known) where `kth` does not fit."""
    message = 'topk: expected kth neither 0 nor larger than axis %d' % axis
    length = x.type.shape[axis]
    if isinstance(kth, int) and (kth == 0 or length is not None and abs(kth) > length):
        raise ValueError('%s, got %d' % (message, kth))
    if isinstance(kth, int) and length is not None:
        return x
    return CheckAndRaise(ValueError, message)(x, pt.and_(pt.neq(kth, 0), pt.le(abs(kth), x.shape[axis])))


def topk(x, kth, axis=-1, sorted=True, idx_dtype='int64'):
    """Find the largest elements along an axis: see :func:`topk_and_argtopk`."""
    return topk_and_argtopk(x, kth, axis, sorted, idx_dtype)[0]


def argtopk(x, kth, axis=-1, sorted=True, idx_dtype='int64'):
    """Find where the largest elements along an axis are: see :func:`topk_and_argtopk`."""
    return topk_and_argtopk(x, kth, axis, sorted, idx_dtype)[1]


def xlogx(x):
    """Compute ``x * log(x)``, and 0 where `x` is 0."""
    return xlogy(x, x)


def xlogy0(x, y):
    """Compute ``x * log(y)``, and 0 where `x` is 0."""
    return xlogy(x, y)
