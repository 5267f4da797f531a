"""Every layer's value, without touching the network's numbers."""
import json
import tracemalloc
from collections import OrderedDict

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import (ConcatLayer, DenseLayer, DropoutLayer, EmbeddingLayer, InputLayer,
                            NonlinearityLayer, get_output)

from lasagne_ext.debug import PrintLayer, describe, probe, probe_statistics
from lasagne_ext.debug.statistics import RunningStatistics

FLOAT = theano.config.floatX


def network():
    source = InputLayer((None, 4), name='in')
    hidden = DenseLayer(source, 5, name='hidden')
    return NonlinearityLayer(DropoutLayer(hidden, name='dropped'), T.tanh, name='out')


@pytest.mark.usefixtures('nothing_compiled')
def test_values_of_every_layer(rng):
    net = network()
    x = rng.randn(3, 4).astype(FLOAT)
    values = probe(net, x)
    assert list(values) == ['in', 'hidden', 'dropped', 'out'] and len(values) == 4
    source, hidden = lasagne.layers.get_all_layers(net)[:2]
    expected = np.maximum(0, x @ hidden.W.get_value() + hidden.b.get_value())
    np.testing.assert_array_equal(values['in'], x)
    np.testing.assert_allclose(values['hidden'], expected, rtol=1e-5)
    np.testing.assert_array_equal(values['dropped'], values['hidden'])
    np.testing.assert_allclose(values['out'], np.tanh(expected), rtol=1e-5)


@pytest.mark.usefixtures('nothing_compiled')
def test_dropout_is_on_when_asked():
    dropped = DropoutLayer(InputLayer((None, 4), name='in'), name='dropped')
    values = probe(dropped, np.ones((50, 4)), deterministic=False)
    assert set(np.unique(values['dropped'])) == {0, 2}


def test_numbers_do_not_change(rng):
    """Bit for bit the numbers of the plain function, in the mode that people run."""
    source = InputLayer((None, 1, 12, 12), name='in')
    layer = lasagne.layers.Conv2DLayer(source, 4, 3)
    layer = lasagne.layers.MaxPool2DLayer(layer, 2)
    net = DenseLayer(layer, 10, nonlinearity=lasagne.nonlinearities.softmax, name='out')
    x = rng.randn(5, 1, 12, 12).astype(FLOAT)
    plain = theano.function([source.input_var], get_output(net, deterministic=True))(x)
    assert probe(net, x)['out'].tobytes() == plain.tobytes()


def test_numbers_do_not_change_where_operations_fuse(rng):
    """A product and a sum in one compiled loop must round as they do in two."""
    source = InputLayer((None, 50), T.fmatrix())
    layer = source
    for _ in range(3):
        scale, shift = (T.constant(rng.randn(1, 50).astype('float32')) for _ in range(2))
        layer = NonlinearityLayer(layer, lambda x, scale=scale: x * scale)
        layer = NonlinearityLayer(layer, lambda x, shift=shift: x + shift)
        layer = NonlinearityLayer(layer, T.tanh)
    layer.name = 'out'
    x = rng.randn(200, 50).astype('float32')
    plain = theano.function([source.input_var], get_output(layer))(x)
    assert probe(layer, x)['out'].tobytes() == plain.tobytes()


@pytest.mark.filterwarnings('ignore::lasagne_ext.debug.printing.PrintWarning')
def test_a_probed_network_is_not_altered():
    """The loss that Theano keeps from overflowing stays so after a probe, unlike behind a print."""
    source = InputLayer((None, 2), name='in')
    net = NonlinearityLayer(source, T.nnet.softmax, name='out')
    x = np.array([[-1000, 0], [-1000, 0]], dtype=FLOAT)

    def loss(layer):
        cost = lasagne.objectives.categorical_crossentropy(get_output(layer), np.array([0, 0])).mean()
        return float(theano.function([source.input_var], cost)(x))

    assert probe(net, x)['out'].tolist() == [[0, 1], [0, 1]]
    assert loss(net) == 1000
    assert loss(PrintLayer(net)) == np.inf


@pytest.mark.usefixtures('nothing_compiled')
def test_several_inputs_by_layer_and_by_name(rng):
    left, right = InputLayer((None, 2), name='left'), InputLayer((None, 3))
    net = ConcatLayer([left, right], name='both')
    a, b = rng.randn(2, 2), rng.randn(2, 3)
    for inputs in ({left: a, right: b}, {'left': a, 'input1': b}):
        np.testing.assert_allclose(probe(net, inputs)['both'], np.hstack([a, b]), rtol=1e-6)


