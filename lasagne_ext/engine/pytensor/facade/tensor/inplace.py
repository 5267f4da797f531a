"""Elementwise operations that overwrite their argument: left to rewriting on this engine."""
from lasagne_ext.engine.pytensor._names import refuse

_NAMES = ['abs_', 'add', 'and_', 'arccos', 'arccosh', 'arcsin', 'arcsinh', 'arctan', 'arctan2', 'arctanh',
          'ceil', 'chi2sf', 'conj', 'cos', 'cosh', 'deg2rad', 'eq', 'erf', 'erfc', 'erfcx', 'exp', 'exp2',
          'expm1', 'fill', 'floor', 'gamma', 'gammaln', 'ge', 'gt', 'i0', 'i1', 'int_div', 'inv', 'invert',
          'iv', 'j0', 'j1', 'jv', 'le', 'log', 'log10', 'log1p', 'log2', 'lt', 'maximum', 'minimum', 'mod',
          'mul', 'neg', 'neq', 'or_', 'pow', 'psi', 'rad2deg', 'round_half_away_from_zero',
          'round_half_to_even', 'second', 'sgn', 'sin', 'sinh', 'sqr', 'sqrt', 'sub', 'tan', 'tanh',
          'transpose', 'tri_gamma', 'true_div', 'trunc', 'xor']

__getattr__ = refuse(__name__, {
    '%s_inplace' % name: 'use theano.tensor.%s; rewriting overwrites its argument where it may' % name
    for name in _NAMES})
