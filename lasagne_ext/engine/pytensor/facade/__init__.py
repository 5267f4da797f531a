"""Theano's names, answered by PyTensor: ``import theano`` on Python 3.12 and newer."""
import pytensor

PY3 = True

__version__ = '1.0.5+pytensor' + pytensor.__version__
version = type('version', (), {'version': __version__, 'full_version': __version__,
                               'short_version': '1.0.5', '__slots__': ()})

from theano.configdefaults import config  # noqa: E402
from theano.configparser import change_flags  # noqa: E402
from theano import gof, scalar  # noqa: E402
from theano.gof import (Apply, Constant, Container, FunctionGraph, Generic, InconsistencyError,  # noqa: E402
                        Linker, LocalLinker, Op, OpenMPOp, Type, Variable, generic, toolbox)
from theano import compile  # noqa: E402
from theano.compile import (FunctionMaker, In, Mode, OpFromGraph, Out, Param, ProfileStats,  # noqa: E402
                            SymbolicInput, SymbolicOutput, as_op, function, function_dump,
                            predefined_linkers, predefined_modes, predefined_optimizers, shared)
from theano import tensor  # noqa: E402
from theano import gradient  # noqa: E402
from theano.gradient import Lop, Rop, grad, subgraph_grad  # noqa: E402
from theano import compat, gpuarray, ifelse, misc, printing, sandbox, updates  # noqa: E402
from theano.printing import pp, pprint  # noqa: E402
from theano import scan_module  # noqa: E402
from theano.scan_module import clone, foldl, foldr, map, reduce, scan, scan_checkpoints  # noqa: E402
from theano.tensor import TensorType, TensorVariable, dot, get_scalar_constant_value  # noqa: E402
from theano.updates import OrderedUpdates  # noqa: E402

from lasagne_ext.engine.pytensor._names import refuse  # noqa: E402

_THEANO_ONLY_LINKER = 'name a linker instead: theano.Mode(linker="cvm"), "numba", "vm" or "jax"'

_INSIDE = 'it is a part of Theano\'s inside, which programs do not need'

__getattr__ = refuse(__name__, {
    **dict.fromkeys(['disable_log_handler', 'has_handlers', 'object2', 'opt', 'p', 'pathparse', 'rpath',
                     'utils', 'theano_logger', 'logging_default_formatter', 'logging_default_handler'],
                    _INSIDE),
    'test': 'this engine is tested together with lasagne_ext',
    'tests': 'this engine is tested together with lasagne_ext',
    'CLinker': _THEANO_ONLY_LINKER,
    'DualLinker': _THEANO_ONLY_LINKER,
    'OpWiseCLinker': _THEANO_ONLY_LINKER,
    'PerformLinker': _THEANO_ONLY_LINKER,
    'sparse': 'sparse matrices are not part of this engine; use pytensor.sparse in PyTensor\'s own terms',
    'sparse_grad': 'sparse matrices are not part of this engine; take the ordinary gradient',
    'typed_list': 'use a Python list of variables',
})
