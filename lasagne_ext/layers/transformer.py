"""Spatial transformer layers."""
import math
import numbers

import lasagne
import theano.tensor as T

from lasagne_ext import ops
from lasagne_ext.layers._naming import called


class TransformerLayer(lasagne.layers.MergeLayer):
    """Spatial transformer: samples its input where a localisation network says.

    A drop-in for Lasagne's layer of the same name, faster, with more modes.

    Parameters
    ----------
    incoming : Layer or tuple
        The images, ``(batch, channels, rows, columns)``, float32 or float64.
    localization_network : Layer or tuple
        Gives theta, ``(batch, 6)``: for every image the matrix that maps OUTPUT coordinates to
        INPUT coordinates, row by row: ``x = t1 x' + t2 y' + t3`` and ``y = t4 x' + t5 y' + t6``.
    downsample_factor : float or pair of float
        The output has ``size // downsample_factor`` (rows, columns): 1 keeps the size, 2 halves it,
        values below 1 enlarge.
    border_mode : {'nearest', 'zeros', 'mirror', 'wrap'}
        What lies outside the image: its nearest pixel; zeros; its mirror image, the outermost
        pixels not repeated; or the image again, with the period of its size.
    output_shape : pair of int, optional
        (rows, columns) of the output, instead of a `downsample_factor`.
    interpolation : {'bilinear'}
        How a value between pixels is made.
    align_corners : bool
        See the convention below.
    check_finite : bool
        Raise an error that names this layer when theta holds NaN or Inf. Otherwise such an image
        comes out as NaN.
    **kwargs
        Any of Lasagne's own, such as `name`.

    Raises
    ------
    TypeError, ValueError
        At construction, if shapes, sizes or modes do not fit. At run time, if the batch sizes of
        images and theta differ. The message names the layer, what it got and what it expected.

    Notes
    -----
    **Convention.** Coordinates are normalised to [-1, 1], x (columns) first. With
    ``align_corners=True`` (Lasagne's and the paper's) -1 and 1 are the centres of the corner pixels,
    with ``False`` their outer edges. An axis of one pixel has its only point at 0.

    The identity returns the input bit for bit. The shape that `output_shape` declares is always the
    one that comes out. At a kink (a point exactly on a pixel centre) the derivative is the
    right-hand one.

    The paper starts the localisation network at the identity, its last weights at zero, and lets it
    learn at a tenth of the others' rate or less.

    References
    ----------
    Jaderberg, Simonyan, Zisserman, Kavukcuoglu (2015): Spatial Transformer Networks,
    section 3.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne.init import Constant
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> from lasagne_ext.layers import TransformerLayer
    >>> images = InputLayer((None, 3, 28, 28))
    >>> identity = np.array([1, 0, 0, 0, 1, 0], dtype='float32')
    >>> theta = DenseLayer(images, num_units=6, W=Constant(0), b=identity, nonlinearity=None)
    >>> TransformerLayer(images, theta, downsample_factor=2).output_shape
    (None, 3, 14, 14)
    """

    def __init__(self, incoming, localization_network, downsample_factor=1, border_mode='nearest',
                 output_shape=None, interpolation='bilinear', align_corners=True,
                 check_finite=False, **kwargs):
        super().__init__([incoming, localization_network], **kwargs)
        where = called(self)
        self.downsample_factor = _check_factor(where, downsample_factor)
        self.size = _check_size(where, output_shape)
        if self.size is not None and self.downsample_factor != (1, 1):
            raise ValueError('%s: give either output_shape or downsample_factor, not both; got '
                             'output_shape=%r and downsample_factor=%r'
                             % (where, output_shape, downsample_factor))
        self.border_mode = border_mode
        self.transform = ops.AffineTransform(interpolation, border_mode, align_corners, check_finite,
                                             name=where)
        _check_shapes(where, *self.input_shapes)
        if 0 in self.output_size(self.input_shapes[0]):
            raise ValueError('%s: downsample_factor=%r leaves nothing of an input with %d rows and '
                             '%d columns' % (where, downsample_factor, *self.input_shapes[0][2:]))

    def output_size(self, input_shape):
        """Rows and columns of the output for an input shape; None or symbolic where that is."""
        if self.size is not None:
            return self.size
        return tuple(downsampled_size(size, factor)
                     for size, factor in zip(input_shape[2:], self.downsample_factor))

    def get_output_shape_for(self, input_shapes):
        images, theta = input_shapes
        batch = theta[0] if images[0] is None else images[0]
        return (batch, images[1]) + self.output_size(images)

    def get_output_for(self, inputs, **kwargs):
        images, theta = inputs
        # The images given now may have another size than the ones declared.
        return self.transform(images, theta, self.output_size([images.shape[k] for k in range(4)]))


def downsampled_size(size, factor):
    """``int(size // factor)`` for an int, the same as a symbolic graph, or None for None.

    Python divides floats by way of an exact remainder, so that ``1 // 0.1`` is 9; dividing and
    rounding down would give 10 and a shape that differs from the declared one.
    """
    if size is None:
        return None
    if isinstance(size, numbers.Integral):
        return int(size // factor)
    if isinstance(factor, numbers.Integral):
        return size // factor
    size = T.cast(size, 'float64')
    factor = T.constant(float(factor), dtype='float64')
    return T.cast(T.round((size - T.mod(size, factor)) / factor), 'int64')


def _check_factor(where, factor):
    try:
        factors = tuple(factor)
    except TypeError:
        factors = (factor, factor)
    numeric = all(isinstance(f, numbers.Real) and not isinstance(f, bool) for f in factors)
    if len(factors) != 2 or not numeric or not all(0 < f < math.inf for f in factors):
        raise ValueError('%s: downsample_factor must be a positive number or a pair of them '
                         '(rows, columns), got %r' % (where, factor))
    return factors


def _check_size(where, size):
    if size is None:
        return None
    try:
        sizes = tuple(size)
    except TypeError:
        sizes = ()
    whole = all(isinstance(s, numbers.Integral) and not isinstance(s, bool) for s in sizes)
    if len(sizes) != 2 or not whole or min(sizes) < 1:
        raise ValueError('%s: output_shape must be a pair of positive whole numbers '
                         '(rows, columns), got %r' % (where, size))
    return tuple(int(s) for s in sizes)


def _check_shapes(where, images, theta):
    if len(images) != 4:
        raise ValueError('%s: the incoming layer must give images of shape (batch, channels, rows, '
                         'columns), got shape %r' % (where, images))
    if len(theta) != 2 or theta[1] != 6:
        raise ValueError('%s: the localization network must give theta of shape (batch, 6), got '
                         'shape %r; end it with a DenseLayer of num_units=6 and nonlinearity=None'
                         % (where, theta))
    if None not in (images[0], theta[0]) and images[0] != theta[0]:
        raise ValueError('%s: the batch sizes of the incoming layer and of the localization '
                         'network must be the same, got shapes %r and %r'
                         % (where, images, theta))
