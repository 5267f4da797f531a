"""The library of kernels: threads, choosing and loading it."""
import ctypes

import numpy as np
import pytest

from lasagne_ext import kernels
from lasagne_ext.kernels import _library, get_num_threads, set_num_threads


@pytest.mark.parametrize('count', [0, -1, 1.5, True, 'two', None])
def test_number_of_threads_is_checked(count):
    before = get_num_threads()
    with pytest.raises(ValueError, match='positive int'):
        set_num_threads(count)
    assert get_num_threads() == before


def test_forked_process_does_not_hang(run_python):
    run_python('''
import os, sys
import numpy as np
import lasagne_ext
from lasagne_ext import kernels
from lasagne_ext.kernels import sampling

kernels.set_num_threads(2)
image, theta = np.random.randn(4, 8, 64, 64), np.tile(np.eye(2, 3), (4, 1, 1))
def work():
    mode = sampling.SamplingMode('affine', 'bilinear', 'zeros', True, 0)
    return sampling.sample(image, theta, (64, 64), mode)
work()
child = os.fork() if hasattr(os, 'fork') else 0
if child == 0:
    os._exit(0 if (work() == image).all() else 1)
pid, status = os.waitpid(child, 0)
sys.exit(1 if status else 0)
''')


def test_library_can_be_chosen(run_python):
    code = 'from lasagne_ext import kernels; print(getattr(kernels.library, "isa", None))'
    assert run_python(code, LASAGNE_EXT_KERNELS='numpy').stdout.strip() == 'None'
    if kernels.library is None:
        pytest.skip('no kernel library was built')
    for isa in kernels.library.runnable_isas():
        assert run_python(code, LASAGNE_EXT_KERNELS=isa).stdout.strip() == isa


def test_unknown_library_is_refused(run_python):
    done = run_python('import lasagne_ext.kernels', check=False, LASAGNE_EXT_KERNELS='mmx')
    assert done.returncode == 1
    assert "LASAGNE_EXT_KERNELS='mmx': expected one of baseline, avx2, avx512, or numpy" in done.stderr


def test_library_of_other_sources_gives_way_to_numpy(monkeypatch):
    if kernels.library is None:
        pytest.skip('no kernel library was built')
    monkeypatch.setattr(_library, 'fingerprint', lambda: 'other')
    monkeypatch.delenv(_library.ISA_VARIABLE, raising=False)
    with pytest.warns(kernels.KernelWarning, match='built from other sources than those beside it'):
        assert _library.load_library() is None


def test_broken_library_gives_way_to_numpy(tmp_path, monkeypatch):
    broken = tmp_path / '_kernels.so'
    broken.write_bytes(b'not a library')
    monkeypatch.setattr(_library, 'find_library', lambda: str(broken))
    monkeypatch.delenv(_library.ISA_VARIABLE, raising=False)
    with pytest.warns(kernels.KernelWarning, match='cannot be loaded'):
        assert _library.load_library() is None


@pytest.mark.skipif(kernels.library is None, reason='no compiled kernels')
def test_a_kernel_out_of_memory_is_told_whoever_took_its_address():
    library = kernels.Library(kernels.library.path)
    dtype = np.dtype('float32')
    address = library.address('convolution_forward', dtype)
    function = getattr(library._handle, 'convolution_forward_f32_' + library.isa)
    assert library.address('convolution_forward', dtype) == address != 0
    assert function.restype is ctypes.c_int
