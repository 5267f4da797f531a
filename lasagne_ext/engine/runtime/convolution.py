"""Ops of convolution: forward, its gradient to the weights, its gradient to the inputs.

Each is linear in both of its operands, and their derivatives are one another, so that any order of
derivative exists. Names, arguments and attributes are those of Theano's abstract convolutions. Shapes
are ``(batch, channels, *size)`` and ``(filters, channels of a group, *size)``; an unshared kernel has
``(filters, *output size, channels, *size)``.
"""
from theano.gof import Apply, Op
from theano.gradient import disconnected_type
from theano.scalar import upcast
from theano.tensor import as_tensor_variable, cast, stack
from theano.tensor.basic import integer_dtypes

from lasagne_ext.checks import is_whole
from lasagne_ext.engine.runtime.conv_shapes import border_mode_to_pad, get_conv_output_shape
from lasagne_ext.engine.runtime.static_shapes import (
    in_type_of, specify_lengths, static_int, static_shape, tensor_type)
from lasagne_ext.kernels import nn


class BaseAbstractConv(Op):
    """Hold the options common to the three Ops.

    Parameters
    ----------
    convdim : {1, 2, 3}
        Number of spatial axes.
    imshp, kshp : tuple of int or None, optional
        Shapes of the image and of the kernel, as far as they are known; they are checked.
    border_mode : {'valid', 'full', 'half'} or int or tuple
        Zeros around the image; for an axis an int or a pair (before, after).
    subsample, filter_dilation : tuple of int, optional
        Steps between outputs, and between the elements of the kernel.
    filter_flip : bool
        Convolution; otherwise cross-correlation.
    num_groups : int
        Groups of channels that do not mix.
    unshared : bool
        Whether each point of the output has a kernel of its own.
    """

    #: Kind of Op -> the kind that takes its place beside this one.
    kinds = {}

    __props__ = ('convdim', 'border_mode', 'subsample', 'filter_flip', 'filter_dilation', 'num_groups',
                 'unshared', 'imshp', 'kshp')

    def __init__(self, convdim, imshp=None, kshp=None, border_mode='valid', subsample=None,
                 filter_flip=True, filter_dilation=None, num_groups=1, unshared=False):
        if convdim not in (1, 2, 3):
            raise ValueError('convolution dimension %r is not supported: expected 1, 2 or 3' % (convdim,))
        if num_groups < 1:
            raise ValueError('num_groups must be at least 1, got %r' % (num_groups,))
        self.convdim = convdim
        self.border_mode = _check_border_mode(border_mode, convdim)
        self.subsample = _check_steps('subsample', subsample, convdim)
        self.filter_dilation = _check_steps('filter_dilation', filter_dilation, convdim)
        self.filter_flip = bool(filter_flip)
        self.num_groups = int(num_groups)
        self.unshared = bool(unshared)
        self.imshp = _check_shape('imshp', imshp, 2 + convdim)
        self.kshp = _check_shape('kshp', kshp, self.kernel_rank)

    @property
    def kernel_rank(self):
        return 2 + self.convdim * (2 if self.unshared else 1)

    def operands(self, names, variables, ranks):
        """Return the two operands in the dtype of both together."""
        variables = [as_tensor_variable(variable) for variable in variables]
        for name, variable, rank in zip(names, variables, ranks):
            if variable.type.ndim != rank:
                raise TypeError('%s: %s must be a %dD tensor, got %s'
                                % (type(self).__name__, name, rank, variable.type))
        dtype = upcast(*[variable.dtype for variable in variables])
        if dtype.startswith('complex'):
            raise TypeError('%s: complex numbers are not supported' % type(self).__name__)
        return [variable if variable.dtype == dtype else cast(variable, dtype) for variable in variables]

    def restrict(self, name, variable, shape):
        """Add to a variable's type what else is known of its shape; refuse what contradicts it."""
        static = static_shape(variable)
        for size, expected in zip(static, shape):
            if size is not None and expected is not None and size != expected:
                raise ValueError('%s: %s has shape %s, but %s was given'
                                 % (type(self).__name__, name, static, shape))
        if all(expected is None or size is not None for size, expected in zip(static, shape)):
            return variable
        return specify_lengths(variable, shape)

    def spatial(self, shape, known):
        """Return the vector of spatial sizes that a gradient needs, and what is known of it."""
        if any(size is not None for size in known) or isinstance(shape, (list, tuple)):
            sizes = [shape[axis] for axis in range(self.convdim)]
            static = [static_int(size) for size in sizes]
            if any(None not in pair and pair[0] != pair[1] for pair in zip(static, known)):
                raise ValueError('%s: a spatial shape of %s is asked for, but %s was given'
                                 % (type(self).__name__, tuple(static), tuple(known)))
            shape = stack([size if value is None else value for size, value in zip(sizes, known)])
        shape = as_tensor_variable(shape)
        if shape.dtype not in integer_dtypes or shape.type.ndim != 1:
            raise TypeError('%s: shape must be a vector of %d ints, got %s'
                            % (type(self).__name__, self.convdim, shape.type))
        return shape, [static_int(shape[axis]) for axis in range(self.convdim)]

    def check_channels(self, channels, kernel_shape, filters=None):
        """Refuse numbers of channels and filters, None where unknown, that do not fit together."""
        inner = kernel_shape[-self.convdim - 1]
        for what, count in (('channels', channels), ('filters', kernel_shape[0])):
            if count is not None and count % self.num_groups:
                raise ValueError('%s: %d %s cannot be divided into %d groups'
                                 % (type(self).__name__, count, what, self.num_groups))
        if channels is not None and inner is not None and channels != inner * self.num_groups:
            raise ValueError('%s: the image has %d channels, the kernel of shape %s expects %d'
                             % (type(self).__name__, channels, tuple(kernel_shape), inner * self.num_groups))
        if None not in (filters, kernel_shape[0]) and filters != kernel_shape[0]:
            raise ValueError('%s: the output gradient has %d channels, the kernel has %d filters'
                             % (type(self).__name__, filters, kernel_shape[0]))

    def output_shape(self, image_shape, kernel_shape):
        """Return the static shape of the output; ValueError where no point is left to compute."""
        shape = get_conv_output_shape(image_shape, kernel_shape, self.border_mode, self.subsample,
                                      self.filter_dilation)
        if any(size is not None and size < 1 for size in shape[2:]):
            raise ValueError('%s: a kernel of shape %s does not fit into an image of shape %s with '
                             'border_mode %r and filter_dilation %r'
                             % (type(self).__name__, tuple(kernel_shape), tuple(image_shape),
                                self.border_mode, self.filter_dilation))
        points = kernel_shape[1:1 + self.convdim] if self.unshared else shape[2:]
        if any(None not in pair and pair[0] != pair[1] for pair in zip(points, shape[2:])):
            raise ValueError('%s: the unshared kernel has shape %s for outputs of size %s'
                             % (type(self).__name__, tuple(kernel_shape), shape[2:]))
        return shape

    def arguments(self, size):
        """Return what the kernels of :mod:`lasagne_ext.kernels.nn` take after their arrays."""
        extent = [(length - 1) * dilation + 1 for length, dilation in zip(size, self.filter_dilation)]
        pads = border_mode_to_pad(self.border_mode, self.convdim, extent)
        return pads, self.subsample, self.filter_dilation, self.num_groups, self.unshared, self.filter_flip

    def other(self, kind):
        """Return the Op of another direction with the same options."""
        op = object.__new__(self.kinds.get(kind, kind))
        for name in self.__props__:
            setattr(op, name, getattr(self, name))
        return op

    def connection_pattern(self, node):
        return [[True], [True], [False]][:len(node.inputs)]

    def R_op(self, inputs, eval_points):
        changes = [self(*inputs[:axis], eval_points[axis], *inputs[axis + 1:]) for axis in (0, 1)
                   if eval_points[axis] is not None]
        return [sum(changes[1:], changes[0]) if changes else None]


