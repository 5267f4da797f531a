"""The layers that sample where another layer's output says, point by point."""
import pickle

import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.init import Constant
from lasagne.layers import DenseLayer, ReshapeLayer

from lasagne_ext.layers import FlowWarpLayer, GridSampleLayer
from lasagne_ext.ops import flow_warp, grid_sample

pytestmark = pytest.mark.usefixtures('nothing_compiled')

SIZES = {2: (6, 7), 3: (4, 5, 3)}
OUT = {2: (4, 5), 3: (3, 2, 4)}
LAYERS = [(GridSampleLayer, grid_sample), (FlowWarpLayer, flow_warp)]


def shape_of_points(kind, size, leading):
    rank = len(size)
    return leading + ((rank,) + size if kind is FlowWarpLayer else size + (rank,))


def test_smoke(rng, network):
    """No flow returns the input bit for bit."""
    source = network.source((None, 2, 6, 7))
    flow = ReshapeLayer(DenseLayer(source, 84, W=Constant(0), nonlinearity=None), ([0], 2, 6, 7))
    image = rng.randn(3, 2, 6, 7).astype(network.float_type)
    assert network.run(FlowWarpLayer(source, flow), image).tobytes() == image.tobytes()


@pytest.mark.parametrize('kind, function', LAYERS)
@pytest.mark.parametrize('rank', [2, 3])
@pytest.mark.parametrize('leading', [(3,), (3, 2)])
def test_shapes(rng, network, kind, function, rank, leading):
    values = rng.randn(*shape_of_points(kind, OUT[rank], leading))
    image = rng.randn(3, 2, *SIZES[rank])
    for known in (True, False):
        points = network.source(values.shape if known else (None,) * values.ndim)
        source = network.source(image.shape if known else (None,) * image.ndim)
        actual = network.check_shapes(kind(source, points), image, values)
        assert actual == leading + (2,) + OUT[rank]


@pytest.mark.parametrize('kind, function', LAYERS)
@pytest.mark.parametrize('rank', [2, 3])
def test_values(rng, network, kind, function, rank):
    image = rng.randn(3, 2, *SIZES[rank]).astype(network.float_type)
    values = rng.randn(*shape_of_points(kind, OUT[rank], (3,))).astype(network.float_type)
    options = {'border_mode': 'reflect', 'interpolation': 'bicubic', 'cubic': -.5}
    layer = kind(network.source((None, 2) + SIZES[rank]), network.source((None,) + values.shape[1:]),
                 **options)
    np.testing.assert_allclose(network.run(layer, image, values),
                               network.compute(function, image, values, **options), atol=1e-5)


@pytest.mark.parametrize('kind, function', LAYERS)
def test_gradient(rng, network, kind, function):
    source = network.source((None, 1, 4, 5))
    shape = shape_of_points(kind, (3, 4), ())
    points = ReshapeLayer(DenseLayer(source, 24, nonlinearity=None), ([0],) + shape)
    gradients = network.gradients(kind(source, points), rng.randn(2, 1, 4, 5))
    assert all(np.isfinite(value).all() and value.any() for value in gradients)


@pytest.mark.parametrize('kind, points, message', [
    (GridSampleLayer, (None, 4, 5, 3), r'the grid layer must give shape \(batch, rows, columns, 2\) or '
                                       r'\(batch, K, rows, columns, 2\), got shape \(None, 4, 5, 3\)'),
    (GridSampleLayer, (None, 2), 'the grid layer must give shape'),
    (FlowWarpLayer, (None, 4, 5, 2), r'the flow layer must give shape \(batch, 2, rows, columns\) or '
                                     r'\(batch, K, 2, rows, columns\), got shape \(None, 4, 5, 2\)'),
    (FlowWarpLayer, (7, 2, 5, 2), 'batch sizes of the incoming layer and of the flow layer must be')])
def test_exceptions(kind, points, message):
    with pytest.raises(ValueError, match="%s 'warp': .*%s" % (kind.__name__, message)):
        kind((4, 2, 6, 7), points, name='warp')


@pytest.mark.parametrize('kind, function', LAYERS)
def test_exceptions_for_modes_and_images(kind, function):
    points = shape_of_points(kind, (4, 5), (None,))
    with pytest.raises(ValueError, match="%s 'warp': border_mode .* did you mean 'mirror'" % kind.__name__):
        kind((None, 2, 6, 7), points, border_mode='reflection', name='warp')
    with pytest.raises(ValueError, match="%s 'warp': the incoming layer must give" % kind.__name__):
        kind((None, 2, 6), points, name='warp')


@pytest.mark.parametrize('kind, function', LAYERS)
def test_exceptions_at_run_time(network, kind, function):
    values = np.full(shape_of_points(kind, (4, 5), (2,)), np.nan)
    layer = kind(network.source((None, 2, 6, 7)), network.source((None,) + values.shape[1:]),
                 check_finite=True, name='warp')
    with pytest.raises(ValueError, match="%s 'warp': the batch sizes" % kind.__name__):
        network.run(layer, np.ones((3, 2, 6, 7)), values)
    with pytest.raises(ValueError, match="%s 'warp': .* is not finite for 2 of 2" % kind.__name__):
        network.run(layer, np.ones((2, 2, 6, 7)), values)


@pytest.mark.parametrize('kind, function', LAYERS)
def test_pickle(kind, function):
    shape = shape_of_points(kind, (4, 5), (1,))
    layer = pickle.loads(pickle.dumps(kind((None, 2, 6, 7), shape, name='warp')))
    image, points = T.tensor4(), T.tensor4()
    output = theano.function([image, points], layer.get_output_for([image, points]))
    float_type = theano.config.floatX
    assert output(np.ones((1, 2, 6, 7), float_type), np.zeros(shape, float_type)).shape == (1, 2, 4, 5)
