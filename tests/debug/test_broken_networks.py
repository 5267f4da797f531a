"""Twelve networks, each broken in one way: the tool meant for it says where and why in its first lines."""
import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import (ConcatLayer, Conv2DLayer, DenseLayer, ElemwiseSumLayer, InputLayer, Layer,
                            NonlinearityLayer, RecurrentLayer, get_output)
from lasagne.nonlinearities import identity, softmax
from theano.sandbox.rng_mrg import MRG_RandomStreams

from lasagne_ext.debug import (LayerError, check_numerics, check_shapes, explain, gradcheck, layer_errors,
                               summary)

pytestmark = pytest.mark.usefixtures('fast_compile')


def first_lines(text, count=2):
    return '\n'.join(str(text).splitlines()[:count])


def run(layer, *values, loss=None):
    """Call a compiled function of a network, as a program does that knows nothing of these tools."""
    inputs = [source.input_var for source in lasagne.layers.get_all_layers(layer)
              if isinstance(source, InputLayer)]
    output = get_output(layer)
    function = theano.function(inputs, output if loss is None else loss(output),
                               allow_input_downcast=True)
    return function(*values)


def test_wrong_axis_order():
    images = InputLayer((None, 3, 16, 16), name='images')
    net = DenseLayer(Conv2DLayer(images, 4, 3, name='conv'), 5, name='out')
    text = first_lines(check_shapes(net, np.zeros((2, 16, 16, 3))))
    assert "'images'" in text and 'channels last' in text and 'transpose(0, 3, 1, 2)' in text


def test_merge_of_unequal_shapes():
    left, right = (InputLayer((None, None), name=name) for name in ('left', 'right'))
    net = ElemwiseSumLayer([left, right], name='sum')
    with pytest.raises(LayerError) as caught, layer_errors(net):
        run(net, np.zeros((2, 3)), np.zeros((2, 4)))
    text = first_lines(caught.value, 6)
    assert "ElemwiseSumLayer 'sum'" in text.splitlines()[0]
    assert '(2, 3)' in text and '(2, 4)' in text


def test_nan_of_the_logarithm_of_zero():
    source = InputLayer((None, 3), name='in')
    relu = DenseLayer(source, 4, b=lasagne.init.Constant(-100), name='relu')
    net = DenseLayer(NonlinearityLayer(relu, T.log, name='log'), 2, nonlinearity=identity, name='out')
    text = first_lines(check_numerics(net, np.random.rand(2, 3)))
    assert "NonlinearityLayer 'log'" in text and 'forward' in text and 'made by' in text
    assert 'logarithm of 0' in text


def test_exploding_recurrent_network():
    with theano.configparser.change_flags(floatX='float32'):
        net = RecurrentLayer(InputLayer((None, None, 3), name='in'), 4, nonlinearity=identity,
                             W_hid_to_hid=lasagne.init.Constant(50), name='rnn')
        text = first_lines(check_numerics(net, np.random.rand(2, 40, 3)))
    assert "RecurrentLayer 'rnn'" in text and 'scan' in text.lower()
    assert 'explod' in text


def test_dead_units():
    relu = DenseLayer(InputLayer((None, 3), name='in'), 8, b=lasagne.init.Constant(-100), name='relu')
    net = DenseLayer(relu, 2, nonlinearity=softmax, name='out')
    text = first_lines(explain(net, np.random.rand(10, 3)))
    assert "'relu': 8 of 8 rectified units (100 %) are 0" in text


def test_shared_weights_are_counted_once():
    first = DenseLayer(InputLayer((None, 6), name='in'), 6, name='first')
    net = DenseLayer(first, 6, W=first.W, b=first.b, name='second')
    table = summary(net)
    line, = [line for line in str(table).splitlines() if line.split()[1:2] == ['second']]
    assert 'shared with first' in line
    assert table.to_dict()['parameters'] == 6 * 6 + 6


class Crop(Layer):
    """Leaves out the outermost pixels, and declares one too few of them."""

    def get_output_shape_for(self, input_shape):
        return input_shape[:2] + tuple(size - 1 for size in input_shape[2:])

    def get_output_for(self, input, **kwargs):
        return input[:, :, 1:-1, 1:-1]


def test_wrong_declared_shape():
    images = InputLayer((None, 1, 8, 8), name='images')
    net = Conv2DLayer(Crop(Conv2DLayer(images, 2, 3, name='conv'), name='crop'), 2, 3, name='after')
    text = first_lines(check_shapes(net, np.zeros((2, 1, 8, 8))), 1)
    assert "Crop 'crop'" in text and '(None, 2, 5, 5)' in text and '(2, 2, 4, 4)' in text


class Dropout(Layer):
    """Written in a hurry."""

    def get_output_for(self, input, **kwargs):
        return input * MRG_RandomStreams(7).binomial(input.shape, p=.5, dtype=input.dtype)


def test_dropout_when_predicting():
    net = DenseLayer(Dropout(InputLayer((None, 3), name='in'), name='drop'), 2, nonlinearity=softmax)
    text = first_lines(explain(net))
    assert "'drop': gives random numbers even when predicting" in text


def test_batch_mismatch_into_a_merge():
    left, right = (InputLayer((None, 3), name=name) for name in ('left', 'right'))
    hidden = DenseLayer(right, 4, name='hidden')
    net = DenseLayer(ConcatLayer([left, hidden], name='both'), 2, name='out')
    with pytest.raises(LayerError) as caught, layer_errors(net):
        run(net, np.zeros((5, 3)), np.zeros((6, 3)))
    text = first_lines(caught.value, 6)
    assert "ConcatLayer 'both'" in text.splitlines()[0]
    assert '(5, 3)' in text and '(6, ' in text


def test_whole_numbers_as_input():
    with theano.configparser.change_flags(floatX='float32'):
        net = DenseLayer(InputLayer((None, 3), T.imatrix(), name='in'), 2, nonlinearity=softmax, name='out')
        text = first_lines(explain(net), 3)
    assert "'out': gives float64" in text and 'int32' in text


def test_frozen_parameter():
    hidden = DenseLayer(InputLayer((None, 3), name='in'), 4, name='hidden')
    hidden.params[hidden.W].remove('trainable')
    net = DenseLayer(hidden, 2, nonlinearity=softmax, name='out')
    assert "'hidden': hidden.W is not trained" in first_lines(explain(net))


class Square(theano.Op):
    """x ** 2, and a derivative that has lost its 2."""

    __props__ = ()

    def make_node(self, x):
        x = T.as_tensor_variable(x)
        return theano.gof.Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0] ** 2

    def grad(self, inputs, output_grads):
        return [output_grads[0] * inputs[0]]


def test_op_with_a_wrong_gradient():
    report = gradcheck(Square(), np.array([[1., 2.], [3., 4.]]))
    text = first_lines(report)
    assert not report.passed and 'FAILED' in text
    assert 'analytic' in text and 'numeric' in text


def test_layer_with_a_wrong_gradient():
    net = NonlinearityLayer(DenseLayer(InputLayer((None, 3), name='in'), 2, nonlinearity=identity),
                            Square(), name='square')
    report = gradcheck(net, np.random.rand(2, 3))
    assert not report.passed and 'square' in first_lines(report)
