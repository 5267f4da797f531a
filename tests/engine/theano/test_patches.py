"""Each patch of Theano, by what it repairs."""
import importlib
import os
import re

import numpy as np
import pytest
import theano
import theano.tensor as T
from theano.tensor.signal.pool import pool_2d

from lasagne_ext.engine.theano import patches


def test_blas_opt_info_is_provided_only_where_it_is_missing_and_only_for_the_import(monkeypatch):
    import numpy.distutils.__config__ as config
    monkeypatch.delattr(config, 'blas_opt_info', raising=False)
    with patches.blas_opt_info_provided():
        assert config.blas_opt_info == {}
    assert not hasattr(config, 'blas_opt_info')
    monkeypatch.setattr(config, 'blas_opt_info', {'libraries': ['mine']}, raising=False)
    with patches.blas_opt_info_provided():
        assert config.blas_opt_info == {'libraries': ['mine']}
    assert config.blas_opt_info == {'libraries': ['mine']}


@pytest.mark.parametrize('ignore_border', [True, False])
@pytest.mark.parametrize('mode', ['max', 'sum', 'average_exc_pad'])
def test_downsample_is_pooling_by_its_old_name(rng, ignore_border, mode):
    from theano.tensor.signal import downsample
    x = T.tensor4()
    old = downsample.max_pool_2d(x, ds=(2, 3), ignore_border=ignore_border, st=(2, 2), mode=mode)
    new = pool_2d(x, ws=(2, 3), ignore_border=ignore_border, stride=(2, 2), mode=mode)
    image = rng.randn(1, 2, 7, 8).astype(theano.config.floatX)
    ours, theirs = theano.function([x], [old, new])(image)
    np.testing.assert_array_equal(ours, theirs)
    assert theano.tensor.signal.downsample is downsample


def test_downsample_padding_and_same_size(rng):
    from theano.tensor.signal import downsample
    x = T.tensor4()
    image = np.arange(16.).reshape(1, 1, 4, 4).astype(theano.config.floatX)
    same = theano.function([x], downsample.max_pool_2d_same_size(x, (2, 2)))(image)
    assert same[0, 0].tolist() == [[0, 0, 0, 0], [0, 5, 0, 7], [0, 0, 0, 0], [0, 13, 0, 15]]
    padded = downsample.max_pool_2d(x, (2, 2), ignore_border=True, padding=(1, 1))
    assert theano.function([x], padded)(image).shape == (1, 1, 3, 3)


def test_asking_for_the_old_gpu_is_no_error():
    from theano.sandbox import cuda
    from theano.sandbox.cuda.dnn import dnn_available
    assert not cuda.cuda_available and not cuda.cuda_enabled and not dnn_available()
    with pytest.raises(ImportError, match='theano.sandbox.cuda.basic_ops'):
        importlib.import_module('theano.sandbox.cuda.basic_ops')


def test_scan_source_keeps_what_needs_no_repair():
    source = 'PyCode_New(a+k, l)\nPyCode_New(a, k)\n(frame)->f_lineno = (lineno)\nint main;'
    patched = patches.scan_source(source)
    assert patched.count('PyCode_NewEmpty("scan_perform.pyx", "scan_perform", fline)') == 2
    assert 'f_lineno' not in patched and patched.endswith('\nint main;')
    assert patched.count('#define CYTHON_') == 4


def test_scan_runs_compiled(run_python):
    run_python('''
import lasagne_ext, sys, theano, theano.tensor as T
steps, _ = theano.scan(lambda a: 2 * a, outputs_info=T.ones(()), n_steps=3)
theano.function([], theano.grad(steps.sum(), []) or steps)()
inner = sys.modules['scan_perform.scan_perform']
assert inner.__file__.endswith('.so'), inner
''')


def test_error_inside_compiled_scan_is_reported(run_python):
    """The patched C code must still unwind."""
    run_python('''
import lasagne_ext, numpy as np, theano, theano.tensor as T
x, y = T.matrix(), T.matrix()
steps, _ = theano.scan(lambda a, b: T.dot(a, b), sequences=[x], non_sequences=[y])
run = theano.function([x, y], steps)
try:
    run(np.ones((2, 3), theano.config.floatX), np.ones((4, 5), theano.config.floatX))
except ValueError as error:
    assert 'hape' in str(error)
else:
    raise SystemExit('no error')
''')


def test_op_without_properties_has_a_versioned_key():
    from theano.gof import FunctionGraph
    from theano.gof.cc import CLinker
    from theano.tensor.nnet.nnet import Softmax
    assert Softmax.__props__ == ()
    x = T.matrix()
    linker = CLinker().accept(FunctionGraph([x], [Softmax()(x)], clone=True))
    version, signature = linker.cmodule_key()
    assert version != () and all(version)
    assert Softmax() in [part[0] for part in signature if isinstance(part, tuple) and part]


