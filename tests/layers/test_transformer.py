"""The layer in Lasagne's graphs: a drop-in, with the shapes it declares and clear refusals."""
import inspect
import pickle

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from hypothesis import given
from hypothesis import strategies as st
from lasagne.layers import DenseLayer, InputLayer, get_all_params, get_output, get_output_shape

from lasagne_ext.layers import TransformerLayer
from lasagne_ext.layers._shapes import downsampled_size
from lasagne_ext.ops import (affine_grid, affine_transform, grid_sample, identity_parameters,
                             num_parameters, theta_from_parameters)
from lasagne_ext.ops.families import AFFINE_FAMILIES
from lasagne_ext.kernels import sampling

pytestmark = pytest.mark.usefixtures('nothing_compiled')

FLOAT = theano.config.floatX
IDENTITY = np.array([1, 0, 0, 0, 1, 0], dtype=FLOAT)


def images(shape=(None, 2, 6, 7), name=None):
    return InputLayer(shape, T.tensor4(), name=name)


def localization(incoming, bias=IDENTITY):
    return DenseLayer(incoming, 6, W=lasagne.init.Constant(0), b=bias, nonlinearity=None)


def thetas(batch=None):
    return InputLayer((batch, 6), T.matrix())


def run(layer, image, theta=None, **kwargs):
    sources = {source: source.input_var for source in layer.input_layers
               if isinstance(source, InputLayer)}
    output = get_output(layer, **kwargs)
    values = [image] if theta is None else [image, theta]
    variables = [source.input_var for source in sources]
    return theano.function(variables, output)(*values)


def test_identity_returns_its_input_bit_for_bit(rng):
    source = images()
    image = rng.randn(3, 2, 6, 7).astype(FLOAT)
    for options in ({}, {'align_corners': False}, {'border_mode': 'zeros'}, {'border_mode': 'wrap'}):
        layer = TransformerLayer(source, localization(source), **options)
        assert run(layer, image).tobytes() == image.tobytes()


def test_deterministic_changes_nothing(rng):
    source = images()
    layer = TransformerLayer(source, localization(source, IDENTITY + .1))
    image = rng.randn(3, 2, 6, 7).astype(FLOAT)
    assert (run(layer, image, deterministic=True) == run(layer, image)).all()


def test_parameters_are_those_of_the_localization_network():
    source = images()
    theta = localization(source)
    layer = TransformerLayer(source, theta)
    assert layer.get_params() == []
    assert get_all_params(layer, trainable=True) == [theta.W, theta.b]


def test_gradient_reaches_the_localization_network(rng):
    source = images()
    layer = TransformerLayer(source, localization(source, IDENTITY * .7))
    gradients = theano.grad(get_output(layer).sum(), get_all_params(layer))
    values = theano.function([source.input_var], gradients)(rng.randn(3, 2, 6, 7).astype(FLOAT))
    assert all(np.isfinite(value).all() and value.any() for value in values)


@pytest.mark.parametrize('shape', [(3, 2, 6, 7), (None, 2, 6, 7), (None, 2, None, None),
                                   (None, None, None, 7), (3, None, 6, None)])
@pytest.mark.parametrize('options', [{}, {'downsample_factor': 2}, {'downsample_factor': (.5, 3)},
                                     {'downsample_factor': .3}, {'output_shape': (4, 9)}])
def test_declared_shape_is_the_actual_one(rng, shape, options):
    source, theta = images(shape), thetas()
    layer = TransformerLayer(source, theta, **options)
    image = rng.randn(3, 2, 6, 7).astype(FLOAT)
    actual = run(layer, image, rng.randn(3, 6).astype(FLOAT)).shape
    declared = layer.output_shape
    assert declared[:2] == shape[:2]
    assert all(d is None or d == a for d, a in zip(declared, actual))
    assert get_output_shape(layer, {source: image.shape, theta: (3, 6)}) == actual


def test_input_of_another_size_than_declared(rng):
    source, theta = images((None, 1, 8, 8)), thetas()
    layer = TransformerLayer(source, theta, downsample_factor=2)
    image = rng.randn(2, 1, 20, 20).astype(FLOAT)
    actual = run(layer, image, np.tile(IDENTITY, (2, 1))).shape
    assert actual == get_output_shape(layer, {source: image.shape, theta: (2, 6)}) == (2, 1, 10, 10)


