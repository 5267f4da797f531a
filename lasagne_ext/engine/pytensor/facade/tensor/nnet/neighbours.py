"""Rectangular neighbourhoods of images as rows of a matrix, and back."""
import pytensor
import pytensor.tensor as pt
from pytensor.raise_op import CheckAndRaise
from pytensor.scalar.basic import upcast
from pytensor.tensor.basic import get_scalar_constant_value
from pytensor.tensor.exceptions import NotScalarConstantError

MODES = ('valid', 'half', 'full', 'wrap_centered', 'ignore_borders')


class Images2Neibs:
    """Cut a batch of images into neighbourhoods; called with the arguments of :func:`images2neibs`."""

    def __init__(self, mode='valid'):
        if mode not in MODES:
            raise NotImplementedError('Only modes %s have been implemented for Images2Neibs, got %r'
                                      % (', '.join(MODES), mode))
        self.mode = mode

    def __call__(self, ten4, neib_shape, neib_step=None):
        ten4, neib_shape = pt.as_tensor_variable(ten4), pt.as_tensor_variable(neib_shape)
        neib_step = neib_shape if neib_step is None else pt.as_tensor_variable(neib_step)
        for name, value, ndim in (('ten4', ten4, 4), ('neib_shape', neib_shape, 1),
                                  ('neib_step', neib_step, 1)):
            if value.ndim != ndim:
                raise AssertionError('%s must have %d dimensions, got %d' % (name, ndim, value.ndim))
        images, channels, height, width = ten4.shape
        rows = self._places(0, _number(height), _number(neib_shape[0]), _number(neib_step[0]))
        columns = self._places(1, _number(width), _number(neib_shape[1]), _number(neib_step[1]))
        rows, columns = rows.dimshuffle(0, 'x', 1, 'x'), columns.dimshuffle('x', 0, 'x', 1)
        places = rows * width + columns
        pixels = ten4.reshape((images * channels, height * width))
        if self.mode in ('half', 'full'):
            # One zero more, for everything outside the image.
            pixels = pt.concatenate([pixels, pt.zeros((images * channels, 1), ten4.dtype)], axis=1)
            is_inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
            places = pt.switch(is_inside, places, height * width)
        patches = pixels[:, places.flatten()]
        return patches.reshape((images * channels * places.shape[0] * places.shape[1],
                                places.shape[2] * places.shape[3]))

    def _places(self, axis, size, extent, step):
        """Places along one axis, ``(neighbourhoods, extent)``; outside the image caller it is padded."""
        count, start = {
            'valid': lambda: (1 + (size - extent) // step, 0),
            'ignore_borders': lambda: (pt.maximum(0, 1 + (size - extent) // step), 0),
            'half': lambda: (1 + (size - extent % 2) // step, -(extent // 2)),
            'full': lambda: (1 + (size + extent - 2) // step, 1 - extent),
            'wrap_centered': lambda: (-(-size // step), -(extent // 2))}[self.mode]()
        count = self._checked(count, axis, size, extent, step)
        places = pt.arange(count).dimshuffle(0, 'x') * step + pt.arange(extent) + start
        return places % size if self.mode == 'wrap_centered' else places

    def _checked(self, count, axis, size, extent, step):
        caller = 'Images2Neibs, mode %s, axis %d: ' % (self.mode, 2 + axis)
        count = _ensured(count, ValueError, caller + 'neib_step must be positive', step > 0)
        count = _ensured(count, ValueError, caller + 'neib_shape must be positive', extent > 0)
        if self.mode == 'ignore_borders':
            return count
        count = _ensured(count, TypeError, caller + 'the image is smaller than neib_shape', size >= extent)
        if self.mode == 'wrap_centered':
            return _ensured(count, TypeError, caller + 'neib_shape must be odd', _equal(extent % 2, 1))
        padded = size - {'valid': extent, 'half': extent % 2, 'full': 2 - extent}[self.mode]
        return _ensured(count, TypeError,
                        caller + 'neib_step does not divide the image with this neib_shape',
                        _equal(padded % step, 0))


def _number(value):
    """Return a Python int if the value is known while the graph is built, which JAX needs of shapes."""
    try:
        return int(get_scalar_constant_value(value))
    except NotScalarConstantError:
        return value


def _equal(a, b):
    return a == b if isinstance(a, int) else pt.eq(a, b)


def _ensured(value, error, message, condition):
    """Return `value`, with an error at run time unless the condition holds."""
    if condition is True:
        return value
    return CheckAndRaise(error, message)(pt.as_tensor_variable(value), condition)


def images2neibs(ten4, neib_shape, neib_step=None, mode='valid'):
    """Cut a batch of images into rectangular neighbourhoods, each a row of a matrix.

    Parameters
    ----------
    ten4 : tensor4, (batch, channels, rows, columns)
    neib_shape : pair of int, or vector
        Rows and columns of a neighbourhood.
    neib_step : pair of int, or vector, optional
        How far each is from the one before; by default `neib_shape`, so that they do not overlap.
    mode : {'valid', 'half', 'full', 'wrap_centered', 'ignore_borders'}
        Neighbourhoods must fit exactly; the same after padding with zeros, by half of the
        neighbourhood, or by all of it but one, on each side; one centred at every step, continued
        around the borders; or what does not fit is left out.

    Returns
    -------
    matrix, (batch * channels * neighbourhoods, rows * columns of one)

    Raises
    ------
    TypeError, ValueError
        At run time, if the shapes do not fit.
    """
    return Images2Neibs(mode)(ten4, neib_shape, neib_step)


def neibs2images(neibs, neib_shape, original_shape, mode='valid'):
    """Put the disjoint neighbourhoods of :func:`images2neibs` together to images again.

    Parameters
    ----------
    neibs : matrix
    neib_shape : pair of int, or vector
    original_shape : four int, or vector
    mode : {'valid', 'ignore_borders'}
        Borders that were left out come back as zeros.
    """
    if mode not in ('valid', 'ignore_borders'):
        raise NotImplementedError('neibs2images does not support mode=%s' % mode)
    neibs = pt.as_tensor_variable(neibs)
    extents = [pt.as_tensor_variable(neib_shape)[i] for i in range(2)]
    shape = [pt.as_tensor_variable(original_shape)[i] for i in range(4)]
    counts = [size // extent for size, extent in zip(shape[2:], extents)]
    if mode == 'valid':
        counts = [_ensured(count, TypeError, 'neibs2images: neib_shape does not divide original_shape',
                           pt.eq(size % extent, 0))
                  for count, size, extent in zip(counts, shape[2:], extents)]
    inner = [count * extent for count, extent in zip(counts, extents)]
    images = neibs.reshape((*shape[:2], *counts, *extents)).dimshuffle(0, 1, 2, 4, 3, 5)
    if mode == 'valid':
        return images.reshape(shape)
    images = images.reshape((*shape[:2], *inner))
    canvas = pt.zeros(shape, upcast(neibs.dtype, pytensor.config.floatX))
    return pt.set_subtensor(canvas[:, :, :inner[0], :inner[1]], images)
