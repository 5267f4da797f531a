"""Errors of Theano, told with the layer that they come from."""
import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import (ConcatLayer, DenseLayer, ElemwiseSumLayer, EmbeddingLayer, FlattenLayer,
                            InputLayer, MaxPool2DLayer, NonlinearityLayer, RecurrentLayer, get_all_params,
                            get_output)
from lasagne.objectives import categorical_crossentropy

import lasagne_ext
from lasagne_ext.debug import LayerError, errors, layer_errors

FLOAT = theano.config.floatX

pytestmark = pytest.mark.usefixtures('nothing_compiled')


def images():
    source = InputLayer((None, 1, 12, 12), name='in')
    flat = FlattenLayer(MaxPool2DLayer(source, 2, name='pool'), name='flatten')
    return source, DenseLayer(flat, 4, nonlinearity=T.nnet.softmax, name='fc1')


def vectors():
    source = InputLayer((None, 4), name='in')
    return source, DenseLayer(DenseLayer(source, 5, name='one'), 3, name='two')


def compiled(source, net, **keywords):
    return theano.function([source.input_var], get_output(net), **keywords)


def zeros(*shape):
    return np.zeros(shape, FLOAT)


def told(net, run, *arguments):
    """The error that comes out."""
    with pytest.raises(LayerError) as caught:
        with layer_errors(net):
            run(*arguments)
    return caught.value


def test_wrong_size_of_images():
    source, net = images()
    error = told(net, compiled(source, net), zeros(6, 1, 16, 16))
    lines = str(error).splitlines()
    assert lines[0].startswith("DenseLayer 'fc1' (forward) failed in ")
    assert lines[1:] == [
        'what it declares: (None, 36) -> (None, 4)',
        'what came to it: (6, 64) %s, (36, 4) %s' % (FLOAT, FLOAT),
        "InputLayer 'in' was given (6, 1, 16, 16), declared (None, 1, 12, 12)",
        "likely cause: InputLayer 'in' was given (6, 1, 16, 16) where (None, 1, 12, 12) was declared, so "
        'FlattenLayer \'flatten\' gives 64 numbers per sample where 36 are expected']
    assert (error.layer, error.direction) == ('fc1', 'forward')


def test_it_is_of_the_original_type_and_keeps_the_original():
    source, net = vectors()
    with pytest.raises(ValueError) as caught:
        with layer_errors(net):
            compiled(source, net)(zeros(2, 5))
    assert isinstance(caught.value, LayerError) and type(caught.value).__name__ == 'LayerError'
    assert type(caught.value.__cause__) is ValueError
    assert caught.value.__cause__.__traceback__ is not None


def test_wrong_order_of_axes():
    source = InputLayer((None, 5, 3), name='steps')
    net = RecurrentLayer(source, 2, name='rnn')
    error = told(net, compiled(source, net), zeros(4, 3, 5))
    assert error.layer == 'rnn'
    assert str(error).endswith('was given (4, 3, 5) where (None, 5, 3) was declared: looks like another '
                               'order of axes; transpose(0, 2, 1)')


@pytest.mark.parametrize('kind', [ConcatLayer, ElemwiseSumLayer])
def test_batches_of_different_sizes(kind):
    a, b = InputLayer((None, 4), name='a'), InputLayer((None, 4), name='b')
    net = kind([DenseLayer(a, 3, name='left'), DenseLayer(b, 3, name='right')], name='merge')
    function = theano.function([a.input_var, b.input_var], get_output(net))
    error = told(net, function, zeros(2, 4), zeros(3, 4))
    assert str(error).startswith("%s 'merge' (forward) failed in " % kind.__name__)
    assert str(error).splitlines()[-1] == ("likely cause: the inputs are batches of different sizes: 2 in "
                                           "InputLayer 'a', 3 in InputLayer 'b'")


def test_merge_of_unequal_shapes():
    a, b = InputLayer((None, None), name='a'), InputLayer((None, None), name='b')
    net = ElemwiseSumLayer([a, b], name='sum')
    function = theano.function([a.input_var, b.input_var], get_output(net))
    error = told(net, function, zeros(2, 4), zeros(2, 3))
    assert error.layer == 'sum'
    assert "its incoming layers differ: InputLayer 'a' gives (2, 4), InputLayer 'b' gives (2, 3)" in str(error)


def training_function(source, net, targets):
    loss = categorical_crossentropy(get_output(net), targets).mean()
    parameters = get_all_params(net, trainable=True)
    return theano.function([source.input_var, targets],
                           loss, updates=lasagne.updates.sgd(loss, parameters, .1))


def test_target_that_is_no_class():
    source, net = images()
    function = training_function(source, net, T.ivector('targets'))
    error = told(net, function, zeros(2, 1, 12, 12), np.array([0, 4], 'int32'))
    assert isinstance(error, (ValueError, IndexError))
    assert "'fc1'" in str(error).splitlines()[0]
    assert str(error).splitlines()[-1] == ('likely cause: a target is 4, but the network has 4 classes, '
                                           '0 to 3')


