"""Make the last layer of a localisation network: it starts at the identity."""
import numpy as np
import theano
from lasagne.init import Constant
from lasagne.layers import DenseLayer

from lasagne_ext.layers._arguments import check_incoming
from lasagne_ext.layers._shapes import check_glimpses
from lasagne_ext.ops import ThinPlateSpline
from lasagne_ext.ops.families import FAMILIES, find_family
from lasagne_ext.ops.matrices import check_rank


def localization(incoming, family='affine', rank=None, control_points=16, glimpses=1, name=None):
    """Make a dense layer that gives the numbers of a transform, at first those of the identity.

    Parameters
    ----------
    incoming : Layer or tuple
        What the place is to be read from, ``(batch, ...)``: a layer of features, or the images.
    family : str or TransformFamily
        Which numbers, see :class:`TransformerLayer`; or 'projective' for a
        :class:`ProjectiveTransformerLayer`, 'tps' for a :class:`TPSTransformerLayer`.
    rank : {2, 3}, optional
        Of what is transformed: 2 for images, 3 for volumes. By default that of `incoming` if that
        gives images or volumes, else 2.
    control_points : int or array, (n, 2) or (n, 3)
        For the family 'tps': those of the transformer.
    glimpses : int
        How many transforms of every image: that of a :class:`MultiGlimpseLayer`.
    name : str, optional
        Of the layer.

    Returns
    -------
    lasagne.layers.DenseLayer
        Of linear units. Its weights are zero and its biases the identity's numbers, as in the
        paper; both are learnt.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind, or the number of features is not known. The message says
        what was got and what was expected.

    References
    ----------
    Jaderberg, Simonyan, Zisserman, Kavukcuoglu (2015): Spatial Transformer Networks, section 4.

    Examples
    --------
    >>> from lasagne.layers import InputLayer
    >>> from lasagne_ext.layers import localization
    >>> theta = localization(InputLayer((None, 50)), 'similarity')
    >>> theta.output_shape, theta.b.get_value().tolist()
    ((None, 4), [1.0, 0.0, 0.0, 0.0])
    """
    caller = 'localization' if name is None else "localization '%s'" % name
    check_incoming(caller, 'incoming', incoming)
    shape = getattr(incoming, 'output_shape', incoming)
    if len(shape) < 2 or None in shape[1:]:
        raise ValueError('%s: the incoming layer must have known sizes but for the batch, got shape %r'
                         % (caller, shape))
    if isinstance(family, str) and family == 'tps':
        family = ThinPlateSpline(control_points, caller=caller)
    else:
        family = find_family(caller, family, FAMILIES + ('tps',))
    check_glimpses(caller, glimpses)
    if rank is None:
        rank = {5: 3}.get(len(shape), 2)
    check_rank(caller, rank)
    identity = family.identity_parameters(rank)
    biases = np.tile(identity, glimpses).astype(theano.config.floatX)
    return DenseLayer(incoming, len(biases), W=Constant(0), b=biases, nonlinearity=None, name=name)
