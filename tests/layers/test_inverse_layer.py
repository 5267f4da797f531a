"""The layer that pastes crops back."""
import pickle

import numpy as np
import pytest
import theano
import theano.tensor as T

from lasagne_ext.layers import (InverseTransformerLayer, ProjectiveTransformerLayer, TPSTransformerLayer,
                                TransformerLayer, localization)
from lasagne_ext.ops import (affine_transform, identity_parameters, invert_theta, num_parameters,
                             projective_transform, theta_from_parameters)

pytestmark = pytest.mark.usefixtures('nothing_compiled')

SIZES = {2: (6, 7), 3: (4, 5, 3)}
OUT = {2: (5, 8), 3: (3, 6, 4)}


def test_smoke(network):
    """A crop of whole pixels comes back to where it was, and around it is nothing."""
    source, numbers = network.source((None, 2, 9, 9)), network.source((None, 3))
    crop = TransformerLayer(source, numbers, output_shape=(5, 5), family='attention')
    layer = InverseTransformerLayer(crop, numbers, (9, 9), family='attention')
    image = np.arange(1, 163).reshape(1, 2, 9, 9)
    pasted = network.run(layer, image, [[.5, .25, -.5]])
    expected = np.zeros_like(image)
    expected[..., 0:5, 3:8] = image[..., 0:5, 3:8]
    np.testing.assert_allclose(pasted, expected, atol=1e-4)


def test_image_aspect_is_that_of_the_transformer(rng, network):
    """A quarter turn of the middle square of an image that is twice as wide, and back."""
    source, numbers = network.source((None, 1, 5, 9)), network.source((None, 1))
    crop = TransformerLayer(source, numbers, output_shape=(5, 5), family='rotation', aspect='image')
    layer = InverseTransformerLayer(crop, numbers, (5, 9), family='rotation', aspect='image')
    image, angle = rng.randn(1, 1, 5, 9), [[np.pi / 2]]
    np.testing.assert_allclose(network.run(crop, image, angle)[0, 0], np.rot90(image[0, 0, :, 2:7]),
                               atol=1e-5)
    image[..., [0, 1, 7, 8]] = 0
    np.testing.assert_allclose(network.run(layer, image, angle), image, atol=1e-5)


@pytest.mark.parametrize('shape', [(3, 2, 6, 7), (None, 2, None, 7), (None, None, None, None)])
def test_shapes(rng, network, shape):
    layer = InverseTransformerLayer(network.source(shape), network.source((None, 6)), (10, 11))
    theta = np.tile([.5, 0, .1, 0, .5, .2], (3, 1))
    assert network.check_shapes(layer, rng.randn(3, 2, 6, 7), theta) == (3, 2, 10, 11)


@pytest.mark.parametrize('rank', [2, 3])
@pytest.mark.parametrize('family', ['affine', 'similarity', 'attention', 'projective'])
def test_values(rng, network, family, rank):
    count = num_parameters(family, rank)
    layer = InverseTransformerLayer(network.source((None, 2) + SIZES[rank]), network.source((None, count)),
                                    OUT[rank], border_mode='mirror', align_corners=False, family=family)
    image = rng.randn(3, 2, *SIZES[rank]).astype(network.float_type)
    numbers = (identity_parameters(family, rank) + .2 * rng.rand(3, count)).astype(network.float_type)
    projective = family == 'projective'
    inverse = network.compute(lambda values: invert_theta(theta_from_parameters(family, values, rank), rank,
                                                          projective), numbers)
    expected = network.compute(projective_transform if projective else affine_transform, image, inverse,
                               out_shape=OUT[rank], border_mode='mirror', align_corners=False)
    np.testing.assert_allclose(network.run(layer, image, numbers), expected, atol=1e-4)


@pytest.mark.parametrize('rank', [2, 3])
def test_gradient(rng, network, rank):
    source = network.source((None, 2) + SIZES[rank])
    numbers = localization(source, 'similarity')
    numbers.b.set_value(numbers.b.get_value() + np.asarray(.1, network.float_type))
    layer = InverseTransformerLayer(source, numbers, OUT[rank], family='similarity')
    gradients = network.gradients(layer, rng.randn(2, 2, *SIZES[rank]))
    assert all(np.isfinite(value).all() and value.any() for value in gradients)


@pytest.mark.parametrize('arguments, message', [
    ({'output_shape': None}, 'output_shape must be a pair of positive whole numbers .* got None'),
    ({'output_shape': 5}, 'output_shape must be a pair of positive whole numbers .* got 5'),
    ({'transformer': (None, 5)}, r"theta of shape \(batch, 6\)"),
    ({'family': 'attension'}, "got 'attension'; did you mean 'attention'"),
    ({'family': 'projective', 'aspect': 'image'}, "aspect='image' is for affine families"),
    ({'incoming': (None, 2, 6)}, 'must give images of shape'),
    ({'border_mode': 'reflection'}, "did you mean 'mirror'"),
    ({'incoming': (4, 2, 6, 7), 'transformer': (3, 6)}, 'batch sizes .* must be the same')])
