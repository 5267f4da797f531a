"""Find, load and describe the compiled kernel library.

Of the standard library alone, since `setup.py` uses :func:`fingerprint` before anything is installed.
"""
import ctypes
import glob
import hashlib
import os
import warnings

#: Instruction sets the library is compiled for, from the least to the most demanding.
ISAS = ('baseline', 'avx2', 'avx512')

ISA_VARIABLE = 'LASAGNE_EXT_KERNELS'

_FOLDER = os.path.dirname(os.path.abspath(__file__))


class KernelWarning(UserWarning):
    """The compiled kernels cannot be used as asked."""


class Library:
    """The kernels of one instruction set.

    Parameters
    ----------
    path : str
        File to load.
    isa : str, optional
        One of `ISAS`. Default: the best that this processor runs.

    Attributes
    ----------
    path, isa : str
        As above.
    openmp : bool
        Whether the library was built with OpenMP; without it, one thread does all the work.

    Raises
    ------
    OSError
        If the file is no kernel library, or is built from other sources than those beside it.
    ValueError
        If this processor or library does not run `isa`.
    """

    def __init__(self, path, isa=None):
        self.path = path
        self._handle = ctypes.CDLL(path)
        if not hasattr(self._handle, 'source_fingerprint'):
            raise OSError('it is not a kernel library')
        self._handle.source_fingerprint.restype = ctypes.c_char_p
        # The kernels of other sources may take other arguments, and write anywhere.
        if self._handle.source_fingerprint().decode() != fingerprint():
            raise OSError('it was built from other sources than those beside it')
        self.openmp = bool(self._handle.built_with_openmp())
        self.isa = isa or self.runnable_isas()[-1]
        if self.isa not in self.runnable_isas():
            raise ValueError('%s=%r: this processor and library run %s'
                             % (ISA_VARIABLE, isa, ', '.join(self.runnable_isas())))

    def runnable_isas(self):
        """Return the instruction sets that are both compiled in and supported by this processor."""
        level = self._handle.processor_level()
        return [isa for isa in ISAS[:level + 1]
                if hasattr(self._handle, 'sample_forward_f32_' + isa)]

    def default_threads(self):
        """Return the threads that OpenMP would use: ``OMP_NUM_THREADS``, or the processors available."""
        return max(1, self._handle.default_threads())

    def set_threads(self, count):
        """Set how many threads kernels may use that are not told so with every call."""
        self._handle.set_threads(count)

    def run(self, kernel, dtype, arrays):
        """Run a kernel; ctypes releases the GIL meanwhile.

        Parameters
        ----------
        kernel : str
            Name without type and instruction set, ``'convolution_forward'``.
        dtype : numpy.dtype
            float32 or float64.
        arrays : iterable of numpy.ndarray or of what :func:`pointer` gave for one
            Contiguous, in the kernel's order.

        Raises
        ------
        MemoryError
            If there is no room for the kernel's intermediate results.
        """
        # The handle keeps every function that it was asked for, with C's int as its result.
        if getattr(self._handle, self._symbol(kernel, dtype))(
                *[array if isinstance(array, ctypes.c_void_p) else ctypes.c_void_p(array.ctypes.data)
                  for array in arrays]):
            raise MemoryError('%s: not enough memory' % kernel)

    def address(self, kernel, dtype):
        """Return where a kernel starts, for compilers that call it themselves."""
        # Indexed, the handle makes a function anew: the cast changes what that one returns.
        return ctypes.cast(self._handle[self._symbol(kernel, dtype)], ctypes.c_void_p).value

    def _symbol(self, kernel, dtype):
        return '%s_f%d_%s' % (kernel, 8 * dtype.itemsize, self.isa)


def pointer(array):
    """Return an array as :meth:`Library.run` hands it on, made once for many calls; it keeps the array."""
    return array.ctypes.data_as(ctypes.c_void_p)


def fingerprint():
    """Return a digest of the C files in this folder, by which a library is known to be built from them."""
    digest = hashlib.sha256()
    for name in sorted(os.listdir(_FOLDER)):
        if name.endswith(('.c', '.h')):
            with open(os.path.join(_FOLDER, name), 'rb') as f:
                digest.update(name.encode() + b'\0' + f.read().replace(b'\r\n', b'\n') + b'\0')
    return digest.hexdigest()[:16]


def find_library():
    """Return the path of the library that `setup.py` built beside this file, or None."""
    found = [path for suffix in ('*.so', '*.dylib', '*.pyd')
             for path in glob.glob(os.path.join(_FOLDER, '_kernels' + suffix))]
    return max(found, key=os.path.getmtime) if found else None


def load_library():
    """Load the library, or return None when there is none or ``LASAGNE_EXT_KERNELS=numpy``.

    Raises
    ------
    ValueError
        If ``LASAGNE_EXT_KERNELS`` names an instruction set that cannot run here.
    """
    asked = os.environ.get(ISA_VARIABLE, '').strip().lower()
    if asked == 'numpy':
        return None
    if asked and asked not in ISAS:
        raise ValueError('%s=%r: expected one of %s, or numpy'
                         % (ISA_VARIABLE, asked, ', '.join(ISAS)))
    path = find_library()
    if path is None:
        if asked:
            raise ValueError('%s=%r, but no kernel library was built when lasagne_ext was installed'
                             % (ISA_VARIABLE, asked))
        return None
    try:
        return Library(path, asked or None)
    except OSError as error:
        warnings.warn('the kernel library %s cannot be loaded (%s); the slower NumPy '
                      'implementation takes over. Reinstalling lasagne_ext rebuilds it.'
                      % (path, error), KernelWarning)
        return None
