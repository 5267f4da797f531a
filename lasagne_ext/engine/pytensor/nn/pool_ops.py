"""Ops of pooling: forward, its gradients, and the gradients of those.

Names, arguments and attributes are Theano's. Where several elements of a window are its maximum,
each of them gets the whole gradient. NaN in a window makes its maximum NaN.
"""
from pytensor.gradient import DisconnectedType, disconnected_type
from pytensor.graph.basic import Apply
from pytensor.tensor.basic import as_tensor_variable, switch, zeros_like
from pytensor.tensor.math import ge, maximum
from pytensor.tensor.type import TensorType, integer_dtypes

from lasagne_ext.engine.pytensor.nn.conv_shapes import static_int
from lasagne_ext.engine.pytensor.tensor.adoption import Op
from lasagne_ext.kernels import nn

MODES = ('max', 'sum', 'average_inc_pad', 'average_exc_pad')


def pool_size_1axis(size, window, stride, pad, ignore_border):
    """Number of windows along an axis; an int, a symbolic number, or None if that is not known.

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


class BasePool(Op):
    """Options common to all.

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
        """Window, strides and padding as vectors of ints."""
        stride = ws if stride is None else stride
        pad = (0,) * self.ndim if pad is None else pad
        vectors = [as_tensor_variable(value) for value in (ws, stride, pad)]
        for name, vector in zip(('ws', 'stride', 'pad'), vectors):
            if vector.type.ndim != 1 or vector.dtype not in integer_dtypes:
                raise TypeError('%s: %s must be a vector of %d ints, got %s'
                                % (type(self).__name__, name, self.ndim, vector.type))
            if vector.type.shape[0] not in (None, self.ndim):
                raise ValueError('%s: %s must have %d elements, got %d'
                                 % (type(self).__name__, name, self.ndim, vector.type.shape[0]))
        known = [[static_int(vector[axis]) for axis in range(self.ndim)] for vector in vectors]
        self.check_geometry(*known)
        return vectors, known

    def check_geometry(self, window, strides, pads):
        """What is known of the geometry, None where it is not, makes sense."""
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
        """Tensors of one rank and dtype, that of the first."""
        variables = [as_tensor_variable(variable) for variable in variables]
        first = variables[0].type
        if first.ndim < self.ndim or any(other.type.ndim != first.ndim for other in variables):
            raise TypeError('%s: expected tensors of one rank, at least %dD, got %s'
                            % (type(self).__name__, self.ndim,
                               ', '.join(str(variable.type) for variable in variables)))
        return [variable.astype(first.dtype) for variable in variables]

    def geometry(self, ws, stride, pad):
        """Checked numbers: window, strides and pairs of padding."""
        vectors = [tuple(vector.tolist()) for vector in (ws, stride, pad)]
        if any(len(vector) != self.ndim for vector in vectors):
            raise ValueError('%s: expected %d elements in ws, stride and pad, got %s, %s and %s'
                             % (type(self).__name__, self.ndim, *vectors))
        self.check_geometry(*vectors)
        window, strides, pads = vectors
        return window, strides, tuple((pad, pad) for pad in pads)

    def out_size(self, size, window, strides, pads):
        """Numbers of windows; ValueError where there would be an empty one."""
        if 0 in size and not self.ignore_border:
            raise ValueError('%s: an image of size %s has nothing to pool with ignore_border=False'
                             % (type(self).__name__, tuple(size)))
        return tuple(pool_size_1axis(*axis, self.ignore_border) for axis in zip(size, window, strides, pads))

    def check_pooled(self, image, *pooled, window, strides, pads):
        """Arrays that must have the shape of the pooled image do."""
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
    """Pooling of the last `ndim` axes: ``(image, ws, stride, pad)``."""

    @staticmethod
    def out_shape(imgshape, ws=None, ignore_border=False, stride=None, pad=None, ndim=2, ds=None, st=None,
                  padding=None):
        """Shape of the pooled image, as a list of ints or symbolic numbers."""
        from lasagne_ext.engine.pytensor.nn.pool import renamed_arguments
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
        size = self.out_size(x.type.shape[-self.ndim:], *known)
        output = TensorType(x.dtype, shape=x.type.shape[:-self.ndim] + size)()
        return Apply(self, [x, *vectors], [output])

    def perform(self, node, inputs, output_storage):
        image = inputs[0]
        window, strides, pads = self.geometry(*inputs[1:])
        size = self.out_size(image.shape[-self.ndim:], window, strides, [before for before, _ in pads])
        output_storage[0][0] = nn.pool(image, size, window, strides, pads, self.mode)

    def infer_shape(self, node, input_shapes):
        return [self.out_shape(input_shapes[0], node.inputs[1], self.ignore_border, node.inputs[2],
                               node.inputs[3], self.ndim)]

    def pullback(self, inputs, outputs, cotangents):
        x, *geometry = inputs
        top, = cotangents
        if self.mode == 'max':
            gradient = MaxPoolGrad(self.ignore_border, self.ndim)(x, outputs[0], top, *geometry)
        else:
            gradient = AveragePoolGrad(self.ignore_border, self.mode, self.ndim)(x, top, *geometry)
        return [gradient] + [disconnected_type() for _ in geometry]

    def pushforward(self, inputs, outputs, tangents):
        x, *geometry = inputs
        if isinstance(tangents[0].type, DisconnectedType):
            return [disconnected_type()]
        if self.mode != 'max':
            return [self(tangents[0], *geometry)]
        return [DownsampleFactorMaxGradGrad(self.ignore_border, self.mode, self.ndim)(
            x, outputs[0], tangents[0], *geometry)]


