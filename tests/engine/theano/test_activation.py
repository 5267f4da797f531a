"""What activating the engine `theano` does, and what of the machine it names: fresh processes."""
import os
import sys
import sysconfig

import pytest


def test_theano_already_imported(run_python, check):
    run_python('''
import numpy.distutils.__config__ as config
config.blas_opt_info = {}
import theano
import lasagne_ext
assert theano.config.blas.ldflags
''' + check)


def test_lasagne_failed_where_theano_did_not(run_python, check):
    run_python('''
import numpy.distutils.__config__ as config
config.blas_opt_info = {}
import sys
sys.modules['pkg_resources'] = None
try:
    import lasagne
except ImportError:
    pass
sys.modules.pop('pkg_resources', None)
import lasagne_ext
''' + check)


def test_activating_twice_changes_nothing(run_python):
    run_python('''
import lasagne_ext, theano
from theano.gof.cc import CLinker
from theano.gof.cmodule import GCC_compiler
before = CLinker.cmodule_key_, GCC_compiler.compile_str, theano.config.blas.ldflags
lasagne_ext.engine.activate()
assert before == (CLinker.cmodule_key_, GCC_compiler.compile_str, theano.config.blas.ldflags)
''')


def test_environment_variable_wins(run_python):
    done = run_python('''
import os
import lasagne_ext, theano
assert os.environ['THEANO_FLAGS'].startswith('floatX=float32')
print(theano.config.floatX, repr(theano.config.blas.ldflags), theano.config.compiledir)
''', THEANO_FLAGS='floatX=float32,blas.ldflags=,compiledir_format=mine_%(python_version)s')
    float_type, ldflags, compiledir = done.stdout.split()
    assert (float_type, ldflags) == ('float32', "''")
    assert os.path.basename(compiledir).startswith('mine_')


def test_configuration_file_wins(run_python, tmp_path):
    (tmp_path / 'theanorc').write_text(
        '[global]\nfloatX = float32\nbase_compiledir = %s\n[blas]\nldflags = -lm\n'
        % (tmp_path / 'compiled'))
    done = run_python('''
import lasagne_ext, theano
print(theano.config.floatX, theano.config.blas.ldflags, theano.config.compiledir)
''', THEANORC=str(tmp_path / 'theanorc'))
    float_type, ldflags, compiledir = done.stdout.split()
    assert (float_type, ldflags) == ('float32', '-lm')
    assert compiledir.startswith(str(tmp_path / 'compiled'))


@pytest.mark.parametrize('where', ['THEANO_FLAGS', '.theanorc'])
def test_the_old_gpu_is_declined_with_a_warning(run_python, tmp_path, where):
    (tmp_path / 'theanorc').write_text('[global]\ndevice = gpu0\n')
    settings = dict(THEANO_FLAGS='device=gpu,floatX=float32')
    if where == '.theanorc':
        settings = dict(THEANORC=str(tmp_path / 'theanorc'), THEANO_FLAGS='floatX=float32')
    done = run_python('import lasagne_ext, os, theano\n'
                      'print(theano.config.device, theano.config.floatX, os.environ["THEANO_FLAGS"])', **settings)
    assert done.stdout.split() == ['cpu', 'float32', settings['THEANO_FLAGS']]
    assert 'everything runs on the CPU' in done.stderr and done.stderr.count('Warning') == 1


def test_binaries_are_kept_per_numpy(run_python):
    run_python('''
import lasagne_ext, numpy, theano
assert theano.config.compiledir.endswith('numpy' + numpy.__version__)
''')


def test_rounding_does_not_depend_on_fusion(run_python):
    code = 'import lasagne_ext, theano; print(theano.config.gcc.cxxflags)'
    assert '-ffp-contract=off' in run_python(code).stdout.split()
    assert run_python(code, THEANO_FLAGS='gcc.cxxflags=-O2').stdout.strip() == '-O2'


def test_no_compiler(run_python, tmp_path):
    """One clear sentence, and what needs no compiler still works."""
    (tmp_path / 'bin').mkdir()
    done = run_python('''
import lasagne_ext
import numpy as np, theano, theano.tensor as T
x = T.vector()
assert theano.function([x], T.tanh(x).sum())([0, 0]) == 0
assert theano.config.cxx == ''
''', PATH=str(tmp_path / 'bin'))
    assert 'no C++ compiler' in done.stderr and 'apt-get install g++' in done.stderr
    assert done.stderr.count('Warning') == 1 and 'WARNING' not in done.stderr
    assert 'program.py:3: EngineWarning' in done.stderr


def test_root_logger_is_left_alone(run_python):
    run_python('''
import logging
logging.basicConfig(filename='log', level=logging.INFO)
logging.getLogger('theano.tensor.blas').setLevel(logging.CRITICAL)
import lasagne_ext, lasagne
assert type(logging.getLogger()) is logging.RootLogger
assert logging.getLogger('theano.tensor.blas').level == logging.CRITICAL
logging.exception('told')
logging.shutdown()
assert 'told' in open('log').read()
''')


def test_no_python_headers(run_python, tmp_path):
    done = run_python('''
import sysconfig

import pytest
get_path = sysconfig.get_path
sysconfig.get_path = lambda name, *rest: '/nowhere' if name == 'include' else get_path(name, *rest)
import lasagne_ext, theano
''')
    assert 'no Python.h in /nowhere' in done.stderr and 'python3-dev' in done.stderr


def test_unusable_numpy_is_named_with_the_remedy(run_python):
    done = run_python('''
import importlib.metadata
version = importlib.metadata.version
importlib.metadata.version = lambda name: '2.1.0' if name == 'numpy' else version(name)
import lasagne_ext, lasagne
''', check=False)
    assert done.returncode == 1
    assert 'EngineError: Theano 1.0.5 cannot run on NumPy 2.1.0; mend it with: pip install ' \
           '"numpy>=1.19,<1.24"' in done.stderr.replace('lasagne_ext.engine._environment.', '')


def test_this_machine_has_what_the_suite_needs():
    assert os.path.exists(os.path.join(sysconfig.get_path('include'), 'Python.h'))
    assert (3, 8) <= sys.version_info[:2] < (3, 12)
