"""Linear algebra in the manner of ``numpy.linalg``."""
from pytensor.tensor.basic import diag
from pytensor.tensor.linalg import (Det, MatrixInverse, TensorInv, TensorSolve, pinv, tensorinv,
                                    tensorsolve)

from lasagne_ext.engine.pytensor._names import refuse
from lasagne_ext.engine.pytensor.border import det, matrix_inverse
from lasagne_ext.engine.pytensor.tensor.linalg import (alloc_diag, eigh, extract_diag, lstsq, matrix_dot,
                                                       matrix_power, norm, qr, svd, trace)

_COMPLEX = ('Theano casts complex eigenvalues to real ones; use eigh for symmetric matrices, or '
            'pytensor.tensor.linalg.eig, which is complex')

__getattr__ = refuse(__name__, {
    'Eig': _COMPLEX, 'eig': _COMPLEX, 'AllocDiag': 'use theano.tensor.nlinalg.alloc_diag',
    'ExtractDiag': 'use theano.tensor.nlinalg.extract_diag',
    'Eigh': 'use theano.tensor.nlinalg.eigh', 'EighGrad': 'take the gradient of eigh',
    'MatrixPinv': 'use theano.tensor.nlinalg.pinv', 'QRFull': 'use theano.tensor.nlinalg.qr',
    'QRIncomplete': 'use theano.tensor.nlinalg.qr', 'SVD': 'use theano.tensor.nlinalg.svd'})
