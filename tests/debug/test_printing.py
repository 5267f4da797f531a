"""Printing while the network runs."""
import pickle

import lasagne
import numpy as np
import pytest
import theano
from lasagne.layers import DenseLayer, InputLayer, get_output

from lasagne_ext.debug import PrintLayer

FLOAT = theano.config.floatX


@pytest.fixture
def source():
    return InputLayer((None, 2), name='image')


def evaluate(layer, source):
    value = np.array([[1, np.nan]], dtype=FLOAT)
    return theano.function([source.input_var], get_output(layer))(value)


def test_line_and_value(source, capsys):
    value = evaluate(PrintLayer(source), source)
    assert capsys.readouterr().out == \
        'image: (1, 2) %s, min 1 max 1 mean 1 std 0, 1 NaN, 0 Inf\n' % FLOAT
    assert value[0, 0] == 1 and np.isnan(value[0, 1])


@pytest.mark.parametrize('name, incoming_name, label', [
    ('here', 'image', 'here'), (None, 'image', 'image'), (None, None, 'InputLayer')])
def test_label(name, incoming_name, label, capsys):
    source = InputLayer((None, 2), name=incoming_name)
    evaluate(PrintLayer(source, name=name), source)
    assert capsys.readouterr().out.startswith(label + ': ')


def test_gradient_passes(source):
    cost = get_output(PrintLayer(source)).sum()
    gradient = theano.function([source.input_var], theano.grad(cost, source.input_var))
    assert gradient(np.ones((1, 2), FLOAT)).tolist() == [[1, 1]]


def test_shape_passes(source):
    layer = PrintLayer(source)
    assert layer.output_shape == (None, 2)
    assert lasagne.layers.get_all_params(DenseLayer(layer, 3)) != []


def test_shape_in_place_of_a_layer():
    assert PrintLayer((None, 2)).output_shape == (None, 2)


def test_pickle(source):
    layer = pickle.loads(pickle.dumps(PrintLayer((None, 2), name='there')))
    assert layer.name == 'there'
