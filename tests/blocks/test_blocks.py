"""Blocks: the document's toy example, networks equal to Lasagne's own, chains, and what is refused."""
import copy
import gc
import importlib.util
import os
import pickle
import weakref

import lasagne_ext                           # first: makes theano importable
import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import (Conv2DLayer, DenseLayer, DropoutLayer, FlattenLayer, GRULayer, InputLayer,
                            LSTMLayer, MaxPool2DLayer, NonlinearityLayer, RecurrentLayer,
                            get_all_layers, get_all_params, get_output)

from lasagne_ext import blocks
from lasagne_ext.blocks import (activation, convolutional, custom, dropout, flatten, input_block, layer_of,
                                linear, maxpool, nonlinearity, recurrent)
from lasagne_ext.debug import explain, probe, summary

FLOAT = theano.config.floatX


@pytest.fixture
def in_python(fast_compile):
    """Convolutions in Python, as they stand: what Theano's optimizer makes of them needs a compiler."""
    if lasagne_ext.engine.report()['engine'].startswith('theano'):
        with theano.configparser.change_flags(mode='Mode', optimizer='None', linker='py'):
            yield
    else:
        yield


#: The toy example of the document that blocks were taken from, letter for letter but for its indentation.
TOY_EXAMPLE = '''\
all_parameters = []

#############################################
# a first block with 2 convolutions of 32 (3, 3) filters
output, output_test, params, output_shape = convolutional(X, X, input_shape, 32, (3, 3))
all_parameters += params
output, output_test, params, output_shape = activation(output, output_test, output_shape, 'relu')
output, output_test, params, output_shape = convolutional(output, output_test, output_shape, 32, (3, 3))
all_parameters += params
output, output_test, params, output_shape = activation(output, output_test, output_shape, 'relu')

# maxpool with size=(2, 2)
output, output_test, params, output_shape = maxpool(output, output_test, output_shape, (2, 2))
'''


def run_toy_example(input_shape=(None, 1, 8, 8)):
    names = {'convolutional': convolutional, 'activation': activation, 'maxpool': maxpool,
             'X': T.tensor4('X'), 'input_shape': input_shape}
    exec(TOY_EXAMPLE, names)
    return names


def test_toy_example_runs_as_it_stands():
    names = run_toy_example()
    assert names['output_shape'] == (None, 32, 2, 2)
    assert [p.get_value().shape for p in names['all_parameters']] == [(32, 1, 3, 3), (32,), (32, 32, 3, 3),
                                                                      (32,)]
    assert names['params'] == []
    assert names['all_parameters'] == get_all_params(layer_of(names['output']))


def test_toy_example_trains(in_python, rng):
    """Whether a bar stands or lies: the loss must fall to a tenth."""
    names = run_toy_example()
    parameters = names['all_parameters']
    out, out_test, params, shape = linear(names['output'], names['output_test'], names['output_shape'], 2)
    parameters += params
    out, out_test, params, shape = activation(out, out_test, shape, 'softmax')
    y = T.ivector()
    loss = lasagne.objectives.categorical_crossentropy(out, y).mean()
    train = theano.function([names['X'], y], loss,
                            updates=lasagne.updates.adam(loss, parameters, learning_rate=.01))
    predict = theano.function([names['X']], out_test.argmax(axis=1))
    images = .1 * rng.randn(8, 1, 8, 8)
    labels = np.arange(8, dtype='int32') % 2
    for image, label in zip(images[:, 0], labels):
        image[3, :] += 1 - label
        image[:, 3] += label
    images = images.astype(FLOAT)
    losses = [float(train(images, labels)) for _ in range(15)]
    assert losses[-1] < .1 * losses[0]
    assert np.array_equal(predict(images), labels)


def check_same(net, reference, x, rng):
    """The same parameters give bit for bit the same outputs, for training and for prediction."""
    assert [type(layer) for layer in get_all_layers(net.layer)] == [type(layer) for layer
                                                                    in get_all_layers(reference)]
    assert net.output_shape == reference.output_shape
    ours, theirs = net.params, get_all_params(reference, trainable=True)
    assert [p.get_value().shape for p in ours] == [p.get_value().shape for p in theirs]
    for parameter, other in zip(ours, theirs):
        value = rng.randn(*parameter.get_value().shape).astype(FLOAT)
        parameter.set_value(value)
        other.set_value(value)
    inputs = [layer.input_var for layer in get_all_layers(reference) if isinstance(layer, InputLayer)]
    for out, expected in ((net.out, get_output(reference)),
                          (net.out_test, get_output(reference, deterministic=True)),
                          (get_output(net.layer, deterministic=True),
                           get_output(reference, deterministic=True))):
        got = theano.function(net.inputs, out)(*x)
        assert got.tobytes() == theano.function(inputs, expected)(*x).tobytes()
        assert all(size in (None, found) for size, found in zip(net.output_shape, got.shape))


@pytest.fixture
def same_seeds():
    """Call it before each of two networks whose dropout is to draw the same numbers."""
    before = lasagne.random.get_rng()
    yield lambda: lasagne.random.set_rng(np.random.RandomState(7))
    lasagne.random.set_rng(before)


