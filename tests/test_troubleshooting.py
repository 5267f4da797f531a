"""What docs/troubleshooting.rst says of each error: its words, its remedy, and that some occur no more."""
import os
import pickle
import re
import sys
import traceback
import warnings

import numpy as np
import pytest

import lasagne_ext                           # first: makes theano importable
import lasagne
import theano
import theano.tensor as T
from lasagne.layers import (DenseLayer, ElemwiseSumLayer, GlobalPoolLayer, InputLayer, get_all_layers,
                            get_all_params, get_output, set_all_param_values)
from lasagne.objectives import squared_error
from lasagne_ext import datasets, debug, training
from lasagne_ext.engine import _environment

ON_THEANO = lasagne_ext.engine.report()['engine'].startswith('theano')

NUMPY = np.lib.NumpyVersion(np.__version__)

PAGE = os.path.join(os.path.dirname(__file__), os.pardir, 'docs', 'troubleshooting.rst')

HEADING = re.compile(r'^(\S.*)\n(~+|-+|=+)\n', re.M)

pytestmark = pytest.mark.usefixtures('nothing_compiled')


def sections():
    """Heading -> (text, messages) of every section about an error."""
    with open(PAGE, encoding='utf-8') as f:
        parts = HEADING.split(f.read())[1:]
    found = {}
    for heading, underline, text in zip(parts[::3], parts[1::3], parts[2::3]):
        if underline.startswith('~'):
            block = re.match(r'\s*::\n\n((?:    .*\n|\n)+)', text)
            assert block, heading
            found[heading] = text, [part.strip() for part in re.split(r'\n\s*\n', block.group(1))]
    return found


def agrees(pattern, message):
    """Whether a message is the one printed in the page, where ``...`` stands for anything."""
    parts = [r'\s+'.join(map(re.escape, part.split())) for part in pattern.split('...')]
    return re.match(r'\s*%s\s*$' % r'.*'.join(r'\s*%s\s*' % part for part in parts), message, re.S)


@pytest.fixture
def documented():
    """Assert that an error, or a message, stands in the section of which the heading begins so."""
    def check(heading, error):
        if isinstance(error, BaseException):
            error = ''.join(traceback.format_exception_only(type(error), error))
        (_, messages), = [value for key, value in sections().items() if key.startswith(heading)]
        assert any(agrees(message, error) for message in messages), error
    return check


@pytest.fixture
def float32():
    with theano.configparser.change_flags(floatX='float32'):
        yield


def dense(num_units=2, **options):
    return DenseLayer(InputLayer((None, 3), name='images'), num_units, name='dense', **options)


# The page itself

def test_every_section_has_message_cause_remedy_and_what_is_done_here():
    found = sections()
    assert len(found) >= 20
    for heading, (text, messages) in found.items():
        assert messages, heading
        fields = re.findall(r'^:(\w+): ', text, re.M)
        assert fields == ['Cause', 'Remedy', 'Here', 'Reported'], heading


@pytest.mark.parametrize('word', ['downsample', 'NaN', 'shape'])
def test_the_words_that_people_search_for_stand_in_headings(word):
    assert any(word in heading for heading in sections())


# Installing and importing

def test_downsample_is_there():
    from theano.tensor.signal import downsample
    import theano.tensor.signal.downsample  # noqa: F401
    images = T.tensor4()
    pooled = downsample.max_pool_2d(images, (2, 2), ignore_border=True, mode='average_exc_pad')
    assert pooled.eval({images: np.ones((1, 1, 4, 4), theano.config.floatX)}).shape == (1, 1, 2, 2)
    assert callable(downsample.max_pool_2d_same_size)


@pytest.mark.parametrize('size', ['ds', 'ws'])
def test_pooling_takes_old_and_new_names(size):
    from theano.tensor.signal.pool import pool_2d
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        assert pool_2d(T.tensor4(), ignore_border=True, **{size: (2, 2)}).ndim == 4


@pytest.mark.skipif(not ON_THEANO, reason='of the engine theano')
@pytest.mark.skipif(NUMPY < '1.22.0', reason='this NumPy tells of its BLAS as Theano asks')
def test_blas_opt_info(run_python, documented):
    done = run_python('import theano', check=False, THEANORC=os.devnull, LASAGNE_EXT_HOOK='0')
    documented("module 'numpy.distutils.__config__'", done.stderr.splitlines()[-1])
    assert "configparser.NoSectionError: No section: 'blas'" in done.stderr
    done = run_python('try:\n    import theano\nexcept AttributeError:\n    import lasagne_ext\n'
                      'import theano, lasagne\nprint(theano.__version__)', LASAGNE_EXT_HOOK='0')
    assert done.stdout.strip() == theano.__version__


