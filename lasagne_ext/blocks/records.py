"""Remember which layer a variable comes from, in the graph for training and in that for prediction."""
import lasagne
import numpy as np
import theano
from lasagne.layers import InputLayer

from lasagne_ext.checks import is_whole, shape_agrees

_TAG = 'lasagne_ext_blocks'


class Record:
    """Output of a layer in both graphs, and of all blocks before it.

    Attributes
    ----------
    layer : lasagne.layers.Layer
    train, test : dict
        Layer -> variable; that of `layer` and of the layers it was made from.
    """

    def __init__(self, layer=None, train=(), test=()):
        self.layer, self.train, self.test = layer, dict(train), dict(test)

    @property
    def out(self):
        return self.train.get(self.layer)

    @property
    def out_test(self):
        return self.test.get(self.layer)

    def __reduce__(self):
        # A compiled function holds copies of variables with their tags, and must not need the layers, which
        # may hold what cannot be pickled.
        return Record, ()


def record_output(layer, train, test, out, out_test):
    """Return a new record of a layer's output, which its two variables remember."""
    record = Record(layer, train, test)
    record.train[layer], record.test[layer] = out, out_test
    for variable in (out,) if out is out_test else (out, out_test):
        earlier = [one for one in _records(variable)
                   if (one.layer, one.out, one.out_test) != (layer, out, out_test)]
        setattr(variable.tag, _TAG, earlier + [record])
    return record


def _records(variable):
    """Return the records of a variable, the latest last; none for a copy, which has the original's tag."""
    return [record for record in getattr(variable.tag, _TAG, ())
            if variable is record.out or variable is record.out_test]


def layer_of(variable):
    """Return the Lasagne layer that stands behind a variable.

    Parameters
    ----------
    variable : Variable
        An `out` or `out_test` that a block has returned, or the `X` that one was given.

    Returns
    -------
    lasagne.layers.Layer
        The last one made, where several have this very variable as their output: dropout, for one, hands
        on its input in the graph for prediction.

    Raises
    ------
    TypeError
        If it is no variable.
    ValueError
        If no block has had to do with it. Copies do not count, such as those that ``theano.clone`` and
        ``pickle`` make.

    Examples
    --------
    >>> import theano.tensor as T
    >>> from lasagne_ext.blocks import layer_of, linear
    >>> from lasagne_ext.debug import summary
    >>> out, out_test, params, output_shape = linear(T.matrix('X'), (None, 4), 3)
    >>> summary(layer_of(out)).parameters
    15
    """
    check_variable('layer_of', 'variable', variable)
    records = _records(variable)
    if not records:
        raise ValueError('layer_of: no block has made the variable %s, nor been given it' % (variable,))
    return records[-1].layer


def check_shape(caller, argument, shape):
    """Return a shape as a tuple of ints and None.

    Raises
    ------
    TypeError, ValueError
        If it is anything else, or a size is not positive.
    """
    if not isinstance(shape, (tuple, list)) or not all(s is None or is_whole(s) for s in shape):
        hint = ''
        if isinstance(shape, (tuple, list)) and any(isinstance(s, float) for s in shape):
            hint = '; divide sizes with //, which keeps them whole'
        raise TypeError('%s: %s must be a tuple of whole numbers, with None for a size that is not known, '
                        'got %r%s' % (caller, argument, shape, hint))
    if not shape or any(s is not None and s < 1 for s in shape):
        raise ValueError('%s: %s must hold positive sizes, got %r' % (caller, argument, tuple(shape)))
    return tuple(s if s is None else int(s) for s in shape)


