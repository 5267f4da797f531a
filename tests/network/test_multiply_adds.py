"""Multiply-adds, counted by numbers that notice when they are multiplied."""
import itertools

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import (Conv1DLayer, Conv2DLayer, DenseLayer, DropoutLayer, ElemwiseMergeLayer,
                            ElemwiseSumLayer, EmbeddingLayer, FlattenLayer, GlobalPoolLayer, GRULayer,
                            InputLayer, LSTMLayer, MaxPool2DLayer, NINLayer, RecurrentLayer)

from lasagne_ext.debug import summary
from lasagne_ext.layers import (GridLayer, GridSampleLayer, ProjectiveTransformerLayer, TPSTransformerLayer,
                                TransformerLayer, localization)

pytestmark = pytest.mark.usefixtures('nothing_compiled')


class Number:
    """A number that counts how often numbers like it are multiplied."""

    multiplied = 0

    def __init__(self, value):
        self.value = value

    def __add__(self, other):
        return Number(self.value + other.value)

    def __mul__(self, other):
        Number.multiplied += 1
        return Number(self.value * other.value)


numbers = np.vectorize(Number, otypes=[object])
values = np.vectorize(lambda number: number.value, otypes=['float64'])


def of(function):
    return np.vectorize(lambda number: Number(function(number.value)), otypes=[object])


sigmoid, tanh = of(lambda x: 1 / (1 + np.exp(-x))), of(np.tanh)
complement = of(lambda x: 1 - x)


def check(layer, rng, compute):
    """`compute` gives the same values as the layer, by as many multiplications as the summary says."""
    shape = lasagne.layers.get_all_layers(layer)[0].shape
    x = rng.randn(*shape)
    Number.multiplied = 0
    expected = values(compute(numbers(x), *[numbers(p.get_value()) for p in layer.get_params()]))
    output = lasagne.layers.get_output(layer, T.constant(x.astype(theano.config.floatX)),
                                       deterministic=True)
    actual = theano.function([], output, mode=theano.Mode('py', None))()
    np.testing.assert_allclose(actual, expected, atol=1e-4)
    assert summary(layer).rows[-1].multiply_adds == Number.multiplied > 0


def test_dense(rng):
    check(DenseLayer(InputLayer((3, 4)), 5, b=None, nonlinearity=None), rng, lambda x, W: x.dot(W))


def test_dense_over_leading_axes(rng):
    if lasagne.__version__ == '0.1':
        pytest.skip('Lasagne 0.1 has no num_leading_axes')
    check(DenseLayer(InputLayer((2, 3, 4)), 5, b=None, nonlinearity=None, num_leading_axes=2), rng,
          lambda x, W: x.dot(W))


def test_network_in_network(rng):
    check(NINLayer(InputLayer((2, 3, 4, 5)), 6, b=None, nonlinearity=None), rng,
          lambda x, W: np.moveaxis(np.moveaxis(x, 1, -1).dot(W), -1, 1))


def convolved(x, W, stride, pad, groups=1, dilation=(1, 1)):
    """A convolution by loops; with a filter of its own for every place if W has its size too."""
    batch, channels, rows, columns = x.shape
    padded = np.full((batch, channels, rows + 2 * pad[0], columns + 2 * pad[1]), Number(0.))
    padded[:, :, pad[0]:pad[0] + rows, pad[1]:pad[1] + columns] = x
    filters, inputs, height, width = W.shape[:4]
    size = [(padded.shape[2 + k] - (W.shape[2 + k] - 1) * dilation[k] - 1) // stride[k] + 1
            for k in (0, 1)]
    output = np.full((batch, filters, *size), Number(0.))
    for b, f, r, c in np.ndindex(*output.shape):
        group = f // (filters // groups)
        for k, i, j in itertools.product(range(inputs), range(height), range(width)):
            weight = W[f, k, height - 1 - i, width - 1 - j]
            weight = weight if isinstance(weight, Number) else weight[r, c]
            output[b, f, r, c] += weight * padded[b, group * inputs + k, r * stride[0] + i * dilation[0],
                                                  c * stride[1] + j * dilation[1]]
    return output


