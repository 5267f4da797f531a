"""The first NaN or Inf of a network, with the layer, the operation and the cause."""
import sys

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import (ConcatLayer, DenseLayer, DropoutLayer, EmbeddingLayer, InputLayer,
                            NonlinearityLayer, RecurrentLayer)
from lasagne.objectives import categorical_crossentropy

from lasagne_ext.debug import LayerError, check_numerics

FLOAT = theano.config.floatX


@pytest.fixture
def source():
    return InputLayer((None, 4), name='in')


@pytest.fixture
def x(rng):
    return rng.rand(8, 4).astype(FLOAT)


def pointwise(incoming, function, name='point'):
    return NonlinearityLayer(incoming, function, name=name)


def mean(output):
    return output.mean()


def cost(targets):
    return lambda output: categorical_crossentropy(output, np.array(targets)).mean()


def first_line(report):
    return str(report).splitlines()[0]


@pytest.mark.parametrize('mode', ['FAST_RUN', 'FAST_COMPILE'])
def test_finite(source, x, monkeypatch, mode):
    monkeypatch.setattr(theano.compile.mode, 'instantiated_default_mode', None, raising=False)
    dense = DenseLayer(source, 3, name='fc', nonlinearity=T.nnet.softmax)
    with theano.configparser.change_flags(mode=mode):
        report = check_numerics(dense, x, loss=cost([0, 1] * 4))
    assert report.first is None and report.harmless == []
    assert first_line(report) == 'check_numerics: all values are finite, forward and backward'
    assert [row.name for row in report.rows] == ['in', 'fc']
    loss = cost([0, 1] * 4)(lasagne.layers.get_output(dense, x))
    gradients = theano.function([], theano.grad(loss, [dense.W, dense.b]), mode='FAST_COMPILE')()
    assert report.rows[1].backward == pytest.approx(max(abs(g).max() for g in gradients), rel=1e-4)
    assert report.rows[0].forward == pytest.approx(x.max()) and report.rows[0].backward is None


def test_logarithm_of_zero(source, x):
    dense = DenseLayer(source, 10, name='fc2')
    report = check_numerics(pointwise(dense, T.log, 'log'), x)
    line = first_line(report)
    zeros = int((np.maximum(0, x @ dense.W.get_value() + dense.b.get_value()) == 0).sum())
    assert line.startswith("check_numerics: the first bad value is Inf (%d of 80) in NonlinearityLayer "
                           "'log', forward, made by " % zeros)
    assert 'from input 0: (8, 10) %s, min 0 max' % FLOAT in line and '%d zero' % zeros in line
    assert 'likely cause: the logarithm of 0 (%d of 80 inputs)' % zeros in line
    first = report.first
    assert (first.kind, first.count, first.size) == ('Inf', zeros, 80)
    assert (first.layer, first.direction, first.step) == ('log', 'forward', None)
    assert first.output.infs == zeros and first.inputs[0][1].zeros == zeros
    assert report.rows[2].bad_forward == zeros and report.emphasis(report.rows[2]) == 'bad'


@pytest.mark.parametrize('function, kind, cause', [
    (lambda v: T.log(v - 2), 'NaN', 'the logarithm of a negative number (32 of 32 inputs are below 0)'),
    (lambda v: T.log1p(-2 - v), 'NaN', 'the logarithm of a negative number (32 of 32 inputs are below -1)'),
    (lambda v: v / (v - v[0]), 'Inf', 'a division by 0 (4 of 32 divisors are 0)'),
    (lambda v: T.sqrt(v - 2), 'NaN', 'the square root of a negative number (32 of 32 inputs'),
    (lambda v: T.exp(v * 1e4), 'Inf', 'overflows: %s holds no more than exp(' % FLOAT),
    (lambda v: (v - 2) ** (v + .5), 'NaN', 'a negative number to a fractional power (32 of 32)'),
    (lambda v: T.nnet.softmax(T.switch(v > 2, v, -np.inf)), 'NaN', 'a softmax of nothing but -Inf (8 of 8'),
    (lambda v: T.sqr(v * 1e200 if FLOAT == 'float64' else v * 1e30), 'Inf',
     'the largest %s, its inputs being as large as' % FLOAT)])
def test_causes(source, x, function, kind, cause):
    report = check_numerics(pointwise(source, function), x)
    assert (report.first.kind, report.first.layer) == (kind, 'point')
    assert cause in first_line(report)


def test_overflow_of_float32():
    single = InputLayer((None, 2), T.fmatrix(), name='in')
    report = check_numerics(pointwise(single, T.sqr), np.full((3, 2), 1e30, 'float32'))
    assert 'the result exceeds 3.4e+38, the largest float32' in report.first.cause


