"""Check the values given for a network's input layers."""
from collections import OrderedDict

import lasagne
import numpy as np
import theano

from lasagne_ext.network.shapes import describe_axis_order


class Feed:
    """Variables for the input layers of a network, and the values given for them.

    Parameters
    ----------
    caller : str
        Name to show in error messages.
    named : dict
        name -> layer, all layers of the network.
    inputs : array or dict
        The value of the only input layer; or a dict from input layers, their names or their
        variables, to values.
    any_size : bool
        Whether to take sizes other than those declared, so that the tool itself tells of them.

    Attributes
    ----------
    variables : OrderedDict
        Input layer -> the variable that takes its value, as ``get_output`` wants them.
    values : list of array
        One for each of them, in that order, of the variable's dtype.

    Raises
    ------
    TypeError, ValueError
        If there is no input layer, or an input is missing, unknown, or of the wrong shape or dtype.

    Notes
    -----
    The first axis may have any size, even where a batch of one size was declared.
    """

    def __init__(self, caller, named, inputs, any_size=False):
        layers = OrderedDict((name, layer) for name, layer in named.items()
                             if isinstance(layer, lasagne.layers.InputLayer))
        if not layers:
            raise ValueError('%s: the network has no input layer; put an InputLayer where a shape '
                             'stands in place of one' % caller)
        self.variables = OrderedDict()
        for layer in layers.values():
            # A shared variable, a constant, an expression, or one that two layers have in common cannot
            # be given a value; one like it takes its place.
            variable = layer.input_var
            free = (variable.owner is None and variable not in self.variables.values()
                    and not isinstance(variable, (theano.Constant, theano.compile.SharedVariable)))
            self.variables[layer] = variable if free else variable.type()
        self.values = [_checked(caller, name, layer.shape, self.variables[layer], value, any_size)
                       for (name, layer), value in zip(layers.items(),
                                                       _in_order(caller, layers, inputs))]

    def function(self, outputs, mode=None):
        """Compile a function of the values that changes nothing it looks at.

        It has no default updates, such as those of the averages of a batch normalisation.
        """
        return theano.function(list(self.variables.values()), outputs, mode=mode, on_unused_input='ignore',
                               no_default_updates=True)


def _in_order(caller, input_layers, inputs):
    """Return the value for each input layer, in order."""
    if not isinstance(inputs, dict):
        if len(input_layers) != 1:
            raise ValueError('%s: the network has %d input layers (%s); give inputs as a dict of '
                             'layer (or name) to array'
                             % (caller, len(input_layers), ', '.join(input_layers)))
        return [inputs]
    remaining = dict(inputs)
    found = []
    for name, layer in input_layers.items():
        keys = [key for key in (layer, name, layer.input_var) if key in remaining]
        if not keys:
            raise ValueError('%s: no value was given for the input layer %r' % (caller, name))
        found.append(remaining.pop(keys[0]))
    if remaining:
        raise ValueError('%s: %s is no input layer of this network; its input layers are %s'
                         % (caller, ', '.join(map(repr, remaining)), ', '.join(input_layers)))
    return found


def _checked(caller, name, shape, variable, value, any_size):
    value = np.asarray(value)
    if value.ndim != variable.ndim:
        raise ValueError('%s: the input layer %r takes %d dimensions %r, got an array of shape %s'
                         % (caller, name, variable.ndim, shape, value.shape))
    # A batch may be smaller than the network is trained with, as it may for `fit` and `predict`.
    order = describe_axis_order((None,) + tuple(shape[1:]), value.shape) if value.ndim else ''
    order = order and ': ' + order
    if not any_size and any(size is not None and size != given
                            for size, given in zip(shape[1:], value.shape[1:])):
        raise ValueError('%s: the input layer %r has the shape %s, got an array of shape %s%s'
                         % (caller, name, shape, value.shape, order))
    if any(single and size != 1 for single, size in zip(variable.broadcastable, value.shape)):
        raise ValueError('%s: the input layer %r was declared with shape %r, its dimensions of 1 '
                         'being fixed; got an array of shape %s%s'
                         % (caller, name, shape, value.shape, order))
    if not np.can_cast(value.dtype, variable.dtype, 'same_kind'):
        raise TypeError('%s: the input layer %r takes %s, got %s; cast it first'
                        % (caller, name, variable.dtype, value.dtype))
    cast = value.astype(variable.dtype)
    if value.dtype.kind in 'iu' and cast.dtype.kind in 'iu' and (cast != value).any():
        raise ValueError('%s: the input layer %r takes %s, which cannot hold all of the values '
                         'given' % (caller, name, variable.dtype))
    return cast
