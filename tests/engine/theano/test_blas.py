"""Finding a BLAS, and leaving alone what a user has chosen."""
import ctypes
import os

import pytest

from lasagne_ext.engine import EngineWarning, settings
from lasagne_ext.engine.theano import blas


@pytest.fixture
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv('THEANO_FLAGS', 'base_compiledir=%s' % tmp_path)
    return tmp_path / 'lasagne_ext'


def test_a_working_blas_is_found_and_remembered(own_cache, monkeypatch):
    found = blas.find_blas('g++')
    assert found is not blas.NO_BLAS
    assert 'blas' in found.flags.lower() or 'mkl' in found.flags
    monkeypatch.setattr(blas, '_run_link_test', lambda *args: pytest.fail('tested again'))
    assert blas.find_blas('g++') == found


def test_no_path_with_a_space_reaches_theano(own_cache, tmp_path):
    candidates = [candidate for candidate in blas._candidates() if candidate.path]
    library = os.path.realpath(candidates[-1].path)
    folder = tmp_path / 'my project'
    folder.mkdir()
    for name in os.listdir(os.path.dirname(library)):
        if '.so' in name:
            os.symlink(os.path.join(os.path.dirname(library), name), str(folder / name))
    moved = blas._behind_links('moved', 'openblas', str(folder / os.path.basename(library)))
    assert 'my project' not in moved.flags
    assert blas._links(moved, 'g++')


def test_a_library_that_does_not_link_is_passed_over(own_cache, monkeypatch):
    working = blas.find_blas('g++')
    broken = blas.Blas('broken', '-lnot_there_at_all', None)
    monkeypatch.setattr(blas, '_candidates', lambda: iter([broken, working]))
    assert blas.find_blas('g++') == working
    monkeypatch.setattr(blas, '_candidates', lambda: iter([broken]))
    assert blas.find_blas('g++') is blas.NO_BLAS


def test_a_failure_is_not_remembered(own_cache):
    assert blas.find_blas('no-such-compiler') is blas.NO_BLAS
    flaky = iter([False, True])
    run_link_test = blas._run_link_test
    try:
        blas._run_link_test = lambda flags, compiler: next(flaky)
        candidate = blas.Blas('flaky', '-lflaky', None)
        assert [blas._links(candidate, 'g++') for _ in range(3)] == [False, True, True]
    finally:
        blas._run_link_test = run_link_test


def test_a_damaged_memory_is_ignored(own_cache):
    own_cache.mkdir()
    (own_cache / 'blas.json').write_text('{"half')
    assert blas.find_blas('g++') is not blas.NO_BLAS


def test_an_unwritable_cache_is_no_obstacle(monkeypatch, tmp_path):
    (tmp_path / 'file').write_text('in the way')
    monkeypatch.setenv('THEANO_FLAGS', 'base_compiledir=%s' % (tmp_path / 'file'))
    assert isinstance(blas.find_blas('g++'), blas.Blas)


@pytest.mark.parametrize('folder, remedy', [('a b', 'a folder without a space'),
                                            ('ab', 'pip install "scipy')])
def test_remedy_for_a_missing_blas(monkeypatch, tmp_path, folder, remedy):
    monkeypatch.setenv('THEANO_FLAGS', 'base_compiledir=%s' % (tmp_path / folder))
    monkeypatch.setattr(blas, 'find_blas', lambda compiler: blas.NO_BLAS)
    with pytest.warns(EngineWarning, match='no BLAS was found.*' + remedy):
        assert blas.choose_blas({'cxx': 'g++'}) is blas.NO_BLAS


def test_one_thread_unless_asked_otherwise(own_cache, monkeypatch):
    found = blas.find_blas('g++')
    setter, getter = blas._thread_functions(found)
    if setter is None:
        pytest.skip('this BLAS does not tell its threads')
    before = getter()
    try:
        setter(2)
        two = getter()                       # 1 on a machine with a single processor
        for variable in blas.THREAD_VARIABLES:
            monkeypatch.delenv(variable, raising=False)
        monkeypatch.setenv('OPENBLAS_NUM_THREADS', '2')
        blas.limit_threads(found)
        assert blas.threads(found) == two
        monkeypatch.delenv('OPENBLAS_NUM_THREADS')
        blas.limit_threads(found)
        assert blas.threads(found) == 1
    finally:
        setter(before)


def test_configured_blas_is_described(tmp_path):
    (tmp_path / 'libmine.so').write_bytes(b'')
    described = blas.configured_blas('-L%s -lmine -lm' % tmp_path)
    assert described == blas.Blas('mine', '-L%s -lmine -lm' % tmp_path, str(tmp_path / 'libmine.so'))
    assert blas.threads(described) is None
    assert blas.configured_blas('-lmine').path is None
    assert blas.configured_blas('').name == 'none'
    assert blas.configured_blas('-framework Accelerate').name == '-framework Accelerate'


def test_user_flags(monkeypatch, tmp_path):
    first, second = tmp_path / 'a', tmp_path / 'b'
    first.write_text('[global]\nfloatX = float32\ndevice = cpu\n[blas]\nldflags = -lfirst\n')
    second.write_text('[blas]\nldflags = -lsecond\n')
    monkeypatch.setenv('THEANORC', '%s%s%s' % (first, os.pathsep, second))
    monkeypatch.setenv('THEANO_FLAGS', 'device=cuda,  gcc.cxxflags="-O2 -Wl,-x" , nonsense')
    flags = settings.user_flags()
    # configparser reads option names in lower case, as Theano's own reader does.
    assert flags.pop('floatx') == 'float32'
    assert flags == {'device': 'cuda', 'blas.ldflags': '-lsecond', 'gcc.cxxflags': '-O2 -Wl,-x'}


def test_names_in_a_file_are_filled_in(monkeypatch, tmp_path):
    (tmp_path / 'theanorc').write_text('[global]\nbase_compiledir = /tmp/%(USER)s/theano\n'
                                       'compiledir_format = mine_%(python_version)s\n')
    monkeypatch.setenv('THEANORC', str(tmp_path / 'theanorc'))
    monkeypatch.delenv('THEANO_FLAGS', raising=False)
    monkeypatch.setenv('USER', 'somebody')
    assert settings.user_flags() == {'base_compiledir': '/tmp/somebody/theano',
                                     'compiledir_format': 'mine_%(python_version)s'}
    assert settings.cache_directory() == os.path.realpath('/tmp/somebody/theano/lasagne_ext')


@pytest.mark.parametrize('flags, file', [('a="open', ''), ('', 'no section = 1')])
def test_malformed_settings_are_left_to_theano(monkeypatch, tmp_path, flags, file):
    (tmp_path / 'theanorc').write_text(file)
    monkeypatch.setenv('THEANORC', str(tmp_path / 'theanorc'))
    monkeypatch.setenv('THEANO_FLAGS', flags)
    assert settings.user_flags() == {}


def test_library_of_the_platform_loads():
    for candidate in blas._candidates():
        if candidate.path:
            ctypes.CDLL(candidate.path)
