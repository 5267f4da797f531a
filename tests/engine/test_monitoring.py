"""Functions that are watched while they run: values and times of their nodes."""
import sys

import numpy as np
import pytest
import theano
import theano.tensor as T

from lasagne_ext.engine.monitoring import Monitored, fills, is_loop, is_unset, node_seconds, timed_function

pytestmark = pytest.mark.usefixtures('fast_compile')


def watched(inputs, outputs):
    """A watched function, and the list of what it shows."""
    shown = []
    return Monitored(inputs, outputs, lambda *what: shown.append(what)), shown


def test_every_node_shows_what_it_took_and_gave():
    x = T.dvector('x')
    function, shown = watched([x], [T.exp(x).sum()])
    value, = function(np.zeros(3))
    assert value == 3
    (exp, (given,), (powers,)), (total, _, (last,)) = shown
    assert given.tolist() == [0, 0, 0] and powers.tolist() == [1, 1, 1] and last == 3
    assert total.outputs[0] is function.outputs[0] and exp.outputs[0] in total.inputs


def test_sources_are_the_inputs_and_shared_variables():
    x, scale = T.dvector('x'), theano.shared(2., 'scale')
    function, _ = watched([x], [x * scale])
    assert set(function.sources.values()) == {x, scale}


def test_nothing_is_overwritten():
    """An operation in place would change what the one before it has shown."""
    x = T.dvector('x')
    function, shown = watched([x], [T.exp(T.tanh(x) * 3)])
    function(np.ones(2))
    values = [outputs[0] for _, _, outputs in shown]
    assert len(values) > 1 and len({id(value) for value in values}) == len(values)


def test_loop_is_told_from_others():
    x = T.dvector('x')
    steps, _ = theano.scan(lambda element: 2 * element, sequences=[x])
    function, shown = watched([x], [steps])
    assert function(np.arange(3.))[0].tolist() == [0, 2, 4]
    assert [is_loop(node) for node, _, _ in shown].count(True) == 1


def test_memory_that_is_filled_later():
    unset = T.AllocEmpty('float64')(3)
    filled = T.set_subtensor(unset[:2], 1.)
    assert is_unset(unset.owner) and fills(filled.owner)
    assert not is_unset(filled.owner) and not fills(unset.owner)


def test_nothing_is_printed_at_exit():
    """The engine has a list of what it prints then."""
    x = T.dvector()
    function = timed_function([x], T.exp(x))
    assert function.profile not in sys.modules[type(function.profile).__module__]._atexit_print_list


def test_times_are_those_since_last_asked():
    x = T.dvector()
    function = timed_function([x], T.exp(x).sum())
    assert set(node_seconds(function).values()) == {0}
    function(np.ones(1000))
    times = node_seconds(function)
    assert list(times) == function.maker.fgraph.toposort() and min(times.values()) > 0
    assert set(node_seconds(function).values()) == {0}
