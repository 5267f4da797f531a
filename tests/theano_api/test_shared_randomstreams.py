"""`RandomStreams`: what NumPy's `RandomState` draws, on every engine."""
import numpy as np
import pytest

import lasagne_ext  # noqa: F401
import theano
import theano.tensor as T
from theano.gradient import NullTypeGradError
from theano.tensor import raw_random
from theano.tensor.shared_randomstreams import RandomStreams

PVALS = np.array([[.5, .3, .2], [.05, .45, .5]])


def states(seed, count):
    """The states of a stream object's first calls."""
    master = np.random.RandomState(seed)
    return [np.random.RandomState(int(master.randint(2 ** 30))) for _ in range(count)]


def draw(*variables, **options):
    return theano.function([], list(variables), **options)()


def permutations(state, shape, n):
    return np.array([state.permutation(n) for _ in range(int(np.prod(shape)))]).reshape(shape + (n,))


def each(function, *arrays):
    """Scalar draws, one element after the other."""
    return np.array([function(*values) for values in zip(*(a.ravel() for a in
                     np.broadcast_arrays(*arrays)))]).reshape(np.broadcast(*arrays).shape)


LOW, HIGH = np.arange(4), np.array([[10], [2 ** 20], [100]])

#: Call -> what NumPy draws for it.
DRAWS = {
    'uniform': (lambda rng: rng.uniform((3, 4), dtype='float64'), lambda r: r.uniform(0, 1, (3, 4))),
    'uniform of bounds': (lambda rng: rng.uniform((3, 2), low=[-1, 2], high=3.5, dtype='float64'),
                          lambda r: r.uniform([-1, 2], 3.5, (3, 2))),
    'uniform without size': (lambda rng: rng.uniform(low=np.arange(3.), high=4), lambda r:
                             r.uniform(np.arange(3), 4)),
    'uniform of size -1': (lambda rng: rng.uniform((2, -1), low=np.arange(3.), high=4), lambda r:
                           r.uniform(np.arange(3), 4, (2, 3))),
    'uniform float32': (lambda rng: rng.uniform((5,), dtype='float32'),
                        lambda r: r.uniform(0, 1, 5).astype('float32')),
    'normal': (lambda rng: rng.normal((5,), dtype='float64'), lambda r: r.normal(0, 1, 5)),
    'normal of moments': (lambda rng: rng.normal((5, 2), avg=[3, 4], std=.5, dtype='float64'),
                          lambda r: r.normal([3, 4], .5, (5, 2))),
    'normal scalar': (lambda rng: rng.normal((), dtype='float64'), lambda r: np.array(r.normal())),
    'binomial': (lambda rng: rng.binomial((5, 4), p=.3), lambda r: r.binomial(1, .3, (5, 4))),
    'binomial of n': (lambda rng: rng.binomial(n=np.array([4, 50, 6]), p=.5),
                      lambda r: r.binomial([4, 50, 6], .5)),
    'binomial int8': (lambda rng: rng.binomial((5,), n=3, p=.2, dtype='int8'),
                      lambda r: r.binomial(3, .2, 5).astype('int8')),
    'random_integers': (lambda rng: rng.random_integers((9,), low=-2, high=127),
                        lambda r: r.randint(-2, 128, 9)),
    'random_integers of bounds': (lambda rng: rng.random_integers((3, 4), low=LOW, high=HIGH),
                                  lambda r: each(r.randint, LOW, HIGH + 1)),
    'choice': (lambda rng: rng.choice((7,), a=5), lambda r: r.choice(5, 7)),
    'choice without replacement': (lambda rng: rng.choice((3,), a=[3, 4, 6, 7], replace=False),
                                   lambda r: r.choice([3, 4, 6, 7], 3, False)),
    'choice of probabilities': (lambda rng: rng.choice((2, 9), a=3, p=[.1, .2, .7]),
                                lambda r: r.choice(3, (2, 9), p=[.1, .2, .7])),
    'poisson': (lambda rng: rng.poisson((5,), lam=4.5), lambda r: r.poisson(4.5, 5)),
    'permutation': (lambda rng: rng.permutation((2, 3), n=5), lambda r: permutations(r, (2, 3), 5)),
    'one permutation': (lambda rng: rng.permutation(n=6), lambda r: r.permutation(6)),
    'multinomial': (lambda rng: rng.multinomial((5,), n=10, pvals=[.2, .3, .5]),
                    lambda r: r.multinomial(10, [.2, .3, .5], 5)),
    'multinomial of rows': (lambda rng: rng.multinomial(n=3, pvals=PVALS),
                            lambda r: np.array([r.multinomial(3, row) for row in PVALS])),
    'multinomial of size -1': (lambda rng: rng.multinomial((2, -1), n=3, pvals=PVALS), lambda r: np.array(
        [[r.multinomial(3, row) for row in PVALS] for _ in range(2)]))}


