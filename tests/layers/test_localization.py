"""One call makes the last layer of a localisation network, which starts at the identity."""
import numpy as np
import pytest
from lasagne.layers import DenseLayer, InputLayer, get_all_params

from lasagne_ext.layers import (MultiGlimpseLayer, ProjectiveTransformerLayer, TPSTransformerLayer,
                                TransformerLayer, localization)
from lasagne_ext.ops.families import AFFINE_FAMILIES

pytestmark = pytest.mark.usefixtures('nothing_compiled')

SIZES = {2: (6, 7), 3: (4, 5, 3)}


def transformers():
    for family in AFFINE_FAMILIES:
        yield family, {}, lambda *inputs, family=family: TransformerLayer(*inputs, family=family)
    yield 'projective', {}, ProjectiveTransformerLayer
    yield 'tps', {'control_points': 64}, lambda *inputs: TPSTransformerLayer(*inputs, control_points=64)
    yield 'rigid', {'glimpses': 2}, lambda *inputs: MultiGlimpseLayer(*inputs, 2, family='rigid')


@pytest.mark.parametrize('rank', [2, 3])
@pytest.mark.parametrize('family, options, transformer', list(transformers()))
def test_values(rng, network, family, options, transformer, rank):
    """The transform is the identity whatever the images, which come out bit for bit."""
    source = network.source((None, 1) + SIZES[rank])
    image = rng.randn(2, 1, *SIZES[rank]).astype(network.float_type)
    hidden = DenseLayer(source, 5)
    for numbers in (localization(source, family, **options),
                    localization(hidden, family, rank=rank, **options)):
        output = network.run(transformer(source, numbers), image)
        glimpses = output[:, None] if output.ndim == image.ndim else output
        assert all(glimpse.tobytes() == image.tobytes() for glimpse in np.moveaxis(glimpses, 1, 0))


def test_smoke():
    layer = localization(InputLayer((None, 50)), 'similarity', name='place')
    assert isinstance(layer, DenseLayer) and layer.nonlinearity(3) == 3 and layer.name == 'place'
    assert get_all_params(layer, trainable=True) == [layer.W, layer.b]
    assert not layer.W.get_value().any() and layer.W.get_value().shape == (50, 4)


@pytest.mark.parametrize('incoming, options, count', [
    ((None, 7), {}, 6), ((None, 7), {'rank': 3}, 12), ((None, 2, 4, 4), {}, 6),
    ((None, 2, 4, 4, 4), {}, 12), ((None, 2, 4, 4, 4), {'rank': 2}, 6), ((None, 3, 4), {}, 6),
    ((None, 7), {'family': 'tps'}, 32), ((None, 7), {'family': 'tps', 'control_points': np.eye(3, 2)}, 6),
    ((None, 7), {'family': 'tps', 'control_points': 8, 'rank': 3}, 24),
    ((None, 7), {'family': 'projective', 'glimpses': 3}, 24)])
def test_shapes(incoming, options, count):
    assert localization(incoming, **options).output_shape == (None, count)


@pytest.mark.parametrize('arguments, message', [
    ({'incoming': (None, 2, None)}, r'must have known sizes but for the batch, got shape \(None, 2, None\)'),
    ({'incoming': (None,)}, 'must have known sizes'),
    ({'family': 'afine'}, "family must be one of .* did you mean 'affine'"),
    ({'rank': 1}, 'rank must be 2'),
    ({'glimpses': 0}, 'glimpses must be a positive whole number, got 0'),
    ({'family': 'tps', 'control_points': 5}, 'the square of a whole number')])
def test_exceptions(arguments, message):
    call = {'incoming': (None, 7), 'name': 'place'}
    call.update(arguments)
    with pytest.raises(ValueError, match="localization 'place': .*" + message):
        localization(**call)
