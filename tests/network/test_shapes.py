"""Shapes: declared, computed, compared."""
import lasagne
import numpy as np
import pytest
import theano.tensor as T
from lasagne.layers import ConcatLayer, DenseLayer, InputLayer, ReshapeLayer

from lasagne_ext.checks import shape_agrees
from lasagne_ext.network.shapes import (batch_of_one, declared_shape, describe_axis_order, is_shape,
                                        parts_of, plain_shape, propagate_shapes,
                                        shapes_of_one_batch, size_of, suggest_reshape)


def test_sizes_become_numbers_none_or_text():
    x = T.matrix('x')
    assert plain_shape((np.int64(2), None, T.constant(3), T.iscalar('rows'))) == (2, None, 3, 'rows')
    assert isinstance(plain_shape({'a': [x.shape[0]]})['a'][0], str)


def test_one_shape_and_several():
    assert parts_of((2, None)) == [(2, None)] and parts_of(((2,), (3,))) == [(2,), (3,)]
    assert is_shape((None, 2)) and not is_shape(((2,), (3,)))
    assert batch_of_one((None, 4)) == (1, 4) and batch_of_one(((None, 4), (5,))) == ((1, 4), (5,))
    assert size_of((2, 3)) == 6 and size_of(((2, 3), (4,))) == 10
    with pytest.raises(ValueError, match='a size is unknown'):
        size_of((None, 3))


def test_shapes_follow_the_layers():
    source = InputLayer((None, 4, 3))
    flat = ReshapeLayer(source, (-1, 3))
    net = DenseLayer(flat, 2)
    assert declared_shape(net) == (None, 2)
    assert shapes_of_one_batch([source, flat, net])[net] == (4, 2)
    assert propagate_shapes([source, flat, net], {source: (5, 4, 3)})[net] == (20, 2)


def test_layers_that_cannot_tell_are_left_out():
    class Broken(lasagne.layers.Layer):
        def get_output_shape_for(self, input_shape):
            raise RuntimeError

    source = InputLayer((None, 2))
    broken = Broken(source)
    both = ConcatLayer([source, source])
    assert propagate_shapes([source, broken, both], {source: (3, 2)}) == {source: (3, 2), both: (3, 4)}
    assert shapes_of_one_batch([source, broken])[broken] is None


@pytest.mark.parametrize('declared, actual, words', [
    ((None, 3, 8, 8), (5, 8, 8, 3), 'looks like channels last; transpose(0, 3, 1, 2)'),
    ((None, 8, 8, 3), (5, 3, 8, 8), 'looks like channels first; transpose(0, 2, 3, 1)'),
    ((4, 6, 2), (6, 4, 2),
     'looks like the first two axes exchanged (time before batch?); transpose(1, 0, 2)'),
    ((None, 3), (5, 3), ''), ((None, 3), (5, 4), '')])
def test_order_of_axes(declared, actual, words):
    assert describe_axis_order(declared, actual) == words
    assert shape_agrees(declared, actual) == (actual == (5, 3))


def test_what_to_reshape_to():
    assert suggest_reshape((None, 1, 4, 4), (5, 16)) == (5, 1, 4, 4)
    assert suggest_reshape((None, 1, 4, 4), (5, 17)) is None
    assert suggest_reshape((None, None), (5, 17, 1)) is None