class AbstractConv(BaseAbstractConv):
    """Convolve: ``(image, kernel)`` -> ``(batch, filters, *size)``."""

    def make_node(self, img, kern):
        img, kern = self.operands(('img', 'kern'), (img, kern), (2 + self.convdim, self.kernel_rank))
        img = self.restrict('img', img, self.imshp)
        kern = self.restrict('kern', kern, self.kshp)
        self.check_channels(static_shape(img)[1], static_shape(kern))
        shape = self.output_shape(static_shape(img), static_shape(kern))
        return Apply(self, [img, kern], [tensor_type(img.dtype, shape)()])

    def perform(self, node, inputs, output_storage):
        image, kernel = inputs
        self.check_channels(image.shape[1], kernel.shape)
        self.output_shape(image.shape, kernel.shape)
        output_storage[0][0] = nn.convolve(image, kernel, *self.arguments(kernel.shape[-self.convdim:]))

    def infer_shape(self, node, input_shapes):
        return [get_conv_output_shape(*input_shapes, self.border_mode, self.subsample,
                                      self.filter_dilation)]

    def L_op(self, inputs, outputs, output_grads):
        image, kernel = inputs
        top, = output_grads
        return [in_type_of(image, self.other(AbstractConv_gradInputs)(
                    kernel, top, image.shape[2:])),
                in_type_of(kernel, self.other(AbstractConv_gradWeights)(
                    image, top, kernel.shape[-self.convdim:]))]