@pytest.mark.usefixtures('nothing_compiled')
def test_inputs_that_are_no_free_variables(rng):
    shared = theano.shared(np.zeros((2, 3)))
    common = T.dmatrix()
    for left, right in ((shared, T.constant(np.zeros((2, 3)))), (common, common),
                        (common * 2, common + 1)):
        inputs = [InputLayer((None, 3), left, name='left'), InputLayer((None, 3), right, name='right')]
        a, b = rng.randn(2, 3), rng.randn(2, 3)
        values = probe(ConcatLayer(inputs, name='both'), {'left': a, 'right': b})
        np.testing.assert_array_equal(values['both'], np.hstack([a, b]))


@pytest.mark.usefixtures('nothing_compiled')
def test_probing_leaves_the_network_alone():
    """What a layer updates whenever it runs, such as averages, stays."""
    class Counting(lasagne.layers.Layer):
        runs = theano.shared(0.)

        def get_output_for(self, input, **kwargs):
            self.runs.default_update = self.runs + 1
            return input + 0 * self.runs

    layer = Counting(InputLayer((None, 2), name='in'), name='counting')
    probe(layer, np.ones((1, 2)), deterministic=False)
    assert layer.runs.get_value() == 0


@pytest.mark.usefixtures('nothing_compiled')
def test_integer_input():
    net = EmbeddingLayer(InputLayer((None, 2), T.imatrix(), name='in'), 5, 3, name='words')
    assert probe(net, np.array([[0, 4]]))['words'].shape == (1, 2, 3)


@pytest.mark.usefixtures('nothing_compiled')
def test_table(golden):
    net = NonlinearityLayer(InputLayer((None, 3), name='in'), T.abs_, name='<size>')
    values = probe(net, np.array([[-1., 0, np.nan]]))
    assert repr(values) == '<Probe of in, <size>>'
    assert [line.split()[0] for line in str(values).splitlines()] == ['in', '<size>']
    assert '1 zero, 1 NaN' in str(values)
    assert '&lt;size&gt;' in values._repr_html_()
    assert isinstance(values.to_dict(), dict) and not isinstance(values.to_dict(), OrderedDict)


@pytest.mark.usefixtures('nothing_compiled')
def test_unknown_name_lists_the_known():
    with pytest.raises(KeyError, match='no layer is called .*hiden.*; there are: in, hidden'):
        probe(network(), np.ones((1, 4)))['hiden']


@pytest.mark.parametrize('inputs, error, message', [
    (np.ones(4), ValueError, r"the input layer 'in' takes 2 dimensions \(None, 4\), got an array of "
                             r'shape \(4,\)'),
    ({'image': np.ones((1, 4))}, ValueError, "no value was given for the input layer 'in'"),
    ({'in': np.ones((1, 4)), 'mask': 1}, ValueError, "'mask' is no input layer of this network; its "
                                                     'input layers are in'),
    (np.ones((1, 4), complex), TypeError, "the input layer 'in' takes float.., got complex128"),
    (np.array([['a'] * 4]), TypeError, 'cast it first')])
def test_bad_inputs(inputs, error, message):
    with pytest.raises(error, match='probe: .*' + message):
        probe(network(), inputs)


def test_one_array_for_two_inputs_is_refused():
    net = ConcatLayer([InputLayer((None, 2), name='left'), InputLayer((None, 3), name='right')])
    with pytest.raises(ValueError, match=r'2 input layers \(left, right\); give inputs as a dict'):
        probe(net, np.ones((1, 2)))


def test_network_without_input_layer():
    with pytest.raises(ValueError, match='the network has no input layer; put an InputLayer where'):
        probe(DenseLayer((None, 3), 2), np.ones((1, 3)))


def test_whole_numbers_that_do_not_fit():
    net = EmbeddingLayer(InputLayer((None, 1), T.imatrix(), name='in'), 5, 3)
    with pytest.raises(ValueError, match="'in' takes int32, which cannot hold all of the values"):
        probe(net, np.array([[2 ** 32 + 1]]))


@pytest.mark.usefixtures('nothing_compiled')
def test_size_that_was_declared_as_one():
    source = InputLayer((1, 2), T.TensorType('float64', (True, False))(), name='in')
    with pytest.raises(ValueError, match=r"'in' was declared with shape \(1, 2\)"):
        probe(source, np.ones((3, 2)))


def test_layer_that_gives_no_value():
    class Nothing(lasagne.layers.Layer):
        def get_output_for(self, input, **kwargs):
            return [input, None]

    with pytest.raises(TypeError, match="the layer 'nothing' gives no symbolic value but"):
        probe(Nothing(InputLayer((None, 2)), name='nothing'), np.ones((1, 2)))


