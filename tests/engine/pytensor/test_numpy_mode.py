"""The linker `numpy`: elementwise plans against each operation's own Python function."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip('pytensor')

import pytensor  # noqa: E402
import pytensor.scalar as ps  # noqa: E402
import pytensor.tensor as pt  # noqa: E402
from pytensor.tensor.elemwise import Elemwise  # noqa: E402

from lasagne_ext.engine.pytensor.modes import get_mode  # noqa: E402
from lasagne_ext.engine.pytensor.numpy_mode import plan as plans  # noqa: E402
from lasagne_ext.engine.pytensor.numpy_mode.elemwise import NumPyElemwise  # noqa: E402

UNARY = ['neg', 'abs', 'sqr', 'sqrt', 'exp', 'log', 'log1p', 'expm1', 'tanh', 'sigmoid', 'softplus', 'sign',
         'floor', 'ceil', 'trunc', 'round_half_to_even', 'round_half_away_from_zero', 'isnan', 'isinf',
         'reciprocal', 'erf', 'gammaln', 'cos', 'arctan']
BINARY = ['sub', 'true_div', 'int_div', 'mod', 'maximum', 'minimum', 'lt', 'ge', 'eq', 'pow', 'arctan2',
          'second']
DTYPES = ['bool', 'int8', 'uint8', 'int32', 'int64', 'float32', 'float64']


def draw(rng, dtype, shape):
    if dtype == 'bool':
        return rng.rand(*shape) < .5
    if 'float' in dtype:
        return np.round(3 * rng.randn(*shape), 1).astype(dtype)
    return rng.randint(1, 5, shape).astype(dtype)


def reference(op, inputs):
    """Element by element, by the scalar operation itself, in the types of the graph."""
    node = op.make_node(*[ps.get_scalar_type(str(x.dtype))() for x in inputs])
    dtypes = [out.type.dtype for out in node.outputs]
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
    variables = [pt.tensor(dtype=str(x.dtype), shape=[1 if n == 1 else None for n in x.shape])
                 for x in inputs]
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
    op = getattr(ps, name)
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
    op = getattr(ps, name)
    rng = np.random.RandomState(2)
    x, y = (draw(rng, dtype, (3, 4)) for dtype in pair)
    close(run(op, [x, y])[0], reference(op, [x, y])[0])


@pytest.mark.parametrize('destroyed', [None, 0, 1, 2])
@pytest.mark.parametrize('name', ['add', 'mul', 'switch', 'clip'])
def test_three_arguments_also_in_place(name, destroyed):
    op = getattr(ps, name)
    rng = np.random.RandomState(3)
    inputs = [draw(rng, 'float64', (5,)) for _ in range(3)]
    expected = reference(op, inputs)[0]
    given_inputs = [x.copy() for x in inputs]
    out, = run(op, given_inputs, None if destroyed is None else {0: destroyed})
    close(out, expected)
    assert destroyed is None or out is given_inputs[destroyed]


def composite():
    """Two outputs, shared steps, constants, another type in between, and an input passed through."""
    a, b = ps.float32('a'), ps.float32('b')
    total = ps.add(a, b)
    rectified = ps.mul(ps.constant(np.float32(.5)), ps.add(total, ps.abs(total)))
    positive = ps.gt(total, ps.constant(np.float32(0)))
    return ps.Composite([a, b], [rectified, ps.switch(positive, ps.mul(a, b), ps.neg(a))])


@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.data())
def test_composites_in_blocks(shape, data):
    other = [1 if data.draw(st.booleans()) else n for n in shape]
    rng = np.random.RandomState(data.draw(st.integers(0, 99)))
    x, y = draw(rng, 'float32', shape), draw(rng, 'float32', other)
    if data.draw(st.booleans()):
        x = np.asfortranarray(x)
    block, plans.BLOCK = plans.BLOCK, data.draw(st.integers(1, 50))
    try:
        outs = run(composite(), [x, y])
    finally:
        plans.BLOCK = block
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
    close(run(ps.clip, [x, *bounds])[0], np.array([3., 3., 1., np.nan]))


def test_an_operation_of_ones_own():
    class Half(ps.UnaryScalarOp):
        def impl(self, x):
            return x / 2

    x = np.array([1., 2.])
    assert run(Half(ps.same_out, name='half'), [x])[0].tolist() == [.5, 1]


def test_runtime_broadcasting_is_refused():
    x, y = pt.vectors('xy')
    f = pytensor.function([x, y], x + y, mode=get_mode('NUMPY'))
    with pytest.raises(ValueError):
        f(np.ones(3, x.dtype), np.ones(1, x.dtype))


def test_graphs_of_the_linker_hold_no_other_elemwise():
    x = pt.matrix('x')
    f = pytensor.function([x], pytensor.grad(pt.tanh(x).sum() ** 2, x), mode=get_mode('NUMPY'))
    kinds = {type(node.op) for node in f.maker.fgraph.apply_nodes if isinstance(node.op, Elemwise)}
    assert kinds == {NumPyElemwise}


def test_storage_is_reused_only_where_it_fits():
    x = pt.matrix('x')
    f = pytensor.function([x], (pt.exp(x) + 1).sum(axis=0), mode=get_mode('NUMPY'))
    for shape in ((2, 3), (4, 3), (2, 3), (1, 1)):
        np.testing.assert_allclose(f(np.zeros(shape, x.dtype)), 2 * shape[0] * np.ones(shape[1]))


def test_results_are_the_callers_own():
    x = pt.vector('x')
    f = pytensor.function([x], x + 1, mode=get_mode('NUMPY'))
    first = f(np.zeros(2, x.dtype))
    f(np.ones(2, x.dtype))
    assert first.tolist() == [1, 1]
