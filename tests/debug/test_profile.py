"""Times of layers."""
import json
import time

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import (ConcatLayer, Conv2DLayer, DenseLayer, DropoutLayer, EmbeddingLayer, InputLayer,
                            NonlinearityLayer)

from lasagne_ext.debug import print_value, profile

pytestmark = pytest.mark.filterwarnings('ignore::lasagne_ext.debug.printing.PrintWarning')


def network():
    source = InputLayer((None, 8), name='in')
    hidden = DenseLayer(DropoutLayer(source, name='dropped'), 16, name='hidden')
    return DenseLayer(hidden, 3, nonlinearity=lasagne.nonlinearities.softmax, name='out')


def loss(y):
    return lasagne.objectives.categorical_crossentropy(y, np.array([0, 1])).mean()


@pytest.fixture
def report(fast_compile):
    return profile(network(), np.ones((2, 8)), loss=loss, repeats=4)


def test_rows(report):
    assert [(row.name, row.kind) for row in report] == [
        ('in', 'InputLayer'), ('dropped', 'DropoutLayer'), ('hidden', 'DenseLayer'), ('out', 'DenseLayer'),
        ('loss', ''), ('other', ''), ('overhead', '')]
    np.testing.assert_allclose(sum(row.share for row in report), 1)
    np.testing.assert_allclose(sum(row.milliseconds for row in report), report.milliseconds)
    assert report['hidden'].forward > 0 and report['hidden'].backward > 0 and report['loss'].forward > 0
    assert all(row.milliseconds == row.forward + row.backward for row in report)
    assert report['in'].milliseconds == 0 and report.unprofiled > 0 and report.repeats == 4


def test_nodes_make_up_their_row(report):
    for row in list(report)[:-1]:
        np.testing.assert_allclose(sum(node.milliseconds for node in row.nodes), row.milliseconds)
        np.testing.assert_allclose(sum(node.share for node in row.nodes), row.share)
    assert any('Dot' in node.operation or 'Gemm' in node.operation for node in report['hidden'].nodes)
    assert {node.direction for node in report['hidden'].nodes} == {'forward', 'backward'}
    times = [node.milliseconds for node in report['hidden'].nodes]
    assert times == sorted(times, reverse=True)


def test_presentation(report):
    text = str(report)
    assert text.splitlines()[0].split() == 'layer type forward ms backward ms ms share nodes'.split()
    assert 'ms a call' in text and 'ms without timing' in text and '<td' in report._repr_html_()
    nodes = report.nodes('hidden')
    assert str(nodes).startswith('hidden\n') and 'backward' in str(nodes) and '<td' in nodes._repr_html_()
    rows = json.loads(json.dumps(report.to_dict()))['rows']
    assert rows[2]['name'] == 'hidden' and rows[2]['nodes'][0]['operation']
    with pytest.raises(KeyError, match="did you mean 'hidden'"):
        report['hiden']


def test_forward_only(fast_compile):
    report = profile(network(), np.ones((2, 8)), repeats=1)
    assert [row.name for row in report] == ['in', 'dropped', 'hidden', 'out', 'other', 'overhead']
    assert all(row.backward == 0 for row in report)


def test_slow_layer_stands_out(fast_compile):
    """A layer that sleeps takes nearly all of the time."""
    slow = NonlinearityLayer(InputLayer((None, 8), name='in'), lambda x: print_value(
        x, 'x', sink=lambda name, value: time.sleep(.02)), name='slow')
    report = profile(DenseLayer(slow, 3, name='fast'), np.ones((2, 8)), repeats=2)
    assert report['slow'].share > .8 and report['slow'].milliseconds > 19 > report['fast'].milliseconds


