"""Functions that train, validate and predict: losses, metrics, updates, inputs, layers in each."""
import functools

import lasagne_ext  # noqa: F401  (first: makes theano importable)
import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import DenseLayer, DropoutLayer, InputLayer, ReshapeLayer
from lasagne.nonlinearities import sigmoid, softmax

from lasagne_ext.training import compile_functions
from lasagne_ext.training.losses import LABEL_LOSSES, LOSSES

pytestmark = pytest.mark.usefixtures('fast_compile')


class CountingLayer(lasagne.layers.Layer):
    """Adds nothing, and follows the mean of its input in training, as batch normalisation does."""

    def __init__(self, incoming, **kwargs):
        super().__init__(incoming, **kwargs)
        self.mean = self.add_param(lasagne.init.Constant(0), (self.input_shape[1],), 'mean', trainable=False,
                                   regularizable=False)

    def get_output_for(self, input, deterministic=False, **kwargs):
        if deterministic:
            return input - self.mean
        running = theano.clone(self.mean, share_inputs=False)
        running.default_update = (running + input.mean(axis=0)) / 2
        return input - input.mean(axis=0) + 0 * running


def network(outputs=3, nonlinearity=softmax, features=4):
    return DenseLayer(InputLayer((None, features), name='in'), outputs, nonlinearity=nonlinearity, name='out')


@pytest.fixture
def batch(rng):
    return rng.randn(6, 4).astype(theano.config.floatX), np.array([0, 1, 2, 2, 1, 0], 'int32')


def probabilities(net, images):
    scores = images @ net.W.get_value() + net.b.get_value()
    return np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)


def test_a_step_is_that_of_gradient_descent(batch, assert_close):
    images, labels = batch
    net = network()
    weights, predicted = net.W.get_value(), probabilities(net, images)
    functions = compile_functions(net, updates='sgd', learning_rate=.5)
    loss, accuracy = functions.train(images, labels)
    assert_close(loss, -np.log(predicted[np.arange(6), labels]).mean().astype(loss.dtype))
    assert accuracy == (predicted.argmax(axis=1) == labels).mean().astype(accuracy.dtype)
    gradient = images.T @ (predicted - np.eye(3)[labels]) / 6
    assert_close(net.W.get_value(), (weights - .5 * gradient).astype(weights.dtype), factor=4)


def test_validate_and_predict_change_nothing_and_are_compiled_once(batch):
    functions = compile_functions(network())
    before = lasagne.layers.get_all_param_values(functions.network)
    assert functions.predict(batch[0]).shape == (6, 3)
    loss, accuracy = functions.validate(*batch)
    assert all(np.array_equal(*pair) for pair in zip(before, lasagne.layers.get_all_param_values(
        functions.network)))
    assert functions.validate is functions.validate and functions.predict is functions.predict
    assert functions.names == ['loss', 'accuracy']


def test_dropout_is_on_in_training_only(batch):
    net = DenseLayer(DropoutLayer(InputLayer((None, 4)), .5), 1, W=lasagne.init.Constant(1),
                     nonlinearity=None)
    functions = compile_functions(net, 'squared_error', learning_rate=0.)
    ones, target = np.ones((200, 4)), np.full((200, 1), 4.)
    assert functions.train(ones, target)[0] > .5
    assert functions.validate(ones, target)[0] == 0
    assert (functions.predict(ones) == 4).all()


def test_running_averages_follow_in_training_only(batch, assert_close):
    images, labels = batch
    counting = CountingLayer(InputLayer((None, 4)), name='counting')
    net = DenseLayer(counting, 3, nonlinearity=softmax)
    functions = compile_functions(net, learning_rate=0.)
    functions.validate(images, labels), functions.predict(images)
    assert not counting.mean.get_value().any()
    functions.train(images, labels)
    assert_close(counting.mean.get_value(), images.mean(axis=0) / 2)
    assert_close(functions.predict(images), probabilities(net, images - images.mean(axis=0) / 2), factor=4)
    # A parameter of the network is no state of training, although it is updated through a clone.
    assert not any(variable.container is counting.mean.container for variable in functions.state.values())


def test_batch_normalisation_of_lasagne(batch):
    if not hasattr(lasagne.layers, 'BatchNormLayer'):
        pytest.skip('this Lasagne has no BatchNormLayer')
    layer = lasagne.layers.BatchNormLayer(InputLayer((None, 4)))
    functions = compile_functions(DenseLayer(layer, 3, nonlinearity=softmax))
    functions.train(*batch)
    moved = layer.mean.get_value()
    assert np.allclose(moved, .1 * batch[0].mean(axis=0), atol=1e-5)
    functions.validate(*batch)
    assert np.array_equal(layer.mean.get_value(), moved)