def test_saturated_softmax_is_no_fault(source, x):
    """Theano works this loss out without the probabilities; so must what looks at it."""
    scaled = pointwise(source, lambda v: v * 1e6, 'scaled')
    net = pointwise(scaled, T.nnet.softmax, 'softmax')
    report = check_numerics(net, x, loss=cost([0] * 8))
    assert report.first is None
    assert report.rows[2].bad_forward == report.rows[2].bad_backward == 0


def test_loss_of_ones_own_on_saturated_probabilities(source, x):
    net = pointwise(pointwise(source, lambda v: v * 1e6, 'scaled'), T.nnet.softmax, 'softmax')
    report = check_numerics(net, x, loss=lambda p: -T.log(abs(p)[:, 0]).mean())
    assert "in the loss, after NonlinearityLayer 'softmax', forward" in first_line(report)
    assert 'of the saturated probabilities of a softmax; use lasagne.objectives' in report.first.cause


@pytest.mark.parametrize('function, name', [(T.sqrt, 'root'), (lambda v: v.norm(2, axis=1), 'norm')])
def test_gradient_alone(source, x, function, name):
    """The root of 0 is 0, its gradient is not finite."""
    dead = DenseLayer(source, 3, b=lasagne.init.Constant(-100), name='dead')
    net = pointwise(dead, function, name)
    assert check_numerics(net, x).first is None
    report = check_numerics(net, x, loss=mean)
    assert report.first.direction == 'backward' and report.first.layer == name
    assert 'the gradient of a square root' in report.first.cause
    assert report.rows[1].bad_backward > 0 and report.rows[1].bad_forward == 0


def test_bad_parameter_is_named_first(source, x):
    dense = DenseLayer(source, 3, name='fc1')
    dense.W.set_value(np.full((4, 3), np.nan, FLOAT))
    report = check_numerics(DenseLayer(dense, 2, name='fc2'), x, loss=mean)
    assert first_line(report).startswith('check_numerics: the first bad value is NaN (12 of 12) in the '
                                         "parameter W of DenseLayer 'fc1'; likely cause:")
    assert 'the learning rate was too large' in report.first.cause
    assert report.first.direction == 'given' and report.first.op is None


def test_bad_input_is_named_first(source, x):
    x[3, 2] = np.inf
    report = check_numerics(DenseLayer(source, 3, name='fc1'), x)
    assert "Inf (1 of 32) in the value given for InputLayer 'in'" in first_line(report)
    assert 'the data hold it' in report.first.cause


@pytest.mark.parametrize('precompute', [True, False])
def test_exploding_recurrence(rng, precompute):
    steps = InputLayer((None, 400, 3), name='steps')
    net = RecurrentLayer(steps, 2, W_hid_to_hid=lasagne.init.Constant(1e3), b=None, nonlinearity=abs,
                         precompute_input=precompute, name='rnn')
    report = check_numerics(net, rng.rand(2, 400, 3))
    assert (report.first.layer, report.first.kind) == ('rnn', 'Inf')
    assert 0 < report.first.step < 200 and 'from step %d on' % report.first.step in first_line(report)
    assert 'values grow 2e+03 x per step: exploding' in report.first.cause
    value = theano.function([steps.input_var], lasagne.layers.get_output(net))(
        np.random.RandomState(1234).rand(2, 400, 3).astype(FLOAT))
    assert np.isfinite(value[:, report.first.step - 2]).all()
    assert not np.isfinite(value[:, report.first.step + 2]).all()


def test_unrolled_recurrence_tells_the_operation(rng):
    net = RecurrentLayer(InputLayer((None, 12, 3), name='steps'), 2, name='rnn', nonlinearity=abs,
                         W_hid_to_hid=lasagne.init.Constant(1e38), unroll_scan=True)
    report = check_numerics(net, rng.rand(2, 12, 3))
    assert (report.first.layer, report.first.step) == ('rnn', None)
    assert 'ot' in report.first.op and 'the result exceeds' in report.first.cause


def test_intended_infinities(source, x):
    mask = pointwise(source, lambda v: T.max(T.switch(v > .1, v, -np.inf), axis=1), 'masked')
    report = check_numerics(mask, np.maximum(x, .2), loss=mean)
    assert report.first is None and report.harmless == []


def test_infinity_that_reaches_nothing(source, x):
    net = pointwise(source, lambda v: T.minimum(1, T.exp(v * 1e4 + 1e3)), 'capped')
    report = check_numerics(net, x)
    assert report.first is None and [bad.layer for bad in report.harmless] == ['capped']
    assert str(report).splitlines()[-1].startswith('Harmless, for it reaches no layer\'s output: Inf (32 of')


