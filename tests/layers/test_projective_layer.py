"""The layer of homographies."""
import pickle

import numpy as np
import pytest
import theano
import theano.tensor as T

from lasagne_ext.layers import ProjectiveTransformerLayer, TransformerLayer, localization
from lasagne_ext.ops import projective_transform

pytestmark = pytest.mark.usefixtures('nothing_compiled')

SIZES = {2: (6, 7), 3: (4, 5, 3)}


def identity(rank, batch):
    return np.tile(np.eye(rank + 1).ravel()[:-1], (batch, 1))


@pytest.mark.parametrize('rank', [2, 3])
def test_smoke(rng, network, rank):
    """One call gives the identity, which returns the input bit for bit."""
    source = network.source((None, 2) + SIZES[rank])
    layer = ProjectiveTransformerLayer(source, localization(source, 'projective'))
    image = rng.randn(3, 2, *SIZES[rank]).astype(network.float_type)
    assert network.run(layer, image).tobytes() == image.tobytes()


@pytest.mark.parametrize('shape', [(3, 2, 6, 7), (None, 2, None, 7), (None, None, None, None)])
@pytest.mark.parametrize('options', [{}, {'downsample_factor': (.3, 2)}, {'output_shape': (4, 9)}])
def test_shapes(rng, network, shape, options):
    layer = ProjectiveTransformerLayer(network.source(shape), network.source((None, 8)), **options)
    network.check_shapes(layer, rng.randn(3, 2, 6, 7), identity(2, 3))


@pytest.mark.parametrize('rank', [2, 3])
def test_values(rng, network, rank):
    size = SIZES[rank]
    layer = ProjectiveTransformerLayer(network.source((None, 2) + size),
                                       network.source((None, (rank + 1) ** 2 - 1)), 2, 'mirror',
                                       interpolation='bicubic', align_corners=False)
    image = rng.randn(3, 2, *size).astype(network.float_type)
    numbers = (identity(rank, 3) + .1 * rng.randn(3, (rank + 1) ** 2 - 1)).astype(network.float_type)
    H = np.column_stack([numbers, np.ones((3, 1), network.float_type)])
    expected = network.compute(projective_transform, image, H, out_shape=tuple(n // 2 for n in size),
                               interpolation='bicubic', border_mode='mirror', align_corners=False)
    np.testing.assert_allclose(network.run(layer, image, numbers), expected, atol=1e-5)


def test_without_perspective_it_is_affine(rng, network):
    image, theta = rng.randn(2, 1, 6, 7), np.tile([.8, .1, 0, -.2, 1.1, .3], (2, 1))
    source = network.source((None, 1, 6, 7))
    affine = TransformerLayer(source, network.source((None, 6)))
    projective = ProjectiveTransformerLayer(source, network.source((None, 8)))
    np.testing.assert_array_equal(network.run(affine, image, theta), network.run(
        projective, image, np.column_stack([theta, np.zeros((2, 2))])))


@pytest.mark.parametrize('rank', [2, 3])
def test_gradient(rng, network, rank):
    source = network.source((None, 2) + SIZES[rank])
    numbers = localization(source, 'projective')
    numbers.b.set_value(numbers.b.get_value() * .9)
    gradients = network.gradients(ProjectiveTransformerLayer(source, numbers),
                                  rng.randn(2, 2, *SIZES[rank]))
    assert all(np.isfinite(value).all() and value.any() for value in gradients)


@pytest.mark.parametrize('arguments, message', [
    ({'localization_network': (None, 9)},
     r'must give H without its last entry of shape \(batch, 8\), got shape \(None, 9\)'),
    ({'incoming': (None, 2, 6, 7, 8)}, r'of shape \(batch, 15\), got shape \(None, 8\)'),
    ({'incoming': (None, 2, 6)}, 'must give images of shape'),
    ({'border_mode': 'reflection'}, "did you mean 'mirror'"),
    ({'incoming': (4, 2, 6, 7), 'localization_network': (3, 8)}, 'batch sizes .* must be the same')])
def test_exceptions(arguments, message):
    call = {'incoming': (None, 2, 6, 7), 'localization_network': (None, 8), 'name': 'stn'}
    call.update(arguments)
    with pytest.raises(ValueError, match="ProjectiveTransformerLayer 'stn': .*" + message):
        ProjectiveTransformerLayer(**call)


def test_exceptions_at_run_time(network):
    source, numbers = network.source((None, 1, 4, 4)), network.source((None, 8))
    layer = ProjectiveTransformerLayer(source, numbers, name='stn', check_finite=True)
    with pytest.raises(ValueError, match="ProjectiveTransformerLayer 'stn': the batch sizes"):
        network.run(layer, np.ones((2, 1, 4, 4)), identity(2, 3))
    with pytest.raises(ValueError, match="ProjectiveTransformerLayer 'stn': H is not finite for 2 of 2"):
        network.run(layer, np.ones((2, 1, 4, 4)), np.full((2, 8), np.nan))


def test_pickle():
    layer = pickle.loads(pickle.dumps(ProjectiveTransformerLayer((None, 2, 6, 7), (None, 8), name='stn')))
    image, numbers = T.tensor4(), T.matrix()
    output = theano.function([image, numbers], layer.get_output_for([image, numbers]))
    float_type = theano.config.floatX
    assert output(np.ones((1, 2, 6, 7), float_type), identity(2, 1).astype(float_type)).shape == (1, 2, 6, 7)
