"""The command line, as a user types it."""
import os
import re
import signal
import struct
import sys

import numpy as np
import pytest

from lasagne_ext import demo
from lasagne_ext.__main__ import main

PROGRAM = '''
import sys
print(__name__, sys.argv[1:], __file__, sys.path[0], sorted(vars()) != [])
def fail():
    raise RuntimeError('with a reason')
if 'exit' in sys.argv:
    sys.exit(int(sys.argv[-1]))
if 'message' in sys.argv:
    sys.exit('leaving')
if 'interrupt' in sys.argv:
    raise KeyboardInterrupt
if 'chain' in sys.argv:
    try:
        fail()
    except RuntimeError as error:
        raise ValueError('because of it') from error
if 'hook' in sys.argv:
    sys.excepthook = lambda *args: print('hooked', args[0].__name__)
    fail()
if 'thread' in sys.argv:
    import pickle, threading
    class Local: pass
    assert type(pickle.loads(pickle.dumps(Local()))) is Local
    threading.Thread(target=lambda: print('in a thread')).start()
if 'fail' in sys.argv:
    fail()
'''


@pytest.fixture
def command(run_python):
    def run(*arguments, **options):
        return run_python.command([sys.executable, '-m', 'lasagne_ext', *arguments], False,
                                  options)
    return run


@pytest.mark.parametrize('arguments', [
    ('a', '-b', '--help'), ('--', 'a', '--'), ('run',), ('exit', '7'), ('message',), ('fail',), ('interrupt',), ('chain',),
    ('hook',), ('thread',)], ids=lambda arguments: arguments[0])
def test_run_is_like_python(run_python, command, tmp_path, arguments):
    plain = run_python(PROGRAM, *arguments, check=False)
    path = str(tmp_path / 'program.py')
    ours = command('run', path, *arguments)
    assert ours.returncode == plain.returncode
    assert ours.stdout == plain.stdout
    assert ours.stderr == plain.stderr


def test_run_by_a_relative_path(run_python, command, tmp_path):
    run_python(PROGRAM)
    plain = run_python.command([sys.executable, 'program.py', 'fail'], False)
    ours = command('run', 'program.py', 'fail')
    assert (ours.stdout, ours.stderr) == (plain.stdout, plain.stderr)


def test_run_reports_a_syntax_error_like_python(run_python, command, tmp_path):
    plain = run_python('x = = 1\n', check=False)
    ours = command('run', str(tmp_path / 'program.py'))
    assert (ours.returncode, ours.stderr) == (plain.returncode, plain.stderr)


def test_run_a_program_that_imports_lasagne_first(command, tmp_path):
    (tmp_path / 'old.py').write_text('''
import lasagne
import helper
from theano.tensor.signal import downsample
print(lasagne.layers.DenseLayer((None, 2), helper.UNITS).output_shape)
''')
    (tmp_path / 'helper.py').write_text('UNITS = 3')
    done = command('run', str(tmp_path / 'old.py'))
    assert done.stdout == '(None, 3)\n', done.stderr


@pytest.mark.parametrize('first', ['theano', 'lasagne', 'theano.tensor as theano', 'lasagne_ext'])
def test_run_heeds_settings_that_the_program_makes(command, tmp_path, first):
    (tmp_path / 'old.py').write_text('''
import os
os.environ['THEANO_FLAGS'] = 'floatX=float32,device=cpu'
import %s
import importlib, lasagne, theano
print(theano.config.floatX, importlib.import_module('theano') is theano, theano.__spec__.name)
assert lasagne.__spec__.origin and theano.__spec__.origin
''' % first)
    done = command('run', str(tmp_path / 'old.py'))
    assert done.stdout == 'float32 True theano\n', done.stderr


def test_run_a_program_called_run(command, tmp_path):
    (tmp_path / 'run').write_text('import sys; print(sys.argv)')
    assert command('run', 'run', 'a').stdout == "['run', 'a']\n"


def test_run_a_module_like_python(run_python, command, tmp_path):
    (tmp_path / 'package').mkdir()
    (tmp_path / 'package' / 'tool.py').write_text(PROGRAM.replace('sys.argv[1:]', 'sys.argv'))
    for arguments in ('a', '-m', '--help'), ('exit', '7'), ('thread',):
        plain = run_python.command([sys.executable, '-m', 'package.tool', *arguments], False)
        ours = command('run', '-m', 'package.tool', *arguments)
        assert (ours.returncode, ours.stdout, ours.stderr) == (plain.returncode, plain.stdout, plain.stderr)
    failed = command('run', '-m', 'package.tool', 'fail')
    assert failed.stderr.endswith('RuntimeError: with a reason\n')
    assert '__main__.py' not in failed.stderr


def test_run_a_module_that_is_not_there(command):
    done = command('run', '-m', 'nowhere')
    assert done.returncode == 1 and 'No module named nowhere' in done.stderr


def test_run_prepares_the_processes_that_a_program_starts(command, tmp_path):
    (tmp_path / 'old.py').write_text('import os; print(os.environ["LASAGNE_EXT_HOOK"])')
    assert command('run', 'old.py', LASAGNE_EXT_HOOK='0').stdout == '1\n'


def test_run_imports_nothing_ahead_of_the_program(command, tmp_path):
    (tmp_path / 'old.py').write_text('import sys; print("numpy" in sys.modules)')
    assert command('run', 'old.py').stdout == 'False\n'


def test_run_a_missing_program(command):
    done = command('run', 'nowhere.py')
    assert done.returncode == 2
    assert done.stderr == "lasagne-ext run: error: cannot open 'nowhere.py': No such file " \
                          'or directory\n'