def test_a_multilayer_perceptron_is_lasagnes(fast_compile, same_seeds, rng):
    same_seeds()
    net = (input_block((None, 6)) | linear(8) | activation('tanh') | dropout(.3)
           | linear(5) | activation('relu') | dropout(.5) | linear(3) | activation('softmax'))
    same_seeds()
    layer = NonlinearityLayer(DenseLayer(InputLayer((None, 6)), 8, nonlinearity=None),
                              lasagne.nonlinearities.tanh)
    layer = DenseLayer(DropoutLayer(layer, .3), 5, nonlinearity=None)
    layer = DropoutLayer(NonlinearityLayer(layer, lasagne.nonlinearities.rectify), .5)
    layer = NonlinearityLayer(DenseLayer(layer, 3, nonlinearity=None), lasagne.nonlinearities.softmax)
    check_same(net, layer, [rng.randn(7, 6).astype(FLOAT)], rng)


def test_a_network_like_vggs_is_lasagnes(in_python, same_seeds, rng):
    def pair(filters):
        return convolutional(filters, 3, pad='same') | activation('relu')

    same_seeds()
    net = (input_block((None, 3, 8, 8)) | pair(4) | pair(4) | maxpool(2) | pair(6) | pair(6) | maxpool(2)
           | flatten() | linear(10) | activation('leaky_rectify') | dropout() | linear(5)
           | activation('softmax'))
    same_seeds()
    layer = InputLayer((None, 3, 8, 8))
    for filters in (4, 6):
        for _ in range(2):
            layer = Conv2DLayer(layer, filters, 3, pad='same', nonlinearity=None)
            layer = NonlinearityLayer(layer, lasagne.nonlinearities.rectify)
        layer = MaxPool2DLayer(layer, 2)
    layer = DenseLayer(FlattenLayer(layer), 10, nonlinearity=None)
    layer = DropoutLayer(NonlinearityLayer(layer, lasagne.nonlinearities.leaky_rectify))
    layer = NonlinearityLayer(DenseLayer(layer, 5, nonlinearity=None), lasagne.nonlinearities.softmax)
    check_same(net, layer, [rng.randn(2, 3, 8, 8).astype(FLOAT)], rng)


@pytest.mark.parametrize('kind, layer_class', [('simple', RecurrentLayer), ('lstm', LSTMLayer),
                                               ('gru', GRULayer)])
def test_a_recurrent_network_is_lasagnes(kind, layer_class, fast_compile, rng):
    mask = T.matrix('mask')
    net = (input_block((None, None, 3)) | recurrent(4, kind, mask=mask, learn_init=True)
           | recurrent(2, kind, backwards=True))
    source, steps = InputLayer((None, None, 3)), InputLayer((None, None))
    layer = layer_class(source, 4, mask_input=steps, learn_init=True)
    layer = layer_class(layer, 2, backwards=True, learn_init=False)
    lengths = (np.arange(6) < np.array([[6], [4], [1]])).astype(FLOAT)
    check_same(net, layer, [rng.randn(3, 6, 3).astype(FLOAT), lengths], rng)


@pytest.mark.parametrize('kind', ['simple', 'lstm', 'gru'])
@pytest.mark.parametrize('backwards, last', [(False, -1), (True, 0)])
def test_only_the_step_read_last(kind, backwards, last, fast_compile, rng):
    net = input_block((None, 5, 3)) | recurrent(4, kind, backwards=backwards, only_return_final=True)
    every = net.layer if hasattr(net.layer, 'only_return_final') else net.layer.input_layer
    x = rng.randn(2, 5, 3).astype(FLOAT)
    final = theano.function(net.inputs, net.out)(x)
    assert net.output_shape == (None, 4) and final.shape == (2, 4)
    every.only_return_final = False
    steps = theano.function(net.inputs, get_output(every))(x)
    np.testing.assert_array_equal(final, steps[:, last])


def test_nonlinearity_of_a_recurrent_block():
    net = input_block((2, 5, 3)) | recurrent(4, nonlinearity='tanh', grad_clipping=1., name='rnn')
    assert net.layer.name == 'rnn'
    assert net.layer.nonlinearity is lasagne.nonlinearities.tanh and net.layer.grad_clipping == 1


# --- calls

@pytest.fixture
def X():
    return T.tensor4('X')


SHAPE = (None, 1, 8, 8)


def test_the_four_values(X):
    out, out_test, params, output_shape = convolutional(X, X, SHAPE, 4, (3, 3))
    assert isinstance(out, theano.Variable) and isinstance(out_test, theano.Variable)
    assert type(params) is list and type(output_shape) is tuple and output_shape == (None, 4, 6, 6)
    assert all(isinstance(param, theano.compile.SharedVariable) for param in params)
    assert layer_of(out) is layer_of(out_test)


@pytest.mark.parametrize('block, options, shape, expected, parameters', [
    (convolutional, (4, 3), (None, 1, 8, 8), (None, 4, 6, 6), 2),
    (convolutional, (4, (1, 3)), (5, 2, None, 8), (5, 4, None, 6), 2),
    (convolutional, (4, 3), (None, 2, 9), (None, 4, 7), 2),
    (maxpool, (2,), (None, 1, 5, 4), (None, 1, 2, 2), 0),
    (maxpool, (2,), (None, 3, 9), (None, 3, 4), 0),
    (activation, ('tanh',), (None, 3, 9), (None, 3, 9), 0),
    (linear, (6,), (None, 2, 3), (None, 6), 2),
    (dropout, (), (7, 2, 3), (7, 2, 3), 0),
    (flatten, (), (None, 2, 3, 4), (None, 24), 0),
    (flatten, (3,), (None, None, 3, 4), (None, None, 12), 0),
    (recurrent, (6,), (None, None, 4), (None, None, 6), 3)])
