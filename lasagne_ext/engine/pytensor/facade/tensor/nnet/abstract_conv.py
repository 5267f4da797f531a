"""Convolutions of two and three dimensions, their gradients and their shapes."""
from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.nn.conv import (  # noqa: F401
    causal_conv1d, conv2d, conv2d_grad_wrt_inputs, conv2d_grad_wrt_weights, conv3d, conv3d_grad_wrt_inputs,
    conv3d_grad_wrt_weights, separable_conv2d, separable_conv3d)
from lasagne_ext.engine.pytensor.nn.conv_classes import (  # noqa: F401
    AbstractConv2d, AbstractConv2d_gradInputs, AbstractConv2d_gradWeights, AbstractConv3d,
    AbstractConv3d_gradInputs, AbstractConv3d_gradWeights)
from lasagne_ext.engine.pytensor.nn.conv_ops import (  # noqa: F401
    AbstractConv, AbstractConv_gradInputs, AbstractConv_gradWeights, BaseAbstractConv)
from lasagne_ext.engine.pytensor.nn.conv_shapes import (  # noqa: F401
    assert_conv_shape, border_mode_to_pad, check_conv_gradinputs_shape, get_conv_gradinputs_shape,
    get_conv_gradinputs_shape_1axis, get_conv_gradweights_shape, get_conv_gradweights_shape_1axis,
    get_conv_output_shape, get_conv_shape_1axis)
from lasagne_ext.engine.pytensor.nn.upsampling import (  # noqa: F401
    bilinear_kernel_1D, bilinear_kernel_2D, bilinear_upsampling, frac_bilinear_upsampling)

__getattr__ = refuse(__name__, {
    'assert_shape': 'use theano.tensor.specify_shape'})