def test_batch_size_is_taken_from_either_input():
    assert TransformerLayer(images(), thetas(5)).output_shape[0] == 5
    assert TransformerLayer(images((4, 1, 3, 3)), thetas()).output_shape[0] == 4


@given(size=st.integers(0, 3000), factor=st.one_of(
    st.floats(.05, 50), st.integers(1, 60), st.sampled_from([.1, .2, .3, 1 / 3, .7, 1.1, 2.5])))
def test_symbolic_size_equals_pythons(size, factor):
    symbolic = T.lscalar()
    key = float(factor)
    if (key, type(factor)) not in _compiled:
        _compiled[key, type(factor)] = theano.function(
            [symbolic], downsampled_size(symbolic, factor),
            mode=theano.Mode(linker='py', optimizer=None))
    assert _compiled[key, type(factor)](size) == downsampled_size(size, factor) == int(size // factor)


_compiled = {}


def test_size_that_float32_gets_wrong():
    """33 pixels, factor 0.3: 110 declared and 109 made, elsewhere."""
    layer = TransformerLayer(images((None, 1, None, 33)), thetas(), downsample_factor=.3)
    assert layer.output_shape[3] == 110
    assert run(layer, np.ones((1, 1, 33, 33), FLOAT), IDENTITY[None]).shape[2:] == (110, 110)


def test_single_output_pixel_is_the_centre():
    layer = TransformerLayer(images((None, 1, 3, 3)), thetas(), output_shape=(1, 1))
    image = np.arange(9).reshape(1, 1, 3, 3).astype(FLOAT)
    assert run(layer, image, IDENTITY[None]).item() == 4


def test_size_one_input():
    layer = TransformerLayer(images((None, 1, 1, 1)), thetas(), output_shape=(2, 3))
    assert (run(layer, np.full((1, 1, 1, 1), 5, FLOAT), IDENTITY[None]) == 5).all()


def test_values_are_those_of_the_kernel(rng):
    theta = (IDENTITY + .5 * rng.randn(3, 6)).astype(FLOAT)
    image = rng.randn(3, 2, 6, 7).astype(FLOAT)
    layer = TransformerLayer(images(), thetas(), 2, 'mirror', align_corners=False)
    mode = sampling.SamplingMode('affine', 'bilinear', 'mirror', False, -.75)
    np.testing.assert_array_equal(run(layer, image, theta),
                                  sampling.sample(image, theta.reshape(3, 2, 3), (3, 3), mode))


def test_shapes_in_place_of_layers(rng):
    layer = TransformerLayer((None, 2, 6, 7), (None, 6), downsample_factor=2)
    assert layer.output_shape == (None, 2, 3, 3)
    image, theta = T.tensor4(), T.matrix()
    output = theano.function([image, theta], layer.get_output_for([image, theta]))
    assert output(np.ones((1, 2, 6, 7), FLOAT), IDENTITY[None]).shape == (1, 2, 3, 3)


def test_pickle(rng):
    layer = pickle.loads(pickle.dumps(TransformerLayer((None, 2, 6, 7), (None, 6), name='stn')))
    image, theta = T.tensor4(), T.matrix()
    output = theano.function([image, theta], layer.get_output_for([image, theta]))
    assert output(np.ones((1, 2, 6, 7), FLOAT), IDENTITY[None]).shape == (1, 2, 6, 7)


@pytest.mark.parametrize('rank', [2, 3])
@pytest.mark.parametrize('family', AFFINE_FAMILIES)
def test_families(rng, network, family, rank):
    size, out = (5, 6, 4)[:rank], (4, 3, 5)[:rank]
    count = num_parameters(family, rank)
    source, numbers = network.source((None, 2) + size), network.source((None, count))
    image = rng.randn(3, 2, *size).astype(FLOAT)
    same = TransformerLayer(source, numbers, family=family)
    identity = np.tile(identity_parameters(family, rank), (3, 1)).astype(FLOAT)
    assert network.run(same, image, identity).tobytes() == image.tobytes()
    layer = TransformerLayer(source, numbers, output_shape=out, border_mode='reflect', family=family,
                             interpolation='bicubic', cubic=-.5, align_corners=False)
    values = (identity + .3 * rng.randn(3, count)).astype(FLOAT)
    theta = network.compute(lambda values: theta_from_parameters(family, values, rank), values)
    expected = network.compute(affine_transform, image, theta, out_shape=out, interpolation='bicubic',
                               border_mode='reflect', align_corners=False, cubic=-.5)
    np.testing.assert_allclose(network.run(layer, image, values), expected, atol=1e-5)
    assert network.check_shapes(layer, image, values) == (3, 2) + out


@pytest.mark.parametrize('options', [{'downsample_factor': 2}, {'downsample_factor': (.5, 3, .3)}, {}])
@pytest.mark.parametrize('shape', [(3, 2, 4, 6, 7), (None, 2, None, 6, None), (None,) * 5])
def test_declared_shape_of_volumes_is_the_actual_one(rng, network, shape, options):
    layer = TransformerLayer(network.source(shape), network.source((None, 12)), **options)
    network.check_shapes(layer, rng.randn(3, 2, 4, 6, 7), rng.randn(3, 12))


def test_volumes_reach_the_localization_network(rng, network):
    source = network.source((None, 1, 3, 4, 5))
    layer = TransformerLayer(source, DenseLayer(source, 12, b=np.eye(3, 4).ravel().astype(FLOAT) * .7,
                                                W=lasagne.init.Constant(0), nonlinearity=None))
    gradients = network.gradients(layer, rng.randn(2, 1, 3, 4, 5))
    assert all(np.isfinite(value).all() and value.any() for value in gradients)


@pytest.mark.parametrize('scale', [0, .1, 3])
def test_gradient_into_the_localization_network_is_scaled(rng, network, scale):
    image = rng.randn(3, 2, 6, 7)

    def gradients(**options):
        source = images()
        return network.gradients(TransformerLayer(source, localization(source, IDENTITY * .7), **options),
                                 image)
    for scaled, whole in zip(gradients(theta_lr_scale=scale), gradients()):
        np.testing.assert_allclose(scaled, scale * whole, rtol=1e-5)


def test_scaling_leaves_what_lies_below_the_images_alone(rng):
    """The images' own gradient is whole, though they feed the localization network too."""
    image, theta = T.tensor4(), T.matrix()
    gradients = [T.grad(T.sum(TransformerLayer((None, 2, 6, 7), (None, 6), theta_lr_scale=scale)
                              .get_output_for([image, theta])), image) for scale in (1, .1)]
    whole, scaled = theano.function([image, theta], gradients)(
        rng.randn(2, 2, 6, 7).astype(FLOAT), np.tile(IDENTITY * .7, (2, 1)))
    np.testing.assert_array_equal(whole, scaled)


def test_rotation_with_the_images_aspect_does_not_shear(rng):
    """A quarter turn of an image twice as wide as high takes its middle square onto itself."""
    image = rng.randn(1, 1, 5, 9).astype(FLOAT)
    layer = TransformerLayer(images((None, 1, 5, 9)), InputLayer((None, 1), T.matrix()),
                             family='rotation', aspect='image')
    turned = run(layer, image, np.array([[np.pi / 2]], FLOAT))
    np.testing.assert_allclose(turned[0, 0, :, 2:7], np.rot90(image[0, 0, :, 2:7]), atol=1e-5)


def test_antialiasing_is_handed_on(rng, network):
    image, theta = rng.randn(2, 1, 12, 12).astype(FLOAT), np.tile(IDENTITY, (2, 1))
    layer = TransformerLayer(images((None, 1, 12, 12)), thetas(), 4, antialias=True)
    grid = network.compute(affine_grid, theta, out_shape=(3, 3))
    smooth, sharp = (network.compute(grid_sample, image, grid, antialias=antialias)
                     for antialias in (True, False))
    output = run(layer, image, theta)
    np.testing.assert_allclose(output, smooth, atol=1e-5)
    assert abs(output - sharp).max() > .1


def test_gradient_outside_leads_back(network):
    """A crop that has left a black image's right side gets a gradient to the left."""
    source = network.source((None, 1, 5, 5))
    shifted = IDENTITY + np.array([0, 0, 4, 0, 0, 0], FLOAT)
    image = np.ones((1, 1, 5, 5))
    pulls = [network.gradients(TransformerLayer(source, localization(source, shifted), outside_grad=s),
                               image)[1][2] for s in (0., 1.)]
    assert pulls[0] == 0 and pulls[1] > 0


def test_same_arguments_as_lasagnes():
    ours = list(inspect.signature(TransformerLayer.__init__).parameters)
    assert ours[:5] == ['self', 'incoming', 'localization_network', 'downsample_factor',
                        'border_mode']
    if hasattr(lasagne.layers, 'TransformerLayer'):
        theirs = list(inspect.signature(lasagne.layers.TransformerLayer.__init__).parameters)
        assert ours[:len(theirs) - 1] == theirs[:-1]


@pytest.mark.parametrize('border_mode', ['nearest', 'mirror', 'wrap'])
@pytest.mark.parametrize('factor', [1, 2, (.5, 1.5)])
def test_same_values_and_gradients_as_lasagnes(rng, border_mode, factor):
    if not hasattr(lasagne.layers, 'TransformerLayer'):
        pytest.skip('this Lasagne has no TransformerLayer')
    image = rng.randn(3, 2, 6, 7).astype(FLOAT)
    theta = (IDENTITY + .5 * rng.randn(3, 6)).astype(FLOAT)
    results = []
    for kind in (TransformerLayer, lasagne.layers.TransformerLayer):
        source, points = images(), thetas()
        output = get_output(kind(source, points, factor, border_mode))
        variables = [source.input_var, points.input_var]
        gradients = T.grad(T.sum(T.sqr(output)), variables)
        results.append(theano.function(variables, [output] + gradients)(image, theta))
    for ours, theirs in zip(*results):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4 if FLOAT == 'float32' else 1e-8,
                                   atol=1e-3 if FLOAT == 'float32' else 1e-9)