def test_interrupt_ends_like_an_interrupt(run_python, command, tmp_path):
    run_python(PROGRAM)
    done = command('run', str(tmp_path / 'program.py'), 'interrupt')
    assert done.returncode in (-signal.SIGINT, 130)


def test_info(command):
    done = command('info')
    labels = dict(re.split(r'  +', line, maxsplit=1) for line in done.stdout.splitlines())
    for label in ('lasagne_ext', 'engine', 'Python', 'Lasagne', 'NumPy', 'SciPy',
                  'C++ compiler', 'compiledir', 'kernels'):
        assert labels[label.strip()], done.stdout
    assert labels['engine'].split()[0] in ('theano', 'pytensor')
    assert done.stderr == ''


def test_info_without_compiled_kernels(command):
    done = command('info', LASAGNE_EXT_KERNELS='numpy')
    assert 'NumPy only, slow' in done.stdout and 'instruction set' not in done.stdout


def one_line(done, *parts):
    assert done.returncode == 2
    assert done.stderr.count('\n') == 1 and 'Traceback' not in done.stderr
    assert ': error: ' in done.stderr
    for part in parts:
        assert part in done.stderr
    return True


@pytest.mark.parametrize('arguments, part', [
    ((), 'required: {demo,run,info}'), (('dmeo',), "invalid choice: 'dmeo'"),
    (('demo', '--epochs', '-3'), 'must be at least 1, got -3'), (('demo', '--epochs', '0'), 'got 0'),
    (('demo', '--epochs', 'many'), "invalid whole number value: 'many'"),
    (('demo', '--seed', '-1'), 'must lie between 0 and'),
    (('demo', '--mnist', 'nowhere'), 'nowhere: there is no such folder'),
    (('demo', '--output', 'nowhere/picture.png'), 'there is no folder'),
    (('demo', '--output', 'picture.doc'), 'its name must end in one of'),
    (('demo', '--output', 'picture.pgf'), 'its name must end in one of .png, .svg, .pdf'),
    (('demo', '--frobnicate'), 'unrecognized arguments: --frobnicate'), (('run',), 'SCRIPT')])
def test_bad_input_is_one_line(command, tmp_path, arguments, part):
    assert one_line(command(*arguments), part)
    assert os.listdir(str(tmp_path)) == []


def test_truncated_mnist_is_one_line(command, tmp_path):
    folder = tmp_path / 'mnist'
    folder.mkdir()
    (folder / 'train-images-idx3-ubyte').write_bytes(b'\0\0\x08\x03\0\0')
    assert one_line(command('demo', '--mnist', str(folder)), 'not an IDX file of images')
    assert os.listdir(str(tmp_path)) == ['mnist']


def test_demo(command, tmp_path):
    """Two epochs, twice: everything is printed, the picture is whole, and both runs agree."""
    runs = [command('demo', '--epochs', '2', '--output', '%d.png' % k) for k in (1, 2)]
    for k, done in enumerate(runs, 1):
        assert done.returncode == 0, done.stderr
        assert 'transformer  TransformerLayer' in done.stdout
        assert (tmp_path / ('%d.png' % k)).read_bytes().endswith(b'IEND\xaeB`\x82')
        assert '2/2' in done.stderr and 'epoch' in done.stderr
    errors = [re.findall(r'test error, (\w+): ([\d.]+) %', done.stdout) for done in runs]
    assert [name for name, _ in errors[0]] == ['plain', 'transformer']
    assert all(0 < float(value) < 95 for _, value in errors[0])
    assert errors[0] == errors[1]
    assert sorted(os.listdir(str(tmp_path))) == ['1.png', '2.png']


def write_mnist(folder, training, test):
    folder.mkdir()
    for prefix, number in (('train', training), ('t10k', test)):
        images = np.random.RandomState(0).randint(0, 256, (number, 28, 28)).astype('uint8')
        labels = (np.arange(number) % 10).astype('uint8')
        for name, array in (('images-idx3', images), ('labels-idx1', labels)):
            header = struct.pack('>%dI' % (1 + array.ndim), 0x800 + array.ndim, *array.shape)
            (folder / ('%s-%s-ubyte' % (prefix, name))).write_bytes(header + array.tobytes())


def test_demo_on_few_mnist_digits(command, tmp_path):
    write_mnist(tmp_path / 'mnist', 70, 5)
    done = command('demo', '--mnist', str(tmp_path / 'mnist'), '--epochs', '1')
    assert done.returncode == 0, done.stderr
    assert '70 digits to learn from, 20 placements' in done.stdout
    assert (tmp_path / 'lasagne_ext_demo.png').exists()


def test_demo_on_no_mnist_digits(command, tmp_path):
    write_mnist(tmp_path / 'mnist', 70, 0)
    assert one_line(command('demo', '--mnist', str(tmp_path / 'mnist')), "'test' hold no digits")


def test_demo_interrupted(monkeypatch, capsys):
    def interrupted(**options):
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, 'run', interrupted)
    assert main(['demo']) == 130
    assert capsys.readouterr().err.strip().endswith('interrupted; no picture was written')


def test_picture_is_whole_or_absent(tmp_path, monkeypatch):
    class Figure:
        def savefig(self, path, **kwargs):
            with open(path, 'w') as f:
                f.write('half')
            raise OSError(28, 'No space left on device')

    path = tmp_path / 'picture.png'
    with pytest.raises(demo.DemoError, match='cannot write the picture .*: No space left on device'):
        demo.save_picture(Figure(), str(path))
    assert os.listdir(str(tmp_path)) == []


def test_picture_in_a_folder_of_its_name(tmp_path):
    (tmp_path / 'a.png').mkdir()
    with pytest.raises(demo.DemoError, match='cannot write the picture'):
        demo.check_output(str(tmp_path / 'a.png'))
