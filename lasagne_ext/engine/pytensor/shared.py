"""Shared variables with Theano's arguments."""
import functools

import numpy as np
import pytensor
from pytensor.graph.basic import Variable
from pytensor.graph.utils import add_tag_trace
from pytensor.link.c.type import generic

from lasagne_ext.engine.pytensor.tensor.adoption import adopt
from lasagne_ext.engine.pytensor.tensor.variables import (ScalarSharedVariable, SharedVariable,
                                                          TensorSharedVariable, TensorType)


@functools.singledispatch
def shared_constructor(value, name=None, strict=False, allow_downcast=None, **kwargs):
    """Make a shared variable of a value; what is registered for its class does it, or PyTensor."""
    return adopt(pytensor.shared(value, name=name, strict=strict, allow_downcast=allow_downcast, **kwargs))


def generic_constructor(value, name=None, strict=False, allow_downcast=None):
    """Make a shared variable that holds any Python object."""
    return SharedVariable(type=generic, value=value, name=name, strict=strict,
                          allow_downcast=allow_downcast)


def _check_target(target):
    if target != 'cpu':
        raise TypeError("expected the target 'cpu' on the engine \"pytensor\", got %r" % (target,))


@shared_constructor.register(np.ndarray)
def tensor_constructor(value, name=None, strict=False, allow_downcast=None, borrow=False,
                       broadcastable=None, target='cpu'):
    """Make a shared variable that holds an array.

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
    if isinstance(value, np.ma.MaskedArray):
        raise NotImplementedError('tensor_constructor: masked arrays are not supported')
    if broadcastable is None:
        broadcastable = (False,) * value.ndim
    return TensorSharedVariable(name, TensorType(value.dtype, broadcastable),
                                np.array(value, copy=not borrow), strict, allow_downcast)


@shared_constructor.register(np.number)
@shared_constructor.register(float)
@shared_constructor.register(int)
@shared_constructor.register(complex)
def scalar_constructor(value, name=None, strict=False, allow_downcast=None, borrow=False, target='cpu'):
    """Make a shared variable that holds a single number."""
    _check_target(target)
    if not isinstance(value, (np.number, float, int, complex)):
        raise TypeError('scalar_constructor: expected a number, got %s' % type(value))
    value = np.array(value)
    return ScalarSharedVariable(name, TensorType(value.dtype, ()), value, strict, allow_downcast)


def shared(value, name=None, strict=False, allow_downcast=None, **kwargs):
    """Make a variable with a value that functions share and may update.

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
        kwargs['broadcastable'] = _checked_pattern(np.asarray(value), pattern)
    if isinstance(value, (list, tuple)) and not kwargs:
        return generic_constructor(value, name, strict, allow_downcast)
    return add_tag_trace(shared_constructor(value, name=name, strict=strict, allow_downcast=allow_downcast,
                                            **kwargs))


def _checked_pattern(value, pattern):
    pattern = tuple(pattern)
    fits = len(pattern) == value.ndim and all(
        size == 1 for size, single in zip(value.shape, pattern) if single)
    if not fits:
        raise TypeError('theano.shared: broadcastable=%r does not fit a value of shape %r'
                        % (pattern, value.shape))
    return pattern
