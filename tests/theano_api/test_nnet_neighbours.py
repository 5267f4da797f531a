"""Neighbourhoods of images: every mode against loops, and what cannot be cut up."""
import hypothesis
import numpy as np
import pytest
import theano
import theano.tensor as T
from hypothesis import strategies as st
from theano.tensor.nnet.neighbours import Images2Neibs, images2neibs, neibs2images

MODES = ['valid', 'half', 'full', 'wrap_centered', 'ignore_borders']


def oracle(images, extent, step, mode):
    """Rows of neighbourhoods, cut out of an image that was padded beforehand."""
    pad = {'half': [e // 2 for e in extent], 'full': [e - 1 for e in extent],
           'wrap_centered': [e // 2 for e in extent]}.get(mode, [0, 0])
    size = images.shape[2:]
    padded = np.pad(images, [(0, 0), (0, 0)] + [(p, p) for p in pad],
                    mode='wrap' if mode == 'wrap_centered' else 'constant')
    starts = [range(0, n if mode == 'wrap_centered' else n + 2 * p - e + 1, s)
              for n, p, e, s in zip(size, pad, extent, step)]
    return np.array([plane[i:i + extent[0], j:j + extent[1]].ravel()
                     for image in padded for plane in image for i in starts[0] for j in starts[1]])


def fits(size, extent, step, mode):
    if mode == 'wrap_centered':
        return extent % 2 == 1 and size >= extent
    if mode == 'ignore_borders':
        return size >= extent
    padded = {'valid': size - extent, 'half': size - extent % 2, 'full': size + extent - 2}[mode]
    return size >= extent and padded % step == 0


@pytest.fixture(scope='module', params=MODES)
def compiled(request):
    x, extent, step = T.dtensor4('x'), T.lvector('extent'), T.lvector('step')
    return request.param, theano.function([x, extent, step], images2neibs(x, extent, step, request.param),
                                          mode='FAST_COMPILE')


@hypothesis.given(data=st.data())
def test_against_loops(compiled, data):
    mode, run = compiled
    size, extent, step = (data.draw(st.tuples(st.integers(1, top), st.integers(1, top))) for top in (7, 3, 3))
    images = np.arange(2 * 3 * size[0] * size[1], dtype='float64').reshape((2, 3) + size)
    if all(fits(*axis, mode=mode) for axis in zip(size, extent, step)):
        np.testing.assert_array_equal(run(images, extent, step), oracle(images, extent, step, mode))
    elif mode != 'ignore_borders':
        with pytest.raises(TypeError):
            run(images, extent, step)


@pytest.mark.parametrize('mode', MODES)
def test_compiled(mode):
    x = T.ftensor4('x')
    images = np.arange(96, dtype='float32').reshape(2, 1, 6, 8)
    run = theano.function([x], [images2neibs(x, (3, 3), (1, 1), mode), images2neibs(x, (1, 1), mode=mode)])
    patches, pixels = run(images)
    assert patches.dtype == pixels.dtype == 'float32'
    np.testing.assert_array_equal(patches, oracle(images, (3, 3), (1, 1), mode))
    np.testing.assert_array_equal(pixels, images.reshape(-1, 1))


@pytest.mark.usefixtures('fast_compile')
@pytest.mark.parametrize('mode', ['valid', 'ignore_borders'])
def test_gradient(mode, rng):
    theano.gradient.verify_grad(lambda x: images2neibs(x, (2, 3), mode=mode) ** 2, [rng.rand(2, 1, 4, 6)],
                                rng=rng)


@pytest.mark.usefixtures('fast_compile')
def test_gradient_where_neighbourhoods_overlap(rng):
    theano.gradient.verify_grad(lambda x: images2neibs(x, (2, 3), (1, 2)) ** 2, [rng.rand(1, 2, 3, 5)],
                                rng=rng)


@pytest.mark.usefixtures('fast_compile')
def test_back_to_images():
    x, neibs = T.ftensor4('x'), T.fmatrix('neibs')
    images = np.arange(216, dtype='float32').reshape(2, 3, 6, 6)
    again = neibs2images(images2neibs(x, (2, 3)), (2, 3), x.shape)
    np.testing.assert_array_equal(again.eval({x: images}), images)
    known = neibs2images(neibs, (2, 3), images.shape)
    np.testing.assert_array_equal(known.eval({neibs: oracle(images, (2, 3), (2, 3), 'valid')}), images)
    with pytest.raises((TypeError, ValueError)):
        neibs2images(neibs, (2, 4), images.shape).eval({neibs: oracle(images, (2, 3), (2, 3), 'valid')})


@pytest.mark.usefixtures('fast_compile')
@pytest.mark.parametrize('extent, step', [((0, 2), (1, 1)), ((2, -1), (1, 1)), ((2, 2), (0, 1)),
                                          ((2, 2), (1, -1))], ids=str)
def test_sizes_that_are_not_positive(extent, step):
    x = T.tensor4('x')
    with pytest.raises((TypeError, ValueError)):
        images2neibs(x, extent, step).eval({x: np.ones((1, 1, 4, 4), theano.config.floatX)})


def test_arguments_that_do_not_fit():
    with pytest.raises(NotImplementedError):
        Images2Neibs('mirror')
    with pytest.raises(AssertionError):
        images2neibs(T.tensor3(), (2, 2))
    with pytest.raises(AssertionError):
        images2neibs(T.tensor4(), 2)
    with pytest.raises(NotImplementedError):
        neibs2images(T.matrix(), (2, 2), (1, 1, 4, 4), mode='half')
    assert Images2Neibs('half').mode == 'half'