class PoolGrad(BasePool):
    """Gradients of :class:`Pool` to its image."""


class MaxPoolGrad(PoolGrad):
    """Gradient of max pooling: ``(image, maximum, output gradient, ws, stride, pad)``."""

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

    def pullback(self, inputs, outputs, cotangents):
        x, maxout, _, *geometry = inputs
        return [zeros_like(x), zeros_like(maxout),
                DownsampleFactorMaxGradGrad(self.ignore_border, self.mode, self.ndim)(
                    x, maxout, cotangents[0], *geometry)] + [disconnected_type() for _ in geometry]

    def pushforward(self, inputs, outputs, tangents):
        return [_linear_pushforward(self, inputs, tangents)]


class DownsampleFactorMaxGradGrad(BasePool):
    """Sums over the maxima: ``(image, maximum, image gradient, ws, stride, pad)``."""

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

    def pullback(self, inputs, outputs, cotangents):
        x, maxout, _, *geometry = inputs
        return [zeros_like(x), zeros_like(maxout),
                MaxPoolGrad(self.ignore_border, self.ndim)(x, maxout, cotangents[0], *geometry)
                ] + [disconnected_type() for _ in geometry]

    def pushforward(self, inputs, outputs, tangents):
        return [_linear_pushforward(self, inputs, tangents)]


class AveragePoolGrad(PoolGrad):
    """Gradient of pooling by sum or average: ``(image, output gradient, ws, stride, pad)``."""

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

    def pullback(self, inputs, outputs, cotangents):
        x, _, *geometry = inputs
        return [zeros_like(x), Pool(self.ignore_border, self.mode, self.ndim)(cotangents[0], *geometry)
                ] + [disconnected_type() for _ in geometry]

    def pushforward(self, inputs, outputs, tangents):
        return [_linear_pushforward(self, inputs, tangents)]


def _linear_pushforward(op, inputs, tangents):
    """Of an Op that is linear in the last of its images and locally constant in the others."""
    last = len(inputs) - 4
    if isinstance(tangents[last].type, DisconnectedType):
        return zeros_like(op(*inputs))
    return op(*inputs[:last], tangents[last], *inputs[last + 1:])
