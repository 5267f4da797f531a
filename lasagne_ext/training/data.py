"""Check that data fit the inputs and targets of a network, before training."""
import numpy as np

from lasagne_ext.checks import shape_agrees
from lasagne_ext.datasets import check_labels, split
from lasagne_ext.training.functions import order_inputs
from lasagne_ext.training.losses import CLASS_LOSSES


class Source:
    """Arrays, or a streaming data set, checked to fit the functions batch by batch.

    Parameters
    ----------
    caller : str
        Name to show in error messages.
    functions : Functions
    data : tuple, list, or streaming data set
        All inputs, or a dict of them by layer's name, then all targets.
    targets : bool
        Whether there are targets.
    transformed : bool
        Whether a transform gives the inputs the shape that they must have.

    Attributes
    ----------
    data : tuple of array, or data set
        What `minibatches` takes.
    streaming : bool

    Raises
    ------
    TypeError, ValueError
        If arrays do not fit: their number, rank, shape, length or kind, or a label.
    """

    def __init__(self, caller, functions, data, targets=True, transformed=False):
        self._caller, self._functions, self._targets = caller, functions, targets
        self.streaming = not isinstance(data, (tuple, list))
        if self.streaming:
            if hasattr(data, 'shape') or isinstance(data, dict) or not (hasattr(data, '__len__')
                                                                        and hasattr(data, '__getitem__')):
                raise TypeError('%s: data must be a tuple of arrays, inputs first and targets last, or a '
                                'data set with __len__ and __getitem__; got %s'
                                % (caller, type(data).__name__))
            self.data = data
        else:
            self.data = self.check(data, shapes=not transformed)
        if not len(self):
            raise ValueError('%s: there are no data: of length 0' % caller)

    def __len__(self):
        return len(self.data) if self.streaming else len(self.data[0])

    def batch(self, batch):
        """Return a batch as a tuple of arrays, inputs before targets; check one that streams in."""
        return self.check(batch) if self.streaming else batch

    def check(self, parts, shapes=True):
        """Return all inputs and targets as a tuple of arrays that fit; inputs by shape only if asked for."""
        parts, functions = tuple(parts), self._functions
        if parts and isinstance(parts[0], dict):
            parts = order_inputs(self._caller, functions.inputs, parts[0]) + parts[1:]
        expected = len(functions.inputs) + (len(functions.targets) if self._targets else 0)
        if len(parts) != expected:
            raise ValueError('%s: data must be %d arrays: %s%s; got %d' % (
                self._caller, expected, ', '.join(functions.inputs),
                ', then %d for targets' % len(functions.targets) if self._targets else '', len(parts)))
        arrays = [array if hasattr(array, 'dtype') and hasattr(array, 'shape') else np.asarray(array)
                  for array in parts]
        lengths = {len(array) if array.shape else None for array in arrays}
        if len(lengths) != 1 or None in lengths:
            raise ValueError('%s: all arrays must be of the same length, got shapes %s'
                             % (self._caller, ', '.join(str(array.shape) for array in arrays)))
        for name, array in zip(functions.inputs, arrays) if shapes else ():
            self._check_input(name, array)
        count = len(functions.inputs)
        if self._targets:
            arrays[count:] = [self._check_target(*known) for known in zip(
                functions.outputs, functions.losses, functions.targets, arrays[count:])]
        return tuple(arrays)

    def _check_input(self, name, array):
        shape = self._functions.shapes[name]
        if array.dtype.kind not in 'biuf':
            raise TypeError('%s: the input %r must hold numbers, got dtype %s'
                            % (self._caller, name, array.dtype))
        if not shape_agrees(shape[1:], array.shape[1:]):
            raise ValueError('%s: the input %r has the shape %s, got an array of shape %s%s'
                             % (self._caller, name, shape, tuple(array.shape),
                                _suggest_fix(shape, array.shape)))

    def _check_target(self, layer, loss, variable, array):
        if array.dtype.kind not in 'biuf':
            raise TypeError('%s: the target must hold numbers, got dtype %s; class names become numbers with '
                            'numpy.unique(names, return_inverse=True)' % (self._caller, array.dtype))
        shape = layer.output_shape
        if len(array.shape) == variable.ndim - 1 and shape[-1] == 1:
            array = np.asarray(array)[..., None]
        if len(array.shape) != variable.ndim:
            one_hot = len(array.shape) == len(shape) == variable.ndim + 1
            raise ValueError('%s: the target must have %d dimension%s for an output of shape %s, got an '
                             'array of shape %s%s' % (
                                 self._caller, variable.ndim, '' if variable.ndim == 1 else 's', shape,
                                 tuple(array.shape),
                                 '; write labels.argmax(axis=1), or for targets that are no labels give '
                                 'compile_functions target=theano.tensor.matrix()' if one_hot else ''))
        if variable.ndim == len(shape):
            if not shape_agrees(shape[1:], array.shape[1:]):
                raise ValueError('%s: the target must have the shape of the output, %s, got %s'
                                 % (self._caller, shape, tuple(array.shape)))
            if isinstance(loss, str) and loss in CLASS_LOSSES:
                values = np.asarray(array)
                outside = values[~((values >= 0) & (values <= 1))]
                if outside.size:
                    raise ValueError('%s: the targets of %s must be from 0 to 1, but there is %s'
                                     % (self._caller, loss, outside.flat[0]))
        elif variable.dtype.startswith(('int', 'uint')):
            return self._check_labels(np.asarray(array), 2 if shape[-1] == 1 else shape[-1])
        return array

    def _check_labels(self, labels, classes):
        if not labels.size:
            return labels
        if labels.dtype.kind == 'f':
            if not np.array_equal(labels, np.floor(labels)):
                raise ValueError('%s: class labels must be whole numbers, got %r' % (
                    self._caller, labels[labels != np.floor(labels)].flat[0].item()))
            labels = labels.astype('int32')
        if classes is not None:
            check_labels(labels, classes, self._caller)
        return labels


def _suggest_fix(shape, given):
    """Return what gives an array the declared shape, if it is one of the usual mistakes."""
    if len(shape) == len(given) == 4 and shape_agrees(shape[1:], (given[3], given[1], given[2])):
        return '; channels come first: write images.transpose(0, 3, 1, 2)'
    if len(shape) == len(given) + 1 and shape_agrees(shape[1:], (1,) + tuple(given[1:])):
        return '; write images[:, None]'
    if len(given) == 2 and None not in shape[1:] and np.prod(shape[1:]) == given[1]:
        return '; write images.reshape(%s)' % ', '.join(map(str, (-1,) + tuple(shape[1:])))
    return ''


def split_validation(caller, functions, data, share, seed, transformed):
    """Return two sources: what is left of the data, and a share of them, drawn at random."""
    if not 0 < share < 1:
        raise ValueError('%s: validation as a share of the data must lie between 0 and 1, got %r'
                         % (caller, share))
    source = Source(caller, functions, data, transformed=transformed)
    rest, drawn = split(source.data, (1 - share, share), seed)
    return Source(caller, functions, rest, transformed=transformed), Source(caller, functions, drawn)
