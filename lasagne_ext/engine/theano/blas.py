"""BLAS that Theano's compiled code is linked with.

Without one, Theano is not only slow: `batched_dot` does not even load. NumPy's own OpenBLAS has
renamed symbols and cannot serve; the one inside SciPy < 1.14 can.
"""
import ctypes
import glob
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections import namedtuple

from lasagne_ext.engine import _environment
from lasagne_ext.engine.settings import cache_directory

#: A BLAS: what it is called, the linker flags for Theano, and its file (None when unknown).
Blas = namedtuple('Blas', 'name flags path')

NO_BLAS = Blas('none', '', None)

#: Variables with which a user sets the number of threads of a BLAS.
THREAD_VARIABLES = ('OPENBLAS_NUM_THREADS', 'GOTO_NUM_THREADS', 'MKL_NUM_THREADS', 'OMP_NUM_THREADS')

_LINK_TEST = r'''
extern "C" void dgemm_(const char *, const char *, const int *, const int *, const int *,
                       const double *, const double *, const int *, const double *, const int *,
                       const double *, double *, const int *);
int main()
{
    const int n = 1;
    const double two = 2, three = 3, one = 1, zero = 0;
    double product = 0;
    dgemm_("N", "N", &n, &n, &n, &one, &two, &n, &three, &n, &zero, &product, &n);
    return product == 6 ? 0 : 1;
}
'''


def choose_blas(flags):
    """Return the user's BLAS, or the best one found for the compiler in use; warn where there is none.

    Parameters
    ----------
    flags : dict
        The user's settings of Theano: name -> value.

    Returns
    -------
    Blas
    """
    if 'blas.ldflags' in flags:
        return configured_blas(flags['blas.ldflags'])
    problem = None if 'cxx' in flags else _environment.missing_compiler()
    compiler = flags.get('cxx', 'clang++' if sys.platform == 'darwin' else 'g++')
    found = NO_BLAS if problem or not compiler else find_blas(compiler)
    if found is NO_BLAS and compiler and problem is None:
        remedy = 'pip install "scipy<1.14"'
        if ' ' in cache_directory():
            remedy = ('THEANO_FLAGS=base_compiledir=FOLDER, a folder without a space in its path; Theano splits '
                      'its linker flags at that of %r' % cache_directory())
        problem = ('no BLAS was found that compiled code can be linked with: matrix products and convolutions '
                   'will be slow. Mend it with: ' + remedy)
    if problem is not None:
        _environment.warn(problem)
    return found


def find_blas(compiler):
    """Find the first BLAS that links and computes: MKL, the system's OpenBLAS, then SciPy's.

    Parameters
    ----------
    compiler : str
        The C++ compiler that Theano will use.

    Returns
    -------
    Blas
        `NO_BLAS` if none works.
    """
    for candidate in _candidates():
        if _links(candidate, compiler):
            return candidate
    return NO_BLAS


def _candidates():
    for path in sorted(glob.glob(os.path.join(sys.prefix, 'lib', 'libmkl_rt.so*'))):
        yield _behind_links('MKL', 'mkl_rt', path)
    for folder in (os.path.join(sys.prefix, 'lib'), '/usr/local/lib', '/usr/lib64', '/usr/lib',
                   *sorted(glob.glob('/usr/lib/*-linux-gnu*'))):
        path = os.path.join(folder, 'libopenblas.so')
        if os.path.exists(path):
            yield Blas('OpenBLAS', '-L%s -lopenblas -Wl,-rpath,%s' % (folder, folder), path)
    try:
        import scipy
    except ImportError:
        return
    libraries = os.path.join(os.path.dirname(os.path.dirname(scipy.__file__)), 'scipy.libs')
    for path in sorted(glob.glob(os.path.join(libraries, 'libopenblas*'))):
        yield _behind_links("SciPy's OpenBLAS", 'openblas', path)
    if sys.platform == 'darwin':
        yield Blas('Accelerate', '-lblas', None)


