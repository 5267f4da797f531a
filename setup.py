"""Build and packaging of lasagne_ext."""
import glob
import importlib.util
import os
import platform
import re
import shlex
import shutil
import sys

from setuptools import Extension, find_packages, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

HERE = os.path.dirname(os.path.abspath(__file__))
KERNELS = os.path.join('lasagne_ext', 'kernels')
HEADERS = sorted(glob.glob(os.path.join(KERNELS, '*.h')))

#: The package that answers to ``import theano`` from Python 3.12 on.
FACADE = 'lasagne_ext.engine.pytensor.facade'

#: A module of it, as a type checker finds it; what it lacks it refuses when a program runs.
STUB = """from typing import Any

from %s import *

def __getattr__(name: str) -> Any: ...
"""


def read(*names):
    with open(os.path.join(HERE, *names), encoding='utf-8') as f:
        return f.read()


VERSION = re.search(r"^__version__ = '([^']+)'", read('lasagne_ext', '__init__.py'), re.M).group(1)


def fingerprint():
    """Return what identifies the C sources, by the very function that checks it later."""
    path = os.path.join(HERE, KERNELS, '_library.py')
    spec = importlib.util.spec_from_file_location('_library', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.fingerprint()


class build_package(build_py):
    """Put beside the packages what Python and type checkers look for at the root of an installation."""

    def run(self):
        super().run()
        # An editable wheel is made of nothing that is built, but of what lies in the folder to install from.
        folder = self.get_finalized_command('install').install_lib if self.editable_mode else self.build_lib
        self.mkpath(folder)
        self.copy_file(os.path.join(HERE, 'lasagne_ext.pth'), folder)
        if sys.version_info >= (3, 12):
            self.write_stubs(os.path.join(folder, 'theano-stubs'))

    def write_stubs(self, folder):
        """Tell type checkers and editors, which see no finder at work, that the facade is `theano`."""
        facade = os.path.join(*FACADE.split('.'))
        for source in glob.glob(os.path.join(facade, '**', '*.py'), recursive=True):
            path = os.path.join(folder, os.path.relpath(source, facade)) + 'i'
            self.mkpath(os.path.dirname(path))
            with open(path, 'w', encoding='utf-8') as f:
                f.write(STUB % source[:-3].replace(os.sep, '.').replace('.__init__', ''))


class build_kernels(build_ext):
    """Compile every kernel once per instruction set and link them into one plain library.

    The library is loaded with ctypes, so that it depends on no version of Python or NumPy. A
    machine without a compiler still gets the package: its NumPy implementation takes over.
    """

    #: Code that looks at the processor is compiled once; the kernels once per instruction set.
    ONCE = ['processor.c']

    #: Long sums of products: fused multiply-adds double their speed, and no sampling point moves.
    CONTRACTED = ['convolution.c']

    def run(self):
        super().run()
        if not self.inplace:
            self.copy_into_checkout()

    def copy_into_checkout(self):
        """Python finds the checkout before the installed package when it is started there."""
        for extension in self.extensions:
            built = self.get_ext_fullpath(extension.name)
            if os.path.exists(built) and os.access(os.path.join(HERE, KERNELS), os.W_OK):
                shutil.copy2(built, os.path.join(HERE, KERNELS))

    def build_extension(self, extension):
        try:
            self.build_library(extension, self.openmp_flags())
        except Exception as error:
            if not self.openmp_flags():
                raise
            print('lasagne_ext: building without OpenMP, because: %s' % error, file=sys.stderr)
            self.build_library(extension, [])

    def is_msvc(self):
        return self.compiler.compiler_type == 'msvc'

    def openmp_flags(self):
        return ['/openmp'] if self.is_msvc() else ['-fopenmp']

    def instruction_sets(self):
        sets = [('baseline', [])]
        if platform.machine().lower() in ('x86_64', 'amd64') and not self.is_msvc():
            sets += [('avx2', ['-mavx2', '-mfma']),
                     ('avx512', ['-mavx512f', '-mavx512dq', '-mavx512vl', '-mavx512bw'])]
        return sets

    def contraction_flags(self, source):
        # Elsewhere it would make results depend on the instruction set.
        if self.is_msvc():
            return []
        return ['-ffp-contract=fast' if source in self.CONTRACTED else '-ffp-contract=off']

    def build_library(self, extension, openmp):
        asked = shlex.split(os.environ.get('LASAGNE_EXT_CFLAGS', ''))
        flags = ['/O2'] if self.is_msvc() else [
            '-std=c11', '-O3', '-fno-math-errno', '-fno-trapping-math', '-fvisibility=hidden', '-Wno-psabi']
        objects = []
        for isa, isa_flags in self.instruction_sets():
            for source in extension.sources:
                name = os.path.basename(source)
                if name in self.ONCE and isa != 'baseline':
                    continue
                objects += self.compiler.compile(
                    [source], output_dir=os.path.join(self.build_temp, isa),
                    macros=[('ISA', isa), ('FINGERPRINT', '"%s"' % fingerprint())],
                    include_dirs=[KERNELS],
                    extra_postargs=flags + self.contraction_flags(name) + openmp + isa_flags + asked,
                    depends=extension.depends)
        self.compiler.link_shared_object(
            objects, self.get_ext_fullpath(extension.name),
            extra_postargs=[] if self.is_msvc() else openmp + asked + ['-lm'])


#: The engine `theano` up to Python 3.11, the engine `pytensor` from 3.12 on.
OLD, NEW = '; python_version < "3.12"', '; python_version >= "3.12"'
ENGINE = (['Lasagne>=0.1']
          + [name + OLD for name in ('Theano==1.0.5', 'numpy>=1.19,<1.24', 'scipy<1.14')]
          + [name + NEW for name in ('pytensor>=3.3.5,<3.4', 'numpy>=2', 'scipy')])
DEMO = ['scikit-learn', 'matplotlib']

setup(
    name='lasagne-ext',
    version=VERSION,
    description='Custom layers, a fast spatial transformer and debugging tools for Lasagne',
    long_description=read('README.rst'),
    long_description_content_type='text/x-rst',
    author='The lasagne_ext authors',
    license='MIT',
    keywords='lasagne theano spatial transformer layers debugging',
    classifiers=[
        'Development Status :: 4 - Beta',
        'Intended Audience :: Science/Research',
        'Programming Language :: Python :: 3.8',
        'Programming Language :: Python :: 3.9',
        'Programming Language :: Python :: 3.10',
        'Programming Language :: Python :: 3.11',
        'Programming Language :: Python :: 3.12',
        'Programming Language :: Python :: 3.13',
        'Topic :: Scientific/Engineering :: Artificial Intelligence',
    ],
    packages=find_packages(include=['lasagne_ext', 'lasagne_ext.*']),
    py_modules=['_lasagne_ext_hook'],
    package_data={'lasagne_ext': ['py.typed', '__init__.pyi'], 'lasagne_ext.kernels': ['*.c', '*.h']},
    python_requires='>=3.8,<3.15',
    install_requires=ENGINE + ['tqdm', 'tabulate'],
    extras_require={
        'demo': DEMO,
        'jax': ['jax' + NEW],
        'notebook': DEMO + ['notebook'],
        'test': DEMO + ['pytest', 'pytest-xdist>=3.2', 'hypothesis', 'nbmake'],
        'docs': ['sphinx>=7.4', 'furo', 'numpydoc>=1.6', 'nbsphinx>=0.9.4', 'pypandoc_binary', 'ipython',
                 'scikit-learn'],
        'bench': ['torch'],
    },
    ext_modules=[Extension('lasagne_ext.kernels._kernels',
                           sources=[os.path.join(KERNELS, name)
                                    for name in ('processor.c', 'sample.c', 'mrg.c',
                                                 'convolution.c', 'pool.c')],
                           depends=HEADERS,
                           optional=True)],
    entry_points={'console_scripts': ['lasagne-ext = lasagne_ext.__main__:main']},
    cmdclass={'build_py': build_package, 'build_ext': build_kernels},
    zip_safe=False,
)
