"""Every public name of Theano: there, or refused with a word on what to use."""
import importlib
import os
import sys

import pytest

DOCS = os.path.join(os.path.dirname(__file__), os.pardir, os.pardir, os.pardir, 'docs')

#: What some thirty public programs written with Lasagne take from Theano.
USED = {
    'theano': ['Apply', 'In', 'Op', 'OpFromGraph', 'OrderedUpdates', 'Rop', 'clone', 'config', 'function',
               'grad', 'gradient', 'ifelse', 'map', 'scan', 'shared', 'Lop', 'reduce', 'foldl', 'foldr'],
    'theano.gof': ['Apply', 'Op', 'COp', 'local_optimizer'],
    'theano.gof.graph': ['inputs', 'is_same_graph'],
    'theano.gradient': ['DisconnectedType', 'disconnected_grad', 'grad_clip', 'verify_grad', 'zero_grad',
                        'consider_constant', 'grad_undefined', 'grad_not_implemented'],
    'theano.ifelse': ['ifelse'],
    'theano.compile': ['SharedVariable'],
    'theano.compile.nanguardmode': ['NanGuardMode'],
    'theano.misc.pkl_utils': ['dump', 'load'],
    'theano.printing': ['Print', 'debugprint', 'pp'],
    'theano.scalar.basic': ['UnaryScalarOp'],
    'theano.sandbox.rng_mrg': ['MRG_RandomStreams'],
    'theano.sandbox.cuda': ['cuda_enabled', 'dnn'],
    'theano.gpuarray': ['pygpu_activated', 'dnn'],
    'theano.tensor.shared_randomstreams': ['RandomStreams'],
    'theano.tensor.elemwise': ['Elemwise'],
    'theano.tensor.extra_ops': ['repeat', 'to_one_hot', 'cumsum'],
    'theano.tensor.nlinalg': ['matrix_inverse', 'det', 'svd', 'eigh', 'trace'],
    'theano.tensor.nnet': ['conv2d', 'conv3d', 'batch_normalization', 'softmax', 'softplus', 'hard_sigmoid',
                           'relu', 'elu', 'categorical_crossentropy', 'binary_crossentropy', 'sigmoid',
                           'logsoftmax', 'selu', 'softsign'],
    'theano.tensor.nnet.abstract_conv': ['AbstractConv2d_gradInputs', 'bilinear_upsampling'],
    'theano.tensor.nnet.conv': ['conv2d'],
    'theano.tensor.nnet.neighbours': ['images2neibs'],
    'theano.tensor.opt': ['register_canonicalize'],
    'theano.tensor.signal.pool': ['pool_2d', 'pool_3d'],
    'theano.tensor.signal.downsample': ['max_pool_2d'],
    'theano.tensor.sort': ['argsort'],
    'theano.tensor': ['TensorType', 'TensorVariable', 'addbroadcast', 'unbroadcast', 'patternbroadcast',
                      'col', 'icol', 'batched_dot', 'batched_tensordot', 'tensordot', 'set_subtensor',
                      'inc_subtensor', 'stack', 'roll', 'cumsum', 'topk', 'extra_ops', 'nlinalg', 'signal',
                      'nnet']}


@pytest.fixture(scope='module')
def facade_names():
    sys.path.insert(0, DOCS)
    try:
        return importlib.import_module('facade_names')
    finally:
        sys.path.remove(DOCS)


@pytest.mark.parametrize('module', sorted(USED))
def test_names_that_programs_use_are_there(module):
    holder = importlib.import_module(module)
    assert [name for name in USED[module] if not hasattr(holder, name)] == []


def test_few_names_are_refused_and_each_with_a_word(facade_names):
    classified = facade_names.classify()
    kinds = [kind for names in classified.values() for kind, _ in names.values()]
    assert len(kinds) > 900
    assert kinds.count('refused') <= .2 * len(kinds)
    assert [(where, name) for where, names in classified.items()
            for name, (kind, instead) in names.items() if kind == 'refused' and not instead] == []


def test_the_page_is_up_to_date(facade_names):
    with open(os.path.join(DOCS, 'facade_names.rst')) as f:
        assert f.read() == facade_names.table(facade_names.classify())


def test_a_refused_name_says_what_to_use():
    import theano
    with pytest.raises(AttributeError, match='theano.sparse is not available .*pytensor.sparse'):
        theano.sparse
    with pytest.raises(AttributeError, match="no attribute 'no_such_name'"):
        theano.no_such_name


def test_missing_modules_are_import_errors():
    for name in ('theano.sandbox.cuda.basic_ops', 'theano.misc.pycuda_init', 'theano.gpuarray.basic_ops'):
        with pytest.raises(ImportError):
            importlib.import_module(name)


def test_the_class_of_an_op_in_a_graph_is_theanos():
    import theano
    import theano.tensor as T
    x = T.matrix()
    assert type((x * 2).owner.op) == T.Elemwise and type(x.sum().owner.op) in (T.Sum,)
    assert {T.Elemwise: 1}[type((x * 2).owner.op)] == 1 and type(x.sum().owner.op) != T.Elemwise
    assert isinstance(theano.shared(1.), T.sharedvar.SharedVariable)
