"""Rectangular neighbourhoods of images as rows of a matrix, and back."""
import pytensor.tensor as pt
from pytensor.raise_op import CheckAndRaise

MODES = ('valid', 'half', 'full', 'wrap_centered', 'ignore_borders')


class Images2Neibs:
    """Callable: the neighbourhoods of a batch of images.

    Parameters
    ----------
    mode : str
        One of :data:`MODES`; see :func:`images2neibs`.
    """

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
        rows, columns = (self._places(axis, ten4.shape[2 + axis], neib_shape[axis], neib_step[axis])
                         for axis in (0, 1))
        image, margin = self._padded(ten4, neib_shape)
        patches = image[:, :, (rows + margin[0])[:, :, None, None], columns + margin[1]]
        patches = patches.dimshuffle(0, 1, 2, 4, 3, 5)
        shape = [patches.shape[i] for i in range(6)]
        return patches.reshape((pt.prod(shape[:4]), shape[4] * shape[5]))
