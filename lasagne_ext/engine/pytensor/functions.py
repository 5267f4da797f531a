"""``theano.function`` over PyTensor's."""
import warnings
from collections import OrderedDict

import pytensor
from pytensor.compile.io import In as PyTensorIn
from pytensor.compile.ops import TypeCastingOp
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Apply, Variable
from pytensor.link.basic import Container

from lasagne_ext.engine.pytensor import modes


class AsType(TypeCastingOp):
    """Op that returns the same value under a type that says less, or other things, of its shape."""

    __props__ = ('type',)

    def __init__(self, type):
        self.type = type

    def make_node(self, x):
        return Apply(self, [x], [self.type()])

    def infer_shape(self, node, input_shapes):
        return input_shapes

    def pullback(self, inputs, outputs, cotangents):
        return [AsType(inputs[0].type)(cotangents[0])]

    def pushforward(self, inputs, outputs, tangents):
        return [self(tangents[0])]


def with_type(variable, type):
    """Return `variable` under a type that differs in nothing but what it says of the shape."""
    other = getattr(variable, 'type', None)
    same_but_shape = (getattr(other, 'dtype', None) == getattr(type, 'dtype', '')
                      and getattr(other, 'ndim', None) == getattr(type, 'ndim', ''))
    if other is None or other == type or not same_but_shape:
        return variable
    if not all(to is None or to == size for to, size in zip(type.shape, other.shape)):
        return variable
    return AsType(type)(variable)


class In(PyTensorIn):
    """Input of a function, with a default value or options.

    Parameters
    ----------
    variable : Variable
    name : str, optional
        Its name as a keyword argument; the variable's by default.
    value : optional
        Default value of the argument; with `update`, the first of a value that the function keeps.
    update : Variable, optional
        What the kept value becomes after each call.
    mutable, strict, borrow, allow_downcast, autoname, implicit
        As in Theano.
    """

    def __init__(self, variable, name=None, value=None, update=None, mutable=None, strict=False,
                 allow_downcast=None, autoname=True, implicit=None, borrow=None, shared=False):
        self.default = None
        if value is not None and not isinstance(value, (SharedVariable, Container)):
            self.default, value = value, None
        self.kept_update = update if self.default is not None else None
        super().__init__(variable, name, value, None if self.default is not None else update, mutable,
                         strict, allow_downcast, autoname, implicit, borrow, shared)


def Param(variable, default=None, name=None, mutable=False, strict=False, allow_downcast=None,
          implicit=None, borrow=None):
    """Make an :class:`In`, under its old name."""
    return In(variable, name=name, value=default, mutable=mutable, strict=strict,
              allow_downcast=allow_downcast, implicit=implicit,
              borrow=mutable if borrow is None else borrow)


def function(inputs, outputs=None, mode=None, updates=None, givens=None, no_default_updates=False,
             accept_inplace=False, name=None, rebuild_strict=True, allow_input_downcast=None,
             profile=None, on_unused_input=None):
    """Compile a graph into a callable.

    Parameters
    ----------
    inputs : list of Variable or In
    outputs : Variable, Out, list or dict of them, optional
    mode : str or Mode, optional
        ``'FAST_RUN'``, ``'FAST_COMPILE'``, ``'NUMBA'``, ``'CVM'``, ``'JAX'``, ``'DebugMode'``, ...
    updates : dict or iterable of pairs, optional
        Shared variable -> its value after a call.
    givens : dict or iterable of pairs, optional
        Variable -> what takes its place.
    no_default_updates : bool or list of Variable
        Shared variables whose ``default_update`` is not carried out.
    accept_inplace, name, rebuild_strict, allow_input_downcast, profile, on_unused_input
        As in Theano.

    Returns
    -------
    Function
        Arrays in, arrays out: a list for a list, a dict for a dict.
    """
    if not isinstance(inputs, (list, tuple)):
        raise TypeError('theano.function: inputs must be a list, even of a single variable, got %r'
                        % (inputs,))
    mode = modes.get_mode(mode)
    keys = None
    if isinstance(outputs, dict):
        keys = sorted(outputs)
        if not all(isinstance(key, str) for key in keys):
            raise TypeError('theano.function: the keys of outputs must be strings, got %r' % (keys,))
        outputs = [outputs[key] for key in keys]
    updates, givens = _pairs('updates', updates), _pairs('givens', givens)
    kept, variables, arguments = {}, [], []
    for given in inputs:
        given = In(given[0], update=given[1]) if isinstance(given, tuple) else given
        if not isinstance(given, (Variable, PyTensorIn)):
            raise TypeError('theano.function: an input must be a symbolic variable or In, got %s'
                            % type(given).__name__)
        if isinstance(given, SharedVariable):
            raise TypeError('theano.function: %r is a shared variable and cannot be an input; use '
                            'givens to replace it' % given)
        default, state = getattr(given, 'default', None), None
        if default is None or given.kept_update is None:
            variables.append(given)
        else:
            state = pytensor.shared(given.variable.type.filter(default), name=given.name)
            kept[given.variable] = state
            givens[given.variable] = with_type(state, given.variable.type)
            updates[state] = given.kept_update
        arguments.append((given.name, default, state))
    updates = {shared: _update(shared, value) for shared, value in updates.items()}
    compiled = _compile(
        variables, outputs, mode=mode, updates=list(updates.items()), givens=list(givens.items()),
        no_default_updates=no_default_updates, accept_inplace=accept_inplace, name=name,
        rebuild_strict=rebuild_strict, allow_input_downcast=allow_input_downcast, profile=profile,
        on_unused_input=on_unused_input)
    if keys is None and all(default is None for _, default, _ in arguments):
        return compiled
    return Function(compiled, arguments, kept, keys)


