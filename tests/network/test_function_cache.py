"""Compiled functions that are kept for a second look."""
import gc
import weakref

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import DenseLayer, InputLayer, NonlinearityLayer

from lasagne_ext.debug import probe
from lasagne_ext.network import function_cache

FLOAT = theano.config.floatX


def network():
    hidden = DenseLayer(InputLayer((None, 4), name='in'), 5, name='hidden')
    return NonlinearityLayer(hidden, T.tanh, name='out')


@pytest.fixture
def compilations(monkeypatch):
    """A list that grows with every compiled function."""
    made, compiled = [], theano.function
    monkeypatch.setattr(theano, 'function', lambda *args, **kwargs: made.append(1)
                        or compiled(*args, **kwargs))
    return made


def test_function_is_kept(compilations, nothing_compiled):
    net = network()
    hidden = lasagne.layers.get_all_layers(net)[1]
    probe(net, np.ones((1, 4)))
    probe(net, np.zeros((7, 4)))
    hidden.W.set_value(2 * hidden.W.get_value())
    np.testing.assert_allclose(probe(net, np.ones((1, 4)))['hidden'],
                               np.maximum(0, hidden.W.get_value().sum(0, keepdims=True)), rtol=1e-5)
    assert len(compilations) == 1
    loss = abs_sum
    probe(net, np.ones((1, 4)), gradients=True, loss=loss)
    probe(net, np.ones((2, 4)), gradients=True, loss=loss)
    assert len(compilations) == 2
    probe(net, np.ones((1, 4)), gradients=True, loss=lambda y: 2 * y.sum())
    probe(net, np.ones((1, 4)), deterministic=False)
    probe(net, np.ones((1, 4)), only='out')
    assert len(compilations) == 5


def abs_sum(y):
    return abs(y).sum()


@pytest.mark.parametrize('change', [
    lambda hidden: setattr(hidden, 'nonlinearity', T.tanh),
    lambda hidden: setattr(hidden, 'W', theano.shared(np.zeros((4, 5), FLOAT))),
    lambda hidden: setattr(hidden.input_layer, 'input_var', T.matrix()),
    lambda hidden: setattr(hidden.kinds[0], 'leakiness', .5),
    lambda hidden: hidden.kinds.append(1),
    lambda hidden: hidden.table.fill(1)],
    ids=['nonlinearity', 'parameter', 'input', 'attribute', 'list', 'array'])
def test_changed_network_is_compiled_anew(change, compilations, nothing_compiled):
    net = network()
    hidden = lasagne.layers.get_all_layers(net)[1]
    hidden.kinds, hidden.table = [lasagne.nonlinearities.LeakyRectify(.1)], np.zeros(3)
    before = probe(net, np.ones((1, 4)))['hidden']
    assert probe(net, np.ones((1, 4)))['hidden'].tolist() == before.tolist() and len(compilations) == 1
    change(hidden)
    probe(net, np.ones((1, 4)))
    assert len(compilations) == 2


def test_kept_functions_do_not_keep_the_network(nothing_compiled):
    net = network()
    probe(net, np.ones((1, 4)), gradients=True)
    gone = weakref.ref(lasagne.layers.get_all_layers(net)[1])
    entry = function_cache._of_thread.entries[-1]
    del net
    gc.collect()
    assert gone() is None and entry.value is None


def test_few_functions_are_kept(nothing_compiled):
    nets = [InputLayer((None, 1), name='in') for _ in range(function_cache.KEPT + 2)]
    for net in nets:
        probe(net, np.ones((1, 1)))
    assert len(function_cache._of_thread.entries) == function_cache.KEPT
