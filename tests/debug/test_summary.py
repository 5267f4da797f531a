"""The table of a network, as rows, text and HTML."""
import sys

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import (ConcatLayer, Conv2DLayer, DenseLayer, DropoutLayer, ElemwiseSumLayer,
                            InputLayer, LSTMLayer, MergeLayer)

from lasagne_ext import demo
from lasagne_ext.debug import summary


def shared_network():
    left, right = InputLayer((None, 4), name='left'), InputLayer((None, 4), name='right')
    first = DenseLayer(left, 3, name='first')
    second = DenseLayer(right, 3, W=first.W, b=first.b, name='second')
    return ElemwiseSumLayer([first, second])


def rows_by_name(table):
    return {row.name: row for row in table.rows}


def test_golden_networks(golden, real_network, float64):
    name, net = real_network
    name = name.replace('demo', 'transformer')
    table = summary(net, collapse=name == 'residual')
    golden('summary_%s.txt' % name, str(table))
    golden('summary_%s.html' % name, table._repr_html_())


def test_golden_shared_parameters(golden, float64):
    table = summary(shared_network(), columns='all')
    golden('summary_shared.txt', str(table))
    golden('summary_shared.html', table._repr_html_())


def test_shared_parameters_count_once():
    table = summary(shared_network())
    assert table.parameters == table.trainable == 15
    rows = rows_by_name(table)
    assert (rows['first'].parameters, rows['first'].shared_with) == (15, [])
    assert (rows['second'].parameters, rows['second'].shared_with) == (0, ['first'])
    assert '0, shared with first' in str(table)


def test_a_parameter_shared_within_a_layer_counts_once():
    weights = theano.shared(np.zeros((3, 3), theano.config.floatX))
    net = LSTMLayer(InputLayer((None, 5, 3)), 3, peepholes=False,
                    ingate=lasagne.layers.Gate(W_in=weights, W_hid=weights, W_cell=None))
    # Of three cells: one matrix of 9 in place of two, six others, four biases and two first states.
    assert summary(net).parameters == 9 + 6 * 9 + 4 * 3 + 2 * 3


def test_parameters_shared_by_one_network_that_trains_them():
    first = DenseLayer(InputLayer((None, 4)), 4, b=None, name='first')
    second = DenseLayer(first, 4, W=first.W, b=None, name='second')
    first.params[first.W].remove('trainable')
    table = summary(second)
    assert table.trainable == 16                   # as lasagne.layers.get_all_params(trainable=True)
    assert [row.trained for row in table.rows] == ['', 'no', 'yes']


def test_weights_given_as_an_expression():
    first = DenseLayer(InputLayer((None, 4)), 4, b=None, name='first')
    tied = DenseLayer(first, 4, b=None, name='tied')
    tied.params.clear()
    tied.W = first.W.T + theano.shared(np.ones((4, 4)), name='offset') * first.W
    tied.params[tied.W] = {'trainable', 'regularizable'}
    table = summary(tied)
    row = rows_by_name(table)['tied']
    assert (row.shared_with, row.parameters, row.trainable) == (['first'], 16, 16)
    assert table.parameters == 32


def test_parameters_without_a_shared_variable():
    net = DenseLayer(InputLayer((None, 4)), 3, name='fixed')
    net.params.clear()
    net.W, net.b = T.matrix('W'), T.constant(np.zeros(3))
    net.params.update({net.W: {'trainable'}, net.b: set()})
    row = summary(net).rows[-1]
    assert (row.parameters, row.trained, row.multiply_adds) == (0, '', 12)


def test_total_equals_lasagnes_count():
    net = demo.transformer_network().output
    assert summary(net).parameters == lasagne.layers.count_params(net)


def test_parameters_that_are_not_trained():
    table = summary(LSTMLayer(InputLayer((2, 5, 3)), 4))
    assert table.rows[-1].trained == 'partly'
    assert table.head()[-2] == 'trainable'
    assert '148 parameters, ' in str(table) and ', 140 trainable, 8 not' in str(table)


