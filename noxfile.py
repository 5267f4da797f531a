"""Sessions: the tests on every Python found, and Lasagne's own suites under the engine."""
import glob
import os
import shutil
import tarfile
from xml.etree import ElementTree

import nox

nox.options.sessions = ['tests']
nox.options.error_on_missing_interpreters = False

PYTHONS = ['3.8', '3.9', '3.10', '3.11', '3.12', '3.13', '3.14']

#: Lasagne's suites were written for an older pytest, and read no configuration of a newer one.
SUITE = ['-m', 'pytest', '-p', 'lasagne_ext', '-c', os.devnull, '--rootdir', '.', '-q',
         '-p', 'no:cacheprovider']

#: JAX where it can be had, so that its mode can be asked for.
PACKAGE = {'3.8': '.', '3.11': '.', '3.13': '.[jax]'}

#: The sampling kernels against their reference, and on how many configurations.
CONFIGURATIONS = 'tests/kernels/test_sampling_configurations.py'
MANY = {'LASAGNE_EXT_CONFIGURATIONS': os.environ.get('LASAGNE_EXT_CONFIGURATIONS', '12000')}

#: Executing the notebooks, as .ci/run does.
NOTEBOOKS = ['--nbmake', '--nbmake-timeout=300', 'notebooks']

#: Two notebooks at a time whose kernels have several threads each would wait for one another.
ONE_THREAD = {'OMP_NUM_THREADS': '1'}

#: Stop where the kernels do what C leaves undefined.
SANITIZED = ('-g -O1 -fno-omit-frame-pointer -fno-sanitize-recover=all '
             '-fsanitize=address,undefined,float-cast-overflow')

#: Parts of PyTensor's own suite in which another package's changes would show.
PYTENSOR_TESTS = ['tests/tensor/test_math.py', 'tests/tensor/test_basic.py', 'tests/tensor/test_elemwise.py',
                  'tests/tensor/test_subtensor.py', 'tests/tensor/test_special.py',
                  'tests/tensor/test_variable.py', 'tests/tensor/test_type.py', 'tests/scan/test_basic.py',
                  'tests/compile']

#: The oldest release of PyTensor that setup.py admits, and the newest.
PYTENSOR_PINS = ['pytensor==3.3.5', 'pytensor>=3.3.5,<3.4']

#: Asks for a CUDA module by the name it had before Theano 1.0.
REMOVED_CUDA = ('lasagne/tests/layers/test_conv.py::TestConv2DDNNLayer::'
                'test_import_without_gpu_or_cudnn_raises')


@nox.session(python=PYTHONS)
def tests(session):
    """The whole suite, on the installed package."""
    session.install('.[test]')
    session.run('pytest', *session.posargs)


@nox.session(python=['3.11', '3.13'])
def installation(session):
    """The package installed by pip in a new environment, editable too, and removed without a trace."""
    session.install('.[test]', 'mypy')
    session.run('pytest', '-n', '0', 'tests/engine/test_installation.py', *session.posargs,
                env={'LASAGNE_EXT_INSTALL': '1'})


@nox.session(python=['3.11', '3.13'])
def docs(session):
    """The documentation, built without a warning; its links, search and names; every example in it."""
    session.install('.[docs,test]')
    folder = os.path.abspath(os.path.join('docs', '_build', session.python))
    session.run('sphinx-build', '-n', '-W', '--keep-going', '-q', '-d', os.path.join(folder, 'doctrees'),
                'docs', os.path.join(folder, 'html'))
    session.run('pytest', 'tests/test_documentation.py', 'tests/test_docs.py', 'tests/test_docstrings.py',
                'tests/test_architecture.py', 'tests/test_troubleshooting.py',
                *session.posargs, env={'LASAGNE_EXT_DOCS': os.path.join(folder, 'html')})
    session.log('built: %s', os.path.join(folder, 'html', 'index.html'))