@pytest.mark.parametrize('name', sorted(DRAWS))
def test_what_numpy_draws(name, fast_compile):
    make, expect = DRAWS[name]
    rng = RandomStreams(20)
    first, second = make(rng), make(rng)
    assert first.type == second.type
    function = theano.function([], [first, second])
    oracles = states(20, 2)
    with theano.configparser.change_flags(floatX='float64'):
        for _ in range(3):
            for value, state in zip(function(), oracles):
                expected = np.asarray(expect(state))
                assert value.shape == expected.shape and value.dtype == first.dtype
                np.testing.assert_array_equal(value, expected.astype(first.dtype))


def test_multinomial_of_probabilities_rounded_up(fast_compile):
    pvals = np.array([.1, .2, .7], 'float32') * np.float32(1 + 1e-6)
    value, = draw(RandomStreams(20).multinomial((4,), n=5, pvals=pvals))
    assert (value.sum(axis=1) == 5).all()


def test_symbolic_sizes(fast_compile):
    rng = RandomStreams(20)
    x, n, vector = T.matrix(), T.iscalar(), T.lvector()
    samples = [rng.uniform(x.shape), rng.uniform((x.shape[0], n)), rng.uniform(vector, ndim=2),
               rng.normal((n, 1)), rng.permutation(n=n)]
    function = theano.function([x, n, vector], samples)
    values = function(np.zeros((2, 3), theano.config.floatX), 5, [4, 1])
    assert [v.shape for v in values] == [(2, 3), (2, 5), (4, 1), (5, 1), (5,)]
    assert [v.dtype for v in values[:4]] == [theano.config.floatX] * 4
    np.testing.assert_array_equal(
        values[0], states(20, 1)[0].uniform(size=(2, 3)).astype(theano.config.floatX))
    assert [s.broadcastable for s in samples] == [
        (False, False), (False, False), (False, False), (False, True), (False,)]


@pytest.mark.parametrize('shape', [(5,), (4, 5), (2, 3, 4)])
def test_shuffle_row_elements(shape, fast_compile):
    x = T.TensorType('float64', [False] * len(shape))()
    shuffled = RandomStreams(20).shuffle_row_elements(x)
    given = np.arange(np.prod(shape), dtype='float64').reshape(shape)
    value, order = theano.function([x], [shuffled, shuffled.permutation])(given)
    np.testing.assert_array_equal(order, permutations(states(20, 1)[0], shape[:-1], shape[-1]))
    np.testing.assert_array_equal(value, np.take_along_axis(given, order, -1))
    assert theano.function([x], T.grad((shuffled ** 2).sum(), x))(given).tolist() == (2 * given).tolist()


def test_states(fast_compile):
    rng = RandomStreams(20)
    u = rng.uniform((2,), dtype='float64')
    assert u.rng.tag.is_rng and u.update == rng.updates()[0] and u.update[0] is u.rng
    assert u.rng.default_update is u.update[1]
    function = theano.function([], u)
    oracle, = states(20, 1)
    assert u.rng.get_value().uniform() == states(20, 1)[0].uniform()
    np.testing.assert_array_equal(function(), oracle.uniform(size=2))
    assert u.rng.get_value().uniform() == states(20, 1)[0].uniform(size=3)[2]
    u.rng.set_value(np.random.RandomState(5))
    np.testing.assert_array_equal(function(), np.random.RandomState(5).uniform(size=2))
    rng[u.rng] = np.random.RandomState(6)
    assert u.rng.get_value().uniform() == np.random.RandomState(6).uniform()
    # A borrowed state is the one that is drawn from.
    expected = np.random.RandomState(6).uniform(size=3)
    assert rng[u.rng].uniform() == expected[0]
    np.testing.assert_array_equal(function(), expected[1:])
    rng[u.rng].seed(7)
    np.testing.assert_array_equal(function(), np.random.RandomState(7).uniform(size=2))