@pytest.mark.parametrize('arguments, message', [
    ({'border_mode': 'reflection'}, "border_mode must be one of .* did you mean 'mirror'.*torch's"),
    ({'border_mode': 'Reflection', 'align_corners': False}, "'Reflection'; did you mean 'reflect'.*torch"),
    ({'interpolation': 'cubic'}, "interpolation must be one of .* got 'cubic'; did you mean 'bicubic'"),
    ({'family': 'affin'}, "family must be one of 'affine', .* got 'affin'; did you mean 'affine'"),
    ({'family': 'projective'}, "family must be one of .* got 'projective'; use a ProjectiveTransformerLayer"),
    ({'family': 'tps'}, "family must be one of .* got 'tps'; use a TPSTransformerLayer for it"),
    ({'family': ['tps']}, r"family must be one of .* got \['tps'\]$"),
    ({'family': 'rigid'}, r"must give the numbers of family 'rigid' of shape \(batch, 3\), got shape "
                          r'\(None, 6\)'),
    ({'aspect': 'pixels'}, "aspect must be one of 'image', got 'pixels'"),
    ({'cubic': -2}, 'cubic must be from -1 to 0, got -2'),
    ({'outside_grad': -1}, 'outside_grad must be at least 0, got -1'),
    ({'theta_lr_scale': -1}, 'theta_lr_scale must be at least 0, got -1'),
    ({'downsample_factor': 0}, 'must be a positive number or a pair of them .* got 0'),
    ({'downsample_factor': (1, -2)}, r'got \(1, -2\)'),
    ({'downsample_factor': (1, 2, 3)}, r'got \(1, 2, 3\)'),
    ({'downsample_factor': float('nan')}, 'got nan'),
    ({'downsample_factor': 'half'}, "got 'half'"),
    ({'downsample_factor': 100}, 'leaves nothing of an input with 6 rows and 7 columns'),
    ({'output_shape': 5}, 'must be a pair of positive whole numbers .* got 5'),
    ({'output_shape': (5, 0)}, r'got \(5, 0\)'),
    ({'output_shape': (5., 5)}, r'got \(5.0, 5\)'),
    ({'output_shape': (5, 5), 'downsample_factor': 2}, 'either output_shape or downsample_factor'),
    ({'incoming': (None, 6, 7)}, r'must give images of shape \(batch, channels, rows, columns\), '
                                 r'or volumes .* got shape \(None, 6, 7\)'),
    ({'incoming': (None, 2, 4, 6, 7)}, r'must give theta of shape \(batch, 12\), got shape '
                                       r'\(None, 6\)'),
    ({'incoming': (None, 2, 4, 6, 7), 'localization_network': (None, 12), 'output_shape': (4, 4)},
     r'must be three positive whole numbers \(depth, rows, columns\), got \(4, 4\)'),
    ({'localization_network': (None, 5)}, r'must give theta of shape \(batch, 6\), got shape '
                                          r'\(None, 5\); end it with a DenseLayer'),
    ({'localization_network': (None, 2, 3)}, r'got shape \(None, 2, 3\)'),
    ({'incoming': (4, 2, 6, 7), 'localization_network': (3, 6)}, 'batch sizes .* must be the same')])
