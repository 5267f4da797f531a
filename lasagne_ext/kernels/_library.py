"""Finding, loading and describing the compiled kernel library."""
import ctypes
import glob
import os
import warnings

from lasagne_ext.kernels._fingerprint import fingerprint

#: Instruction sets the library is compiled for, from the least to the most demanding.
ISAS = ('baseline', 'avx2', 'avx512')

ISA_VARIABLE = 'LASAGNE_EXT_KERNELS'


class KernelWarning(UserWarning):
    """The compiled kernels cannot be used as asked."""


class Library:
    """The kernels of one instruction set.

    Attributes
    ----------
    path : str
        File that was loaded.
    isa : str
        One of `ISAS`: the best this processor runs, or the one asked for in the environment
        variable ``LASAGNE_EXT_KERNELS``.
    openmp : bool
        Whether the library was built with OpenMP; without it, one thread does all the work.
    """

    def __init__(self, path, isa=None):
        self.path = path
        self._handle = ctypes.CDLL(path)
        _check_fingerprint(self._handle)
        self.openmp = bool(self._handle.built_with_openmp())
        self.isa = isa or self.runnable_isas()[-1]
        if self.isa not in self.runnable_isas():
            raise ValueError('%s=%r: this processor and library run %s'
                             % (ISA_VARIABLE, isa, ', '.join(self.runnable_isas())))
        self._functions = {}

    def runnable_isas(self):
        """Instruction sets that are both compiled in and supported by this processor."""
        level = self._handle.processor_level()
        return [isa for isa in ISAS[:level + 1]
                if hasattr(self._handle, 'sample_forward_f32_' + isa)]

    def default_threads(self):
        """Threads that OpenMP would use: ``OMP_NUM_THREADS``, or the processors available."""
        return max(1, self._handle.default_threads())

    def set_threads(self, count):
        """How many threads the kernels may use that :meth:`run` runs."""
        self._handle.set_threads(count)

    def call(self, kernel, dtype, arguments, geometry):
        """Run a kernel; ctypes releases the GIL meanwhile.

        Parameters
        ----------
        kernel : str
            Name without type and instruction set, ``'affine_forward'``.
        dtype : numpy.dtype
            float32 or float64.
        arguments : iterable of numpy.ndarray or int
            Contiguous arrays and flags, in the kernel's order.
        geometry : Geometry
            Sizes and modes.
        """
        self._function(kernel, dtype)(*[
            argument if isinstance(argument, int) else ctypes.c_void_p(argument.ctypes.data)
            for argument in arguments], ctypes.byref(geometry))

    def run(self, kernel, dtype, arrays):
        """Run a kernel that takes contiguous arrays alone, and may run out of memory.

        Parameters
        ----------
        kernel : str
            Name without type and instruction set, ``'convolution_forward'``.
        dtype : numpy.dtype
            float32 or float64.
        arrays : iterable of numpy.ndarray or of what :func:`pointer` gave for one
            In the kernel's order.

        Raises
        ------
        MemoryError
            If there is no room for the kernel's intermediate results.
        """
        if self._function(kernel, dtype, ctypes.c_int)(
                *[array if isinstance(array, ctypes.c_void_p) else pointer(array) for array in arrays]):
            raise MemoryError('%s: not enough memory' % kernel)

    def address(self, kernel, dtype):
        """Where a kernel starts, for compilers that call it themselves."""
        # Not the function that `run` keeps: what that one returns must stay declared.
        return ctypes.cast(self._handle[self._symbol(kernel, dtype)], ctypes.c_void_p).value

    def _symbol(self, kernel, dtype):
        return '%s_f%d_%s' % (kernel, 8 * dtype.itemsize, self.isa)

    def _function(self, kernel, dtype, result=None):
        key = kernel, dtype.itemsize
        function = self._functions.get(key)
        if function is None:
            function = getattr(self._handle, self._symbol(kernel, dtype))
            function.restype = result
            self._functions[key] = function
        return function


def pointer(array):
    """Where an array's data are, for :meth:`Library.run`; the array must live as long."""
    return ctypes.c_void_p(array.ctypes.data)


def _check_fingerprint(handle):
    """Refuse a library of other sources: it may take other arguments and write anywhere."""
    if not hasattr(handle, 'source_fingerprint'):
        raise OSError('it is not a kernel library')
    handle.source_fingerprint.restype = ctypes.c_char_p
    if handle.source_fingerprint().decode() != fingerprint():
        raise OSError('it was built from other sources than those beside it')


def find_library():
    """Path of the library that `setup.py` built beside this file, or None."""
    found = [path for suffix in ('*.so', '*.dylib', '*.pyd')
             for path in glob.glob(os.path.join(os.path.dirname(__file__), '_kernels' + suffix))]
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