def test_a_state_reseeded_and_put_back(fast_compile):
    z = RandomStreams(20).normal((3,), dtype='float64')
    function = theano.function([], z)
    function()
    state = z.rng.get_value(borrow=True)
    state.seed(89)
    z.rng.set_value(state, borrow=True)
    expected = np.random.RandomState(89).normal(size=6)
    np.testing.assert_array_equal(function(), expected[:3])
    np.testing.assert_array_equal(function(), expected[3:])


def test_seed_starts_again(fast_compile):
    rng = RandomStreams(20)
    function = theano.function([], [rng.normal((3,), dtype='float64'), rng.uniform((3,))])
    first, second = function(), function()
    assert not np.array_equal(first, second)
    rng.seed()
    np.testing.assert_array_equal(function(), first)
    rng.seed(21)
    np.testing.assert_array_equal(function()[0], states(21, 1)[0].normal(size=3))


def test_without_a_seed_streams_differ(fast_compile):
    first, second = draw(RandomStreams().uniform((3,)), RandomStreams().uniform((3,)))
    assert not np.array_equal(first, second)


def test_updates(fast_compile):
    u = RandomStreams(20).uniform((3,), dtype='float64')
    again = theano.function([], u, no_default_updates=True)
    np.testing.assert_array_equal(again(), again())
    first = again()
    explicit = theano.function([], u, updates=[u.update])
    np.testing.assert_array_equal(explicit(), first)
    assert not np.array_equal(explicit(), first)


def test_states_as_inputs(fast_compile):
    state = raw_random.random_state_type()
    new_state, sample = raw_random.uniform(state, (3,), -1, 1, dtype='float64')
    assert isinstance(state.type, raw_random.RandomStateType)
    function = theano.function([state], sample)
    expected = np.random.RandomState(4).uniform(-1, 1, 3)
    np.testing.assert_array_equal(function(np.random.RandomState(4)), expected)
    chain = raw_random.normal(new_state, (2,), dtype='float64')[1]
    oracle = np.random.RandomState(4)
    oracle.uniform(size=3)
    np.testing.assert_array_equal(
        theano.function([state], chain)(np.random.RandomState(4)), oracle.normal(size=2))


def test_shared_random_state(fast_compile):
    given = np.random.RandomState(4)
    state = theano.shared(given, name='state')
    new_state, sample = raw_random.uniform(state, (3,), dtype='float64')
    function = theano.function([], sample, updates=[(state, new_state)])
    drawn = np.concatenate([function(), function()])
    np.testing.assert_array_equal(drawn, given.uniform(size=6))
    assert state.name == 'state'


def test_draws_within_scan(fast_compile):
    rng = RandomStreams(20)
    values, updates = theano.scan(lambda: rng.uniform((2,), dtype='float64'), n_steps=3)
    function = theano.function([], values, updates=updates)
    both = np.concatenate([function(), function()])
    np.testing.assert_array_equal(both, states(20, 1)[0].uniform(size=(6, 2)))


def test_parameters_have_no_gradient(fast_compile):
    p = T.dscalar()
    for name, parameter in (('uniform', 'low'), ('normal', 'std'), ('binomial', 'p')):
        sample = getattr(RandomStreams(3), name)((2,), dtype='float64', **{parameter: p})
        with pytest.raises(NullTypeGradError):
            T.grad(sample.sum(), p)


@pytest.mark.parametrize('error, make', [
    (TypeError, lambda rng: rng.choice()), (TypeError, lambda rng: rng.uniform(3)),
    (TypeError, lambda rng: rng.uniform(T.dvector(), ndim=1)),
    (ValueError, lambda rng: rng.uniform((2,), ndim=3)),
    (ValueError, lambda rng: rng.uniform((2,), low=np.zeros((3, 2)))),
    (ValueError, lambda rng: rng.uniform((-1, 2), low=np.zeros(2))),
    (TypeError, lambda rng: rng.permutation(n=3, ndim=2)),
    (ValueError, lambda rng: draw(rng.binomial((2,), p=1.5))),
    (ValueError, lambda rng: draw(rng.choice((5,), a=3, replace=False)))])
def test_bad_arguments(error, make, fast_compile):
    with pytest.raises(error):
        make(RandomStreams(20))
