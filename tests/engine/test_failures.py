"""What a compiled function was doing when it failed."""
import numpy as np
import pytest
import theano
import theano.tensor as T

from lasagne_ext.engine.failures import find_failure

pytestmark = pytest.mark.usefixtures('fast_compile')


def failure_of(function, *args, **kwargs):
    with pytest.raises(Exception) as caught:
        function(*args, **kwargs)
    return find_failure(caught.value)


def test_node_and_its_values():
    x, y = T.dmatrix('x'), T.dmatrix('y')
    function = theano.function([x, y], T.dot(x, y) + 1)
    failure = failure_of(function, np.ones((2, 3)), y=np.ones((4, 5)))
    node, = failure.nodes
    assert node in function.maker.fgraph.apply_nodes and failure.graph is function.maker.fgraph
    assert sorted(value.shape for value in failure.values) == [(2, 3), (4, 5)]
    assert failure.given[x].shape == (2, 3) and failure.given[y].shape == (4, 5)
    assert failure.refused is None


def test_node_inside_a_loop_is_the_last():
    x, y = T.dmatrix('x'), T.dmatrix('y')
    steps, _ = theano.scan(lambda row: T.dot(row, y), sequences=[x])
    failure = failure_of(theano.function([x, y], steps), np.ones((2, 3)), np.ones((4, 5)))
    assert 'Scan' in type(failure.nodes[0].op).__name__ and len(failure.nodes) > 1
    assert (4, 5) in [np.shape(value) for value in failure.values]


def test_input_that_is_refused():
    x, y = T.dvector('x'), T.lvector('y')
    function = theano.function([x, y], x[y])
    failure = failure_of(function, np.ones(2), np.ones(2))
    assert failure.refused is y and failure.nodes == [] and failure.values == []
    assert failure.given[x].tolist() == [1, 1]


def test_error_of_no_function():
    def fail():
        raise ValueError('by hand')
    assert failure_of(fail) is None
