"""Ops of convolution for Numba: calls of the compiled kernels."""
import numpy as np
from pytensor.link.numba.dispatch.basic import numba_njit

from lasagne_ext.engine.pytensor.numba_mode import library
from lasagne_ext.engine.runtime.convolution import (
    AbstractConv, AbstractConv_gradInputs, AbstractConv_gradWeights)
from lasagne_ext.kernels.nn import MAX_RANK

#: Where the axes' sizes begin in `convolution` of convolution.h.
_IN, _WINDOW, _OUT, _STRIDE, _DILATION, _PAD, _FLIP = (4 + MAX_RANK * field for field in range(7))


@library.compiled(AbstractConv)
def _forward(op, node):
    kernel, geometry_of = library.kernel('convolution_forward', node, 3), _geometry(op)
    first = _OUT + MAX_RANK - op.convdim
    allocate = _allocator(op.convdim)

    @numba_njit
    def forward(image, kern):
        geometry = geometry_of(image.shape[0], image.shape[1], kern.shape[0], kern.shape[1],
                               image.shape[2:], kern.shape[2:])
        out = allocate(image.dtype, image.shape[0], kern.shape[0], geometry[first:])
        if out.size and kernel(np.ascontiguousarray(image).ctypes, np.ascontiguousarray(kern).ctypes,
                               out.ctypes, geometry.ctypes):
            raise MemoryError('convolution: not enough memory')
        return out
    return forward


@library.compiled(AbstractConv_gradWeights)
def _grad_weights(op, node):
    kernel, geometry_of = library.kernel('convolution_kernel_grad', node, 3), _geometry(op)
    groups, allocate, check = op.num_groups, _allocator(op.convdim), _check(op)

    @numba_njit
    def grad_weights(image, top, size):
        geometry = geometry_of(image.shape[0], image.shape[1], top.shape[1], image.shape[1] // groups,
                               image.shape[2:], size)
        check(geometry, image.shape[0], top.shape)
        grad = allocate(image.dtype, top.shape[1], image.shape[1] // groups, size)
        if grad.size and kernel(np.ascontiguousarray(image).ctypes, np.ascontiguousarray(top).ctypes,
                                grad.ctypes, geometry.ctypes):
            raise MemoryError('convolution: not enough memory')
        return grad
    return grad_weights


@library.compiled(AbstractConv_gradInputs)
def _grad_inputs(op, node):
    kernel, geometry_of = library.kernel('convolution_image_grad', node, 3), _geometry(op)
    groups, allocate, check = op.num_groups, _allocator(op.convdim), _check(op)

    @numba_njit
    def grad_inputs(kern, top, size):
        geometry = geometry_of(top.shape[0], kern.shape[1] * groups, kern.shape[0], kern.shape[1], size,
                               kern.shape[2:])
        check(geometry, top.shape[0], top.shape)
        grad = allocate(kern.dtype, top.shape[0], kern.shape[1] * groups, size)
        if grad.size and kernel(np.ascontiguousarray(kern).ctypes, np.ascontiguousarray(top).ctypes,
                                grad.ctypes, geometry.ctypes):
            raise MemoryError('convolution: not enough memory')
        return grad
    return grad_inputs


def _allocator(rank):
    """Return a function that makes an array of two counts and a spatial size."""
    if rank == 1:
        @numba_njit
        def allocate(dtype, first, second, size):
            return np.empty((first, second, size[0]), dtype)
    elif rank == 2:
        @numba_njit
        def allocate(dtype, first, second, size):
            return np.empty((first, second, size[0], size[1]), dtype)
    else:
        @numba_njit
        def allocate(dtype, first, second, size):
            return np.empty((first, second, size[0], size[1], size[2]), dtype)
    return allocate


def _geometry(op):
    """Return a function of the operands' shapes that returns a `convolution`, checked."""
    rank, groups = op.convdim, op.num_groups
    offset = MAX_RANK - rank
    mode = op.border_mode
    pairs = [(pad, pad) if isinstance(pad, int) else pad for pad in mode] if isinstance(mode, tuple) else None
    before = np.array([pair[0] for pair in pairs] if pairs else [0] * rank)
    after = np.array([pair[1] for pair in pairs] if pairs else [0] * rank)
    is_full, is_half = mode == 'full', mode == 'half'
    strides, dilations = np.array(op.subsample), np.array(op.filter_dilation)
    constant = np.ones(_FLIP + 1, np.intp)
    constant[_PAD:_FLIP] = 0
    constant[3], constant[_FLIP] = groups, op.filter_flip
    channels_message = '%s: the channels, the filters and the groups do not fit together' % op
    size_message = '%s: the kernel does not fit into the image' % op

    @numba_njit
    def geometry_of(batch, channels, filters, inner, in_size, window):
        geometry = constant.copy()
        geometry[0], geometry[1], geometry[2] = batch, channels, filters
        if channels != inner * groups or filters % groups:
            raise ValueError(channels_message)
        for axis in range(rank):
            extent = (window[axis] - 1) * dilations[axis] + 1
            low, high = before[axis], after[axis]
            if is_full:
                low = high = extent - 1
            elif is_half:
                low = high = extent // 2
            room = in_size[axis] + low + high - extent
            if room < 0 or window[axis] < 1:
                raise ValueError(size_message)
            at = offset + axis
            geometry[_IN + at] = in_size[axis]
            geometry[_WINDOW + at] = window[axis]
            geometry[_OUT + at] = room // strides[axis] + 1
            geometry[_STRIDE + at] = strides[axis]
            geometry[_DILATION + at] = dilations[axis]
            geometry[_PAD + at] = low
        return geometry
    return geometry_of


def _check(op):
    """Return a function that refuses an output gradient of another shape than the output."""
    rank, first = op.convdim, _OUT + MAX_RANK - op.convdim
    message = '%s: the output gradient has not the shape of the output' % op

    @numba_njit
    def check(geometry, batch, shape):
        fits = shape[0] == batch and shape[1] == geometry[2]
        for axis in range(rank):
            fits &= shape[2 + axis] == geometry[first + axis]
        if not fits:
            raise ValueError(message)
    return check
