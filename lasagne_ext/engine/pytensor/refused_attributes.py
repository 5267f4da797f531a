"""Attributes of Theano's variables that are not there, each with a word on what to use."""
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Constant
from pytensor.tensor.variable import TensorVariable

_OBSERVERS = 'nothing is told of new variables; set theano.config.compute_test_value, or walk over the graph'

REFUSED = {
    TensorVariable: dict.fromkeys(['append_construction_observer', 'construction_observers',
                                   'notify_construction_observers', 'remove_construction_observer'],
                                  _OBSERVERS),
    Constant: {'cached': 'constants of the same value are merged when a function is compiled'},
    SharedVariable: {'value': 'use get_value() and set_value()'}}


class _Refused:
    """Raises the error when the attribute is asked for."""

    def __init__(self, instead):
        self._instead = instead

    def __set_name__(self, owner, name):
        self._name = name

    def __get__(self, instance, owner):
        raise AttributeError('%s.%s is not available on the engine "pytensor": %s'
                             % (owner.__name__, self._name, self._instead))


def install():
    """Let the attributes of `REFUSED` say what to use."""
    for kind, names in REFUSED.items():
        for name, instead in names.items():
            refused = _Refused(instead)
            refused.__set_name__(kind, name)
            setattr(kind, name, refused)
