"""The random Ops on PyTensor: one recurrence in C, NumPy, Numba and JAX, and states as tensors."""
import copy
import pickle

import numpy as np
import pytest

pytest.importorskip('pytensor')

import lasagne_ext  # noqa: E402, F401
import pytensor  # noqa: E402
import theano  # noqa: E402
import theano.tensor as T  # noqa: E402
from lasagne_ext import kernels  # noqa: E402
from lasagne_ext.engine.pytensor import random_state  # noqa: E402
from lasagne_ext.engine.runtime.random import MRGUniform  # noqa: E402
from lasagne_ext.kernels import mrg  # noqa: E402
from theano.sandbox import rng_mrg  # noqa: E402
from theano.sandbox.rng_mrg import MRG_RandomStreams  # noqa: E402
from theano.tensor.raw_random import RandomFunction  # noqa: E402
from theano.tensor.shared_randomstreams import RandomStreams  # noqa: E402


@pytest.fixture(params=['NUMBA', 'JAX'])
def compiling_mode(request):
    """Modes other than the one that runs Python."""
    return request.getfixturevalue('jax_mode') if request.param == 'JAX' else request.param


@pytest.fixture
def jax_mode():
    pytest.importorskip('jax')
    from lasagne_ext.engine.pytensor.modes import get_mode
    return get_mode('JAX')


def test_substreams_by_doubling_are_those_by_single_jumps(rng):
    state = rng.randint(0, mrg.M2, 6).astype('int32')
    expected = [state]
    for _ in range(10):
        expected.append(rng_mrg.ff_2p72(expected[-1]))
    np.testing.assert_array_equal(rng_mrg.substreams(state, 11), expected)
    one_step = rng_mrg.jump(state[None], np.array([[0, 2 ** 22, 129], [1, 0, 0], [0, 1, 0]]),
                             np.array([[2 ** 15, 0, 32769], [1, 0, 0], [0, 1, 0]]))
    np.testing.assert_array_equal(one_step, mrg.uniform(state[None], 1, np.dtype('float64'))[0])


def every_mrg_sample(x):
    rng = MRG_RandomStreams(17)
    pvals = np.array([[.2, .3, .5], [.1, .8, .1]])
    return [rng.uniform((3, 7), dtype='float64'), rng.uniform((20,), dtype='float32', nstreams=6),
            rng.uniform(x.shape, dtype='float32'), rng.uniform((), dtype='float64'),
            rng.binomial(x.shape, p=.3), rng.multinomial(pvals=pvals, n=4),
            rng.choice(size=2, replace=False, p=pvals)]


def every_numpy_sample(x):
    rng = RandomStreams(17)
    return [rng.uniform(x.shape, dtype='float64'), rng.normal((3,), dtype='float64'),
            rng.normal((), dtype='float32'), rng.binomial((5,), p=.3),
            rng.random_integers((4,), low=3, high=9), rng.permutation((2,), n=x.shape[1]),
            rng.multinomial((2,), n=3, pvals=[.2, .8])]


@pytest.mark.filterwarnings('ignore:the Op')
@pytest.mark.parametrize('samples', [every_mrg_sample, every_numpy_sample])
def test_every_linker_draws_the_same(samples, compiling_mode):
    x = T.fmatrix()
    functions = [theano.function([x], samples(x), mode=mode) for mode in ('FAST_COMPILE', compiling_mode)]
    for shape in ((2, 5), (3, 4), (2, 5)):
        expected, actual = (function(np.zeros(shape, 'float32')) for function in functions)
        for i, (a, e) in enumerate(zip(actual, expected)):
            assert np.asarray(a).dtype == e.dtype, i
            np.testing.assert_array_equal(np.asarray(a), e, err_msg=str(i))


def test_normal_numbers_agree_to_rounding(compiling_mode, assert_close):
    values = []
    for mode in ('FAST_COMPILE', compiling_mode):
        rng = MRG_RandomStreams(17)
        function = theano.function([], rng.normal((3, 7), dtype='float64'), mode=mode)
        values.append(np.concatenate([np.asarray(function()) for _ in range(2)]))
    assert_close(values[1], values[0])