def test_more_targets_than_predictions():
    source, net = images()
    function = training_function(source, net, T.ivector('targets'))
    error = told(net, function, zeros(2, 1, 12, 12), np.array([0, 1, 2], 'int32'))
    assert 'predictions and targets differ in number: 3 and 2' in str(error)


def test_loss_of_no_layer():
    source, net = vectors()
    goal = T.matrix('goal')
    function = theano.function([source.input_var, goal], T.dot(get_output(net), goal).sum())
    error = told(net, function, zeros(2, 4), zeros(2, 2))
    assert str(error).startswith("the loss or an update, after DenseLayer 'two', failed in ")
    assert (error.layer, error.direction) == ('two', None)


def test_backward():
    class Fragile(theano.gof.Op):
        """Its gradient does not work."""
        __props__ = ()

        def make_node(self, x):
            return theano.gof.Apply(self, [x], [x.type()])

        def perform(self, node, inputs, outputs):
            outputs[0][0] = inputs[0].copy()

        def grad(self, inputs, gradients):
            return [T.dot(gradients[0], theano.shared(zeros(7, 4)))]

    source = InputLayer((None, 4), name='in')
    net = NonlinearityLayer(DenseLayer(source, 4, name='dense'), Fragile(), name='fragile')
    gradient = theano.grad(get_output(net).sum(), get_all_params(net)[0])
    error = told(net, theano.function([source.input_var], gradient), zeros(2, 4))
    assert str(error).startswith("NonlinearityLayer 'fragile' (backward) failed in ")
    assert error.direction == 'backward'


def test_index_that_is_no_row():
    source = InputLayer((None, 2), T.imatrix(), name='words')
    net = EmbeddingLayer(source, 5, 3, name='embedding')
    error = told(net, compiled(source, net), np.array([[0, 5]], 'int32'))
    assert isinstance(error, IndexError) and error.layer == 'embedding'
    assert 'an index is 5, but 5 rows, 0 to 4, are there' in str(error)


def test_inside_a_loop():
    source = InputLayer((None, 5, 3), name='in')
    net = RecurrentLayer(source, 4, name='rnn', precompute_input=False)
    error = told(net, compiled(source, net), zeros(2, 5, 7))
    assert str(error).startswith("RecurrentLayer 'rnn' (forward) failed in ")
    assert '(2, 7) %s' % FLOAT in str(error)
    assert 'InputLayer \'in\' was given (2, 5, 7) where (None, 5, 3) was declared' in str(error)


@pytest.mark.parametrize('declared, value, cause', [
    ((None, 784), zeros(5, 28, 28), 'it has 3 axes where 2 were declared; reshape it to (5, 784)'),
    ((None, 3), zeros(3), 'it has 1 axes where 2 were declared')])
def test_wrong_rank(declared, value, cause):
    source = InputLayer(declared, name='in')
    net = DenseLayer(source, 2, name='fc')
    error = told(net, compiled(source, net), value)
    assert isinstance(error, TypeError) and (error.layer, error.direction) == ('in', None)
    assert str(error).splitlines() == [
        "InputLayer 'in' was given %s %s, declared %s %s" % (
            str(value.shape), FLOAT, str(declared), FLOAT), 'likely cause: ' + cause]


def test_wrong_dtype():
    source = InputLayer((None, 2), T.imatrix(), name='words')
    net = EmbeddingLayer(source, 5, 3)
    error = told(net, compiled(source, net), np.array([[0., 1.]]))
    assert "it is of float64 where int32 is taken; cast it: x.astype('int32')" in str(error)


def test_graph_that_cannot_be_built():
    class Broken(lasagne.layers.Layer):
        def get_output_for(self, input, **kwargs):
            return input.dimshuffle(0, 0, 1)

    net = DenseLayer(Broken(InputLayer((None, 4), name='in'), name='broken'), 2, name='fc')
    error = told(net, get_output, net)
    assert isinstance(error, ValueError) and error.layer == 'broken'
    assert str(error).startswith("Broken 'broken' failed while its output was built: ValueError: ")
    assert str(error).endswith('what it declares: (None, 4) -> (None, 4)')


def test_graph_built_with_another_variable():
    source, net = vectors()
    x = T.matrix('x')
    function = theano.function([x], get_output(net, x))
    assert "InputLayer 'in' was given (2, 5) where (None, 4)" in str(told(net, function, zeros(2, 5)))


def test_inputs_that_are_not_known():
    source, net = vectors()
    data = theano.shared(zeros(6, 5))
    function = theano.function([], get_output(net), givens={source.input_var: data[:2]})
    text = str(told(net, function))
    assert 'was given' not in text
    assert text.endswith('likely cause: 5 numbers per sample came where 4 are expected')


def test_arguments_by_name():
    source, net = vectors()
    source.input_var.name = 'x'
    function = compiled(source, net)
    assert '(2, 5)' in str(told(net, lambda: function(x=zeros(2, 5))))


def test_decorator_and_reuse():
    source, net = vectors()
    function = compiled(source, net)

    @layer_errors(net)
    def step(x):
        return function(x)

    assert step(zeros(2, 4)).shape == (2, 3)
    for _ in range(2):
        with pytest.raises(LayerError, match="DenseLayer 'one'"):
            step(zeros(2, 5))


