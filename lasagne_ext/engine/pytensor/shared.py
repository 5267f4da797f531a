"""Shared variables with Theano's arguments."""
import numpy as np
import pytensor
from pytensor.compile.sharedvalue import SharedVariable, shared_constructor
from pytensor.graph.basic import Variable
from pytensor.link.c.type import generic

from lasagne_ext.engine.pytensor import random_state  # noqa: F401  (shares a RandomState)
from lasagne_ext.engine.pytensor.functions import with_type


def generic_constructor(value, name=None, strict=False, allow_downcast=None):
    """A shared variable that holds any Python object."""
    return SharedVariable(type=generic, value=value, name=name, strict=strict,
                          allow_downcast=allow_downcast)


def shared(value, name=None, strict=False, allow_downcast=None, **kwargs):
    """A variable with a value that functions share and may update.

    Parameters
    ----------
    value : array_like or any object
        Arrays and numbers make tensors, everything else (a list, too) a variable that holds the object.
    name : str, optional
    strict : bool
        Whether later values must have the very type.
    allow_downcast : bool, optional
        Whether later values may lose precision.
    **kwargs
        ``borrow``: keep `value` itself rather than a copy. ``broadcastable``: one bool for each dimension,
        by default all False. ``target``: ignored but for the CPU's.
    """
    if isinstance(value, Variable):
        raise TypeError('theano.shared: the value must be an array or a number, got the symbolic %r; '
                        'compute it first, with .eval() or a function' % value)
    target = kwargs.pop('target', None)
    if target not in (None, 'cpu'):
        raise TypeError('theano.shared: target must be None or "cpu" on the engine "pytensor", got %r'
                        % (target,))
    pattern = kwargs.pop('broadcastable', None)
    if pattern is not None:
        kwargs['shape'] = _static_shape(np.asarray(value), pattern)
    if isinstance(value, (list, tuple)) and not kwargs:
        return generic_constructor(value, name, strict, allow_downcast)
    return pytensor.shared(value, name=name, strict=strict, allow_downcast=allow_downcast, **kwargs)


def _static_shape(value, pattern):
    pattern = tuple(pattern)
    fits = len(pattern) == value.ndim and all(
        size == 1 for size, single in zip(value.shape, pattern) if single)
    if not fits:
        raise TypeError('theano.shared: broadcastable=%r does not fit a value of shape %r'
                        % (pattern, value.shape))
    return tuple(1 if single else None for single in pattern)


def _default_update(self):
    """What a function makes of this variable after each call when it is told nothing else."""
    return self._default_update


def _set_default_update(self, value):
    if value is not None:
        value = with_type(self.type.filter_variable(value, allow_convert=True), self.type)
    self._default_update = value


def install():
    """Let default updates know more of their shape than their variable; without deprecation."""
    SharedVariable.default_update = property(_default_update, _set_default_update)


__all__ = ['SharedVariable', 'generic_constructor', 'install', 'shared', 'shared_constructor']