def test_shapes_are_inferred(block, options, shape, expected, parameters):
    X = T.TensorType(FLOAT, [False] * len(shape))()
    for given in (shape, list(shape), tuple(s and np.int64(s) for s in shape)):
        out, out_test, params, output_shape = block(X, X, given, *options)
        assert output_shape == expected and len(params) == parameters
        assert out.ndim == out_test.ndim == len(expected)


def test_options_of_the_image_blocks(X, in_python, rng):
    x = rng.randn(2, 1, 8, 8).astype(FLOAT)
    for options, expected in ((dict(stride=2), (3, 3)), (dict(stride=(1, 2), pad=(1, 0)), (8, 3)),
                              (dict(pad='same'), (8, 8)), (dict(pad='full'), (10, 10)),
                              (dict(pad='valid'), (6, 6))):
        out, _, params, shape = convolutional(X, X, SHAPE, 4, 3, b=None, **options)
        assert shape[2:] == expected and len(params) == 1
        assert theano.function([X], out)(x).shape[1:] == shape[1:]
    for options, expected in ((dict(stride=1), (6, 6)), (dict(ignore_border=False), (3, 3)),
                              (dict(pad=1), (3, 3))):
        out, _, params, shape = maxpool(X, X, SHAPE, 3, **options)
        assert shape[2:] == expected
        assert theano.function([X], out)(x).shape[1:] == shape[1:]


def test_initial_values_and_names():
    weights = np.arange(6, dtype=FLOAT).reshape(3, 2)
    _, _, params, _ = linear(T.matrix(), (None, 3), 2, W=weights, b=lasagne.init.Constant(4), name='fc')
    assert [param.name for param in params] == ['fc.W', 'fc.b']
    assert np.array_equal(params[0].get_value(), weights) and set(params[1].get_value()) == {4}
    net = input_block((None, 3), name='in') | dropout(name='drop') | activation('relu', name='act')
    assert list(summary(net.layer).to_dict()['rows'][k]['name'] for k in range(3)) == ['in', 'drop', 'act']


def test_a_call_without_x_test_goes_on_from_its_counterpart(X):
    dropped, kept, _, shape = dropout(X, SHAPE)
    assert kept is X and dropped is not X
    out, out_test, params, shape = convolutional(dropped, shape, 4, (3, 3))
    longer = maxpool(out, None, shape, (2, 2))
    reference = maxpool(out, out_test, shape, (2, 2))
    assert longer[3] == reference[3] == (None, 4, 3, 3)
    for test, train in ((longer[1], longer[0]), (reference[1], reference[0])):
        assert X in theano.gof.graph.inputs([test])
        assert streams(train) and not streams(test)


def streams(variable):
    """The states of random streams that an expression reads."""
    return [v for v in theano.gof.graph.inputs([variable]) if hasattr(v, 'default_update')
            and v.default_update is not None]


def test_keywords_do_as_well(X):
    out, _, params, shape = convolutional(X=X, X_test=X, input_shape=SHAPE, num_filters=4, filter_size=3)
    assert shape == (None, 4, 6, 6)
    assert maxpool(out, input_shape=shape, pool_size=2)[3] == (None, 4, 3, 3)
    assert maxpool(out, shape, pool_size=2)[3] == (None, 4, 3, 3)


def test_two_inputs_one_for_each_graph(fast_compile, rng):
    X, X_test = T.matrix('X'), T.matrix('X_test')
    out, out_test, params, shape = linear(X, X_test, (None, 3), 2)
    out, out_test, _, _ = activation(out, out_test, shape, 'tanh')
    x = rng.randn(4, 3).astype(FLOAT)
    expected = np.tanh(x @ params[0].get_value())
    for variable, value in ((X, out), (X_test, out_test)):
        np.testing.assert_allclose(theano.function([variable], value)(x), expected, rtol=1e-5)
    assert get_all_layers(layer_of(out))[0].input_var is X


def test_dropout_differs_in_training_only(fast_compile):
    X = T.matrix()
    out, out_test, _, _ = dropout(X, X, (None, 100), .25)
    x = np.ones((50, 100), dtype=FLOAT)
    train, test = theano.function([X], out), theano.function([X], out_test)
    first, second = train(x), train(x)
    assert not np.array_equal(first, second)
    np.testing.assert_allclose(np.unique(first), [0, 1 / .75], rtol=1e-6)
    assert abs(first.mean() - 1) < .05
    assert np.array_equal(test(x), x) and np.array_equal(test(x), x)


def test_both_graphs_share_parameters(fast_compile):
    net = input_block((None, 2)) | dropout(.5) | linear(1)
    before = theano.function(net.inputs, net.out_test)
    net.params[1].set_value(np.array([5], dtype=FLOAT))
    assert before(np.zeros((1, 2), dtype=FLOAT)) == 5
    assert set(net.params) <= set(theano.gof.graph.inputs([net.out]))


def test_parameters_come_once_and_in_order():
    weights = theano.shared(np.eye(3, dtype=FLOAT), 'shared')
    X = T.matrix()
    out, out_test, first, shape = linear(X, X, (None, 3), 3, W=weights)
    out, out_test, second, shape = linear(out, out_test, shape, 3, W=weights)
    assert first[0] is weights and [param.name for param in second] == ['b']
    net = input_block((None, 3)) | linear(3, W=weights) | linear(3, W=weights) | linear(2, name='last')
    assert [param.name for param in net.params] == ['shared', 'b', 'b', 'last.W', 'last.b']