@nox.session(python=['3.11', '3.13'])
def notebooks(session):
    """Every notebook executed from start to end; its outputs are thrown away."""
    session.install('.[test]')
    session.run('pytest', *NOTEBOOKS, *session.posargs, env=ONE_THREAD)


@nox.session(python='3.13')
def execute(session):
    """The notebooks executed for the outputs they are committed with: nox -s execute -- [NOTEBOOK ...]."""
    session.install('.[notebook]', 'nbconvert')
    session.run('jupyter', 'nbconvert', '--to', 'notebook', '--execute', '--inplace',
                '--ExecutePreprocessor.record_timing=False', '--ClearMetadataPreprocessor.enabled=True',
                '--ClearMetadataPreprocessor.preserve_cell_metadata_mask={"tags"}',
                '--ClearMetadataPreprocessor.preserve_nb_metadata_mask='
                '{"kernelspec", ("language_info", "name")}',
                *(session.posargs or sorted(glob.glob('notebooks/*.ipynb'))), env=ONE_THREAD)


@nox.session(python='3.11')
def configurations(session):
    """The sampling kernels against their reference, on new configurations."""
    session.install('.[test]')
    session.run('pytest', '-n', '0', CONFIGURATIONS, *session.posargs, env=MANY)


@nox.session(python='3.11')
def sanitizers(session):
    """The same on kernels that stop at any access or arithmetic that C does not define (Linux, GCC)."""
    checkout = os.path.join(session.create_tmp(), 'checkout')
    shutil.rmtree(checkout, ignore_errors=True)
    shutil.copytree('.', checkout, ignore=shutil.ignore_patterns('.*', 'build', '*.so', '*.egg-info'))
    session.chdir(checkout)
    session.install('-e', '.[test]', env={'LASAGNE_EXT_CFLAGS': SANITIZED})
    runtimes = [session.run('gcc', '-print-file-name=' + name, external=True, silent=True).strip()
                for name in ('libasan.so', 'libubsan.so', 'libstdc++.so')]
    # Python itself keeps memory until it ends; the engine's own compiler has nothing to do here.
    session.run('pytest', '-n', '0', CONFIGURATIONS, *session.posargs,
                env=dict(MANY, LD_PRELOAD=' '.join(runtimes), ASAN_OPTIONS='detect_leaks=0',
                         UBSAN_OPTIONS='print_stacktrace=1', THEANO_FLAGS='cxx='))


@nox.session(python=['3.8', '3.11', '3.13'])
def lasagne_01(session):
    """The suite inside Lasagne 0.1's source distribution; float32, further Theano flags after ``--``."""
    session.install(PACKAGE[session.python], 'pytest<8', 'mock')
    folder = session.create_tmp()
    session.run('pip', 'download', '--no-deps', '--no-binary', ':all:', '-d', folder, 'Lasagne==0.1')
    archive, = [name for name in os.listdir(folder) if name.endswith('.tar.gz')]
    with tarfile.open(os.path.join(folder, archive)) as f:
        f.extractall(folder)
    session.chdir(os.path.join(folder, 'Lasagne-0.1'))
    left_out = [] if session.python == '3.13' else ['--deselect', REMOVED_CUDA]
    session.run('python', *SUITE, *left_out, 'lasagne/tests', env=theano_flags(session.posargs))


@nox.session(python=['3.8', '3.11', '3.13'])
def lasagne_master(session):
    """Both suites on a checkout of Lasagne: nox -s lasagne_master -- FOLDER [THEANO_FLAG ...]."""
    if not session.posargs:
        session.error('give the folder of a checkout: nox -s lasagne_master -- FOLDER')
    session.install(PACKAGE[session.python], 'pytest<8', 'pytest-xdist>=3.2', 'hypothesis', 'scikit-learn',
                    'matplotlib', 'mock')
    checkout = os.path.join(session.create_tmp(), 'Lasagne')
    shutil.rmtree(checkout, ignore_errors=True)
    shutil.copytree(session.posargs[0], checkout)
    index_by_tuples(os.path.join(checkout, 'lasagne/tests/layers/test_conv.py'))
    session.run('pytest', 'tests/layers', 'tests/debug', env={'PYTHONPATH': checkout})
    session.chdir(checkout)
    session.run('python', *SUITE, 'lasagne/tests', env=theano_flags(session.posargs[1:]))