def test_exceptions(arguments, message):
    call = {'incoming': (None, 2, 6, 7), 'transformer': (None, 6), 'output_shape': (9, 9),
            'name': 'paste'}
    call.update(arguments)
    with pytest.raises(ValueError, match="InverseTransformerLayer 'paste': .*" + message):
        InverseTransformerLayer(**call)


def test_exceptions_at_run_time(network):
    source, numbers = network.source((None, 1, 4, 4)), network.source((None, 6))
    layer = InverseTransformerLayer(source, numbers, (5, 5), name='paste', check_finite=True)
    with pytest.raises(ValueError, match="InverseTransformerLayer 'paste': the batch sizes"):
        network.run(layer, np.ones((2, 1, 4, 4)), np.tile([1, 0, 0, 0, 1, 0], (3, 1)))
    with pytest.raises(ValueError, match="InverseTransformerLayer 'paste': theta is not finite for 2 of 2"):
        network.run(layer, np.ones((2, 1, 4, 4)), np.zeros((2, 6)))


def test_pickle():
    layer = pickle.loads(pickle.dumps(InverseTransformerLayer((None, 2, 6, 7), (None, 6), (9, 9))))
    image, numbers = T.tensor4(), T.matrix()
    output = theano.function([image, numbers], layer.get_output_for([image, numbers]))
    float_type = theano.config.floatX
    assert output(np.ones((1, 2, 6, 7), float_type),
                  np.array([[1, 0, 0, 0, 1, 0]], float_type)).shape == (1, 2, 9, 9)


def transformers(network):
    """Of each kind that can be undone: a transformer, and what is said of it beside its localization network."""
    source, six = network.source((None, 2, 6, 7)), network.source((None, 6))
    yield (TransformerLayer(source, network.source((None, 4)), output_shape=(4, 5), family='similarity',
                            aspect='image', align_corners=False),
           {'family': 'similarity', 'aspect': 'image', 'align_corners': False})
    yield TransformerLayer(source, six, 2), {}
    yield (ProjectiveTransformerLayer(source, network.source((None, 8)), output_shape=(4, 5)),
           {'family': 'projective'})


def test_settings_are_those_of_the_transformer(rng, network):
    for transformer, said in transformers(network):
        numbers = transformer.input_layers[1]
        crops = network.source((None, 2) + transformer.output_shape[2:])
        short = InverseTransformerLayer(crops, transformer)
        long = InverseTransformerLayer(crops, numbers, (6, 7), **said)
        assert short.output_shape == long.output_shape == (None, 2, 6, 7)
        identity = identity_parameters(transformer.family)
        values = rng.randn(3, *crops.shape[1:]), identity + .1 * rng.randn(3, len(identity))
        assert np.array_equal(network.run(short, *values), network.run(long, *values))


def test_transformer_above_shapes():
    transformer = TransformerLayer((None, 2, 6, 7), (None, 6), 2)
    assert InverseTransformerLayer((None, 2, 3, 3), transformer).output_shape == (None, 2, 6, 7)


@pytest.mark.parametrize('kind, numbers, options, message', [
    (TransformerLayer, 6, {'family': 'affine'}, 'family is that of the transformer; give it with a '
                                                "localization network only, got 'affine'"),
    (TransformerLayer, 6, {'align_corners': True}, 'align_corners is that of the transformer'),
    (TPSTransformerLayer, 32, {}, "the transforms of family 'tps' have no inverse")])
def test_exceptions_beside_a_transformer(kind, numbers, options, message):
    with pytest.raises(ValueError, match="InverseTransformerLayer 'paste': " + message):
        InverseTransformerLayer((None, 2, 3, 3), kind((None, 2, 6, 7), (None, numbers)), name='paste',
                                **options)


def test_unknown_size_must_be_given():
    transformer = TransformerLayer((None, 2, None, 7), (None, 6), output_shape=(3, 3))
    with pytest.raises(ValueError, match=r'give output_shape, because the transformer knows only \(None, 7\)'):
        InverseTransformerLayer((None, 2, 3, 3), transformer)
    assert InverseTransformerLayer((None, 2, 3, 3), transformer, (5, 7)).output_shape == (None, 2, 5, 7)
    with pytest.raises(ValueError, match='transformer must be the one that cuts out, got Inverse'):
        InverseTransformerLayer((None, 2, 3, 3), InverseTransformerLayer((None, 2, 3, 3), transformer, (5, 7)))