def _behind_links(name, link_name, path):
    """Make a BLAS of a file whose name no linker would look for.

    A folder of links gives it that name, and lies beside it the libraries that it needs; no path
    with a space in it reaches Theano, which splits its flags at spaces.
    """
    source = os.path.dirname(path)
    folder = os.path.join(cache_directory(),
                          'blas-' + hashlib.sha256(path.encode()).hexdigest()[:12])
    try:
        os.makedirs(folder, exist_ok=True)
        for file_name in os.listdir(source):
            if file_name.startswith('lib') and '.so' in file_name:
                _link(os.path.join(source, file_name), os.path.join(folder, file_name))
        _link(path, os.path.join(folder, 'lib%s.so' % link_name))
    except OSError:
        folder = source                      # no place to write: the link test will tell
    # The library has no search path of its own for libgfortran, hence the old kind of rpath,
    # which holds for the libraries of a library too.
    return Blas(name, '-L%s -l%s -Wl,--disable-new-dtags -Wl,-rpath,%s'
                % (folder, link_name, folder), path)


def _link(target, link):
    if os.path.islink(link) and os.readlink(link) == target:
        return
    temporary = '%s.%d' % (link, os.getpid())
    os.symlink(target, temporary)
    os.replace(temporary, link)


def _links(blas, compiler):
    """Return whether a program linked with `blas` runs.

    A success is remembered, since it takes a compiler a while; a failure may have passed by then.
    """
    memory = os.path.join(cache_directory(), 'blas.json')
    stamp = os.path.getmtime(blas.path) if blas.path else 0
    key = '%s %s %s' % (compiler, blas.flags, stamp)
    known = _read_json(memory)
    if known.get(key):
        return True
    if not _run_link_test(blas.flags, compiler):
        return False
    known[key] = True
    _write_json(memory, known)
    return True


def _run_link_test(flags, compiler):
    with tempfile.TemporaryDirectory() as folder:
        source, program = os.path.join(folder, 'test.cpp'), os.path.join(folder, 'test')
        with open(source, 'w') as f:
            f.write(_LINK_TEST)
        quiet = {'stdout': subprocess.DEVNULL, 'stderr': subprocess.DEVNULL}
        try:
            subprocess.run([compiler, source, '-o', program] + flags.split(), check=True, **quiet)
            subprocess.run([program], check=True, timeout=60, **quiet)
        except (OSError, subprocess.SubprocessError):
            return False
    return True


def _read_json(path):
    try:
        with open(path) as f:
            content = json.load(f)
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _write_json(path, content):
    temporary = '%s.%d' % (path, os.getpid())
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(temporary, 'w') as f:
            json.dump(content, f, indent=1)
        os.replace(temporary, path)
    except OSError:
        pass                                 # nowhere to remember it: tested again next time


def configured_blas(flags):
    """Return the BLAS that a user's own linker flags name, its file found where that is possible."""
    parts = flags.split()
    folders = [part[2:] for part in parts if part.startswith('-L')]
    for part in parts:
        if part.startswith('-l'):
            found = [path for folder in folders
                     for path in glob.glob(os.path.join(folder, 'lib%s.so*' % part[2:]))]
            return Blas(part[2:], flags, found[0] if found else None)
    return Blas('none', flags, None) if not flags else Blas(flags, flags, None)


def _thread_functions(blas):
    """Return the library's functions that set and tell its number of threads, or None twice."""
    if blas.path is None:
        return None, None
    try:
        library = ctypes.CDLL(blas.path)
    except OSError:
        return None, None
    for setter, getter in (('openblas_set_num_threads', 'openblas_get_num_threads'),
                           ('MKL_Set_Num_Threads', 'MKL_Get_Max_Threads')):
        if hasattr(library, setter) and hasattr(library, getter):
            return getattr(library, setter), getattr(library, getter)
    return None, None


def limit_threads(blas):
    """Give the BLAS one thread, unless the user has asked for a number.

    Theano's convolution makes one small product per image; two threads made it several times
    slower, since they spend their time waiting for each other.
    """
    if any(variable in os.environ for variable in THREAD_VARIABLES):
        return
    setter, _ = _thread_functions(blas)
    if setter is not None:
        setter(1)


def threads(blas):
    """Return the number of threads the BLAS uses, or None when it does not tell."""
    _, getter = _thread_functions(blas)
    return None if getter is None else int(getter())
