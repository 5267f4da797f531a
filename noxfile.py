"""Sessions: the tests on every Python found, and Lasagne's own suites under the engine."""
import glob
import os
import tarfile

import nox

nox.options.sessions = ['tests']
nox.options.error_on_missing_interpreters = False

PYTHONS = ['3.8', '3.9', '3.10', '3.11']

#: Lasagne's suites were written for an older pytest, and read no configuration of a newer one.
SUITE = ['-m', 'pytest', '-p', 'lasagne_ext', '-c', os.devnull, '--rootdir', '.', '-q',
         '-p', 'no:cacheprovider']
FLOAT32 = {'THEANO_FLAGS': 'floatX=float32'}

#: Asks for a CUDA module by the name it had before Theano 1.0.
REMOVED_CUDA = ('lasagne/tests/layers/test_conv.py::TestConv2DDNNLayer::'
                'test_import_without_gpu_or_cudnn_raises')


@nox.session(python=PYTHONS)
def tests(session):
    """The whole suite, on the installed package."""
    session.install('.[test]')
    session.run('pytest', *session.posargs)


@nox.session(python=['3.8', '3.11'])
def lasagne_01(session):
    """The suite inside Lasagne 0.1's source distribution, float32."""
    session.install('.', 'pytest<8', 'mock')
    folder = session.create_tmp()
    session.run('pip', 'download', '--no-deps', '--no-binary', ':all:', '-d', folder, 'Lasagne==0.1')
    archive, = [name for name in os.listdir(folder) if name.endswith('.tar.gz')]
    with tarfile.open(os.path.join(folder, archive)) as f:
        f.extractall(folder)
    session.chdir(os.path.join(folder, 'Lasagne-0.1'))
    session.run('python', *SUITE, '--deselect', REMOVED_CUDA, 'lasagne/tests', env=FLOAT32)


@nox.session(python=['3.8', '3.11'])
def lasagne_master(session):
    """Both suites on a checkout of Lasagne's repository: nox -s lasagne_master -- FOLDER."""
    if not session.posargs:
        session.error('give the folder of a checkout: nox -s lasagne_master -- FOLDER')
    session.install('.[test]')
    session.run('pytest', 'tests/layers', 'tests/debug', env={'PYTHONPATH': session.posargs[0]})
    session.install('pytest<8', 'mock')
    session.chdir(session.posargs[0])
    files = [path for folder in ('lasagne/tests', 'lasagne/tests/layers')
             for path in sorted(glob.glob(folder + '/test_*.py'))]
    if session.python == '3.8':
        # One file indexes an array with a list of slices, which NumPy 1.22 is the last to take.
        session.install('numpy==1.22.4')
    else:
        files.remove('lasagne/tests/layers/test_conv.py')
    session.run('python', *SUITE, *files, env=FLOAT32)