def test_frozen_layers():
    net = DenseLayer(InputLayer((None, 4)), 2, name='frozen')
    for tags in net.params.values():
        tags.discard('trainable')
    table = summary(net)
    assert (table.trainable, table.rows[-1].trained) == (0, 'no')
    assert table.emphasis(table.rows[-1]) == 'quiet' and table.emphasis(table.rows[0]) is None


def test_names_are_made_and_kept_apart():
    source = InputLayer((None, 4))
    net = ConcatLayer([DenseLayer(source, 2, name='twin'), DenseLayer(source, 2, name='twin'),
                       DropoutLayer(source)])
    rows = summary(net).rows
    assert [row.name for row in rows] == ['input0', 'twin', 'twin#2', 'dropout3', 'concat4']
    assert rows[-1].incoming == ['twin', 'twin#2', 'dropout3']


def test_nothing_is_truncated():
    name = 'a rather long name ' * 20
    sources = [InputLayer((None, 2), name='%s%d' % (name, k)) for k in range(9)]
    text = str(summary(ConcatLayer(sources)))
    assert ', '.join(source.name for source in sources) in text


def test_unknown_dimensions_stay():
    table = summary(InputLayer((None, 3, None)), columns='all')
    assert table.rows[0].output_shape == (None, 3, None)
    assert '(None, 3, None)' in str(table)
    assert table.rows[0].bytes is None and 'at least 0 B' in str(table)


class Symbolic(lasagne.layers.Layer):
    def get_output_shape_for(self, input_shape):
        return (input_shape[0], T.iscalar('width') * 2, 'rows', T.iscalar('columns'), np.int64(7))

    def get_output_for(self, input, **kwargs):
        return input.dimshuffle(0, 1, 'x', 'x', 'x')


def test_symbolic_sizes_are_readable():
    row = summary(Symbolic(InputLayer((None, 3)))).rows[-1]
    assert row.output_shape == (None, '(width * 2)', 'rows', 'columns', 7)
    assert '(None, (width * 2), rows, columns, 7)' in str(summary(Symbolic(InputLayer((None, 3)))))


def test_several_outputs():
    source = InputLayer((None, 4), name='in')
    rows = summary([DenseLayer(source, 2, name='a'), DenseLayer(source, 3, name='b')]).rows
    assert [row.name for row in rows] == ['in', 'a', 'b']


def test_shape_in_place_of_a_layer():
    row, = summary(DenseLayer((None, 4), 2, name='alone')).rows
    assert (row.incoming, row.parameters, row.multiply_adds) == ([], 10, 8)
    assert row.dtype == theano.config.floatX


def test_dtypes_and_bytes():
    net = lasagne.layers.EmbeddingLayer(InputLayer((5, 3), T.imatrix()), 10, 4)
    table = summary(net, columns=['name', 'dtype', 'bytes'])
    width = np.dtype(theano.config.floatX).itemsize
    assert [(row.dtype, row.bytes) for row in table.rows] == [('int32', 60),
                                                              (theano.config.floatX, 60 * width)]
    assert table.bytes == 60 * (1 + width) and 'a batch of 5' in str(table)


class Both(MergeLayer):
    """Gives both of its inputs, as a tuple; has no name."""

    def get_output_shape_for(self, input_shapes):
        return tuple(input_shapes)

    def get_output_for(self, inputs, **kwargs):
        return tuple(inputs)


class First(MergeLayer):
    def get_output_shape_for(self, input_shapes):
        return input_shapes[0][0]

    def get_output_for(self, inputs, **kwargs):
        return inputs[0][0]


def test_layers_with_a_tuple_of_outputs():
    left, right = InputLayer((None, 4)), InputLayer((None, 3), T.imatrix())
    net = First([Both([left, right])])
    rows = summary(net).rows
    assert rows[2].output_shape == ((None, 4), (None, 3))
    assert (rows[2].name, rows[2].dtype) == ('Both2', '%s, int32' % theano.config.floatX)
    assert rows[2].bytes == 4 * np.dtype(theano.config.floatX).itemsize + 3 * 4
    inputs = {left: np.zeros((5, 4), theano.config.floatX), 'input1': np.zeros((5, 3), 'int32')}
    rows = summary(net, inputs).rows
    assert rows[2].output_shape == ((5, 4), (5, 3)) and rows[3].output_shape == (5, 4)


