"""Printing while the network runs."""
import copy
import io
import pickle
import warnings

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import DenseLayer, InputLayer, get_output

from lasagne_ext.debug import PrintLayer, PrintWarning, print_value, printing

FLOAT = theano.config.floatX

pytestmark = pytest.mark.filterwarnings('ignore::lasagne_ext.debug.printing.PrintWarning')


@pytest.fixture
def source():
    return InputLayer((None, 2), name='image')


def evaluate(layer, source):
    value = np.array([[1, np.nan]], dtype=FLOAT)
    return theano.function([source.input_var], get_output(layer))(value)


def test_line_and_value(source, capsys):
    value = evaluate(PrintLayer(source), source)
    assert capsys.readouterr().out == \
        'image: (1, 2) %s, min 1 max 1 mean 1 std 0, 1 NaN, 0 Inf\n' % FLOAT
    assert value[0, 0] == 1 and np.isnan(value[0, 1])


@pytest.mark.parametrize('name, incoming_name, label', [
    ('here', 'image', 'here'), (None, 'image', 'image'), (None, None, 'InputLayer')])
def test_label(name, incoming_name, label, capsys):
    source = InputLayer((None, 2), name=incoming_name)
    evaluate(PrintLayer(source, name=name), source)
    assert capsys.readouterr().out.startswith(label + ': ')


def test_gradient_passes(source):
    cost = get_output(PrintLayer(source)).sum()
    gradient = theano.function([source.input_var], theano.grad(cost, source.input_var))
    assert gradient(np.ones((1, 2), FLOAT)).tolist() == [[1, 1]]


def test_shape_passes(source):
    layer = PrintLayer(source)
    assert layer.output_shape == (None, 2)
    assert lasagne.layers.get_all_params(DenseLayer(layer, 3)) != []


def test_shape_in_place_of_a_layer():
    assert PrintLayer((None, 2)).output_shape == (None, 2)


def test_pickle(source):
    layer = pickle.loads(pickle.dumps(PrintLayer((None, 2), name='there')))
    assert layer.name == 'there'


@pytest.mark.parametrize('mode', ['FAST_RUN', 'FAST_COMPILE', 'DebugMode'])
def test_value_and_gradient_in_every_mode(mode, capsys):
    x = T.dvector('x')
    y = print_value(x, gradients=True, every=2, what='shape')
    function = theano.function([x], T.grad((y ** 2).sum(), x), mode=mode)
    assert [function(np.array([1., 3.])).tolist() for _ in range(3)] == [[2, 6]] * 3
    lines = capsys.readouterr().out.splitlines()
    assert set(lines) == {'x: (2,) float64', 'gradient of x: (2,) float64'}
    if mode != 'DebugMode':                                   # which runs everything several times
        assert lines.count('x: (2,) float64') == lines.count('gradient of x: (2,) float64') == 2


def test_no_line_about_gradients_unless_asked(capsys, fast_compile):
    x = T.dvector('x')
    theano.function([x], T.grad(print_value(x).sum(), x), on_unused_input='ignore')(np.ones(2))
    assert 'gradient' not in capsys.readouterr().out


def test_layer_prints_gradients(source, capsys, fast_compile):
    cost = (get_output(PrintLayer(source, gradients=True)) ** 2).sum()
    theano.function([source.input_var], T.grad(cost, source.input_var))(np.ones((1, 2), FLOAT))
    assert 'gradient of image: (1, 2)' in capsys.readouterr().out


@pytest.mark.parametrize('what, line', [
    ('describe', 'x: (2, 2) int32, min 1 max 4 mean 2.5 std 1.118, 0 NaN, 0 Inf\n'),
    ('shape', 'x: (2, 2) int32\n'), ('values', 'x:\n[[1 2]\n [3 4]]\n'),
    (lambda value: 'sum %d' % value.sum(), 'x: sum 10\n')])
def test_what_is_printed(what, line, fast_compile):
    x, file = T.imatrix('x'), io.StringIO()
    theano.function([x], print_value(x, what=what, file=file))(np.array([[1, 2], [3, 4]], 'int32'))
    assert file.getvalue() == line


def test_complex_values(capsys, fast_compile):
    x = T.zvector()
    theano.function([x], print_value(x, 'z'))(np.ones(2, complex))
    assert capsys.readouterr().out == 'z: (2,) complex128\n'


