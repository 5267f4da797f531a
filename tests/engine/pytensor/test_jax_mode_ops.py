"""Ops in the JAX mode, against the interpreter of FAST_COMPILE."""
import warnings

import numpy as np
import pytest

pytest.importorskip('pytensor')
jax = pytest.importorskip('jax')
import pytensor
import pytensor.tensor as pt
from pytensor.conditional.op import ifelse
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.printing import Print

from lasagne_ext.engine._environment import EngineWarning
from lasagne_ext.engine.pytensor import jax_mode
from lasagne_ext.engine.pytensor.modes import get_mode

MODE = get_mode('JAX')


def compile(inputs, outputs, **options):
    return pytensor.function(inputs, outputs, mode=MODE, **options)


def compare(inputs, outputs, *calls):
    """Compile in both modes, call with each tuple of values, compare; returns the JAX function."""
    f = compile(inputs, outputs, on_unused_input='ignore')
    oracle = pytensor.function(inputs, outputs, mode='FAST_COMPILE', on_unused_input='ignore')
    for values in calls:
        for got, expected, output in zip(f(*values), oracle(*values), outputs):
            assert got.dtype == expected.dtype and got.shape == expected.shape, output
            np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-12, err_msg=str(output))
    return f


def test_shapes_made_of_shapes(rng):
    x, y = pt.dtensor3('x'), pt.dmatrix('y')
    rows, columns = x.shape[0], x.shape[1] * x.shape[2]
    outputs = [
        x.reshape((rows, columns)), x.flatten(2), x.reshape((-1, x.shape[2])), x.dimshuffle(2, 'x', 0, 1),
        pt.zeros((rows, columns // 2)) + 1, pt.ones_like(x), pt.alloc(y[0], 2, y.shape[1]),
        pt.eye(rows, rows + 1),
        pt.tile(y, (2, 3)), pt.repeat(y, 3, axis=0), pt.repeat(y, y.shape[0]), pt.roll(y, 1, axis=1),
        pt.concatenate([y, 2 * y, y[:, :1]], axis=1), pt.stack([y, y], axis=1), pt.arange(rows * 2.5), x.size,
        pt.arange(rows)[::-1].dimshuffle(0, 'x') * pt.arange(columns), pt.tri(rows, dtype='float64'),
        pt.join(0, *pt.split(y, splits_size=[1, y.shape[0] - 1], n_splits=2)), y.T.dot(y), pt.set_subtensor(
            pt.zeros((y.shape[0] + 2, y.shape[1] + 4))[1:-1, 2:y.shape[1] + 2], y),
        pt.pad(y, ((1, 2), (0, 3))), pt.diag(y[0]), pt.triu(y), pt.swapaxes(x, 0, 2), pt.cumsum(y, axis=1)]
    compare([x, y], outputs, *[(rng.randn(*shape), rng.randn(shape[1], shape[2]))
                               for shape in ((2, 3, 4), (3, 2, 5))])


def test_shapes_that_are_inputs():
    n, shape, x = pt.lscalar('n'), pt.lvector('shape'), pt.dvector('x')
    outputs = [pt.arange(n), pt.zeros((n, 2)), x.reshape(shape, ndim=2), pt.eye(n), pt.repeat(x, n)]
    f = compare([n, shape, x], outputs,
                *[(n, np.array(shape), np.arange(6.))
                  for n, shape in ((3, (2, 3)), (4, (3, 2)), (3, (2, 3)))])
    assert len(jax_mode.specialisations(f)) == 2


def test_shapes_that_the_data_decide(rng):
    classes, x = pt.lvector('classes'), pt.dvector('x')
    one_hot = pt.eq(classes.dimshuffle(0, 'x'), pt.arange(classes.max() + 1))
    compare([classes, x], [one_hot, pt.unique(x), x[:pt.cast(x.sum(), 'int64')], pt.repeat(x, classes),
                           *pt.unique(classes, return_counts=True, return_inverse=True)],
            (np.array([2, 0, 1]), np.array([1., 1., 0.])), (np.array([0, 3, 1]), np.array([2., 0., 1.])))


def test_elementwise(rng):
    x, y, i, j = pt.dmatrix(), pt.drow(), pt.lvector(), pt.lvector()
    outputs = [function(x) for function in (
        abs, pt.sign, pt.ceil, pt.floor, pt.exp, pt.expm1, pt.tanh, pt.arctan, pt.sigmoid, pt.softplus,
        pt.erf, pt.gammaln, pt.cosh, pt.isnan, pt.isinf, pt.round)]
    outputs += [pt.round(x * 2, mode='half_away_from_zero'), x ** 2, 2 ** x, x + y, x * y, x / y, x % y,
                x // y, pt.maximum(x, y), pt.clip(x, -.5, .5), pt.switch(x > y, x, y), pt.arctan2(x, y),
                pt.neq(x, y), i // j, i % j, i & j, i | j, i ^ j, ~i, i / j, pt.cast(100 * x, 'uint8'),
                pt.cast(x, 'int8'), pt.log1p(abs(x)), pt.sqrt(abs(x)), pt.reciprocal(y)]
    compare([x, y, i, j], outputs,
            (2 * rng.randn(3, 4), rng.randn(1, 4), np.array([7, -7, 5]), np.array([2, 2, -3])))


def test_reductions(rng):
    x, b, i = pt.dtensor3(), pt.bmatrix(), pt.fvector()
    outputs = [function(x, axis=axis) for axis in (None, 0, (0, 2), -1) for function in (
        pt.sum, pt.prod, pt.max, pt.min)]
    outputs += [pt.argmax(x), pt.argmax(x, axis=1), pt.argmin(x, axis=2), pt.any(b), pt.all(b, axis=0),
                b.sum(), pt.sort(x, axis=1), pt.argsort(x, axis=0), pt.max(b), x.std()]
    compare([x, b], outputs, (rng.randn(2, 3, 4), np.array([[0, 1, 1], [1, 1, 1]], 'int8')))
    many = np.full(2 ** 24 + 2 ** 22, 1, 'float32')     # an accumulator of float32 would stop at 2 ** 24
    assert compile([i], i.sum())(many) == len(many)


def test_linear_algebra(rng):
    x, y, t = pt.dmatrix(), pt.dmatrix(), pt.dtensor3()
    square = x.dot(x.T) + pt.eye(x.shape[0])
    outputs = [x.dot(y), pt.tensordot(t, y, [[2], [1]]), pt.linalg.inv(square), pt.linalg.det(square),
               pt.linalg.cholesky(square), pt.matmul(t, y.T), pt.linalg.solve(square, x),
               pt.outer(x[0], y[0])]
    outputs.append(pytensor.grad(pt.log(pt.linalg.det(square)), x))
    compare([x, y, t], outputs, (rng.randn(3, 4), rng.randn(4, 5), rng.randn(2, 3, 5)))


def test_fused_elementwise_graphs(rng):
    x = pt.dmatrix()
    f = pytensor.function([x], [pt.tanh(x) * 2 + pt.exp(-x), pt.zeros_like(x) + 1],
                          mode=MODE.including('fusion'))
    array = rng.randn(2, 3)
    got, ones = f(array)
    np.testing.assert_allclose(got, np.tanh(array) * 2 + np.exp(-array))
    np.testing.assert_array_equal(ones, np.ones((2, 3)))


def test_flat_indices(rng):
    x, i, order = pt.dmatrix(), pt.lvector(), pt.lmatrix()
    outputs = [pt.ravel_multi_index((i, 2 * i), (3, 5), order=order, mode=mode)
               for order in 'CF' for mode in ('raise', 'wrap', 'clip')]
    outputs += [part for order in 'CF' for part in pt.unravel_index(i, (2, x.shape[0], 2), order=order)]
    outputs += [pytensor.tensor.basic.permute_row_elements(x, order, inverse) for inverse in (False, True)]
    array, orders = rng.randn(2, 3), np.array([[2, 0, 1], [0, 2, 1]])
    f = compare([x, i, order], outputs, (array, np.array([2, 0, 1]), orders))
    with pytest.raises(ValueError, match='invalid entry'):
        f(array, np.array([3]), orders)


@pytest.mark.parametrize('flag', [0, 1])
def test_if_else(flag, rng):
    c, x = pt.lscalar('c'), pt.dmatrix('x')
    same = ifelse(c > 0, pt.tanh(x), 2 * x)
    shorter = ifelse(c > 0, x[:1], x)
    compare([c, x], [same, pytensor.grad(same.sum(), x), shorter, shorter.shape[0]], (flag, rng.randn(3, 2)))


def test_if_else_with_a_constant_condition(rng):
    x = pt.dmatrix('x')
    compare([x], [ifelse(pt.gt(x.shape[0], 2), pt.tanh(x), 2 * x)], (rng.randn(3, 2),), (rng.randn(2, 2),))


def test_op_from_graph(rng):
    a, b, x = pt.dmatrix(), pt.dmatrix(), pt.dmatrix()
    op = pytensor.compile.builders.OpFromGraph([a, b], [a.dot(b), pt.zeros((a.shape[0], 2)) + 1])
    first, second = op(x, x.T)
    compare([x], [first, second, pytensor.grad(first.sum(), x)], (rng.randn(3, 2),))


class Double(Op):
    """A user's Op, without shapes, known to Python alone."""

    calls = 0

    def make_node(self, x):
        return Apply(self, [pt.as_tensor(x)], [pt.as_tensor(x).type()])

    def perform(self, node, inputs, outputs):
        self.calls += 1
        if (inputs[0] < 0).any():
            raise ValueError('nothing negative, please')
        outputs[0][0] = 2 * inputs[0]

    def pullback(self, inputs, outputs, output_grads):
        return [2 * output_grads[0]]


class ShapedDouble(Double):
    def infer_shape(self, node, shapes):
        return shapes


class OtherDouble(Double):
    def jax_function(self, node):
        return lambda x: 2 * x


@pytest.mark.parametrize('kind', [Double, ShapedDouble])
def test_an_op_without_jax_code(kind):
    op, x, state = kind(), pt.fmatrix('x'), pytensor.shared(0)
    y = op(pt.tanh(x))
    with pytest.warns(EngineWarning, match='%s has no JAX implementation' % kind.__name__):
        f = compile([x], [y, pytensor.grad(y.sum(), x)], updates={state: state + 1})
        for rows in (2, 3):
            array = np.full((rows, 300), .5, 'float32')
            value, gradient = f(array)
            np.testing.assert_allclose(value, 2 * np.tanh(array), rtol=1e-6)
            np.testing.assert_allclose(gradient, 2 / np.cosh(array) ** 2, rtol=1e-5)
    with pytest.raises(ValueError, match='nothing negative'):
        f(-array)
    assert state.get_value() == 2
    before = op.calls
    f(array)
    assert op.calls == before + 1


def test_an_op_with_jax_code():
    op, x = OtherDouble(), pt.dvector()
    with warnings.catch_warnings():
        warnings.simplefilter('error', EngineWarning)
        np.testing.assert_array_equal(compile([x], op(x))(-np.ones(2)), [-2, -2])
    assert op.calls == 0


def test_an_op_without_jax_code_in_a_loop():
    x = pt.dvector('x')
    states = pytensor.scan(lambda x, state: ShapedDouble()(x) + state, sequences=x,
                           outputs_info=pt.as_tensor(np.float64(0)), return_updates=False)
    np.testing.assert_array_equal(compile([x], states)(np.arange(4.)), [0, 2, 6, 12])


def test_print(capsys):
    x = pt.dvector('x')
    f = compile([x], 2 * Print('x is')(x))
    for value in (1., 2.):
        f(np.full(2, value))
        assert 'x is __str__ = [%s.' % int(value) in capsys.readouterr().out


def test_wrong_shapes_are_refused(rng):
    x, y = pt.dmatrix('x'), pt.dmatrix('y')
    for output in (x + y, x.dot(y), pt.concatenate([x, y], axis=1)):
        with pytest.raises(ValueError):
            compile([x, y], output)(rng.randn(3, 2), rng.randn(4, 2))
    with pytest.raises(AssertionError, match='axis 0 of x has 3 entries'):
        compile([x], pt.specify_shape(x, (2, 2)) + 1)(rng.randn(3, 2))
    with pytest.raises(ValueError, match='broadcast'):
        compile([x, y], x + y)(rng.randn(1, 2), rng.randn(4, 2))