@pytest.mark.parametrize('stride, pad', [((1, 1), (0, 0)), ((2, 1), (1, 2))])
def test_convolution(rng, stride, pad):
    net = Conv2DLayer(InputLayer((2, 3, 5, 6)), 4, (3, 2), stride, pad, b=None, nonlinearity=None)
    check(net, rng, lambda x, W: convolved(x, W, stride, pad))


def test_grouped_convolution(rng):
    if lasagne.__version__ == '0.1':
        pytest.skip('Lasagne 0.1 has no num_groups')
    net = Conv2DLayer(InputLayer((1, 4, 5, 5)), 6, 3, num_groups=2, b=None, nonlinearity=None)
    check(net, rng, lambda x, W: convolved(x, W, (1, 1), (0, 0), groups=2))


def test_convolution_along_time(rng):
    net = Conv1DLayer(InputLayer((2, 3, 7)), 4, 3, b=None, nonlinearity=None)
    check(net, rng, lambda x, W: convolved(x[:, :, None], W[:, :, None], (1, 1), (0, 0))[:, :, 0])


def test_dilated_convolution(rng):
    if not hasattr(lasagne.layers, 'DilatedConv2DLayer'):
        pytest.skip('this Lasagne has no DilatedConv2DLayer')
    net = lasagne.layers.DilatedConv2DLayer(InputLayer((1, 2, 7, 8)), 3, 3, (2, 1), b=None,
                                            nonlinearity=None)
    check(net, rng, lambda x, W: convolved(x, W.swapaxes(0, 1)[:, :, ::-1, ::-1], (1, 1), (0, 0),
                                           dilation=(2, 1)))


@pytest.mark.parametrize('channelwise', [False, True])
def test_locally_connected(rng, channelwise):
    if not hasattr(lasagne.layers, 'LocallyConnected2DLayer'):
        pytest.skip('this Lasagne has no LocallyConnected2DLayer')
    net = lasagne.layers.LocallyConnected2DLayer(InputLayer((1, 2, 3, 4)), 2, 3, b=None,
                                                 nonlinearity=None, channelwise=channelwise)

    def compute(x, W):
        W = W[:, None] if channelwise else W
        return convolved(x, W, (1, 1), (1, 1), groups=2 if channelwise else 1)
    check(net, rng, compute)


def test_transposed_convolution(rng):
    if not hasattr(lasagne.layers, 'TransposedConv2DLayer'):
        pytest.skip('this Lasagne has no TransposedConv2DLayer')
    net = lasagne.layers.TransposedConv2DLayer(InputLayer((1, 2, 3, 2)), 4, (3, 2), (2, 1), b=None,
                                               nonlinearity=None)

    def compute(x, W):
        output = np.full(net.output_shape, Number(0.))
        for k, f, r, c, i, j in np.ndindex(2, 4, 3, 2, 3, 2):
            output[0, f, 2 * r + i, c + j] += x[0, k, r, c] * W[k, f, 2 - i, 1 - j]
        return output
    check(net, rng, compute)


def test_recurrent(rng):
    def compute(x, *parameters):
        hid_init, W, b, V = sorted(parameters, key=lambda p: [(1, 4), (3, 4), (4,), (4, 4)].index(p.shape))
        hidden, outputs = np.repeat(hid_init, 2, 0), []
        for step in range(5):
            hidden = tanh(x[:, step].dot(W) + b + hidden.dot(V))
            outputs.append(hidden)
        return np.stack(outputs, 1)
    check(RecurrentLayer(InputLayer((2, 5, 3)), 4, nonlinearity=lasagne.nonlinearities.tanh), rng, compute)