class AbstractConv_gradWeights(BaseAbstractConv):
    """Compute the gradient to the kernel: ``(image, output gradient, spatial size of the kernel)``."""

    def make_node(self, img, topgrad, shape, add_assert_shape=True):
        rank = 2 + self.convdim
        img, topgrad = self.operands(('img', 'topgrad'), (img, topgrad), (rank, rank))
        if add_assert_shape:
            img = self.restrict('img', img, self.imshp)
        inner = self.kshp[-self.convdim - 1]
        channels = None if inner is None else inner * self.num_groups
        img = self.restrict('img', img, (None, channels) + (None,) * self.convdim)
        points = self.kshp[1:1 + self.convdim] if self.unshared else (None,) * self.convdim
        topgrad = self.restrict('topgrad', topgrad, (None, self.kshp[0]) + points)
        shape, size = self.spatial(shape, self.kshp[-self.convdim:])
        static = self.kernel_shape(static_shape(img), static_shape(topgrad), size)
        self.check_channels(static_shape(img)[1], static, static_shape(topgrad)[1])
        self.check_top(static_shape(img), static, static_shape(topgrad))
        return Apply(self, [img, topgrad, shape], [tensor_type(img.dtype, static)()])

    def kernel_shape(self, image_shape, top_shape, size):
        channels = image_shape[1]
        if channels is not None and self.num_groups > 1:
            channels = channels // self.num_groups
        points = tuple(top_shape[2:]) if self.unshared else ()
        return (top_shape[1],) + points + (channels,) + tuple(size)

    def check_top(self, image_shape, kernel_shape, top_shape):
        """Refuse an output gradient of another shape than the convolution's output."""
        expected = self.output_shape(image_shape, kernel_shape)
        if any(None not in pair and pair[0] != pair[1] for pair in zip(expected, top_shape)):
            raise ValueError('%s: an image of shape %s and a kernel of shape %s make an output of shape %s, '
                             'but the output gradient has shape %s'
                             % (type(self).__name__, tuple(image_shape), tuple(kernel_shape), expected,
                                tuple(top_shape)))

    def perform(self, node, inputs, output_storage):
        image, top, size = inputs
        size = tuple(size.tolist())
        shape = self.kernel_shape(image.shape, top.shape, size)
        self.check_channels(image.shape[1], shape, top.shape[1])
        self.check_top(image.shape, shape, top.shape)
        output_storage[0][0] = nn.convolve_kernel_grad(image, top, size, *self.arguments(size))

    def infer_shape(self, node, input_shapes):
        size = [node.inputs[2][axis] for axis in range(self.convdim)]
        return [self.kernel_shape(input_shapes[0], input_shapes[1], size)]

    def L_op(self, inputs, outputs, output_grads):
        image, top, size = inputs
        kernel, = output_grads
        return [in_type_of(image, self.other(AbstractConv_gradInputs)(kernel, top, image.shape[2:])),
                in_type_of(top, self.other(AbstractConv)(image, kernel)), disconnected_type()]


