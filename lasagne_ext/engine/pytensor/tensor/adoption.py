"""Results of PyTensor's functions and Ops, turned into the facade's variables.

The facade's functions call PyTensor's, which make PyTensor's variables. What such a call returns is given
the facade's class, if the call has made it: a variable that somebody else has made, with PyTensor itself,
stays what it is. All other nodes of a graph stay as PyTensor makes them; the two kinds mix freely.
"""
import functools
import inspect

import pytensor.tensor as pt
from pytensor.graph.basic import Variable
from pytensor.graph.op import Op as AnyOp
from pytensor.scalar import ScalarOp

from lasagne_ext.engine.pytensor import test_values
from lasagne_ext.engine.pytensor.border import variable_numbers

#: Class of PyTensor's -> the facade's subclass that a variable is given; filled where those are defined.
KINDS = {}

#: Function, Op or class -> its adopting form, lest one have two.
_adopting = {}


class AsTensorError(TypeError, NotImplementedError):
    """Something cannot be made into a tensor variable."""


def convert_argument(x):
    """Convert what Theano takes for a tensor and PyTensor does not; leave everything else.

    Parameters
    ----------
    x : object
        An argument of an Op.

    Returns
    -------
    object
        A whole number that needs all 64 bits as an unsigned constant, an object with
        ``_as_TensorVariable`` as that variable.

    Raises
    ------
    AsTensorError
        If it is a number of more than 64 bits.
    """
    if isinstance(x, Variable):
        return x
    if isinstance(x, int) and not -2 ** 63 <= x < 2 ** 63:
        if not 0 <= x < 2 ** 64:
            raise AsTensorError('expected a whole number of at most 64 bits, got %d' % x)
        return pt.constant(x, dtype='uint64')
    return x._as_TensorVariable() if hasattr(x, '_as_TensorVariable') else x


def adopt(variable):
    """Give a variable of PyTensor's the facade's class, in place; others stay as they are.

    Parameters
    ----------
    variable : Variable

    Returns
    -------
    Variable
        `variable` itself.
    """
    kind = KINDS.get(type(variable))
    if kind is not None:
        variable.__class__ = kind
        variable.type = kind.adopted_type(variable.type)
    return variable


def adopt_new(result, number, given=()):
    """Adopt what a call has made.

    Parameters
    ----------
    result : Variable, or list, tuple or dict of them, or anything
    number : int
        What ``next(variable_numbers)`` was before the call: newer variables have greater numbers.
    given : collection
        The call's arguments, which stay as they are even where a pickle has given them a great number.

    Returns
    -------
    object
        `result` itself.
    """
    if isinstance(result, Variable):
        if (type(result) in KINDS and int(result.auto_name[5:]) > number
                and not any(result is value for value in given)):
            adopt(result)
            if result.owner is not None:
                test_values.follow(result.owner)
    elif isinstance(result, (list, tuple)):
        for one in result:
            adopt_new(one, number, given)
    elif isinstance(result, dict):
        for one in result.values():
            adopt_new(one, number, given)
    return result


def adopting(thing):
    """Let a function, an Op or a class return the facade's variables.

    Parameters
    ----------
    thing : function, Op or class
        Of an Op, an Op of a subclass comes back that compares equal, and whose applications are those of
        `thing`. Of a class of Ops of PyTensor's, a subclass whose instances are such Ops. Another class
        is changed itself: all its public methods and ``__call__`` return the facade's variables then.

    Returns
    -------
    function, Op or class
        The same for the same `thing`.
    """
    if thing in _adopting or getattr(thing, 'adopts', False):
        return _adopting.get(thing, thing)
    if isinstance(thing, AnyOp):
        made = _adopting_op(thing)
    elif not isinstance(thing, type):
        made = _adopting_function(thing)
    elif issubclass(thing, AnyOp):
        made = _adopting_op_class(thing)
    else:
        for name, member in list(vars(thing).items()):
            if inspect.isfunction(member) and (name == '__call__' or not name.startswith('_')):
                setattr(thing, name, adopting(member))
        return thing
    _adopting[thing] = made
    return made