@pytest.mark.parametrize('peepholes', [True, False])
def test_lstm(rng, peepholes):
    net = LSTMLayer(InputLayer((2, 3, 4)), 3, peepholes=peepholes)

    def compute(x, *parameters):
        named = dict(zip([p.name for p in net.get_params()], parameters))

        def before(gate, cell=None):
            total = (x[:, step].dot(named['W_in_to_' + gate]) + hidden.dot(named['W_hid_to_' + gate])
                     + named['b_' + gate])
            return total if cell is None else total + cell * named['W_cell_to_' + gate]
        hidden, cell = (np.repeat(named[name], 2, 0) for name in ('hid_init', 'cell_init'))
        outputs = []
        for step in range(3):
            seen = cell if peepholes else None
            ingate, forgetgate = sigmoid(before('ingate', seen)), sigmoid(before('forgetgate', seen))
            cell = forgetgate * cell + ingate * tanh(before('cell'))
            if lasagne.__version__ == '0.1' and peepholes:
                outgate = sigmoid(before('outgate')) + cell * named['W_cell_to_outgate']
            else:
                outgate = sigmoid(before('outgate', cell if peepholes else None))
            hidden = outgate * tanh(cell)
            outputs.append(hidden)
        return np.stack(outputs, 1)
    check(net, rng, compute)


def test_gru(rng):
    net = GRULayer(InputLayer((2, 3, 4)), 3)

    def compute(x, *parameters):
        named = dict(zip([p.name for p in net.get_params()], parameters))
        hidden, outputs = np.repeat(named['hid_init'], 2, 0), []
        for step in range(3):
            def parts(gate):
                return (x[:, step].dot(named['W_in_to_' + gate]) + named['b_' + gate],
                        hidden.dot(named['W_hid_to_' + gate]))
            reset, update = (sigmoid(sum(parts(gate), numbers(0.))) for gate in ('resetgate', 'updategate'))
            given, kept = parts('hidden_update')
            new = tanh(given + reset * kept)
            hidden = complement(update) * hidden + update * new
            outputs.append(hidden)
        return np.stack(outputs, 1)
    check(net, rng, compute)


def counts(layer, **options):
    return summary(layer, **options).rows[-1].multiply_adds


def test_every_step_counts_whatever_is_returned():
    if lasagne.__version__ == '0.1':
        pytest.skip('Lasagne 0.1 has no only_return_final')
    net = InputLayer((None, 5, 3))
    assert counts(LSTMLayer(net, 4, only_return_final=True)) == counts(LSTMLayer(net, 4))


def test_layers_that_do_not_multiply():
    assert counts(EmbeddingLayer(InputLayer((None, 3), input_var=T.imatrix()), 5, 4)) == 0
    assert counts(MaxPool2DLayer(InputLayer((None, 3, 4, 4)), 2)) == 0
    assert counts(FlattenLayer(InputLayer((None, 3, 4, 4)))) == 0


def test_layers_that_multiply_every_value():
    for name in ('BatchNormLayer', 'ScaleLayer', 'StandardizationLayer', 'ParametricRectifierLayer'):
        if hasattr(lasagne.layers, name):
            assert counts(getattr(lasagne.layers, name)(InputLayer((None, 3, 4)))) == 12


def test_merges():
    three = [InputLayer((None, 4)) for _ in range(3)]
    assert counts(ElemwiseSumLayer(three)) == 0
    assert counts(ElemwiseSumLayer(three, coeffs=[1, 2, -1])) == 8
    assert counts(ElemwiseMergeLayer(three, T.mul)) == 8
    assert counts(ElemwiseMergeLayer(three, lambda a, b: a * b)) is None


def test_dropout_multiplies_in_training_only():
    net = DropoutLayer(InputLayer((None, 7)))
    assert (counts(net), counts(net, deterministic=False)) == (0, 7)


def test_inverse():
    if not hasattr(lasagne.layers, 'InverseLayer'):
        pytest.skip('this Lasagne has no InverseLayer')
    dense = DenseLayer(InputLayer((None, 4)), 3)
    assert counts(lasagne.layers.InverseLayer(dense, dense)) == 12


