"""What holds for all tools: layers they have never seen, plain results, bad input refused alike."""
import json
import re

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import Conv2DLayer, DenseLayer, InputLayer, Layer, MergeLayer

from lasagne_ext.debug import (check_numerics, check_shapes, draw, explain, gradcheck, gradgradcheck, probe,
                               probe_statistics, profile, summary, watch)
from lasagne_ext.debug.report import CSS

pytestmark = pytest.mark.usefixtures('nothing_compiled')

FLOAT = theano.config.floatX


class SumAndDifference(MergeLayer):
    """Two inputs, two outputs."""

    def get_output_shape_for(self, input_shapes):
        return input_shapes[0], input_shapes[1]

    def get_output_for(self, inputs, **kwargs):
        return inputs[0] + inputs[1], inputs[0] - inputs[1]


class Second(Layer):
    """One of two."""

    def __init__(self, incoming):
        # Lasagne's own constructor wants the shape of a single array.
        self.input_layer, self.input_shape = incoming, incoming.output_shape
        self.name, self.params, self.get_output_kwargs = None, {}, []

    def get_output_shape_for(self, input_shape):
        return input_shape[1]

    def get_output_for(self, input, **kwargs):
        return input[1]


def unseen():
    """A network of layers without names, of which one has two inputs and two outputs."""
    left, right = InputLayer((None, 3), T.matrix(), name='left'), InputLayer((None, 3), name='right')
    return DenseLayer(Second(SumAndDifference([left, DenseLayer(right, 3)])), 2, nonlinearity=None)


def values():
    return {'left': np.random.rand(4, 3).astype(FLOAT), 'right': np.random.rand(4, 3).astype(FLOAT)}


#: Name -> a call with a network and inputs.
WITH_INPUTS = {
    'summary': lambda net, x: summary(net, x), 'draw': lambda net, x: draw(net, x),
    'explain': lambda net, x: explain(net, x), 'probe': lambda net, x: probe(net, x),
    'probe_statistics': lambda net, x: probe_statistics(net, [x]),
    'check_shapes': lambda net, x: check_shapes(net, x),
    'check_numerics': lambda net, x: check_numerics(net, x, loss=lambda y: (y ** 2).mean()),
    'gradcheck': lambda net, x: gradcheck(net, x, seed=0),
    'gradgradcheck': lambda net, x: gradgradcheck(net, x, seed=0),
    'profile': lambda net, x: profile(net, x, loss=lambda y: (y ** 2).mean(), repeats=1),
    'watch': lambda net, x: watch(net, x).record()}


@pytest.fixture(params=sorted(WITH_INPUTS))
def tool(request):
    return request.param


def test_layers_never_seen(tool):
    net = unseen()
    report = WITH_INPUTS[tool](net, values())
    assert 'sumanddifference' in str(report).lower() or tool.startswith('grad')
    assert str(report) == report.__str__() and len(repr(report)) < 300


def test_numbers_are_left_alone(tool):
    net, inputs = unseen(), values()
    variables = [layer.input_var for layer in lasagne.layers.get_all_layers(net)
                 if isinstance(layer, InputLayer)]
    function = theano.function(variables, lasagne.layers.get_output(net))
    before = function(*inputs.values()).tobytes()
    parameters = [value.tobytes() for value in lasagne.layers.get_all_param_values(net)]
    WITH_INPUTS[tool](net, inputs)
    assert function(*inputs.values()).tobytes() == before
    assert [value.tobytes() for value in lasagne.layers.get_all_param_values(net)] == parameters


def test_nothing_is_printed(tool, capsys):
    WITH_INPUTS[tool](unseen(), values())
    assert capsys.readouterr() == ('', '')


def test_notebooks_get_html(tool):
    report = WITH_INPUTS[tool](unseen(), values())
    page = report._repr_html_()
    assert page.count('<') == page.count('>') and '<' in page


