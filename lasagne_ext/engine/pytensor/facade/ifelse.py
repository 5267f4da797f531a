"""Lazy choice between two branches."""
from pytensor.conditional.op import IfElse

from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.border import (
    CondMerge, acceptable_ops, cond_make_inplace, cond_merge_ifs_false, cond_merge_ifs_true,
    cond_merge_random_op, cond_remove_identical, ifelse_lift_single_if_through_acceptable_ops)
from lasagne_ext.engine.pytensor.conditional import ifelse

__getattr__ = refuse(__name__, {})
