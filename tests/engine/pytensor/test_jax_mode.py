"""The JAX mode: specialisation, dtypes, shared state, what is said when it cannot be."""
import copy
import pickle
import sys
import warnings

import numpy as np
import pytest

pytest.importorskip('pytensor')
jax = pytest.importorskip('jax')
import pytensor
import pytensor.tensor as pt

from lasagne_ext.engine._environment import EngineError, EngineWarning
from lasagne_ext.engine.pytensor import jax_mode
from lasagne_ext.engine.pytensor.jax_mode import _program, specialisations
from lasagne_ext.engine.pytensor.modes import get_mode

MODE = get_mode('JAX')


def compile(inputs, outputs, **options):
    return pytensor.function(inputs, outputs, mode=MODE, **options)


def test_a_new_shape_is_one_specialisation():
    x = pt.dmatrix('x')
    f = compile([x], pt.tanh(x).sum(axis=0) / x.shape[0])
    for rows in (2, 3, 2, 3):
        np.testing.assert_allclose(f(np.ones((rows, 4))), np.full(4, np.tanh(1.)))
    assert [shapes for shapes, _ in specialisations(f)] == [((2, 4),), ((3, 4),)]


def test_values_of_scalars_are_no_specialisation():
    x, rate = pt.fvector('x'), pt.fscalar('rate')
    step = pytensor.shared(np.float32(1))
    f = compile([x, rate], rate * step * x, updates={step: step + 1})
    for number in range(1, 5):
        np.testing.assert_allclose(f(np.ones(2, 'float32'), .5 * number), .5 * number * number)
    assert len(specialisations(f)) == 1


def test_specialisations_of_another_mode_are_refused():
    x = pt.dscalar()
    with pytest.raises(TypeError, match='JAX mode'):
        specialisations(pytensor.function([x], x, mode='FAST_COMPILE'))


def test_many_shapes_are_told_once(monkeypatch):
    monkeypatch.setattr(_program, 'MANY', 4)
    x, y = pt.fmatrix('x'), pt.fvector('wandering')
    f = compile([x, y], x.sum() + y.sum())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        for size in range(6):
            f(np.ones((2, 2), 'float32'), np.ones(size, 'float32'))
    told, = [str(warning.message) for warning in caught if warning.category is EngineWarning]
    assert 'its input wandering came in 4 shapes, the last (3,)' in told


def test_many_numbers_are_told_once(monkeypatch):
    monkeypatch.setattr(_program, 'MANY', 3)
    x = pt.fvector('x')
    f = compile([x], x[x > 0])
    with pytest.warns(EngineWarning, match='numbers that the data decide'):
        for count in range(4):
            assert len(f(np.arange(30) < count)) == count


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
def test_dtypes_are_the_graphs(dtype):
    x = pt.vector('x', dtype=dtype)
    i, b = pt.bvector('i'), pt.vector('b', dtype='bool')
    outputs = [pt.exp(2 * x) / 3, pt.sqrt(abs(x)).mean(), x.sum(), pt.sigmoid(x).std(), pt.argmax(x), x > 0,
               i + i, i.sum(), i * x, i / i, x ** 2, pt.switch(b, x, 0), b.sum(), pt.arange(x.shape[0]),
               pt.cast(x, 'int8'), pt.special.softmax(x), x.dot(x),
               pytensor.grad(pt.log1p(pt.exp(x)).sum(), x)]
    values = np.array([.5, -1.5, 2.], dtype), np.array([100, -3, 27], 'int8'), np.array([True, False, True])
    f = compile([x, i, b], outputs)
    oracle = pytensor.function([x, i, b], outputs, mode='FAST_COMPILE')
    for got, expected, output in zip(f(*values), oracle(*values), outputs):
        assert got.dtype == output.dtype == expected.dtype, output
        np.testing.assert_allclose(got, expected, rtol=1e-6, err_msg=str(output))


def test_float32_graphs_compute_in_float32():
    x, W = pt.fmatrix('x'), pytensor.shared(np.ones((3, 2), 'float32'))
    cost = pt.mean(pt.sqr(pt.tanh(x.dot(W)) - np.float32(.5)))
    f = compile([x], cost, updates={W: W - np.float32(.1) * pytensor.grad(cost, W)})
    f(np.ones((4, 3), 'float32'))
    with jax.enable_x64(True):
        text = f.vm.jit_fn._general._jitted.lower(
            [], *[np.ones(shape, 'float32') for shape in ((4, 3), (3, 2))]).as_text()
    lines = [line for line in text.splitlines() if 'f64' in line]
    # Sums alone, which Theano accumulates in float64 as well.
    of_sums = ('reduce', 'convert', 'constant', 'return')
    assert all(any(word in line for word in of_sums) for line in lines), lines


def test_int64_and_float32_are_added_in_float64():
    i, x = pt.lvector(), pt.fvector()
    big = 2 ** 40 + 1
    total, equal = compile([i, x], [i + x, pt.eq(i, x)])(np.array([big]), np.zeros(1, 'float32'))
    assert total[0] == big
    assert not compile([i, x], pt.eq(i, x))(np.array([2 ** 24 + 1]), np.array([2 ** 24], 'float32'))[0]