def test_raise(source, x):
    with pytest.raises(FloatingPointError, match="NaN .32 of 32. in NonlinearityLayer 'point'"):
        check_numerics(pointwise(source, lambda v: T.log(v - 2)), x, action='raise')
    assert check_numerics(source, x, action='raise').first is None


def test_debugger_is_started_at_the_place(source, x, monkeypatch):
    scenes = []
    monkeypatch.setattr(sys, 'breakpointhook', lambda: scenes.append(dict(sys._getframe(1).f_locals)))
    check_numerics(pointwise(source, T.tanh), x, action='debug')
    assert scenes == []
    check_numerics(pointwise(source, lambda v: T.log(v - 2)), x, action='debug')
    scene, = scenes
    assert 'og' in str(scene['node'].op) and np.isnan(scene['outputs'][0]).all()
    np.testing.assert_allclose(scene['inputs'][0], x - 2, rtol=1e-5)


def test_dropout_is_on_as_in_training(source):
    net = pointwise(DropoutLayer(source), T.log, 'log')
    assert check_numerics(net, np.ones((9, 4))).first.layer == 'log'
    assert check_numerics(net, np.ones((9, 4)), deterministic=True).first is None


def test_averages_are_left_alone(source, x):
    if not hasattr(lasagne.layers, 'BatchNormLayer'):
        pytest.skip('this Lasagne has no BatchNormLayer')
    layer = lasagne.layers.BatchNormLayer(source, name='bn')
    before = layer.mean.get_value()
    assert check_numerics(layer, x, loss=mean).first is None
    np.testing.assert_array_equal(layer.mean.get_value(), before)


def test_convolutions(rng):
    image = InputLayer((None, 1, 8, 8), name='image')
    layer = lasagne.layers.MaxPool2DLayer(lasagne.layers.Conv2DLayer(image, 2, 3, name='conv'), 2)
    net = DenseLayer(layer, 3, nonlinearity=T.nnet.softmax, name='out')
    report = check_numerics(net, rng.randn(2, 1, 8, 8), loss=cost([0, 2]))
    assert report.first is None and report.rows[1].backward > 0


def test_tuple_of_outputs_integers_and_layers_without_names():
    class Two(lasagne.layers.Layer):
        def get_output_for(self, input, **kwargs):
            return input, T.log(input.astype(FLOAT))

        def get_output_shape_for(self, input_shape):
            return input_shape, input_shape

    words = InputLayer((None, 2), T.imatrix())
    report = check_numerics([Two(words), EmbeddingLayer(words, 5, 3)], np.array([[0, 4]]))
    assert (report.first.layer, report.first.where) == ('Two1', "Two 'Two1'")
    report.to_dict()


def test_several_inputs_and_outputs(source, x):
    other = InputLayer((None, 2), name='other')
    net = ConcatLayer([source, pointwise(other, T.log, 'log')], name='both')
    report = check_numerics([net, DenseLayer(net, 2, name='head')], {'in': x, other: np.zeros((8, 2))},
                            loss=lambda a, b: a.sum() + b.sum())
    assert report.first.layer == 'log'


def test_a_graph_that_fails_is_told_with_its_layer(source, x):
    wrong = NonlinearityLayer(source, lambda v: T.dot(v, np.ones((9, 2), FLOAT)), name='wrong')
    with pytest.raises(LayerError, match="NonlinearityLayer 'wrong'"):
        check_numerics(DenseLayer(wrong, 2, name='fc'), x)


def test_plain_values_and_html(source, x):
    report = check_numerics(pointwise(source, lambda v: T.log(v - 2), '<log>'), x)
    content = report.to_dict()
    assert content['first']['layer'] == '<log>' and content['first']['inputs'][0][1]['dtype'] == FLOAT
    assert [row['bad_forward'] for row in content['rows']] == [0, 32]
    assert '&lt;log&gt;' in report._repr_html_()


@pytest.mark.parametrize('keywords, error, message', [
    ({'action': 'stop'}, ValueError, "action must be one of 'return', 'raise', 'debug', got 'stop'"),
    ({'loss': 3}, TypeError, 'loss must be a function'),
    ({'loss': lambda y: y}, ValueError, 'loss must return a symbolic scalar'),
    ({'inputs': np.ones(4)}, ValueError, "the input layer 'in' takes 2 dimensions"),
    ({'layers': []}, ValueError, 'at least one layer'), ({'layers': 3}, TypeError, 'got 3')])
def test_bad_arguments(source, keywords, error, message):
    arguments = dict({'layers': source, 'inputs': np.ones((2, 4))}, **keywords)
    with pytest.raises(error, match='check_numerics: .*' + message):
        check_numerics(**arguments)
