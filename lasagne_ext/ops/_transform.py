"""What the transforming functions add to their Ops: anti-aliasing, and a gradient outside."""
import theano.tensor as T

from lasagne_ext.ops._checks import check_flag, check_number
from lasagne_ext.ops._outside import OutsidePull
from lasagne_ext.ops._points import shape_of
from lasagne_ext.ops.antialias import antialiased_sample


def transform(op, inputs, antialias, outside_grad):
    """Apply a :class:`lasagne_ext.ops._sampler.ForwardSampler`, with what was asked for besides.

    Parameters
    ----------
    op : ForwardSampler
        Its modes and its name serve for all.
    inputs : tuple
        What the Op takes.
    antialias : bool
        Whether to spread every sample over what the output pixel covers.
    outside_grad : float
        Strength of the pull on points outside the image.
    """
    check_flag(op.name, 'antialias', antialias)
    strength = check_number(op.name, 'outside_grad', outside_grad, 0)
    output = op(*inputs)
    if not antialias and not strength:
        return output
    image, points = output.owner.inputs[:2]
    rank = image.ndim - 2
    sizes = [shape_of(variable)[-rank:] for variable in (image, output)]
    grid = op.points.grid(op.name, T.cast(points, 'float64'), *sizes, op.align_corners)
    if antialias:
        output = antialiased_sample(image, grid, op.mode._replace(points='grid'), op.check_finite, op.name)
    return OutsidePull(strength, rank)(output, grid) if strength else output
