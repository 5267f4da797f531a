"""Ops of pooling: forward, its gradients, and the gradients of those.

Names, arguments and attributes are Theano's. Where several elements of a window are its maximum,
each of them gets the whole gradient. NaN in a window makes its maximum NaN.
"""
from theano.gof import Apply, Op
from theano.gradient import disconnected_type
from theano.tensor import as_tensor_variable, ge, maximum, switch, zeros_like
from theano.tensor.basic import integer_dtypes

from lasagne_ext.engine.runtime.static_shapes import static_int, static_shape, tensor_type, vector_length
from lasagne_ext.engine.runtime.warning import warn_caller
from lasagne_ext.kernels import nn

MODES = ('max', 'sum', 'average_inc_pad', 'average_exc_pad')


def pool_size_1axis(size, window, stride, pad, ignore_border):
    """Return the number of windows along an axis: an int, a symbolic number, or None if it is not known.

    Without `ignore_border` there is a window for the rest at the end, but none that begins beyond
    it.
    """
    if any(value is None for value in (size, window, stride, pad)):
        return None
    size = size + 2 * pad
    numbers = [static_int(value) for value in (size, window, stride)]
    if None not in numbers:
        size, window, stride = numbers
        if ignore_border:
            return max((size - window) // stride + 1, 0)
        return (size - 1) // stride + 1 if stride >= window else max((size - 1 - window) // stride + 1, 0) + 1
    if ignore_border:
        return maximum((size - window) // stride + 1, 0)
    return switch(ge(stride, window), (size - 1) // stride + 1,
                  maximum(0, (size - 1 - window) // stride + 1) + 1)


def renamed_arguments(ws, stride, pad, ds, st, padding):
    """Return window, stride and padding, of which old programs give some under their old names."""
    pairs = (('ds', ds, 'ws', ws), ('st', st, 'stride', stride), ('padding', padding, 'pad', pad))
    values = []
    for old_name, old, name, value in pairs:
        if old is not None:
            if value is not None and not (name == 'pad' and not any(value)):
                raise ValueError('%s and its old name %s cannot both be given' % (name, old_name))
            warn_caller('the argument %s is now called %s' % (old_name, name))
            value = old
        values.append(value)
    if values[0] is None:
        raise ValueError('the size of the window, ws, must be given')
    return values


class BasePool(Op):
    """Hold the options common to all.

    Parameters
    ----------
    ignore_border : bool
        Whether the rest that fills no window is left out.
    mode : {'max', 'sum', 'average_inc_pad', 'average_exc_pad'}
        What is made of a window; an average may count the padding in or not.
    ndim : int
        Number of pooled axes, the last ones.
    openmp : bool, optional
        Without meaning here.
    """

    __props__ = ('ignore_border', 'mode', 'ndim')

    def __init__(self, ignore_border=False, mode='max', ndim=2, openmp=None):
        mode = 'max' if mode == 'max_deterministic' else mode
        if mode not in MODES:
            raise ValueError('Pool: mode must be one of %s, got %r' % (', '.join(MODES), mode))
        self.ignore_border = bool(ignore_border)
        self.mode = mode
        self.ndim = ndim

    def geometry_variables(self, ws, stride, pad):
        """Return window, strides and padding as vectors of ints, and what is known of them."""
        stride = ws if stride is None else stride
        pad = (0,) * self.ndim if pad is None else pad
        vectors = [as_tensor_variable(value) for value in (ws, stride, pad)]
        for name, vector in zip(('ws', 'stride', 'pad'), vectors):
            if vector.type.ndim != 1 or vector.dtype not in integer_dtypes:
                raise TypeError('%s: %s must be a vector of %d ints, got %s'
                                % (type(self).__name__, name, self.ndim, vector.type))
            length = vector_length(vector)
            if length not in (None, self.ndim):
                raise ValueError('%s: %s must have %d elements, got %d'
                                 % (type(self).__name__, name, self.ndim, length))
        known = [[static_int(vector[axis]) for axis in range(self.ndim)] for vector in vectors]
        self.check_geometry(*known)
        return vectors, known

    def check_geometry(self, window, strides, pads):
        """Refuse a geometry, None where it is not known, that makes no sense."""
        if any(value is not None and value < 1 for value in (*window, *strides)):
            raise ValueError('%s: windows and strides must be positive, got ws=%s, stride=%s'
                             % (type(self).__name__, tuple(window), tuple(strides)))
        if any(pad is not None and pad < 0 for pad in pads):
            raise ValueError('%s: padding must be >= 0, got %s' % (type(self).__name__, tuple(pads)))
        if not self.ignore_border and any(pads):
            raise NotImplementedError('%s: padding works only with ignore_border=True, got pad=%s'
                                      % (type(self).__name__, tuple(pads)))
        if any(None not in pair and pair[0] >= pair[1] for pair in zip(pads, window)):
            raise NotImplementedError('%s: padding must be smaller than the window, got pad=%s for ws=%s'
                                      % (type(self).__name__, tuple(pads), tuple(window)))

    def images(self, *variables):
        """Return tensors of one rank, all in the dtype of the first."""
        variables = [as_tensor_variable(variable) for variable in variables]
        first = variables[0].type
        if first.ndim < self.ndim or any(other.type.ndim != first.ndim for other in variables):
            raise TypeError('%s: expected tensors of one rank, at least %dD, got %s'
                            % (type(self).__name__, self.ndim,
                               ', '.join(str(variable.type) for variable in variables)))
        return [variable.astype(first.dtype) for variable in variables]

    def geometry(self, ws, stride, pad):
        """Return checked numbers: window, strides and pairs of padding."""
        vectors = [tuple(vector.tolist()) for vector in (ws, stride, pad)]
        if any(len(vector) != self.ndim for vector in vectors):
            raise ValueError('%s: expected %d elements in ws, stride and pad, got %s, %s and %s'
                             % (type(self).__name__, self.ndim, *vectors))
        self.check_geometry(*vectors)
        window, strides, pads = vectors
        return window, strides, tuple((pad, pad) for pad in pads)

    def out_size(self, size, window, strides, pads):
        """Return the numbers of windows; ValueError where there would be an empty one."""
        if 0 in size and not self.ignore_border:
            raise ValueError('%s: an image of size %s has nothing to pool with ignore_border=False'
                             % (type(self).__name__, tuple(size)))
        return tuple(pool_size_1axis(*axis, self.ignore_border) for axis in zip(size, window, strides, pads))

    def check_pooled(self, image, *pooled, window, strides, pads):
        """Refuse arrays that have not the shape of the pooled image."""
        size = self.out_size(image.shape[-self.ndim:], window, strides, [before for before, _ in pads])
        expected = image.shape[:-self.ndim] + size
        for array in pooled:
            if array.shape != expected:
                raise ValueError('%s: images of shape %s are pooled to %s, but an array of shape %s was given'
                                 % (type(self).__name__, image.shape, expected, array.shape))

    def connection_pattern(self, node):
        images = len(node.inputs) - 3
        return [[True]] * images + [[False]] * 3

    def infer_shape(self, node, input_shapes):
        return [input_shapes[0]]


class Pool(BasePool):
    """Pool the last `ndim` axes: ``(image, ws, stride, pad)``."""

    @staticmethod
    def out_shape(imgshape, ws=None, ignore_border=False, stride=None, pad=None, ndim=2, ds=None, st=None,
                  padding=None):
        """Return the shape of the pooled image, as a list of ints or symbolic numbers."""
        ws, stride, pad = renamed_arguments(ws, stride, pad, ds, st, padding)
        ndim = 2 if ndim is None else ndim
        if len(imgshape) < ndim:
            raise TypeError('imgshape must have at least %d dimensions, got %d' % (ndim, len(imgshape)))
        stride = ws if stride is None else stride
        pad = (0,) * ndim if pad is None else pad
        size = [pool_size_1axis(imgshape[axis - ndim], ws[axis], stride[axis], pad[axis], ignore_border)
                for axis in range(ndim)]
        return list(imgshape[:-ndim]) + size

    def make_node(self, x, ws, stride=None, pad=None):
        x, = self.images(x)
        vectors, known = self.geometry_variables(ws, stride, pad)
        size = self.out_size(static_shape(x)[-self.ndim:], *known)
        output = tensor_type(x.dtype, static_shape(x)[:-self.ndim] + size)()
        return Apply(self, [x, *vectors], [output])

    def perform(self, node, inputs, output_storage):
        image = inputs[0]
        window, strides, pads = self.geometry(*inputs[1:])
        size = self.out_size(image.shape[-self.ndim:], window, strides, [before for before, _ in pads])
        output_storage[0][0] = nn.pool(image, size, window, strides, pads, self.mode)

    def infer_shape(self, node, input_shapes):
        return [self.out_shape(input_shapes[0], node.inputs[1], self.ignore_border, node.inputs[2],
                               node.inputs[3], self.ndim)]

    def L_op(self, inputs, outputs, output_grads):
        x, *geometry = inputs
        top, = output_grads
        if self.mode == 'max':
            gradient = MaxPoolGrad(self.ignore_border, self.ndim)(x, outputs[0], top, *geometry)
        else:
            gradient = AveragePoolGrad(self.ignore_border, self.mode, self.ndim)(x, top, *geometry)
        return [gradient] + [disconnected_type() for _ in geometry]

    def R_op(self, inputs, eval_points):
        x, *geometry = inputs
        change = eval_points[0]
        if change is None:
            return [None]
        if self.mode != 'max':
            return [self(change, *geometry)]
        return [DownsampleFactorMaxGradGrad(self.ignore_border, self.mode, self.ndim)(
            x, self(*inputs), change, *geometry)]


class PoolGrad(BasePool):
    """Base class of the gradients of :class:`Pool` to its image."""


class MaxPoolGrad(PoolGrad):
    """Compute the gradient of max pooling: ``(image, maximum, output gradient, ws, stride, pad)``."""

    def __init__(self, ignore_border, ndim=2, openmp=None):
        super().__init__(ignore_border, 'max', ndim)

    def make_node(self, x, maxout, gz, ws, stride=None, pad=None):
        images = self.images(x, maxout, gz)
        vectors, _ = self.geometry_variables(ws, stride, pad)
        return Apply(self, [*images, *vectors], [images[0].type()])

    def perform(self, node, inputs, output_storage):
        image, maximum, top = inputs[:3]
        window, strides, pads = self.geometry(*inputs[3:])
        self.check_pooled(image, maximum, top, window=window, strides=strides, pads=pads)
        output_storage[0][0] = nn.max_pool_grad(image, maximum, top, window, strides, pads)

    def L_op(self, inputs, outputs, output_grads):
        x, maxout, _, *geometry = inputs
        return [zeros_like(x), zeros_like(maxout),
                DownsampleFactorMaxGradGrad(self.ignore_border, self.mode, self.ndim)(
                    x, maxout, output_grads[0], *geometry)] + [disconnected_type() for _ in geometry]

    def R_op(self, inputs, eval_points):
        return [_linear_change(self, inputs, eval_points)]


class DownsampleFactorMaxGradGrad(BasePool):
    """Sum over the maxima: ``(image, maximum, image gradient, ws, stride, pad)``."""

    def __init__(self, ignore_border, mode='max', ndim=2, openmp=None):
        if mode != 'max':
            raise ValueError("DownsampleFactorMaxGradGrad: mode must be 'max', got %r" % (mode,))
        super().__init__(ignore_border, mode, ndim)

    def make_node(self, x, maxout, gz, ws, stride=None, pad=None):
        images = self.images(x, maxout, gz)
        vectors, _ = self.geometry_variables(ws, stride, pad)
        return Apply(self, [*images, *vectors], [images[1].type()])

    def perform(self, node, inputs, output_storage):
        image, maximum, image_grad = inputs[:3]
        window, strides, pads = self.geometry(*inputs[3:])
        self.check_pooled(image, maximum, window=window, strides=strides, pads=pads)
        if image_grad.shape != image.shape:
            raise ValueError('%s: the image has shape %s, its gradient %s'
                             % (type(self).__name__, image.shape, image_grad.shape))
        output_storage[0][0] = nn.max_pool_grad_grad(image, maximum, image_grad, window, strides, pads)

    def infer_shape(self, node, input_shapes):
        return [input_shapes[1]]

    def L_op(self, inputs, outputs, output_grads):
        x, maxout, _, *geometry = inputs
        return [zeros_like(x), zeros_like(maxout),
                MaxPoolGrad(self.ignore_border, self.ndim)(x, maxout, output_grads[0], *geometry)
                ] + [disconnected_type() for _ in geometry]

    def R_op(self, inputs, eval_points):
        return [_linear_change(self, inputs, eval_points)]


class AveragePoolGrad(PoolGrad):
    """Compute the gradient of pooling by sum or average: ``(image, output gradient, ws, stride, pad)``."""

    def __init__(self, ignore_border, mode='average_inc_pad', ndim=2):
        super().__init__(ignore_border, mode, ndim)
        if self.mode == 'max':
            raise ValueError("AveragePoolGrad: mode must be 'sum' or an average, got 'max'")

    def make_node(self, x, gz, ws, stride=None, pad=None, dummy=None):
        images = self.images(x, gz)
        vectors, _ = self.geometry_variables(ws, stride, pad)
        return Apply(self, [*images, *vectors], [images[0].type()])

    def perform(self, node, inputs, output_storage):
        image, top = inputs[:2]
        window, strides, pads = self.geometry(*inputs[2:])
        self.check_pooled(image, top, window=window, strides=strides, pads=pads)
        output_storage[0][0] = nn.mean_pool_grad(image, top, window, strides, pads, self.mode)

    def L_op(self, inputs, outputs, output_grads):
        x, _, *geometry = inputs
        return [zeros_like(x), Pool(self.ignore_border, self.mode, self.ndim)(output_grads[0], *geometry)
                ] + [disconnected_type() for _ in geometry]

    def R_op(self, inputs, eval_points):
        return [_linear_change(self, inputs, eval_points)]


def _linear_change(op, inputs, eval_points):
    """Push a change through an Op that is linear in its last image and locally constant in the others."""
    last = len(inputs) - 4
    if eval_points[last] is None:
        return zeros_like(op(*inputs))
    return op(*inputs[:last], eval_points[last], *inputs[last + 1:])
