"""`MRG_RandomStreams`: the same numbers on every engine, held against the recurrence itself."""
import functools

import numpy as np
import pytest

import lasagne_ext  # noqa: F401
import theano
import theano.tensor as T
from theano.gradient import NullTypeGradError
from theano.sandbox.rng_mrg import MRG_RandomStreams, guess_n_streams

M1, M2 = 2 ** 31 - 1, 2 ** 31 - 21069

#: What a step multiplies the last three values by, the newest first.
STEP = (((0, 2 ** 22, 129), M1), ((2 ** 15, 0, 2 ** 15 + 1), M2))

MOST_STREAMS = 60 * 256


@functools.lru_cache(None)
def doubled(which, times):
    """The matrix of 2 ** `times` steps of one recurrence."""
    row, modulus = STEP[which]
    if times == 0:
        return (row, (1, 0, 0), (0, 1, 0))
    half = doubled(which, times - 1)
    return tuple(tuple(sum(half[i][k] * half[k][j] for k in range(3)) % modulus for j in range(3))
                 for i in range(3))


def state_after(seed, steps):
    """State, six ints, after any number of steps."""
    state = []
    for which, vector in enumerate((seed[:3], seed[3:])):
        for bit in range(steps.bit_length()):
            if steps >> bit & 1:
                vector = [sum(a * v for a, v in zip(row, vector)) % STEP[which][1]
                          for row in doubled(which, bit)]
        state.extend(vector)
    return state


def stream_start(call, stream):
    return call * 2 ** 134 + stream * 2 ** 72


