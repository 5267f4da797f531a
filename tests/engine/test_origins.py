"""Nodes of a graph remember the layers that made them."""
import copy
import gc
import pickle
import traceback

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import DenseLayer, InputLayer, NonlinearityLayer, RecurrentLayer, get_output

from lasagne_ext.engine.origins import origins

FLOAT = theano.config.floatX

pytestmark = pytest.mark.usefixtures('nothing_compiled')


def made(nodes):
    """Names and directions that the nodes remember."""
    return {(origin.layer.name, origin.direction) for node in nodes for output in node.outputs
            for chain in origins(output) for origin in chain if origin.layer is not None}


def network():
    source = InputLayer((None, 4), name='in')
    return source, DenseLayer(DenseLayer(source, 5, name='one'), 3, name='two')


def compiled(source, net, gradient=False, mode=None):
    loss = get_output(net).sum()
    outputs = theano.grad(loss, lasagne.layers.get_all_params(net)) if gradient else loss
    return theano.function([source.input_var], outputs, mode=mode)


def test_forward_and_backward_before_optimization():
    source, net = network()
    loss = get_output(net).sum()
    weights = lasagne.layers.get_all_params(net)[0]
    assert origins(loss) == []
    chain, = origins(loss.owner.inputs[0])
    assert (chain[0].layer, chain[0].called, chain[0].direction) == (net, "DenseLayer 'two'", 'forward')
    chain, = origins(theano.grad(loss, weights))
    assert (chain[0].layer.name, chain[0].direction) == ('one', 'backward')


@pytest.mark.parametrize('mode', ['FAST_RUN', 'FAST_COMPILE'])
def test_through_optimization_and_fusion(mode):
    source, net = network()              # a graph does not keep its layers alive
    function = compiled(source, net, gradient=True, mode=mode)
    nodes = function.maker.fgraph.apply_nodes
    assert made(nodes) == {('one', 'forward'), ('two', 'forward'), ('one', 'backward'), ('two', 'backward')}
    computing = [node for node in nodes if 'ot' in str(node.op) or 'Composite' in str(node.op)]
    assert computing and all(made([node]) for node in computing)


def test_a_loss_is_of_no_layer():
    source, net = network()
    output = get_output(net)
    logarithm = T.log(output)
    assert origins(logarithm) == [] and origins(logarithm.mean()) == []
    assert origins(output)[0][0].layer is net


def test_recurrent_layer_and_what_runs_inside_it():
    source = InputLayer((None, 4, 3), name='in')
    net = RecurrentLayer(source, 2, name='rnn', precompute_input=False)
    chains = [chain for node in theano.gof.graph.io_toposort([source.input_var], [get_output(net)])
              for chain in origins(node.outputs[0])]
    assert all(chain[0].layer is net for chain in chains) and chains
    function = compiled(source, net, gradient=True)
    assert {('rnn', 'forward'), ('rnn', 'backward')} <= made(function.maker.fgraph.apply_nodes)


def test_layers_inside_a_step():
    if not hasattr(lasagne.layers, 'CustomRecurrentLayer'):
        pytest.skip('this Lasagne has no CustomRecurrentLayer')
    source = InputLayer((None, 4, 3), name='in')
    step = DenseLayer(InputLayer((None, 3)), 2, name='step', nonlinearity=T.tanh)
    net = lasagne.layers.CustomRecurrentLayer(
        source, step, DenseLayer(InputLayer((None, 2)), 2, name='hidden'), name='rnn', unroll_scan=True,
        precompute_input=False)
    nodes = theano.gof.graph.io_toposort([source.input_var], [get_output(net)])
    chains = [[origin.layer.name for origin in chain] for node in nodes
              for chain in origins(node.outputs[0])]
    assert ['rnn', 'step'] in chains and ['rnn', 'hidden'] in chains


def test_a_layer_that_differentiates():
    """As Lasagne's InverseLayer does."""
    class Inverse(lasagne.layers.MergeLayer):
        def get_output_for(self, inputs, **kwargs):
            value, given, taken = inputs
            return theano.grad(None, wrt=taken, known_grads={given: value})

    source = InputLayer((None, 4), name='in')
    dense = DenseLayer(source, 3, name='dense', nonlinearity=None)
    net = Inverse([dense, dense, source], name='inverse')
    nodes = theano.gof.graph.io_toposort([source.input_var], [get_output(net)])
    chains = [[(origin.layer.name, origin.direction) for origin in chain] for node in nodes
              for chain in origins(node.outputs[0])]
    assert [('dense', 'forward')] in chains
    assert any(chain[0] == ('inverse', 'forward') for chain in chains)


def test_pickled_function_runs_and_keeps_the_names():
    source, net = network()
    function = compiled(source, net, mode='FAST_COMPILE')
    again = pickle.loads(pickle.dumps(function))
    x = np.ones((2, 4), FLOAT)
    assert again(x) == function(x)
    called = {origin.called for node in again.maker.fgraph.apply_nodes for output in node.outputs
              for chain in origins(output) for origin in chain}
    assert called == {"DenseLayer 'one'", "DenseLayer 'two'"}