def check_variable(caller, argument, variable):
    """Refuse all but a symbolic tensor."""
    if isinstance(variable, theano.Variable) and hasattr(variable, 'ndim'):
        return
    hint = ''
    if isinstance(variable, lasagne.layers.Layer):
        hint = '; input_block(layer) gives the variables of a layer'
    elif isinstance(variable, np.ndarray):
        hint = '; values are for the compiled function'
    elif isinstance(getattr(variable, 'layer', None), lasagne.layers.Layer):
        hint = '; the layer of a Block is its attribute `layer`'
    raise TypeError('%s: %s must be a symbolic tensor such as T.matrix(), got %s%s'
                    % (caller, argument, type(variable).__name__, hint))


def check_variable_shape(caller, argument, variable, shape):
    """Refuse a shape that the variable cannot have."""
    if variable.ndim != len(shape):
        raise ValueError('%s: input_shape has %d dimensions, %r, but %s has %d'
                         % (caller, len(shape), shape, argument, variable.ndim))
    for axis, (single, size) in enumerate(zip(variable.broadcastable, shape)):
        if single and size not in (1, None):
            raise ValueError('%s: input_shape is %r, but axis %d of %s has the fixed size 1'
                             % (caller, shape, axis, argument))


def find_record(caller, X, X_test, shape):
    """Return the record to go on from: that of a pair of variables, or a new input's.

    Parameters
    ----------
    caller : str
        Name to show in error messages.
    X : Variable
    X_test : Variable, optional
    shape : tuple
        Shape of both, as the program gives it.

    Raises
    ------
    ValueError
        If the shape is not that of the layer behind them, or they are not a pair.
    """
    if X_test is None:
        X_test = _test_variable_of(X)
    for argument, variable in (('X', X), ('X_test', X_test)):
        check_variable_shape(caller, argument, variable, shape)
    pairs = [record for record in _records(X) if record.out is X and record.out_test is X_test]
    for record in reversed(pairs):
        known = record.layer.output_shape
        # One variable may be the input of several networks, one of which knows more of its shape.
        if shape == known or not _is_input(X) and shape_agrees(shape, known):
            return record
    made = [variable for variable in (X, X_test) if _records(variable) and not _is_input(variable)]
    if not made:
        return start_record(X, X_test, shape)
    if pairs:
        _refuse_shape(caller, shape, pairs[-1].layer)
    if _records(X) and _records(X_test):
        raise ValueError('%s: X and X_test must be the out and the out_test of one call; got %s as X and '
                         '%s as X_test. Without X_test, the one that belongs to X is taken'
                         % (caller, _described(X), _described(X_test)))
    # The other one is an expression of the program's own, such as noise added for training only.
    record = _records(made[0])[-1]
    if not shape_agrees(shape, record.layer.output_shape):
        _refuse_shape(caller, shape, record.layer)
    found = Record(record.layer, record.train, record.test)
    found.train[record.layer], found.test[record.layer] = X, X_test
    return found


def start_record(X, X_test, shape, name=None):
    """Return the record of a network's input, of the layer that reads `X` already if there is one."""
    for record in _records(X):
        layer = record.layer
        if isinstance(layer, InputLayer) and layer.input_var is X and layer.shape == shape \
                and layer.name == name:
            break
    else:
        layer = InputLayer(shape, X, name=name)
    return record_output(layer, {}, {}, X, X_test)


def _test_variable_of(X):
    """Return the variable in the graph for prediction that belongs to one in the graph for training."""
    outs = [record.out_test for record in _records(X) if record.out is X]
    return X if not outs or _is_input(X) else outs[-1]


def _is_input(variable):
    return any(isinstance(record.layer, InputLayer) for record in _records(variable))


def _described(variable):
    record = _records(variable)[-1]
    graph = 'training' if variable is record.out else 'prediction'
    if isinstance(record.layer, InputLayer):
        return 'an input'
    return 'a %s (in the graph for %s)' % (type(record.layer).__name__, graph)


def _refuse_shape(caller, shape, layer):
    raise ValueError('%s: got input_shape %r, but X comes from a %s of shape %r'
                     % (caller, shape, type(layer).__name__, layer.output_shape))
