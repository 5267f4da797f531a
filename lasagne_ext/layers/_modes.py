"""How a layer transforms: the options that many of them share, checked at construction."""
import numbers

import theano

from lasagne_ext import ops
from lasagne_ext.ops._checks import check_choice, check_flag, check_number
from lasagne_ext.ops._parameters import as_parameters


def sampling_modes(where, interpolation, border_mode, align_corners, check_finite, cubic, antialias,
                   outside_grad):
    """The options as keyword arguments of the transforming functions.

    Raises
    ------
    TypeError, ValueError
        If one is of the wrong kind.
    """
    op = ops.GridSample(interpolation, border_mode, align_corners, check_finite, cubic, where)
    return {'interpolation': interpolation, 'border_mode': border_mode, 'align_corners': align_corners,
            'check_finite': check_finite, 'cubic': op.cubic,
            'antialias': check_flag(where, 'antialias', antialias),
            'outside_grad': check_number(where, 'outside_grad', outside_grad, 0), 'name': where}


def check_family(where, family, families, elsewhere):
    """Refuse a family that a layer does not have; `elsewhere` says what to use for those of others."""
    if isinstance(family, str) and family in elsewhere:
        raise ValueError('%s: family must be one of %s, got %r; use %s for it'
                         % (where, ', '.join(map(repr, families)), family, elsewhere[family]))
    return check_choice(where, 'family', family, families)


def check_aspect(where, aspect, family):
    """Refuse an aspect that is unknown, or that the family knows nothing of."""
    if aspect is not None:
        check_choice(where, 'aspect', aspect, ('image',))
        if family in ('projective', 'tps'):
            raise ValueError('%s: aspect=%r is for affine families, got family=%r'
                             % (where, aspect, family))
    return aspect


def scaled_gradient(value, scale):
    """`value`, whose gradient is scaled on its way back."""
    return value if scale == 1 else theano.gradient.grad_scale(value, scale)


def transform_by(family, images, parameters, out_shape, aspect, modes):
    """Transform images by the numbers of a family, 'projective' too."""
    theta = ops.theta_of(family, parameters, images.ndim - 2, modes['name'])
    return transform_matrices(family, images, theta, out_shape, aspect, modes)


def transform_matrices(family, images, theta, out_shape, aspect, modes):
    """Transform images by a family's matrices."""
    if family == 'projective':
        return ops.projective_transform(images, theta, out_shape, **modes)
    return ops.affine_transform(images, theta, out_shape, aspect=aspect, **modes)


def check_glimpses(where, glimpses):
    """Refuse a number of transforms per image that is none."""
    if isinstance(glimpses, bool) or not isinstance(glimpses, numbers.Integral) or glimpses < 1:
        raise ValueError('%s: glimpses must be a positive whole number, got %r' % (where, glimpses))


def split_glimpses(where, parameters, glimpses, count):
    """``(batch, count)`` as ``(batch, glimpses, count // glimpses)``."""
    parameters = as_parameters(where, 'the output of the localization network', parameters, count, None)
    return parameters.reshape((parameters.shape[0], glimpses, count // glimpses))
