"""Nodes of a graph remember the layers that made them."""
import gc
import inspect
import os
import pickle
import traceback
import types
from unittest.mock import Mock

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import DenseLayer, InputLayer, NonlinearityLayer, RecurrentLayer, get_output

from lasagne_ext.engine.origins import follow_lasagne, origins

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


def test_stored_as_plain_data():
    """So that a pickle needs nothing of ours, and a graph does not keep its layers alive."""
    output = get_output(network()[1])
    (called, number, direction), = output.owner.tag.origins[0]
    assert (called, type(number), direction) == ("DenseLayer 'two'", int, 'forward')
    assert b'lasagne_ext' not in pickle.dumps(output.owner.tag.origins)


def test_traces_hold_the_users_own_lines_and_no_others():
    def line_of_mine():
        return get_output(network()[1])

    for line in line_of_mine().tag.trace[0]:
        assert os.path.exists(line[0]) or line[0].startswith('<')
    assert 'line_of_mine' in [function for _, _, function, _ in line_of_mine().tag.trace[0]]


def test_messages_of_the_engine_name_the_layer():
    """In the lines of a trace that lead through what follows the layers."""
    source, net = network()
    loss = get_output(net).sum()
    slope = theano.grad(loss, net.input_layer.W)
    for variable, text in ((loss.owner.inputs[0], "'two' (forward)"), (slope, "'one' (backward)")):
        assert '\n    DenseLayer %s\n' % text in ''.join(traceback.format_list(variable.tag.trace[0]))
    function = theano.function([source.input_var], loss, mode='FAST_COMPILE')
    with pytest.raises(ValueError) as caught, theano.configparser.change_flags(exception_verbosity='high'):
        function(np.ones((2, 5), FLOAT))
    message = ''.join([str(caught.value), *getattr(caught.value, '__notes__', ())])
    assert "DenseLayer 'one' (forward)" in message


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
    assert names == {('left', 'forward'), ('right', 'forward')}


class Doubling(lasagne.layers.Layer):
    def get_output_for(self, input, **kwargs):
        return 2 * input


def test_layer_class_of_a_user():
    source = InputLayer((None, 4))
    assert origins(get_output(Doubling(source, name='mine')))[0][0].called == "Doubling 'mine'"


def test_layer_class_defined_before_lasagne_is_followed():
    class Layer:
        name = 'mine'

    class Early(Layer):
        def get_output_for(self, input):
            return 2 * input

    layer = Early()
    assert origins(layer.get_output_for(T.matrix())) == []
    for _ in range(2):
        follow_lasagne(types.SimpleNamespace(layers=types.SimpleNamespace(Layer=Layer)))
        assert [origin.layer for origin in origins(layer.get_output_for(T.matrix()))[0]] == [layer]


def test_method_exchanged_on_a_layer_and_on_a_class(monkeypatch):
    layer = Doubling(InputLayer((None, 4)), name='mine')
    layer.get_output_for = lambda input, **kwargs: T.exp(input)
    output = get_output(layer)
    assert origins(output)[0][0].layer is layer and 'exp' in str(output.owner.op).lower()
    del layer.get_output_for
    monkeypatch.setattr(Doubling, 'get_output_for', lambda self, input, **kwargs: T.sqr(input))
    output = get_output(layer)
    assert origins(output)[0][0].layer is layer and 'sqr' in str(output.owner.op).lower()


def test_method_keeps_its_signature_and_name():
    """Lasagne looks at it for arguments that no layer takes."""
    method = lasagne.layers.DropoutLayer(InputLayer((None, 4))).get_output_for
    names = inspect.getfullargspec(method)
    assert names.args == ['input', 'deterministic'] and names.defaults == (False,) and names.varkw == 'kwargs'
    assert list(inspect.signature(method).parameters) == ['input', 'deterministic', 'kwargs']
    assert method.__name__ == 'get_output_for'


def test_layer_that_runs_others_by_hand():
    class Block(lasagne.layers.Layer):
        def __init__(self, incoming, **kwargs):
            super().__init__(incoming, **kwargs)
            self.inner = Doubling(incoming, name='inner')

        def get_output_for(self, input, **kwargs):
            return self.inner.get_output_for(input + 1) - 1

    output = get_output(Block(InputLayer((None, 4)), name='block'))
    doubled = output.owner.inputs[0]
    called = [[origin.called for origin in origins(variable)[0]]
              for variable in (output, doubled, doubled.owner.inputs[1])]
    assert called == [["Block 'block'"], ["Block 'block'", "Doubling 'inner'"], ["Block 'block'"]]


def test_layer_that_runs_twice():
    """Both times are its own, and a graph made of both has it once."""
    source = InputLayer((None, 4))
    layer = Doubling(source, name='mine')
    first = get_output(layer)
    second = get_output(layer, first)
    assert origins(first) == origins(second) and origins(first)[0][0].layer is layer


def test_several_outputs_at_once():
    source, net = network()
    outputs = get_output([net.input_layer, net])
    assert [origins(output)[0][0].layer.name for output in outputs] == ['one', 'two']