def test_refused_at_construction(arguments, message):
    call = {'incoming': (None, 2, 6, 7), 'localization_network': (None, 6), 'name': 'stn'}
    call.update(arguments)
    with pytest.raises(ValueError, match="TransformerLayer 'stn': .*" + message):
        TransformerLayer(**call)


def test_layer_without_a_name_is_called_by_its_class():
    with pytest.raises(ValueError, match='^TransformerLayer: border_mode'):
        TransformerLayer((None, 2, 6, 7), (None, 6), border_mode='x')


def test_unknown_sizes_are_told_as_they_are():
    with pytest.raises(ValueError, match='leaves nothing of an input with None rows and 7 columns'):
        TransformerLayer((None, 2, None, 7), (None, 6), downsample_factor=100)


def test_flags_are_refused_by_type():
    with pytest.raises(TypeError, match="TransformerLayer 'stn': align_corners must be True or"):
        TransformerLayer((None, 2, 6, 7), (None, 6), align_corners='yes', name='stn')


def test_batch_mismatch_at_run_time_names_the_layer(rng):
    layer = TransformerLayer(images(), thetas(), name='stn')
    with pytest.raises(ValueError, match="TransformerLayer 'stn': the batch sizes of input and theta "
                                         r'must be the same, got input of shape \(3, 2, 6, 7\)'):
        run(layer, np.ones((3, 2, 6, 7), FLOAT), np.ones((4, 6), FLOAT))


