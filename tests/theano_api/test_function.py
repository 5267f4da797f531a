"""Compiled functions: what goes in, what comes out, what is kept."""
import pickle
from collections import OrderedDict

import numpy as np
import pytest
import theano
import theano.tensor as T

pytestmark = pytest.mark.usefixtures('fast_compile')


def test_outputs_come_as_they_are_asked_for():
    x = T.dscalar('x')
    assert theano.function([x], x + 1)(1).tolist() == 2
    single = theano.function([x], [x + 1])(1)
    assert isinstance(single, list) and single[0] == 2
    assert theano.function([x], [x + 1, x * 3])(2) == [3, 6]
    assert not theano.function([x], None, on_unused_input='ignore')(1)
    assert theano.function([x], {'more': x + 1, 'less': x - 1})(1) == {'more': 2, 'less': 0}


def test_updates_happen_after_the_outputs():
    state = theano.shared(np.float64(1), 'state')
    step = theano.function([], state, updates=OrderedDict([(state, state * 2)]))
    assert [float(step()) for _ in range(3)] == [1, 2, 4]
    assert state.get_value() == 8
    pairs = theano.function([], updates=[(state, state + 1)])
    pairs()
    assert state.get_value() == 9


def test_an_update_of_another_dtype_is_refused():
    state = theano.shared(np.float32(1))
    with pytest.raises(TypeError):
        theano.function([], updates=[(state, T.cast(state, 'float64') + 1)])


def test_an_update_of_known_size_is_welcome():
    state = theano.shared(np.zeros((3, 1)))
    theano.function([], updates=[(state, state + T.ones((3, 1)))])()
    assert state.get_value().tolist() == [[1]] * 3
    state.set_value(np.zeros((2, 5)))
    assert state.get_value().shape == (2, 5)


def test_default_updates_can_be_switched_off():
    state = theano.shared(np.float64(0))
    state.default_update = state + 1
    counted = theano.function([], state)
    still = theano.function([], state, no_default_updates=True)
    listed = theano.function([], state, no_default_updates=[state])
    assert [float(counted()), float(counted()), float(still()), float(listed()), float(still())] == \
        [0, 1, 2, 2, 2]


def test_givens_replace():
    x, y = T.dvector('x'), T.dvector('y')
    total = (x * 2).sum()
    assert theano.function([y], total, givens={x: y + 1})([1, 2]) == 10
    data = theano.shared(np.arange(6.))
    index = T.lscalar('index')
    batch = theano.function([index], total, givens=[(x, data[index:index + 2])])
    assert [float(batch(i)) for i in (0, 4)] == [2, 18]


def test_inputs_that_are_not_used():
    x, y = T.dscalar('x'), T.dscalar('y')
    with pytest.raises(theano.compile.UnusedInputError):
        theano.function([x, y], x)
    with pytest.warns(UserWarning, match='not part of the computational graph'):
        theano.function([x, y], x, on_unused_input='warn')
    assert theano.function([x, y], x, on_unused_input='ignore')(1, 2) == 1


def test_inputs_are_cast_only_where_nothing_is_lost():
    x = T.fvector('x')
    double = theano.function([x], x * 2)
    with pytest.raises(TypeError):
        double(np.array([.1], dtype='float64'))
    lossy = theano.function([x], x * 2, allow_input_downcast=True)
    assert lossy(np.array([.5], dtype='float64')).dtype == 'float32'
    assert double([1, 2]).tolist() == [2, 4]
    with pytest.raises(TypeError):
        double(np.ones((2, 2), dtype='float32'))


def test_arguments_by_name_and_by_default():
    x, y, z = T.dscalar('x'), T.dscalar('y'), T.dscalar('z')
    f = theano.function([x, theano.In(y, value=10), theano.In(z, value=100, name='last')], x + y + z)
    assert f(1) == 111 and f(1, 2) == 103 and f(1, last=3) == 14 and f(1, y=2, last=3) == 6
    assert f(1) == 111
    with pytest.raises(TypeError):
        f()


def test_a_kept_argument():
    x, total = T.dscalar('x'), T.dscalar('total')
    f = theano.function([x, theano.In(total, value=5., update=total + x, mutable=True)], total + x)
    assert [float(f(1)), float(f(2))] == [6, 8]
    assert f[total] == 8
    assert f(1, 100) == 101 and f[total] == 101
    assert f(1, total=0) == 1


def test_two_kept_arguments_without_a_name():
    a, b = T.dscalar(), T.dscalar()
    f = theano.function([theano.In(a, value=1., update=a + 1), theano.In(b, value=10., update=b * 2)], a + b)
    assert [float(f()), float(f())] == [11, 22]
    assert f[a] == 3 and f[b] == 40
    f[a] = 0.
    assert f() == 40