def _pairs(what, given):
    """Turn a dict, or pairs, into an OrderedDict; twice the same variable is an error."""
    pairs = list((given or {}).items() if isinstance(given, dict) else given or ())
    result = OrderedDict()
    for pair in pairs:
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            raise TypeError('theano.function: %s must be a dict or pairs (variable, expression), got '
                            '%r' % (what, pair))
        variable, value = pair
        if variable in result:
            raise ValueError('theano.function: %s holds %r twice' % (what, variable))
        result[variable] = value
    return result


def _update(shared, value):
    if not isinstance(shared, SharedVariable):
        raise TypeError('theano.function: updates must be of shared variables, got %r' % (shared,))
    value = value if isinstance(value, Variable) else shared.type.filter_variable(value)
    if getattr(value.type, 'dtype', None) != getattr(shared.type, 'dtype', None):
        raise TypeError('theano.function: an update must have the same type as its shared variable; %r '
                        'is of %s and its update %r of %s. Cast it, for example with floatX=%s'
                        % (shared, shared.type, value, value.type, shared.type.dtype))
    return with_type(value, shared.type)


def _compile(*args, no_default_updates, **kwargs):
    # PyTensor deprecates the argument, and warns whenever it is given at all.
    if no_default_updates is not False:
        with warnings.catch_warnings():
            warnings.filterwarnings('ignore', 'The no_default_updates', DeprecationWarning)
            return pytensor.function(*args, no_default_updates=no_default_updates, **kwargs)
    return pytensor.function(*args, **kwargs)


class Function:
    """Compiled function with default arguments, kept values, or outputs by name."""

    def __init__(self, compiled, arguments, kept, keys):
        self.compiled, self.arguments, self.kept, self.keys = compiled, arguments, kept, keys

    def __getattr__(self, name):
        if name.startswith('__') or name == 'compiled':
            raise AttributeError(name)
        return getattr(self.compiled, name)

    def _kept(self, item):
        """Return the state kept for a variable or a name, or None."""
        for variable, state in self.kept.items():
            if item is variable or (isinstance(item, str) and item == state.name):
                return state
        return None

    def __getitem__(self, item):
        state = self._kept(item)
        return self.compiled[item] if state is None else state.get_value()

    def __setitem__(self, item, value):
        state = self._kept(item)
        if state is None:
            self.compiled[item] = value
        else:
            state.set_value(value)

    def __call__(self, *args, **kwargs):
        if len(args) > len(self.arguments):
            raise TypeError('the function takes %d arguments, got %d' % (len(self.arguments), len(args)))
        values = []
        for number, (name, default, state) in enumerate(self.arguments):
            if number < len(args):
                value = args[number]
            elif name is not None and name in kwargs:
                value = kwargs.pop(name)
            elif default is None:
                raise TypeError('the argument number %d (%s) is missing' % (number, name))
            else:
                value = default if state is None else state.get_value()
            if state is None:
                values.append(value)
            else:
                state.set_value(value)
        values = self.compiled(*values, **kwargs)
        return values if self.keys is None else dict(zip(self.keys, values))