@pytest.mark.skipif(not ON_THEANO, reason='of the engine theano')
def test_a_numpy_that_is_too_new_is_named_with_the_remedy(monkeypatch):
    monkeypatch.setattr(_environment, 'installed_version', lambda name: '1.24.1')
    with pytest.raises(ImportError, match=re.escape('pip install "numpy>=1.19,<1.24" "scipy<1.14"')):
        _environment.check_theano_can_run()


@pytest.mark.skipif(NUMPY < '1.24.0', reason='this NumPy has the old names')
def test_names_that_numpy_has_removed(documented):
    with pytest.raises(AttributeError) as caught:
        np.int
    documented("module 'numpy' has no", caught.value)


def test_lasagne_is_here_without_setuptools_or_distutils():
    assert lasagne.layers.LSTMLayer
    assert getattr(sys.modules.get('pkg_resources'), '__name__', 'pkg_resources') == 'pkg_resources'


def test_gof_is_there():
    assert theano.gof.graph.Variable and theano.Variable and theano.gof.fg.MissingInputError


@pytest.mark.skipif(hasattr(lasagne.layers, 'BatchNormLayer'), reason='this Lasagne has it')
def test_what_lasagne_01_lacks(documented):
    with pytest.raises(AttributeError) as caught:
        lasagne.layers.BatchNormLayer
    documented("module 'lasagne.layers'", caught.value)
    with pytest.raises(ImportError) as caught:
        from lasagne.layers import batch_norm  # noqa: F401
    documented("module 'lasagne.layers'", caught.value)
    assert lasagne_ext.layers.TransformerLayer


# Compiler, BLAS, GPU

def test_a_missing_compiler_is_named_with_the_remedy(monkeypatch):
    monkeypatch.setattr(_environment.shutil, 'which', lambda name: None)
    assert 'apt-get install g++' in _environment.missing_compiler()


def test_missing_headers_are_named_with_the_remedy(monkeypatch, tmp_path):
    monkeypatch.setattr(_environment.shutil, 'which', lambda name: name)
    monkeypatch.setattr(_environment.sysconfig, 'get_path', lambda name: str(tmp_path))
    assert 'apt-get install python3-dev' in _environment.missing_compiler()


@pytest.mark.filterwarnings('ignore:theano.tensor.nnet.conv')
@pytest.mark.parametrize('stride', [1, 2])
def test_convolution_without_blas_and_compiler(documented, stride):
    images, filters = T.dtensor4(), T.dtensor4()
    cost = T.nnet.conv2d(images, filters, subsample=(stride, stride)).sum()
    gradients = T.grad(cost, [images, filters])
    if ON_THEANO and stride > 1:
        with pytest.raises(AssertionError) as caught:
            theano.function([images, filters], gradients)
        documented('Using NumPy C-API', caught.value)
    else:
        values = theano.function([images, filters], gradients)(np.ones((1, 1, 5, 5)), np.ones((1, 1, 3, 3)))
        assert [value.shape for value in values] == [(1, 1, 5, 5), (1, 1, 3, 3)]


def test_old_gpu_back_end(run_python):
    done = run_python('import lasagne_ext, theano\nprint(theano.config.device)', THEANO_FLAGS='device=gpu')
    assert done.stdout == 'cpu\n' and 'EngineWarning: device=gpu' in done.stderr


def test_dnn(documented):
    with pytest.raises(ImportError) as caught:
        import lasagne.layers.dnn  # noqa: F401
    documented('dnn not', ImportError(str(caught.value)))


# Building a network

def test_cannot_convert_type(documented):
    x, data = T.fmatrix('x'), theano.shared(np.zeros((3, 3)))
    with pytest.raises(TypeError) as caught:
        theano.function([], x.sum(), givens={x: data[:2]})
    documented('Cannot convert', caught.value)
    theano.function([], x.sum(), givens={x: T.cast(data[:2], 'float32')})


def test_update_of_another_type(documented):
    weights = theano.shared(np.zeros((3, 3), 'float32'), 'W')
    with pytest.raises(TypeError) as caught:
        theano.function([], updates=[(weights, weights + T.zeros((3, 3), 'float64'))])
    documented('An update must', caught.value)
    theano.function([], updates=[(weights, weights + T.zeros((3, 3), 'float32'))])


def test_where_float64_comes_from(float32):
    with theano.configparser.change_flags(warn_float64='raise'):
        with pytest.raises(Exception, match='float64'):
            T.fvector('x') * np.float64(2)
        with pytest.raises(Exception, match='float64'):
            T.fvector('x') * T.ivector('n')
        T.fvector('x') * 2.


def test_compile_functions_takes_numbers_of_float64(float32):
    functions = training.compile_functions(dense(), loss=squared_error, learning_rate=np.float64(.1))
    functions.train(np.zeros((4, 3)), np.zeros((4, 2)))