def expected_uniform(seed, call, count, nstreams, dtype, drawn=0):
    """Numbers of a stream object's call, after `drawn` numbers of every stream."""
    seed = [seed] * 6 if isinstance(seed, int) else seed
    numbers = []
    for i in range(count):
        state = state_after(seed, stream_start(call, i % nstreams) + drawn + i // nstreams + 1)
        numbers.append((state[0] - state[3] - 1) % M1 + 1)
    return scaled(numbers, dtype)


def scaled(integers, dtype):
    norm = np.nextafter(np.float32(2 ** -31), np.float32(0)) if dtype == 'float32' else 2 ** -31
    return np.array(integers, dtype) * np.dtype(dtype).type(norm)


def draw(*variables, **options):
    return theano.function([], list(variables), **options)()


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
def test_uniform_bit_for_bit(dtype):
    rng = MRG_RandomStreams(4711)
    first = rng.uniform((3, 4), dtype=dtype)
    second = rng.uniform((40,), dtype=dtype, nstreams=7)
    function = theano.function([], [first, second])
    for drawn in range(2):
        values = function()
        np.testing.assert_array_equal(
            values[0].ravel(), expected_uniform(4711, 0, 12, 2, dtype, 6 * drawn))
        assert values[0].shape == (3, 4) and values[0].dtype == dtype
        if not drawn:
            np.testing.assert_array_equal(values[1], expected_uniform(4711, 1, 40, 7, dtype))


@pytest.mark.parametrize('seed', [1, M2 - 1, [1, 2, 3, 4, 5, 6], [0, 0, M1 - 1, 0, 0, M2 - 1]])
def test_seeds(seed, fast_compile):
    value, = draw(MRG_RandomStreams(seed).uniform((9,), dtype='float64', nstreams=4))
    np.testing.assert_array_equal(value, expected_uniform(seed, 0, 9, 4, 'float64'))


def wrapped(value):
    return (value + 2 ** 31) % 2 ** 32 - 2 ** 31


def reduced(value, modulus):
    value = wrapped(value)
    return wrapped(value - modulus) if value < 0 or value >= modulus else value


def test_negative_seeds_grow_as_in_32_bit_arithmetic():
    x1 = x2 = x3 = y1 = y2 = y3 = -5
    numbers = []
    for _ in range(6):
        x = reduced(((x2 & 511) << 22) + (x2 >> 9) + ((x3 & 16777215) << 7) + (x3 >> 24), M1)
        x1, x2, x3 = reduced(x + x3, M1), x1, x2
        y, z = (reduced(((v & 65535) << 15) + 21069 * (v >> 16), M2) for v in (y1, y3))
        y1, y2, y3 = reduced(reduced(z + y3, M2) + y, M2), y1, y2
        numbers.append(wrapped(x1 - y1 + (M1 if x1 <= y1 else 0)))
    rng = MRG_RandomStreams(-5)
    value, = draw(rng.uniform((6,), dtype='float64', nstreams=1))
    np.testing.assert_array_equal(value, scaled(numbers, 'float64'))
    other = rng.get_substream_rstates(3, 'float64')
    start = np.array(state_after([5] * 6, stream_start(1, 2)), dtype='int64')
    np.testing.assert_array_equal(other[2], -start)


def test_states_and_their_updates(fast_compile):
    rng = MRG_RandomStreams(99)
    rng.uniform((2,))
    u = rng.uniform((2, 5), nstreams=4)
    state, new_state, size, nstreams = rng.updates()[1]
    assert (size, nstreams) == ((2, 5), 4)
    assert state.get_value().dtype == 'int32' and state.get_value().shape == (4, 6)
    assert state.default_update is new_state and state.tag.is_rng
    for stream in range(4):
        assert state.get_value()[stream].tolist() == state_after([99] * 6, stream_start(1, stream))
    draw(u)
    for stream, steps in enumerate([3, 3, 2, 2]):
        assert (state.get_value()[stream].tolist()
                == state_after([99] * 6, stream_start(1, stream) + steps))
    assert rng.rstate.tolist() == state_after([99] * 6, stream_start(2, 0))
    rng.inc_rstate()
    assert rng.rstate.tolist() == state_after([99] * 6, stream_start(3, 0))


def test_attributes_of_a_sample(fast_compile):
    rng = MRG_RandomStreams(5)
    u = rng.uniform((3,))
    sample = [v for v in theano.gof.graph.ancestors([u]) if hasattr(v, 'rstate')]
    assert len(sample) == 1
    assert sample[0].rstate is rng.state_updates[0][0]
    assert sample[0].update == rng.state_updates[0][:2]


@pytest.mark.parametrize('size, nstreams', [
    ((), 1), ((1,), 1), ((6,), 6), ((7,), 1), ((3, 4), 2), ((100, 100), 1666),
    ((1000, 1000), MOST_STREAMS), ((np.int64(3), 4), MOST_STREAMS)])
def test_default_number_of_streams(size, nstreams, fast_compile):
    assert guess_n_streams(size) == nstreams
    rng = MRG_RandomStreams(5)
    rng.uniform(size)
    assert len(rng.state_updates[0][0].get_value()) == nstreams


def test_sizes_that_are_not_known_get_most_streams(fast_compile):
    rng = MRG_RandomStreams(5)
    x, n, vector = T.matrix(), T.iscalar(), T.lvector()
    sizes = x.shape, (x.shape[0], n), (n, 1), vector
    samples = [rng.uniform(size, ndim=2, dtype='float64') for size in sizes]
    function = theano.function([x, n, vector], samples, on_unused_input='ignore')
    before = [MOST_STREAMS] * 4
    for rows in (2, 3):
        values = function(np.zeros((rows, 4), theano.config.floatX), 5, [2, 3])
        assert [v.shape for v in values] == [(rows, 4), (rows, 5), (5, 1), (2, 3)]
        for call, value in enumerate(values):
            # A stream is behind by one number unless the call before took one from it.
            ahead = min(value.size, before[call])
            np.testing.assert_array_equal(
                value.ravel()[:ahead], expected_uniform(5, call, ahead, MOST_STREAMS, 'float64', rows - 2))
        before = [value.size for value in values]
    assert all(len(update[0].get_value()) == MOST_STREAMS for update in rng.state_updates)
    assert [sample.broadcastable for sample in samples] == [
        (False, False), (False, False), (False, True), (False, False)]


def test_an_empty_batch_draws_nothing(fast_compile):
    rng = MRG_RandomStreams(5)
    x = T.matrix()
    function = theano.function([x], rng.uniform(x.shape))
    before = rng.state_updates[0][0].get_value()
    assert function(np.zeros((0, 3), theano.config.floatX)).shape == (0, 3)
    np.testing.assert_array_equal(rng.state_updates[0][0].get_value(), before)


def test_uniform_bounds(fast_compile):
    rng = MRG_RandomStreams(5)
    value, = draw(rng.uniform((50,), low=-1, high=2.5, dtype='float64'))
    np.testing.assert_allclose(value, expected_uniform(5, 0, 50, 8, 'float64') * 3.5 - 1)
    assert rng.uniform((2,)).dtype == theano.config.floatX
    assert rng.uniform((2,), low=T.dscalar()).dtype == 'float64'
    assert rng.uniform((2,), low=T.dscalar(), dtype='float32').dtype == 'float32'
    low = T.vector()
    value = theano.function([low], rng.uniform((3, 2), low=low, high=low + 1))(
        np.array([10, 20], theano.config.floatX))
    assert ((value > [10, 20]) & (value < [11, 21])).all()


def test_binomial(fast_compile):
    rng = MRG_RandomStreams(5)
    ints = rng.binomial((30,), p=.3)
    floats = rng.binomial((30,), p=.3, dtype=theano.config.floatX)
    assert (ints.dtype, floats.dtype) == ('int64', theano.config.floatX)
    for call, value in enumerate(draw(ints, floats)):
        np.testing.assert_array_equal(
            value, expected_uniform(5, call, 30, 5, 'float64') < .3)


def box_muller(uniform):
    radius = np.sqrt(-2 * np.log(uniform[:len(uniform) // 2]))
    angle = 2 * np.pi * uniform[len(uniform) // 2:]
    return radius, np.cos(angle), np.sin(angle)


@pytest.mark.parametrize('size, dtype', [
    ((2, 3), 'float64'), ((5,), 'float64'), ((3, 3), 'float32'), (4, 'float64'), ((), 'float64')])
def test_normal(size, dtype, assert_close, fast_compile):
    value, = draw(MRG_RandomStreams(31).normal(size, avg=2, std=.5, dtype=dtype))
    count = int(np.prod(size))
    uniform = expected_uniform(31, 0, count + count % 2, MOST_STREAMS, dtype)
    radius, cosine, sine = box_muller(uniform.astype('float64'))
    expected = np.concatenate([radius * cosine, radius * sine])[:count] * .5 + 2
    assert value.dtype == dtype
    assert_close(np.atleast_1d(value), expected.reshape(np.shape(np.atleast_1d(value))), factor=4)


@pytest.mark.parametrize('truncated', [
    lambda rng: rng.normal((15, 15), truncate=True, dtype='float64'),
    lambda rng: rng.truncated_normal((225,), std=.87962566103423978, dtype='float64')])
def test_truncated_normal(truncated, assert_close, fast_compile):
    value, = draw(truncated(MRG_RandomStreams(31)))
    uniform = expected_uniform(31, 0, 226, MOST_STREAMS, 'float64')
    radius, cosine, sine = box_muller(uniform)
    outside = [np.abs(radius * direction) > 2 for direction in (cosine, sine)]
    redrawn = [int(out.sum()) for out in outside]
    assert all(redrawn)
    lowest = np.exp(-2)
    again = expected_uniform(31, 1, sum(redrawn), MOST_STREAMS, 'float64') * (1 - lowest) + lowest
    again = np.sqrt(-2 * np.log(again))
    expected = np.concatenate([
        (radius * cosine)[~outside[0]], again[:redrawn[0]] * cosine[outside[0]],
        (radius * sine)[~outside[1]], again[redrawn[0]:] * sine[outside[1]]])[:225]
    assert_close(value, expected.reshape(value.shape))
    assert np.abs(value).max() <= 2


PVALS = np.array([[.98, .01, .01], [.01, .49, .5], [.2, .3, .5], [.1, .8, .1]])


@pytest.mark.parametrize('n', [1, 7])
def test_multinomial(n, fast_compile):
    rng = MRG_RandomStreams(12)
    value, = draw(rng.multinomial(pvals=PVALS, n=n, dtype='int32'))
    unis = expected_uniform(12, 0, 4 * n, MOST_STREAMS, theano.config.floatX).reshape(n, 4)
    expected = np.zeros((4, 3), 'int32')
    for numbers in unis:
        for row, number in enumerate(numbers):
            expected[row, np.flatnonzero(PVALS[row].cumsum() > number)[0]] += 1
    assert value.dtype == 'int32'
    np.testing.assert_array_equal(value, expected)


@pytest.mark.parametrize('draw_two', [
    lambda rng: rng.choice(size=2, replace=False, p=PVALS),
    pytest.param(lambda rng: rng.multinomial_wo_replacement(pvals=PVALS, n=2),
                 marks=pytest.mark.filterwarnings('ignore::UserWarning'))])
def test_choice_without_replacement(draw_two, fast_compile):
    value, = draw(draw_two(MRG_RandomStreams(13)))
    unis = expected_uniform(13, 0, 8, MOST_STREAMS, theano.config.floatX).reshape(2, 4)
    expected = np.zeros((4, 2), 'int64')
    for row, pvals in enumerate(PVALS.copy()):
        for i in range(2):
            expected[row, i] = np.flatnonzero(pvals.cumsum() > unis[i, row])[0]
            pvals[expected[row, i]] = 0
            pvals /= pvals.sum()
    assert value.dtype == 'int64'
    np.testing.assert_array_equal(value, expected)


def test_choice_of_more_than_there_are(fast_compile):
    with pytest.raises(ValueError):
        draw(MRG_RandomStreams(13).choice(size=4, replace=False, p=PVALS))


def test_seed_starts_again(fast_compile):
    rng = MRG_RandomStreams(77)
    function = theano.function([], [rng.uniform((4,), dtype='float64'), rng.normal((4,))])
    first, second = function(), function()
    assert not np.array_equal(first[0], second[0]) and not np.array_equal(first[1], second[1])
    rng.seed()
    for again, value in zip(function(), first):
        np.testing.assert_array_equal(again, value)
    rng.seed(78)
    np.testing.assert_array_equal(function()[0], expected_uniform(78, 0, 4, 4, 'float64'))


def test_without_updates_the_same_is_drawn_again(fast_compile):
    rng = MRG_RandomStreams(77)
    u = rng.uniform((4,))
    function = theano.function([], u, no_default_updates=True)
    np.testing.assert_array_equal(function(), function())
    state, new_state = rng.state_updates[0][:2]
    explicit = theano.function([], u, updates=[(state, new_state)])
    first = function()
    np.testing.assert_array_equal(explicit(), first)
    assert not np.array_equal(explicit(), first)


def test_one_sample_used_twice_is_drawn_once(fast_compile):
    u = MRG_RandomStreams(77).uniform((4,))
    first, second = draw(u, u + 1)
    np.testing.assert_array_equal(first + 1, second)


def test_draws_within_scan(fast_compile):
    rng = MRG_RandomStreams(77)
    values, updates = theano.scan(lambda: rng.uniform((2,), dtype='float64', nstreams=2), n_steps=3)
    function = theano.function([], values, updates=updates)
    both = np.concatenate([function(), function()])
    np.testing.assert_array_equal(both.ravel(), expected_uniform(77, 0, 12, 2, 'float64'))


def test_moments(fast_compile):
    rng = MRG_RandomStreams(2024)
    count = 10000
    u, z, b, other = draw(rng.uniform((count,), dtype='float64'), rng.normal((count,), dtype='float64'),
                          rng.binomial((count,), p=.25), rng.uniform((count,), dtype='float64'))
    for sample, mean, variance in ((u, .5, 1 / 12), (z, 0, 1), (b, .25, .1875)):
        assert abs(sample.mean() - mean) < 5 * np.sqrt(variance / count)
        assert abs(sample.var() - variance) < .06 * variance
    assert abs(np.corrcoef(u, other)[0, 1]) < 5 / np.sqrt(count)
    assert abs(np.corrcoef(u[1:], u[:-1])[0, 1]) < 5 / np.sqrt(count)
    assert 0 < u.min() and u.max() < 1


@pytest.mark.parametrize('sample', [
    lambda rng, p: rng.uniform((2,), low=p), lambda rng, p: rng.uniform((2,), high=p),
    lambda rng, p: rng.normal((2,), avg=p), lambda rng, p: rng.normal((2,), std=p),
    lambda rng, p: rng.binomial((2,), p=p, dtype='float64')])
def test_parameters_have_no_gradient(sample, fast_compile):
    p = T.dscalar()
    with pytest.raises(NullTypeGradError):
        T.grad(sample(MRG_RandomStreams(3), p).sum(), p)


def test_gradient_passes_a_mask_and_not_its_size(fast_compile):
    x = T.matrix()
    mask = MRG_RandomStreams(3).binomial(x.shape, p=.5, dtype=theano.config.floatX)
    gradient = T.grad((x ** 2 * mask).sum(), x)
    value, drawn = theano.function([x], [gradient, mask])(np.full((4, 5), 3, theano.config.floatX))
    np.testing.assert_array_equal(value, 6 * drawn)


@pytest.mark.parametrize('error, make', [
    (ValueError, lambda: MRG_RandomStreams(0)), (ValueError, lambda: MRG_RandomStreams(M2)),
    (ValueError, lambda: MRG_RandomStreams([0, 0, 0, 1, 1, 1])),
    (ValueError, lambda: MRG_RandomStreams([1, 1, 1, 0, 0, 0])),
    (ValueError, lambda: MRG_RandomStreams([M1, 1, 1, 1, 1, 1])),
    (ValueError, lambda: MRG_RandomStreams([1, 1, 1, 1, 1, M2])),
    (TypeError, lambda: MRG_RandomStreams([1, 2, 3])), (TypeError, lambda: MRG_RandomStreams(2.5)),
    (TypeError, lambda: MRG_RandomStreams().uniform([2, 3])),
    (TypeError, lambda: MRG_RandomStreams().uniform(3)),
    (ValueError, lambda: MRG_RandomStreams().uniform((2, 0))),
    (AssertionError, lambda: MRG_RandomStreams().uniform((2.,))),
    (TypeError, lambda: MRG_RandomStreams().uniform((2,), sigma=1)),
    (TypeError, lambda: MRG_RandomStreams().uniform((2,), target='gpu')),
    (NotImplementedError, lambda: MRG_RandomStreams().uniform((2,), low=np.zeros((3, 2)))),
    (NotImplementedError, lambda: MRG_RandomStreams().binomial((2,), n=2)),
    (ValueError, lambda: MRG_RandomStreams().normal((2, 0))),
    (ValueError, lambda: MRG_RandomStreams().normal((2, T.vector()))),
    (TypeError, lambda: MRG_RandomStreams().multinomial()),
    (ValueError, lambda: MRG_RandomStreams().multinomial(pvals=PVALS, size=(4,))),
    (ValueError, lambda: MRG_RandomStreams().multinomial(pvals=PVALS, ndim=2)),
    (NotImplementedError, lambda: MRG_RandomStreams().multinomial(pvals=PVALS[0])),
    (NotImplementedError, lambda: MRG_RandomStreams().choice(p=PVALS)),
    (TypeError, lambda: MRG_RandomStreams().choice(replace=False)),
    (TypeError, lambda: MRG_RandomStreams().choice(replace=False, a=3, p=PVALS)),
    (ValueError, lambda: MRG_RandomStreams().choice(replace=False, p=PVALS, ndim=2)),
    (NotImplementedError, lambda: MRG_RandomStreams().choice(replace=False, p=PVALS[0]))])
def test_bad_arguments(error, make, fast_compile):
    with pytest.raises(error):
        make()


def test_a_size_of_the_wrong_length(fast_compile):
    size = T.lvector()
    function = theano.function([size], MRG_RandomStreams().uniform(size, ndim=2))
    assert function([2, 3]).shape == (2, 3)
    with pytest.raises((TypeError, ValueError)):      # Theano's Python and C code differ
        function([2, 3, 4])