def test_transformers():
    images = InputLayer((None, 3, 8, 8))
    flat, points = FlattenLayer(images), 4 * 5
    values = 3 * points
    for interpolation, pixels in (('nearest', 0), ('bilinear', 4), ('bicubic', 16)):
        net = TransformerLayer(images, localization(flat), output_shape=(4, 5), interpolation=interpolation)
        assert counts(net) == values * pixels + 6 * points
    net = ProjectiveTransformerLayer(images, localization(flat, 'projective'), output_shape=(4, 5))
    assert counts(net) == values * 4 + 9 * points
    net = TPSTransformerLayer(images, localization(flat, 'tps'), output_shape=(4, 5))
    assert counts(net) == values * 4 + 2 * (16 + 3) * points
    grid = GridLayer(localization(flat), (4, 5))
    assert counts(grid) == 6 * points
    assert counts(GridSampleLayer(images, grid)) == values * 4
    net = TransformerLayer(images, localization(flat), output_shape=(4, 5), antialias=True)
    assert counts(net) is None


def test_lasagnes_own_transformer():
    if not hasattr(lasagne.layers, 'TransformerLayer'):
        pytest.skip('this Lasagne has no TransformerLayer')
    images = InputLayer((None, 3, 8, 8))
    net = lasagne.layers.TransformerLayer(images, DenseLayer(images, 6), downsample_factor=2)
    assert counts(net) == 3 * 16 * 4 + 16 * 6


def test_a_subclass_counts_as_its_base():
    class MyDense(DenseLayer):
        pass

    assert counts(MyDense(InputLayer((None, 4)), 3)) == 12


def test_a_subclass_that_lacks_what_is_counted_by():
    class Bare(DropoutLayer):
        def __init__(self, incoming):
            lasagne.layers.Layer.__init__(self, incoming)

        def get_output_for(self, input, **kwargs):
            return input

    assert counts(Bare(InputLayer((None, 4))), deterministic=False) is None


def test_unknown_layers_make_the_total_a_lower_bound():
    class Own(lasagne.layers.Layer):
        def get_output_for(self, input, **kwargs):
            return input * input

    table = summary(DenseLayer(Own(InputLayer((None, 4))), 3))
    assert [row.multiply_adds for row in table.rows] == [0, None, 12]
    assert (table.multiply_adds, table.multiply_adds_known) == (12, False)
    assert 'at least 12 multiply-adds' in str(table)


def test_unknown_sizes():
    net = LSTMLayer(InputLayer((None, None, 3)), 4)
    assert counts(net) is None
    assert counts(net, inputs=np.zeros((2, 5, 3), theano.config.floatX)) == counts(
        LSTMLayer(InputLayer((2, 5, 3)), 4))


def test_a_network_that_moves_the_batch():
    net = lasagne.layers.ReshapeLayer(InputLayer((None, 5, 3)), (-1, 3))
    assert counts(DenseLayer(net, 2)) == 5 * 3 * 2


def convolution(net, filters, size, stride=1, pad=0):
    net = Conv2DLayer(net, filters, size, stride, pad, W=lasagne.init.Constant(0), b=None)
    batch_norm = getattr(lasagne.layers, 'BatchNormLayer', lambda net: net)
    return batch_norm(net)


def test_the_residual_network_of_the_paper():
    """He, Zhang, Ren, Sun (2015), table 1: 50 layers, 3.8 x 10^9 multiply-adds."""
    net = MaxPool2DLayer(convolution(InputLayer((None, 3, 224, 224)), 64, 7, 2, 3), 3, 2, pad=1)
    for stage, blocks in enumerate((3, 4, 6, 3)):
        for block in range(blocks):
            filters, stride = 64 << stage, 2 if stage and not block else 1
            shortcut = net if block else convolution(net, 4 * filters, 1, stride)
            for size in (1, 3):
                net = convolution(net, filters, size, stride if size == 1 else 1, size // 2)
            net = ElemwiseSumLayer([shortcut, convolution(net, 4 * filters, 1)])
    table = summary(DenseLayer(GlobalPoolLayer(net), 1000, W=lasagne.init.Constant(0)))
    products = sum(row.multiply_adds for row in table.rows if row.type in ('Conv2DLayer', 'DenseLayer'))
    assert 3.8e9 <= products < 3.9e9
    if hasattr(lasagne.layers, 'BatchNormLayer'):
        assert table.trainable == 25557032         # as others count it too
        assert table.parameters - table.trainable == 2 * 26560
