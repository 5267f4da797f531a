"""Variables of the facade and their types: PyTensor's with Theano's methods, as classes of their own.

A variable of the facade's is one of PyTensor's too, and has to behave as such: PyTensor's rewrites and
gradients call its methods. So a method takes PyTensor's arguments beside Theano's, and a type is equal to
PyTensor's of the same dtype and shape. The classes bear Theano's module names, under which pickles find
them; they read what Theano has written, too.
"""
import copy
import functools
import inspect
import warnings

import numpy as np
from pytensor.compile.sharedvalue import SharedVariable as AnySharedVariable
from pytensor.graph.basic import Constant
from pytensor.scalar.basic import LogicalComparison
from pytensor.tensor.sharedvar import TensorSharedVariable as AnyTensorSharedVariable
from pytensor.tensor.type import TensorType as StaticTensorType
from pytensor.tensor.variable import TensorConstant as AnyTensorConstant
from pytensor.tensor.variable import TensorVariable as AnyTensorVariable

from lasagne_ext.engine.pytensor import modes
from lasagne_ext.engine.pytensor.border import TensorOperators
from lasagne_ext.engine.pytensor.functions import with_type
from lasagne_ext.engine.pytensor.tensor import (
    adoption, arithmetic, conversion, indexing, linalg, reductions, shapes)
from lasagne_ext.engine.pytensor.tensor.adoption import adopting


class _TypeMeta(type(StaticTensorType)):
    """Makes PyTensor's types of Theano's arguments, and takes all of those for instances."""

    def __call__(cls, dtype, broadcastable, name=None, sparse_grad=False):
        if cls is not TensorType:
            return super().__call__(dtype, broadcastable, name, sparse_grad)
        if sparse_grad:
            raise NotImplementedError('TensorType: sparse_grad=True is not supported, got %r' % sparse_grad)
        return adopted_type(StaticTensorType(dtype, static_shape(broadcastable), name))

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

    __module__ = 'theano.tensor.type'

    def __init__(self, dtype, broadcastable, name=None, sparse_grad=False):
        super().__init__(dtype, static_shape(broadcastable), name)

    def __setstate__(self, state):
        # Nobody but Theano has written it.
        self.__class__ = StaticTensorType
        self.__init__(state['dtype'], static_shape(state['broadcastable']), state.get('name'))
        vars(self).update(vars(adopted_type(self)))


def adopted_type(type):
    """Copy a type of PyTensor's to one that is equal to it, whose variables and constants are the facade's.

    It is no subclass's: PyTensor asks for the very class in many places.
    """
    made = copy.copy(type)
    vars(made).update(variable_type=TensorVariable, constant_type=TensorConstant, Variable=TensorVariable,
                      Constant=TensorConstant, sparse_grad=False,
                      value_zeros=functools.partial(np.zeros, dtype=type.dtype),
                      value_validity_msg=functools.partial(_value_validity_msg, type))
    return made


def _value_validity_msg(type, a):
    """Say why a value is none of a type."""
    try:
        type.filter(a, strict=True)
    except Exception as error:
        return str(error)
    return 'value is valid'


# Types are pickled with their graphs, and lastingly.
_value_validity_msg.__module__ = TensorType.__module__


def static_shape(broadcastable):
    """Return PyTensor's static shape for a broadcast pattern.

    Anything true stands for length 1: a 0 in a pattern is False, not a length.
    """
    return tuple(1 if axis else None for axis in broadcastable)


class _Refused:
    """Attribute of Theano's that is not there; the error says what to use."""

    def __init__(self, instead):
        self._instead = instead

    def __set_name__(self, owner, name):
        self._name = name

    def __get__(self, instance, owner):
        raise AttributeError('%s.%s is not available on the engine "pytensor": %s'
                             % (owner.__name__, self._name, self._instead))


class _Operators:
    """PyTensor's operators and methods, whose results are the facade's."""


def _has_result(name, member):
    """Tell whether it is a method that returns a variable."""
    return inspect.isfunction(member) and name not in {
        '__bool__', '__index__', '__int__', '__float__', '__complex__', '__iter__', '__setitem__'}


def _converting(operator):
    """Let an operator's other operand be what Theano takes for a tensor."""
    @functools.wraps(operator)
    def operate(self, *operands):
        return operator(self, *map(conversion.convert_argument, operands))
    return operate


for _name, _member in vars(TensorOperators).items():
    if _has_result(_name, _member):
        setattr(_Operators, _name, adopting(_converting(_member) if _name.startswith('__') else _member))
    elif isinstance(_member, property) and _name not in ('ndim', 'broadcastable', 'dtype'):
        setattr(_Operators, _name, property(adopting(_member.fget), doc=_member.__doc__))


_OBSERVERS = 'nothing is told of new variables; set theano.config.compute_test_value, or walk over the graph'


class _Evaluated:
    """Mixed into variables: what is computed at once is computed in the facade's default mode."""

    def eval(self, inputs_to_values=None, **kwargs):
        """Compute the value for given values of the inputs: see PyTensor's ``Variable.eval``."""
        kwargs.setdefault('mode', modes.get_default_mode())
        return super().eval(inputs_to_values, **kwargs)