def test_cost_must_be_a_scalar(documented):
    net = dense()
    loss = squared_error(get_output(net), 1)
    with pytest.raises(TypeError) as caught:
        lasagne.updates.sgd(loss, get_all_params(net), .1)
    documented('cost must', caught.value)
    lasagne.updates.sgd(loss.mean(), get_all_params(net), .1)
    lasagne.updates.sgd(lasagne.objectives.aggregate(loss), get_all_params(net), .1)


def test_disconnected_input(documented):
    net, forgotten = dense(), dense()
    loss = get_output(net).mean()
    with pytest.raises(theano.gradient.DisconnectedInputError) as caught:
        T.grad(loss, get_all_params(forgotten))
    documented('DisconnectedInputError', caught.value)
    assert re.search(r'connects (dense\.)?W with the cost', str(caught.value))
    T.grad(loss, get_all_params(net, trainable=True))
    zeros = T.grad(loss, get_all_params(forgotten), disconnected_inputs='ignore')
    assert not zeros[0].eval().any()


@pytest.mark.parametrize('steps', [T.argmax, lambda x: T.gt(x, 0).sum(), lambda x: T.round(x).sum()])
def test_steps_have_a_gradient_of_zero(steps):
    x = T.vector('x')
    assert not T.grad(steps(x), x).eval({x: np.ones(3, theano.config.floatX)}).any()


def test_missing_input(documented):
    net, x = dense(), T.matrix('x')
    with pytest.raises(theano.gof.fg.MissingInputError) as caught:
        theano.function([], get_output(net))
    documented('MissingInputError', caught.value)
    inputs = [layer.input_var for layer in get_all_layers(net) if isinstance(layer, InputLayer)]
    theano.function(inputs, get_output(net))
    theano.function([x], get_output(DenseLayer(InputLayer((None, 3), input_var=x), 2)))


def test_unused_input(documented):
    x, labels = T.matrix('x'), T.ivector('labels')
    with pytest.raises(theano.compile.UnusedInputError) as caught:
        theano.function([x, labels], x.sum())
    documented('UnusedInputError', caught.value)
    theano.function([x, labels], x.sum(), on_unused_input='ignore')


def test_shape_with_none(documented):
    with pytest.raises((TypeError, ValueError)) as caught:
        DenseLayer(InputLayer((None, None)), 3)
    documented('A shape with None', caught.value)
    unknown = InputLayer((None, 1, None, None))
    with pytest.raises((TypeError, ValueError)) as caught:
        DenseLayer(unknown, 3)
    assert DenseLayer(GlobalPoolLayer(unknown), 3).output_shape == (None, 3)
    assert '(None, 1, None, None)' in str(debug.summary(unknown))


def test_variable_instead_of_layer(documented):
    x = T.matrix('x')
    with pytest.raises(AttributeError) as caught:
        DenseLayer(x, 3)
    documented("'TensorVariable'", caught.value)
    DenseLayer(InputLayer((None, 3), input_var=x), 3)


# Calling a function

def test_wrong_number_of_dimensions(documented, float32):
    images = InputLayer((None, 1, 4, 4), name='images')
    net = DenseLayer(images, 2)
    predict = theano.function([images.input_var], get_output(net), name='predict')
    flat = np.zeros((5, 16), 'float32')
    with pytest.raises(TypeError) as caught:
        predict(flat)
    documented('Wrong number', caught.value)
    with pytest.raises(TypeError, match=r"'images' was given \(5, 16\)(.|\n)*reshape it to \(5, 1, 4, 4\)"):
        with debug.layer_errors(net):
            predict(flat)
    assert predict(flat.reshape(-1, 1, 4, 4)).shape == (5, 2)


def test_loss_of_precision(documented, float32):
    net = dense()
    variable = get_all_layers(net)[0].input_var
    predict, x = theano.function([variable], get_output(net)), np.random.rand(2, 3)
    with pytest.raises(TypeError) as caught:
        predict(x)
    documented('cannot store', caught.value)
    with pytest.raises(TypeError, match=r"cast it: x\.astype\('float32'\)"):
        with debug.layer_errors(net):
            predict(x)
    assert predict(x.astype(theano.config.floatX)).shape == (2, 2)
    assert theano.function([variable], get_output(net), allow_input_downcast=True)(x).shape == (2, 2)
    assert debug.probe(net, x)['dense'].dtype == 'float32'


def test_shapes_that_do_not_fit(documented):
    x, y = T.dvector('x'), T.dvector('y')
    with pytest.raises(ValueError) as caught:
        theano.function([x, y], x * y)(np.zeros(3), np.zeros(4))
    documented('Input dimension', caught.value)


