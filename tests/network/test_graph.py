"""Layers of a network: found, named, chosen; their parameters."""
import lasagne
import numpy as np
import pytest
import theano
from lasagne.layers import ConcatLayer, DenseLayer, InputLayer

from lasagne_ext.layers import TransformerLayer, localization
from lasagne_ext.network.graph import (argument_text, first_users, incoming_layers, is_kind_of, layer_list,
                                       localisation_layers, named_layers, parameter_size, parameters_of,
                                       select_names)


def test_names_are_made_and_kept_apart():
    source = InputLayer((None, 2), name='a')
    net = ConcatLayer([source, DenseLayer(source, 2, name='a'), DenseLayer(source, 2)])
    assert list(named_layers('test', net)) == ['a', 'a#1', 'dense2', 'concat3']


@pytest.mark.parametrize('thing, text', [
    ('net', "the string 'net'"), (np.ones((2, 3)), 'an array of shape (2, 3); the network comes first'),
    ({'net': 3}, 'a dict; the network comes first'), (3, '3')])
def test_what_is_no_layer_is_described(thing, text):
    assert argument_text(thing) == text
    with pytest.raises(TypeError, match='test: layers must be a Lasagne layer or a list of them'):
        named_layers('test', layer_list(thing))


def test_a_generator_of_layers_is_read_once():
    net = DenseLayer(InputLayer((None, 2)), 3)
    layers = layer_list(layer for layer in [net])
    assert layers == [net] and len(named_layers('test', layers)) == 2


def test_names_are_selected_in_topological_order():
    net = DenseLayer(DenseLayer(InputLayer((None, 2), name='in'), 3, name='hidden'), 1, name='out')
    named = named_layers('test', net)
    assert select_names('test', named, None) == ['in', 'hidden', 'out']
    assert select_names('test', named, ['out', named['in']]) == ['in', 'out']
    with pytest.raises(ValueError, match="called 'hiden'; there are: in, hidden, out; did you mean 'hidden'"):
        select_names('test', named, 'hiden')


def test_shapes_in_place_of_layers_feed_nothing():
    assert incoming_layers(DenseLayer((None, 2), 3)) == []


def test_localisation_networks_are_told_from_images():
    images = InputLayer((None, 1, 6, 6))
    theta = localization(images)
    assert localisation_layers([images, theta, TransformerLayer(images, theta)]) == {theta}


def test_kinds_include_base_classes():
    class Own(DenseLayer):
        pass

    assert is_kind_of(Own((None, 2), 3), 'NINLayer', 'DenseLayer') and not is_kind_of(
        Own((None, 2), 3), 'InputLayer')


def test_shared_parameters_belong_to_their_first_user():
    first = DenseLayer(InputLayer((None, 4)), 4)
    second = DenseLayer(first, 4, W=first.W)
    users = first_users([first.input_layer, first, second])
    assert users == {first.W: 1, first.b: 1, second.b: 2}


def test_parameters_of_an_expression_are_its_shared_variables():
    half = theano.shared(np.ones((2, 3), theano.config.floatX))
    net = DenseLayer((None, 2), 3, b=None)
    net.params.clear()
    net.params[half * 2] = {'trainable'}          # Lasagne 0.1 takes none when a layer is made
    assert parameters_of(net) == [half]
    assert parameter_size(half) == (6, 6 * np.dtype(theano.config.floatX).itemsize)
    assert not parameters_of(lasagne.layers.InputLayer((None, 2)))
