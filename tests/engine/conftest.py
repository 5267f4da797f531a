"""The tests of an engine run on that engine alone."""
import pytest

from lasagne_ext import engine

#: 'theano' or 'pytensor'.
ACTIVE = engine.report()['engine'].split()[0]
OTHER, = {'theano', 'pytensor'} - {ACTIVE}

collect_ignore = [OTHER]


def pytest_report_header(config):
    return 'engine: %s; left out: tests/engine/%s' % (ACTIVE, OTHER)


@pytest.fixture
def check():
    """The end of a program that fails unless Theano and Lasagne work."""
    return '''
import lasagne, numpy as np, theano, theano.tensor as T
x = T.tensor3()
product = theano.function([x], T.batched_dot(x, x))
assert (product(np.ones((2, 2, 2), dtype=theano.config.floatX)) == 2).all()
steps, _ = theano.scan(lambda a: 2 * a, outputs_info=T.ones(()), n_steps=3)
assert theano.function([], steps)().tolist() == [2, 4, 8]
layer = lasagne.layers.MaxPool2DLayer((None, 1, 4, 4), 2)
assert layer.output_shape == (None, 1, 2, 2)
'''
