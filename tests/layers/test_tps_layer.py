"""The layer of thin-plate splines: a drop-in for Lasagne's, without its faults."""
import inspect
import pickle

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T

from lasagne_ext.layers import TPSTransformerLayer, localization
from lasagne_ext.ops import tps_transform

pytestmark = pytest.mark.usefixtures('nothing_compiled')

SIZES = {2: (6, 7), 3: (4, 5, 3)}
SCATTERED = {2: [[-.9, -.8], [.7, -1], [.1, .2], [-.6, .9], [1.1, .8]],
             3: [[-.9, -.8, .1], [.7, -1, -1], [.1, .2, 1], [-.6, .9, 0], [1, .8, -.5]]}


@pytest.mark.parametrize('rank', [2, 3])
@pytest.mark.parametrize('precompute_grid', [True, False])
def test_smoke(rng, network, rank, precompute_grid):
    """One call gives no displacement, which returns the input bit for bit."""
    points = SCATTERED[rank]
    source = network.source((None, 2) + SIZES[rank])
    layer = TPSTransformerLayer(source, localization(source, 'tps', control_points=points),
                                control_points=points, precompute_grid=precompute_grid)
    image = rng.randn(3, 2, *SIZES[rank]).astype(network.float_type)
    assert network.run(layer, image).tobytes() == image.tobytes()


@pytest.mark.parametrize('shape', [(3, 2, 6, 7), (None, 2, None, 7), (None, None, None, None)])
@pytest.mark.parametrize('options', [{}, {'downsample_factor': (.3, 2)}, {'output_shape': (4, 9)},
                                     {'precompute_grid': False}])
def test_shapes(rng, network, shape, options):
    layer = TPSTransformerLayer(network.source(shape), network.source((None, 32)), **options)
    network.check_shapes(layer, rng.randn(3, 2, 6, 7), .1 * rng.randn(3, 32))


def test_precomputed_size_stays(rng, network):
    """The size that was precomputed is the declared one for images of any size."""
    source, moves = network.source((None, 1, 8, 8)), network.source((None, 32))
    layer = TPSTransformerLayer(source, moves, downsample_factor=2)
    assert layer.precompute_grid is True
    assert network.check_shapes(layer, rng.randn(2, 1, 20, 20), np.zeros((2, 32))) == (2, 1, 4, 4)
    layer = TPSTransformerLayer(source, moves, downsample_factor=2, precompute_grid=False)
    assert network.run(layer, rng.randn(2, 1, 20, 20), np.zeros((2, 32))).shape == (2, 1, 10, 10)
    assert layer.get_output_shape_for([(2, 1, 20, 20), (2, 32)]) == (2, 1, 10, 10)


