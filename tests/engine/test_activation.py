"""The engine as a user meets it: each case in a fresh process."""
import pytest

CHECK = '''
import lasagne, numpy as np, theano, theano.tensor as T
x = T.tensor3()
product = theano.function([x], T.batched_dot(x, x))
assert (product(np.ones((2, 2, 2), dtype=theano.config.floatX)) == 2).all()
steps, _ = theano.scan(lambda a: 2 * a, outputs_info=T.ones(()), n_steps=3)
assert theano.function([], steps)().tolist() == [2, 4, 8]
layer = lasagne.layers.MaxPool2DLayer((None, 1, 4, 4), 2)
assert layer.output_shape == (None, 1, 2, 2)
'''


def test_import_is_silent(run_python, tmp_path):
    """Even where Python compiles both packages for the first time, and finds old syntax."""
    done = run_python('import lasagne_ext, lasagne', PYTHONPYCACHEPREFIX=str(tmp_path / 'cache'))
    assert done.stdout == '' and done.stderr == ''


def test_everything_works(run_python):
    run_python('import lasagne_ext' + CHECK)


@pytest.mark.parametrize('first', ['theano', 'lasagne', 'theano.tensor', 'lasagne.layers'])
def test_after_a_failed_import(run_python, first):
    run_python('''
try:
    import %s
except Exception:
    pass
import lasagne_ext
''' % first + CHECK)


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