def test_shared_inputs_and_bare_variables_are_refused():
    with pytest.raises(TypeError):
        theano.function([theano.shared(1.)], [])
    with pytest.raises(Exception, match='list'):
        theano.function(T.dscalar('x'), [])
    with pytest.raises(TypeError, match='ndarray'):
        theano.function([np.zeros(3)], T.dscalar('x'))


def test_shared_values():
    array = np.arange(3.)
    copied, lent = theano.shared(array), theano.shared(array, borrow=True)
    array[0] = 7
    assert copied.get_value()[0] == 0 and lent.get_value(borrow=True)[0] == 7
    copied.set_value([1., 2.])
    assert copied.get_value().tolist() == [1, 2]
    row = theano.shared(np.ones((1, 3)), broadcastable=(True, False))
    assert row.broadcastable == (True, False)
    assert theano.shared(np.ones((1, 3))).broadcastable == (False, False)
    assert theano.shared(2.5).type == T.dscalar and theano.shared(3).dtype == 'int64'
    assert not isinstance(theano.shared(array), T.TensorVariable)
    assert isinstance(theano.shared(array), theano.compile.SharedVariable)
    assert theano.shared([1, 2]).get_value() == [1, 2]
    with pytest.raises(TypeError):
        theano.shared(T.dscalar())


def test_get_value_is_a_copy():
    shared = theano.shared(np.zeros(2))
    shared.get_value()[0] = 1
    assert shared.get_value()[0] == 0


def test_compiled_functions_can_be_copied_and_pickled():
    x = T.dvector('x')
    state = theano.shared(np.float64(1), 'state')
    f = theano.function([x], x * state, updates=[(state, state + 1)])
    assert f([1., 2.]).tolist() == [1, 2]
    other = theano.shared(np.float64(10), 'other')
    assert np.ravel(f.copy(swap={state: other})([1.])).tolist() == [10]
    again = pickle.loads(pickle.dumps(f))
    assert again([1.]).tolist() == [2]


def test_variables_and_graphs_can_be_pickled():
    x = T.matrix('x')
    shared = theano.shared(np.eye(2), 'w')
    y = T.tanh(T.dot(x, shared)).sum()
    x2, y2 = pickle.loads(pickle.dumps((x, y)))
    value = np.ones((1, 2), dtype=theano.config.floatX)
    assert theano.function([x2], y2)(value) == theano.function([x], y)(value)


def test_eval():
    x, y = T.dscalar('x'), T.dscalar('y')
    assert (x + y).eval({x: 1, y: 2}) == 3
    assert (theano.shared(2.) * 3).eval() == 6


@pytest.mark.parametrize('mode', ['FAST_RUN', 'FAST_COMPILE', theano.Mode('py', 'fast_compile'),
                                  theano.Mode('vm', None), theano.compile.get_default_mode()])
def test_modes(mode):
    x = T.dmatrix('x')
    f = theano.function([x], T.exp(x).sum(axis=0), mode=mode)
    np.testing.assert_allclose(f(np.zeros((3, 2))), [3, 3])


def test_unknown_modes_are_refused():
    with pytest.raises(Exception, match='NO_SUCH_MODE'):
        theano.function([], T.constant(1.), mode='NO_SUCH_MODE')


def test_op_from_graph():
    x, y = T.dvectors('x', 'y')
    op = theano.OpFromGraph([x, y], [x * y + 1])
    a, b = T.dvectors('a', 'b')
    out = op(a, b)
    assert theano.function([a, b], out)([1, 2], [3, 4]).tolist() == [4, 9]
    gradient = theano.function([a, b], theano.grad(out.sum(), a))
    assert gradient([1, 2], [3, 4]).tolist() == [3, 4]


def test_op_from_graph_with_another_gradient():
    x = T.dvector('x')
    op = theano.OpFromGraph([x], [x * 2], grad_overrides=lambda inputs, grads: [grads[0] * 10])
    a = T.dvector('a')
    assert theano.grad(op(a).sum(), a).eval({a: [1., 2.]}).tolist() == [10, 10]


def test_as_op():
    @theano.as_op(itypes=[T.dvector], otypes=[T.dscalar])
    def largest(x):
        return np.asarray(x.max())
    assert largest(T.constant([1., 3., 2.])).eval() == 3


def test_ordered_updates_refuse_what_is_not_shared():
    updates = theano.OrderedUpdates()
    with pytest.raises(TypeError):
        updates[T.dscalar()] = 1
    a, b = theano.shared(1.), theano.shared(2.)
    joined = theano.OrderedUpdates([(a, a + 1)]) + theano.OrderedUpdates([(b, b + 1)])
    assert list(joined) == [a, b]
    with pytest.raises(KeyError):
        joined.update({a: a + 2})