def original(thing):
    """Return the Op, or class of Ops, that an adopting one stands for; others come back as they are."""
    for plain, made in _adopting.items():
        if made is thing:
            return plain
    return thing


def _adopting_function(function):
    @functools.wraps(function)
    def adopted(*args, **kwargs):
        number = next(variable_numbers)
        result = function(*args, **kwargs)
        return adopt_new(result, number, (*args, *kwargs.values()))
    adopted.adopts = True
    return adopted


def adopting_arguments(function):
    """Let a function that PyTensor calls with variables of its own making get the facade's."""
    number = next(variable_numbers)

    def adopted(*args):
        return function(*adopt_new(args, number))
    return adopted


class AdoptingCall:
    """Mixed into classes of Ops: a call returns the facade's variables."""

    adopts = True

    def __call__(self, *inputs, **kwargs):
        number = next(variable_numbers)
        result = super().__call__(*[convert_argument(value) for value in inputs], **kwargs)
        return adopt_new(result, number)


class Op(AdoptingCall, AnyOp):
    """Base class of the facade's own Ops, where PyTensor's names of their methods are used."""


class _StandIn(AdoptingCall):
    """Mixed into an Op's class: an Op that stands for that Op, and is none in a graph itself."""

    def make_node(self, *inputs):
        try:
            return self._op.make_node(*inputs)
        except NotImplementedError as error:
            raise AsTensorError(*error.args) from None

    def __eq__(self, other):
        return self._op == (other._op if isinstance(other, _StandIn) else other)

    def __hash__(self):
        return hash(self._op)

    def __reduce__(self):
        return vars(self).get('__qualname__') or (adopting, (self._op,))

    def __repr__(self):
        return repr(self._op)


@functools.cache
def _stand_in_class(kind):
    return type(kind)(kind.__name__, (_StandIn, kind),
                      {'__module__': kind.__module__, '__doc__': kind.__doc__})


def _adopting_op(op):
    kind = _stand_in_class(type(op))
    made = kind.__new__(kind)
    vars(made).update(vars(op), _op=op)
    return made


def _adopting_op_class(kind):
    """Make a class whose calls make adopting Ops of `kind`, and of which all instances of `kind` are."""
    class Meta(type(kind)):
        def __call__(cls, *args, **kwargs):
            return adopting(kind(*args, **kwargs)) if cls is made else super().__call__(*args, **kwargs)

        def __instancecheck__(cls, instance):
            return isinstance(instance, kind) if cls is made else super().__instancecheck__(instance)

        def __subclasscheck__(cls, subclass):
            return kind in subclass.__mro__ if cls is made else super().__subclasscheck__(subclass)

        # Programs ask for `type(node.op) == T.Elemwise`, and in a graph there are Ops of `kind`.
        def __eq__(cls, other):
            return cls is other or cls is made and other is kind

        def __hash__(cls):
            return hash(kind) if cls is made else super().__hash__()
    made = Meta(kind.__name__, (AdoptingCall, kind), {
        '__module__': kind.__module__, '__doc__': kind.__doc__, '__qualname__': kind.__qualname__})
    return made


def adopt_results(module):
    """Let all public functions and Ops of a module of the facade's return the facade's variables.

    Parameters
    ----------
    module : module
        Its classes of PyTensor's Ops are exchanged too; everything that is not tensors' stays.
    """
    for name, thing in list(vars(module).items()):
        of_ours = inspect.isfunction(thing) or isinstance(thing, AnyOp) or (
            isinstance(thing, type) and issubclass(thing, AnyOp) and thing.__module__.startswith('pytensor.'))
        if name.startswith('_') or not of_ours or _is_scalar(thing):
            continue
        made = adopting(thing)
        if isinstance(thing, AnyOp) or inspect.isfunction(thing):
            _name_in_pickles(made, module.__name__, name)
        setattr(module, name, made)


def _name_in_pickles(thing, module, name):
    """Let a function or an Op be pickled under the name that it has in the facade, as in Theano."""
    if not vars(thing).get('__module__', thing.__module__).startswith('theano.'):
        thing.__module__, thing.__qualname__ = module, name


def _is_scalar(thing):
    return isinstance(thing, ScalarOp) or isinstance(thing, type) and issubclass(thing, ScalarOp)
