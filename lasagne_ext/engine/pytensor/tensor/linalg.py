"""Linear algebra with Theano's signatures."""
import functools
import warnings

import pytensor.tensor as pt
from pytensor.graph.basic import Constant
from pytensor.tensor import linalg

from lasagne_ext.engine.pytensor.tensor.adoption import adopting

#: What ``Solve`` may be told of its matrix.
MATRIX_STRUCTURES = ('general', 'symmetric', 'lower_triangular', 'upper_triangular', 'hermitian', 'banded',
                     'diagonal', 'toeplitz')

_QR_MODES = {'reduced': 'economic', 'complete': 'full', 'r': 'r'}


def alloc_diag(x):
    """Make the diagonal matrix of a vector."""
    x = pt.as_tensor_variable(x)
    if x.ndim != 1:
        raise TypeError('alloc_diag: expected a vector, got %d dimensions' % x.ndim)
    return pt.diag(x)


def extract_diag(x):
    """Return the diagonal of the first two axes."""
    return pt.diagonal(x)


def _matrix(caller, x):
    x = pt.as_tensor_variable(x)
    if x.ndim != 2:
        raise TypeError('%s: expected a matrix, got %d dimensions' % (caller, x.ndim))
    return x


def trace(X):
    """Return the sum of all that :func:`extract_diag` gives."""
    return extract_diag(X).sum()


def matrix_power(M, n):
    """Multiply a square matrix by itself; return the number 1 for ``n = 0``.

    Parameters
    ----------
    M : matrix
    n : int
        Not negative.
    """
    if n < 0:
        raise ValueError('matrix_power: expected a power of at least 0, got %d' % n)
    product = 1
    for _ in range(n):
        product = pt.dot(product, M)
    return product


def matrix_dot(*args):
    """Multiply several matrices, from the left."""
    return functools.reduce(pt.dot, args)


def norm(x, ord):
    """Compute the norm of a vector or a matrix.

    Parameters
    ----------
    x : vector or matrix
    ord : {None, 'fro', 'inf', '-inf'} or number
        Of a matrix: None, 'fro', 'inf', '-inf', 1 or -1. Of a vector: None, 'inf', '-inf' or a number,
        0 for how many elements differ from 0.
    """
    x = pt.as_tensor_variable(x)
    if x.ndim not in (1, 2):
        raise (NotImplementedError if x.ndim else ValueError)(
            'norm: expected a vector or a matrix, got %d dimensions' % x.ndim)
    if ord is None or x.ndim == 2 and ord == 'fro':
        return pt.sqrt(pt.sum(abs(x ** 2)))
    if x.ndim == 2 and ord in ('inf', '-inf', 1, -1):
        sums = pt.sum(abs(x), 1 if isinstance(ord, str) else 0)
        return pt.max(sums) if ord in ('inf', 1) else pt.min(sums)
    if x.ndim == 1 and ord in ('inf', '-inf'):
        return pt.max(abs(x)) if ord == 'inf' else pt.min(abs(x))
    if x.ndim == 2 or isinstance(ord, str):
        raise ValueError('norm: expected an order that %d-dimensional tensors have, got %r' % (x.ndim, ord))
    if ord == 0:
        return x[x.nonzero()].shape[0]
    return pt.sum(abs(x ** ord)) ** (1. / ord)


def qr(a, mode='reduced'):
    """Decompose a matrix by QR, in NumPy's modes 'reduced', 'complete' and 'r'."""
    if mode not in _QR_MODES:
        raise ValueError('qr: expected one of the modes %s, got %r' % (', '.join(_QR_MODES), mode))
    return linalg.qr(_matrix('qr', a), _QR_MODES[mode])


def svd(a, full_matrices=1, compute_uv=1):
    """Decompose a matrix by its singular values: ``[U, s, V]``, or ``s`` alone."""
    return linalg.svd(_matrix('svd', a), bool(full_matrices), bool(compute_uv))