def test_integer_images_are_refused():
    source = InputLayer((None, 1, 4, 4), T.itensor4())
    layer = TransformerLayer(source, thetas(), name='stn')
    with pytest.raises(TypeError, match="TransformerLayer 'stn': input must be float32 or float64"):
        get_output(layer)


def test_non_finite_theta_is_refused_on_request():
    theta = np.array([[1, 0, np.nan, 0, 1, 0]], dtype=FLOAT)
    image = np.ones((1, 1, 4, 4), FLOAT)
    shape = (None, 1, 4, 4)
    assert np.isnan(run(TransformerLayer(images(shape), thetas()), image, theta)).all()
    layer = TransformerLayer(images(shape), thetas(), name='stn', check_finite=True)
    with pytest.raises(ValueError, match="TransformerLayer 'stn': theta is not finite for 1 of 1"):
        run(layer, image, theta)


def test_training_step_lowers_the_loss(rng):
    """A layer shifted off its target finds back."""
    source = images((None, 1, 12, 12))
    layer = TransformerLayer(source, localization(source, IDENTITY + np.array(
        [0, 0, .3, 0, 0, -.2], dtype=FLOAT)))
    yy, xx = np.mgrid[-1:1:12j, -1:1:12j]
    image = np.exp(-4 * (xx ** 2 + yy ** 2))[None, None].astype(FLOAT)
    loss = T.mean(T.sqr(get_output(layer) - image))
    theta_bias = [p for p in get_all_params(layer) if p.name and p.name.endswith('b')]
    step = theano.function([source.input_var], loss,
                           updates=lasagne.updates.sgd(loss, theta_bias, .5))
    losses = [step(image) for _ in range(60)]
    assert losses[-1] < .01 * losses[0]