def test_expression_given_to_a_layer_is_not_its_own():
    x = T.matrix()
    given = x + 1
    net = Doubling(InputLayer((None, 4), input_var=given), name='mine')
    net.scale = T.sqr(given)
    get_output(net)
    assert origins(given) == [] and origins(net.scale) == []


def test_what_a_layer_keeps_and_how_its_state_changes():
    class Counting(lasagne.layers.Layer):
        def get_output_for(self, input, **kwargs):
            count = theano.shared(np.zeros((), FLOAT))
            count.default_update = count + 1
            self.attention = T.nnet.softmax(input)
            self.count = count
            return input * count

    net = Counting(InputLayer((None, 4)), name='mine')
    get_output(net)
    assert origins(net.attention)[0][0].layer is net
    assert origins(net.count.default_update)[0][0].layer is net


def test_clones():
    source, net = network()
    output = get_output(net)
    copied = theano.clone(output, replace={source.input_var: T.exp(T.matrix())})
    assert copied is not output and origins(copied) == origins(output)
    # Of another type, so that its node is made anew.
    other = theano.clone(output, replace={source.input_var: T.matrix(dtype='int8')}, strict=False)
    assert origins(other) == origins(output)
    graph = theano.gof.FunctionGraph(theano.gof.graph.inputs([output]), [output], clone=True)
    assert origins(graph.outputs[0]) == origins(output)


def test_inside_a_loop():
    """A layer that runs in a step of a loop; the loop itself is its too."""
    class Loop(lasagne.layers.Layer):
        def get_output_for(self, input, **kwargs):
            inner = Doubling((4,), name='inner')
            steps, _ = theano.scan(inner.get_output_for, sequences=[input])
            return steps

    net = Loop(InputLayer((None, 4)), name='loop')
    output = get_output(net)
    assert origins(output)[0][0].layer is net
    if hasattr(output.owner.op, 'outputs'):          # PyTensor freezes that graph, and forgets the tags
        called = [origin.called for chain in origins(output.owner.op.outputs[0]) for origin in chain]
        assert called == ["Loop 'loop'", "Doubling 'inner'"]


def test_sum_of_gradients_is_of_the_layer_that_is_differentiated():
    source = InputLayer((None, 4), name='in')
    one = Doubling(source, name='one')
    left, right = (NonlinearityLayer(one, function, name=name)
                   for function, name in ((T.tanh, 'left'), (T.exp, 'right')))
    hidden, out_left, out_right = get_output([one, left, right])
    slope = theano.grad((out_left * out_right).sum(), source.input_var)
    total = slope.owner.inputs[0]
    assert origins(total)[0][0].layer is one and 'add' in str(total.owner.op).lower()
    terms = {origins(term)[0][0].layer.name for term in total.owner.inputs}
    assert terms == {'left', 'right'}


def test_gradient_of_a_gradient():
    source, net = network()
    first = theano.grad(get_output(net).sum(), net.W)
    second = theano.grad(T.sqr(first).sum(), net.input_layer.W)
    assert origins(second)[0][0][1:] == ("DenseLayer 'one'", 'backward')


def test_differentiating_leaves_the_graph_as_it_was():
    source, net = network()
    loss = get_output(net).sum()
    nodes = theano.gof.graph.io_toposort([source.input_var], [loss])
    ops = [node.op for node in nodes]
    theano.grad(loss, net.W)
    with pytest.raises(theano.gradient.DisconnectedInputError):
        theano.grad(loss, T.matrix('other'))
    assert all(node.op is op for node, op in zip(nodes, ops))


def test_loss_is_of_no_layer_backward_either():
    source, net = network()
    output = get_output(net)
    slope = theano.grad(T.sqr(output - 1).mean(), output)
    assert origins(slope) == []


def test_disconnected_variable_is_named():
    with pytest.raises(theano.gradient.DisconnectedInputError) as caught:
        x = T.matrix('x')
        theano.grad(x.sum(), [x, T.matrix('forgotten')])
    assert str(caught.value).startswith('nothing that has a gradient connects forgotten with the cost. ')


def test_features_leave_the_compiled_graph():
    source, net = network()
    features = compiled(source, net).maker.fgraph._features
    assert features and not any('lasagne_ext' in type(feature).__module__ for feature in features)


def test_nothing_of_the_graphs_is_patched():
    for function in (theano.gof.FunctionGraph.replace, theano.gof.utils.add_tag_trace):
        assert function.__module__.startswith(('theano.', 'pytensor.'))


def test_stand_ins_of_tests_are_left_alone():
    layer = NonlinearityLayer(InputLayer((None, 4)), name='real')
    layer.input_layer, output = Mock(), T.matrix() * 2
    layer.get_output_for = Mock(return_value=output)
    assert layer.get_output_for.return_value is output and layer.get_output_for(Mock()) is output
    del layer.get_output_for
    layer.nonlinearity = Mock(side_effect=T.tanh)
    assert made([layer.get_output_for(output).owner]) == {('real', 'forward')}
    layer.nonlinearity = Mock(return_value=Mock())
    assert layer.get_output_for(Mock()) is layer.nonlinearity.return_value