def test_numbers_of_numpy(X):
    net = input_block(SHAPE, X) | convolutional(np.int64(4), np.int32(3)) | dropout(np.float32(.5))
    assert (net | linear(np.int64(2))).output_shape == (None, 2)


def test_what_a_newer_lasagne_has(fast_compile, rng):
    """It is used where it is there, and refused in plain words where it is not."""
    X = T.tensor3('X')
    if hasattr(lasagne.layers, 'Conv3DLayer'):
        volumes = T.TensorType(FLOAT, [False] * 5)()
        assert convolutional(volumes, (None, 1, 4, 4, 4), 2, 3)[3] == (None, 2, 2, 2, 2)
        net = input_block((None, None, 3), X) | linear(2, num_leading_axes=2)
        x = rng.randn(2, 4, 3).astype(FLOAT)
        np.testing.assert_allclose(theano.function([X], net.out)(x), x @ net.params[0].get_value(), rtol=1e-5)
        return
    with pytest.raises(ValueError, match='convolutional: the installed Lasagne .* has no Conv3DLayer'):
        convolutional(T.TensorType(FLOAT, [False] * 5)(), (None, 1, 4, 4, 4), 2, 3)
    with pytest.raises(TypeError, match="DenseLayer of this Lasagne has no option 'num_leading_axes'"):
        linear(X, (None, None, 3), 2, num_leading_axes=2)


# --- layers behind variables

def test_the_debugging_tools_see_the_network(in_python, X, rng):
    out, out_test, _, shape = convolutional(X, X, SHAPE, 4, (3, 3), name='conv')
    out, out_test, _, shape = activation(out, out_test, shape, 'relu', name='relu')
    out, out_test, _, shape = linear(out, out_test, shape, 3, name='fc')
    layer = layer_of(out)
    assert [row.name for row in summary(layer).rows] == ['input0', 'conv', 'relu', 'fc']
    assert 'rectify' in str(explain(layer))
    x = rng.randn(2, 1, 8, 8).astype(FLOAT)
    expected = theano.function([X], out_test)(x)
    assert np.array_equal(probe(layer, x)['fc'], expected)
    assert np.array_equal(theano.function([X], get_output(layer))(x), expected)


def test_branches_have_their_trunk_in_common(X):
    out, out_test, _, shape = convolutional(X, X, SHAPE, 4, 3)
    one, _, first, _ = linear(out, out_test, shape, 2)
    other, _, second, _ = linear(out, out_test, shape, 3)
    assert not set(first) & set(second)
    assert get_all_layers(layer_of(one))[:2] == get_all_layers(layer_of(other))[:2]


def test_an_input_is_one_layer_for_all_that_read_it(X):
    layers = [get_all_layers(layer_of(block))[0] for block in (
        dropout(X, X, SHAPE)[0], convolutional(X, SHAPE, 4, 3)[0], convolutional(X, X, SHAPE, 4, 3)[0],
        (input_block(SHAPE, X) | linear(3)).out)]
    assert len(set(layers)) == 1 and layers[0].input_var is X
    another = convolutional(X, X, (5, 3, 8, 8), 4, 3)[0]         # the same variable for another network
    assert get_all_layers(layer_of(another))[0].shape == (5, 3, 8, 8)


def test_an_input_whose_shape_another_network_knows(X):
    convolutional(X, X, (5, 1, 8, 8), 4, 3)
    assert convolutional(X, X, (None, 1, None, None), 4, 3)[3] == (None, 4, None, None)


def test_a_network_that_is_no_longer_used_is_freed(X):
    input_block(SHAPE, X)
    kept = len(X.tag.lasagne_ext_blocks)
    net = input_block(SHAPE, X) | convolutional(4, 3) | dropout() | linear(3)
    layer = weakref.ref(net.layer)
    del net
    gc.collect()
    assert layer() is None and len(X.tag.lasagne_ext_blocks) == kept


def test_an_identity_does_not_confuse(X):
    """Where a block hands its input on, the variable has several layers."""
    same, same_test, _, shape = activation(X, X, SHAPE, 'linear')
    assert same is X
    out = convolutional(same, same_test, shape, 4, 3)[0]
    assert len(get_all_layers(layer_of(out))) == 3
    dropped, dropped_test, _, shape = dropout(out, (None, 4, 6, 6))
    longer = linear(dropped, dropped_test, shape, 2)[0]
    assert [type(layer) for layer in get_all_layers(layer_of(longer))[-2:]] == [DropoutLayer, DenseLayer]
    branch = linear(out, dropped_test, shape, 2)[0]
    assert DropoutLayer not in [type(layer) for layer in get_all_layers(layer_of(branch))]


def test_an_expression_in_one_graph_only(fast_compile, rng):
    X = T.matrix('X')
    out, out_test, params, shape = linear(X, X, (None, 3), 4)
    scaled, scaled_test, more, _ = linear(2 * out, out_test, shape, 2)
    assert get_all_params(layer_of(scaled)) == params + more
    x = rng.randn(5, 3).astype(FLOAT)
    train, test = theano.function([X], [scaled, scaled_test])(x)
    np.testing.assert_allclose(train, 2 * test, rtol=1e-5)
    prolonged, prolonged_test, more, _ = linear(out, 3 * out_test, shape, 2)
    train, test = theano.function([X], [prolonged, prolonged_test])(x)
    np.testing.assert_allclose(test, 3 * train, rtol=1e-5)


