"""Elementwise plans on both engines, against each operation's own Python function."""
import numpy as np
import pytest
import theano
import theano.tensor as T
from hypothesis import given
from hypothesis import strategies as st
from theano import scalar
from theano.tensor.nnet.sigm import scalar_sigmoid, scalar_softplus

from lasagne_ext.engine.runtime import elemwise
from lasagne_ext.engine.runtime.elemwise import NumPyElemwise

UNARY = ['neg', 'abs_', 'sqr', 'sqrt', 'exp', 'log', 'log1p', 'expm1', 'tanh', 'sigmoid', 'softplus', 'sgn',
         'floor', 'ceil', 'trunc', 'round_half_to_even', 'round_half_away_from_zero', 'isnan', 'isinf',
         'inv', 'erf', 'gammaln', 'cos', 'arctan']
BINARY = ['sub', 'true_div', 'int_div', 'mod', 'maximum', 'minimum', 'lt', 'ge', 'eq', 'pow', 'arctan2',
          'second']
DTYPES = ['bool', 'int8', 'uint8', 'int32', 'int64', 'float32', 'float64']


def operation(name):
    special = {'sigmoid': scalar_sigmoid, 'softplus': scalar_softplus}
    return special.get(name) or getattr(scalar, name)


def draw(rng, dtype, shape):
    if dtype == 'bool':
        return rng.rand(*shape) < .5
    if 'float' in dtype:
        return np.round(3 * rng.randn(*shape), 1).astype(dtype)
    return rng.randint(1, 5, shape).astype(dtype)


def reference(op, inputs):
    """Element by element, by the scalar operation itself, in the types of the graph."""
    node = op.make_node(*[scalar.get_scalar_type(str(x.dtype))() for x in inputs])
    dtypes = [out.type.dtype for out in node.outputs]
    getattr(op, 'init_py_impls', lambda: None)()      # Theano's Composite makes its function when asked
    arrays = np.broadcast_arrays(*inputs)
    outs = [np.empty(arrays[0].shape, dtype) for dtype in dtypes]
    with np.errstate(all='ignore'):
        for index in np.ndindex(arrays[0].shape):
            values = op.impl(*[as_result(x[index], dtypes[0]) for x in arrays])
            for out, value in zip(outs, values if len(outs) > 1 else [values]):
                out[index] = value
    return outs


def as_result(value, dtype):
    """A whole number as a float where the result is one; NumPy would work in float16."""
    return np.dtype(dtype).type(value) if np.dtype(dtype).kind == 'f' and value.dtype.kind in 'biu' else value


def run(op, inputs, inplace=None):
    variables = [T.TensorType(str(x.dtype), [n == 1 for n in x.shape])() for x in inputs]
    node = NumPyElemwise(op, inplace or {}).make_node(*variables)
    storage = [[None] for _ in node.outputs]
    node.op.perform(node, list(inputs), storage)
    for cell, out in zip(storage, node.outputs):
        assert str(cell[0].dtype) == out.type.dtype
    return [cell[0] for cell in storage]


def close(actual, expected):
    assert actual.dtype == expected.dtype and actual.shape == expected.shape
    exact = actual.dtype.kind != 'f'
    np.testing.assert_allclose(actual, expected, rtol=0 if exact else 1e-5 if actual.dtype == 'f' else 1e-12,
                               atol=0 if exact else 1e-6)


@pytest.mark.parametrize('dtype', DTYPES)
@pytest.mark.parametrize('name', UNARY)
def test_unary(name, dtype):
    op = operation(name)
    x = draw(np.random.RandomState(1), dtype, (3, 4))
    try:
        expected = reference(op, [x])
    except (TypeError, NotImplementedError):
        pytest.skip('not defined for this type')
    close(run(op, [x])[0], expected[0])


@pytest.mark.parametrize('pair', [('float32', 'float32'), ('float64', 'int64'), ('int8', 'int32'),
                                  ('uint8', 'int8'), ('int64', 'int64'), ('float32', 'int8')])
@pytest.mark.parametrize('name', BINARY)
def test_binary(name, pair):
    op = operation(name)
    rng = np.random.RandomState(2)
    x, y = (draw(rng, dtype, (3, 4)) for dtype in pair)
    close(run(op, [x, y])[0], reference(op, [x, y])[0])