def eigh(a, UPLO='L'):
    """Compute the eigenvalues and eigenvectors of a symmetric matrix, of which one triangle is read."""
    if UPLO not in ('L', 'U'):
        raise ValueError("eigh: expected 'L' or 'U' as UPLO, got %r" % (UPLO,))
    return linalg.eigh(_matrix('eigh', a), lower=UPLO == 'L')


@adopting
class lstsq:
    """Callable that solves least squares: ``lstsq()(x, y, rcond)``; solution, residuals, rank, singular values."""

    def __call__(self, x, y, rcond):
        solution, residuals, rank, singular = linalg.Lstsq()(x, y, rcond)
        return [solution, residuals, pt.cast(rank, 'int64'), singular]


def eigvalsh(a, b, lower=True):
    """Compute the eigenvalues of ``a x = w b x``; `b` may be None for the identity."""
    b = None if isinstance(b, Constant) and b.data is None else b
    return linalg.eigvalsh(_matrix('eigvalsh', a), b, lower=lower)


def kron(a, b):
    """Compute the Kronecker product.

    Of a vector and a matrix the axes are joined as in older versions of SciPy.
    """
    a, b = pt.as_tensor_variable(a), pt.as_tensor_variable(b)
    if a.ndim + b.ndim <= 2:
        raise TypeError('kron: expected at least three dimensions together, got %d and %d' % (a.ndim, b.ndim))
    product = pt.outer(a, b).reshape(pt.concatenate([a.shape, b.shape]), ndim=a.ndim + b.ndim)
    if product.ndim == 3:
        return product.dimshuffle(1, 0, 2).flatten()
    joined = product.dimshuffle(0, 2, 1, *range(3, product.ndim))
    shape = [product.shape[axis] for axis in range(product.ndim)]
    return joined.reshape([shape[0] * shape[2], shape[1] * shape[3]] + shape[4:])


@adopting
class Cholesky:
    """Callable that decomposes a positive definite matrix: ``Cholesky(lower=True, on_error='raise')(x)``."""

    def __init__(self, lower=True, on_error='raise'):
        if on_error not in ('raise', 'nan'):
            raise ValueError("Cholesky: expected 'raise' or 'nan' as on_error, got %r" % (on_error,))
        self.lower, self.on_error = lower, on_error

    def __call__(self, x):
        with warnings.catch_warnings():
            # PyTensor is going to return NaN in any case.
            warnings.simplefilter('ignore', FutureWarning)
            return linalg.cholesky(_matrix('Cholesky', x), lower=self.lower, on_error=self.on_error)


@adopting
class Solve:
    """Callable that solves ``A x = b``: ``Solve(A_structure='general')(A, b)``."""

    def __init__(self, A_structure='general', lower=False, overwrite_A=False, overwrite_b=False):
        if A_structure not in MATRIX_STRUCTURES:
            raise ValueError('Solve: expected one of the structures %s, got %r'
                             % (', '.join(MATRIX_STRUCTURES), A_structure))
        self.A_structure, self.lower = A_structure, lower
        self.overwrite_A, self.overwrite_b = overwrite_A, overwrite_b

    def __call__(self, A, b):
        A, b = _matrix('Solve', A), pt.as_tensor_variable(b)
        if b.ndim not in (1, 2):
            raise TypeError('Solve: expected a vector or a matrix on the right, got %d dimensions' % b.ndim)
        if self.A_structure.endswith('_triangular'):
            return linalg.solve_triangular(A, b, lower=self.A_structure.startswith('lower'), b_ndim=b.ndim)
        return linalg.solve(A, b, b_ndim=b.ndim)


@adopting
class Eigvalsh:
    """Callable that computes the eigenvalues of ``a x = w b x``: ``Eigvalsh(lower=True)(a, b)``."""

    def __init__(self, lower=True):
        self.lower = lower

    def __call__(self, a, b):
        return eigvalsh(a, b, self.lower)