def test_an_expression_in_both_graphs_begins_a_network():
    X = T.matrix('X')
    out, out_test, params, shape = linear(X, X, (None, 3), 4)
    squared, _, more, _ = linear(out ** 2, out_test ** 2, shape, 2)
    assert get_all_params(layer_of(squared)) == more
    kept, _, more, _ = activation(out, out_test, shape, T.sqr)
    assert get_all_params(layer_of(kept)) == params


def test_copies_are_not_the_blocks_own(X):
    out = convolutional(X, X, SHAPE, 4, 3)[0]
    for other in (theano.clone(out, {X: T.tensor4()}), copy.deepcopy(out), pickle.loads(pickle.dumps(out))):
        with pytest.raises(ValueError, match='layer_of: no block has made'):
            layer_of(other)


def test_a_function_is_pickled_without_layers(fast_compile):
    """A layer holds the function it applies, which may be one that cannot be pickled."""
    X = T.matrix('X')
    net = input_block((None, 2), X) | activation(lambda x: 2 * x)
    predict = pickle.loads(pickle.dumps(theano.function([X], net.out)))
    assert predict(np.ones((1, 2), dtype=FLOAT)).tolist() == [[2, 2]]


# --- any layer

def test_custom_skips_connections(fast_compile, rng):
    """An earlier layer is not computed again: its dropout is the same wherever it is read."""
    X = T.matrix('X')
    dropped, dropped_test, _, shape = dropout(X, X, (None, 30))
    out, out_test, _, _ = activation(dropped, dropped_test, shape, lambda x: -x)
    total, total_test, params, _ = custom(out, out_test, shape, lambda layer: lasagne.layers.ElemwiseSumLayer(
        [layer, layer_of(dropped)]))
    x = rng.randn(4, 30).astype(FLOAT)
    assert not theano.function([X], total)(x).any() and params == []
    assert not theano.function([X], total_test)(x).any()


def test_custom_takes_several_layers():
    def make(layer):
        return DenseLayer(DenseLayer(layer, 5, name='first'), 2, name='second')

    out, _, params, shape = custom(T.matrix(), (None, 3), make)
    assert [param.name for param in params] == ['first.W', 'first.b', 'second.W', 'second.b']
    net = input_block((None, 3)) | custom(make) | linear(1)
    assert len(net.params) == 6 and shape == (None, 2)


def test_custom_batch_normalisation(fast_compile, rng):
    if not hasattr(lasagne.layers, 'BatchNormLayer'):
        pytest.skip('this Lasagne has none')
    net = input_block((None, 3)) | custom(lasagne.layers.BatchNormLayer)
    assert [param.name for param in net.params] == ['beta', 'gamma']
    x = (5 + 2 * rng.randn(200, 3)).astype(FLOAT)
    train, test = theano.function(net.inputs, net.out), theano.function(net.inputs, net.out_test)
    for _ in range(100):
        normal = train(x)
    np.testing.assert_allclose(normal.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(test(x), normal, atol=.01)
    before = net.layer.mean.get_value()
    test(x)
    assert np.array_equal(before, net.layer.mean.get_value())


# --- nonlinearities

@pytest.mark.parametrize('name, expected', [
    ('relu', lambda x: np.maximum(x, 0)), ('rectify', lambda x: np.maximum(x, 0)), ('tanh', np.tanh),
    ('sigmoid', lambda x: 1 / (1 + np.exp(-x))), ('linear', lambda x: x), ('identity', lambda x: x),
    ('softmax', lambda x: np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)),
    ('leaky_rectify', lambda x: np.where(x > 0, x, .01 * x)),
    ('LeakyRectify', lambda x: np.where(x > 0, x, .01 * x)),
    ('very_leaky_rectify', lambda x: np.where(x > 0, x, x / 3)),
    ('softplus', lambda x: np.log1p(np.exp(x))),
    ('elu', lambda x: np.where(x > 0, x, np.expm1(x))), ('SELU', lambda x: np.where(x > 0, x, np.expm1(x))),
    ('selu', lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x))),
    ('ScaledTanH', np.tanh), ('ScaledTanh', np.tanh)])
def test_nonlinearities_by_name(name, expected, fast_compile):
    x = np.linspace(-3, 3, 12).reshape(3, 4).astype(FLOAT)
    X = T.matrix()
    out = activation(X, X, (None, 4), name)[0]
    np.testing.assert_allclose(theano.function([X], out)(x), expected(x.astype('float64')), rtol=2e-5,
                               atol=1e-7)


def test_every_nonlinearity_of_lasagne_has_its_name():
    theirs = lasagne.nonlinearities
    public = [name for name, thing in vars(theirs).items() if callable(thing) and not name.startswith('_')]
    assert len(public) > 8
    for name in public:
        found = nonlinearity(name)
        assert found is getattr(theirs, name) or type(found) is getattr(theirs, name)


def test_options_of_nonlinearities(fast_compile):
    x = np.array([[-1, 2]], dtype=FLOAT)
    for name, options, expected in (('LeakyRectify', {'leakiness': .5}, [-.5, 2]),
                                    ('SELU', {'scale': 2, 'scale_neg': 3}, [6 * np.expm1(-1), 4]),
                                    ('ScaledTanH', {'scale_in': .5, 'scale_out': 3},
                                     [-3 * np.tanh(.5), 3 * np.tanh(1)])):
        X = T.matrix()
        out = activation(X, X, (None, 2), name, **options)[0]
        np.testing.assert_allclose(theano.function([X], out)(x)[0], expected, rtol=1e-6)