def test_shapes_of_given_inputs(nothing_compiled):
    class Liar(lasagne.layers.Layer):
        def get_output_shape_for(self, input_shape):
            return (input_shape[0], 7)

        def get_output_for(self, input, **kwargs):
            return input

    net = DenseLayer(Liar(InputLayer((None, 4), name='in'), name='liar'), 2, W=np.zeros((7, 2)), name='out')
    table = summary(net, np.zeros((6, 4), theano.config.floatX))
    assert [row.output_shape for row in table.rows] == [(6, 4), (6, 4), (6, 2)]
    assert '(6, 4), declared (None, 7)' in str(table)
    assert table.emphasis(table.rows[1]) == 'bad' and table.emphasis(table.rows[2]) is None
    assert 'a batch of 6' in str(table)


def test_shapes_that_depend_on_values():
    class Positive(lasagne.layers.Layer):
        def get_output_shape_for(self, input_shape):
            return (None,)

        def get_output_for(self, input, **kwargs):
            return input.flatten()[(input.flatten() > 0).nonzero()]

    net = Conv2DLayer(InputLayer((None, 1, 2, 3)), 1, 1, W=np.ones((1, 1, 1, 1)), nonlinearity=None)
    values = np.array([[[[-1, 2, 3], [-4, 5, 6]]]], theano.config.floatX)
    assert summary(Positive(net), values).rows[-1].output_shape == (4,)


def test_a_network_that_fails_is_shown_with_the_reason():
    class Lost(lasagne.layers.Layer):
        def get_output_for(self, input, **kwargs):
            raise KeyError('nowhere')

    source = InputLayer((None, 4), name='in')
    net = DenseLayer(Lost(source, name='lost'), 2, name='out')
    table = summary(net, columns='all')
    assert table.problems == ["Lost 'lost' gives no symbolic output: KeyError: 'nowhere'"]
    assert [row.dtype for row in table.rows[1:]] == ['?', '?']
    assert table.rows[2].multiply_adds == 8
    assert [table.emphasis(row) for row in table.rows] == [None, 'doubtful', 'doubtful']
    table = summary(ElemwiseSumLayer([source, InputLayer((None, 5))], name='joined'))
    assert table.rows[-1].output_shape is None and table.emphasis(table.rows[-1]) == 'bad'
    assert "ElemwiseSumLayer 'joined' cannot tell its output shape: ValueError: Mismatch" in str(table)


def test_a_layer_that_declares_no_shape():
    class Wrong(lasagne.layers.Layer):
        def get_output_shape_for(self, input_shape):
            return 7

        def get_output_for(self, input, **kwargs):
            return input

    table = summary(Wrong(InputLayer((None, 4)), name='wrong'))
    assert table.problems == ["Wrong 'wrong' cannot tell its output shape: TypeError: 7 is not a shape"]


def test_looking_changes_nothing(nothing_compiled):
    def noise(look):
        lasagne.random.set_rng(np.random.RandomState(5))
        net = DropoutLayer(InputLayer((2, 50)))
        look(net)
        return lasagne.layers.get_output(net, T.ones((2, 50))).eval()

    plain = noise(lambda net: None)
    assert np.array_equal(noise(summary), plain)
    assert np.array_equal(noise(lambda net: summary(net, np.ones((2, 50), theano.config.floatX))), plain)


def stack(blocks, units=6, nonlinearity=None):
    net = InputLayer((None, 6), name='in')
    for k in range(blocks):
        net = DropoutLayer(DenseLayer(net, units, name='dense%d' % k, nonlinearity=nonlinearity),
                           name='drop%d' % k)
    return net


