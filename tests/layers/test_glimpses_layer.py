"""The layer that takes several glimpses of every image."""
import pickle

import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import DenseLayer

from lasagne_ext.layers import GridLayer, GridSampleLayer, MultiGlimpseLayer, localization
from lasagne_ext.ops import (affine_transform, identity_parameters, num_parameters, projective_transform,
                             theta_from_parameters)

pytestmark = pytest.mark.usefixtures('nothing_compiled')

SIZES = {2: (6, 7), 3: (4, 5, 3)}
OUT = {2: (3, 4), 3: (3, 2, 4)}


def numbers_of(rng, family, rank, batch, glimpses):
    count = num_parameters(family, rank)
    return np.tile(identity_parameters(family, rank), (batch, glimpses)) + .2 * rng.randn(batch,
                                                                                      glimpses * count)


@pytest.mark.parametrize('rank', [2, 3])
def test_smoke(rng, network, rank):
    """At first every glimpse is the image, bit for bit."""
    source = network.source((None, 2) + SIZES[rank])
    layer = MultiGlimpseLayer(source, localization(source, 'similarity', glimpses=3), 3,
                              family='similarity')
    image = rng.randn(2, 2, *SIZES[rank]).astype(network.float_type)
    output = network.run(layer, image)
    assert all(output[:, k].tobytes() == image.tobytes() for k in range(3))


@pytest.mark.parametrize('merge', [None, 'batch', 'channels'])
@pytest.mark.parametrize('shape', [(2, 3, 6, 7), (None, 3, None, 7), (None, None, None, None)])
@pytest.mark.parametrize('options', [{}, {'downsample_factor': (.3, 2)}, {'output_shape': (4, 9)}])
def test_shapes(rng, network, merge, shape, options):
    layer = MultiGlimpseLayer(network.source(shape), network.source((None, 12)), 4, family='attention',
                              merge=merge, **options)
    actual = network.check_shapes(layer, rng.randn(2, 3, 6, 7), numbers_of(rng, 'attention', 2, 2, 4))
    assert actual[:-2] == {None: (2, 4, 3), 'batch': (8, 3), 'channels': (2, 12)}[merge]


@pytest.mark.parametrize('rank', [2, 3])
@pytest.mark.parametrize('family', ['affine', 'rigid', 'projective'])
def test_values(rng, network, family, rank):
    """Every glimpse is the single transform of its own numbers, wherever it is merged."""
    image = rng.randn(2, 3, *SIZES[rank]).astype(network.float_type)
    numbers = numbers_of(rng, family, rank, 2, 4).astype(network.float_type)
    transform = projective_transform if family == 'projective' else affine_transform
    expected = np.stack([network.compute(
        lambda images, values: transform(images, theta_from_parameters(family, values, rank), OUT[rank],
                                         border_mode='reflect'), image, part)
        for part in np.split(numbers, 4, axis=1)], axis=1)
    for merge, shape in ((None, expected.shape), ('batch', (8, 3) + OUT[rank]),
                         ('channels', (2, 12) + OUT[rank])):
        layer = MultiGlimpseLayer(network.source(image.shape), network.source(numbers.shape), 4,
                                  border_mode='reflect', output_shape=OUT[rank], family=family,
                                  merge=merge)
        np.testing.assert_allclose(network.run(layer, image, numbers), expected.reshape(shape), atol=1e-5)


@pytest.mark.parametrize('merge', ['batch', 'channels'])
def test_gradient(rng, network, merge):
    source = network.source((None, 2, 6, 7))
    numbers = localization(source, 'attention', glimpses=3)
    numbers.b.set_value((numbers.b.get_value() * .7 + .05 * rng.randn(9)).astype(network.float_type))
    layer = MultiGlimpseLayer(source, numbers, 3, family='attention', merge=merge)
    gradients = network.gradients(DenseLayer(layer, 2), rng.randn(2, 2, 6, 7))
    assert all(np.isfinite(value).all() and value.any() for value in gradients)


@pytest.mark.parametrize('arguments, message', [
    ({'glimpses': 0}, 'glimpses must be a positive whole number, got 0'),
    ({'glimpses': 2.}, 'glimpses must be a positive whole number, got 2.0'),
    ({'glimpses': 3}, r"the numbers of 3 transforms of family 'affine' of shape \(batch, 18\), got shape "
                      r'\(None, 12\)'),
    ({'merge': 'batches'}, "merge must be one of 'batch', 'channels', got 'batches'; did you mean 'batch'"),
    ({'family': 'attension'}, "did you mean 'attention'"),
    ({'family': 'tps'}, "got 'tps'; use a GridSampleLayer above a GridLayer of as many glimpses for it"),
    ({'incoming': (None, 2, 6)}, 'must give images of shape'),
    ({'border_mode': 'reflection'}, "did you mean 'mirror'"),
    ({'incoming': (4, 2, 6, 7), 'localization_network': (3, 12)}, 'batch sizes .* must be the same')])
def test_exceptions(arguments, message):
    call = {'incoming': (None, 2, 6, 7), 'localization_network': (None, 12), 'glimpses': 2, 'name': 'look'}
    call.update(arguments)
    with pytest.raises(ValueError, match="MultiGlimpseLayer 'look': .*" + message):
        MultiGlimpseLayer(**call)


def test_exceptions_at_run_time(network):
    source, numbers = network.source((None, 1, 4, 4)), network.source((None, 12))
    layer = MultiGlimpseLayer(source, numbers, 2, name='look', check_finite=True)
    theta = np.tile([1., 0, 0, 0, 1, 0], (3, 2))
    with pytest.raises(ValueError, match="MultiGlimpseLayer 'look': the batch sizes"):
        network.run(layer, np.ones((2, 1, 4, 4)), theta)
    with pytest.raises(ValueError, match=r"'look': .* must have shape \(batch, 12\), got \(3, 6\)"):
        network.run(layer, np.ones((3, 1, 4, 4)), theta[:, :6])
    theta[1, 8] = np.nan
    with pytest.raises(ValueError, match="MultiGlimpseLayer 'look': theta is not finite for 1 of 6"):
        network.run(layer, np.ones((3, 1, 4, 4)), theta)


def test_pickle():
    layer = pickle.loads(pickle.dumps(MultiGlimpseLayer((None, 2, 6, 7), (None, 12), 2, merge='batch')))
    image, numbers = T.tensor4(), T.matrix()
    output = theano.function([image, numbers], layer.get_output_for([image, numbers]))
    float_type = theano.config.floatX
    assert output(np.ones((1, 2, 6, 7), float_type), np.zeros((1, 12), float_type)).shape == (2, 2, 6, 7)


def test_what_is_advised_for_splines(rng, network):
    """Several glimpses by thin-plate splines."""
    source, moves = network.source((None, 2, 6, 7)), network.source((None, 3 * 32))
    grid = GridLayer(moves, (4, 5), 'tps', glimpses=3)
    layer = GridSampleLayer(source, grid)
    assert network.check_shapes(layer, rng.randn(2, 2, 6, 7), np.zeros((2, 96))) == (2, 3, 2, 4, 5)
