"""Theano's tensor types and their classes: told from PyTensor's by broadcast patterns."""
import numbers
from functools import partial

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Constant
from pytensor.tensor import sharedvar
from pytensor.tensor.elemwise import DimShuffle as AnyDimShuffle
from pytensor.tensor.sharedvar import TensorSharedVariable as AnyTensorSharedVariable
from pytensor.tensor.type import TensorType as StaticTensorType
from pytensor.tensor.variable import TensorVariable as AnyTensorVariable


class _TypeMeta(type(StaticTensorType)):
    """Makes plain PyTensor types of Theano's arguments, and recognises them."""

    def __call__(cls, dtype, broadcastable, name=None, sparse_grad=False):
        if cls is not TensorType:
            return super().__call__(dtype, broadcastable, name, sparse_grad)
        if sparse_grad:
            raise NotImplementedError('TensorType: sparse_grad=True is not supported, got %r' % sparse_grad)
        return StaticTensorType(dtype, static_shape(broadcastable), name)

    def __instancecheck__(cls, instance):
        if cls is TensorType:
            return isinstance(instance, StaticTensorType)
        return super().__instancecheck__(instance)

    def __subclasscheck__(cls, subclass):
        if cls is TensorType:
            return StaticTensorType in subclass.__mro__
        return super().__subclasscheck__(subclass)


class TensorType(StaticTensorType, metaclass=_TypeMeta):
    """Type of dense arrays of one dtype and broadcast pattern.

    Parameters
    ----------
    dtype : str or numpy.dtype
        ``'floatX'`` stands for what is configured.
    broadcastable : sequence of bool
        Whether each axis has length 1 for certain.
    name : str, optional
        What to print.
    sparse_grad : bool
        Only False is supported.
    """

    def __init__(self, dtype, broadcastable, name=None, sparse_grad=False):
        super().__init__(dtype, static_shape(broadcastable), name)


class _VariableMeta(type(AnyTensorVariable)):
    """In Theano a shared variable or a constant is no ``TensorVariable``."""

    def __call__(cls, type, owner=None, index=None, name=None):
        if cls is not TensorVariable:
            return super().__call__(type, owner, index, name)
        return AnyTensorVariable(type, owner, index, name)

    def __instancecheck__(cls, instance):
        if cls is TensorVariable:
            return (isinstance(instance, AnyTensorVariable)
                    and not isinstance(instance, (Constant, SharedVariable)))
        return super().__instancecheck__(instance)

    def __subclasscheck__(cls, subclass):
        if cls is TensorVariable:
            # Abstract base classes ask their subclasses in turn: issubclass would not come to an end.
            return (AnyTensorVariable in subclass.__mro__
                    and not {Constant, SharedVariable} & set(subclass.__mro__))
        return super().__subclasscheck__(subclass)


class TensorVariable(AnyTensorVariable, metaclass=_VariableMeta):
    """Symbolic tensor: an input, or the output of an operation."""

    def __init__(self, type, owner=None, index=None, name=None):
        super().__init__(type, owner, index, name)


def static_shape(broadcastable):
    """PyTensor's static shape for a broadcast pattern.

    Anything true stands for length 1: a 0 in a pattern is False, not a length.
    """
    return tuple(1 if axis else None for axis in broadcastable)


def tensor(*args, **kwargs):
    """A new variable of ``TensorType(*args, **kwargs)``; `name` is the variable's."""
    name = kwargs.pop('name', None)
    return TensorType(*args, **kwargs)(name)


def _variable_maker(name, pattern):
    def make(name=None, dtype=None):
        return TensorType(pytensor.config.floatX if dtype is None else dtype, pattern)(name)
    make.__name__ = make.__qualname__ = name
    make.__doc__ = """A new variable of the pattern %r.

    Parameters
    ----------
    name : str, optional
        Its name.
    dtype : str, optional
        By default ``config.floatX``.
    """ % (pattern,)
    return make


def _several(make, *names):
    """Several new variables: a number of them, or one per name."""
    if names and isinstance(names[0], numbers.Integral):
        return [make() for _ in range(names[0])]
    if len(names) == 1:
        names = names[0]
    if len(names) == 1:
        return make(names)
    return [make(name) for name in names]


#: Broadcast patterns of the kinds of variables that have a name.
PATTERNS = {'scalar': (), 'vector': (False,), 'matrix': (False, False), 'row': (True, False),
            'col': (False, True)}
PATTERNS.update(('tensor%d' % ndim, (False,) * ndim) for ndim in range(3, 8))

#: Letters that stand for dtypes in names such as ``fmatrix``.
LETTERS = {'b': 'int8', 'w': 'int16', 'i': 'int32', 'l': 'int64', 'f': 'float32', 'd': 'float64',
           'c': 'complex64', 'z': 'complex128'}


