"""What is no argument of a layer, or no layer, is refused by the layer's name."""
import inspect
import pickle
import re

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne.layers import InputLayer

from lasagne_ext import layers
from lasagne_ext.layers import (FlowWarpLayer, GridLayer, GridSampleLayer, InverseTransformerLayer,
                                MultiGlimpseLayer, ProjectiveTransformerLayer, TPSTransformerLayer,
                                TransformerLayer, localization)
from lasagne_ext.ops import SamplerOptions, TransformFamily, affine_transform

#: Of every layer: its class, and arguments that it takes, the layers first.
LAYERS = [(TransformerLayer, {'incoming': (None, 2, 6, 7), 'localization_network': (None, 6)}),
          (ProjectiveTransformerLayer, {'incoming': (None, 2, 6, 7), 'localization_network': (None, 8)}),
          (TPSTransformerLayer, {'incoming': (None, 2, 6, 7), 'localization_network': (None, 32)}),
          (InverseTransformerLayer, {'incoming': (None, 2, 6, 7), 'transformer': (None, 6),
                                     'output_shape': (9, 9)}),
          (MultiGlimpseLayer, {'incoming': (None, 2, 6, 7), 'localization_network': (None, 12),
                               'glimpses': 2}),
          (GridLayer, {'transformer': (None, 6), 'output_shape': (5, 5)}),
          (GridSampleLayer, {'incoming': (None, 2, 6, 7), 'grid_layer': (None, 5, 5, 2)}),
          (FlowWarpLayer, {'incoming': (None, 2, 6, 7), 'flow_layer': (None, 2, 6, 7)})]

of_every_layer = pytest.mark.parametrize('kind, arguments', LAYERS)


def test_these_are_all_layers():
    assert {kind.__name__ for kind, _ in LAYERS} == set(layers.__all__) - {'localization'}


@of_every_layer
def test_misspelt_argument(kind, arguments):
    with pytest.raises(TypeError) as caught:
        kind(align_corner=True, name='stn', **arguments)
    assert str(caught.value) == "%s 'stn': there is no argument 'align_corner'; did you mean " \
                                "'align_corners'?" % kind.__name__
    assert caught.value.__suppress_context__


@of_every_layer
def test_misspelt_argument_that_must_be_given(kind, arguments):
    for argument, value in arguments.items():
        others = {name: given for name, given in arguments.items() if name != argument}
        with pytest.raises(TypeError, match="^%s: there is no argument '%s'; did you mean '%s'" % (
                kind.__name__, argument + 's_', argument)):
            kind(**dict(others, **{argument + 's_': value}))


@of_every_layer
def test_argument_like_none(kind, arguments):
    with pytest.raises(TypeError) as caught:
        kind(zzz=1, **arguments)
    listed = [name for name in inspect.signature(kind).parameters if name != 'kwargs'] + ['name']
    assert str(caught.value) == "%s: there is no argument 'zzz'; there are %s" % (
        kind.__name__, ', '.join(map(repr, listed)))


@of_every_layer
@pytest.mark.parametrize('wrong', ['incomings', 'points_layer', 'nam'])
def test_arguments_of_what_lies_below_are_none_of_the_layers(kind, arguments, wrong):
    with pytest.raises(TypeError, match="^%s: there is no argument '%s'" % (kind.__name__, wrong)):
        kind(**dict(arguments, **{wrong: 1}))


def test_argument_of_another_layer():
    with pytest.raises(TypeError, match="InverseTransformerLayer: there is no argument 'downsample_factor'"):
        InverseTransformerLayer((None, 2, 6, 7), (None, 6), (9, 9), downsample_factor=2)


@pytest.mark.parametrize('theirs, ours', [
    ('padding_mode', 'border_mode'), ('mode', 'interpolation'), ('size', 'output_shape'),
    ('output_size', 'output_shape'), ('scale_factor', 'downsample_factor'), ('Name', 'name')])
def test_other_libraries_words(theirs, ours):
    with pytest.raises(TypeError, match="no argument '%s'; did you mean '%s'" % (theirs, ours)):
        TransformerLayer((None, 2, 6, 7), (None, 6), **{theirs: 1})


@of_every_layer
def test_lasagnes_own_arguments(kind, arguments):
    layer = kind(name='stn', **arguments)
    assert layer.name == 'stn'
    assert kind(*arguments.values()).output_shape == layer.output_shape
    again = pickle.loads(pickle.dumps(layer))
    assert again.name == 'stn' and again.output_shape == layer.output_shape


@of_every_layer
def test_python_still_refuses_the_rest(kind, arguments):
    with pytest.raises(TypeError, match='missing . required positional argument'):
        kind()
    with pytest.raises(TypeError, match='multiple values for argument'):
        kind(*arguments.values(), **arguments)
    with pytest.raises(TypeError, match='takes .* positional arguments'):
        kind(*(list(arguments.values()) + [1] * 40))