class TensorMethods(_Evaluated, _Operators):
    """Theano's methods of tensor variables, which are its functions of the same names."""

    append_construction_observer = construction_observers = _Refused(_OBSERVERS)
    notify_construction_observers = remove_construction_observer = _Refused(_OBSERVERS)

    @staticmethod
    def adopted_type(type):
        """Turn a type of PyTensor's into one of the facade's."""
        is_plain = type.__class__ is StaticTensorType and 'variable_type' not in vars(type)
        return adopted_type(type) if is_plain else type

    def __bool__(self):
        """True, as of any object; but ``if x < y`` and ``a < b < c`` are mistakes."""
        if self.owner is not None and isinstance(getattr(self.owner.op, 'scalar_op', None), LogicalComparison):
            raise TypeError('a symbolic comparison is neither true nor false; use theano.tensor.switch or and_')
        return True

    def get_scalar_constant_value(self):
        """Return the one value that all elements have."""
        return conversion.get_scalar_constant_value(self)

    __getitem__ = adopting(indexing.getitem)
    all, any = adopting(reductions.all), adopting(reductions.any)
    argmax, argmin = adopting(reductions.argmax), adopting(reductions.argmin)
    choose = adopting(shapes.choose)
    conj = conjugate = adopting(arithmetic.conj)
    max, min = adopting(reductions.max), adopting(reductions.min)
    mean = adopting(reductions.mean_along)
    norm = adopting(reductions.norm)
    prod, sum = adopting(reductions.prod), adopting(reductions.sum)
    ptp, std, var = adopting(reductions.ptp), adopting(reductions.std), adopting(reductions.var)
    reshape = adopting(shapes.reshape)
    take = adopting(shapes.take)
    trace = adopting(linalg.trace)


class _VariableMeta(type(AnyTensorVariable)):
    """In Theano a shared variable or a constant is no ``TensorVariable``; all others of PyTensor's are."""

    def __instancecheck__(cls, instance):
        if cls is TensorVariable:
            return (isinstance(instance, AnyTensorVariable)
                    and not isinstance(instance, (Constant, AnySharedVariable)))
        return super().__instancecheck__(instance)

    def __subclasscheck__(cls, subclass):
        if cls is TensorVariable:
            # Abstract base classes ask their subclasses in turn: issubclass would not come to an end.
            return (AnyTensorVariable in subclass.__mro__
                    and not {Constant, AnySharedVariable} & set(subclass.__mro__))
        return super().__subclasscheck__(subclass)


class TensorVariable(TensorMethods, AnyTensorVariable, metaclass=_VariableMeta):
    """Symbolic tensor: an input, or the output of an operation.

    Parameters
    ----------
    type : TensorType
    owner : Apply, optional
    index : int, optional
        Which of the owner's outputs it is.
    name : str, optional
    """

    __module__ = 'theano.tensor.var'

    def __init__(self, type, owner=None, index=None, name=None):
        super().__init__(type, owner, index, name)


class _ConstantMeta(type(AnyTensorConstant)):
    """Metaclass of a class whose instances all of PyTensor's constant tensors are."""

    def __instancecheck__(cls, instance):
        if cls is TensorConstant:
            return isinstance(instance, AnyTensorConstant)
        return super().__instancecheck__(instance)

    def __subclasscheck__(cls, subclass):
        if cls is TensorConstant:
            return AnyTensorConstant in subclass.__mro__
        return super().__subclasscheck__(subclass)


class TensorConstant(TensorMethods, AnyTensorConstant, metaclass=_ConstantMeta):
    """Tensor of a known value.

    Parameters
    ----------
    type : TensorType
    data : numpy.ndarray
    name : str, optional
    """

    __module__ = 'theano.tensor.var'
    cached = _Refused('constants of the same value are merged when a function is compiled')


class SharedMethods:
    """Mixed into shared variables: default updates, and what to use instead of ``value``."""

    value = _Refused('use get_value() and set_value()')

    @property
    def default_update(self):
        """Return what a function makes of this variable after each call when it is told nothing else."""
        return super().default_update

    @default_update.setter
    def default_update(self, value):
        if value is not None:
            # It may know more of its shape than the variable, which PyTensor refuses.
            value = with_type(self.type.filter_variable(value, allow_convert=True), self.type)
        with warnings.catch_warnings():
            # PyTensor plans to drop default updates.
            warnings.simplefilter('ignore', DeprecationWarning)
            AnySharedVariable.default_update.fset(self, value)

    def __setstate__(self, state):
        vars(self).update(state)
        if not hasattr(self, 'default_update'):            # as Theano has written it
            self.default_update = state.get('default_update')


class SharedVariable(SharedMethods, _Evaluated, AnySharedVariable):
    """Shared variable that holds any object."""

    @staticmethod
    def adopted_type(type):
        """Leave a type of PyTensor's as it is."""
        return type


class _SharedMeta(type(AnyTensorSharedVariable)):
    """In Theano a shared variable made of a number is no ``TensorSharedVariable``."""

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


class TensorSharedVariable(SharedMethods, TensorMethods, AnyTensorSharedVariable, metaclass=_SharedMeta):
    """Shared variable that holds an array.

    Parameters
    ----------
    name : str or None
    type : TensorType
    value : numpy.ndarray
    strict, allow_downcast : bool
        What later values may be.
    container : Container, optional
        Where the value is kept, instead of `value`.
    """

    __module__ = 'theano.tensor.sharedvar'

    def __init__(self, name, type, value, strict, allow_downcast=None, container=None):
        super().__init__(type, value, strict, allow_downcast, container, name)


class ScalarSharedVariable(TensorSharedVariable):
    """Shared variable that holds a number and was made of one."""

    __module__ = 'theano.tensor.sharedvar'


adoption.KINDS.update({AnyTensorVariable: TensorVariable, AnyTensorConstant: TensorConstant,
                       AnySharedVariable: SharedVariable, AnyTensorSharedVariable: TensorSharedVariable})


def load_shared_variable(val):
    """Make a shared variable of an array, for old pickles."""
    return TensorSharedVariable(None, TensorType(val.dtype, (False,) * val.ndim), val, False)
