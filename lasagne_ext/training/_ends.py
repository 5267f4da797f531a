"""What goes into the functions of a network: its inputs, its targets and its mask."""
from collections import OrderedDict

import lasagne
import theano
import theano.tensor as T

from lasagne_ext.training import _losses


def inputs_of(named):
    """Name -> variable, and name -> shape, of every input layer; those that share a variable are one."""
    inputs, shapes = OrderedDict(), OrderedDict()
    for name, layer in named.items():
        if not isinstance(layer, lasagne.layers.InputLayer):
            continue
        variable = layer.input_var
        if variable.owner is not None or isinstance(
                variable, (theano.Constant, theano.compile.SharedVariable)):
            raise ValueError('compile_functions: the input layer %r reads %s, which cannot be given a value; '
                             'its input_var must be a free variable' % (name, variable))
        if not any(variable is known for known in inputs.values()):
            inputs[name], shapes[name] = variable, layer.shape
    if not inputs:
        raise ValueError('compile_functions: the network has no input layer')
    return inputs, shapes


def targets_of(outputs, losses, target):
    if target is not None:
        targets = list(target) if isinstance(target, (list, tuple)) else [target]
        for variable in targets:
            if not isinstance(variable, theano.Variable):
                raise TypeError('compile_functions: target must be a variable or a list of them, got %r'
                                % (variable,))
        if len(targets) != len(outputs):
            raise ValueError('compile_functions: %d targets for %d outputs' % (len(targets), len(outputs)))
        return targets
    targets = []
    for layer, loss in zip(outputs, losses):
        rank = len(layer.output_shape)
        labels = isinstance(loss, str) and loss in _losses.OF_LABELS
        kind = T.TensorType('int32' if labels else theano.config.floatX, (False,) * (rank - labels))
        targets.append(kind('target'))
    return targets


def as_column(target, layer):
    """A vector of targets for a column of predictions would be broadcast to a matrix."""
    if target.ndim == len(layer.output_shape) - 1 and layer.output_shape[-1] == 1:
        return T.shape_padright(target)
    return target


def mask_of(named, inputs, mask):
    if mask is None:
        return None
    layer = named.get(mask) if isinstance(mask, str) else mask
    variable = getattr(layer, 'input_var', None)
    if not any(variable is known for known in inputs.values()):
        raise ValueError('compile_functions: mask must be an input layer of the network or its name, got %r; '
                         'there are: %s' % (mask, ', '.join(inputs)))
    return variable
