"""Take arguments as symbolic inputs, and refuse those that are none, at once or at run time."""
from collections import namedtuple

import theano
import theano.tensor as T

from lasagne_ext.checks import is_whole

#: How images of two and of three dimensions are laid out.
_IMAGES = '4 dimensions (batch, channels, rows, columns) or 5 (batch, channels, depth, rows, columns)'

#: How their sizes are laid out.
AXES = {2: '(rows, columns)', 3: '(depth, rows, columns)'}

#: How numbers that describe transforms are laid out.
_PARAMETERS = {2: '(batch, %d)', 3: '(batch, K, %d)'}


def as_image(caller, value):
    """Return `value` as a symbolic batch of images or of volumes.

    Raises
    ------
    TypeError
        If it is not a float32 or float64 tensor of four or five dimensions.
    """
    value = T.as_tensor_variable(value)
    if value.ndim not in (4, 5):
        raise TypeError('%s: input must have %s, got %d' % (caller, _IMAGES, value.ndim))
    if value.dtype not in ('float32', 'float64'):
        raise TypeError("%s: input must be float32 or float64, got %s; cast it first, for example "
                        "with input.astype('float32')" % (caller, value.dtype))
    return value


def as_points(caller, argument, value, dtype, shapes):
    """Return `value` (theta or a grid) as a symbolic tensor of a float type; whole numbers take `dtype`.

    Parameters
    ----------
    shapes : dict of int to str
        Accepted numbers of dimensions, and how each is laid out.
    """
    value = T.as_tensor_variable(value)
    if value.ndim not in shapes:
        raise TypeError('%s: %s must have shape %s, got %d dimensions'
                        % (caller, argument, ' or '.join(shapes.values()), value.ndim))
    if value.dtype in ('float32', 'float64'):
        return value
    if value.dtype in T.discrete_dtypes:
        return T.cast(value, dtype)
    raise TypeError('%s: %s must be float32 or float64, got %s; cast it first'
                    % (caller, argument, value.dtype))


def as_size(caller, value, rank=None, argument='out_shape'):
    """Return a tuple of sizes or a symbolic vector as a symbolic int64 vector.

    Parameters
    ----------
    rank : int, optional
        How many sizes there must be; by default 2 or 3, and 2 in a vector of unknown length.

    Raises
    ------
    TypeError, ValueError
        If it does not hold that many positive whole numbers, each an int or a symbolic integer
        scalar.
    """
    ranks = (2, 3) if rank is None else (rank,)
    expected = ' or '.join(AXES[rank] for rank in ranks)
    if hasattr(value, 'ndim') and hasattr(value, 'type'):
        if value.ndim != 1 or value.dtype not in T.discrete_dtypes:
            raise TypeError('%s: a symbolic %s must be a vector of integers, got %s'
                            % (caller, argument, value.type))
        try:
            length = T.get_vector_length(value)
        except ValueError:                   # not known before the run
            length = ranks[0]
        if length not in ranks:
            raise ValueError('%s: %s must hold %s alone, got a vector of length %d; of an image take '
                             'image.shape[2:]' % (caller, argument, expected, length))
        return T.cast(value, 'int64')
    try:
        sizes = tuple(value)
    except TypeError:
        sizes = ()
    if len(sizes) not in ranks:
        raise ValueError('%s: %s must be %s, got %r' % (caller, argument, expected, value))
    for size in sizes:
        if hasattr(size, 'type') and hasattr(size, 'ndim'):
            if size.ndim != 0 or size.dtype not in T.discrete_dtypes:
                raise TypeError('%s: a symbolic size in %s must be an integer scalar, got %s'
                                % (caller, argument, size.type))
        elif not is_whole(size):
            raise TypeError('%s: %s must hold whole numbers, got %r' % (caller, argument, value))
        elif size < 1:
            raise ValueError('%s: %s must be positive, got %r' % (caller, argument, value))
    if all(map(is_whole, sizes)):
        return T.constant([int(size) for size in sizes], dtype='int64')
    return T.stack([T.cast(size, 'int64') for size in sizes])


def size_list(size, rank=None):
    """Return a symbolic vector of sizes as a list of scalars."""
    if rank is None:
        try:
            rank = T.get_vector_length(size)
        except ValueError:
            rank = 2
    return [size[k] for k in range(rank)]


def shape_of(value):
    """Return the shape of an array or of a symbolic tensor as a tuple."""
    return tuple(value.shape[k] for k in range(value.ndim))


def leading(tensor):
    """Return symbolic sizes of all axes but the last."""
    return [tensor.shape[k] for k in range(tensor.ndim - 1)]


def as_parameters(caller, argument, value, size):
    """Return `value` as a symbolic float tensor ``(batch, size)`` or ``(batch, K, size)``.

    Whole numbers take Theano's floatX.

    Raises
    ------
    TypeError
        If it is no float tensor of two or three dimensions.
    ValueError
        If its last axis is not of that size: at once for a constant, else at run time.
    """
    layouts = {ndim: layout % size for ndim, layout in _PARAMETERS.items()}
    return CheckShape(_LastAxis(argument, size), None, caller)(
        as_points(caller, argument, value, theano.config.floatX, layouts))


class _LastAxis(namedtuple('_LastAxis', 'argument size')):
    """Check of :class:`CheckShape`: so many numbers per transform."""

    def check(self, caller, shape, rank):
        if shape[-1] != self.size:
            raise ValueError('%s: %s must have shape %s, got %s'
                             % (caller, self.argument, _PARAMETERS[len(shape)] % self.size, tuple(shape)))


class CheckShape(theano.Op):
    """Return the input unchanged, and refuse a shape that does not fit: a constant's at once.

    For tensors that no sampling Op takes as they are; those Ops check theirs.

    Parameters
    ----------
    expected
        Has a method ``check(caller, shape, rank)`` that raises the error.
    rank : int or None
        2 for images, 3 for volumes.
    caller : str
        Name to show in error messages.
    """

    __props__ = ('expected', 'rank', 'caller')
    view_map = {0: [0]}

    def __init__(self, expected, rank, caller):
        self.expected, self.rank, self.caller = expected, rank, caller

    def make_node(self, tensor):
        if isinstance(tensor, theano.Constant):
            self.expected.check(self.caller, tensor.data.shape, self.rank)
        return theano.Apply(self, [tensor], [tensor.type()])

    def perform(self, node, inputs, output_storage):
        self.expected.check(self.caller, inputs[0].shape, self.rank)
        output_storage[0][0] = inputs[0]

    def jax_function(self, node):
        """Return the Op as a function of JAX arrays: it refuses while JAX traces it."""
        def function(tensor):
            self.expected.check(self.caller, tensor.shape, self.rank)
            return tensor,
        return function

    def infer_shape(self, node, input_shapes):
        return input_shapes

    def grad(self, inputs, grads):
        return grads

    def R_op(self, inputs, eval_points):
        return eval_points
