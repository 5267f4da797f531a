"""The hook as pip installs and removes it, in an environment of its own."""
import os
import shutil
import subprocess
import sys
import venv

import pytest

pytestmark = pytest.mark.skipif('LASAGNE_EXT_INSTALL' not in os.environ,
                                reason='nox -s installation runs them, and takes minutes')

CHECKOUT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NOT_COPIED = shutil.ignore_patterns('.*', 'build', '*.egg-info', '_build', '*.ipynb')


def run(*command):
    # Away from the checkout, whose folder would be searched first.
    variables = {name: value for name, value in os.environ.items() if name != 'PYTHONPATH'}
    return subprocess.run(command, check=True, cwd=os.path.dirname(sys.executable), env=variables, timeout=1800,
                          stdout=subprocess.PIPE, universal_newlines=True).stdout


def check_types(python, tmp_path):
    """A type checker, which sees no finder at work, finds the facade by its stubs, and Theano by itself."""
    program = tmp_path / 'program.py'
    program.write_text('import lasagne_ext, theano\nreveal_type(theano.function)\n'
                       'reveal_type(lasagne_ext.ops.grid_sample)\n')
    told = run(sys.executable, '-m', 'mypy', '--ignore-missing-imports', '--python-executable', python, str(program))
    function, grid_sample = [line for line in told.splitlines() if 'Revealed type' in line]
    assert 'allow_input_downcast' in function or sys.version_info < (3, 12)
    assert 'border_mode' in grid_sample


@pytest.mark.parametrize('options', [[], ['--editable']], ids=['regular', 'editable'])
def test_installed_it_works_and_uninstalled_it_is_gone(tmp_path, options):
    checkout = str(tmp_path / 'checkout')
    shutil.copytree(CHECKOUT, checkout, ignore=NOT_COPIED)
    folder = str(tmp_path / 'venv')
    venv.create(folder, symlinks=True, with_pip=True)
    python = os.path.join(folder, 'Scripts' if os.name == 'nt' else 'bin', 'python')
    packages = run(python, '-c', 'import sysconfig; print(sysconfig.get_path("purelib"))').strip()
    before = set(os.listdir(packages))
    run(python, '-m', 'pip', 'install', *options, checkout)
    assert 'lasagne_ext.pth' in os.listdir(packages)
    shape = run(python, '-c', 'import lasagne; print(lasagne.layers.DenseLayer((None, 2), 3).output_shape)')
    assert shape == '(None, 3)\n'
    run(python, '-m', 'lasagne_ext', 'info')
    if not options:
        check_types(python, tmp_path)
    run(python, '-m', 'pip', 'uninstall', '--yes', 'lasagne-ext')
    assert not [name for name in set(os.listdir(packages)) - before if 'lasagne_ext' in name]
    assert 'Hook' not in run(python, '-c', 'import sys; print(sys.meta_path)')
