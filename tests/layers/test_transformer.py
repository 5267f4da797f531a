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
from lasagne_ext.layers.transformer import downsampled_size
from lasagne_ext import kernels

pytestmark = pytest.mark.usefixtures('fast_compile')

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
    np.testing.assert_array_equal(
        run(layer, image, theta),
        kernels.affine_forward(image, theta.reshape(3, 2, 3), 3, 3, 'mirror', False))


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
    ({'border_mode': 'reflection'}, "border_mode must be one of .* did you mean 'mirror'"),
    ({'interpolation': 'cubic'}, "interpolation must be one of 'bilinear', got 'cubic'"),
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
                                 r'got shape \(None, 6, 7\)'),
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