def test_merged_nodes_are_shared_out():
    """Loops that are fused belong to both layers, half each."""
    layer = InputLayer((None, 8), name='in')
    layer = NonlinearityLayer(layer, T.exp, name='exp')
    layer = NonlinearityLayer(layer, T.tanh, name='tanh')
    report = profile(layer, np.ones((2, 8)), repeats=1)
    node, = report['exp'].nodes
    twin, = report['tanh'].nodes
    assert node.node is twin.node and node.milliseconds == twin.milliseconds
    assert node.shared_with == ['tanh'] and twin.shared_with == ['exp']
    assert '1*' in str(report) and 'made by several layers' in str(report)


def test_several_inputs_and_outputs(fast_compile, rng):
    class Pair(lasagne.layers.Layer):
        def get_output_for(self, input, **kwargs):
            return input + 1, 2 * input

    left, right = InputLayer((None, 2), name='left'), InputLayer((None, 3), name='right')
    outputs = [ConcatLayer([left, right], name='both'), Pair(left, name='pair')]
    inputs = {'left': rng.randn(4, 2), right: rng.randn(4, 3)}
    report = profile(outputs, inputs, lambda both, one, two: both.sum() + (one * two).sum(), repeats=1)
    assert report['both'].nodes and report['pair'].nodes


def test_layer_with_a_taken_name(fast_compile):
    net = DenseLayer(InputLayer((None, 8), name='other'), 3, name='loss')
    report = profile(net, np.ones((2, 8)), loss=lambda y: y.sum(), repeats=1)
    assert [row.name for row in report] == ['other', 'loss', 'loss#', 'other#', 'overhead']


def test_state_is_left_alone(fast_compile):
    class Counting(lasagne.layers.Layer):
        runs = theano.shared(0.)

        def get_output_for(self, input, **kwargs):
            self.runs.default_update = self.runs + 1
            return input + 0 * self.runs

    net = DenseLayer(Counting(InputLayer((None, 2))), 2)
    before = net.W.get_value()
    profile(net, np.ones((1, 2)), loss=lambda y: y.sum(), repeats=2)
    assert Counting.runs.get_value() == 0 and (net.W.get_value() == before).all()


def test_convolution_dominates():
    source = InputLayer((None, 1, 16, 16), name='in')
    conv = Conv2DLayer(Conv2DLayer(source, 4, 3, name='conv1'), 32, 5, name='conv2')
    report = profile(DenseLayer(conv, 2, name='out'), np.ones((32, 1, 16, 16)), repeats=5)
    assert max(report, key=lambda row: row.share).name == 'conv2'


@pytest.mark.parametrize('repeats, error, message', [
    (0, ValueError, 'at least 1, got 0'), (-1, ValueError, 'at least 1, got -1'),
    (1.5, TypeError, 'a whole number, got 1.5'), (True, TypeError, 'a whole number, got True'),
    (None, TypeError, 'a whole number, got None')])
def test_bad_repeats(repeats, error, message):
    with pytest.raises(error, match='profile: repeats must be ' + message):
        profile(network(), np.ones((1, 8)), repeats=repeats)


@pytest.mark.parametrize('layers, inputs, options, error, message', [
    ([], None, {}, ValueError, 'at least one layer'), (3, None, {}, TypeError, 'layers must be a Lasagne'),
    (network(), np.ones(8), {}, ValueError, 'takes 2 dimensions'),
    (network(), np.ones((1, 8)), {'loss': 3}, TypeError, 'loss must be a function'),
    (network(), np.ones((1, 8)), {'loss': lambda y: y}, ValueError, 'loss must return a symbolic scalar'),
    (InputLayer((None, 2), T.imatrix()), np.ones((1, 2), int), {'loss': lambda y: y.sum()}, ValueError,
     'no backward pass to measure')])
def test_refused(layers, inputs, options, error, message):
    with pytest.raises(error, match='^profile: .*' + message):
        profile(layers, inputs, **options)


def test_mode_that_cannot_be_timed():
    with theano.configparser.change_flags(mode='DebugMode'):
        with pytest.raises(ValueError, match='profile: the nodes of functions of the mode DebugMode'):
            profile(EmbeddingLayer(InputLayer((None, 1), T.imatrix()), 2, 2), np.ones((1, 1), int))