@pytest.mark.parametrize('ours', [blocks.nonlinearities.elu, blocks.nonlinearities.SELU()])
def test_slopes_of_what_lasagne_lacks_do_not_overflow(ours, fast_compile):
    X = T.vector()
    slope = theano.function([X], T.grad(ours(X).sum(), X))(np.array([-1, 1000, 2], dtype=FLOAT))
    np.testing.assert_allclose(slope, [np.exp(-1), 1, 1], rtol=1e-6)


# --- chains

def test_a_chain_has_all_that_its_calls_give():
    X = T.tensor4('X')
    net = input_block(SHAPE, X) | convolutional(32, (3, 3)) | activation('relu')
    out, out_test, params, output_shape = net
    assert (out, out_test, output_shape) == (net.out, net.out_test, net.output_shape)
    assert params == net.params == get_all_params(net.layer) and output_shape == (None, 32, 6, 6)
    assert layer_of(out) is net.layer and net.inputs == [X]
    assert isinstance(net, blocks.Block) and isinstance(activation('relu'), blocks.Block)


def test_a_chain_reads():
    net = input_block(SHAPE) | convolutional(32, (3, 3), pad='same') | activation(T.sqr) | linear(2)
    text = repr(net)
    assert text.startswith("<Block input_block((None, 1, 8, 8)) | convolutional(32, (3, 3), pad='same') | ")
    assert text.endswith(' | linear(2)>')
    assert repr(linear(3, W=np.zeros((1000, 3)))).count('\n') == 0 and len(repr(linear(3, W=np.eye(90)))) < 80


def test_a_recipe_used_twice_has_parameters_of_its_own_each_time():
    layer = linear(3)
    net = input_block((None, 3)) | layer | layer
    assert len(net.params) == 4 and len(set(net.params)) == 4
    assert not np.array_equal(net.params[0].get_value(), net.params[2].get_value())


def test_a_network_chained_twice_is_shared():
    net = input_block((None, 3)) | linear(5)
    first, second = net | linear(2), net | linear(4)
    assert len(net.params) == 2 and set(first.params) & set(second.params) == set(net.params)
    assert first.out is not second.out and net.output_shape == (None, 5)


def test_chains_without_an_input_are_put_together_first():
    tail = linear(3) | (activation('relu') | linear(2))
    net = input_block((None, 4)) | tail
    assert net.output_shape == (None, 2) and len(net.params) == 4
    X = T.matrix()
    out, out_test, params, shape = tail(X, X, (None, 4))
    assert shape == (None, 2) and len(params) == 4 and not set(params) & set(net.params)
    assert tail(X, (None, 4))[3] == (None, 2)


def test_going_on_from_layers(fast_compile, rng):
    trunk = DropoutLayer(DenseLayer(InputLayer((None, 3)), 4))
    net = input_block(trunk) | linear(2)
    assert len(net.params) == 4 and net.inputs == [get_all_layers(trunk)[0].input_var]
    assert streams(net.out) and not streams(net.out_test)
    out, out_test, params, shape = input_block(trunk)
    assert len(params) == 2 and linear(out, out_test, shape, 1)[3] == (None, 1)


def test_two_graphs_of_a_chain():
    X, X_test = T.matrix(), T.matrix()
    net = input_block((None, 3), X, X_test) | dropout() | linear(2)
    assert X in theano.gof.graph.inputs([net.out]) and X_test not in theano.gof.graph.inputs([net.out])
    read = theano.gof.graph.inputs([net.out_test])
    assert X_test in read and X not in read


# --- what is refused