def test_dropout_trains_in_jax(jax_mode, assert_close):
    weights = []
    for mode in ('FAST_COMPILE', jax_mode):
        x = T.dmatrix()
        w = theano.shared(np.linspace(-1, 1, 20).reshape(5, 4))
        mask = MRG_RandomStreams(17).binomial(x.shape, p=.5, dtype='float64')
        cost = T.tanh(T.dot(x * mask, w)).sum()
        step = theano.function([x], cost, updates=[(w, w - .1 * T.grad(cost, w))], mode=mode)
        for rows in (3, 3, 6):
            step(np.arange(5. * rows).reshape(rows, 5) / 9)
        weights.append(w.get_value())
    assert_close(weights[1], weights[0])


def test_numba_keeps_the_compiled_draw_on_disk():
    dispatch = pytest.importorskip('pytensor.link.numba.dispatch.basic')
    if kernels.library is None:
        pytest.skip('needs the compiled kernels')
    op = MRGUniform('float32', 2)
    node = op.make_node(theano.shared(np.ones((2, 6), 'int32')), T.lvector())
    keys = {dispatch.numba_funcify_and_cache_key(MRGUniform(dtype, ndim), node=node)[1]
            for dtype in ('float32', 'float64') for ndim in (1, 2)}
    assert len(keys) == 4 and None not in keys


@pytest.mark.parametrize('size', [[2, -1], [2, 3, 4], [2 ** 20, 2 ** 20]])
def test_bad_sizes_at_run_time(size, compiling_mode):
    variable = T.lvector()
    function = theano.function([variable], MRG_RandomStreams(3).uniform(variable, ndim=2),
                               mode=compiling_mode)
    with pytest.raises(ValueError):
        function(size)


def test_shapes_are_known(fast_compile):
    x = T.fmatrix()
    rng, numpy_rng = MRG_RandomStreams(3), RandomStreams(3)
    assert rng.uniform((3, 4)).type.shape == (3, 4)
    assert rng.uniform((x.shape[0], 4)).type.shape == (None, 4)
    assert numpy_rng.normal((3, x.shape[0])).type.shape == (3, None)
    for sample in (rng.uniform(x.shape), numpy_rng.uniform(x.shape),
                   numpy_rng.permutation((x.shape[0],), n=5)):
        shape = theano.function([x], sample.shape, mode='FAST_RUN', no_default_updates=True)
        assert shape(np.zeros((2, 3), 'float32'))[0] == 2
        assert not any(isinstance(node.op, (MRGUniform, RandomFunction))
                       for node in shape.maker.fgraph.toposort())


@pytest.mark.parametrize('drawn', [0, 1, 2])
def test_a_state_as_a_tensor_and_back(drawn):
    state = np.random.RandomState(3)
    state.normal(size=drawn)
    words = random_state.encode(state)
    assert words.dtype == 'uint32' and words.shape == random_state.random_state_type.shape
    for again in (random_state.decode(words), random_state.borrow(words)):
        np.testing.assert_array_equal(again.normal(size=5), copy.deepcopy(state).normal(size=5))


@pytest.mark.parametrize('streams', [MRG_RandomStreams, RandomStreams])
def test_streams_and_functions_survive_pickling(streams, fast_compile):
    rng = streams(5)
    sample = rng.uniform((3,), dtype='float64')
    function = theano.function([], sample)
    function()
    again, restored = pickle.loads(pickle.dumps((rng, function)))
    np.testing.assert_array_equal(restored(), function())
    again.seed(5)
    rng.seed(5)
    np.testing.assert_array_equal(
        theano.function([], rng.normal((3,)))(), theano.function([], again.normal((3,)))())


def test_a_borrowed_state_can_be_copied_and_put_back():
    shared = theano.shared(np.random.RandomState(5))
    borrowed = shared.get_value(borrow=True)
    assert isinstance(borrowed, np.random.RandomState)
    borrowed.seed(6)
    shared.set_value(borrowed)
    words = shared.get_value(borrow=True, return_internal_type=True)
    np.testing.assert_array_equal(words, random_state.encode(np.random.RandomState(6)))


def test_only_floats_are_drawn():
    with pytest.raises(TypeError, match="dtype 'int64'"):
        MRG_RandomStreams(5).uniform((3,), dtype='int64')


def test_names_that_are_not_there():
    with pytest.raises(AttributeError, match='kernels.mrg'):
        rng_mrg.multMatVect
    with pytest.raises(AttributeError, match='no attribute'):
        rng_mrg.no_such_name
    assert pytensor.__version__ in theano.__version__
