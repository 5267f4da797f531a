"""Histories of training."""
import json
import sys

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import (Conv2DLayer, DenseLayer, DropoutLayer, InputLayer, LSTMLayer, NonlinearityLayer,
                            get_all_param_values, get_all_params, get_output)

from lasagne_ext.debug import watch
from lasagne_ext.layers import TransformerLayer, localization

FLOAT = theano.config.floatX

pytestmark = pytest.mark.usefixtures('nothing_compiled')


def identity(size=2):
    return DenseLayer(InputLayer((None, size), name='in'), size, W=np.eye(size).astype(FLOAT), name='out')


def test_figures():
    net, x = identity(), np.array([[1., -1.], [3., -1.]])
    watcher = watch(net, x)
    watcher()
    rows = {row.name: row for row in watcher.history}
    assert list(rows) == ['in', 'out', 'out.W', 'out.b']
    assert (rows['out'].mean, rows['out'].zeros, rows['out'].dead) == (1, .5, .5)
    assert rows['out'].flags == ['dead'] and rows['in'].flags == []
    slope = np.maximum(x, 0)
    np.testing.assert_allclose(rows['out'].std, slope.std(), rtol=1e-6)
    np.testing.assert_allclose(rows['out.W'].gradient, np.linalg.norm(x.T @ slope), rtol=1e-6)
    np.testing.assert_allclose(rows['out.W'].weights, np.sqrt(2), rtol=1e-6)
    assert rows['out.W'].ratio is None and rows['out'].gradient is None and rows['out.W'].mean is None


def test_update_ratio():
    net = identity()
    watcher = watch(net, np.ones((4, 2)))
    watcher.record()
    net.W.set_value(1.25 * net.W.get_value())
    first = {row.name: row for row in watcher.record()}
    np.testing.assert_allclose(first['out.W'].ratio, .25, rtol=1e-6)
    assert first['out.b'].ratio is None                        # it was zero
    net.W.set_value(-net.W.get_value())
    last = {row.name: row for row in watcher.record()}
    np.testing.assert_allclose(last['out.W'].ratio, 2, rtol=1e-6)
    assert last['out.W'].flags == ['vanishing', 'large update']


def test_epochs_count():
    watcher = watch(identity(), np.ones((4, 2)))
    watcher(), watcher(), watcher(epoch=7), watcher()
    assert list(dict.fromkeys(row.epoch for row in watcher.history)) == [0, 1, 7, 8]
    assert watcher.history.series('weights')['out.W'][0] == [0, 1, 7, 8]
    with pytest.raises(TypeError, match='watch: epoch must be a number, got .last.'):
        watcher(epoch='last')


def test_flags_of_gradients():
    net = DenseLayer(identity(), 2, W=np.eye(2).astype(FLOAT), nonlinearity=None, name='top')
    huge = watch(net, np.ones((4, 2)), loss=lambda y: 1e6 * y.sum())()
    assert [row.flags for row in huge if row.kind == 'parameter'] == [['exploding']] * 4
    nan = watch(net, np.ones((4, 2)), loss=lambda y: (y * np.nan).sum())()
    assert all('exploding' in row.flags for row in nan if row.kind == 'parameter')
    tiny = watch(NonlinearityLayer(net, lambda x: 1e-9 * x), np.ones((4, 2)))()
    assert not any(row.flags for row in tiny)                  # all are equally small
    top = watch([net, net.input_layer], np.ones((4, 2)), loss=lambda y, hidden: y.sum() - hidden.sum())()
    assert [row.flags for row in top if row.name == 'out.W'] == [['vanishing']]


def test_not_finite():
    net = identity()
    net.W.set_value(np.full((2, 2), np.nan, FLOAT))
    rows = {row.name: row for row in watch(net, np.ones((4, 2)))()}
    assert 'not finite' in rows['out'].flags and 'not finite' in rows['out.W'].flags


def test_units_are_channels_and_the_last_axis_of_recurrent_layers(rng):
    conv = Conv2DLayer(InputLayer((None, 1, 5, 5)), 4, 3, b=np.array([-99, 0, 0, 0], FLOAT), name='conv')
    rows = {row.name: row for row in watch(conv, np.abs(rng.randn(8, 1, 5, 5)))()}
    assert rows['conv'].dead >= .25 and rows['conv'].dead * 4 % 1 == 0
    lstm = LSTMLayer(InputLayer((None, 3, 2)), 5, name='lstm')
    rows = {row.name: row for row in watch(lstm, rng.randn(4, 3, 2))()}
    assert rows['lstm'].dead == 0


