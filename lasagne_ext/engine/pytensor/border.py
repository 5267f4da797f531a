"""Every name of PyTensor's that is private, or has no place in its documentation, and why it is used.

Such a name may move or change in any release. The rest of the package imports them from here, so that a new
release of PyTensor is checked by reading this file: what it cannot import, and what the release notes say of
the rest. Checked with PyTensor 3.3.5 to 3.3.8.
"""
# Theano has these in ``theano.compile``, where PyTensor's documentation has nothing of that level.
from pytensor.compile.aliasing import (  # noqa: F401
    alias_root, infer_reuse_pattern, insert_deepcopy, view_tree_set)
from pytensor.compile.debug.dump import function_dump  # noqa: F401
from pytensor.compile.executor import AliasedMemoryError, Function  # noqa: F401
from pytensor.compile.maker import FunctionMaker, UnusedInputError  # noqa: F401
from pytensor.compile.rebuild import rebuild_collect_shared  # noqa: F401

# The linker `numpy` links the graphs inside Scan and its like itself; PyTensor would compile them in C.
from pytensor.compile.inner_function import HasInnerFunction, link_only_mode  # noqa: F401

# Theano has them in ``theano.ifelse``.
from pytensor.conditional.rewriting import (  # noqa: F401
    CondMerge, acceptable_ops, cond_make_inplace, cond_merge_ifs_false, cond_merge_ifs_true,
    cond_merge_random_op, cond_remove_identical, ifelse_lift_single_if_through_acceptable_ops)

# Theano has these in ``theano.gof`` and in modules there.
from pytensor.graph.destroyhandler import DestroyHandler  # noqa: F401
from pytensor.graph.null_type import NullType, null_type  # noqa: F401
from pytensor.link.utils import gc_helper, map_storage, raise_with_op, streamline  # noqa: F401
from pytensor.utils import (  # noqa: F401
    difference, flatten, from_return_values, hash_from_code, to_return_values)

# Theano has them in ``theano.scan_module.scan_utils``; `until` ends a loop, in public programs too.
from pytensor.scan.utils import expand_empty, until  # noqa: F401

# Theano has their namesakes in ``theano.tensor.nlinalg`` and ``slinalg``.
from pytensor.tensor.linalg.inverse import matrix_inverse  # noqa: F401
from pytensor.tensor.linalg.products import Expm  # noqa: F401
from pytensor.tensor.linalg.summary import det  # noqa: F401

# The Ops that mode JAX computes the shapes of: made by PyTensor's own join and reshape.
from pytensor.tensor.reshape import JoinDims, SplitDims  # noqa: F401

# Theano has most of these in ``theano.tensor.nnet.sigm``; two change numbers or fail, and are restricted for
# the facade's modes in ``theano.tensor.opt``.
from pytensor.tensor.rewriting.math import (  # noqa: F401
    compute_mul, is_1pexp, is_exp, is_mul, is_neg, local_1msigmoid, local_div_by_one,
    local_exp_over_1_plus_exp, local_neg_to_mul, local_reciprocal_1_plus_exp, local_sigm_times_exp,
    log1msigm_to_softplus, log1p_neg_sigmoid, logsigm_to_softplus, parse_mul_tree, partition_num_or_denom,
    perform_sigm_times_exp, replace_leaf, simplify_mul)
from pytensor.tensor.rewriting.shape import ShapeFeature  # noqa: F401

# The Ops behind ``T.cast``, one for each dtype; Theano has their namesakes in ``theano.tensor.basic``.
from pytensor.tensor.basic import (  # noqa: F401
    _convert_to_bool, _convert_to_complex64, _convert_to_complex128, _convert_to_float16, _convert_to_float32,
    _convert_to_float64, _convert_to_int8, _convert_to_int16, _convert_to_int32, _convert_to_int64,
    _convert_to_uint8, _convert_to_uint16, _convert_to_uint32, _convert_to_uint64)

# Letters for nodes, in the order of PyTensor's own printing, for ``theano.printing.var_descriptor``.
from pytensor.printing import _TagGenerator as TagGenerator  # noqa: F401

# Where PyTensor's variables have their operators and methods from. The facade's classes list them anew, so
# that results are the facade's; Theano has it under the same name in ``theano.tensor.var``.
from pytensor.tensor.variable import _tensor_py_operators as TensorOperators  # noqa: F401

from pytensor.graph.basic import Variable
from pytensor.tensor.basic import Alloc
from pytensor.tensor.elemwise import Elemwise

#: The counter that numbers variables as they are made (``auto_name``): it tells a variable that a call has
#: made from one that it was given.
variable_numbers = Variable.__count__

#: PyTensor's refusals to repeat an axis of length 1 that was not known to have it: mode JAX, which computes
#: these Ops itself, refuses the same in the same words.
check_elemwise_broadcast = Elemwise._check_runtime_broadcast
check_alloc_broadcast = Alloc._check_runtime_broadcast


def check_index_broadcast(op, *args):
    """Refuse the same where an Op sets elements by an index."""
    op._check_runtime_broadcast_of_vector_index(*args)


def link_inner_graph(op, linker):
    """Let an Op with a graph inside run it by a linker, unless it has been linked.

    Parameters
    ----------
    op : HasInnerFunction
        It keeps the function under a private name, and links it by itself only for C or plain Python.
    linker : Linker
    """
    if op._fn is None:
        op._fn = op.compile_fn(link_only_mode(linker))