@pytest.mark.parametrize('call, kind, message', [
    (lambda X: convolutional(X, X, (1, 8, 8), 4, 3), ValueError, r'3 dimensions, \(1, 8, 8\), but X has 4'),
    (lambda X: convolutional(X, T.matrix(), SHAPE, 4, 3), ValueError, 'but X_test has 2'),
    (lambda X: convolutional(X, X, (None, 1, 8., 8), 4, 3), TypeError, 'divide sizes with //'),
    (lambda X: convolutional(X, X, 8, 4, 3), TypeError, 'input_shape must be a tuple .* got 8'),
    (lambda X: convolutional(X, 32, (3, 3)), TypeError, 'input_shape must be a tuple .* got 32'),
    (lambda X: maxpool(X, (2, 2)), ValueError, r'2 dimensions, \(2, 2\), but X has 4'),
    (lambda X: convolutional(X, X, (None, 0, 8, 8), 4, 3), ValueError, 'positive sizes'),
    (lambda X: convolutional(X, X, (None, True, 8, 8), 4, 3), TypeError, 'whole numbers'),
    (lambda X: convolutional(X), TypeError, 'input_shape is missing'),
    (lambda X: convolutional(X, X), TypeError, 'input_shape is missing'),
    (lambda X: convolutional(X, X, SHAPE, 4), TypeError, "missing a required argument: 'filter_size'"),
    (lambda X: convolutional(X, X, SHAPE, 4, 3, padd=1), TypeError, "did you mean 'pad'"),
    (lambda X: convolutional(X_test=X, input_shape=SHAPE, num_filters=3), TypeError, 'X is missing'),
    (lambda X: convolutional(np.zeros((1, 1, 8, 8)), SHAPE, 4, 3), TypeError, 'got ndarray; values are for'),
    (lambda X: convolutional(InputLayer(SHAPE), SHAPE, 4, 3), TypeError, r'input_block\(layer\)'),
    (lambda X: convolutional(X, X_test=3, input_shape=SHAPE, num_filters=3, filter_size=3), TypeError,
     'X_test must be a symbolic tensor'),
    (lambda X: convolutional(X, X, SHAPE, 0, 3), ValueError, 'num_filters must be at least 1, got 0'),
    (lambda X: convolutional(X, X, SHAPE, 4., 3), TypeError, 'num_filters must be a whole number, got 4.0'),
    (lambda X: convolutional(X, X, SHAPE, 4, (3, 3, 3)), ValueError, 'filter_size .* hold 2'),
    (lambda X: convolutional(X, X, SHAPE, 4, '3'), TypeError, 'filter_size must be a whole number'),
    (lambda X: convolutional(X, X, SHAPE, 4, 3, stride=0), ValueError, 'stride must not be less than 1'),
    (lambda X: convolutional(X, X, SHAPE, 4, 3, pad='Same'), ValueError, "did you mean 'same'"),
    (lambda X: convolutional(X, X, SHAPE, 4, 3, pad=-1), ValueError, 'pad must not be less than 0'),
    (lambda X: convolutional(X, X, SHAPE, 4, 2, pad='same'), ValueError, 'odd filter sizes'),
    (lambda X: convolutional(X, X, SHAPE, 4, 9), ValueError, r'would give one of shape \(None, 4, 0, 0\)'),
    (lambda X: convolutional(X, X, (None, None, 8, 8), 4, 3), ValueError, 'number of channels must be known'),
    (lambda X: convolutional(X, X, SHAPE, 4, 3, W=np.zeros((2, 2))), ValueError, 'convolutional: with an'),
    (lambda X: convolutional(T.matrix(), (None, 8), 4, 3), ValueError, 'must be images'),
    (lambda X: maxpool(X, X, SHAPE, 0), ValueError, 'pool_size must not be less than 1'),
    (lambda X: maxpool(X, X, SHAPE, 9), ValueError, 'sizes must be positive'),
    (lambda X: maxpool(X, X, SHAPE, 2, pad=2), ValueError, 'pad must be smaller than pool_size'),
    (lambda X: maxpool(X, X, SHAPE, (2,)), ValueError, 'pool_size .* hold 2'),
    (lambda X: linear(X, X, SHAPE, -1), ValueError, 'num_units must be at least 1'),
    (lambda X: linear(X, X, (None, 1, None, 8), 3), ValueError, 'must be known'),
    (lambda X: linear(X, X, SHAPE, 3, num_leading_axes=4), ValueError, 'sizes after the first 4'),
    (lambda X: linear(T.vector(), (None,), 3), ValueError, 'sizes after the first 1'),
    (lambda X: activation(X, X, SHAPE, 'relo'), ValueError, "no nonlinearity 'relo'; .* did you mean 'relu'"),
    (lambda X: activation(X, X, SHAPE, 'Tanh'), ValueError, "did you mean 'tanh'"),
    (lambda X: activation(X, X, SHAPE, 3), TypeError, 'name or a function of a variable, got 3'),
    (lambda X: activation(X, X, SHAPE, 'relu', leakiness=1), TypeError, "'relu' has no options, got leak"),
    (lambda X: activation(X, X, SHAPE, 'LeakyRectify', slope=1), TypeError, 'slope'),
    (lambda X: activation(X, X, SHAPE, T.tanh, slope=1), TypeError, 'options need a name'),
    (lambda X: activation(X, X, SHAPE, 'softmax'), ValueError, r"'softmax' takes \(batch, units\)"),
    (lambda X: activation(X, X, SHAPE, lambda x: x.sum()), ValueError, 'expected an output with the 4 dim'),
    (lambda X: activation(X, X, SHAPE, lambda x: 3), ValueError, 'expected an output .* got 3'),
    (lambda X: activation(X, X, SHAPE, lambda x: x.nothing), ValueError, 'activation: .*nothing'),
    (lambda X: dropout(X, X, SHAPE, 1), ValueError, 'less than 1, got 1'),
    (lambda X: dropout(X, X, SHAPE, -.1), ValueError, 'at least 0'),
    (lambda X: dropout(X, X, SHAPE, float('nan')), ValueError, 'got nan'),
    (lambda X: dropout(X, X, SHAPE, '.5'), TypeError, 'p must be a probability'),
    (lambda X: dropout(X, X, SHAPE, T.vector()), TypeError, 'p must be a scalar'),
    (lambda X: flatten(X, X, SHAPE, 6), ValueError, 'sizes after the first 5'),
    (lambda X: flatten(X, X, (None, 1, None, 8)), ValueError, 'must be known'),
    (lambda X: recurrent(X, X, SHAPE, 3, 'lsmt'), ValueError, "did you mean 'lstm'"),
    (lambda X: recurrent(T.matrix(), (None, 3), 3), ValueError, r'\(batch, steps, features\)'),
    (lambda X: recurrent(T.tensor3(), (None, 3, None), 3), ValueError, 'features known'),
    (lambda X: recurrent(T.tensor3(), (None, 3, 2), 3, nonlinearity='tanhh'), ValueError, "mean 'tanh'"),
    (lambda X: recurrent(T.tensor3(), (None, 3, 2), 3, 'gru', nonlinearity=abs), TypeError, 'in its gates'),
    (lambda X: recurrent(T.tensor3(), (None, 3, 2), 3, grad_clip=1), TypeError, "did you mean 'grad_cl"),
    (lambda X: recurrent(T.tensor3(), (None, 3, 2), 3, mask=3), TypeError, 'mask must be a symbolic tensor'),
    (lambda X: recurrent(T.tensor3(), (None, 3, 2), 3, mask=T.vector()), ValueError, 'recurrent: mask: '),
    (lambda X: custom(X, X, SHAPE, 3), TypeError, 'a function that makes a layer'),
    (lambda X: custom(X, X, SHAPE, InputLayer(SHAPE)), TypeError, 'a function that makes a layer'),
    (lambda X: custom(X, X, SHAPE, lambda layer: None), TypeError, 'expected a Lasagne layer'),
    (lambda X: custom(X, X, SHAPE, lambda layer: InputLayer(SHAPE)), ValueError, 'does not come from'),
    (lambda X: input_block(3), TypeError, 'shape must be a tuple'),
    (lambda X: input_block((None, 3), X), ValueError, 'input_shape has 2 dimensions'),
    (lambda X: input_block((None, 3), X_test=T.matrix()), TypeError, 'but not X'),
    (lambda X: input_block(InputLayer(SHAPE), X), TypeError, 'a layer comes with its own input'),
    (lambda X: layer_of(X), ValueError, 'layer_of: no block'),
    (lambda X: layer_of(3), TypeError, 'layer_of: variable must be'),
    (lambda X: layer_of(input_block(SHAPE) | flatten()), TypeError, 'got Block; .* its attribute `layer`'),
    (lambda X: linear(T.col(), (None, 3), 2), ValueError, 'axis 1 of X has the fixed size 1'),
    (lambda X: linear(3) | 3, TypeError, 'unsupported operand'),
    (lambda X: linear(3) | flatten, TypeError, r'must be called before it is chained: flatten\(...\)'),
    (lambda X: linear(3) | input_block((None, 3)), ValueError, 'must not have an input of its own'),
    (lambda X: linear(3).out, ValueError, r'no input yet; write input_block\(shape\) \|'),
    (lambda X: tuple(linear(3)), ValueError, 'no input yet'),
    (lambda X: input_block((None, 3))(X, X, SHAPE), TypeError, 'has an input already'),
    (lambda X: linear(3)(X, X, SHAPE, 4), TypeError, 'linear: expected X'),
    (lambda X: (linear(3) | flatten())(), TypeError, 'Block: expected X')])
