"""Elementwise operations that overwrite their first argument."""
import functools

import pytensor.tensor as pt
from pytensor.scalar import transfer_type
from pytensor.tensor.elemwise import Elemwise

#: Theano's names of the operations -> PyTensor's, where they differ.
_RENAMED = {'abs_': 'abs', 'inv': 'reciprocal'}

_NAMES = ['abs_', 'add', 'and_', 'arccos', 'arccosh', 'arcsin', 'arcsinh', 'arctan', 'arctan2', 'arctanh',
          'ceil', 'cos', 'cosh', 'deg2rad', 'eq', 'erf', 'erfc', 'erfcx', 'exp', 'exp2', 'expm1', 'floor',
          'gamma', 'gammaln', 'ge', 'gt', 'i0', 'i1', 'int_div', 'inv', 'invert', 'j0', 'j1', 'jv', 'le',
          'log', 'log10', 'log1p', 'log2', 'lt', 'maximum', 'minimum', 'mod', 'mul', 'neg', 'neq', 'or_',
          'pow', 'psi', 'rad2deg', 'round_half_away_from_zero', 'round_half_to_even', 'second', 'sin',
          'sinh', 'sqr', 'sqrt', 'sub', 'tan', 'tanh', 'tri_gamma', 'true_div', 'trunc', 'xor']


@functools.lru_cache(maxsize=None)
def inplace_operations():
    """The operations, under names such as ``exp_inplace``."""
    found = {}
    for name in _NAMES:
        scalar_op = getattr(pt, _RENAMED.get(name, name)).scalar_op
        found[name + '_inplace'] = Elemwise(type(scalar_op)(transfer_type(0)), {0: 0})
    found['fill_inplace'] = found['second_inplace']
    return found


def transpose_inplace(x):
    """The transpose of `x`, which is a view in any case."""
    return pt.transpose(x)
