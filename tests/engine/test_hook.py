"""The hook that is installed with the package: ``import theano`` and ``import lasagne`` in any program."""
import os
import subprocess
import sys
import sysconfig
import venv

import pytest

import lasagne_ext

CHECKOUT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PTH = os.path.join(CHECKOUT, 'lasagne_ext.pth')


class Environment:
    """A new environment that holds all packages of this one and, by a file ``.pth`` of its own, the hook."""

    def __init__(self, folder):
        venv.create(str(folder), symlinks=True)
        self.folder = str(folder)
        scripts = 'Scripts' if os.name == 'nt' else 'bin'
        self.python = os.path.join(str(folder), scripts, 'python')
        self.packages = self.run('-c', 'import sysconfig; print(sysconfig.get_path("purelib"))').stdout.strip()
        # The hook of the copy that is tested; then what is installed here, by paths alone.
        self.write('a.pth', '\n'.join([os.path.dirname(os.path.dirname(lasagne_ext.__file__)), CHECKOUT,
                                       sysconfig.get_path('purelib'), *other_packages()]))
        with open(PTH) as f:
            self.write('lasagne_ext.pth', f.read())

    def write(self, name, text):
        path = os.path.join(self.packages, name)
        with open(path, 'w') as f:
            f.write(text)
        return path

    def run(self, *arguments, check=True, cwd=None, **environment):
        variables = {name: value for name, value in os.environ.items()
                     if name not in ('PYTHONPATH', 'LASAGNE_EXT_HOOK')}
        variables.update(environment)
        done = subprocess.run([self.python, *arguments], cwd=cwd or self.folder, env=variables, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, universal_newlines=True, timeout=600)
        if check:
            assert done.returncode == 0, done.stderr
        return done


def other_packages():
    return [folder for folder in sys.path if os.path.basename(folder) in ('site-packages', 'dist-packages')]


@pytest.fixture(scope='module')
def environment(tmp_path_factory):
    return Environment(tmp_path_factory.mktemp('environment') / 'venv')


@pytest.fixture
def program(environment, tmp_path):
    """Run a program, a file of its own, in the environment."""
    def run(code, *flags, check=True, **variables):
        path = tmp_path / 'train.py'
        path.write_text(code)
        return environment.run(*flags, str(path), check=check, cwd=str(tmp_path), **variables)
    return run


def test_a_program_works_as_it_is(program, check):
    done = program(check)
    assert done.stdout == done.stderr == ''


@pytest.mark.parametrize('code', [
    'import lasagne', 'import theano', 'import lasagne, theano', 'import theano, lasagne', 'import lasagne.layers',
    'from theano import tensor', 'import theano, lasagne_ext.layers, lasagne', 'import lasagne_ext, lasagne',
    'from lasagne_ext import layers'])
def test_whichever_import_comes_first(environment, code, tmp_path):
    done = environment.run('-c', code, cwd=str(tmp_path))
    assert done.stdout == done.stderr == ''


@pytest.mark.parametrize('flags', [('-I',), ('-E',), ('-s',), ('-O',), ('-B',), ('-W', 'error')], ids=' '.join)
def test_flags_of_python(environment, tmp_path, flags):
    done = environment.run(*flags, '-c', 'import lasagne', cwd=str(tmp_path))
    assert done.stdout == done.stderr == ''


def test_without_site_there_is_no_hook(environment, tmp_path):
    done = environment.run('-S', '-c', 'import sys; print(*sys.modules)', cwd=str(tmp_path))
    assert '_lasagne_ext_hook' not in done.stdout.split()


def test_spawned_processes(program):
    done = program('''
import multiprocessing

def shape(units):
    import lasagne
    return lasagne.layers.DenseLayer((None, 2), units).output_shape

if __name__ == '__main__':
    with multiprocessing.get_context('spawn').Pool(1) as pool:
        print(pool.map(shape, [3, 4]))
''')
    assert done.stdout == '[(None, 3), (None, 4)]\n'


@pytest.mark.parametrize('names', ['lasagne theano lasagne theano lasagne_ext', 'lasagne lasagne lasagne'])
def test_threads_import_at_the_same_time(program, names):
    program('''
import faulthandler, importlib, sys, threading
faulthandler.dump_traceback_later(300, exit=True)          # what is locked for ever
failed = []
def load(name):
    start.wait()
    try:
        importlib.import_module(name)
    except BaseException as error:
        failed.append(error)
names = %r.split()
start = threading.Barrier(len(names))
threads = [threading.Thread(target=load, args=(name,)) for name in names]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert not failed, failed
''' % names)


@pytest.mark.parametrize('first', ['lasagne', 'theano', 'lasagne_ext, lasagne'])
def test_finders_that_are_wrapped(program, first):
    program('''
import sys
class Wrapped:
    def __init__(self, finder): self.finder = finder
    def find_spec(self, name, path=None, target=None): return self.finder.find_spec(name, path, target)
    def __getattr__(self, name): return getattr(self.finder, name)
sys.meta_path[:] = [Wrapped(finder) for finder in sys.meta_path if hasattr(finder, 'find_spec')]
import %s
import lasagne, theano
lasagne.layers.DenseLayer((None, 2), 3)
''' % first)


def test_pytest(environment, tmp_path):
    (tmp_path / 'test_net.py').write_text('import lasagne\ndef test_layer(): lasagne.layers.DenseLayer((None, 2), 3)\n')
    environment.run('-m', 'pytest', '-q', '-p', 'no:cacheprovider', 'test_net.py', cwd=str(tmp_path))