def test_nested_blocks_tell_once():
    source, net = vectors()
    with pytest.raises(LayerError) as caught:
        with layer_errors(net), layer_errors(net):
            compiled(source, net)(zeros(2, 5))
    assert not isinstance(caught.value.__cause__, LayerError)


@pytest.mark.parametrize('error', [KeyboardInterrupt, ZeroDivisionError, ValueError, SystemExit])
def test_other_errors_pass(error):
    original = error('mine')
    with pytest.raises(error) as caught:
        with layer_errors(vectors()[1]):
            raise original
    assert caught.value is original


def test_errors_of_other_networks_pass():
    source, net = vectors()
    with pytest.raises(ValueError) as caught:
        with layer_errors(images()[1]):
            compiled(source, net)(zeros(2, 5))
    assert not isinstance(caught.value, LayerError)


def test_error_that_takes_other_arguments():
    class Strange(Exception):
        def __init__(self, one, two):
            super().__init__(one, two)

    class Raises(lasagne.layers.Layer):
        def get_output_for(self, input, **kwargs):
            raise Strange('one', 'two')

    net = Raises((None, 2), name='strange')
    error = told(net, lambda: net.get_output_for(1))
    assert type(error) is LayerError and isinstance(error.__cause__, Strange)
    assert str(error).startswith("Raises 'strange' failed while its output was built: Strange: one")


def test_layers_without_names():
    source = InputLayer((None, 4))
    net = DenseLayer(source, 3)
    error = told(net, compiled(source, net), zeros(2, 5))
    assert error.layer == 'dense1' and "InputLayer 'input0' was given (2, 5)" in str(error)


def test_function_compiled_as_a_whole():
    """Numba runs the graph as one; it is run again, node by node."""
    if lasagne_ext.engine.report()['engine'].startswith('theano'):
        pytest.skip('an engine that has no such linker')
    pytest.importorskip('numba')
    source, net = vectors()
    error = told(net, compiled(source, net, mode='NUMBA'), zeros(2, 5))
    assert str(error).startswith("DenseLayer 'one' (forward) failed in Dot")
    assert '(2, 5) %s, (4, 5) %s' % (FLOAT, FLOAT) in str(error)


class Shell:
    """What `load_ipython_extension` needs of IPython."""
    handler, shown = None, ()

    def set_custom_exc(self, kinds, handler):
        self.handler = handler if kinds else None

    def showtraceback(self, error, tb_offset=None):
        self.shown += (error,)

    def run(self, function, *arguments):
        try:
            function(*arguments)
        except Exception as error:
            self.handler(self, type(error), error, error.__traceback__, tb_offset=1)
        return self.shown[-1]


def test_notebook_tells_without_being_told_the_network():
    source, net = vectors()
    shell = Shell()
    lasagne_ext.load_ipython_extension(shell)
    kind, error, traceback = shell.run(compiled(source, net), zeros(2, 5))
    assert issubclass(kind, LayerError) and issubclass(kind, ValueError)
    assert str(error).startswith("DenseLayer 'one' (forward) failed in ")
    assert "InputLayer 'in' was given (2, 5), declared (None, 4)" in str(error)
    assert traceback is error.__context__.__traceback__ and error.__suppress_context__
    assert shell.run(compiled(source, net), zeros(2, 5, 1))[1].layer == 'in'
    assert shell.run(lambda: 1 / 0)[0] is ZeroDivisionError
    lasagne_ext.unload_ipython_extension(shell)
    assert shell.handler is None


def test_notebook_whose_network_is_gone():
    def build():
        return compiled(*vectors())

    shell = Shell()
    lasagne_ext.load_ipython_extension(shell)
    _, error, _ = shell.run(build(), zeros(2, 5))
    assert str(error).startswith("DenseLayer 'one' (forward) failed in ")


def test_in_ipython():
    pytest.importorskip('IPython')
    from IPython.core.interactiveshell import InteractiveShell
    source, net = vectors()
    shell = InteractiveShell()
    shell.user_ns.update(function=compiled(source, net), x=zeros(2, 5))
    shown = []
    shell._showtraceback = lambda kind, value, lines: shown.append((kind, value))
    shell.run_cell('%load_ext lasagne_ext')
    shell.run_cell('function(x)')
    shell.run_cell('%unload_ext lasagne_ext')
    shell.run_cell('function(x)')
    assert issubclass(shown[0][0], LayerError) and "DenseLayer 'one' (forward)" in str(shown[0][1])
    assert shown[1][0] is ValueError


@pytest.mark.parametrize('layers, error, message', [
    ([], ValueError, 'at least one layer'), (3, TypeError, 'got 3'),
    (['in'], TypeError, "got the string 'in'")])
def test_bad_arguments(layers, error, message):
    with pytest.raises(error, match='layer_errors: .*' + message):
        layer_errors(layers)


def test_nothing_to_tell():
    assert errors.annotate_error(None) is None and errors.annotate_error(ValueError()) is None
