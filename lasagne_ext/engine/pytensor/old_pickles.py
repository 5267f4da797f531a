"""Graphs that Theano itself has pickled are refused; variables and whole Lasagne networks are read.

Theano's classes are found in the facade under their old names. What is made here is pickled with
PyTensor's Apply, so that the facade's in a pickle always means that Theano has written it.
"""
import pickle

from pytensor.graph.basic import Apply as PyTensorApply

from lasagne_ext.engine.pytensor._finder import ADVICE


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
