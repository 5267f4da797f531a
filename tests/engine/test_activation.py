"""The engine as a user meets it: each case in a fresh process."""
import ast

import pytest

import lasagne_ext


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
from importlib.machinery import PathFinder
find_spec = PathFinder.find_spec
PathFinder.find_spec = lambda name, *rest: None if name == 'lasagne' else find_spec(name, *rest)
import lasagne_ext, theano
import lasagne
''', check=False)
    assert done.returncode == 1
    assert 'Lasagne is not installed; mend it with: pip install Lasagne' in done.stderr


def test_importing_the_package_imports_next_to_nothing(run_python):
    """So that a program may still say in its environment what Theano, NumPy and OpenMP are to do."""
    run_python('''
import sys
import lasagne_ext
assert not {'numpy', 'theano', 'pytensor', 'lasagne'} & set(sys.modules)
''')


def test_importing_theano_imports_neither_lasagne_nor_our_layers(run_python):
    run_python('''
import sys
import lasagne_ext, theano
assert 'lasagne' not in sys.modules
assert not [name for name in sys.modules if name.startswith('lasagne_ext.') and name.split('.')[1] in lasagne_ext.__all__
            and name.split('.')[1] != 'engine']
''')


def test_packages_are_imported_when_asked_for(run_python):
    run_python('''
import lasagne_ext
assert {'layers', 'debug', 'network', '__version__'} <= set(dir(lasagne_ext))
assert lasagne_ext.layers.TransformerLayer.__module__ == 'lasagne_ext.layers.transformer'
assert 'layers' in vars(lasagne_ext)
try:
    lasagne_ext.layer
except AttributeError as error:
    assert str(error) == "module 'lasagne_ext' has no attribute 'layer'"
from lasagne_ext import *
assert training.fit
''')


def test_editors_see_the_packages_that_are_imported_when_asked_for():
    with open(lasagne_ext.__file__ + 'i') as f:
        imported, = [node for node in ast.parse(f.read()).body
                     if isinstance(node, ast.ImportFrom) and node.module == 'lasagne_ext']
    assert {alias.name for alias in imported.names} == set(lasagne_ext._PACKAGES)


def test_a_copy_of_lasagne_that_is_put_on_the_path_later_is_the_one_imported(run_python, tmp_path):
    fork = tmp_path / 'vendored' / 'lasagne'
    fork.mkdir(parents=True)
    (fork / '__init__.py').write_text('import theano\nfrom lasagne import layers\nVENDORED = True')
    (fork / 'layers.py').write_text('')
    run_python('''
import lasagne_ext, theano
import sys
sys.path.insert(0, %r)
import lasagne.layers
assert lasagne.VENDORED and lasagne.layers.__file__.startswith(%r)
''' % (str(tmp_path / 'vendored'), str(tmp_path)))


def test_packages_can_be_loaded_anew(run_python):
    run_python('''
import lasagne_ext, lasagne, theano, importlib
before = lasagne, lasagne.layers, theano
importlib.reload(lasagne), importlib.reload(theano.printing)
assert before == (lasagne, lasagne.layers, theano)
assert lasagne.__spec__.loader is lasagne.__loader__ and lasagne.__loader__.get_source('lasagne')
''')


def test_asking_where_a_package_is_imports_nothing(run_python):
    run_python('''
import lasagne_ext, sys
from importlib.util import find_spec
assert find_spec('theano').origin and find_spec('lasagne').loader.get_source('lasagne')
assert not {'theano', 'lasagne'} & set(sys.modules)
''')


def test_a_module_of_ones_own_called_lasagne(run_python, tmp_path):
    (tmp_path / 'lasagne.py').write_text('RECIPE = ["pasta"]')
    run_python('import lasagne_ext, lasagne, sys; assert lasagne.RECIPE and "theano" not in sys.modules')
