"""Shapes of convolutions, their inputs and their kernels; numbers, symbolic numbers or None.

Shapes are ``(batch, channels, *size)`` and ``(filters, channels of a group, *size)``; an unshared
kernel has ``(filters, *output size, channels, *size)``. What cannot be known is None.
"""
from theano.tensor import ge, gt
from theano.tensor.opt import Assert

from lasagne_ext.engine.runtime.static_shapes import static_int


def get_conv_output_shape(image_shape, kernel_shape, border_mode, subsample, filter_dilation=None):
    """Return the shape of a convolution's output."""
    rank = len(image_shape) - 2
    size = [get_conv_shape_1axis(*axis) for axis in zip(
        image_shape[2:], kernel_shape[-rank:], *_per_axis(border_mode, subsample, filter_dilation))]
    return (image_shape[0], kernel_shape[0]) + tuple(size)


def get_conv_shape_1axis(image_shape, kernel_shape, border_mode, subsample, dilation=1):
    """Return the size of the output along one axis."""
    if _is_any_unknown(image_shape, kernel_shape, border_mode, subsample, dilation):
        return None
    extent = (kernel_shape - 1) * dilation + 1
    size = image_shape - extent
    for pad in _pads_1axis(border_mode, extent):
        if not _equals(pad, 0):
            size = size + pad
    if not _equals(subsample, 1):
        size = size // subsample
    return size + 1


def get_conv_gradweights_shape(image_shape, top_shape, border_mode, subsample, filter_dilation=None,
                               num_groups=1, unshared=False):
    """Return the shape of the kernel between an image and an output; None along a strided axis."""
    size = [get_conv_gradweights_shape_1axis(*axis) for axis in zip(
        image_shape[2:], top_shape[2:], *_per_axis(border_mode, subsample, filter_dilation))]
    # Which of the two counts of channels is divided is Theano's choice.
    filters = top_shape[1] if num_groups == 1 else top_shape[1] // num_groups
    points = tuple(top_shape[2:]) if unshared else ()
    return (filters,) + points + (image_shape[1],) + tuple(size)


def get_conv_gradweights_shape_1axis(image_shape, top_shape, border_mode, subsample, dilation):
    """Return the size of the kernel along one axis; None if strided or padded by half of it."""
    if _is_any_unknown(image_shape, top_shape, border_mode, subsample, dilation):
        return None
    if not _equals(subsample, 1) or _equals(border_mode, 'half'):
        return None
    if _equals(border_mode, 'full'):
        size = top_shape - image_shape
    else:
        before, after = _pads_1axis(border_mode, None)
        size = image_shape + before + after - top_shape
    if not _equals(dilation, 1):
        size = size // dilation
    return size + 1


def get_conv_gradinputs_shape(kernel_shape, top_shape, border_mode, subsample, filter_dilation=None,
                              num_groups=1):
    """Return the shape of the image that a convolution makes an output of; None along a strided axis."""
    rank = len(top_shape) - 2
    size = [get_conv_gradinputs_shape_1axis(*axis) for axis in zip(
        kernel_shape[-rank:], top_shape[2:], *_per_axis(border_mode, subsample, filter_dilation))]
    channels = kernel_shape[1] if num_groups == 1 else kernel_shape[1] * num_groups
    return (top_shape[0], channels) + tuple(size)


def get_conv_gradinputs_shape_1axis(kernel_shape, top_shape, border_mode, subsample, dilation):
    """Return the size of the image along one axis; None if strided."""
    if _is_any_unknown(kernel_shape, top_shape, border_mode, subsample, dilation):
        return None
    if not _equals(subsample, 1):
        return None
    extent = (kernel_shape - 1) * dilation + 1
    before, after = _pads_1axis(border_mode, extent)
    return top_shape + extent - 1 - before - after


def check_conv_gradinputs_shape(image_shape, kernel_shape, output_shape, border_mode, subsample,
                                filter_dilation=None):
    """Return False if a convolution of these shapes cannot have that output; unknown sizes fit."""
    ranks = {len(image_shape), len(kernel_shape), len(output_shape), len(subsample) + 2}
    if filter_dilation is not None:
        ranks.add(len(filter_dilation) + 2)
    if len(ranks) > 1:
        return False
    expected = get_conv_output_shape(tuple(image_shape), tuple(kernel_shape), border_mode, subsample,
                                     filter_dilation)
    return all(_may_be_equal(*pair) for pair in zip(output_shape, expected))


def assert_conv_shape(shape):
    """Return the shape, checked at run time to have a point to compute; ValueError where it has none."""
    checked = []
    for axis, size in enumerate(shape):
        sign, least = ('<=', gt) if axis >= 2 else ('<', ge)
        known = static_int(size)
        if known is None:
            message = 'The convolution would produce an invalid shape (dim[%d] %s 0).' % (axis, sign)
            size = Assert(message)(size, least(size, 0))
        elif known < (axis >= 2):
            raise ValueError('The convolution would produce an invalid shape (dim[%d]: %d %s 0).'
                             % (axis, known, sign))
        checked.append(size)
    return tuple(checked)


def border_mode_to_pad(mode, convdim, kshp):
    """Return the padding (before, after) of every axis, for a kernel whose dilated size is `kshp`."""
    if isinstance(mode, tuple):
        if len(mode) != convdim:
            raise ValueError('invalid border_mode %r: expected a tuple of length %d' % (mode, convdim))
        return tuple(_pads_1axis(pad, None) for pad in mode)
    if mode not in ('valid', 'full', 'half'):
        raise ValueError("invalid border_mode %r: expected 'valid', 'full', 'half', an int or a tuple of "
                         'length %d' % (mode, convdim))
    return tuple(_pads_1axis(mode, extent) for extent in kshp[:convdim])


def _per_axis(border_mode, subsample, filter_dilation):
    rank = len(subsample)
    modes = border_mode if isinstance(border_mode, tuple) else (border_mode,) * rank
    return modes, subsample, (1,) * rank if filter_dilation is None else filter_dilation


def _pads_1axis(border_mode, extent):
    if _equals(border_mode, 'half'):
        return extent // 2, extent // 2
    if _equals(border_mode, 'full'):
        return extent - 1, extent - 1
    if _equals(border_mode, 'valid'):
        return 0, 0
    if isinstance(border_mode, tuple):
        if len(border_mode) != 2:
            raise ValueError('the padding of an axis must be an int or a pair, got %r' % (border_mode,))
        before, after = border_mode
    else:
        before = after = border_mode
    if any(static_int(pad) is not None and static_int(pad) < 0 for pad in (before, after)):
        raise ValueError('border_mode must be >= 0, got %r' % (border_mode,))
    return before, after


def _is_any_unknown(*values):
    return any(value is None for value in values)


def _equals(value, expected):
    """Compare, where a symbolic number equals nothing."""
    return isinstance(value, type(expected)) and value == expected


def _may_be_equal(given, computed):
    given, computed = static_int(given), static_int(computed)
    return given is None or computed is None or given == computed
