"""Graphs, and Ops of one's own."""
import copy

import numpy as np
import pytest
import theano
import theano.tensor as T
from theano import gof
from theano.gradient import DisconnectedType, verify_grad

pytestmark = pytest.mark.usefixtures('fast_compile')


class Cube(theano.Op):
    __props__ = ()

    def make_node(self, x):
        x = T.as_tensor_variable(x)
        return theano.Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0] ** 3

    def grad(self, inputs, output_grads):
        return [3 * inputs[0] ** 2 * output_grads[0]]

    def R_op(self, inputs, eval_points):
        return [None if eval_points[0] is None else 3 * inputs[0] ** 2 * eval_points[0]]

    def infer_shape(self, node, input_shapes):
        return input_shapes


class Scaled(gof.Op):
    """Two inputs, two outputs, properties, an input without gradient."""

    __props__ = ('factor',)

    def __init__(self, factor):
        self.factor = factor

    def make_node(self, x, n):
        x, n = T.as_tensor_variable(x), T.as_tensor_variable(n)
        return gof.Apply(self, [x, n], [x.type(), T.lscalar()])

    def perform(self, node, inputs, outputs):
        x, n = inputs
        outputs[0][0] = x * self.factor * n
        outputs[1][0] = np.asarray(x.size, dtype='int64')

    def connection_pattern(self, node):
        return [[True, False], [False, False]]

    def L_op(self, inputs, outputs, output_grads):
        return [output_grads[0] * self.factor * inputs[1], DisconnectedType()()]


class ByTypes(theano.Op):
    __props__ = ()
    itypes, otypes = [T.dvector], [T.dscalar]

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = np.asarray(inputs[0].sum())


def test_op_runs_with_value_gradient_and_shape():
    x = T.dmatrix('x')
    y = Cube()(x)
    value = np.array([[1., 2.], [3., 4.]])
    np.testing.assert_allclose(y.eval({x: value}), value ** 3)
    np.testing.assert_allclose(T.grad(y.sum(), x).eval({x: value}), 3 * value ** 2)
    assert theano.function([x], y.shape)(value).tolist() == [2, 2]
    verify_grad(Cube(), [value], rng=np.random.RandomState(1))


def test_op_runs_in_the_default_mode(monkeypatch):
    x = T.dmatrix('x')
    f = theano.function([x], T.grad((Cube()(T.tanh(x)) * 2).sum(), x), mode='FAST_RUN')
    t = np.tanh(.5)
    np.testing.assert_allclose(f(np.full((1, 1), .5)), [[6 * t ** 2 * (1 - t ** 2)]])


def test_r_op_agrees_with_l_op():
    x, v = T.dvector('x'), T.dvector('v')
    y = Cube()(x)
    change = theano.Rop(y, x, v).eval({x: [1., 2.], v: [1., .5]})
    np.testing.assert_allclose(change, [3., 6.])


def test_op_with_several_outputs_and_properties():
    x, n = T.dvector('x'), T.lscalar('n')
    scaled, size = Scaled(2.)(x, n)
    f = theano.function([x, n], [scaled, size, T.grad(scaled.sum(), x)])
    values = f([1., 2., 3.], 5)
    assert [v.tolist() for v in values] == [[10, 20, 30], 3, [10, 10, 10]]
    assert Scaled(2.) == Scaled(2.) and Scaled(2.) != Scaled(3.)
    assert hash(Scaled(2.)) == hash(Scaled(2.))


def test_op_by_types():
    assert ByTypes()(T.constant(np.array([1., 2.]))).eval() == 3
    with pytest.raises(Exception):
        ByTypes()(T.dmatrix())


def test_op_without_gradient_says_so():
    x = T.dvector('x')
    with pytest.raises(Exception, match='ByTypes'):
        theano.grad(ByTypes()(x), x)


def test_ops_inside_scan():
    x = T.dvector('x')
    steps, _ = theano.scan(lambda v: Cube()(v), outputs_info=x, n_steps=2)
    assert theano.function([x], steps[-1])([1., 2.]).tolist() == [1, 512]


def test_inputs_come_in_order():
    a, b, c = T.dscalars('abc')
    w = theano.shared(1., 'w')
    assert gof.graph.inputs([a * w + T.exp(b + c)]) == [a, w, b, c]
    assert gof.graph.inputs([a, b]) == [b, a]
    assert gof.graph.inputs([a * w + b], blockers=[a * w]) == [a, w, b]
    middle = a * b
    assert gof.graph.inputs([middle + c], blockers=[middle]) == [c]