def brightness(colour):
    """The relative luminance of WCAG 2."""
    shares = [int(colour[k:k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [share / 12.92 if share <= .03928 else ((share + .055) / 1.055) ** 2.4 for share in shares]
    return np.dot(linear, (.2126, .7152, .0722))


@pytest.mark.parametrize('meaning', ['good', 'bad', 'doubtful'])
def test_colours_are_readable_on_white_and_on_dark(meaning):
    colour, = re.findall('#[0-9a-f]{6}', CSS[meaning])
    light, dark = ((1 + .05) / (brightness(colour) + .05),
                   (brightness(colour) + .05) / (brightness('#111111') + .05))
    assert min(light, dark) > 4.3


def test_plain_values(tool):
    report = WITH_INPUTS[tool](unseen(), values()).to_dict()
    if tool != 'probe':                                # the arrays themselves
        assert json.loads(json.dumps(report)) is not None


@pytest.mark.parametrize('layers, error', [
    (3, TypeError), ('net', TypeError), (None, TypeError), ([InputLayer((1, 1)), 3], TypeError),
    ([], ValueError)])
def test_what_is_no_network_is_refused(tool, layers, error):
    if tool.startswith('grad'):                        # which take functions and Ops as well
        error = TypeError
    with pytest.raises(error, match='^%s: ' % tool):
        WITH_INPUTS[tool](layers, values())


@pytest.mark.parametrize('given, words', [
    ('net', "got the string 'net'"),
    (np.zeros((8, 1, 4, 4)), r'got an array of shape \(8, 1, 4, 4\); .* comes first'),
    ({'left': 1}, 'got a dict; .* comes first')], ids=['string', 'array', 'dict'])
def test_what_stands_in_place_of_a_network_is_named(tool, given, words):
    with pytest.raises(TypeError, match='^%s: .*%s$' % (tool, words)):
        WITH_INPUTS[tool](given, unseen())


@pytest.mark.parametrize('change, error', [
    (lambda x: x.pop('right'), ValueError),
    (lambda x: x.update(middle=1), ValueError),
    (lambda x: x.update(right=np.zeros(3)), ValueError),
    (lambda x: x.update(right=np.zeros((4, 3, 1))), ValueError),
    (lambda x: x.update(right=np.zeros((4, 3), complex)), TypeError),
    (lambda x: x.update(right=np.array([['a'] * 3] * 4)), TypeError)],
    ids=['missing', 'unknown', 'vector', 'rank', 'complex', 'text'])
def test_bad_inputs_are_refused(tool, change, error):
    inputs = values()
    change(inputs)
    with pytest.raises(error, match='^%s: ' % tool):
        WITH_INPUTS[tool](unseen(), inputs)


def convolutional():
    images = InputLayer((None, 1, 6, 6), T.tensor4(dtype=FLOAT), name='images')      # takes any size
    return DenseLayer(Conv2DLayer(images, 2, 3, name='conv'), 2, nonlinearity=None, name='out')


@pytest.mark.parametrize('shape, hint', [
    ((8, 6, 6, 1), ': looks like channels last; transpose(0, 3, 1, 2)'),
    ((1, 8, 6, 6), ': looks like the first two axes exchanged (time before batch?); transpose(1, 0, 2, 3)'),
    ((8, 3, 6, 6), ''), ((8, 1, 7, 6), ''), ((8, 1, 0, 6), '')])
def test_sizes_other_than_declared_are_refused(tool, shape, hint):
    given = np.zeros(shape, FLOAT)
    if tool == 'check_shapes':
        assert 'declares (None, 1, 6, 6) but was given %s%s' % (shape, hint) in str(check_shapes(
            convolutional(), given))
        return
    with pytest.raises(ValueError) as caught:
        WITH_INPUTS[tool](convolutional(), given)
    assert str(caught.value) == ("%s: the input layer 'images' has the shape (None, 1, 6, 6), got an array "
                                 'of shape %s%s' % (tool, shape, hint))


def test_a_batch_of_another_size_than_declared(tool):
    """As a network that is trained with a fixed batch takes a smaller one where it can."""
    net = DenseLayer(InputLayer((5, 3), name='in'), 2, nonlinearity=None, name='out')
    WITH_INPUTS[tool](net, np.random.rand(4, 3).astype(FLOAT))
    if tool != 'check_shapes':
        with pytest.raises(ValueError, match=r"has the shape \(5, 3\), got an array of shape \(3, 4\): looks "
                                             r'like the first two axes exchanged .*; transpose\(1, 0\)$'):
            WITH_INPUTS[tool](net, np.random.rand(3, 4).astype(FLOAT))


def test_where_only_a_size_of_one_can_be_given():
    """By the type of the variable: even `check_shapes` cannot go on."""
    single = T.TensorType(FLOAT, (False, True, False, False))()
    with pytest.raises(ValueError, match=r"check_shapes: .* its dimensions of 1 being fixed; got an array of "
                                         r'shape \(8, 6, 6, 1\): looks like channels last; transpose'):
        check_shapes(InputLayer((None, 1, 6, 6), single, name='images'), np.zeros((8, 6, 6, 1), FLOAT))
