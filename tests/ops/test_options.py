"""Options of the sampler: one value object, one rule for each, one description."""
import inspect
import pickle
import re

import numpy as np
import pytest
import theano
import theano.tensor as T

from lasagne_ext import ops
from lasagne_ext.kernels import sampling_reference as reference
from lasagne_ext.ops import SamplerOptions

FUNCTIONS = [ops.affine_transform, ops.projective_transform, ops.grid_sample, ops.flow_warp, ops.tps_transform]


@pytest.mark.parametrize('function', FUNCTIONS)
def test_options_are_the_same_in_every_function(function):
    """Keyword-only, in one order, with one default, described once."""
    parameters = inspect.signature(function).parameters
    assert [name for name in parameters if name in SamplerOptions._fields] == list(SamplerOptions._fields)
    for name, default in SamplerOptions()._asdict().items():
        assert parameters[name].kind is inspect.Parameter.KEYWORD_ONLY
        assert parameters[name].default == default
        entry, = re.findall(r'^%s : .*(?:\n    .*)*' % name, inspect.getdoc(SamplerOptions), re.M)
        assert entry in inspect.getdoc(function)


def test_value_object():
    options = SamplerOptions('bicubic', 'zeros', cubic=-.5)
    assert options == SamplerOptions(interpolation='bicubic', border_mode='zeros', cubic=-.5)
    assert pickle.loads(pickle.dumps(options)) == options
    assert hash(options) == hash(SamplerOptions('bicubic', 'zeros', cubic=-.5)) and options != SamplerOptions()
    assert ops.GridSample(options).mode == ('grid', 'bicubic', 'zeros', True, -.5)


@pytest.mark.parametrize('name, choices', [('border_mode', reference.BORDER_MODES),
                                           ('interpolation', reference.INTERPOLATIONS)])
def test_all_choices_are_described(name, choices):
    line, = re.findall(r'^%s : {(.*)}$' % name, inspect.getdoc(SamplerOptions), re.M)
    assert sorted(line.split(', ')) == sorted(map(repr, choices))


@pytest.mark.parametrize('size', [1, 2, 5])
@pytest.mark.parametrize('border_mode', reference.BORDER_MODES)
def test_rule_of_a_border_is_the_same_in_graphs(border_mode, size):
    """The one function that states it serves NumPy and Theano, and JAX where there is one."""
    position = np.arange(-12., 13.)
    index, exists = reference.source_index(position, size, border_mode)
    symbolic = T.dvector()
    period = reference.border_period(size, border_mode, T.maximum)
    place, inside = reference.source_position(symbolic, np.float64(size), border_mode, period, T)
    outputs = [place] if inside is None else [place, inside]
    place, *inside = theano.function([symbolic], outputs, mode=theano.Mode(linker='py', optimizer=None))(position)
    assert (place == index).all() and (not inside or (inside[0] == exists).all())
    # NumPy's own padding says the same.
    padding = {'zeros': 'constant', 'nearest': 'edge', 'mirror': 'reflect', 'reflect': 'symmetric', 'wrap': 'wrap'}
    padded = np.pad(np.arange(1., size + 1), 12, mode=padding[border_mode])[:25]
    assert (np.where(exists, index + 1, 0) == padded).all()
