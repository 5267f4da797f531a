"""Ops of convolution in JAX: one function, and what it is transposed with respect to each operand."""
import jax
import jax.numpy as jnp
import numpy as np
from pytensor.link.jax.dispatch import jax_funcify

from lasagne_ext.engine.runtime.convolution import (
    AbstractConv, AbstractConv_gradInputs, AbstractConv_gradWeights)


@jax_funcify.register(AbstractConv)
def _forward(op, node, **kwargs):
    def forward(image, kernel):
        op.check_channels(image.shape[1], kernel.shape)
        op.output_shape(image.shape, kernel.shape)
        return _convolve(op, image, kernel)
    return forward


@jax_funcify.register(AbstractConv_gradWeights)
def _grad_weights(op, node, **kwargs):
    def grad_weights(image, top, size):
        shape = op.kernel_shape(image.shape, top.shape, _size(node, size))
        op.check_channels(image.shape[1], shape, top.shape[1])
        op.check_top(image.shape, shape, top.shape)
        kernel = jax.ShapeDtypeStruct(shape, top.dtype)
        return jax.linear_transpose(lambda kernel: _convolve(op, image, kernel), kernel)(top)[0]
    return grad_weights


@jax_funcify.register(AbstractConv_gradInputs)
def _grad_inputs(op, node, **kwargs):
    def grad_inputs(kernel, top, size):
        shape = op.image_shape(kernel.shape, top.shape, _size(node, size))
        op.check_channels(shape[1], kernel.shape, top.shape[1])
        op.check_top(shape, kernel.shape, top.shape)
        image = jax.ShapeDtypeStruct(shape, top.dtype)
        return jax.linear_transpose(lambda image: _convolve(op, image, kernel), image)(top)[0]
    return grad_inputs


def _size(node, size):
    """Return the spatial size as ints: static where it can be, else known while tracing."""
    static = node.outputs[0].type.shape[-node.op.convdim:]
    return static if None not in static else tuple(np.asarray(size).tolist())


def _convolve(op, image, kernel):
    size = kernel.shape[-op.convdim:]
    pads, strides, dilations, groups, unshared, flip = op.arguments(size)
    if flip:
        kernel = jnp.flip(kernel, range(kernel.ndim - op.convdim, kernel.ndim))
    if not unshared:
        return jax.lax.conv_general_dilated(image, kernel, strides, pads, rhs_dilation=dilations,
                                            feature_group_count=groups)
    windows = jax.lax.conv_general_dilated_patches(image, size, strides, pads, rhs_dilation=dilations)
    batch, points = len(image), windows.shape[2:]
    windows = windows.reshape((batch, groups, windows.shape[1] // groups) + points)
    kernel = kernel.reshape((groups, len(kernel) // groups) + points + (windows.shape[2],))
    axes = 'xyz'[:op.convdim]
    out = jnp.einsum('ngk%s,gf%sk->ngf%s' % (axes, axes, axes), windows, kernel)
    return out.reshape((batch, -1) + points)