def test_several_outputs_of_one_layer(nothing_compiled):
    class Pair(lasagne.layers.Layer):
        def get_output_for(self, input, **kwargs):
            return input + 1, 2 * input

        def get_output_shape_for(self, input_shape):
            return input_shape, input_shape

    values = probe(Pair(InputLayer((None, 2), name='in'), name='pair'), np.ones((1, 2)), gradients=True)
    assert [part.tolist() for part in values['pair']] == [[[2, 2]], [[2, 2]]]
    assert [part.tolist() for part in values.gradients['pair']] == [[[2, 2]], [[2, 2]]]
    assert values.gradients['in'].tolist() == [[6, 6]]
    assert 'pair[1]' in str(values) and 'd loss / d pair[1]' in str(values)


def test_gradients(rng, nothing_compiled):
    net = network()
    source, hidden = lasagne.layers.get_all_layers(net)[:2]
    x = rng.randn(3, 4).astype(FLOAT)
    values = probe(net, x, gradients=True, loss=lambda y: (3 * y).sum())
    slope = 3 * (1 - values['out'] ** 2)
    np.testing.assert_array_equal(values.gradients['out'], np.full((3, 5), 3))
    np.testing.assert_allclose(values.gradients['dropped'], slope, rtol=1e-5)
    np.testing.assert_allclose(values.gradients['in'], slope * (values['hidden'] > 0)
                               @ hidden.W.get_value().T, rtol=1e-4, atol=1e-6)
    assert list(values.gradients) == list(values) and 'd loss / d in' in str(values)
    assert set(values.to_dict()) == {'values', 'gradients'}
    assert probe(net, x).gradients is None


def test_default_loss_is_half_the_sum_of_squares(nothing_compiled):
    values = probe(InputLayer((None, 2), name='in'), np.array([[3., -1.]]), gradients=True)
    assert values.gradients['in'].tolist() == [[3, -1]]


def test_no_gradient_where_the_loss_does_not_depend_on_a_layer(nothing_compiled):
    source = InputLayer((None, 2), T.imatrix(), name='in')
    used = EmbeddingLayer(source, 5, 3, name='words')
    unused = NonlinearityLayer(used, T.tanh, name='unused')
    values = probe([used, unused], np.array([[0, 4]]), gradients=True, loss=lambda a, b: a.sum())
    assert values.gradients['in'] is None and values.gradients['unused'] is None
    assert values.gradients['words'].tolist() == np.ones((1, 2, 3)).tolist()
    assert 'none' in str(values)


@pytest.mark.parametrize('gradients', [False, True])
def test_numbers_do_not_change_where_products_merge(gradients, rng):
    """BLAS adds a product to another one in one operation, which rounds otherwise than two."""
    source = InputLayer((None, 300), T.fmatrix(), name='in')
    with theano.configparser.change_flags(floatX='float32'):
        branches = [DenseLayer(source, 200, nonlinearity=None, b=None) for _ in range(2)]
        branches.append(DenseLayer(branches[0], 200, nonlinearity=None, b=None))
    net = lasagne.layers.ElemwiseSumLayer(branches, coeffs=[1, .3, .7], name='out')
    x = rng.randn(64, 300).astype('float32')
    plain = theano.function([source.input_var], get_output(net))(x)
    assert probe(net, x, gradients=gradients)['out'].tobytes() == plain.tobytes()


def test_gradients_do_not_change_the_saturated_softmax():
    source = InputLayer((None, 2), name='in')
    net = NonlinearityLayer(source, T.nnet.softmax, name='out')
    x = np.array([[-1000, 0], [-1000, 0]], dtype=FLOAT)

    def loss(y):
        return lasagne.objectives.categorical_crossentropy(y, np.array([0, 0])).mean()
    plain = theano.function([source.input_var], get_output(net))(x)
    values = probe(net, x, gradients=True, loss=loss)
    assert values['out'].tobytes() == plain.tobytes()
    np.testing.assert_allclose(values.gradients['in'], [[-.5, .5]] * 2)


@pytest.mark.usefixtures('nothing_compiled')
def test_chosen_layers():
    net = network()
    hidden = lasagne.layers.get_all_layers(net)[1]
    x = np.ones((1, 4))
    assert list(probe(net, x, only=['out', hidden])) == ['hidden', 'out']
    assert list(probe(net, x, only='dropped')) == ['dropped']
    assert list(probe(net, x, only=hidden, gradients=True).gradients) == ['hidden']