def test_state_has_names_and_order_that_come_again():
    def names():
        net = DenseLayer(DropoutLayer(InputLayer((None, 4))), 3, nonlinearity=softmax)
        return {name: variable.get_value().shape for name, variable in compile_functions(net).state.items()}
    first = names()
    assert list(first.items()) == list(names().items())
    assert 'learning_rate' in first and len(first) == 1 + 1 + 5   # the rate, dropout, and Adam's
    assert not any(shape == (4, 3) for name, shape in first.items() if name == 'learning_rate')


@pytest.mark.parametrize('name', ['sgd', 'momentum', 'nesterov_momentum', 'adagrad', 'rmsprop', 'adadelta',
                                  'adam', 'adamax', 'amsgrad'])
def test_rules_by_name_lower_the_loss(name, batch):
    if not hasattr(lasagne.updates, name):
        with pytest.raises(ValueError, match='this Lasagne, .*, has no %s' % name):
            compile_functions(network(), updates=name)
        return
    functions = compile_functions(network(), updates=name)
    losses = [functions.train(*batch)[0] for _ in range(20)]
    assert losses[-1] < losses[0]


def test_a_rule_may_be_a_function_and_gets_the_learning_rate(batch):
    rule = functools.partial(lasagne.updates.momentum, momentum=.5)
    functions = compile_functions(network(), updates=rule, learning_rate=.25)
    assert functions.learning_rate.get_value() == .25
    before = functions.network.W.get_value()
    functions.learning_rate.set_value(np.asarray(0, functions.learning_rate.dtype))
    functions.train(*batch)
    assert np.array_equal(functions.network.W.get_value(), before)
    assert compile_functions(network(), updates=lasagne.updates.adam).learning_rate.get_value() == \
        np.asarray(.001, theano.config.floatX)


def test_a_rule_may_have_its_own_learning_rate(batch):
    rate = theano.shared(np.asarray(.5, theano.config.floatX))
    shared = compile_functions(network(), updates=functools.partial(lasagne.updates.sgd, learning_rate=rate))
    assert shared.learning_rate is rate
    own = compile_functions(network(), updates=lambda loss, params: lasagne.updates.sgd(loss, params, .5))
    assert own.learning_rate is None and 'learning_rate' not in own.state
    before = own.network.W.get_value()
    own.train(*batch)
    assert not np.array_equal(own.network.W.get_value(), before)


def test_rates_slow_some_layers_down(batch):
    hidden = DenseLayer(InputLayer((None, 4), name='in'), 5, name='loc_hidden')
    net = DenseLayer(hidden, 3, nonlinearity=softmax, name='out')
    before = lasagne.layers.get_all_param_values(net)

    def moved(**options):
        lasagne.layers.set_all_param_values(net, before)
        compile_functions(net, updates='sgd', learning_rate=1., **options).train(*batch)
        return [after - value for after, value in zip(lasagne.layers.get_all_param_values(net), before)]
    full, slow = moved(), moved(rates={'loc_*': .1, net.b: 0})
    assert np.allclose(slow[0], .1 * full[0], atol=1e-6) and np.allclose(slow[2], full[2], atol=1e-6)
    assert not slow[3].any() and full[3].any()


def test_clip_limits_the_norm_or_the_values(batch):
    def step(clip):
        net = DenseLayer(InputLayer((None, 4)), 3, W=lasagne.init.Constant(.1), nonlinearity=softmax)
        compile_functions(net, updates='sgd', learning_rate=1., clip=clip).train(100 * batch[0], batch[1])
        return np.concatenate([(net.W.get_value() - .1).ravel(), net.b.get_value()])
    assert np.linalg.norm(step(None)) > 10
    assert np.isclose(np.linalg.norm(step(2.)), 2, rtol=1e-4)
    assert np.isclose(abs(step((-.5, .25))).max(), .5) and np.isclose(step((-.5, .25)).min(), -.25)


def test_regularisation_adds_to_the_loss(batch):
    net = network()
    plain = compile_functions(net).validate(*batch)[0]
    weights = net.W.get_value()
    for name, penalty in (('l1', abs(weights).sum()), ('l2', (weights ** 2).sum())):
        loss = compile_functions(net, **{name: .5}).validate(*batch)[0]
        assert np.isclose(loss, plain + .5 * penalty, rtol=1e-4)


def reference(name, p, t, one_hot):
    """The losses once more, in NumPy."""
    right, wrong = (p * one_hot).sum(axis=1), np.where(one_hot, -np.inf, p).max(axis=1)
    d = abs(p - t) if t.shape == p.shape else None
    return {'categorical_crossentropy': lambda: -np.log(right),
            'multiclass_hinge_loss': lambda: np.maximum(0, 1 + wrong - right),
            'binary_crossentropy': lambda: -t * np.log(p) - (1 - t) * np.log(1 - p),
            'squared_error': lambda: d ** 2, 'absolute_error': lambda: d,
            'huber_loss': lambda: np.where(d <= 1, d ** 2 / 2, d - .5),
            'binary_hinge_loss': lambda: np.maximum(0, 1 - (2 * t - 1) * p)}[name]().mean()


