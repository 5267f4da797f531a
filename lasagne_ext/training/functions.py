"""Compile the functions that train a network, evaluate it and predict with it."""
from collections import OrderedDict

import lasagne
import theano

from lasagne_ext.network.graph import layer_list, layer_names, named_layers
from lasagne_ext.training.losses import get_loss, get_metrics, masked_mean, regularization_penalty
from lasagne_ext.training.updates import UpdateRule, build_updates, trainable_parameters
from lasagne_ext.training.variables import as_column, find_inputs, find_mask, make_targets, training_state


class CompiledFunction:
    """Compiled function that also takes a dict of input layers' names to arrays in place of inputs.

    Attributes
    ----------
    function : callable
        Takes all inputs, then all targets.
    """

    def __init__(self, function, inputs):
        self.function, self._inputs = function, inputs

    def __call__(self, *values):
        if values and isinstance(values[0], dict):
            values = order_inputs('functions', self._inputs, values[0]) + values[1:]
        return self.function(*values)


def order_inputs(caller, inputs, given):
    """Return the values of a dict by input layer's name, in the order of the inputs.

    Raises
    ------
    ValueError
        If one is missing or unknown.
    """
    if set(inputs) != set(given):
        raise ValueError('%s: the inputs must be %s; got %s'
                         % (caller, ', '.join(inputs), ', '.join(map(str, given)) or 'none'))
    return tuple(given[name] for name in inputs)


class Functions:
    """Functions of a network, compiled when they are first asked for; made by `compile_functions`.

    Attributes
    ----------
    network : Layer or list of Layer
        As given.
    outputs : list of Layer
    inputs : OrderedDict
        Name of an input layer -> its variable, in the order in which the functions take them.
    shapes : OrderedDict
        Name of an input layer -> its shape.
    losses : list of str or callable
    targets : list of variable
        One of each for each output.
    names : list of str
        What `train` and `validate` return: ``'loss'``, then the metrics.
    parameters : list of shared variable
        Those that the loss is minimised over, rates of 0 included.
    learning_rate : shared variable or None
        None where the rule for updates has its own.
    updates : OrderedDict
        Shared variable -> its value after a training step.
    mask : str or None
        Name of the input that says which steps count.

    Examples
    --------
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> from lasagne_ext.training import compile_functions
    >>> net = DenseLayer(InputLayer((None, 4), name='in'), 2, name='out')
    >>> functions = compile_functions(net, 'squared_error')
    >>> functions.names, list(functions.inputs), functions.parameters
    (['loss'], ['in'], [out.W, out.b])
    """

    def __init__(self, network, outputs, inputs, shapes, targets, losses, names, learning_rate, updates, mask,
                 training, validation):
        self.network, self.outputs, self.losses = network, outputs, losses
        self.inputs, self.shapes, self.targets = inputs, shapes, targets
        self.names, self.learning_rate, self.updates, self.mask = names, learning_rate, updates, mask
        self.parameters = trainable_parameters(outputs)
        self._training, self._validation = training, validation
        self._compiled, self._state = {}, None

    @property
    def train(self):
        """Function ``train(*inputs, *targets) -> [loss, *metrics]``: one step, dropout on."""
        return self._compiled_function('train', self.targets, lambda: self._training, self.updates)

    @property
    def validate(self):
        """Function ``validate(*inputs, *targets) -> [loss, *metrics]``: dropout off, nothing changes."""
        return self._compiled_function('validate', self.targets, self._validation)

    @property
    def predict(self):
        """Function ``predict(*inputs)``: the output, or a list of them, dropout off."""
        last = self.outputs[0] if isinstance(self.network, lasagne.layers.Layer) else self.outputs
        return self._compiled_function(
            'predict', [], lambda: lasagne.layers.get_output(last, deterministic=True))

    def compile(self, *names):
        """Compile some of the functions now, rather than when they are first used.

        Parameters
        ----------
        *names : {'train', 'validate', 'predict'}
            Which of them.
        """
        for name in names:
            getattr(self, name)

    @property
    def state(self):
        """Return all that a training step changes besides the parameters, and the learning rate.

        Returns
        -------
        OrderedDict
            Name -> shared variable; names and order are the same in every process that builds the same
            network. To tell, the training function is compiled.
        """
        if self._state is None:
            self._state = training_state(self.train.function, self.network)
            rate = self.learning_rate
            if rate is not None and rate not in self._state.values():
                self._state['learning_rate'] = rate
        return self._state

    def weight(self, batch):
        """Return how much a batch counts in the mean over an epoch.

        Parameters
        ----------
        batch : tuple of array
            Inputs and targets, as `train` takes them.

        Returns
        -------
        number
            Of its examples, or of the steps that its mask lets count.
        """
        if self.mask is None:
            return len(batch[0])
        return float(batch[list(self.inputs).index(self.mask)].sum())

    def _compiled_function(self, name, targets, build, updates=None):
        """Return a function that is compiled once, when it is first asked for."""
        if name not in self._compiled:
            function = theano.function(list(self.inputs.values()) + list(targets), build(), updates=updates,
                                       allow_input_downcast=True, on_unused_input='ignore')
            self._compiled[name] = CompiledFunction(function, self.inputs)
        return self._compiled[name]

    def __repr__(self):
        return '<Functions of %s: %s -> %s>' % (
            ', '.join(layer.name or type(layer).__name__ for layer in self.outputs), ', '.join(self.inputs),
            ', '.join(self.names))