class AbstractConv_gradInputs(BaseAbstractConv):
    """Compute the gradient to the image: ``(kernel, output gradient, spatial size of the image)``."""

    def make_node(self, kern, topgrad, shape, add_assert_shape=True):
        kern, topgrad = self.operands(('kern', 'topgrad'), (kern, topgrad),
                                      (self.kernel_rank, 2 + self.convdim))
        if add_assert_shape:
            kern = self.restrict('kern', kern, self.kshp)
        inner = None if self.imshp[1] is None else self.imshp[1] // self.num_groups
        before = (None,) * (self.kernel_rank - self.convdim - 1)
        kern = self.restrict('kern', kern, before + (inner,) + (None,) * self.convdim)
        topgrad = self.restrict('topgrad', topgrad, (self.imshp[0],) + (None,) * (1 + self.convdim))
        shape, size = self.spatial(shape, self.imshp[2:])
        static = self.image_shape(static_shape(kern), static_shape(topgrad), size)
        self.check_channels(static[1], static_shape(kern), static_shape(topgrad)[1])
        self.check_top(static, static_shape(kern), static_shape(topgrad))
        return Apply(self, [kern, topgrad, shape], [tensor_type(kern.dtype, static)()])

    def image_shape(self, kernel_shape, top_shape, size):
        channels = kernel_shape[-self.convdim - 1]
        if channels is not None and self.num_groups > 1:
            channels = channels * self.num_groups
        return (top_shape[0], channels) + tuple(size)

    check_top = AbstractConv_gradWeights.check_top

    def perform(self, node, inputs, output_storage):
        kernel, top, size = inputs
        size = tuple(size.tolist())
        shape = self.image_shape(kernel.shape, top.shape, size)
        self.check_channels(shape[1], kernel.shape, top.shape[1])
        self.check_top(shape, kernel.shape, top.shape)
        output_storage[0][0] = nn.convolve_image_grad(kernel, top, size,
                                                      *self.arguments(kernel.shape[-self.convdim:]))

    def infer_shape(self, node, input_shapes):
        size = [node.inputs[2][axis] for axis in range(self.convdim)]
        return [self.image_shape(input_shapes[0], input_shapes[1], size)]

    def L_op(self, inputs, outputs, output_grads):
        kernel, top, size = inputs
        image, = output_grads
        return [in_type_of(kernel, self.other(AbstractConv_gradWeights)(
                    image, top, kernel.shape[-self.convdim:])),
                in_type_of(top, self.other(AbstractConv)(image, kernel)), disconnected_type()]


def _check_border_mode(border_mode, convdim):
    """Return 'valid', 'full', 'half' or a tuple of an int or a pair for each axis."""
    if is_whole(border_mode):
        border_mode = (border_mode,) * convdim
    if not isinstance(border_mode, tuple):
        if border_mode not in ('valid', 'full', 'half'):
            raise ValueError("invalid border_mode %r: expected 'valid', 'full', 'half', an int or a tuple "
                             'of length %d' % (border_mode, convdim))
        return border_mode
    if len(border_mode) != convdim:
        raise ValueError('invalid border_mode %r: expected a tuple of length %d' % (border_mode, convdim))
    pads = tuple(_check_pad(pad, border_mode) for pad in border_mode)
    return pads if any(pad != 0 for pad in pads) else 'valid'


def _check_pad(pad, border_mode):
    pair = pad if isinstance(pad, tuple) else (pad, pad)
    if len(pair) != 2 or not all(is_whole(side) and side >= 0 for side in pair):
        raise ValueError('invalid border_mode %r: expected for each axis an int >= 0 or a pair of them'
                         % (border_mode,))
    before, after = map(int, pair)
    return before if before == after else (before, after)


def _check_steps(name, steps, convdim):
    """Return one positive int for each axis; `name` is subsample or filter_dilation."""
    if steps is None:
        return (1,) * convdim
    steps = tuple(steps)
    if len(steps) != convdim:
        raise ValueError('%s must have %d elements, got %r' % (name, convdim, steps))
    known = tuple(static_int(step) for step in steps)
    if None in known:
        raise ValueError('%s must be known when the graph is built, got %r' % (name, steps))
    if min(known) < 1:
        raise ValueError('%s must be positive, got %r' % (name, steps))
    return known


def _check_shape(name, shape, length):
    """Return a static shape: ints and None for what is not known."""
    if not shape:
        return (None,) * length
    shape = tuple(shape)
    if len(shape) != length:
        raise ValueError('%s must have %d elements, got %r' % (name, length, shape))
    known = tuple(static_int(size) for size in shape)
    if any(size is not None and value is None for size, value in zip(shape, known)):
        raise ValueError('%s must consist of ints, constants and None, got %r' % (name, shape))
    return known