@pytest.mark.parametrize('destroyed', [None, 0, 1, 2])
@pytest.mark.parametrize('name', ['add', 'mul', 'switch', 'clip'])
def test_three_arguments_also_in_place(name, destroyed):
    op = operation(name)
    rng = np.random.RandomState(3)
    inputs = [draw(rng, 'float64', (5,)) for _ in range(3)]
    expected = reference(op, inputs)[0]
    given_inputs = [x.copy() for x in inputs]
    out, = run(op, given_inputs, None if destroyed is None else {0: destroyed})
    close(out, expected)
    assert destroyed is None or out is given_inputs[destroyed]


def composite():
    """Two outputs, shared steps, constants, another type in between, and an input passed through."""
    a, b = scalar.float32('a'), scalar.float32('b')
    total = scalar.add(a, b)
    rectified = scalar.mul(scalar.constant(np.float32(.5)), scalar.add(total, scalar.abs_(total)))
    positive = scalar.gt(total, scalar.constant(np.float32(0)))
    return scalar.Composite([a, b], [rectified, scalar.switch(positive, scalar.mul(a, b), scalar.neg(a))])


@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.data())
def test_composites_in_blocks(shape, data):
    other = [1 if data.draw(st.booleans()) else n for n in shape]
    rng = np.random.RandomState(data.draw(st.integers(0, 99)))
    x, y = draw(rng, 'float32', shape), draw(rng, 'float32', other)
    if data.draw(st.booleans()):
        x = np.asfortranarray(x)
    block, elemwise.BLOCK = elemwise.BLOCK, data.draw(st.integers(1, 50))
    try:
        outs = run(composite(), [x, y])
    finally:
        elemwise.BLOCK = block
    for actual, expected in zip(outs, reference(composite(), [x, y])):
        close(actual, expected)


@pytest.mark.parametrize('output', [0, 1])
def test_composites_in_place(output):
    rng = np.random.RandomState(4)
    x, y = draw(rng, 'float32', (7, 9)), draw(rng, 'float32', (7, 9))
    expected = reference(composite(), [x, y])
    outs = run(composite(), [x.copy(), y], {output: 0})
    for actual, wanted in zip(outs, expected):
        close(actual, wanted)


def test_clip_between_bounds_the_wrong_way_round():
    x = np.array([0., 2., 5., np.nan])
    bounds = np.array([3.]), np.array([1.])
    close(run(scalar.clip, [x, *bounds])[0], np.array([3., 3., 1., np.nan]))


def test_an_operation_of_ones_own():
    class Half(scalar.UnaryScalarOp):
        def impl(self, x):
            return x / 2

    x = np.array([1., 2.])
    assert run(Half(scalar.same_out, name='half'), [x])[0].tolist() == [.5, 1]


def test_repeating_an_axis_of_unknown_length_is_refused():
    x, y = T.dvectors('xy')
    node = NumPyElemwise(scalar.add).make_node(x, y)
    with pytest.raises(ValueError, match='not known to have length 1'):
        node.op.perform(node, [np.ones(3), np.ones(1)], [[None]])


@pytest.fixture(scope='module')
def numpy_mode():
    """A mode whose linker runs Python; only the engine pytensor has one of that name."""
    if 'NUMPY' in theano.compile.mode.predefined_modes:
        return theano.compile.mode.get_mode('NUMPY')
    elemwise.register()
    linker = theano.gof.vm.VM_Linker(use_cloop=False, c_thunks=False)
    return theano.Mode(linker, 'fast_run').including(elemwise.TAG).excluding('BlasOpt', 'cxx_only')


def test_the_rewrite_puts_it_in_place_of_theanos(numpy_mode, nothing_compiled, rng, assert_close):
    x, w = T.dmatrix(), T.dmatrix()
    cost = (T.tanh(T.dot(x, w) + 1) ** 2).sum()
    run = theano.function([x, w], [cost, T.grad(cost, w)], mode=numpy_mode)
    kinds = {type(node.op) for node in run.maker.fgraph.apply_nodes
             if isinstance(node.op, T.elemwise.Elemwise)}
    assert kinds == {NumPyElemwise}
    x, w = rng.randn(3, 4), rng.randn(4, 2)
    tanh = np.tanh(x.dot(w) + 1)
    cost, grad = run(x, w)
    assert_close(cost, (tanh ** 2).sum())
    assert_close(grad, x.T.dot(2 * tanh * (1 - tanh ** 2)))