@nox.session(python='3.13')
def pytensor_tests(session):
    """PyTensor's own tests with and without lasagne_ext: nox -s pytensor_tests -- [CHECKOUT [TEST ...]].

    Without a checkout, the tests are those of the installed release, by its tag. Each has to have the same
    outcome; PYTENSOR_FLAGS are heeded, ``mode=FAST_COMPILE,cxx=`` is quick.
    """
    session.install('.[test]', 'pymc', 'pytest-mock')
    session.run('pytest', '-n', '0', 'tests/engine/pytensor/test_guest.py')
    checkout = os.path.join(session.create_tmp(), 'pytensor')
    shutil.rmtree(checkout, ignore_errors=True)
    if session.posargs:
        shutil.copytree(session.posargs[0], checkout, ignore=shutil.ignore_patterns('.git'))
    else:
        release = session.run('python', '-c', 'import pytensor; print(pytensor.__version__)', silent=True).strip()
        session.run('git', 'clone', '--quiet', '--depth', '1', '--branch', 'rel-' + release,
                    'https://github.com/pymc-devs/pytensor', checkout, external=True)
    # The installed package is tested, not the checkout's.
    shutil.rmtree(os.path.join(checkout, 'pytensor'), ignore_errors=True)
    session.chdir(checkout)
    conftest = 'conftest.py' if os.path.exists('conftest.py') else os.path.join('tests', 'conftest.py')
    with open(conftest) as f:
        text = f.read()
    outcomes = []
    # When PyTensor has been set up by its conftest; lasagne_ext alone would import nothing of the engine.
    ours = ('\n\ndef pytest_collection():\n'
            '    import theano, lasagne_ext.layers, lasagne_ext.debug, lasagne_ext.training\n')
    for addition in ('', ours):
        with open(conftest, 'w') as f:
            f.write(text + addition)
        report = os.path.join(os.pardir, 'with.xml' if addition else 'without.xml')
        session.run('python', '-m', 'pytest', '-q', '-p', 'no:cacheprovider', '--junit-xml', report,
                    *(session.posargs[1:] or PYTENSOR_TESTS), success_codes=[0, 1])
        outcomes.append(read_outcomes(report))
    without, with_us = outcomes
    different = sorted(name for name in {*without, *with_us} if without.get(name) != with_us.get(name))
    session.log('%d tests, %d of them with another outcome', len(without), len(different))
    if different:
        session.error('\n'.join('%s: %s, with lasagne_ext %s' % (name, without.get(name), with_us.get(name))
                                for name in different))


def read_outcomes(report):
    """Return ``{test: outcome}`` of a JUnit report; the outcome is the first of what a test ended with."""
    return {'%s::%s' % (case.get('classname'), case.get('name')): next((part.tag for part in case), 'passed')
            for case in ElementTree.parse(report).iter('testcase')}


@nox.session(python='3.13')
@nox.parametrize('pin', PYTENSOR_PINS)
def pytensor_pins(session, pin):
    """The suite on the oldest and on the newest PyTensor that setup.py admits."""
    session.install('.[test]', pin)
    session.run('pytest', *session.posargs)


def theano_flags(further):
    return {'THEANO_FLAGS': ','.join(['floatX=float32', *further])}


def index_by_tuples(path):
    """One file of Lasagne's tests indexes arrays with lists of slices, which NumPy >= 1.23 refuses."""
    with open(path) as f:
        text = f.read()
    text = text.replace('output[slices]', 'output[tuple(slices)]')
    text = text.replace('output[[slice(None, None, factor) for factor in factors]]',
                        'output[tuple(slice(None, None, factor) for factor in factors)]')
    with open(path, 'w') as f:
        f.write(text)
