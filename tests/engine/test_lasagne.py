"""What Lasagne is given on either engine when it is imported."""
import sys
import types

import numpy as np
import pytest

from lasagne_ext.engine import _lasagne, distributions


def test_pkg_resources_stands_in_and_leaves(monkeypatch):
    monkeypatch.delitem(sys.modules, 'pkg_resources', raising=False)
    with _lasagne.pkg_resources_provided():
        import pkg_resources
        assert pkg_resources.get_distribution('numpy').version == np.__version__
        with pytest.raises(pkg_resources.DistributionNotFound):
            pkg_resources.get_distribution('no-such-distribution')
        assert pkg_resources is distributions
    assert 'pkg_resources' not in sys.modules


def test_a_real_pkg_resources_is_left_alone(monkeypatch):
    real = types.ModuleType('pkg_resources')
    monkeypatch.setitem(sys.modules, 'pkg_resources', real)
    with _lasagne.pkg_resources_provided():
        assert sys.modules['pkg_resources'] is real
    assert sys.modules['pkg_resources'] is real


def test_recurrent_layers_without_setuptools(run_python):
    run_python('''
import sys

class NoSetuptools:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in ('pkg_resources', 'setuptools'):
            raise ModuleNotFoundError('No module named %r' % name)

sys.meta_path.insert(0, NoSetuptools())
import lasagne_ext, lasagne
assert 'pkg_resources' not in sys.modules
lasagne.layers.get_output(lasagne.layers.LSTMLayer(lasagne.layers.InputLayer((2, 3, 4)), 5))
''')


def test_tps_layer_gets_whole_numbers():
    special = types.SimpleNamespace(np=np, TPSTransformerLayer=object)
    master = types.SimpleNamespace(layers=types.SimpleNamespace(special=special))
    _lasagne.patch_tps(master)
    _lasagne.patch_tps(master)
    assert special.np.linspace(-1, 1, 3.0).tolist() == [-1, 0, 1]
    assert special.np.pi == np.pi
    with pytest.raises(TypeError):
        special.np.linspace(-1, 1, 3.5)


def test_a_fork_without_those_layers_is_left_alone():
    for fork in types.SimpleNamespace(), types.SimpleNamespace(layers=types.SimpleNamespace(special=np)):
        _lasagne.patch_tps(fork)


def test_image_shape_warning_is_silenced(run_python):
    done = run_python('''
import lasagne_ext, lasagne
image = lasagne.layers.InputLayer((1, 1, 4, 4))
lasagne.layers.get_output(lasagne.layers.Conv2DLayer(image, 1, 3))
''')
    assert done.stderr == ''
