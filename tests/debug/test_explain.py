"""Networks in plain English, and what looks suspicious in them."""
import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import (ConcatLayer, Conv2DLayer, DenseLayer, DropoutLayer, ElemwiseSumLayer,
                            EmbeddingLayer, InputLayer, Layer, LSTMLayer, MaxPool2DLayer, MergeLayer,
                            NonlinearityLayer, ReshapeLayer)
from lasagne.nonlinearities import rectify, sigmoid, softmax
from theano.sandbox.rng_mrg import MRG_RandomStreams

from lasagne_ext.debug import explain
from lasagne_ext.layers import TransformerLayer, localization

pytestmark = pytest.mark.usefixtures('fast_compile')


def features(size=4, **kwargs):
    return InputLayer((None, size), name='in', **kwargs)


def sentence(layer):
    return explain(layer).rows[-1].sentence


def suspicions(layer, *args):
    return [(s.name, s.text) for s in explain(layer, *args).suspicions]


def test_real_networks(real_network, golden):
    name, network = real_network
    explanation = explain(network)
    golden('explain_%s.txt' % name, str(explanation))
    golden('explain_%s.html' % name, explanation._repr_html_())


@pytest.mark.parametrize('make, words', [
    (lambda x: Conv2DLayer(x, 4, 3), 'without padding (12 -> 10, being 12 - 3 + 1), then rectify'),
    (lambda x: Conv2DLayer(x, 4, 5, pad='same'), 'padded so that the size stays (12 stays)'),
    (lambda x: Conv2DLayer(x, 4, 5, stride=2, pad=2, nonlinearity=None),
     'padded by 2, in steps of 2 (12 -> 6, being (12 + 2 x 2 - 5) / 2 + 1, rounded down), and gives'),
    (lambda x: Conv2DLayer(x, 1, (3, 5), pad='full'), '12 -> 14, being 12 + 2 x 2 - 3 + 1; 12 -> 16, '
                                                      'being 12 + 2 x 4 - 5 + 1'),
    (lambda x: MaxPool2DLayer(x, 2), 'the largest number of each window of 2 x 2 (12 -> 6, being 12 // 2)'),
    (lambda x: MaxPool2DLayer(x, 5), '(12 -> 2, being 12 // 5), what is left over at the end of the rows '
                                     'and the columns is dropped'),
    (lambda x: MaxPool2DLayer(x, 5, ignore_border=False), '12 -> 3, being (12 - 5) / 5 + 1, rounded up'),
    (lambda x: ReshapeLayer(x, ([0], -1)), 'lays the numbers out anew, by ([0], -1)'),
    (lambda x: DenseLayer(x, 7), 'connects each of 7 units to all 288 numbers of a sample, laid out in a '
                                 'row: 2 x 12 x 12 = 288, then rectify'),
    (lambda x: ConcatLayer([x, x, x]), 'along the channels (2 + 2 + 2 = 6)'),
    (lambda x: ElemwiseSumLayer([x, x], coeffs=[1, -1]), 'number by number, multiplied by 1, -1'),
    (lambda x: TransformerLayer(x, localization(x), output_shape=(6, 4), border_mode='zeros'),
     'an affine transform of its own for every image), 12 x 12 -> 6 x 4; beyond its border lie zeros'),
    (lambda x: DropoutLayer(x, .25), 'sets 25 % of the numbers at random to 0 and divides the others by '
                                     '0.75 while training; does nothing when predicting'),
], ids=lambda value: value if isinstance(value, str) else '')
def test_what_a_layer_does(make, words):
    images = InputLayer((None, 2, 12, 12), name='images')
    assert words in sentence(make(images))


def test_reasons_are_true():
    """Each figure in the reason of a size, worked out, gives the size."""
    for size in (5, 8, 11):
        for window in (1, 2, 4):
            for stride in range(1, 4):
                for pad in range(2):
                    net = Conv2DLayer(InputLayer((None, 1, size, size)), 1, window, stride, pad=pad)
                    text = sentence(net).split('(%d -> ' % size)
                    if len(text) == 1:
                        assert net.output_shape[2] == size
                        continue
                    reason = text[1].split('being ')[1].split('), then')[0].replace('x', '*')
                    assert int(eval(reason.replace(', rounded down', ''))) == net.output_shape[2]