@of_every_layer
def test_signature(kind, arguments):
    names = list(inspect.signature(kind.__init__).parameters)
    assert names[:len(arguments) + 1] == ['self'] + list(arguments) and names[-1] == 'kwargs'


@of_every_layer
def test_options_of_the_sampler_are_the_same_in_every_signature(kind, arguments):
    """Keyword-only but for Lasagne's border_mode, in one order, with one default, described once."""
    if kind is GridLayer:
        return
    expected = inspect.signature(affine_transform).parameters
    ours = inspect.signature(kind).parameters
    names = [name for name in ours if name in SamplerOptions._fields]
    assert [name for name in SamplerOptions._fields if name != 'border_mode'] == [
        name for name in names if name != 'border_mode']
    for name in names:
        if kind is not InverseTransformerLayer or name not in ('border_mode', 'align_corners'):
            assert ours[name].default == expected[name].default
        assert ours[name].kind is inspect.Parameter.KEYWORD_ONLY or name == 'border_mode'
        entry, = re.findall(r'^%s : .*(?:\n    .*)*' % name, inspect.getdoc(SamplerOptions), re.M)
        assert entry in inspect.getdoc(kind) and entry in inspect.getdoc(affine_transform)


@of_every_layer
@pytest.mark.parametrize('variable', [T.tensor4(), T.matrix() + 1, theano.shared(np.zeros((2, 3)))])
def test_expression_in_place_of_a_layer(kind, arguments, variable):
    for argument in list(arguments)[:1 if kind is GridLayer else 2]:
        with pytest.raises(TypeError) as caught:
            kind(name='stn', **dict(arguments, **{argument: variable}))
        assert str(caught.value) == (
            "%s 'stn': %s must be a layer, or a tuple that is its shape; got a Theano expression; wrap "
            'it in an InputLayer' % (kind.__name__, argument))


@pytest.mark.parametrize('value, got', [
    ([None, 2, 6, 7], r'got \[None, 2, 6, 7\]'), (None, 'got None'),
    (np.zeros((1, 2, 6, 7)), 'got an object of type ndarray')])
def test_something_else_in_place_of_a_layer(value, got):
    with pytest.raises(TypeError, match='TransformerLayer: incoming must be a layer, .*; %s$' % got):
        TransformerLayer(value, (None, 6))


def test_localization_of_an_expression():
    with pytest.raises(TypeError, match="localization 'theta': incoming must be .* wrap it in an InputLayer"):
        localization(T.tensor4(), name='theta')


def test_what_is_like_a_layer_is_taken_for_one():
    class Alike:
        output_shape = None, 2, 6, 7

    assert TransformerLayer(Alike(), (None, 6)).output_shape == (None, 2, 6, 7)


class Shaded(TransformerLayer):
    """A user's, with an argument of its own, and others that it passes on."""

    def __init__(self, *args, shade=1, **kwargs):
        super().__init__(*args, **kwargs)
        self.shade = shade


class Opaque(TransformerLayer):
    """A user's that takes an argument nobody can see."""

    def __init__(self, incoming, **kwargs):
        self.shade = kwargs.pop('shade')
        super().__init__(incoming, **kwargs)


def test_layers_derived_by_users():
    layer = Shaded((None, 2, 6, 7), (None, 6), border_mode='zeros', shade=3, name='mine')
    assert (layer.shade, layer.border_mode, layer.name) == (3, 'zeros', 'mine')
    assert Opaque((None, 2, 6, 7), localization_network=(None, 6), shade=4).shade == 4
    with pytest.raises(TypeError, match="^Shaded 'mine': there is no argument 'shape'; did you mean 'shade'"):
        Shaded((None, 2, 6, 7), (None, 6), shape=3, name='mine')
    with pytest.raises(TypeError, match="^Opaque: there is no argument 'shades'; there are 'incoming', "):
        Opaque((None, 2, 6, 7), localization_network=(None, 6), shade=4, shades=4)


def test_class_that_stands_beside(network):
    """What it takes may be hidden: only what Python refuses is refused."""
    class Beside(lasagne.layers.MergeLayer):
        def __init__(self, incomings, **kwargs):
            self.colour = kwargs.pop('colour')
            super().__init__(incomings, **kwargs)

    class Both(TransformerLayer, Beside):
        pass

    assert Both((None, 2, 6, 7), (None, 6), colour='red', name='both').colour == 'red'
    with pytest.raises(TypeError, match="Both 'both': align_corners must be True or False"):
        Both((None, 2, 6, 7), (None, 6), colour='red', align_corners=1, name='both')
    with pytest.raises(TypeError, match="Both: there is no argument 'colours'"):
        Both((None, 2, 6, 7), (None, 6), colour='red', colours='red')


def test_type_error_from_within_keeps_its_words():
    class Failing(TransformFamily):
        def num_parameters(self, rank=2):
            return lasagne.layers.DenseLayer(InputLayer((None, 2)), 3, nothing=1)

    with pytest.raises(TypeError, match="unexpected keyword argument 'nothing'"):
        TransformerLayer((None, 2, 6, 7), (None, 6), family=Failing())
