"""The layer that gives a transform's grid."""
import pickle

import numpy as np
import pytest
import theano
import theano.tensor as T

from lasagne_ext.layers import (GridLayer, GridSampleLayer, MultiGlimpseLayer, ProjectiveTransformerLayer,
                                TPSTransformerLayer, TransformerLayer, localization)
from lasagne_ext.ops import (affine_grid, identity_parameters, num_parameters, projective_grid,
                             theta_from_parameters, tps_grid)

pytestmark = pytest.mark.usefixtures('nothing_compiled')

OUT = {2: (3, 4), 3: (3, 2, 4)}


def test_smoke(rng, network):
    """Sampling at the grid is what the transformer does."""
    source = network.source((None, 2, 6, 7))
    numbers = network.source((None, 4))
    whole = TransformerLayer(source, numbers, output_shape=(5, 4), family='similarity')
    apart = GridSampleLayer(source, GridLayer(numbers, (5, 4), 'similarity'))
    image, values = rng.randn(3, 2, 6, 7), identity_parameters('similarity') + .2 * rng.randn(3, 4)
    np.testing.assert_allclose(network.run(apart, image, values), network.run(whole, image, values),
                               atol=1e-4)


@pytest.mark.parametrize('rank', [2, 3])
@pytest.mark.parametrize('batch', [3, None])
@pytest.mark.parametrize('glimpses', [None, 1, 2])
@pytest.mark.parametrize('family', ['affine', 'attention', 'projective', 'tps'])
def test_shapes(rng, network, family, glimpses, batch, rank):
    count = (glimpses or 1) * (8 * rank if family == 'tps' else num_parameters(family, rank))
    layer = GridLayer(network.source((batch, count)), OUT[rank], family, glimpses=glimpses,
                      control_points=rng.randn(8, rank))
    leading = (3,) if glimpses is None else (3, glimpses)
    assert network.check_shapes(layer, rng.randn(3, count)) == leading + OUT[rank] + (rank,)


@pytest.mark.parametrize('rank', [2, 3])
@pytest.mark.parametrize('family', ['affine', 'rotation', 'projective'])
def test_values(rng, network, family, rank):
    count = num_parameters(family, rank)
    numbers = (identity_parameters(family, rank) + .2 * rng.randn(3, count)).astype(network.float_type)
    layer = GridLayer(network.source((None, count)), OUT[rank], family, align_corners=False)
    function = projective_grid if family == 'projective' else affine_grid
    expected = network.compute(lambda values: function(theta_from_parameters(family, values, rank), OUT[rank],
                                                       align_corners=False), numbers)
    np.testing.assert_allclose(network.run(layer, numbers), expected, atol=1e-5)


def test_values_of_splines(rng, network):
    points = rng.randn(5, 2)
    moves = (.2 * rng.randn(3, 10)).astype(network.float_type)
    layer = GridLayer(network.source((None, 10)), (3, 4), 'tps', control_points=points, regularization=.1)
    expected = network.compute(tps_grid, moves, out_shape=(3, 4), control_points=points,
                               regularization=.1)
    np.testing.assert_allclose(network.run(layer, moves), expected, atol=1e-5)


def test_values_with_the_images_aspect(network):
    """A quarter turn of an image twice as wide as high: to the sides it reaches half as far."""
    layer = GridLayer(network.source((None, 1)), (3, 5), 'rotation', aspect='image', in_shape=(3, 5))
    grid = network.run(layer, [[np.pi / 2]])
    np.testing.assert_allclose(grid[0, 0, 2], [.5, 0], atol=1e-6)


def test_gradient(rng, network):
    source = network.source((None, 2, 6, 7))
    layer = GridLayer(localization(source, 'rigid'), (3, 4), 'rigid')
    gradients = network.gradients(GridSampleLayer(source, layer), rng.randn(2, 2, 6, 7))
    assert all(np.isfinite(value).all() and value.any() for value in gradients)


