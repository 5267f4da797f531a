"""The Ops that draw, on both engines: numbers of the generator, of Theano's own Op, and of a count."""
import numpy as np
import pytest
import theano
import theano.tensor as T
from theano.gradient import NullTypeGradError
from theano.sandbox import rng_mrg

from lasagne_ext.engine.runtime.random import ChoiceFromUniform, MRGUniform, MultinomialFromUniform
from lasagne_ext.kernels import mrg

pytestmark = pytest.mark.usefixtures('nothing_compiled')


def states(rng, streams=7):
    return rng.randint(0, mrg.M2, (streams, 6)).astype('int32')


@pytest.mark.parametrize('dtype', ['float16', 'float32', 'float64'])
@pytest.mark.parametrize('size', [(), (5,), (4, 9)], ids=str)
def test_numbers_are_the_generators(rng, size, dtype):
    state = states(rng)
    new_state, sample = MRGUniform.new(T.imatrix(), len(size), dtype, size)
    run = theano.function([new_state.owner.inputs[0]], [new_state, sample])
    expected = mrg.uniform(state, int(np.prod(size)), np.dtype(dtype))
    for actual, value in zip(run(state), (expected[0], expected[1].reshape(size))):
        assert actual.dtype == value.dtype
        np.testing.assert_array_equal(actual, value)


# The last bit of float32 in Theano's Python is another than in its C, which is ours.
@pytest.mark.parametrize('dtype, tolerance', [('float32', 2e-7), ('float64', 0)])
def test_numbers_are_theanos(rng, dtype, tolerance):
    state = T.imatrix()
    ours = MRGUniform.new(state, 2, dtype, (3, 5))
    theanos = rng_mrg.mrg_uniform.new(state, 2, dtype, (3, 5))
    results = theano.function([state], [*ours, *theanos])(states(rng))
    np.testing.assert_array_equal(results[0], results[2])
    np.testing.assert_allclose(results[1], results[3], rtol=tolerance)


def test_size_may_be_a_variable(rng):
    state, size = T.imatrix(), T.lvector()
    sample = MRGUniform.new(state, 2, 'float64', size)[1]
    shape, value = theano.function([state, size], [sample.shape, sample])(states(rng), [2, 3])
    assert tuple(shape) == value.shape == (2, 3)
    with pytest.raises(ValueError, match='size must have length 2'):
        theano.function([state, size], sample)(states(rng), [2, 3, 4])


def test_lengths_of_one_are_known():
    sample = MRGUniform.new(T.imatrix(), None, 'float64', (1, T.iscalar()))[1]
    assert sample.broadcastable == (True, False)


def test_numbers_have_no_gradient():
    scale = T.dscalar()
    sample = MRGUniform.new(T.cast(T.alloc(scale, 7, 6), 'int32'), 1, 'float64', (4,))[1]
    with pytest.raises((NullTypeGradError, theano.gradient.DisconnectedInputError)):
        T.grad((scale * sample).sum(), sample.owner.inputs[0])


def test_what_is_no_state_is_refused():
    with pytest.raises(TypeError, match='the state must be an int32 matrix'):
        MRGUniform.new(T.dmatrix(), 1, 'float64', (4,))
    with pytest.raises(TypeError, match='MRG_RandomStreams draws float16, float32, float64'):
        MRGUniform('int32', 1)


def test_outcomes_are_counted(rng):
    pvals, unis = T.dmatrix(), T.dvector()
    run = theano.function([pvals, unis], MultinomialFromUniform('int64')(pvals, unis, 2))
    np.testing.assert_array_equal(run([[.5, .5, 0], [.1, .2, .7]], [.4, .25, .6, .9]),
                                  [[1, 1, 0], [0, 1, 1]])


def test_outcomes_are_chosen_once(rng):
    pvals, unis = T.dmatrix(), T.dvector()
    chosen = ChoiceFromUniform('auto')(pvals, unis, 3)
    run = theano.function([pvals, unis], chosen)
    drawn = run(np.full((4, 3), 1 / 3.), rng.rand(12))
    assert drawn.dtype == 'int64'
    np.testing.assert_array_equal(np.sort(drawn, axis=1), [[0, 1, 2]] * 4)
    with pytest.raises(ValueError, match='cannot draw 3 of 2 outcomes'):
        run(np.full((4, 2), .5), rng.rand(12))