@pytest.mark.parametrize('rank', [2, 3])
@pytest.mark.parametrize('shape_known', [True, False])
def test_values(rng, network, rank, shape_known):
    size, points = SIZES[rank], SCATTERED[rank]
    declared = size if shape_known else (None,) * rank
    layer = TPSTransformerLayer(network.source((None, 2) + declared), network.source((None, 5 * rank)), 2,
                                points, border_mode='mirror', regularization=.1, align_corners=False)
    assert layer.precompute_grid is shape_known
    image = rng.randn(3, 2, *size).astype(network.float_type)
    moves = (.3 * rng.randn(3, 5 * rank)).astype(network.float_type)
    expected = network.compute(tps_transform, image, moves, out_shape=tuple(n // 2 for n in size),
                               control_points=points, regularization=.1, border_mode='mirror',
                               align_corners=False)
    np.testing.assert_allclose(network.run(layer, image, moves), expected, atol=1e-5)


@pytest.mark.parametrize('rank', [2, 3])
def test_gradient(rng, network, rank):
    points = SCATTERED[rank]
    source = network.source((None, 2) + SIZES[rank])
    moves = localization(source, 'tps', control_points=points)
    moves.b.set_value(.1 * rng.randn(5 * rank).astype(network.float_type))
    layer = TPSTransformerLayer(source, moves, control_points=points)
    gradients = network.gradients(layer, rng.randn(2, 2, *SIZES[rank]))
    assert all(np.isfinite(value).all() and value.any() for value in gradients)


def test_same_arguments_as_lasagnes():
    ours = list(inspect.signature(TPSTransformerLayer.__init__).parameters)
    assert ours[:7] == ['self', 'incoming', 'localization_network', 'downsample_factor', 'control_points',
                        'precompute_grid', 'border_mode']
    if hasattr(lasagne.layers, 'TPSTransformerLayer'):
        theirs = list(inspect.signature(lasagne.layers.TPSTransformerLayer.__init__).parameters)
        assert ours[:len(theirs) - 1] == theirs[:-1]


@pytest.mark.parametrize('border_mode', ['nearest', 'mirror', 'wrap'])
@pytest.mark.parametrize('factor', [1, (.5, 1.5)])
@pytest.mark.parametrize('precompute_grid', [True, False])
def test_same_values_and_gradients_as_lasagnes(rng, network, monkeypatch, border_mode, factor,
                                               precompute_grid):
    """Theirs precomputes always: otherwise it leaves out the radial terms."""
    if not hasattr(lasagne.layers, 'TPSTransformerLayer'):
        pytest.skip('this Lasagne has no TPSTransformerLayer')
    # NumPy takes the float number of points that Lasagne gives no longer.
    linspace = np.linspace
    monkeypatch.setattr(np, 'linspace', lambda start, stop, count: linspace(start, stop, int(count)))
    image = rng.randn(3, 2, 6, 7).astype(network.float_type)
    moves = (.3 * rng.randn(3, 18)).astype(network.float_type)
    results = []
    for kind, precompute in ((TPSTransformerLayer, precompute_grid),
                             (lasagne.layers.TPSTransformerLayer, True)):
        source, points = network.source((None, 2, 6, 7)), network.source((None, 18))
        output = lasagne.layers.get_output(kind(source, points, factor, 9, precompute, border_mode))
        variables = [source.input_var, points.input_var]
        gradients = T.grad(T.sum(T.sqr(output)), variables)
        results.append(theano.function(variables, [output] + gradients)(image, moves))
    for ours, theirs in zip(*results):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4 if network.float_type == 'float32' else 1e-8,
                                   atol=1e-3 if network.float_type == 'float32' else 1e-9)


@pytest.mark.parametrize('arguments, error, message', [
    ({'localization_network': (None, 16)}, ValueError,
     r'must give displacements of 16 control points of shape \(batch, 32\), got shape \(None, 16\)'),
    ({'control_points': 15}, ValueError, 'must be the square of a whole number from 2 on, got 15'),
    ({'control_points': [[0, 0], [1, 1], [2, 2]]}, ValueError, 'do not all lie on one line'),
    ({'incoming': (None, 2, 6)}, ValueError, 'must give images of shape'),
    ({'incoming': (None, 2, None, 6), 'precompute_grid': True}, ValueError, 'known when the graph is built'),
    ({'precompute_grid': 'no'}, TypeError, "True, False or 'auto', got 'no'"),
    ({'regularization': -1}, ValueError, 'regularization must be at least 0'),
    ({'border_mode': 'reflection'}, ValueError, "did you mean 'mirror'"),
    ({'incoming': (4, 2, 6, 7), 'localization_network': (3, 32)}, ValueError,
     'batch sizes .* must be the same')])
def test_exceptions(arguments, error, message):
    call = {'incoming': (None, 2, 6, 7), 'localization_network': (None, 32), 'name': 'stn'}
    call.update(arguments)
    with pytest.raises(error, match="TPSTransformerLayer 'stn': .*" + message):
        TPSTransformerLayer(**call)


def test_exceptions_at_run_time(network):
    source, moves = network.source((None, 1, 4, 4)), network.source((None, 32))
    layer = TPSTransformerLayer(source, moves, name='stn', check_finite=True)
    with pytest.raises(ValueError, match="TPSTransformerLayer 'stn': the batch sizes"):
        network.run(layer, np.ones((2, 1, 4, 4)), np.zeros((3, 32)))
    with pytest.raises(ValueError, match="TPSTransformerLayer 'stn': flow is not finite for 2 of 2"):
        network.run(layer, np.ones((2, 1, 4, 4)), np.full((2, 32), np.nan))


def test_pickle():
    layer = pickle.loads(pickle.dumps(TPSTransformerLayer((None, 2, 6, 7), (None, 32), name='stn')))
    image, moves = T.tensor4(), T.matrix()
    output = theano.function([image, moves], layer.get_output_for([image, moves]))
    float_type = theano.config.floatX
    assert output(np.ones((1, 2, 6, 7), float_type), np.zeros((1, 32), float_type)).shape == (1, 2, 6, 7)
