"""Derivatives."""
import numpy as np
import pytest
import theano
import theano.tensor as T
from theano import gradient

pytestmark = pytest.mark.usefixtures('fast_compile')


def test_results_come_in_the_container_of_wrt():
    x, y = T.dscalars('xy')
    cost = x * y
    assert isinstance(T.grad(cost, x), theano.Variable)
    assert isinstance(T.grad(cost, [x, y]), list) and isinstance(T.grad(cost, (x, y)), tuple)
    assert [g.eval({x: 2, y: 3}) for g in T.grad(cost, [x, y])] == [3, 2]


def test_disconnected_inputs():
    x, y = T.dscalars('xy')
    with pytest.raises(gradient.DisconnectedInputError):
        T.grad(x * 2, y)
    assert T.grad(x * 2, y, disconnected_inputs='ignore').eval({y: 5}) == 0
    with pytest.warns(UserWarning):
        T.grad(x * 2, y, disconnected_inputs='warn')
    assert T.grad(x * 2, y, disconnected_inputs='ignore', return_disconnected='None') is None


def test_only_scalars_have_a_gradient():
    x = T.dvector('x')
    with pytest.raises(TypeError):
        T.grad(x * 2, x)
    with pytest.raises(TypeError):
        T.grad(x.sum(), 3)


def test_consider_constant():
    x = T.dscalar('x')
    y = x * 2
    assert T.grad(x * y, x, consider_constant=[y]).eval({x: 3}) == 6
    assert T.grad(x * gradient.consider_constant(y), x).eval({x: 3}) == 6
    assert T.grad(x * gradient.zero_grad(y), x).eval({x: 3}) == 6
    assert T.grad(x * gradient.disconnected_grad(y), x).eval({x: 3}) == 6
    with pytest.raises(gradient.DisconnectedInputError):
        T.grad(gradient.disconnected_grad(x) * 2, x)


def test_known_gradients():
    x = T.dvector('x')
    y = x ** 2
    back = theano.grad(None, x, known_grads={y: T.constant([1., 10.])})
    assert back.eval({x: [1., 2.]}).tolist() == [2, 40]


def test_clipped_and_scaled():
    x = T.dscalar('x')
    assert T.grad(gradient.grad_clip(x, -1, 1) * 5, x).eval({x: 2}) == 1
    assert T.grad(gradient.grad_scale(x, 3) * 5, x).eval({x: 2}) == 15


def test_jacobian_and_hessian():
    x = T.dvector('x')
    value = np.array([1., 2.])
    np.testing.assert_allclose(gradient.jacobian(x ** 2, x).eval({x: value}), np.diag(2 * value))
    np.testing.assert_allclose(gradient.hessian((x ** 3).sum(), x).eval({x: value}), np.diag(6 * value))
    with pytest.raises(Exception):
        gradient.jacobian(T.dmatrix(), x)


@pytest.mark.filterwarnings('error:.*deprecated')
def test_r_and_l_operators():
    x, v = T.dvector('x'), T.dvector('v')
    w = T.dmatrix('w')
    matrix = np.array([[1., 2.], [3., 4.]])
    y = T.dot(w, x)
    for operator, expected in ((theano.Rop, [1, 3]), (theano.Lop, [1, 2])):
        f = theano.function([w, v, x], operator(y, x, v), on_unused_input='ignore')
        assert f(matrix, [1., 0.], [0., 0.]).tolist() == expected


def test_hessian_times_a_vector():
    x, v = T.dvector('x'), T.dvector('v')
    slope = T.grad((x ** 3).sum(), x)
    product = theano.Rop(slope, x, v)
    np.testing.assert_allclose(product.eval({x: [1., 2.], v: [1., 1.]}), [6, 12])


def test_verify_grad_finds_a_wrong_gradient():
    class Wrong(theano.Op):
        __props__ = ()

        def make_node(self, x):
            return theano.Apply(self, [x], [x.type()])

        def perform(self, node, inputs, output_storage):
            output_storage[0][0] = inputs[0] ** 2

        def grad(self, inputs, grads):
            return [inputs[0] * grads[0]]

    rng = np.random.RandomState(3)
    gradient.verify_grad(lambda x: x ** 2, [np.ones(3)], rng=rng)
    with pytest.raises(gradient.GradientError):
        gradient.verify_grad(Wrong(), [np.ones(3)], rng=rng)
    with pytest.raises(TypeError):
        gradient.verify_grad(lambda x: x, [np.ones(3)])


def test_undefined_gradients_are_told():
    class Undefined(theano.Op):
        __props__ = ()

        def make_node(self, x):
            return theano.Apply(self, [x], [x.type()])

        def perform(self, node, inputs, output_storage):
            output_storage[0][0] = inputs[0]

        def grad(self, inputs, grads):
            return [gradient.grad_not_implemented(self, 0, inputs[0], 'not yet')]

    x = T.dscalar('x')
    with pytest.raises(gradient.NullTypeGradError):
        T.grad(Undefined()(x), x)


def test_gradients_through_indexing_and_joining():
    x = T.dmatrix('x')
    y = T.concatenate([x[::2] * 2, T.set_subtensor(x[0], 1.) * 3]).sum()
    slope = T.grad(y, x).eval({x: np.zeros((3, 2))})
    assert slope.tolist() == [[2, 2], [3, 3], [5, 5]]


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
@pytest.mark.parametrize('floatX', ['float32', 'float64'])
def test_gradients_have_the_type_of_their_variable(dtype, floatX):
    with theano.change_flags(floatX=floatX):
        x = T.TensorType(dtype, (False,))('x')
        for y in (T.switch(x > 0, x, 0), T.maximum(x, 0), x * T.cast(x, 'int8'), T.clip(x, -1, 1)):
            assert T.grad(y.sum(), x).dtype == dtype
        assert T.jacobian(x * (x > 0), x).dtype == T.hessian((x ** 3 * (x > 0)).sum(), x).dtype == dtype
        nothing = T.grad(T.cast((x > 0).sum(), dtype), x)
        assert nothing.dtype == dtype and nothing.eval({x: np.ones(2, dtype)}).tolist() == [0, 0]
