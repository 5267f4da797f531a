"""Real networks for the debugging tools to look at."""
import lasagne
import pytest
import theano
import theano.tensor as T
from lasagne.layers import (Conv2DLayer, DenseLayer, DropoutLayer, ElemwiseSumLayer, GlobalPoolLayer,
                            InputLayer, LSTMLayer, MaxPool2DLayer, NonlinearityLayer, SliceLayer)
from lasagne.nonlinearities import rectify, softmax

from lasagne_ext.demo import transformer_network


def mlp():
    """That of the documents: 784-500-300-10, with dropout."""
    layer = InputLayer((None, 784), T.fmatrix(), name='digits')
    for number, units in enumerate((500, 300), 1):
        layer = DenseLayer(layer, units, name='hidden%d' % number)
        layer = DropoutLayer(layer, p=.4, name='dropout%d' % number)
    return DenseLayer(layer, 10, nonlinearity=softmax, name='digit')


def lenet():
    layer = InputLayer((None, 1, 28, 28), T.ftensor4(), name='digits')
    for number, filters in enumerate((20, 50), 1):
        layer = Conv2DLayer(layer, filters, 5, name='conv%d' % number)
        layer = MaxPool2DLayer(layer, 2, name='pool%d' % number)
    layer = DenseLayer(layer, 500, name='hidden')
    return DenseLayer(layer, 10, nonlinearity=softmax, name='digit')


def _bottleneck(layer, filters, stride, name):
    wide = 4 * filters
    inner = Conv2DLayer(layer, filters, 1, stride, name=name + '_reduce')
    inner = Conv2DLayer(inner, filters, 3, pad='same', name=name + '_conv')
    inner = Conv2DLayer(inner, wide, 1, nonlinearity=None, name=name + '_expand')
    if layer.output_shape[1] != wide:
        layer = Conv2DLayer(layer, wide, 1, stride, nonlinearity=None, name=name + '_shortcut')
    return NonlinearityLayer(ElemwiseSumLayer([inner, layer], name=name + '_sum'), rectify,
                             name=name + '_relu')


def residual():
    """50 layers with weights; Lasagne 0.1 has no batch normalisation."""
    layer = InputLayer((None, 3, 224, 224), T.ftensor4(), name='images')
    layer = Conv2DLayer(layer, 64, 7, 2, pad=3, name='conv1')
    layer = MaxPool2DLayer(layer, 3, 2, name='pool1')
    for stage, (filters, blocks) in enumerate(((64, 3), (128, 4), (256, 6), (512, 3)), 2):
        for block in range(blocks):
            stride = 2 if block == 0 and stage > 2 else 1
            layer = _bottleneck(layer, filters, stride, 'res%d%s' % (stage, 'abcdef'[block]))
    layer = GlobalPoolLayer(layer, name='mean')
    return DenseLayer(layer, 1000, nonlinearity=softmax, name='class')


def lstm():
    """A sequence classifier that stands still where its mask is 0."""
    sequences = InputLayer((None, None, 8), T.ftensor3(), name='sequences')
    mask = InputLayer((None, None), T.fmatrix(), name='mask')
    layer = LSTMLayer(sequences, 32, mask_input=mask, grad_clipping=10, name='forward')
    layer = LSTMLayer(layer, 32, mask_input=mask, grad_clipping=10, name='second')
    layer = SliceLayer(layer, -1, 1, name='last')
    return DenseLayer(layer, 3, nonlinearity=softmax, name='class')


def demo():
    return transformer_network().output


NETWORKS = {build.__name__: build for build in (mlp, lenet, residual, lstm, demo)}


@pytest.fixture(params=sorted(NETWORKS))
def real_network(request, monkeypatch):
    """(name, output layer) of each of five real networks."""
    # Unless a test needs weights, filling 25 million of them takes longer than the test.
    monkeypatch.setattr(lasagne.init.GlorotUniform, 'sample', lasagne.init.Constant(0).sample)
    return request.param, NETWORKS[request.param]()


@pytest.fixture
def float64():
    """Goldens show dtypes and bytes."""
    with theano.configparser.change_flags(floatX='float64'):
        yield