def compile_functions(network, loss='categorical_crossentropy', updates='adam', learning_rate=None,
                      metrics=None, target=None, clip=None, l1=0., l2=0., rates=None, mask=None):
    """Make the functions that train a network, evaluate it and predict with it.

    Parameters
    ----------
    network : Layer or list of Layer
        The output, or several. The input layers, in the order of ``lasagne.layers.get_all_layers``, are
        the inputs of the functions; their variables must be free ones.
    loss : str, callable, or list of them
        'categorical_crossentropy', 'binary_crossentropy', 'squared_error', 'absolute_error', 'huber_loss',
        'binary_hinge_loss' (of outputs of either sign, targets 0 and 1) or 'multiclass_hinge_loss'; or a
        callable ``(prediction, target)`` that gives a scalar, or values that the mean is taken of. A list
        has one for each output; the losses are added.
    updates : str or callable
        'sgd', 'momentum', 'nesterov_momentum', 'adagrad', 'rmsprop', 'adadelta', 'adam' and, where Lasagne
        has them, 'adamax' and 'amsgrad'; or a callable ``(loss_or_gradients, parameters)`` that gives a
        dict of updates, as those of ``lasagne.updates`` do. If it takes a ``learning_rate``, it gets one.
    learning_rate : float or shared variable, optional
        By default .01, but .001 for 'adam' and 'rmsprop', .002 for 'adamax', .001 for 'amsgrad' and 1 for
        'adadelta'; for a callable its own. It becomes a shared variable, which schedules set.
    metrics : str, callable, dict or sequence, optional
        'accuracy', 'top_5' (or another number), the name of a loss, or a callable ``(prediction, target)``;
        a dict gives them other names. By default the accuracy if the loss or target is of classes.
    target : variable or list of variable, optional
        By default class labels (int32, one dimension less than the output) for 'categorical_crossentropy'
        and 'multiclass_hinge_loss', and what has the shape of the output for all others. For one-hot
        targets give a ``theano.tensor.matrix()``.
    clip : float or pair of float, optional
        The largest norm that all gradients together may have; longer ones are scaled down. A pair is the
        smallest and largest value of every element.
    l1, l2 : float
        Weights of the sum of absolute values and of the sum of squares of the regularizable parameters,
        which are added to the loss, in training and in validation.
    rates : dict, optional
        Layer, its name, a pattern such as ``'loc_*'``, or parameter -> factor of the learning rate; the
        first that fits counts. Parameters with a factor of 0 stay as they are.
    mask : Layer or str, optional
        An input layer ``(batch, steps)`` of weights: loss and metrics are means over the steps that it
        lets count.

    Returns
    -------
    Functions
        With ``train``, ``validate`` and ``predict``, each compiled when first used.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind, unknown, or does not fit the network.

    Notes
    -----
    In ``train`` dropout is on, and batch normalisation uses the batch and updates its running averages;
    ``validate`` and ``predict`` are deterministic. Arrays are cast to the variables' types.

    Examples
    --------
    >>> import numpy as np
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> from lasagne.nonlinearities import softmax
    >>> from lasagne_ext.training import compile_functions
    >>> net = DenseLayer(InputLayer((None, 4), name='in'), 3, nonlinearity=softmax, name='out')
    >>> functions = compile_functions(net, updates='momentum', learning_rate=.1)
    >>> functions
    <Functions of out: in -> loss, accuracy>
    >>> images, labels = np.eye(4)[:3], np.array([0, 1, 2])
    >>> loss, accuracy = functions.train(images, labels)
    >>> functions.predict(images).shape
    (3, 3)
    """
    outputs = layer_list(network)
    named = named_layers('compile_functions', outputs)
    network = network if isinstance(network, lasagne.layers.Layer) else outputs
    inputs, shapes = find_inputs(named)
    losses = list(loss) if isinstance(loss, (list, tuple)) else [loss] * len(outputs)
    targets = make_targets(outputs, losses, target)
    if len(losses) != len(outputs):
        raise ValueError('compile_functions: %d losses for %d outputs' % (len(losses), len(outputs)))
    weights = find_mask(named, inputs, mask)
    loss_functions = [get_loss(one) for one in losses]
    metric_functions = OrderedDict()              # name -> number of the output, function
    for number, name in enumerate(layer_names(outputs, named)):
        for metric, function in get_metrics(metrics, losses[number], targets[number],
                                            outputs[number].output_shape[-1]):
            metric_functions['%s_%s' % (name, metric) if len(outputs) > 1 else metric] = number, function
    if 'loss' in metric_functions:
        raise ValueError("compile_functions: a metric cannot be called 'loss'")
    penalty = regularization_penalty(outputs, l1, l2)

    def measure(deterministic):
        predictions = lasagne.layers.get_output(outputs, deterministic=deterministic)
        pairs = [(prediction, as_column(variable, layer))
                 for prediction, variable, layer in zip(predictions, targets, outputs)]
        total = sum(masked_mean(function(*pair), weights)
                    for function, pair in zip(loss_functions, pairs)) + penalty
        return [total] + [masked_mean(function(*pairs[number]), weights)
                          for number, function in metric_functions.values()]

    # Built now, since the updates need it; validation and prediction when they are first asked for.
    training = measure(deterministic=False)
    rule = UpdateRule(updates, learning_rate)
    changes = build_updates(rule, training[0], outputs, clip, rates)
    if weights is not None:
        mask = next(name for name, variable in inputs.items() if variable is weights)
    return Functions(network, outputs, inputs, shapes, targets, losses, ['loss'] + list(metric_functions),
                     rule.learning_rate, changes, mask, training, lambda: measure(deterministic=True))
