"""Dispatches for Numba and JAX come with PyTensor's own, not before."""
import pytest

pytest.importorskip('pytensor')

MODULES = {'numba': 'pytensor.link.numba.dispatch', 'jax': 'pytensor.link.jax.dispatch'}


@pytest.mark.parametrize('linker', sorted(MODULES))
def test_at_the_first_use(linker, run_python):
    pytest.importorskip(linker)
    done = run_python('''
import importlib
import sys
import lasagne_ext
import theano.tensor.nnet
ours = 'lasagne_ext.engine.pytensor.%s_mode.softmax'
print([name in sys.modules for name in (%r, ours)])
importlib.import_module(%r)
print([name in sys.modules for name in (%r, ours)])
''' % ((linker,) + (linker, MODULES[linker], linker)), LASAGNE_EXT_ENGINE='pytensor')
    assert done.stdout.splitlines() == ['[False, False]', '[True, True]']


def test_afterwards(run_python):
    pytest.importorskip('numba')
    done = run_python('''
import sys
import pytensor.link.numba.dispatch
from lasagne_ext.engine.pytensor._dispatch import register_dispatch
register_dispatch(numba='lasagne_ext.engine.pytensor.numba_mode.tensor')
print('lasagne_ext.engine.pytensor.numba_mode.tensor' in sys.modules)
''', LASAGNE_EXT_ENGINE='pytensor')
    assert done.stdout.split() == ['True']
