"""A lazy choice between branches: values, containers, gradients, what is not computed, what is refused."""
import numpy as np
import pytest
import theano
import theano.tensor as T
from theano.ifelse import IfElse, ifelse

MODES = ['FAST_COMPILE', 'FAST_RUN']


@pytest.mark.parametrize('mode', MODES)
def test_value_and_gradient(mode):
    c, x, y = T.iscalar('c'), T.dvector('x'), T.dvector('y')
    z = ifelse(c, x * 2, y ** 2, name='choice')
    assert z.type == x.type
    run = theano.function([c, x, y], [z] + T.grad(z.sum(), [x, y]), mode=mode)
    a, b = np.array([1., 2]), np.array([3., 4])
    for condition in (1, -3):
        assert [v.tolist() for v in run(condition, a, b)] == [[2, 4], [2, 2], [0, 0]]
    assert [v.tolist() for v in run(0, a, b)] == [[9, 16], [0, 0], [6, 8]]


@pytest.mark.parametrize('mode', MODES)
@pytest.mark.parametrize('container', [list, tuple])
def test_several_outputs(container, mode):
    c, x, y = T.bscalar('c'), T.fvector('x'), T.fmatrix('y')
    outputs = ifelse(T.lt(c, 5), container([x, y]), [x + 1, y * 2])
    assert type(outputs) is container
    run = theano.function([c, x, y], list(outputs), mode=mode)
    values = np.ones(2, 'float32'), np.ones((1, 2), 'float32')
    assert [v.tolist() for v in run(1, *values)] == [[1, 1], [[1, 1]]]
    assert [v.tolist() for v in run(9, *values)] == [[2, 2], [[2, 2]]]


def test_shapes_may_differ():
    c, x, y = T.iscalar('c'), T.dvector('x'), T.dvector('y')
    run = theano.function([c, x, y], ifelse(c, x, y) + 1)
    assert run(1, [1, 2], [3, 4, 5]).tolist() == [2, 3]
    assert run(0, [1, 2], [3, 4, 5]).tolist() == [4, 5, 6]


class Recorded(theano.Op):
    """The value itself; it is noted that it has been computed."""

    __props__ = ('name',)
    seen = []

    def __init__(self, name):
        self.name = name

    def make_node(self, x):
        return theano.Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        self.seen.append(self.name)
        output_storage[0][0] = inputs[0].copy()


@pytest.mark.parametrize('mode', MODES)
@pytest.mark.filterwarnings('ignore::UserWarning')
def test_the_other_branch_is_not_computed(mode):
    c, x = T.iscalar('c'), T.dvector('x')
    run = theano.function([c, x], ifelse(c, Recorded('then')(x), Recorded('else')(x)), mode=mode)
    for condition, name in ((1, 'then'), (0, 'else')):
        del Recorded.seen[:]
        run(condition, [1., 2.])
        assert Recorded.seen == [name]


@pytest.mark.usefixtures('fast_compile')
def test_constants_and_numbers():
    c = T.iscalar('c')
    assert ifelse(c, np.float64(1), np.float64(2)).eval({c: 0}) == 2
    assert ifelse(c, T.constant([1, 2]), T.constant([3, 4])).eval({c: 1}).tolist() == [1, 2]


@pytest.mark.usefixtures('fast_compile')
def test_nested(rng):
    def function(x):
        return ifelse(T.gt(x[0], 0), ifelse(T.gt(x[1], 0), x ** 2, x ** 3), T.exp(x))
    for point in ([1, 2.], [1, -2.], [-1, 2.]):
        theano.gradient.verify_grad(function, [np.array(point)], rng=rng)


@pytest.mark.usefixtures('fast_compile')
def test_updates_of_shared_variables():
    state = theano.shared(np.zeros(2))
    c = T.iscalar('c')
    run = theano.function([c], [], updates=[(state, ifelse(c, state + 1, state))])
    for condition in (1, 0, 1):
        run(condition)
    assert state.get_value().tolist() == [2, 2]


@pytest.mark.parametrize('then, other', [
    (T.fvector(), T.dvector()), (T.dvector(), T.dmatrix()), (T.ivector(), T.lvector()),
    (T.dvector(), np.zeros((2, 2))), (T.dvector(), theano.gof.generic())], ids=str)
def test_types_that_differ(then, other):
    with pytest.raises(TypeError):
        ifelse(T.iscalar(), then, other)


def test_what_is_refused():
    x = T.dvector()
    with pytest.raises(TypeError):
        ifelse(T.ivector(), x, x)
    with pytest.raises(ValueError):
        ifelse(T.iscalar(), [x, x], [x])


def test_the_operation():
    c, x = T.iscalar('c'), T.dvector('x')
    z = ifelse(c, x, x + 1, name='choice')
    assert isinstance(z.owner.op, IfElse) and z.owner.op.name == 'choice' and z.owner.op.n_outs == 1
    assert 'choice' in str(z.owner.op)
