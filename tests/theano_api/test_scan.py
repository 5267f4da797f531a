"""Loops."""
import numpy as np
import pytest
import theano
import theano.tensor as T

ZERO, ONE = T.constant(np.float64(0)), T.constant(np.float64(1))

pytestmark = pytest.mark.usefixtures('fast_compile')


def test_cumulative_sum():
    x = T.dvector('x')
    sums, updates = theano.scan(lambda value, total: value + total, x, ZERO)
    assert theano.function([x], sums, updates=updates)([1, 2, 3]).tolist() == [1, 3, 6]


def test_backwards_and_several_outputs():
    x = T.dvector('x')
    (a, b), _ = theano.scan(lambda v, p: (v * 2, p + v), [x], [None, ZERO], go_backwards=True)
    f = theano.function([x], [a, b])
    assert [v.tolist() for v in f([1, 2, 3])] == [[6, 4, 2], [3, 5, 6]]


def test_taps():
    steps, _ = theano.scan(lambda a, b: a + b, outputs_info=[
        dict(initial=T.constant([0., 1.]), taps=[-2, -1])], n_steps=5)
    assert steps.eval().tolist() == [1, 2, 3, 5, 8]
    x = T.dvector('x')
    pairs, _ = theano.scan(lambda now, then: now - then, [dict(input=x, taps=[0, -1])])
    assert pairs.eval({x: [1, 4, 9]}).tolist() == [3, 5]


def test_until():
    def step(value):
        return value * 2, theano.scan_module.until(value > 10)
    powers, _ = theano.scan(step, outputs_info=ONE, n_steps=100)
    assert powers.eval().tolist() == [2, 4, 8, 16, 32]


def test_non_sequences_and_strict():
    x, w = T.dvector('x'), theano.shared(np.float64(3))
    out, _ = theano.scan(lambda v, f: v * f, x, non_sequences=[w], strict=True)
    assert out.eval({x: [1, 2]}).tolist() == [3, 6]
    y = T.dscalar('y')
    implicit, _ = theano.scan(lambda v: v * y * w, x)
    assert implicit.eval({x: [1, 2], y: 2}).tolist() == [6, 12]


def test_empty_placeholders():
    x = T.dvector('x')
    out, _ = theano.scan(lambda v: v + 1, sequences=x, outputs_info=None, non_sequences=())
    assert out.eval({x: [1]}).tolist() == [2]
    counted, _ = theano.scan(lambda v: v + 1, sequences=(), outputs_info=ZERO, n_steps=2)
    assert counted.eval().tolist() == [1, 2]


def test_updates_of_shared_variables():
    count = theano.shared(np.int64(0))
    values, updates = theano.scan(lambda: {count: count + 1}, n_steps=4)
    assert isinstance(updates, theano.OrderedUpdates)
    theano.function([], [], updates=updates)()
    assert count.get_value() == 4


def test_return_list():
    x = T.dvector('x')
    out, _ = theano.scan(lambda v: v, x, return_list=True)
    assert isinstance(out, list) and len(out) == 1


def test_gradient_through_time():
    x, w = T.dvector('x'), T.dscalar('w')
    states, _ = theano.scan(lambda v, h, w: T.tanh(w * h + v), x, ZERO, non_sequences=w)
    slope = theano.function([x, w], T.grad(states[-1], w))

    def last(w, values):
        h = 0.
        for v in values:
            h = np.tanh(w * h + v)
        return h
    values = [.1, -.4, .3]
    numeric = (last(.7 + 1e-6, values) - last(.7 - 1e-6, values)) / 2e-6
    np.testing.assert_allclose(slope(values, .7), numeric, rtol=1e-6)


def test_truncated_gradient():
    x, w = T.dvector('x'), T.dscalar('w')
    full, cut = (theano.scan(lambda v, h, w: w * h + v, x, ZERO, non_sequences=w,
                             truncate_gradient=steps)[0][-1] for steps in (-1, 1))
    values = {x: [1., 1., 1.], w: 2.}
    assert T.grad(full, w).eval(values) == 1 + 2 * 2
    assert T.grad(cut, w).eval(values) == 3


def test_relatives():
    x = T.dvector('x')
    values = {x: [1., 2., 3.]}
    assert theano.map(lambda v: v ** 2, x)[0].eval(values).tolist() == [1, 4, 9]
    assert theano.reduce(lambda v, t: v + t, x, ZERO)[0].eval(values) == 6
    assert theano.foldl(lambda v, t: t * 10 + v, x, ZERO)[0].eval(values) == 123
    assert theano.foldr(lambda v, t: t * 10 + v, x, ZERO)[0].eval(values) == 321


def test_checkpoints_give_the_same_gradient():
    x = T.dscalar('x')
    plain, _ = theano.scan(lambda h, x: h * x, outputs_info=ONE, non_sequences=x, n_steps=10)
    saved, _ = theano.scan_checkpoints(lambda h, x: h * x, outputs_info=ONE, non_sequences=[x],
                                       n_steps=10, save_every_N=5)
    slopes = [T.grad(out[-1], x).eval({x: 1.1}) for out in (plain, saved)]
    np.testing.assert_allclose(slopes[1], slopes[0])


def test_masked_recurrence():
    x, mask = T.dmatrix('x'), T.dmatrix('mask')

    def step(value, alive, state):
        return T.switch(alive, T.tanh(value + state), state)
    states, _ = theano.scan(step, [x, mask], T.zeros_like(x[0]))
    out = theano.function([x, mask], states[-1])([[1., 1.], [2., 2.]], [[1, 1], [1, 0]])
    np.testing.assert_allclose(out, [np.tanh(2 + np.tanh(1)), np.tanh(1)])


def test_one_step():
    x = T.dvector('x')
    once, _ = theano.scan(lambda h: h + 1, outputs_info=x, n_steps=1)
    assert once.eval({x: [1., 2.]}).tolist() in ([2, 3], [[2, 3]])
