"""What the layers of a network compute, as symbolic expressions."""
from collections import OrderedDict

import lasagne
import theano

from lasagne_ext.network.streams import unused_streams


def expressions(where, named, variables, deterministic):
    """The symbolic value of every layer.

    Parameters
    ----------
    where : str
        The function that asks, for messages.
    named : dict
        name -> layer, all layers of a network.
    variables : dict
        Input layer -> variable.
    deterministic : bool
        Whether layers behave as for prediction.

    Returns
    -------
    OrderedDict
        name -> Variable; or, of a layer that gives several values, a tuple, list or dict of them.

    Raises
    ------
    TypeError
        If a layer gives anything else.
    """
    with unused_streams(named.values()):
        outputs = lasagne.layers.get_output(list(named.values()), inputs=variables,
                                            deterministic=deterministic)
    for name, output in zip(named, outputs):
        parts = flattened(output)
        if not parts or not all(isinstance(part, theano.Variable) for part in parts):
            raise TypeError('%s: the layer %r gives no symbolic value but %r' % (where, name, output))
    return OrderedDict(zip(named, outputs))


def flattened(output):
    """The variables of a layer's output, whether it is one or a tuple, list or dict of them."""
    if isinstance(output, dict):
        return list(output.values())
    return list(output) if isinstance(output, (tuple, list)) else [output]


def labelled_parts(name, value):
    """``[(label, value)]`` of a layer's output; of several the labels are ``name[0]``, ``name['key']``."""
    if isinstance(value, dict):
        return [('%s[%r]' % (name, key), part) for key, part in value.items()]
    if isinstance(value, (tuple, list)):
        return [('%s[%d]' % (name, k), part) for k, part in enumerate(value)]
    return [(name, value)]


def like(output, values):
    """`values`, one for each of ``flattened(output)``, in the form that `output` has."""
    if isinstance(output, dict):
        return OrderedDict(zip(output, values))
    if isinstance(output, (tuple, list)):
        return tuple(values)
    value, = values
    return value


def loss_of(where, loss, outputs):
    """The scalar that is differentiated.

    Parameters
    ----------
    where : str
        The function that asks, for messages.
    loss : callable, optional
        Gets the network's symbolic outputs, one argument each, and returns a symbolic scalar. By
        default half the sum of their squares.
    outputs : list of Variable
        Symbolic outputs of the network.

    Raises
    ------
    TypeError, ValueError
        If `loss` is not callable, or what it returns is not a scalar.
    """
    if loss is None:
        squares = [(output ** 2).sum() / 2 for output in outputs if output.dtype.startswith('float')]
        if not squares:
            raise ValueError('%s: no output of the network can be differentiated, being of dtype %s'
                             % (where, ', '.join(output.dtype for output in outputs)))
        return sum(squares[1:], squares[0])
    if not callable(loss):
        raise TypeError('%s: loss must be a function of the network\'s symbolic output, such as '
                        'lambda y: (y ** 2).mean(); got %r' % (where, loss))
    value = loss(*outputs)
    if not isinstance(value, theano.Variable) or value.ndim != 0:
        raise ValueError('%s: loss must return a symbolic scalar, got %s; end it with .mean()'
                         % (where, getattr(value, 'type', repr(value))))
    return value
