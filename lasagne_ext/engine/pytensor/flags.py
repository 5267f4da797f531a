"""Settings of Theano that the user has made, handed to PyTensor."""
import contextlib

from lasagne_ext.engine import settings
from lasagne_ext.engine._environment import warn

#: Flags of Theano that PyTensor has under the same name, but for the dot.
SHARED = (
    'DebugMode.check_c', 'DebugMode.check_finite', 'DebugMode.check_preallocated_output',
    'DebugMode.check_preallocated_output_ndim', 'DebugMode.check_py', 'DebugMode.check_strides',
    'DebugMode.patience', 'DebugMode.warn_input_not_reused', 'NanGuardMode.action',
    'NanGuardMode.big_is_error', 'NanGuardMode.inf_is_error', 'NanGuardMode.nan_is_error', 'allow_gc',
    'base_compiledir', 'blas.check_openmp', 'blas.ldflags', 'cast_policy', 'check_input',
    'check_stack_trace', 'cmodule.age_thresh_use', 'cmodule.compilation_warning', 'cmodule.debug',
    'cmodule.preload_cache', 'cmodule.remove_gxx_opt', 'cmodule.warn_no_version', 'compile.timeout',
    'compile.wait', 'compiledir', 'compiledir_format', 'cxx', 'cycle_detection', 'exception_verbosity',
    'floatX', 'gcc.cxxflags', 'lib.amdlibm', 'nocleanup', 'on_opt_error', 'on_shape_error',
    'on_unused_input', 'openmp', 'openmp_elemwise_minsize', 'optdb.max_use_ratio',
    'optdb.position_cutoff', 'optimizer', 'optimizer_excluding', 'optimizer_including',
    'optimizer_requiring', 'optimizer_verbose', 'print_global_stats', 'profile', 'profile_memory',
    'profile_optimizer', 'profiling.debugprint', 'profiling.destination',
    'profiling.ignore_first_call', 'profiling.min_memory_size', 'profiling.min_peak_memory',
    'profiling.n_apply', 'profiling.n_ops', 'profiling.output_line_width', 'profiling.time_thunks',
    'scan.allow_gc', 'scan.allow_output_prealloc', 'tensor.cmp_sloppy',
    'tensor.insert_inplace_optimizer_validate_nb', 'traceback.compile_limit', 'traceback.limit',
    'unpickle_function', 'vm.lazy', 'warn_float64', 'mode', 'linker')

#: A .theanorc may write names in any case.
_BY_LOWER_CASE = {name.lower(): name for name in SHARED}

#: Linkers of Theano without a namesake worth having.
_LINKERS = {'c|py': 'cvm', 'c': 'cvm', 'c|py_nogc': 'cvm_nogc', 'py': 'vm'}

_MODES = {'DEBUG_MODE': 'DebugMode'}


def translated(name, value):
    """Translate a flag of Theano to ``(name, value)`` of PyTensor's, or None where it has no meaning there."""
    name = _BY_LOWER_CASE.get(name.lower())
    if name is None:
        return None
    if name == 'linker':
        value = _LINKERS.get(value, value)
    elif name == 'mode':
        value = _MODES.get(value, value)
    elif name == 'floatX' and value == 'float16':
        raise ValueError('floatX=float16 is not available on the engine "pytensor"; use float32')
    return name.replace('.', '__'), value


#: Settings that are the facade's own, and not PyTensor's.
OURS = ('linker', 'mode')


@contextlib.contextmanager
def pytensor_flags(flags):
    """Let PyTensor, imported inside, see the user's settings of Theano; its own win."""
    flags = {name: value for name, value in flags.items() if name not in OURS}
    warn_of_device(flags.get('force_device') or flags.get('device', 'cpu'))
    pairs = [pair for pair in (translated(*item) for item in flags.items()) if pair is not None]
    with settings.added('PYTENSOR_FLAGS', ['%s="%s"' % pair for pair in pairs]):
        yield


def warn_of_device(device):
    """Say that there is no graphics card here; programs go on without, as Theano lets them."""
    if device.lower() not in ('cpu', 'false', 'true', ''):
        warn('device=%s: the engine "pytensor" has no GPU; everything runs on the CPU. JAX '
             'uses a GPU by itself where the mode is JAX and jax finds one' % device)
