"""What is known of layers, and of those of one's own that join."""
import lasagne
import numpy as np
import pytest
from lasagne.layers import (ConcatLayer, Conv2DLayer, DenseLayer, DropoutLayer, FlattenLayer, InputLayer,
                            LSTMLayer, MaxPool2DLayer, NonlinearityLayer)

from lasagne_ext.debug import PrintLayer, draw, explain, summary
from lasagne_ext.layers import TransformerLayer, localization
from lasagne_ext.network import register_layer
from lasagne_ext.network.registry import COLOURS, family_of


@pytest.fixture
def gain():
    """A layer class of one's own, new for each test, and a network that ends with it."""
    class GainLayer(lasagne.layers.Layer):
        """Multiply each channel."""

        def get_output_for(self, input, **kwargs):
            return 2 * input

    return GainLayer, GainLayer(InputLayer((None, 3, 4), name='in'), name='gain')


def test_two_lines_and_every_tool_knows_the_layer(gain):
    GainLayer, net = gain
    assert '?' in str(summary(net)) and 'at least' in str(summary(net))

    register_layer(GainLayer, multiply_adds=lambda layer, inputs, shape, deterministic: shape[1] * shape[2],
                   phrase='multiplies each channel', family='normalisation')

    assert summary(net).rows[-1].multiply_adds == 12 and summary(net).multiply_adds_known
    assert '?' not in str(summary(net))
    assert "'in', multiplies each channel, and gives (None, 3, 4)" in ' '.join(str(explain(net)).split())
    assert [node.family for node in draw(net).nodes] == ['input', 'normalisation']


def test_subclasses_inherit_what_is_known_until_they_say_more(gain):
    GainLayer, net = gain
    register_layer(GainLayer, multiply_adds=7, phrase=lambda layer: 'gains for %s' % layer.name)

    class Louder(GainLayer):
        pass

    louder = Louder(net.input_layer, name='loud')
    assert summary(louder).rows[-1].multiply_adds == 7
    assert 'gains for loud (Louder is a kind of GainLayer)' in ' '.join(str(explain(louder)).split())

    register_layer(Louder, phrase='shouts')
    assert summary(louder).rows[-1].multiply_adds == 7
    assert 'shouts' in str(explain(louder)) and 'a kind of' not in str(explain(louder))


def test_a_kind_of_dense_layer_may_say_that_it_costs_less(gain):
    class Sparse(DenseLayer):
        pass

    net = Sparse(InputLayer((None, 10)), 5)
    assert summary(net).rows[-1].multiply_adds == 50
    register_layer(Sparse, multiply_adds=5)
    assert summary(net).rows[-1].multiply_adds == 5
    assert family_of(net) == 'dense' and 'connects each of 5 units' in str(explain(net))


def test_sizes_that_are_unknown_are_unknown_costs(gain):
    GainLayer, _ = gain
    register_layer(GainLayer, multiply_adds=lambda layer, inputs, output, deterministic: output[1] * 2)
    net = GainLayer(InputLayer((None, None)))
    assert summary(net).rows[-1].multiply_adds is None
    assert summary(net, np.zeros((2, 5), net.input_layer.input_var.dtype)).rows[-1].multiply_adds == 10


def test_a_class_of_the_same_name_is_another_one():
    class DenseLayer(lasagne.layers.Layer):
        def get_output_for(self, input, **kwargs):
            return input

    net = DenseLayer(InputLayer((None, 2)))
    assert summary(net).rows[-1].multiply_adds is None and family_of(net) == 'other'


@pytest.mark.filterwarnings('ignore::lasagne_ext.debug.printing.PrintWarning')
def test_our_own_layers_stand_in_the_same_registry():
    net = PrintLayer(InputLayer((None, 2)))
    assert summary(net).rows[-1].multiply_adds == 0
    assert 'prints what passes through' in ' '.join(str(explain(net)).split())


@pytest.mark.parametrize('options, error, message', [
    (dict(multiply_adds=1.5), TypeError, 'the multiply-adds of GainLayer must be a whole number, got 1.5'),
    (dict(multiply_adds=-1), ValueError, 'the multiply-adds of GainLayer must be at least 0, got -1'),
    (dict(phrase=3), TypeError, 'phrase must be a string, or a function of the layer, got 3'),
    (dict(family='normalization'), ValueError, "family must be one of .*did you mean 'normalisation'")])
def test_bad_arguments(gain, options, error, message):
    with pytest.raises(error, match='register_layer: ' + message):
        register_layer(gain[0], **options)


@pytest.mark.parametrize('thing', [3, dict, lasagne.init.Normal, DenseLayer((None, 2), 2)])
def test_only_layer_classes_are_registered(thing):
    with pytest.raises(TypeError, match='layer_class must be a subclass of lasagne.layers.Layer'):
        register_layer(thing, multiply_adds=0)


def test_a_count_that_is_no_number_is_told(gain):
    GainLayer, net = gain
    register_layer(GainLayer, multiply_adds=lambda *_: 2.5)
    with pytest.raises(TypeError, match='the multiply-adds of GainLayer must be a whole number, got 2.5'):
        summary(net)


def test_families():
    images = InputLayer((None, 1, 8, 8))
    convolution = Conv2DLayer(images, 2, 3)
    flat = FlattenLayer(convolution)

    class Own(lasagne.layers.Layer):
        pass

    class OwnDense(DenseLayer):
        pass

    expected = [(images, 'input'), (convolution, 'convolution'), (MaxPool2DLayer(images, 2), 'pooling'),
                (flat, 'shape'), (OwnDense(flat, 2), 'dense'), (DropoutLayer(flat), 'noise'),
                (ConcatLayer([flat, flat]), 'merge'), (NonlinearityLayer(flat), 'other'),
                (LSTMLayer(InputLayer((1, 2, 3)), 4), 'recurrent'), (Own(flat), 'other'),
                (TransformerLayer(images, localization(flat)), 'transformer')]
    if hasattr(lasagne.layers, 'BatchNormLayer'):
        expected += [(lasagne.layers.BatchNormLayer(flat), 'normalisation'),
                     (lasagne.layers.BiasLayer(flat), 'normalisation')]
    assert [family_of(layer) for layer, _ in expected] == [family for _, family in expected]


def test_every_class_of_lasagnes_has_a_family_or_is_meant_to_have_none():
    without = {name for name, kind in vars(lasagne.layers).items()
               if isinstance(kind, type) and issubclass(kind, lasagne.layers.Layer)
               and family_of(kind.__new__(kind)) not in set(COLOURS) - {'other'}}
    assert without <= {'Layer', 'NonlinearityLayer', 'ExpressionLayer', 'ParametricRectifierLayer',
                       'RandomizedRectifierLayer'}