def test_collapse():
    whole, table = summary(stack(12)), summary(stack(12), collapse=True)
    assert [(row.number, row.name) for row in table.rows] == [
        (0, 'in'), (1, 'dense0 ... drop11'), (1, 'dense0'), (2, 'drop0')]
    assert tuple(table.rows[1].block) == (1, 2, 12)
    assert 'x 12: dense0 ... drop11' in str(table) and 'block of 2 layers' in str(table)
    assert table.emphasis(table.rows[1]) == 'strong'
    for total in ('parameters', 'trainable', 'parameter_bytes', 'multiply_adds', 'bytes'):
        assert getattr(table, total) == getattr(whole, total) > 0
    assert table.footer() == whole.footer()


def test_collapse_of_a_residual_network(real_network):
    name, net = real_network
    blocks = [(row.block.length, row.block.times) for row in summary(net, collapse=True).rows if row.block]
    expected = {'residual': [(5, 2), (5, 3), (5, 5), (5, 2)]}
    assert blocks == expected.get(name, [])


def test_columns():
    table = summary(shared_network(), columns=['bytes', 'name'])
    assert table.head() == ['bytes', 'name'] and table.right == (0,)
    assert len(summary(shared_network(), columns='all').head()) == 10
    assert summary(shared_network()).head() == ['#', 'name', 'type', 'incoming', 'output shape',
                                                'parameters', 'multiply-adds']


@pytest.mark.parametrize('columns, error, message', [
    (['incomming'], ValueError, "no column 'incomming'; there are .*; did you mean 'incoming'"),
    (['zzz'], ValueError, "there is no column 'zzz'; there are '#', 'name'"),
    ([], ValueError, 'must name at least one'), ('name', TypeError, "got 'name'"), (3, TypeError, 'got 3')])
def test_bad_columns(columns, error, message):
    with pytest.raises(error, match='^summary: .*' + message):
        summary(InputLayer((1, 2)), columns=columns)


@pytest.mark.parametrize('layers, error, message', [
    ([], ValueError, 'summary: layers must hold at least one layer, got an empty list'),
    (3, TypeError, 'summary: layers must be a Lasagne layer or a list of them, got 3'),
    (['in'], TypeError, "got the string 'in'"), (None, TypeError, 'got None')])
def test_bad_input(layers, error, message):
    with pytest.raises(error, match=message):
        summary(layers)


def test_bad_values():
    net = InputLayer((None, 2), name='in')
    with pytest.raises(ValueError, match="^summary: the input layer 'in' takes 2 dimensions"):
        summary(net, np.zeros(3))
    with pytest.raises(ValueError, match="^summary: no value was given for the input layer 'in'"):
        summary(net, {})


def test_to_dict_is_plain():
    content = summary(shared_network()).to_dict()
    assert content['parameters'] == 15 and content['multiply_adds'] == 24
    assert content['rows'][1]['incoming'] == ['left']
    assert content['rows'][3]['output_shape'] == (None, 3)


def test_html_escapes_names():
    assert '&lt;b&gt;' in summary(InputLayer((1, 2), name='<b>'))._repr_html_()


def test_colour_only_on_a_terminal_that_wants_it(monkeypatch):
    monkeypatch.delenv('NO_COLOR', raising=False)
    monkeypatch.setenv('TERM', 'xterm')
    table = summary(stack(4), collapse=True)
    assert '\033' not in str(table)
    monkeypatch.setattr(sys.stdout, 'isatty', lambda: True, raising=False)
    assert '\033[1mx 4: dense0 ... drop3' in str(table)
    assert '\033' not in table._repr_html_()
    monkeypatch.setenv('NO_COLOR', '1')
    assert '\033' not in str(table)


def test_a_layer_of_ones_own():
    class Twice(lasagne.layers.Layer):
        def get_output_for(self, input, **kwargs):
            return 2 * input

    assert [row.name for row in summary(Twice(InputLayer((None, 2)))).rows] == ['input0', 'Twice1']


def test_batch_normalisation():
    if not hasattr(lasagne.layers, 'BatchNormLayer'):
        pytest.skip('this Lasagne has no BatchNormLayer')
    table = summary(lasagne.layers.BatchNormLayer(InputLayer((None, 4))))
    assert (table.parameters, table.trainable) == (16, 8)
