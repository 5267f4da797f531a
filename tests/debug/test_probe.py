"""Every layer's value, without touching the network's numbers."""
from collections import OrderedDict

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import (ConcatLayer, DenseLayer, DropoutLayer, EmbeddingLayer, InputLayer,
                            NonlinearityLayer, get_output)

from lasagne_ext.debug import PrintLayer, probe

FLOAT = theano.config.floatX


def network():
    source = InputLayer((None, 4), name='in')
    hidden = DenseLayer(source, 5, name='hidden')
    return NonlinearityLayer(DropoutLayer(hidden, name='dropped'), T.tanh, name='out')


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


def test_several_inputs_by_layer_and_by_name(rng):
    left, right = InputLayer((None, 2), name='left'), InputLayer((None, 3))
    net = ConcatLayer([left, right], name='both')
    a, b = rng.randn(2, 2), rng.randn(2, 3)
    for inputs in ({left: a, right: b}, {'left': a, 'input1': b}):
        np.testing.assert_allclose(probe(net, inputs)['both'], np.hstack([a, b]), rtol=1e-6)


def test_inputs_that_are_no_free_variables(rng):
    shared = theano.shared(np.zeros((2, 3)))
    common = T.dmatrix()
    for left, right in ((shared, T.constant(np.zeros((2, 3)))), (common, common),
                        (common * 2, common + 1)):
        inputs = [InputLayer((None, 3), left, name='left'), InputLayer((None, 3), right, name='right')]
        a, b = rng.randn(2, 3), rng.randn(2, 3)
        values = probe(ConcatLayer(inputs, name='both'), {'left': a, 'right': b})
        np.testing.assert_array_equal(values['both'], np.hstack([a, b]))


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


def test_integer_input():
    net = EmbeddingLayer(InputLayer((None, 2), T.imatrix(), name='in'), 5, 3, name='words')
    assert probe(net, np.array([[0, 4]]))['words'].shape == (1, 2, 3)


def test_table(golden):
    net = NonlinearityLayer(InputLayer((None, 3), name='in'), T.abs_, name='<size>')
    values = probe(net, np.array([[-1., 0, np.nan]]))
    assert repr(values) == '<Probe of in, <size>>'
    assert [line.split()[0] for line in str(values).splitlines()] == ['in', '<size>']
    assert '1 zero, 1 NaN' in str(values)
    assert '&lt;size&gt;' in values._repr_html_()
    assert isinstance(values.to_dict(), dict) and not isinstance(values.to_dict(), OrderedDict)


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


def test_size_that_was_declared_as_one():
    source = InputLayer((1, 2), T.TensorType('float64', (True, False))(), name='in')
    with pytest.raises(ValueError, match=r"'in' was declared with shape \(1, 2\)"):
        probe(source, np.ones((3, 2)))


def test_layer_that_gives_no_value():
    class Pair(lasagne.layers.Layer):
        def get_output_for(self, input, **kwargs):
            return [input, input]

    with pytest.raises(TypeError, match="the layer 'pair' gives no symbolic value but"):
        probe(Pair(InputLayer((None, 2)), name='pair'), np.ones((1, 2)))