def test_outputs_and_shared_values_are_writable_arrays_of_their_own():
    state = pytensor.shared(np.arange(3.), 'state')
    x = pt.dvector('x')
    f = compile([x], [state, x, x + state], updates={state: state + x})
    given = np.ones(3)
    before, same, total = f(given)
    for array in (before, same, total):
        assert type(array) is np.ndarray and array.flags.writeable
        array[:] = -1
    np.testing.assert_array_equal(given, np.ones(3))
    np.testing.assert_array_equal(state.get_value(), [1, 2, 3])
    state.get_value()[:] = -1
    np.testing.assert_array_equal(f(given)[0], [1, 2, 3])
    state.get_value(borrow=True)[:] = 7
    np.testing.assert_array_equal(f(given)[0], [7, 7, 7])
    state.set_value(np.zeros(5))
    np.testing.assert_array_equal(f(np.ones(5))[2], np.ones(5))


@pytest.mark.parametrize('other', ['FAST_COMPILE', 'NUMBA'])
def test_shared_state_of_functions_of_several_modes(other):
    state, x = pytensor.shared(np.zeros((2, 3), 'float32')), pt.fmatrix()
    ours = compile([x], state.sum(), updates={state: state + x})
    theirs = pytensor.function([x], state.sum(), updates={state: state + 2 * x}, mode=other)
    ones = np.ones((2, 3), 'float32')
    ours(ones)
    kept = state.get_value()
    assert theirs(ones) == 6
    np.testing.assert_array_equal(kept, ones)
    assert ours(ones) == 18
    np.testing.assert_array_equal(state.get_value(), np.full((2, 3), 4))


def test_running_averages():
    x = pt.fmatrix('x')
    mean = pytensor.shared(np.zeros(3, 'float32'))
    running = .9 * mean + .1 * x.mean(axis=0)
    f = compile([x], (x - x.mean(axis=0)) / x.std(axis=0), updates=[(mean, pt.cast(running, 'float32'))])
    data = np.arange(12, dtype='float32').reshape(4, 3)
    expected = np.zeros(3)
    for _ in range(3):
        out = f(data)
        expected = .9 * expected + .1 * data.mean(axis=0)
        np.testing.assert_allclose(mean.get_value(), expected, rtol=1e-5)
    np.testing.assert_allclose(out.std(axis=0), np.ones(3), rtol=1e-5)


def test_copies_and_pickles():
    state, other, x = pytensor.shared(np.zeros(2)), pytensor.shared(np.ones(2)), pt.dvector('x')
    f = compile([x], state * x, updates={state: state + 1})
    swapped = f.copy(swap={state: other})
    still = f.copy(delete_updates=True)
    f(np.ones(2))
    np.testing.assert_array_equal(swapped(np.ones(2)), np.ones(2))
    np.testing.assert_array_equal(still(np.ones(2)), np.ones(2))
    np.testing.assert_array_equal(other.get_value(), [2, 2])
    for twin in (pickle.loads(pickle.dumps(f)), copy.deepcopy(f)):
        np.testing.assert_array_equal(twin(np.ones(2)), np.ones(2))
    np.testing.assert_array_equal(state.get_value(), np.ones(2))
    assert type(pickle.loads(pickle.dumps(state)).get_value().base) is not type(state.container.value.base)


def test_big_constants_are_not_compiled_in():
    table = np.random.RandomState(0).randn(300, 100)
    i = pt.lvector()
    f = compile([i], pt.constant(table)[i])
    np.testing.assert_array_equal(f(np.array([3, 299])), table[[3, 299]])
    with jax.enable_x64(True):
        text = f.vm.jit_fn._general._jitted.lower([table], np.array([1, 2])).as_text()
    assert len(text) < 10000


def test_jax_keeps_its_own_settings():
    x = pt.dvector()
    compile([x], 2 * x)(np.ones(2))
    assert jax.numpy.ones(2).dtype == 'float32'


def test_a_failed_assertion_leaves_shared_variables_alone():
    x, state = pt.dvector('x'), pytensor.shared(0)
    checked = pt.sqrt(pytensor.raise_op.Assert('x must be positive')(x, (x > 0).all()))
    f = compile([x], checked, updates={state: state + 1})
    np.testing.assert_array_equal(f(np.full(2, 4.)), [2, 2])
    with pytest.raises(AssertionError, match='x must be positive'):
        f(np.array([4., -4.]))
    assert state.get_value() == 1
    np.testing.assert_array_equal(f(np.full(2, 4.)), [2, 2])


def test_inputs_that_are_no_tensors_are_refused():
    rng = pytensor.shared(np.random.default_rng(0))
    following, draw = pt.random.normal(rng=rng).owner.outputs
    with pytest.raises(jax_mode.UntraceableError, match='RandomGeneratorType.*another mode'):
        compile([], draw, updates={rng: following})


def test_without_jax_the_remedy_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, 'jax', None)
    x = pt.dscalar()
    with pytest.raises(EngineError, match=r'pip install "lasagne-ext\[jax\]"'):
        compile([x], x)


def test_names_mean_this_mode():
    import theano
    x = theano.tensor.dvector()
    with theano.config.change_flags(mode='JAX'):
        by_configuration = theano.function([x], 2 * x)
    for f in (by_configuration, theano.function([x], 2 * x, mode='JAX'),
              theano.function([x], 2 * x, mode=theano.Mode('jax', 'fast_run')),
              theano.function([x], 2 * x, mode=get_mode('JAX').excluding('canonicalize'))):
        np.testing.assert_array_equal(f(np.ones(2)), [2, 2])
        assert len(specialisations(f)) == 1
