"""Write the public names of Theano 1.0.5 to ``theano_names.txt``; to be run where it is installed.

A name counts where Theano defines its object, or it is plain data; what Theano's modules merely import
from Python, NumPy and elsewhere does not.
"""
import __future__
import importlib
import os
import types

import lasagne_ext  # noqa: F401  (makes theano importable)
import theano
import theano.tensor as T

MODULES = ('theano', 'theano.tensor', 'theano.tensor.nnet', 'theano.gradient')
VARIABLES = {'TensorVariable': T.matrix(), 'TensorConstant': T.constant(1.),
             'TensorSharedVariable': theano.shared(0.), 'TensorType': T.dmatrix}
DATA = (bool, int, float, str, list, tuple, dict, set, frozenset)


def is_theanos(value):
    if isinstance(value, __future__._Feature):
        return False
    if isinstance(value, types.ModuleType):
        return value.__name__.startswith('theano.')
    home = getattr(value, '__module__', None) or type(value).__module__
    # Theano says "tensor" of its elementwise functions.
    return home == 'tensor' or home.startswith('theano') or isinstance(value, DATA)


def main():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'theano_names.txt')
    with open(path, 'w') as f:
        for module in MODULES:
            names = vars(importlib.import_module(module))
            f.writelines('%s %s\n' % (module, name) for name, value in sorted(names.items())
                         if not name.startswith('_') and is_theanos(value))
        for kind, variable in VARIABLES.items():
            f.writelines('%s %s\n' % (kind, name) for name in dir(variable) if not name.startswith('_'))


if __name__ == '__main__':
    main()
