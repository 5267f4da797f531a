"""What holds for all tools: layers they have never seen, plain results, bad input refused alike."""
import json
import re

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import DenseLayer, InputLayer, Layer, MergeLayer

from lasagne_ext.debug import (check_numerics, check_shapes, draw, explain, gradcheck, gradgradcheck, probe,
                               probe_statistics, profile, summary, watch)
from lasagne_ext.debug._tables import CSS

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
