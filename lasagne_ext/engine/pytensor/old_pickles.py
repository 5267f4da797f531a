"""Pickles that Theano itself has written: variables and whole Lasagne networks are read, graphs refused.

Theano's classes are found in the facade under their old names. What is made here is pickled under
PyTensor's names, so that a class of the facade in a pickle always means that Theano has written it.
"""
import pickle

from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Apply as PyTensorApply
from pytensor.tensor.sharedvar import TensorSharedVariable as PyTensorShared
from pytensor.tensor.type import TensorType as PyTensorType
from pytensor.tensor.variable import TensorVariable as PyTensorVariable

from lasagne_ext.engine.pytensor import tensor_types
from lasagne_ext.engine.pytensor._finder import ADVICE


def _set_type(self, state):
    self.__class__ = PyTensorType
    self.__init__(state['dtype'], tensor_types.static_shape(state['broadcastable']), state.get('name'))


def _become(kind):
    """A ``__setstate__`` that turns an instance of the facade's class into one of PyTensor's."""
    def set_state(self, state):
        self.__class__ = kind
        vars(self).update(state)
        if issubclass(kind, SharedVariable):
            vars(self).setdefault('_default_update', vars(self).pop('default_update', None))
    return set_state


class _Applied(type):
    def __call__(cls, op, inputs, outputs):
        return PyTensorApply(op, inputs, outputs)

    def __instancecheck__(cls, instance):
        return isinstance(instance, PyTensorApply)

    def __subclasscheck__(cls, subclass):
        return PyTensorApply in subclass.__mro__


class Apply(metaclass=_Applied):
    """The application of an Op to variables.

    Parameters
    ----------
    op : Op
    inputs, outputs : list of Variable
    """

    def __new__(cls, *args):
        raise pickle.UnpicklingError(ADVICE)


def install():
    """Let the facade's classes read what Theano has written."""
    tensor_types.TensorType.__setstate__ = _set_type
    for kind, read_as in ((tensor_types.TensorVariable, PyTensorVariable),
                          (tensor_types.TensorSharedVariable, PyTensorShared),
                          (tensor_types.ScalarSharedVariable,
                           tensor_types.ScalarSharedVariable)):
        kind.__setstate__ = _become(read_as)