def test_sink_gets_arrays_of_its_own(fast_compile):
    x, got = T.dvector(), []
    value = print_value(2 * x, 'twice', sink=lambda name, array: got.append((name, array)))
    function = theano.function([x], value)
    assert function(np.ones(2)).tolist() == [2, 2] and function(np.zeros(2)).tolist() == [0, 0]
    assert [(name, array.tolist()) for name, array in got] == [('twice', [2, 2]), ('twice', [0, 0])]
    got[0][1][:] = 5


def test_what_cannot_change_the_value(fast_compile):
    x = T.dvector()

    def spoil(value):
        value[:] = 0
    with pytest.raises(ValueError, match='read-only'):
        theano.function([x], print_value(2 * x, 'x', what=spoil))(np.ones(2))


def test_two_prints_of_one_value_are_two(capsys):
    x = T.dvector()
    theano.function([x], print_value(x, 'here') + print_value(x, 'here'))(np.ones(2))
    assert capsys.readouterr().out.count('here: ') == 2


def test_constant_is_printed_when_the_function_runs(capsys):
    function = theano.function([], print_value(T.constant(1.), 'one') + 1)
    capsys.readouterr()
    function()
    assert capsys.readouterr().out.startswith('one: ()')


def test_clone_prints(capsys, fast_compile):
    x = T.dvector('x')
    value = theano.clone(print_value(x, 'x', what='values'), {x: 3 * x})
    assert theano.function([x], value)(np.ones(1)).tolist() == [3]
    assert capsys.readouterr().out == 'x: [3.]\n'


def test_inside_a_loop(capsys, fast_compile):
    x = T.dvector('x')
    steps, _ = theano.scan(lambda value: print_value(value, 'step', 'values') ** 2, sequences=[x])
    theano.function([x], steps)(np.array([1., 2.]))
    assert capsys.readouterr().out == 'step: 1.0\nstep: 2.0\n'


@pytest.mark.parametrize('duplicate', [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_copied_networks_print(source, duplicate, capsys, fast_compile):
    net = duplicate(DenseLayer(PrintLayer(source, every=2), 3))
    again = net.input_layer.input_layer
    for _ in range(2):
        evaluate(net, again)
    assert capsys.readouterr().out.count('image: (1, 2)') == 2


def test_copied_expressions_print(source, capsys, fast_compile):
    variable, value = pickle.loads(pickle.dumps((source.input_var, get_output(PrintLayer(source)))))
    theano.function([variable], value)(np.ones((1, 2), FLOAT))
    assert capsys.readouterr().out.startswith('image: ')


def test_open_file_can_be_copied_but_not_pickled(tmp_path):
    with open(str(tmp_path / 'log'), 'w') as file:
        layer = PrintLayer((None, 2), file=file)
        copy.deepcopy(layer)
        with pytest.raises(TypeError, match='a print cannot be pickled with file=.*log'):
            pickle.dumps(layer)


def test_warning_once_in_a_process(monkeypatch):
    monkeypatch.setattr(printing, '_warned', False)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        PrintLayer((None, 2))
        PrintLayer((None, 2))
        print_value(T.dvector())
    assert [warning.category for warning in caught] == [PrintWarning]
    assert 'lasagne_ext.debug.probe' in str(caught[0].message) and caught[0].filename == __file__


@pytest.mark.parametrize('options, error, message', [
    (dict(what='everything'), ValueError, "what must be 'describe', 'shape', 'values', or a function"),
    (dict(every=0), ValueError, 'every must be at least 1, got 0'),
    (dict(every=1.5), TypeError, 'every must be a whole number'),
    (dict(every=True), TypeError, 'every must be a whole number'),
    (dict(file='log.txt'), TypeError, r"file must have a method write\(text\), got 'log.txt'"),
    (dict(sink=3), TypeError, 'sink must be a function'),
    (dict(sink=print, what='shape'), ValueError, 'give either sink')])
def test_bad_options(options, error, message):
    with pytest.raises(error, match='^PrintLayer: ' + message):
        PrintLayer((None, 2), **options)
    with pytest.raises(error, match='^print_value: ' + message):
        print_value(T.dvector(), **options)


def test_not_a_variable():
    with pytest.raises(TypeError, match='print_value: expected a symbolic variable, got array'):
        print_value(np.ones(2))
