"""Base class of the layers that transform images by the numbers of a localization network."""
import lasagne
import theano

from lasagne_ext.checks import check_choice, check_number
from lasagne_ext.layers._arguments import called
from lasagne_ext.layers._shapes import (OutputSize, check_batches, check_parameters, rank_of,
                                        split_glimpses)
from lasagne_ext.ops import AffineTransform


class TransformingLayer(lasagne.layers.MergeLayer):
    """Base class of the layers that transform images by the numbers of a localization network.

    Parameters
    ----------
    incoming, localization_network : Layer or tuple
    family : TransformFamily
    downsample_factor, output_shape
        Of which one says how large the output is.
    options : SamplerOptions
    theta_lr_scale : float
        By how much the gradient is scaled that goes back into the localization network.
    aspect : {None, 'image'}
    glimpses : int, optional
        How many transforms there are of every image.
    **kwargs
        Lasagne's.
    """

    #: Whether the transform is undone.
    inverse = False

    def __init__(self, incoming, localization_network, family, downsample_factor, output_shape, options,
                 theta_lr_scale, aspect=None, glimpses=None, **kwargs):
        super().__init__([incoming, localization_network], **kwargs)
        caller = called(self)
        images, parameters = self.input_shapes
        self.rank = rank_of(caller, images)
        self.family, self.aspect, self.glimpses = family, check_aspect(caller, aspect, family), glimpses
        self.options, self.border_mode = options, options.border_mode
        self.output_size = OutputSize(caller, images, downsample_factor, output_shape)
        self.downsample_factor = self.output_size.factor
        self.theta_lr_scale = check_number(caller, 'theta_lr_scale', theta_lr_scale, 0)
        check_parameters(caller, parameters, family, self.rank, glimpses)
        check_batches(caller, images, parameters)

    def get_output_shape_for(self, input_shapes):
        images, parameters = input_shapes
        batch = parameters[0] if images[0] is None else images[0]
        return (batch, images[1]) + self.output_size(images)

    def get_output_for(self, inputs, **kwargs):
        images, parameters = inputs
        # The images given now may have another size than the ones declared.
        size = self.output_size([images.shape[k] for k in range(images.ndim)])
        if self.theta_lr_scale != 1:
            parameters = theano.gradient.grad_scale(parameters, self.theta_lr_scale)
        caller = called(self)
        if self.glimpses is not None:
            parameters = split_glimpses(caller, parameters, self.glimpses,
                                        self.family.num_parameters(self.rank))
        return self.family.transform(images, parameters, size, self.options, caller, self.aspect, self.inverse)


def check_aspect(caller, aspect, family):
    """Return an aspect; refuse one that is unknown, or that the family knows nothing of."""
    if aspect is not None:
        check_choice(caller, 'aspect', aspect, ('image',))
        if family.op is not AffineTransform:
            raise ValueError('%s: aspect=%r is for affine families, got family=%r'
                             % (caller, aspect, family.name))
    return aspect


def localization_network_of(transformer):
    """Return the localization network of a transformer, or the layer that is one itself."""
    if not isinstance(transformer, TransformingLayer):
        return transformer
    network = transformer.input_layers[1]
    return transformer.input_shapes[1] if network is None else network


#: Settings of a transformer where only its localization network is given.
_DEFAULTS = {'family': 'affine', 'aspect': None, 'align_corners': True, 'glimpses': None,
             'control_points': 16, 'regularization': 0.}


def transformer_settings(caller, transformer, **given):
    """Return the settings of a transformer, or with a localization network those given.

    Parameters
    ----------
    caller : str
        Name to show in error messages.
    transformer : Layer or tuple
        A transformer or a localization network.
    **given
        What was given for each setting that is asked for, None for what was not.

    Raises
    ------
    ValueError
        If a setting is given beside a transformer.
    """
    if not isinstance(transformer, TransformingLayer):
        return {name: _DEFAULTS[name] if value is None else value for name, value in given.items()}
    if transformer.inverse:
        raise ValueError('%s: transformer must be the one that cuts out, got %s'
                         % (caller, called(transformer)))
    for name, value in given.items():
        if value is not None:
            raise ValueError('%s: %s is that of the transformer; give it with a localization network only, '
                             'got %r' % (caller, name, value))
    return dict(_DEFAULTS, family=transformer.family, aspect=transformer.aspect,
                align_corners=transformer.options.align_corners, glimpses=transformer.glimpses)