def test_training_is_not_changed():
    def train(watched):
        np.random.seed(3)
        lasagne.random.set_rng(np.random.RandomState(5))
        source = InputLayer((None, 6), name='in')
        net = DenseLayer(DropoutLayer(DenseLayer(source, 8)), 3, nonlinearity=T.nnet.softmax)
        x, y = np.random.randn(10, 6).astype(FLOAT), np.arange(10) % 3

        def loss(p):
            return lasagne.objectives.categorical_crossentropy(p, y).mean()
        watcher = watch(net, x, loss) if watched else lambda: None
        watcher()
        updates = lasagne.updates.adam(loss(get_output(net)), get_all_params(net, trainable=True))
        step = theano.function([source.input_var], [], updates=updates)
        for _ in range(3):
            step(x)
            watcher()
        return [value.tobytes() for value in get_all_param_values(net)]
    assert train(True) == train(False)


def test_one_function(monkeypatch):
    made, compiled = [], theano.function
    monkeypatch.setattr(theano, 'function', lambda *args, **kwargs: made.append(1)
                        or compiled(*args, **kwargs))
    watcher = watch(identity(), np.ones((4, 2)), lambda y: y.sum())
    watcher(), watcher()
    assert len(made) == 1


def test_presentation():
    watcher = watch(identity(), np.array([[1., -1.]]))
    assert str(watcher.history) == watcher.history._repr_html_() == 'nothing recorded'
    watcher(), watcher()
    text = str(watcher.history)
    assert text.startswith('epoch 1\n') and text.count('out.W') == 1 and 'dead' in text.splitlines()[-3]
    assert watcher.history._repr_html_().count('out.W') == 1 and len(watcher.history) == 8
    rows = json.loads(json.dumps(watcher.history.to_dict()))['rows']
    assert rows[5]['name'] == 'out' and rows[5]['epoch'] == 1 and rows[5]['flags'] == ['dead']


@pytest.mark.parametrize('depth', [1, 12])
def test_plot(depth):
    pytest.importorskip('matplotlib')
    layer = identity()
    for k in range(depth):
        layer = DenseLayer(layer, 2, name='layer%d' % k)
    watcher = watch(layer, np.ones((4, 2)))
    assert len(watcher.plot().axes) == 4
    watcher(), watcher()
    figure = watcher.plot()
    assert [len(axes.lines) for axes in figure.axes] == [depth + 2] * 2 + [2 * depth + 2] * 2
    assert watcher._repr_png_().startswith(b'\x89PNG')


def test_without_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, 'matplotlib.figure', None)
    watcher = watch(identity(), np.ones((4, 2)))
    watcher()
    assert watcher._repr_png_() is None and str(watcher.history).startswith('epoch 0')
    with pytest.raises(ImportError, match='watch: the picture needs matplotlib .* pip install'):
        watcher.plot()


def test_tied_parameters_and_tuples_of_outputs():
    class Pair(lasagne.layers.Layer):
        def get_output_for(self, input, **kwargs):
            return input, 2 * input

    below = DenseLayer(InputLayer((None, 2), name='in'), 2, name='below')
    above = DenseLayer(below, 2, W=below.W, name='above')
    rows = watch(Pair(above, name='pair'), np.ones((4, 2)))()
    assert [row.name for row in rows] == ['in', 'below', 'above', 'pair[0]', 'pair[1]', 'below.W',
                                          'below.b', 'above.b']


@pytest.mark.parametrize('layers, inputs, options, error, message', [
    ([], None, {}, ValueError, 'at least one layer'), (3, None, {}, TypeError, 'layers must be a Lasagne'),
    (identity(), np.ones(8), {}, ValueError, 'takes 2 dimensions'),
    (identity(), np.ones((1, 2)), {'loss': 3}, TypeError, 'loss must be a function'),
    (identity(), np.ones((1, 2)), {'loss': lambda y: y}, ValueError, 'loss must return a symbolic scalar')])
def test_refused(layers, inputs, options, error, message):
    with pytest.raises(error, match='^watch: .*' + message):
        watch(layers, inputs, **options)


def test_the_identity_is_not_dead():
    images = InputLayer((None, 1, 6, 6), name='images')
    theta = localization(images, name='theta')
    rows = watch(TransformerLayer(images, theta), np.ones((3, 1, 6, 6))).record().rows
    row, = [row for row in rows if row.name == 'theta']
    assert row.dead == 4 / 6 and row.flags == []