@pytest.mark.parametrize('only, error, message', [
    ('hiden', ValueError, "only: no layer is called 'hiden'; there are: in, hid.*; did you mean 'hidden'"),
    ([InputLayer((None, 1), name='other')], ValueError, "the layer 'other' does not belong to this"),
    ([], ValueError, 'only must name at least one layer'),
    (3, TypeError, 'only must hold layers or their names, got 3')])
def test_bad_choice(only, error, message):
    with pytest.raises(error, match='probe: .*' + message):
        probe(network(), np.ones((1, 4)), only=only)


def test_loss_without_gradients_is_refused():
    with pytest.raises(ValueError, match='probe: a loss was given, which only gradients=True needs'):
        probe(network(), np.ones((1, 4)), loss=lambda y: y.sum())


def test_arrays_are_never_overwritten(rng):
    """Nor do two of them, or one and the input, share memory."""
    net = network()
    x = rng.randn(3, 4).astype(FLOAT)
    first = probe(net, x, gradients=True)
    arrays = list(first.values()) + list(first.gradients.values())
    before = [array.copy() for array in arrays]
    probe(net, x + 1, gradients=True)
    assert all((old == array).all() for old, array in zip(before, arrays))
    assert not any(np.may_share_memory(a, b) for k, a in enumerate(arrays) for b in arrays[:k] + [x])


def test_training_built_later_draws_the_same_random_numbers(nothing_compiled):
    def masks(looked_at):
        lasagne.random.set_rng(np.random.RandomState(5))
        net = DropoutLayer(InputLayer((None, 30), name='in'))
        if looked_at:
            probe(net, np.ones((1, 30)), deterministic=False)
        function = theano.function([net.input_layer.input_var], get_output(net))
        return [function(np.ones((1, 30), FLOAT)).tolist() for _ in range(2)]
    assert masks(True) == masks(False)


def test_statistics_over_batches(rng, nothing_compiled):
    net, data = network(), [1e3 + rng.randn(size, 4) for size in (1, 7, 2)]
    report = probe_statistics(net, iter(data))
    assert report.batches == 3 and [row.name for row in report] == ['in', 'hidden', 'dropped', 'out']
    for name in ('in', 'hidden', 'out'):
        expected = describe(np.concatenate([probe(net, x)[name] for x in data]))
        row = report[name]
        assert (row.size, row.zeros, row.nans, row.infs, row.minimum, row.maximum) == (
            expected.size, expected.zeros, 0, 0, expected.minimum, expected.maximum)
        np.testing.assert_allclose([row.mean, row.std], [expected.mean, expected.std], rtol=1e-9)
    assert json.loads(json.dumps(report.to_dict()))['rows'][0]['size'] == 40
    assert '3 batches' in str(report) and '<td' in report._repr_html_()
    with pytest.raises(KeyError, match='did you mean .*hidden'):
        report['hiden']


@pytest.mark.parametrize('scale', [1e-320, 1e-160, 1., 1e160, 1e308])
def test_merged_statistics_are_those_of_one_array(scale, rng):
    values = np.concatenate([rng.randn(1000) + 5, [0, np.nan, np.inf, -np.inf]]) * (scale / 10)
    running = RunningStatistics()
    for part in np.array_split(values, 13):
        running.merge(RunningStatistics().add(part))
    expected = describe(values)
    assert (running.zeros, running.nans, running.infs) == (expected.zeros, expected.nans, expected.infs)
    np.testing.assert_allclose([running.mean, running.std], [expected.mean, expected.std],
                               rtol=1e-3 if scale < 1e-300 else 1e-10)


def test_statistics_use_the_memory_of_a_layer(fast_compile):
    layer = InputLayer((None, 16), name='in')
    for _ in range(12):
        layer = DenseLayer(layer, 16)
    x = np.ones((20000, 16), FLOAT)
    for looked_at in (lambda: probe_statistics(layer, [x]), lambda: probe(layer, x)):
        looked_at()
    peaks = []
    for looked_at in (lambda: probe_statistics(layer, [x]), lambda: probe(layer, x)):
        tracemalloc.start()
        looked_at()
        peaks.append(tracemalloc.get_traced_memory()[1] / x.nbytes)
        tracemalloc.stop()
    assert peaks[0] < 5 and peaks[1] > 12


@pytest.mark.parametrize('data, error, message', [
    (np.ones((2, 4)), TypeError, r'batches must be an iterable of inputs, such as \[x\]'),
    (3, TypeError, 'batches must be an iterable'), ([], ValueError, 'batches must hold at least one'),
    ([np.ones(4)], ValueError, "the input layer 'in' takes 2 dimensions")])
def test_bad_batches(data, error, message):
    with pytest.raises(error, match='probe_statistics: .*' + message):
        probe_statistics(network(), data)