def test_shapes_that_do_not_fit_by_layer():
    left, right = InputLayer((None, 3), name='left'), InputLayer((None, 3), name='right')
    both = ElemwiseSumLayer([left, right], name='both')
    function = theano.function([left.input_var, right.input_var], get_output(both), allow_input_downcast=True)
    with pytest.raises(ValueError, match="ElemwiseSumLayer 'both'(.|\n)*batches of different sizes"):
        with debug.layer_errors(both):
            function(np.zeros((2, 3)), np.zeros((5, 3)))


def test_mismatch_of_parameters(documented, tmp_path):
    net = dense()
    with pytest.raises(ValueError) as caught:
        set_all_param_values(net, [np.zeros((3, 2))])
    documented('mismatch', caught.value)
    with pytest.raises(ValueError) as caught:
        set_all_param_values(net, [np.zeros((3, 3)), np.zeros(2)])
    documented('mismatch', caught.value)
    path = str(tmp_path / 'net.npz')
    training.save_checkpoint(path, net)
    with pytest.raises(training.CheckpointError, match=r'dense\.W: shape \(3, 2\) in the file, \(3, 4\) here'):
        training.load_checkpoint(path, dense(4))


def test_arrays_are_read_by_number(tmp_path):
    path = str(tmp_path / 'old.npz')
    np.savez(path, *(np.full(1, number) for number in range(11)))
    with np.load(path) as f:
        assert [f['arr_%d' % i][0] for i in range(len(f.files))] == list(range(11))
        assert [f[name][0] for name in sorted(f.files)] != list(range(11))


#: A list of one array, 1., as Python 2 pickled it.
OF_PYTHON_2 = (b"(lp0\ncnumpy.core.multiarray\n_reconstruct\np1\n(cnumpy\nndarray\np2\n(I0\ntp3\nS'b'\np4\ntp5\n"
               b"Rp6\n(I1\n(I1\ntp7\ncnumpy\ndtype\np8\n(S'f8'\np9\nI0\nI1\ntp10\nRp11\n(I3\nS'<'\np12\n"
               b"NNNI-1\nI-1\nI0\ntp13\nbI00\nS'\\x00\\x00\\x00\\x00\\x00\\x00\\xf0?'\np14\ntp15\nba.")


class OneNumber(lasagne.layers.Layer):
    """A layer whose parameters are a list of one array."""

    def __init__(self, incoming):
        super().__init__(incoming)
        self.number = self.add_param(lasagne.init.Constant(0), (1,), name='number')


def test_pickles_of_python_2(documented, tmp_path):
    with pytest.raises(UnicodeDecodeError) as caught:
        pickle.loads(OF_PYTHON_2)
    documented('UnicodeDecodeError', caught.value)
    assert pickle.loads(OF_PYTHON_2, encoding='latin1') == [1.]
    path = tmp_path / 'net.pkl'
    path.write_bytes(pickle.dumps([0]))
    with open(str(path), encoding='utf-8') as f, pytest.raises(UnicodeDecodeError) as caught:
        f.read()
    documented('UnicodeDecodeError', caught.value)
    path.write_bytes(OF_PYTHON_2)
    net = OneNumber(InputLayer((None, 1)))
    training.load_checkpoint(str(path), net, allow_pickle=True)
    assert net.number.get_value() == [1.]


def test_nan_guard_mode(documented):
    from theano.compile.nanguardmode import NanGuardMode
    x = T.dvector('x')
    mode = NanGuardMode(nan_is_error=True, inf_is_error=True, big_is_error=True)
    function = theano.function([x], T.log(x) * x, mode=mode)
    with pytest.raises(AssertionError) as caught:
        function(np.array([-1., 1.]))
    documented('NaN', caught.value)


def test_nan_is_located_and_training_ends():
    net = dense(nonlinearity=T.log)
    x = -np.ones((4, 3))
    report = debug.check_numerics(net, x, loss=lambda y: y.mean())
    assert "DenseLayer 'dense', forward" in str(report)
    functions = training.compile_functions(net, loss=squared_error)
    data = datasets.Dataset(x, np.ones((4, 2)))
    with pytest.raises(training.TrainingError, match='the loss became nan in epoch 1, batch 1'):
        training.fit(functions, data, epochs=1, batch_size=2, progress=False)


def test_recursion(documented):
    x = y = T.dscalar('x')
    for _ in range(250):
        y = T.tanh(y)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(traceback.extract_stack()) + 200)
    try:
        with pytest.raises(RecursionError) as caught:
            T.grad(y, x)
        sys.setrecursionlimit(10000)
        T.grad(y, x)
    finally:
        sys.setrecursionlimit(limit)
    documented('maximum recursion', caught.value)