def test_op_without_version_stays_unversioned():
    from theano.gof import FunctionGraph
    from theano.gof.cc import CLinker
    from theano.tensor.nnet.nnet import Softmax

    class Unversioned(Softmax):
        def c_code_cache_version(self):
            return ()

    x = T.matrix()
    linker = CLinker().accept(FunctionGraph([x], [Unversioned()(x)], clone=True))
    assert linker.cmodule_key()[0] == ()


def test_warm_cache_compiles_nothing(run_python):
    code = '''
import lasagne_ext, theano, theano.tensor as T
from theano.gof import cmodule
compiled = []
compile_str = cmodule.GCC_compiler.compile_str
cmodule.GCC_compiler.compile_str = staticmethod(
    lambda *args, **kwargs: compiled.append(1) or compile_str(*args, **kwargs))
x = T.matrix()
theano.function([x], T.nnet.softmax(x + 1))
print(len(compiled))
'''
    run_python(code)
    assert run_python(code).stdout.strip() == '0'


@pytest.mark.parametrize('border_mode', ['valid', 'half', (1, 0)])
def test_convolution_without_compiled_code(rng, border_mode):
    image, filters = T.tensor4(), T.tensor4()
    output = T.nnet.conv2d(image, filters, border_mode=border_mode, subsample=(2, 1))
    graphs = [output] + theano.grad(T.sum(T.sqr(output)), [image, filters])
    values = [rng.randn(*shape).astype(theano.config.floatX) for shape in ((2, 3, 6, 7), (4, 3, 3, 3))]
    python, compiled = [
        theano.function([image, filters], graphs, mode=mode)(*values)
        for mode in (theano.Mode('py', None), theano.Mode('cvm', 'fast_compile'))]
    for ours, theirs in zip(python, compiled):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize('mode', ['max', 'sum', 'average_inc_pad', 'average_exc_pad'])
def test_pooling_without_compiled_code(rng, mode):
    x, step = T.tensor4(), T.tensor4()
    # Theano's Python has no padding for that mode.
    pad = (0, 0) if mode == 'average_exc_pad' else (1, 1)
    pooled = pool_2d(x, ws=(2, 2), ignore_border=True, pad=pad, mode=mode)
    graphs = [pooled, theano.grad(T.sum(T.sqr(pooled)), x), T.Rop(pooled, x, step)]
    values = rng.randn(2, 1, 2, 6, 7).astype(theano.config.floatX)
    python, compiled = [
        theano.function([x, step], graphs, mode=theano.Mode(linker, 'fast_compile'))(*values)
        for linker in ('py', 'cvm')]
    for ours, theirs in zip(python, compiled):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def documented():
    """What the table of docs/engines.rst says is repaired."""
    path = os.path.join(os.path.dirname(__file__), '..', '..', '..', 'docs', 'engines.rst')
    if not os.path.exists(path):
        pytest.skip('docs/ is not there')
    with open(path) as f:
        table = f.read().partition('.. list-table:: Repairs')[2].partition('\n\nSettings')[0]
    names = set()
    for row in table.split('   * - ')[2:]:
        modules = re.findall(r'``(theano[\w.]*)``', row.partition('     - ')[0])
        if row.startswith('in '):
            attributes = re.findall(r'``(\w+)``', row.partition('     - ')[0])
            modules = ['%s.%s' % (module, name) for module in modules for name in attributes]
        names.update(modules)
    return names


def test_what_is_repaired_is_documented():
    repaired = {name.replace(':', '.') for name in patches.PATCHES} | set(patches.STAND_INS)
    assert documented() == repaired | {'theano.compile.optdb'}


def test_nothing_else_of_theano_is_changed(run_python):
    """Theano's modules and classes before and after it is patched."""
    changed = run_python('''
import sys, types
import numpy.distutils.__config__ as config
config.blas_opt_info = {}
import theano, theano.tensor.signal.pool, theano.sandbox.rng_mrg

def photograph():
    names = {}
    for module in list(sys.modules.values()):
        if getattr(module, '__name__', '').split('.')[0] == 'theano':
            for name, value in vars(module).items():
                names[module.__name__ + '.' + name] = value
                if isinstance(value, type) and value.__module__ == module.__name__:
                    names.update((module.__name__ + '.' + name + '.' + key, own)
                                 for key, own in vars(value).items())
    return names

before = photograph()
owners = {name.rpartition('.')[0] for name in before}
import lasagne_ext
for name, value in photograph().items():
    owner, _, attribute = name.rpartition('.')
    if (owner in owners and before.get(name) is not value and not isinstance(value, types.ModuleType)
            and not attribute.startswith('__')):
        print(name)
''', LASAGNE_EXT_HOOK='0').stdout.split()
    assert 'theano.gradient.grad' in changed
    assert set(changed) <= {name.replace(':', '.') for name in patches.PATCHES}
