"""The engine as a user meets it: each case in a fresh process."""
import pytest


def test_import_is_silent(run_python, tmp_path):
    """Even where Python compiles both packages for the first time, and finds old syntax."""
    done = run_python('import lasagne_ext, lasagne', PYTHONPYCACHEPREFIX=str(tmp_path / 'cache'))
    assert done.stdout == '' and done.stderr == ''


def test_everything_works(run_python, check):
    run_python('import lasagne_ext' + check)


@pytest.mark.parametrize('first', ['theano', 'lasagne', 'theano.tensor', 'lasagne.layers'])
def test_after_a_failed_import(run_python, check, first):
    run_python('''
try:
    import %s
except Exception:
    pass
import lasagne_ext
''' % first + check)


def test_environment_is_put_back(run_python):
    run_python('''
import os
before = dict(os.environ)
import lasagne_ext
assert dict(os.environ) == before
''')


def test_convolutional_network_without_compiler(run_python, tmp_path):
    (tmp_path / 'bin').mkdir()
    done = run_python('''
import lasagne_ext
import lasagne, numpy as np, theano
from lasagne.layers import *
image = InputLayer((None, 1, 8, 8))
net = DenseLayer(MaxPool2DLayer(Conv2DLayer(image, 2, 3), 2), 3)
loss = get_output(net).sum()
step = theano.function([image.input_var], loss, updates=lasagne.updates.sgd(
    loss, get_all_params(net), .1))
print(np.isfinite(step(np.ones((2, 1, 8, 8), theano.config.floatX))))
''', PATH=str(tmp_path / 'bin'))
    assert done.stdout.strip() == 'True'


def test_import_stands_even_strict_warnings(run_python):
    run_python('import lasagne_ext, lasagne', flags=('-W', 'error'))


def test_missing_lasagne_is_named_with_the_remedy(run_python):
    done = run_python('''
import importlib.util
find_spec = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == 'lasagne' else find_spec(name, *rest)
import lasagne_ext
''', check=False)
    assert done.returncode == 1
    assert 'asagne is not installed; mend it with: pip install' in done.stderr