def test_pickled_graph():
    source, net = network()
    output = pickle.loads(pickle.dumps(get_output(net)))
    assert origins(output)[0][0].called == "DenseLayer 'two'"


def test_graph_of_another_process_names_no_layer_of_this_one(run_python, tmp_path):
    source, net = network()
    (tmp_path / 'graph').write_bytes(pickle.dumps(get_output(net)))
    run_python('''
import lasagne_ext, pickle
from lasagne.layers import *
from lasagne_ext.engine.origins import origins
own = get_output(DenseLayer(DenseLayer(InputLayer((None, 4)), 3, name='one'), 3, name='two'))
origin = origins(pickle.load(open('graph', 'rb')))[0][0]
assert origin.called == "DenseLayer 'two'" and origin.layer is None
''')


def test_layers_that_are_gone():
    source, net = network()
    output = get_output(net)
    del source, net
    gc.collect()
    origin = origins(output)[0][0]
    assert (origin.layer, origin.called) == (None, "DenseLayer 'two'")


def test_renaming():
    source, net = network()
    before = get_output(net)
    net.name = 'renamed'
    after = get_output(net)
    assert origins(before)[0][0] == (net, "DenseLayer 'two'", 'forward')
    assert origins(after)[0][0] == (net, "DenseLayer 'renamed'", 'forward')
    net.name = None
    assert origins(get_output(net))[0][0].called == 'DenseLayer'


def test_traces_still_hold_the_users_own_lines():
    def line_of_mine():
        return get_output(network()[1])

    output = line_of_mine()
    for variable in (output, output.owner.inputs[0]):
        trace = variable.tag.trace[0]
        functions = [function for _, _, function, _ in trace]
        assert 'line_of_mine' in functions and functions[-1] == 'get_output_for (forward)'
        assert not any(path == origins.__code__.co_filename for path, _, _, _ in trace)


def test_number_shown_is_short():
    """It counts the layers of a process; that of another layer differs, that of the same does not."""
    first, second = (get_output(network()[1]) for _ in range(2))
    numbers = [variable.tag.trace[0][-1][1] for variable in (first, first.owner.inputs[0], second)]
    assert first.tag.trace[0][-1][3] == ''            # d3viz would fail with None
    shown = [traceback.format_list(variable.tag.trace[0])[-1] for variable in (first, second)]
    for line, number in zip(shown, numbers[::2]):
        assert line == '  File "DenseLayer \'two\'", line %s, in get_output_for (forward)\n' % number
        assert 1 <= int(str(number)) < 10 ** 6
    assert numbers[0] == numbers[1] and str(numbers[0]) == str(numbers[1])
    assert numbers[0] != numbers[2] and str(numbers[0]) != str(numbers[2])


def test_layers_of_a_process_are_counted_from_one(run_python):
    run_python('''
import lasagne_ext, theano
from lasagne.layers import *
source = InputLayer((None, 4))
nodes = theano.gof.graph.io_toposort(
    [source.input_var], [get_output(DenseLayer(DenseLayer(source, 3, name='one'), 3, name='two'))])
lines = [line for node in nodes for line in node.outputs[0].tag.trace[0] if line[2].endswith('(forward)')]
numbers = {(line[0], '%s' % line[1]) for line in lines}
assert numbers == {("DenseLayer 'one'", '1'), ("DenseLayer 'two'", '2')}, numbers
''')


@pytest.mark.parametrize('copied', [copy.copy, copy.deepcopy, lambda line: pickle.loads(pickle.dumps(line))])
def test_copied_number_is_the_same(copied):
    source, net = network()
    output = get_output(net)
    line = output.tag.trace[0][-1]
    assert copied(line) == line and hash(copied(line)) == hash(line)
    output.tag.trace = copied(output.tag.trace)
    assert origins(output)[0][0].layer is net


def test_pickled_number_needs_nothing_of_ours():
    pickled = pickle.dumps(get_output(network()[1]).tag.trace[0][-1])
    assert b'lasagne_ext' not in pickled


def test_no_layer_no_line():
    x = T.matrix()
    assert origins(x + 1) == [] and origins(x) == []


def test_values_are_the_same_without():
    source, net = network()
    x = np.random.RandomState(0).randn(3, 4).astype(FLOAT)
    one, two = lasagne.layers.get_all_layers(net)[1:]
    hidden = np.maximum(0, x @ one.W.get_value() + one.b.get_value())
    expected = np.maximum(0, hidden @ two.W.get_value() + two.b.get_value()).sum()
    np.testing.assert_allclose(compiled(source, net)(x), expected, rtol=1e-5)


def test_several_origins_of_one_node():
    """Two layers that do the same to the same become one node."""
    source = InputLayer((None, 4), name='in')
    twins = [NonlinearityLayer(source, T.tanh, name=name) for name in ('left', 'right')]
    function = theano.function([source.input_var], get_output(twins))
    names = made(function.maker.fgraph.apply_nodes)
    assert names and names <= {('left', 'forward'), ('right', 'forward')}
