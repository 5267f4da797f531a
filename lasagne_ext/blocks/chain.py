"""Call and chain blocks: make a layer behind another, and its output in both graphs."""
import functools
import inspect
import reprlib
from collections import namedtuple

import lasagne
import numpy as np
import theano

from lasagne_ext.blocks.records import (check_shape, check_variable, check_variable_shape, find_record,
                                        record_output, start_record)
from lasagne_ext.checks import did_you_mean, is_whole

#: One block of a chain: its name, how it was written, and the function that makes its layer.
Step = namedtuple('Step', 'name text make')


class Block:
    """Chain of one block or several, with an input or still without.

    ``convolutional(32, (3, 3))`` and the like give one without an input; chained with ``|`` behind
    ``input_block(shape)``, it becomes a network, which unpacks into `out`, `out_test`, `params` and
    `output_shape`.

    A block without an input is a recipe: wherever it is chained or called, layers are made anew, and they
    have parameters of their own. It may be used as often as one likes, and shares a parameter only
    where a shared variable was given for it, as in ``linear(10, W=weights)``. A network that is chained
    further in two ways, ``net | linear(10)`` and ``net | linear(2)``, gives two networks that have all of
    `net` in common, parameters included.

    Attributes
    ----------
    out, out_test : Variable
        What the network computes for training and for prediction.
    params : list of shared variable
        All trainable parameters, in the order of the layers, each once.
    output_shape : tuple
        Of int and None.
    layer : lasagne.layers.Layer
        The last one, for ``get_output`` and the debugging tools.
    inputs : list of Variable
        What a function that computes `out` takes: the variables of the network's input layers.

    Raises
    ------
    ValueError
        For all of these attributes, if there is no input yet.

    Examples
    --------
    >>> from lasagne_ext.blocks import activation, input_block, linear
    >>> hidden = linear(5) | activation('tanh')
    >>> net = input_block((None, 4)) | hidden | hidden
    >>> out, out_test, params, output_shape = net
    >>> output_shape, len(params)
    ((None, 5), 4)
    >>> net
    <Block input_block((None, 4)) | linear(5) | activation('tanh') | linear(5) | activation('tanh')>
    """

    def __init__(self, steps, record=None):
        self._steps, self._record = tuple(steps), record

    def __or__(self, other):
        if not isinstance(other, Block):
            if callable(other) and hasattr(other, 'block_name'):
                raise TypeError('Block: a block must be called before it is chained: %s(...)'
                                % other.block_name)
            return NotImplemented
        if other._record is not None:
            raise ValueError('Block: what stands behind | must not have an input of its own, got %r'
                             % (other,))
        steps = self._steps + other._steps
        if self._record is None:
            return Block(steps)
        return Block(steps, _run(other._steps, self._record, len(self._steps))[-1])

    def __call__(self, *args, **kwargs):
        """Put the blocks behind variables: ``block(X, X_test, input_shape)``.

        Returns
        -------
        out, out_test, params, output_shape
            `params` are those of these blocks.
        """
        if self._record is not None:
            raise TypeError('Block: this one has an input already: %r' % (self,))
        caller = self._steps[0].name if len(self._steps) == 1 else 'Block'
        record, args, kwargs = _split_inputs(caller, args, kwargs)
        if record is None or args or kwargs:
            raise TypeError('%s: expected X, X_test (or not) and input_shape, and no more' % caller)
        return self._append_to(record)

    def _append_to(self, record):
        """Return out, out_test, params and output_shape, with `params` of these blocks alone."""
        records = [record] + _run(self._steps, record, 0)
        params = [param for before, after in zip(records, records[1:])
                  for param in _new_params(before.layer, after.layer)]
        return records[-1].out, records[-1].out_test, params, records[-1].layer.output_shape

    def __iter__(self):
        return iter((self.out, self.out_test, self.params, self.output_shape))

    def __repr__(self):
        return '<Block %s>' % ' | '.join(step.text for step in self._steps)

    def _require_input(self):
        if self._record is None:
            raise ValueError('Block: there is no input yet; write input_block(shape) | in front of %s'
                             % ' | '.join(step.text for step in self._steps))
        return self._record

    @property
    def out(self):
        return self._require_input().out

    @property
    def out_test(self):
        return self._require_input().out_test

    @property
    def params(self):
        return lasagne.layers.get_all_params(self.layer, trainable=True)

    @property
    def output_shape(self):
        return self.layer.output_shape

    @property
    def layer(self):
        return self._require_input().layer

    @property
    def inputs(self):
        return [layer.input_var for layer in lasagne.layers.get_all_layers(self.layer)
                if isinstance(layer, lasagne.layers.InputLayer)]