def named_types():
    """``matrix``, ``fmatrix``, ``matrices``, ``fmatrices`` and so on, under their names."""
    found = {}
    for kind, pattern in PATTERNS.items():
        plural = 'matrices' if kind == 'matrix' else kind + 's'
        found[kind] = _variable_maker(kind, pattern)
        found[plural] = partial(_several, found[kind])
        for letter, dtype in LETTERS.items():
            found[letter + kind] = getattr(pt, letter + kind, None) or TensorType(dtype, pattern)
            if letter in 'ildf':
                found[letter + plural] = partial(_several, found[letter + kind])
    for group, letters in (('int', 'bwil'), ('float', 'fd'), ('complex', 'cz')):
        for kind in ('scalar', 'vector', 'matrix'):
            found['%s_%s_types' % (group, kind)] = tuple(found[letter + kind] for letter in letters)
        found['%s_types' % group] = found['%s_scalar_types' % group]
    return found


class _DimShuffleMeta(type(AnyDimShuffle)):
    def __call__(cls, input_broadcastable, new_order, inplace=True):
        if len(set(new_order) - {'x'}) + list(new_order).count('x') != len(new_order):
            raise ValueError('DimShuffle: expected each axis once at most, got %s' % (new_order,))
        for axis, broadcastable in enumerate(input_broadcastable):
            if axis not in new_order and not broadcastable:
                raise ValueError('DimShuffle: expected dropped axes to be broadcastable, got %s of %s'
                                 % (new_order, input_broadcastable))
        return AnyDimShuffle(input_ndim=len(input_broadcastable), new_order=new_order)

    def __instancecheck__(cls, instance):
        return isinstance(instance, AnyDimShuffle)


class DimShuffle(AnyDimShuffle, metaclass=_DimShuffleMeta):
    """Op that permutes axes, adds some (``'x'``) and drops broadcastable ones.

    Parameters
    ----------
    input_broadcastable : sequence of bool
    new_order : sequence of int and 'x'
    inplace : bool
        It makes a view in any case.
    """


class _SharedMeta(type(AnyTensorSharedVariable)):
    """In Theano a shared variable made of a number is no ``TensorSharedVariable``."""

    def __call__(cls, name, type, value, strict, allow_downcast=None, container=None):
        if cls is not TensorSharedVariable:
            return super().__call__(name, type, value, strict, allow_downcast, container)
        return AnyTensorSharedVariable(type, value, strict, allow_downcast, container, name)

    def __instancecheck__(cls, instance):
        if cls is TensorSharedVariable:
            return (isinstance(instance, AnyTensorSharedVariable)
                    and not isinstance(instance, ScalarSharedVariable))
        return super().__instancecheck__(instance)

    def __subclasscheck__(cls, subclass):
        if cls is TensorSharedVariable:
            return (AnyTensorSharedVariable in subclass.__mro__
                    and ScalarSharedVariable not in subclass.__mro__)
        return super().__subclasscheck__(subclass)


class TensorSharedVariable(AnyTensorSharedVariable, metaclass=_SharedMeta):
    """A shared variable that holds an array."""

    def __init__(self, name, type, value, strict, allow_downcast=None, container=None):
        super().__init__(type, value, strict, allow_downcast, container, name)


class ScalarSharedVariable(AnyTensorSharedVariable):
    """A shared variable that holds a number and was made of one."""


def _check_target(target):
    if target != 'cpu':
        raise TypeError("expected the target 'cpu' on the engine \"pytensor\", got %r" % (target,))


def tensor_constructor(value, name=None, strict=False, allow_downcast=None, borrow=False,
                       broadcastable=None, target='cpu'):
    """A shared variable that holds an array.

    Parameters
    ----------
    value : numpy.ndarray
    name : str, optional
    strict : bool
        Refuse values of another type later.
    allow_downcast : bool, optional
        Cast values of a wider dtype later.
    borrow : bool
        Do not copy `value`.
    broadcastable : sequence of bool, optional
        By default no axis is.
    target : str
        Only 'cpu' is there.
    """
    _check_target(target)
    if not isinstance(value, np.ndarray):
        raise TypeError('tensor_constructor: expected an array, got %s' % type(value))
    if broadcastable is None:
        broadcastable = (False,) * value.ndim
    return sharedvar.tensor_constructor(value, name, strict, allow_downcast, borrow,
                                        shape=static_shape(broadcastable))


def scalar_constructor(value, name=None, strict=False, allow_downcast=None, borrow=False, target='cpu'):
    """A shared variable that holds a single number."""
    _check_target(target)
    if not isinstance(value, (np.number, float, int, complex)):
        raise TypeError('scalar_constructor: expected a number, got %s' % type(value))
    value = np.array(value)
    return ScalarSharedVariable(StaticTensorType(value.dtype, ()), value, strict, allow_downcast, name=name)


def load_shared_variable(val):
    """A shared variable of an array, for old pickles."""
    return tensor_constructor(val)
