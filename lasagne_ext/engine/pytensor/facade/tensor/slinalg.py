"""Linear algebra in the manner of ``scipy.linalg``."""
from pytensor.tensor.linalg import expm

from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.border import Expm
from lasagne_ext.engine.pytensor.tensor.linalg import (MATRIX_STRUCTURES, Cholesky, Eigvalsh, Solve,
                                                       eigvalsh, kron)

imported_scipy = True

cholesky = Cholesky()
solve = Solve()
solve_lower_triangular = Solve('lower_triangular', lower=True)
solve_upper_triangular = Solve('upper_triangular', lower=False)
solve_symmetric = Solve('symmetric')

__getattr__ = refuse(__name__, dict.fromkeys(
    ['CholeskyGrad', 'EigvalshGrad', 'ExpmGrad'], 'take the gradient by theano.grad'))