def test_a_custom_layer_is_described_by_its_documentation():
    class Doubled(Layer):
        """Doubles every number.

        And no more.
        """

        def get_output_for(self, input, **kwargs):
            return 2 * input

    assert 'does what its class Doubled is for ("Doubles every number")' in sentence(Doubled(features()))


def test_a_kind_of_a_known_layer_says_so():
    class Stem(DenseLayer):
        pass

    assert 'numbers of a sample, then rectify (negative numbers become 0) (Stem is a kind of DenseLayer)' \
        in sentence(Stem(features(), 3))


def test_shared_parameters():
    first = DenseLayer(features(4), 4, name='first')
    assert "It uses parameters of 'first'." in sentence(
        DenseLayer(first, 4, W=first.W, b=first.b, name='second'))


def test_layers_from_a_generator_and_parameters_that_are_expressions():
    first = DenseLayer(features(4), 4, name='first')
    second = DenseLayer(first, 4, W=lasagne.init.Constant(0), b=None, name='second')
    second.params.pop(second.W)
    second.W = first.W.T * 2
    second.params[second.W] = {'trainable'}
    rows = explain(layer for layer in [second]).rows
    assert rows[-1].sentence.endswith("It uses parameters of 'first'.")
    assert rows[1].sentence.endswith('It has 20 parameters.')


def test_mask_and_direction():
    steps = InputLayer((None, None, 3), name='steps')
    mask = InputLayer((None, None), name='mask')
    text = sentence(LSTMLayer(steps, 5, mask_input=mask, backwards=True))
    assert 'from the last to the first with 5 LSTM units' in text
    assert 'standing still where the mask is 0' in text
    assert 'standing still' not in sentence(LSTMLayer(steps, 5))


class CarelessDropout(Layer):
    def get_output_for(self, input, **kwargs):
        return input * MRG_RandomStreams(1).binomial(input.shape, p=.5, dtype=input.dtype)


class Half(MergeLayer):
    """Takes two and uses one."""

    def get_output_shape_for(self, input_shapes):
        return input_shapes[0]

    def get_output_for(self, inputs, **kwargs):
        return inputs[0] / 2


def linear(layer):
    return DenseLayer(layer, 2, nonlinearity=None)


def frozen():
    layer = DenseLayer(features(), 3, nonlinearity=None, name='it')
    layer.params[layer.W].remove('trainable')
    return layer


def images(*shape):
    return InputLayer((None,) + shape, name='it')


@pytest.mark.parametrize('make, words', [
    (lambda: NonlinearityLayer(DenseLayer(features(), 3, nonlinearity=sigmoid, name='s'), softmax,
                               name='it'), "softmax right after sigmoid of 's'"),
    (lambda: DenseLayer(features(), 1, nonlinearity=softmax, name='it'), 'a single unit is always 1'),
    (lambda: DenseLayer(DenseLayer(features(), 3, nonlinearity=softmax, name='it'), 2,
                        nonlinearity=softmax), 'softmax inside the network'),
    (lambda: DenseLayer(features(), 3, name='it'), 'the output is rectified'),
    (lambda: DenseLayer(DenseLayer(features(), 3, nonlinearity=None, name='first'), 3,
                        nonlinearity=None, name='it'), "two linear layers in a row, 'first' and this"),
    (lambda: CarelessDropout(features(), name='it'), 'random numbers even when predicting'),
    (lambda: linear(DropoutLayer(features(), p=.9, name='it')),
     'drops 90 % of the numbers; p is the share that'),
    (lambda: DropoutLayer(features(), name='it'), 'dropout at the very output'),
    (frozen, 'it.W is not trained (no tag `trainable`) and stays as at the start'),
    (lambda: Conv2DLayer(images(32, 32, 3), 4, 3), 'channels last, (None, 32, 32, 3)'),
    (lambda: Half([features(), DenseLayer(features(), 3, nonlinearity=None, name='it')], name='half'),
     "its value is not used by 'half'"),
    (lambda: TransformerLayer(InputLayer((None, 1, 9, 9)), DenseLayer(features(), 6, name='it')),
     'the numbers of a transform are rectified'),
], ids=lambda value: value if isinstance(value, str) else '')
def test_suspicious(make, words):
    network = make()
    found = dict(suspicions(network))
    assert 'it' in found and words in found['it']
    assert str(explain(network)).splitlines()[1].strip().startswith("'it': ")