@pytest.mark.parametrize('name, labels', [(name, False) for name in sorted(LOSSES)] + [
    (name, True) for name in LABEL_LOSSES])
def test_losses_by_name(name, labels, rng):
    p = rng.dirichlet(np.ones(4), 5).astype(theano.config.floatX)
    classes = rng.randint(4, size=5)
    one_hot = np.eye(4)[classes]
    if name == 'huber_loss':
        p = p * 5
    target = classes.astype('int32') if labels else one_hot.astype(p.dtype)
    net = InputLayer((None, 4))
    net = DenseLayer(net, 4, W=np.eye(4, dtype=p.dtype), nonlinearity=None)
    functions = compile_functions(net, name, target=None if labels else T.matrix(), metrics=[name])
    loss, again = functions.validate(p, target)
    assert np.isclose(loss, reference(name, p, target, one_hot == 1), rtol=1e-4) and loss == again
    assert np.isfinite(functions.train(p, target)[0])


def test_targets_as_a_vector_are_not_broadcast_against_a_column(batch):
    net = network(1, None)
    functions = compile_functions(net, 'squared_error', target=T.vector())
    values = np.arange(6.)
    predicted = (batch[0] @ net.W.get_value() + net.b.get_value())[:, 0]
    assert np.isclose(functions.validate(batch[0], values)[0], ((predicted - values) ** 2).mean(), rtol=1e-4)


def test_metrics(rng):
    p = np.array([[.5, .3, .15, .05], [.1, .2, .3, .4], [.25, .25, .25, .25]])
    net = DenseLayer(InputLayer((None, 4)), 4, W=np.eye(4, dtype=theano.config.floatX), nonlinearity=None)

    def largest(prediction, target):
        return prediction.max()
    functions = compile_functions(net, metrics=['accuracy', 'top_2', largest])
    assert functions.names == ['loss', 'accuracy', 'top_2', 'largest']
    values = functions.validate(p, [0, 2, 3])[1:]
    assert np.allclose(values, [1 / 3, 2 / 3, .5])              # equal probabilities are not among the first
    named = compile_functions(net, metrics={'peak': largest})
    assert named.names == ['loss', 'peak']
    hot = compile_functions(net, target=T.matrix(), metrics=['accuracy', 'top_2'])
    assert np.allclose(hot.validate(p, np.eye(4)[[0, 2, 3]])[1:], [1 / 3, 2 / 3])


@pytest.mark.parametrize('loss, nonlinearity, right', [
    ('binary_crossentropy', sigmoid, 1.), ('binary_hinge_loss', None, 1.), ('squared_error', None, None)])
def test_accuracy_of_two_classes(loss, nonlinearity, right):
    net = DenseLayer(InputLayer((None, 1)), 1, W=np.ones((1, 1), theano.config.floatX),
                     nonlinearity=nonlinearity)
    functions = compile_functions(net, loss)
    values = functions.validate([[-.2], [.2], [3.]], [[0], [1], [1]])
    assert (values[1:] == [right]) if right else functions.names == ['loss']


def test_several_inputs_by_order_or_name(batch):
    images, labels = batch
    first, second = InputLayer((None, 4), name='first'), InputLayer((None, 2), name='second')
    net = DenseLayer(lasagne.layers.ConcatLayer([first, second]), 3, nonlinearity=softmax)
    functions = compile_functions(net)
    assert list(functions.inputs) == ['first', 'second']
    more = np.ones((6, 2))
    assert functions.validate(images, more, labels) == functions.validate(
        {'second': more, 'first': images}, labels)
    with pytest.raises(ValueError, match='inputs must be first, second; got first, third'):
        functions.predict({'first': images, 'third': more})


def test_several_outputs(batch):
    images, labels = batch
    source = InputLayer((None, 4), name='in')
    outputs = [DenseLayer(source, 3, nonlinearity=softmax, name='kind'),
               DenseLayer(source, 1, nonlinearity=None, name='size')]
    functions = compile_functions(outputs, ['categorical_crossentropy', 'squared_error'])
    assert functions.names == ['loss', 'kind_accuracy']
    sizes = np.zeros((6, 1))
    kind, size = functions.predict(images)
    expected = -np.log(kind[np.arange(6), labels]).mean() + (size ** 2).mean()
    assert np.isclose(functions.validate(images, labels, sizes)[0], expected, rtol=1e-4)
    functions.train(images, labels, sizes)


