"""What activating the engine `pytensor` does, and how it refuses: each case in a fresh process."""
import os
import shutil

import pytest

import lasagne_ext

pytest.importorskip('pytensor')


def refused(run_python, code, **environment):
    """The last line that a program ends with."""
    done = run_python(code, check=False, **environment)
    assert done.returncode == 1
    return done.stderr.splitlines()[-1].replace('lasagne_ext.engine._environment.', '')


def test_theano_says_what_it_is(run_python):
    done = run_python('''
import lasagne_ext, theano, pytensor
print(theano.__version__ == '1.0.5+pytensor' + pytensor.__version__)
print(lasagne_ext.engine.report()['engine'].split()[0], theano.version.short_version)
''')
    assert done.stdout.split() == ['True', 'pytensor', '1.0.5']


def test_activating_again_and_by_name_changes_nothing(run_python):
    run_python('''
import sys
import lasagne_ext, theano
before = theano, list(sys.meta_path)
lasagne_ext.engine.activate()
lasagne_ext.engine.use('pytensor')
import theano as again
assert before == (again, list(sys.meta_path))
''', LASAGNE_EXT_ENGINE='pytensor')


def test_modules_are_real_files_and_classes_are_pickled(run_python):
    run_python('''
import lasagne_ext, pickle, theano.tensor.nnet.nnet, theano.sandbox.rng_mrg as rng_mrg
assert theano.tensor.nnet.nnet.__file__.endswith('nnet.py')
x = theano.tensor.matrix('x')
y = theano.tensor.nnet.softmax(x)
assert pickle.loads(pickle.dumps(y)).type == y.type
streams = rng_mrg.MRG_RandomStreams(3)
again = pickle.loads(pickle.dumps(streams))
assert (again.uniform((3,)).eval() == streams.uniform((3,)).eval()).all()
''')


def test_another_engine_is_refused_in_one_sentence(run_python):
    refusal = (
        'EngineError: the engine "theano" needs Python 3.8 to 3.11, since Theano 1.0.5 cannot be installed '
        'elsewhere; this is Python %s, use the engine "pytensor": unset LASAGNE_EXT_ENGINE' % version())
    for code in 'import lasagne_ext, theano', 'import lasagne_ext, lasagne', 'from lasagne_ext import layers':
        assert refused(run_python, code, LASAGNE_EXT_ENGINE='theano') == refusal
    assert refused(run_python, "import lasagne_ext; lasagne_ext.engine.use('theano')") == refusal
    assert "restart Python with the environment variable LASAGNE_EXT_ENGINE=theano" in refused(
        run_python, "import lasagne_ext, theano; lasagne_ext.engine.use('theano')")


def version():
    import sys
    return '%d.%d' % sys.version_info[:2]


def test_contradictory_requests_are_refused(run_python):
    message = refused(run_python, "import lasagne_ext; lasagne_ext.engine.use('theano')",
                      LASAGNE_EXT_ENGINE='pytensor')
    assert message == ("EngineError: LASAGNE_EXT_ENGINE=pytensor asks for one engine and "
                       "lasagne_ext.engine.use('theano') for another; take one of them away")


def test_an_unknown_engine_is_refused(run_python):
    assert "the engines are 'theano' and 'pytensor', got 'tensorflow'" in refused(
        run_python, 'import lasagne_ext, theano', LASAGNE_EXT_ENGINE='tensorflow')


@pytest.mark.parametrize('installed', ['2.38.0', '3.3.4', '3.4.0', '4.0'])
def test_another_pytensor_is_refused(run_python, installed):
    assert refused(run_python, '''
import importlib.metadata
version = importlib.metadata.version
importlib.metadata.version = lambda name: %r if name == 'pytensor' else version(name)
import lasagne_ext, lasagne
''' % installed) == ('EngineError: PyTensor %s is outside the range that lasagne_ext is tested with; mend '
                     'it with: pip install "pytensor>=3.3.5,<3.4"' % installed)


def test_a_theano_imported_before_is_refused(run_python, tmp_path):
    (tmp_path / 'theano.py').write_text('')
    assert 'restart Python and import lasagne_ext first' in refused(
        run_python, 'import theano, lasagne_ext')


def test_the_facade_comes_before_a_folder_called_theano(run_python, tmp_path):
    (tmp_path / 'theano.py').write_text('')
    run_python('import lasagne_ext, theano; theano.tensor.matrix()')


def test_an_archive_is_refused(run_python, tmp_path):
    archive = shutil.make_archive(str(tmp_path / 'packed'), 'zip', os.path.dirname(os.path.dirname(lasagne_ext.__file__)),
                                  'lasagne_ext')
    assert 'cannot run from within an archive' in refused(
        run_python, 'import sys; sys.path.insert(0, %r); import lasagne_ext, theano' % archive)


def test_jax_without_jax_is_named_with_the_remedy(run_python):
    message = refused(run_python, '''
import sys
sys.modules['jax'] = None
import lasagne_ext, theano
theano.function([], theano.tensor.constant(1), mode='JAX')
''')
    assert message.startswith('EngineError: ') and 'pip install "lasagne-ext[jax]"' in message


def test_a_gpu_is_declined_with_a_warning(run_python):
    done = run_python('import lasagne_ext, theano; print(theano.config.device)',
                      THEANO_FLAGS='device=cuda0,floatX=float32')
    assert done.stdout.strip() == 'cpu'
    assert 'the engine "pytensor" has no GPU' in done.stderr and done.stderr.count('Warning') == 1
    assert 'program.py:1: EngineWarning' in done.stderr


@pytest.mark.parametrize('flags, expected', [
    ('', 'numpy Mode'), ('linker=cvm', 'cvm Mode'), ('mode=NUMPY', 'numpy NUMPY'),
    ('linker=numpy', 'numpy Mode'), ('mode=FAST_COMPILE', 'numpy FAST_COMPILE'),
    ('linker=c|py', 'cvm Mode'), ('linker=numba', 'numba Mode')])
def test_linkers_by_flags(run_python, flags, expected):
    done = run_python('import lasagne_ext, theano; print(theano.config.linker, theano.config.mode)',
                      THEANO_FLAGS=flags)
    assert done.stdout.strip() == expected


def test_pytensors_own_flags_win(run_python):
    done = run_python('import lasagne_ext, theano; print(theano.config.floatX)',
                      THEANO_FLAGS='floatX=float32', PYTENSOR_FLAGS='floatX=float64')
    assert done.stdout.strip() == 'float64'


def test_float16_is_refused(run_python):
    assert 'floatX=float16 is not available' in refused(run_python, 'import lasagne_ext, theano',
                                                        THEANO_FLAGS='floatX=float16')