@pytest.mark.parametrize('arguments, message', [
    ({'output_shape': (3,)}, 'output_shape must be a pair of positive whole numbers .* or three '
                             r'positive whole numbers .* got \(3,\)'),
    ({'family': 'afine'}, "family must be one of .* did you mean 'affine'"),
    ({'family': 'rigid'}, r"the numbers of family 'rigid' of shape \(batch, 3\), got shape \(None, 6\)"),
    ({'glimpses': 2}, r'of shape \(batch, 12\)'),
    ({'glimpses': -1}, 'glimpses must be a positive whole number, got -1'),
    ({'aspect': 'image'}, "aspect='image' needs in_shape"),
    ({'aspect': 'image', 'in_shape': (3, 3, 3)}, 'in_shape must be a pair'),
    ({'family': 'tps', 'aspect': 'image'}, 'is for affine families'),
    ({'family': 'tps', 'control_points': 3}, 'the number of control_points must be the square'),
    ({'transformer': (None, 2, 3)}, r'of shape \(batch, 6\), got shape \(None, 2, 3\)')])
def test_exceptions(arguments, message):
    call = {'transformer': (None, 6), 'output_shape': (3, 4), 'name': 'plot'}
    call.update(arguments)
    with pytest.raises(ValueError, match="GridLayer 'plot': .*" + message):
        GridLayer(**call)


def test_exceptions_by_type():
    with pytest.raises(TypeError, match="GridLayer 'plot': align_corners must be True or False"):
        GridLayer((None, 6), (3, 4), align_corners=1, name='plot')


def test_exceptions_at_run_time(network):
    layer = GridLayer(network.source((None, 4)), (3, 4), 'similarity', name='plot')
    with pytest.raises(ValueError, match=r"GridLayer 'plot': parameters must have shape \(batch, 4\)"):
        network.run(layer, np.ones((2, 5)))


def test_pickle():
    layer = pickle.loads(pickle.dumps(GridLayer((None, 6), (3, 4), name='plot')))
    numbers = T.matrix()
    output = theano.function([numbers], layer.get_output_for(numbers))
    assert output(np.zeros((2, 6), theano.config.floatX)).shape == (2, 3, 4, 2)


def transformers(network):
    """Of each kind: a transformer, and what is said of it beside its localization network."""
    source = network.source((None, 2, 6, 7))
    yield (TransformerLayer(source, network.source((None, 4)), output_shape=(4, 5), family='similarity',
                            aspect='image', align_corners=False),
           {'family': 'similarity', 'aspect': 'image', 'align_corners': False, 'in_shape': (6, 7)})
    yield (ProjectiveTransformerLayer(source, network.source((None, 8)), output_shape=(4, 5)),
           {'family': 'projective'})
    yield (TPSTransformerLayer(source, network.source((None, 8)), control_points=4, output_shape=(4, 5),
                               regularization=.1),
           {'family': 'tps', 'control_points': 4, 'regularization': .1})
    yield (MultiGlimpseLayer(source, network.source((None, 6)), 2, output_shape=(4, 5), family='attention',
                             merge='batch'), {'family': 'attention', 'glimpses': 2})


def test_settings_are_those_of_the_transformer(rng, network):
    for transformer, said in transformers(network):
        numbers = transformer.input_layers[1]
        short, long = GridLayer(transformer), GridLayer(numbers, (4, 5), **said)
        assert short.output_shape == long.output_shape
        identity = np.tile(transformer.family.identity_parameters(2), transformer.glimpses or 1)
        values = identity + .1 * rng.randn(3, len(identity))
        assert np.array_equal(network.run(short, values), network.run(long, values))


def test_grid_of_a_transformer_samples_what_that_gives(rng, network):
    source, numbers = network.source((None, 2, 6, 7)), network.source((None, 3))
    transformer = TransformerLayer(source, numbers, 2, family='rigid')
    values = rng.randn(3, 2, 6, 7), .3 * rng.randn(3, 3)
    np.testing.assert_allclose(network.run(GridSampleLayer(source, GridLayer(transformer)), *values),
                               network.run(transformer, *values), atol=1e-5)


def test_exceptions_beside_a_transformer():
    transformer = TransformerLayer((None, 2, None, 7), (None, 6), 2)
    with pytest.raises(ValueError, match="GridLayer 'plot': family is that of the transformer"):
        GridLayer(transformer, (3, 3), family='affine', name='plot')
    with pytest.raises(ValueError, match=r'GridLayer: give output_shape, because the transformer knows only '
                                         r'\(None, 3\)'):
        GridLayer(transformer)
    assert GridLayer(transformer, (4, 3)).output_shape == (None, 4, 3, 2)