def _run(steps, record, done):
    """Return the records of some steps behind one; messages say which step of the chain it is."""
    records = []
    for number, step in enumerate(steps, done + 1):
        try:
            record = _run_step(step, record)
        except (TypeError, ValueError) as error:
            # Of a single block the message says all; a subclass of these errors may need other arguments.
            if number == len(steps) == 1 or type(error) not in (TypeError, ValueError):
                raise
            raise type(error)('block %d of the chain, %s' % (number, error)) from error
        records.append(record)
    return records


def _run_step(step, source):
    """Return the record of the layer that a step makes behind that of `source`.

    Raises
    ------
    TypeError, ValueError
        If it is no layer, does not come from that layer, or does not fit its shape.
    """
    layer = step.make(source.layer)
    if not isinstance(layer, lasagne.layers.Layer):
        raise TypeError('%s: expected a Lasagne layer to be made, got %r' % (step.name, layer))
    if source.layer not in lasagne.layers.get_all_layers(layer):
        raise ValueError('%s: the %s that was made does not come from the layer that was given'
                         % (step.name, type(layer).__name__))
    try:
        shape = layer.output_shape
    except Exception as error:
        raise ValueError('%s: cannot tell what becomes of the shape %r: %s'
                         % (step.name, source.layer.output_shape, error)) from error
    if not isinstance(shape, tuple) or any(s is not None and (not is_whole(s) or s < 1) for s in shape):
        raise ValueError('%s: an input of shape %r would give one of shape %r; sizes must be positive '
                         'whole numbers' % (step.name, source.layer.output_shape, shape))
    outputs = []
    # What blocks have computed already is not computed again, which would draw other random numbers.
    for known, options in ((source.train, {}), (source.test, {'deterministic': True})):
        try:
            output = lasagne.layers.get_output(layer, known, **options)
        except Exception as error:
            raise ValueError('%s: %s' % (step.name, error)) from error
        if not isinstance(output, theano.Variable) or output.ndim != len(shape):
            raise ValueError('%s: expected an output with the %d dimensions of the shape %r, got %s'
                             % (step.name, len(shape), shape, getattr(output, 'type', repr(output))))
        outputs.append(output)
    return record_output(layer, source.train, source.test, *outputs)


def _new_params(before, after):
    """Return the trainable parameters of the layers that have come between two, each once."""
    known = lasagne.layers.get_all_layers(before)
    taken = {param for layer in known for param in layer.get_params(trainable=True)}
    found = []
    for layer in lasagne.layers.get_all_layers(after):
        for param in layer.get_params(trainable=True) if layer not in known else ():
            if param not in taken:
                taken.add(param)
                found.append(param)
    return found


def construct_layer(caller, layer_class, incoming, *args, **kwargs):
    """Return a new layer; what Lasagne says against its options is told as the block's.

    Raises
    ------
    TypeError, ValueError
        If there is no such option, or Lasagne refuses one.
    """
    for key in kwargs:
        if not has_option(layer_class, key):
            known = inspect.signature(layer_class.__init__).parameters
            raise TypeError('%s: %s of this Lasagne has no option %r%s'
                            % (caller, layer_class.__name__, key, did_you_mean(key, known)))
    try:
        return layer_class(incoming, *args, **kwargs)
    except Exception as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind('%s: with an input of shape %r: %s' % (caller, incoming.output_shape, error)) from error


def has_option(layer_class, option):
    """Return whether a layer of the installed Lasagne takes an argument of that name."""
    return option == 'name' or option in inspect.signature(layer_class.__init__).parameters


