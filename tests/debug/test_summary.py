"""The table of a network, as rows, text and HTML."""
import lasagne
import pytest
from lasagne.layers import (ConcatLayer, DenseLayer, DropoutLayer, ElemwiseSumLayer,
                            InputLayer, LSTMLayer)

from lasagne_ext import demo
from lasagne_ext.debug import summary


def shared_network():
    left, right = InputLayer((None, 4), name='left'), InputLayer((None, 4), name='right')
    first = DenseLayer(left, 3, name='first')
    second = DenseLayer(right, 3, W=first.W, b=first.b, name='second')
    return ElemwiseSumLayer([first, second])


@pytest.mark.parametrize('name, build', [
    ('transformer', lambda: demo.transformer_network().output), ('shared', shared_network)])
def test_golden(golden, name, build):
    table = summary(build())
    golden('summary_%s.txt' % name, str(table))
    golden('summary_%s.html' % name, table._repr_html_())


def test_shared_parameters_count_once():
    table = summary(shared_network())
    assert table.parameters == table.trainable == 15
    rows = {row.name: row for row in table.rows}
    assert (rows['first'].parameters, rows['first'].shared_with) == (15, [])
    assert (rows['second'].parameters, rows['second'].shared_with) == (0, ['first'])


def test_total_equals_lasagnes_count():
    net = demo.transformer_network().output
    assert summary(net).parameters == lasagne.layers.count_params(net)


def test_parameters_that_are_not_trained():
    net = LSTMLayer(InputLayer((2, 5, 3)), 4)
    table = summary(net)
    assert table.parameters > table.trainable > 0
    assert 'not trainable' in str(table)


def test_names_are_made_and_kept_apart():
    source = InputLayer((None, 4))
    net = ConcatLayer([DenseLayer(source, 2, name='twin'), DenseLayer(source, 2, name='twin'),
                       DropoutLayer(source)])
    rows = summary(net).rows
    assert [row.name for row in rows] == ['input0', 'twin', 'twin#2', 'dropout3', 'concat4']
    assert rows[-1].incoming == ['twin', 'twin#2', 'dropout3']


def test_unknown_dimensions_stay():
    assert summary(InputLayer((None, 3, None))).rows[0].output_shape == (None, 3, None)
    assert '(None, 3, None)' in str(summary(InputLayer((None, 3, None))))


def test_several_outputs():
    source = InputLayer((None, 4), name='in')
    rows = summary([DenseLayer(source, 2, name='a'), DenseLayer(source, 3, name='b')]).rows
    assert [row.name for row in rows] == ['in', 'a', 'b']


def test_shape_in_place_of_a_layer():
    row, = summary(DenseLayer((None, 4), 2, name='alone')).rows
    assert (row.incoming, row.parameters) == ([], 10)


def test_weights_given_as_an_expression():
    if lasagne.__version__ == '0.1':
        pytest.skip('Lasagne 0.1 takes no expression for a parameter')
    first = DenseLayer(InputLayer((None, 4)), 4, b=None, name='first')
    tied = DenseLayer(first, 4, W=first.W.T, b=None, name='tied')
    rows = {row.name: row for row in summary(tied).rows}
    assert rows['tied'].shared_with == ['first'] and rows['tied'].parameters == 0


def test_to_dict():
    content = summary(DenseLayer(InputLayer((None, 4), name='in'), 2, name='out')).to_dict()
    assert content['parameters'] == 10
    assert content['rows'][1]['incoming'] == ['in']


def test_html_escapes_names():
    assert '&lt;b&gt;' in summary(InputLayer((1, 2), name='<b>'))._repr_html_()


def test_a_layer_of_ones_own():
    class Twice(lasagne.layers.Layer):
        def get_output_for(self, input, **kwargs):
            return 2 * input

    assert [row.name for row in summary(Twice(InputLayer((None, 2)))).rows] == ['input0', 'Twice1']


@pytest.mark.parametrize('layers, error, message', [
    ([], ValueError, 'summary: layers must hold at least one layer, got an empty list'),
    (3, TypeError, 'summary: layers must be a Lasagne layer or a list of them, got 3'),
    (['in'], TypeError, "got 'in'"), (None, TypeError, 'got None')])
def test_bad_input(layers, error, message):
    with pytest.raises(error, match=message):
        summary(layers)


def test_batch_normalisation():
    if not hasattr(lasagne.layers, 'BatchNormLayer'):
        pytest.skip('this Lasagne has no BatchNormLayer')
    table = summary(lasagne.layers.BatchNormLayer(InputLayer((None, 4))))
    assert (table.parameters, table.trainable) == (16, 8)
