"""One training on both engines gives the same numbers; needs a Python of the other engine."""
import os
import sys

import numpy as np
import pytest

PROGRAM = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))),
                       'benchmarks', 'engines.py')

#: Names a Python with the other engine and Lasagne; this checkout is put on its path.
VARIABLE = 'LASAGNE_EXT_OTHER_PYTHON'

pytestmark = pytest.mark.skipif(not os.path.exists(PROGRAM), reason='benchmarks/ is not there')


@pytest.fixture
def train(run_python):
    """Run the program under a Python; returns it with its output."""
    checkout = os.path.dirname(os.path.dirname(PROGRAM))

    def run(*arguments, python=sys.executable, check=True, **environment):
        environment.setdefault('PYTHONPATH', checkout)
        return run_python.command([python, PROGRAM, *arguments], check, environment)
    return run


@pytest.mark.parametrize('model', ['mlp', 'convnet', 'lstm', 'transformer'])
def test_engines_agree(train, tmp_path, model):
    other = os.environ.get(VARIABLE)
    if not other:
        pytest.skip('%s names no Python of the other engine' % VARIABLE)
    theirs, ours = str(tmp_path / 'theirs.npz'), str(tmp_path / 'ours.npz')
    short = ['--models', model, '--steps', '5']
    first = train(theirs, *short, python=other, LASAGNE_EXT_ENGINE='')
    second = train(ours, *short, '--compare', theirs)
    assert first.stdout.split()[0] != second.stdout.split()[0], 'both ran on the same engine'
    with np.load(theirs) as archive:
        losses = archive[model + '/losses']
    assert losses.dtype == 'float32' and len(set(losses.tolist())) == 5
    assert 'largest differences from' in second.stdout


def test_a_difference_is_noticed(train, tmp_path):
    mine, other = str(tmp_path / 'mine.npz'), str(tmp_path / 'other.npz')
    short = ['--models', 'mlp', '--steps', '2']
    train(mine, *short)
    with np.load(mine) as archive:
        arrays = dict(archive)
    train(other, *short, '--compare', mine)

    np.savez(mine, **dict(arrays, **{'mlp/losses': arrays['mlp/losses'] * np.float32(1.01)}))
    assert train(other, *short, '--compare', mine, check=False).returncode == 1
    np.savez(mine, **dict(arrays, **{'mlp/final.0': arrays['mlp/final.0'] * np.float32(np.nan)}))
    assert train(other, *short, '--compare', mine, check=False).returncode == 1
    np.savez(mine, **dict(arrays, **{'mlp/initial.0': arrays['mlp/initial.0'] + np.float32(1)}))
    refused = train(other, *short, '--compare', mine, check=False)
    assert refused.returncode == 2 and "they differ in 'initial.0'" in refused.stderr
    np.savez(mine, **dict(arrays, lasagne='0.0'))
    refused = train(other, *short, '--compare', mine, check=False)
    assert refused.returncode == 2 and 'was made with Lasagne 0.0' in refused.stderr


@pytest.mark.parametrize('arguments, message', [
    (['out.npz', '--steps', '0'], 'argument --steps: must be at least 1, got 0'),
    (['out.npz', '--models', 'mpl'], 'invalid choice'),
    (['nowhere/out.npz'], "there is no folder 'nowhere'"),
    (['out.npz', '--compare', 'missing.npz'], "cannot read 'missing.npz'"),
    (['out.npz', '--compare', PROGRAM], 'cannot read')])
def test_bad_arguments_are_told_in_one_line(train, arguments, message):
    done = train(*arguments, check=False)
    assert done.returncode == 2
    last, = [line for line in done.stderr.splitlines() if 'Warning' not in line and line[:1] != ' ']
    assert message in last