def block(options):
    """Make a block of a function that checks its options and returns how a layer is made of another.

    The block takes ``X, X_test, input_shape`` before them.
    """
    caller, own = options.__name__, inspect.signature(options)

    @functools.wraps(options)
    def call(*args, **kwargs):
        record, args, kwargs = _split_inputs(caller, args, kwargs)
        try:
            own.bind(*args, **kwargs)
        except TypeError as error:
            unknown = [key for key in kwargs if key not in own.parameters]
            raise TypeError('%s: %s%s; its options are %s' % (
                caller, error, did_you_mean(unknown[0], own.parameters) if unknown else '',
                ', '.join(own.parameters))) from None
        written = ([_abbreviate(arg) for arg in args]
                   + ['%s=%s' % (key, _abbreviate(value)) for key, value in kwargs.items()])
        chain = Block([Step(caller, '%s(%s)' % (caller, ', '.join(written)), options(*args, **kwargs))])
        return chain if record is None else chain._append_to(record)

    first = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD)
             for name in ('X', 'X_test', 'input_shape')]
    call.__signature__ = own.replace(parameters=first + list(own.parameters.values()))
    call.block_name = caller
    return call


def _abbreviate(value):
    return getattr(value, '__name__', None) or reprlib.repr(value)


def _split_inputs(caller, args, kwargs):
    """Return the record that a block is put behind, or None; and the options that are left."""
    args, kwargs = list(args), dict(kwargs)
    if 'X' not in kwargs and not (args and isinstance(args[0], theano.Variable)):
        if args and isinstance(args[0], (lasagne.layers.Layer, np.ndarray)):
            check_variable(caller, 'X', args[0])
        if 'X_test' in kwargs or 'input_shape' in kwargs:
            raise TypeError('%s: X is missing' % caller)
        return None, args, kwargs
    X = kwargs.pop('X') if 'X' in kwargs else args.pop(0)
    check_variable(caller, 'X', X)
    X_test = kwargs.pop('X_test', None)
    if args and (args[0] is None or isinstance(args[0], theano.Variable)):
        X_test = args.pop(0)
    if X_test is not None:
        check_variable(caller, 'X_test', X_test)
    if 'input_shape' not in kwargs and not args:
        raise TypeError('%s: input_shape is missing; it comes after X and X_test' % caller)
    shape = kwargs.pop('input_shape') if 'input_shape' in kwargs else args.pop(0)
    return find_record(caller, X, X_test, check_shape(caller, 'input_shape', shape)), args, kwargs


def input_block(shape, X=None, X_test=None, name=None):
    """Begin a network with its input, to chain blocks behind.

    Parameters
    ----------
    shape : tuple of int and None, or lasagne.layers.Layer
        The input's shape, with None for what is not known, such as the batch size; or a layer of an
        existing network to go on from.
    X : Variable, optional
        What the network reads; by default a new variable, the only one of `inputs`. Without it in a network
        that goes on from a layer, whose input layers say what is read.
    X_test : Variable, optional
        What it reads for prediction; by default `X`.
    name : str, optional
        Of the input layer.

    Returns
    -------
    Block
        One with an input, to chain others behind.

    Raises
    ------
    TypeError, ValueError
        If `shape` is none, or that of another variable than `X`.

    Examples
    --------
    >>> import numpy as np
    >>> import theano
    >>> from lasagne_ext.blocks import activation, flatten, input_block
    >>> net = input_block((None, 2, 2)) | flatten() | activation('relu')
    >>> predict = theano.function(net.inputs, net.out_test)
    >>> predict(np.array([[[1, -2], [3, 4]]], dtype=theano.config.floatX))
    array([[1., 0., 3., 4.]])
    """
    caller = 'input_block'
    if isinstance(shape, lasagne.layers.Layer):
        if not (X is X_test is name is None):
            raise TypeError('input_block: a layer comes with its own input and name; give nothing else')
        record = record_output(shape, {}, {}, lasagne.layers.get_output(shape),
                               lasagne.layers.get_output(shape, deterministic=True))
        return Block([Step(caller, '%s(%s)' % (caller, type(shape).__name__), None)], record)
    shape = check_shape(caller, 'shape', shape)
    if X is None:
        if X_test is not None:
            raise TypeError('input_block: X_test was given, but not X')
        X = lasagne.layers.InputLayer(shape, name=name).input_var
    for argument, variable in (('X', X), ('X_test', X_test)):
        if variable is not None:
            check_variable(caller, argument, variable)
            check_variable_shape(caller, argument, variable, shape)
    return Block([Step(caller, '%s(%r)' % (caller, shape), None)],
                 start_record(X, X if X_test is None else X_test, shape, name))