def test_a_mask_says_which_steps_count(rng):
    steps = InputLayer((None, 3, 2), name='steps')
    mask = InputLayer((None, 3), name='mask')
    flat = DenseLayer(ReshapeLayer(steps, (-1, [2])), 4, nonlinearity=softmax)
    net = ReshapeLayer(flat, (-1, 3, 4))

    class Masked(lasagne.layers.MergeLayer):
        """Reads the mask, as recurrent layers do."""

        def get_output_shape_for(self, input_shapes):
            return input_shapes[0]

        def get_output_for(self, inputs, **kwargs):
            return inputs[0]
    functions = compile_functions(Masked([net, mask]), mask='mask')
    values, labels = rng.randn(2, 3, 2), rng.randint(4, size=(2, 3)).astype('int32')
    counts = np.array([[1, 1, 0], [1, 0, 0]], 'float32')
    predicted = functions.predict(values, counts)
    rows, columns = np.nonzero(counts)
    expected = -np.log(predicted[rows, columns, labels[rows, columns]]).mean()
    loss, accuracy = functions.validate(values, counts, labels)
    assert np.isclose(loss, expected, rtol=1e-4)
    assert np.isclose(accuracy, (predicted.argmax(axis=2) == labels)[rows, columns].mean())
    assert functions.weight((values, counts, labels)) == 3
    assert functions.validate(values, 0 * counts, labels) == [0, 0]
    assert np.isfinite(functions.train(values, counts, labels)[0])


def test_a_float32_network_is_trained_where_the_default_is_float64(batch):
    with theano.configparser.change_flags(floatX='float32'):
        net = DenseLayer(InputLayer((None, 4), T.matrix('in', dtype='float32')), 3, nonlinearity=softmax)
    with theano.configparser.change_flags(floatX='float64'):
        compile_functions(net, updates='momentum').train(*batch)
    assert net.W.get_value().dtype == np.float32


@pytest.mark.parametrize('options, error, message', [
    (dict(loss='categorical_crossentropi'), ValueError, "did you mean 'categorical_crossentropy'"),
    (dict(loss=3), TypeError, 'loss must be a name or a callable'),
    (dict(loss=['squared_error'] * 2), ValueError, '2 losses for 1 outputs'),
    (dict(updates='adm'), ValueError, "did you mean 'adam'"),
    (dict(updates=3), TypeError, 'updates must be a name or a callable'),
    (dict(updates=lambda loss, params: {}, learning_rate=.1), ValueError, 'takes no argument of that name'),
    (dict(updates=lambda loss, params: {}, rates={'out': .1}), ValueError, 'a rule that takes a learning'),
    (dict(learning_rate=-1), ValueError, 'learning_rate must be at least 0'),
    (dict(learning_rate='fast'), TypeError, 'learning_rate must be a number'),
    (dict(metrics='acuracy'), ValueError, "did you mean 'accuracy'"),
    (dict(metrics=[3]), TypeError, 'metrics must be names or callables'),
    (dict(metrics={'loss': abs}), ValueError, "cannot be called 'loss'"),
    (dict(target=3), TypeError, 'target must be a variable'),
    (dict(target=[T.ivector()] * 2), ValueError, '2 targets for 1 outputs'),
    (dict(clip=-1), ValueError, 'clip must be positive'),
    (dict(clip=(1, -1)), ValueError, r'a pair \(low, high\)'),
    (dict(clip='all'), TypeError, 'clip must be a number'),
    (dict(l2=-1), ValueError, 'l2 must be at least 0'),
    (dict(rates={'uot': .1}), ValueError, "did you mean 'out'"),
    (dict(rates={'out': -1}), ValueError, 'factor of out must be'),
    (dict(rates={3: 1}), TypeError, 'no layer, name or parameter'),
    (dict(rates=3), TypeError, 'rates must be a dict'),
    (dict(rates={'*': 0}), ValueError, 'no trainable parameters'),
    (dict(mask='inn'), ValueError, 'mask must be an input layer'),
    (dict(loss=lambda p, t: t.sum()), ValueError, r"does not depend on the parameter W of the layer 'out'")])
def test_bad_arguments_are_refused(options, error, message):
    if message.startswith('does not'):
        message = message.replace('W', r'.*W')
    with pytest.raises(error, match='compile_functions: .*' + message):
        compile_functions(network(), **options)


def test_inputs_that_cannot_be_given_are_refused():
    for variable in (T.matrix() / 255, theano.shared(np.ones((2, 4)))):
        with pytest.raises(ValueError, match="input layer 'in' reads .* free variable"):
            compile_functions(DenseLayer(InputLayer((None, 4), variable, name='in'), 3))
    with pytest.raises(ValueError, match='no input layer'):
        compile_functions(DenseLayer((None, 4), 3))