def test_bias_before_batch_normalisation():
    BatchNormLayer = getattr(lasagne.layers, 'BatchNormLayer', None)
    if BatchNormLayer is None:
        class BatchNormLayer(Layer):
            def get_output_for(self, input, **kwargs):
                return input - input.mean(axis=0)
    with_bias = DenseLayer(features(), 3, nonlinearity=None, name='it')
    without = DenseLayer(features(), 3, nonlinearity=None, b=None, name='it')
    assert 'its bias is taken away again' in dict(suspicions(BatchNormLayer(with_bias)))['it']
    assert suspicions(BatchNormLayer(without)) == []


def test_whole_numbers_make_float64():
    with theano.configparser.change_flags(floatX='float32'):
        net = DenseLayer(features(input_var=T.imatrix()), 3, nonlinearity=None, name='it')
        (name, text), = suspicions(net)
        assert name == 'it' and 'gives float64 where floatX is float32, because int32 comes in' in text
        words = EmbeddingLayer(InputLayer((None, 3), T.imatrix(), name='in'), 5, 2, name='it')
        assert suspicions(words) == []


def test_a_layer_that_leads_nowhere():
    source = features()
    net = DenseLayer(source, 3, nonlinearity=None, name='out')
    forgotten = DropoutLayer(source, name='forgotten')
    assert suspicions(net) == [
        ('in', "DropoutLayer 'forgotten' on top of it leads to none of the outputs given")]
    assert suspicions([net, forgotten]) == [
        ('forgotten', 'dropout at the very output: a part of the answers is set to 0')]


def test_dead_units():
    net = DenseLayer(features(), 10, name='relu', b=lasagne.init.Constant(0))
    out = DenseLayer(net, 2, nonlinearity=None, name='out')
    bias = net.b.get_value()
    bias[:6] = -1000
    net.b.set_value(bias)
    net.W.set_value(abs(net.W.get_value()))
    inputs = np.random.rand(20, 4)
    (name, text), = suspicions(out, inputs)
    assert name == 'relu' and text.startswith('6 of 10 rectified units (60 %) are 0 for all 20 samples')
    assert suspicions(out) == []


@pytest.mark.parametrize('inputs, words', [
    (np.linspace(0, 255, 40).reshape(10, 4), 'the inputs reach 255'),
    (np.full((10, 4), np.nan), 'its value holds 40 NaN and 0 Inf')])
def test_bad_values(inputs, words):
    assert words in suspicions(DenseLayer(features(), 2, nonlinearity=None), inputs)[0][1]


def test_saturation_and_constants():
    net = DenseLayer(features(), 3, W=lasagne.init.Constant(0), nonlinearity=sigmoid, name='it',
                     b=lasagne.init.Constant(9))
    found = suspicions(DenseLayer(net, 2, nonlinearity=None, name='after'), np.random.rand(10, 4))
    assert [name for name, _ in found] == ['it', 'it']
    assert '100 % of its values are nearly 0 or 1: saturated' in found[0][1]
    assert found[1][1] == 'gives the same for all 10 samples'


def test_a_usual_network_is_not_suspicious():
    layer = DenseLayer(features(), 20, nonlinearity=rectify)
    layer = DropoutLayer(DenseLayer(layer, 20, nonlinearity=sigmoid))
    assert suspicions(DenseLayer(layer, 3, nonlinearity=softmax), np.random.rand(50, 4)) == []


def test_forms():
    explanation = explain(DenseLayer(features(), 3, name='<out>'))
    assert repr(explanation) == '<Explanation of 2 layers, 1 suspicions>'
    assert '&lt;out&gt;' in explanation._repr_html_() and '<out>' not in explanation._repr_html_()
    table = explanation.to_dict()
    assert table['suspicions'][0]['name'] == '<out>' and len(table['rows']) == 2
    assert len(str(explanation).splitlines()[0]) < 100


@pytest.mark.parametrize('layers, inputs, error, message', [
    ([], None, ValueError, 'explain: layers must hold at least one layer'),
    (3, None, TypeError, 'explain: layers must be a Lasagne layer'),
    (features(), np.ones(3), ValueError, "explain: the input layer 'in' takes 2 dimensions"),
    (features(), {'on': 1}, ValueError, "explain: no value was given for the input layer 'in'")])
def test_bad_arguments(layers, inputs, error, message):
    with pytest.raises(error, match=message):
        explain(layers, inputs)