def test_refused(call, kind, message, X):
    with pytest.raises(kind, match=message):
        call(X)


def test_messages_name_the_position_in_the_chain(X):
    with pytest.raises(ValueError, match='^block 3 of the chain, maxpool: an input of shape'):
        input_block(SHAPE) | convolutional(4, 3) | maxpool(9)
    with pytest.raises(ValueError, match='^block 4 of the chain, linear: '):
        input_block((None, None, 8, 8)) | (maxpool(2) | activation('relu') | linear(3))
    with pytest.raises(ValueError, match='^block 2 of the chain, maxpool: '):
        (activation('relu') | maxpool(9))(X, X, SHAPE)
    with pytest.raises(ValueError, match='^maxpool: '):
        maxpool(X, X, SHAPE, 9)


def test_wrong_shapes_of_what_blocks_have_made(X):
    out, out_test, _, shape = convolutional(X, X, SHAPE, 4, 3)
    message = r'got input_shape {}, but X comes from a Conv2DLayer of shape \(None, 4, 6, 6\)'
    for wrong, text in (((None, 4, 8, 8), r'\(None, 4, 8, 8\)'), ((7, 4, 6, 6), r'\(7, 4, 6, 6\)')):
        with pytest.raises(ValueError, match='maxpool: ' + message.format(text)):
            maxpool(out, out_test, wrong, 2)
        with pytest.raises(ValueError, match='maxpool: '):
            maxpool(out, wrong, 2)
    assert maxpool(out, (None, None, 6, None), 2)[3] == (None, 4, 3, 3)       # says less, but nothing wrong


def test_variables_that_are_no_pair(X):
    out, out_test, _, shape = dropout(X, X, SHAPE)
    conv, conv_test, _, conv_shape = convolutional(out, out_test, shape, 1, 3, pad='same')
    other, other_test, _, _ = convolutional(out, out_test, shape, 1, 3, pad='same')
    for train, test in ((conv, other_test), (conv, conv), (conv_test, conv), (conv_test, conv_test),
                        (conv, X), (X, conv_test), (conv, out)):
        with pytest.raises(ValueError, match='X and X_test must be the out and the out_test of one call'):
            maxpool(train, test, conv_shape, 2)


# --- the example

@pytest.fixture
def example():
    """examples/blocks.py as a module, without running it."""
    pytest.importorskip('sklearn')
    path = os.path.join(os.path.dirname(__file__), os.pardir, os.pardir, 'examples', 'blocks.py')
    spec = importlib.util.spec_from_file_location('example_blocks', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_example_learns(example, in_python, capsys):
    losses = example.main(epochs=3, training_digits=64, test_digits=16)
    out = capsys.readouterr().out
    assert losses[2] < losses[0] and out.count('test error') == 3
    assert '10,858 parameters' in out and '| maxpool((2, 2))\n  | dropout(0.3)' in out


def test_the_examples_chain_is_its_network(example):
    output, output_test, parameters = example.network(T.tensor4('X'), (None, 1, 8, 8))
    net = example.chain((None, 1, 8, 8))
    assert [p.get_value().shape for p in net.params] == [p.get_value().shape for p in parameters]
    assert [type(layer) for layer in get_all_layers(net.layer)] == [
        type(layer) for layer in get_all_layers(layer_of(output))]
    assert streams(output) and not streams(output_test)