def test_same_graphs():
    a, b = T.dscalars('ab')
    assert gof.graph.is_same_graph(a * b + 1, a * b + 1)
    assert not gof.graph.is_same_graph(a * b + 1, a * b + 2)
    assert gof.graph.is_same_graph(a + 1, b + 1, givens={a: b})


def test_a_variable_without_an_owner():
    v = theano.Variable(T.dmatrix)
    assert v.owner is None and v.type.ndim == 2 and isinstance(v, theano.Variable)
    assert isinstance(T.constant(1), theano.Constant) and not isinstance(v, theano.Constant)


def test_clone():
    x, y = T.dscalar('x'), T.dscalar('y')
    z = x * 2
    assert theano.clone(z, replace={x: y + 1}).eval({y: 1}) == 4
    copied = theano.clone(z, share_inputs=False)
    assert x not in gof.graph.inputs([copied])
    assert copy.copy(z) is not z


def test_local_optimizer():
    @gof.local_optimizer([Cube])
    def cube_is_product(node):
        if not isinstance(node.op, Cube):
            return False
        x = node.inputs[0]
        return [x * x * x]

    x = T.dvector('x')
    rewrite = gof.opt.out2in(cube_is_product)
    fgraph = gof.FunctionGraph([x], [Cube()(x)], clone=False)
    rewrite.optimize(fgraph) if hasattr(rewrite, 'optimize') else rewrite.rewrite(fgraph)
    assert not any(isinstance(node.op, Cube) for node in fgraph.apply_nodes)


def test_a_type_of_ones_own():
    class Text(gof.Type):
        def filter(self, data, strict=False, allow_downcast=None):
            if isinstance(data, str):
                return data
            raise TypeError('expected a str, got %r' % (data,))

        def __eq__(self, other):
            return type(self) is type(other)

        def __hash__(self):
            return hash(type(self))

    class Length(theano.Op):
        __props__ = ()

        def make_node(self, text):
            return theano.Apply(self, [text], [T.lscalar()])

        def perform(self, node, inputs, output_storage):
            output_storage[0][0] = np.asarray(len(inputs[0]), dtype='int64')

    text = Text()('text')
    f = theano.function([text], Length()(text), mode=theano.Mode('py', None))
    assert f('four') == 4
    with pytest.raises(TypeError):
        f(4)


class Doubled(theano.Op):
    """An Op with C code alone."""

    __props__ = ()

    def make_node(self, x):
        x = T.as_tensor_variable(x)
        return theano.Apply(self, [x], [x.type()])

    def c_code(self, node, name, inputs, outputs, sub):
        return '''
            Py_XDECREF(%(z)s);
            %(z)s = (PyArrayObject *)PyArray_NewCopy(%(x)s, NPY_CORDER);
            if (!%(z)s) { %(fail)s }
            for (npy_intp i = 0; i < PyArray_SIZE(%(z)s); i++)
                ((double *)PyArray_DATA(%(z)s))[i] *= 2;
        ''' % {'x': inputs[0], 'z': outputs[0], 'fail': sub['fail']}

    def c_code_cache_version(self):
        return 1,

    def grad(self, inputs, grads):
        return [2 * grads[0]]


@pytest.mark.skipif(not theano.config.cxx, reason='no C compiler')
def test_an_op_with_c_code_alone():
    x = T.dvector('x')
    y = Doubled()(x)
    f = theano.function([x], [y, T.grad((y ** 2).sum(), x)], mode='FAST_RUN')
    assert [v.tolist() for v in f([1., 2.])] == [[2, 4], [8, 16]]


class ScalarCube(theano.scalar.basic.UnaryScalarOp):
    def impl(self, x):
        return x * x * x

    def grad(self, inputs, grads):
        return [3 * inputs[0] ** 2 * grads[0]]

    def c_code(self, node, name, inputs, outputs, sub):
        return '%s = %s * %s * %s;' % (outputs[0], inputs[0], inputs[0], inputs[0])


def test_a_scalar_op_inside_elemwise():
    cube = T.elemwise.Elemwise(ScalarCube(theano.scalar.basic.upgrade_to_float, name='cube'))
    x = T.dmatrix('x')
    for mode in ('FAST_COMPILE', 'FAST_RUN'):
        f = theano.function([x], [cube(x), T.grad(cube(x).sum(), x)], mode=mode)
        assert [v.tolist() for v in f([[1., 2.]])] == [[[1, 8]], [[3, 12]]]
