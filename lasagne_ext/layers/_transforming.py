"""What the layers have in common that transform images by the numbers of a localization network."""
import lasagne

from lasagne_ext.layers._modes import sampling_modes, scaled_gradient
from lasagne_ext.layers._naming import called
from lasagne_ext.layers._shapes import OutputSize, check_batches, check_parameters, rank_of
from lasagne_ext.ops._checks import check_number


class TransformingLayer(lasagne.layers.MergeLayer):
    """Base of the layers that transform images by the numbers of a localization network.

    Parameters
    ----------
    incoming, localization_network : Layer or tuple
    downsample_factor, output_shape
        Of which one says how large the output is.
    theta_lr_scale : float
        By how much the gradient is scaled that goes back into the localization network.
    interpolation, border_mode, align_corners, check_finite, cubic, antialias, outside_grad
        The modes of sampling.
    """

    def __init__(self, incoming, localization_network, downsample_factor, output_shape, theta_lr_scale,
                 interpolation, border_mode, align_corners, check_finite, cubic, antialias,
                 outside_grad, **kwargs):
        super().__init__([incoming, localization_network], **kwargs)
        where = called(self)
        images, parameters = self.input_shapes
        self.rank = rank_of(where, images)
        self.modes = sampling_modes(where, interpolation, border_mode, align_corners, check_finite,
                                    cubic, antialias, outside_grad)
        self.border_mode = border_mode
        self.output_size = OutputSize(where, images, downsample_factor, output_shape)
        self.downsample_factor = self.output_size.factor
        self.theta_lr_scale = check_number(where, 'theta_lr_scale', theta_lr_scale, 0)
        check_parameters(where, parameters, *self.expected())
        check_batches(where, images, parameters)

    def expected(self):
        """What the localization network must give, in words, and how many numbers."""
        raise NotImplementedError

    def transform(self, images, parameters, out_shape):
        """The symbolic output."""
        raise NotImplementedError

    def get_output_shape_for(self, input_shapes):
        images, parameters = input_shapes
        batch = parameters[0] if images[0] is None else images[0]
        return (batch, images[1]) + self.output_size(images)

    def get_output_for(self, inputs, **kwargs):
        images, parameters = inputs
        # The images given now may have another size than the ones declared.
        size = self.output_size([images.shape[k] for k in range(images.ndim)])
        return self.transform(images, scaled_gradient(parameters, self.theta_lr_scale), size)