def test_theano_brings_neither_lasagne_nor_our_layers(program):
    done = program('import theano, sys; print(*sys.modules)')
    names = done.stdout.split()
    assert 'theano.tensor' in names and 'lasagne' not in names
    assert not {'layers', 'ops', 'debug', 'training'} & {name.split('.')[1] for name in names
                                                         if name.startswith('lasagne_ext.')}


def test_a_program_of_another_kind_loads_nothing_of_ours(program):
    done = program('import json, sys; print(*sys.modules)')
    assert '_lasagne_ext_hook' in done.stdout.split() and 'lasagne_ext' not in done.stdout.split()


def test_settings_that_a_program_makes_are_heeded(program):
    done = program('import os\nos.environ["THEANO_FLAGS"] = "floatX=float32"\n'
                   'import lasagne, theano; print(theano.config.floatX)')
    assert done.stdout == 'float32\n'


def test_a_vendored_copy_of_lasagne_is_honoured(program, tmp_path):
    for folder in tmp_path, tmp_path / 'later':
        (folder / 'lasagne').mkdir(parents=True)
        (folder / 'lasagne' / '__init__.py').write_text('import theano; FORK = __file__')
    assert program('import lasagne; print(lasagne.FORK)').stdout.startswith(str(tmp_path / 'lasagne'))
    done = program('import theano, sys; sys.path.insert(0, "later"); import lasagne; print(lasagne.FORK)')
    assert os.path.join('later', 'lasagne') in done.stdout


@pytest.mark.parametrize('name', ['theano.py', os.path.join('theano', '__init__.py')])
def test_a_theano_of_ones_own_is_left_alone(program, tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text('OWN = True')
    (tmp_path / 'lasagne').mkdir()
    (tmp_path / 'lasagne' / '__init__.py').write_text('import theano; OWN = theano.OWN')
    done = program('import lasagne, theano, sys; print(lasagne.OWN, theano.OWN, "lasagne_ext" in sys.modules)')
    assert done.stdout == 'True True False\n'


def test_a_folder_called_theano_is_not_one(program, tmp_path):
    (tmp_path / 'theano').mkdir()
    program('import theano; theano.tensor.matrix()')


def test_a_path_of_another_kind(program):
    program('import pathlib, sys; sys.path.insert(0, pathlib.Path(".")); import lasagne')


def test_a_stand_in_for_theano_is_left_alone(program):
    program('import sys, types\nsys.modules["theano"] = fake = types.ModuleType("theano")\n'
            'import theano; assert theano is fake and "lasagne_ext" not in sys.modules')


def test_switched_off(program):
    done = program('import sys; print("Hook" in map(lambda finder: getattr(finder, "__name__", ""), sys.meta_path))',
                   LASAGNE_EXT_HOOK='0')
    assert done.stdout == 'False\n'
    program('import lasagne_ext, lasagne', LASAGNE_EXT_HOOK='0')


def test_run_where_it_is_switched_off(environment, tmp_path):
    (tmp_path / 'train.py').write_text('''
import multiprocessing, lasagne, theano

def name():
    import lasagne
    return lasagne.__name__

if __name__ == '__main__':
    with multiprocessing.get_context('spawn').Pool(1) as pool:
        print(pool.apply(name))
''')
    done = environment.run('-m', 'lasagne_ext', 'run', 'train.py', cwd=str(tmp_path), LASAGNE_EXT_HOOK='0')
    assert done.stdout == 'lasagne\n'


BROKEN = ['def', '\0', 'raise SystemError("broken")', 'import nothing_of_this_name']


@pytest.fixture
def broken(tmp_path_factory):
    """An environment whose hook or package, each in its own folder, can be overwritten."""
    return Environment(tmp_path_factory.mktemp('broken') / 'venv')


@pytest.mark.parametrize('text', BROKEN, ids=['syntax', 'null', 'raises', 'import'])
def test_a_broken_hook_does_not_disturb_python(broken, text):
    broken.write('_lasagne_ext_hook.py', text)
    done = broken.run('-c', 'import json; print("fine")')
    assert (done.stdout, done.stderr) == ('fine\n', '')


def test_a_hook_that_has_been_deleted_does_not_disturb_python(broken):
    os.remove(os.path.join(broken.packages, 'a.pth'))
    done = broken.run('-c', 'print("fine")')
    assert (done.stdout, done.stderr) == ('fine\n', '')


@pytest.mark.parametrize('text', BROKEN, ids=['syntax', 'null', 'raises', 'import'])
def test_a_broken_package_behind_the_hook_is_told_by_its_own_error(broken, text):
    os.mkdir(os.path.join(broken.packages, 'lasagne_ext'))
    broken.write(os.path.join('lasagne_ext', '__init__.py'), text)
    done = broken.run('-c', 'import json; print("fine")')
    assert (done.stdout, done.stderr) == ('fine\n', '')
    direct = broken.run('-c', 'import lasagne_ext', check=False).stderr.splitlines()
    for name in 'theano', 'lasagne':
        done = broken.run('-c', 'import ' + name, check=False)
        assert done.returncode == 1 and done.stderr.splitlines()[-1] == direct[-1]


def test_an_environment_that_cannot_run_is_refused_by_the_import(program):
    """By the very sentence of the engine, and not by Lasagne's advice to install Theano."""
    other = {'theano': 'pytensor', 'pytensor': 'theano'}[lasagne_ext.engine.report()['engine'].split()[0]]
    for code in 'import theano', 'import lasagne':
        done = program(code, check=False, LASAGNE_EXT_ENGINE=other)
        assert done.returncode == 1
        assert 'EngineError: the engine "%s" needs Python' % other in done.stderr.splitlines()[-1]
