"""Printing values while a function runs, and graphs."""
import io

import numpy as np
import pytest
import theano
import theano.tensor as T
from theano import printing


@pytest.mark.parametrize('mode', ['FAST_COMPILE', 'FAST_RUN'])
@pytest.mark.filterwarnings('error')
def test_print(mode, capfd):
    x = T.dvector('x')
    shown = printing.Print('here', attrs=['shape', '__str__'])(x)
    run = theano.function([x], shown * 2, mode=mode)
    assert run(np.array([1., 2.])).tolist() == [2, 4]
    lines = capfd.readouterr().out.splitlines()
    assert lines == ['here shape = (2,)', 'here __str__ = [1. 2.]']


@pytest.mark.usefixtures('fast_compile')
def test_print_calls_a_function_of_its_own():
    seen = []
    x = T.fmatrix('x')
    shown = printing.Print(
        'message', global_fn=lambda op, value: seen.append((op.message, value.tolist())))(x)
    assert shown.type == x.type
    theano.function([x], T.grad((shown ** 2).sum(), x))(np.ones((1, 2), 'float32'))
    assert seen == [('message', [[1, 1]])]


@pytest.mark.usefixtures('fast_compile')
def test_print_has_derivatives(rng):
    quiet = printing.Print(global_fn=lambda op, value: None)
    theano.gradient.verify_grad(lambda x: quiet(x) ** 2, [rng.randn(3)], rng=rng)


@pytest.fixture
def graph():
    x, y = T.dmatrix('x'), T.dvector('y')
    return x, y, T.tanh(x + y)


def test_debugprint(graph):
    x, y, z = graph
    text = printing.debugprint(z, file='str')
    assert '[id A]' in text and 'x [id C]' in text and 'add' in text.lower() and 'tanh' in text.lower()
    assert '[id 0]' in printing.debugprint(z, file='str', ids='int')
    assert '[id' not in printing.debugprint(z, file='str', ids='')
    assert 'float64' in printing.debugprint(z, file='str', print_type=True).lower()
    assert 'x [' not in printing.debugprint(z, file='str', depth=1)


def test_debugprint_takes_many_kinds(graph, capsys):
    x, y, z = graph
    run = theano.function([x, y], z, mode='FAST_COMPILE')
    for thing in (z, z.owner, run, run.maker.fgraph, [z, x], theano.In(x), theano.Out(z)):
        assert 'x [id' in printing.debugprint(thing, file='str')
    assert theano.printing.debugprint(z) is None
    assert 'x [id' in capsys.readouterr().out
    target = io.StringIO()
    assert printing.debugprint([3, z], file=target) is target
    assert target.getvalue().startswith('3\n')


def test_debugprint_stops_at_names(graph):
    x, y, z = graph
    z.name = 'result'
    text = printing.debugprint(z, file='str', stop_on_name=True)
    assert 'result' in text and 'x [id' not in text


def test_debugprint_refuses(graph):
    with pytest.raises(Exception):
        printing.debugprint(graph[2], depth='deep')
    with pytest.raises(TypeError):
        printing.debugprint(object())


def test_pretty_print(graph):
    x, y, z = graph
    assert theano.pp is printing.pp and theano.pprint is printing.pprint
    assert printing.pp(x) == 'x'
    assert printing.pp(x * y) == '(x * y)'
    assert printing.pp(-x / y) == '((-x) / y)'
    assert printing.pp(x[0]).startswith('x[')
    assert 'x' in printing.pprint(z) and '(x + y)' in printing.pprint(z)


def test_pretty_print_can_be_taught(graph):
    x, y, z = graph
    own = printing.pp.clone()
    own.assign(T.tanh, printing.FunctionPrinter('tangens'))
    assert own(z) == 'tangens((x + y))'
    own.assign(T.tanh, printing.OperatorPrinter('~', 1, 'either'))
    assert own(z) == '(~(x + y))'
    own.assign(T.tanh, printing.PatternPrinter('<%(0)s>'))
    assert own(z) == '<(x + y)>'
    own.assign(T.tanh, printing.IgnorePrinter())
    assert own(z) == '(x + y)'
    assert 'anh' in printing.pp(z)


def test_short_descriptions(graph):
    x, y, z = graph
    text = printing.min_informative_str(z).splitlines()
    assert text[0].startswith('A. ') and text[1].startswith(' B. ')
    assert 'x' in text[2] and len(text) >= 4
    description = printing.var_descriptor(z)
    assert description.startswith('A=') and '\n' not in description and '=x' in description
    other = T.tanh(x + y)
    assert printing.var_descriptor(other) == description
    assert printing.var_descriptor(T.tanh(x - y)) != description
    assert 'theano_var{type=' in printing.position_independent_str(x)


def test_hex_digest():
    a = np.arange(6.).reshape(2, 3)
    digest = printing.hex_digest(a)
    assert digest.endswith('|strides=[24,8]|shape=[2,3]') and len(digest.split('|')[0]) == 64
    assert printing.hex_digest(a.copy()) == digest
    assert printing.hex_digest(a + 1) != digest and printing.hex_digest(a.reshape(3, 2)) != digest
    with pytest.raises(AssertionError):
        printing.hex_digest([1, 2])
