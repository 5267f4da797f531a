"""Knowledge of shapes while a graph is built: lengths on PyTensor, axes of length 1 on Theano.

A static shape is a tuple of ints, None where a length is not known.
"""
import theano.tensor as T
from theano.tensor.basic import NotScalarConstantError

#: Whether types hold lengths.
_HAS_LENGTHS = hasattr(T.dvector, 'shape')


def static_int(value):
    """Return the number that `value`, an int or a variable, is known to be; None if it is not known."""
    if value is None:
        return None
    try:
        return int(T.get_scalar_constant_value(value))
    except NotScalarConstantError:
        return None


def static_shape(variable):
    """Return what the type of a variable says of its shape."""
    if _HAS_LENGTHS:
        return variable.type.shape
    return tuple(1 if is_one else None for is_one in variable.type.broadcastable)


def vector_length(vector):
    """Return the length of a vector if it is known, else None."""
    try:
        return T.get_vector_length(vector)
    except ValueError:
        return None


def tensor_type(dtype, shape):
    """Return the type of tensors of a static shape, as far as types can say it."""
    if _HAS_LENGTHS:
        return T.dvector.clone(dtype=dtype, shape=tuple(shape))
    return T.TensorType(dtype, [length == 1 for length in shape])


def specify_lengths(variable, shape):
    """Return a variable whose shape is checked at run time where `shape`, with None for any, says it."""
    if _HAS_LENGTHS:
        return T.specify_shape(variable, shape)
    # Theano's leaves no length open, and tells the type nothing.
    checked = T.specify_shape(variable, T.stack([
        variable.shape[axis] if length is None else length for axis, length in enumerate(shape)]))
    return T.addbroadcast(checked, *[axis for axis, length in enumerate(shape) if length == 1])


def in_type_of(variable, gradient):
    """Return a gradient in its variable's type, with everything that this knows of the shape."""
    if _HAS_LENGTHS:
        return variable.type.filter_variable(gradient)
    return T.patternbroadcast(gradient, variable.broadcastable)
