"""Drawing functions ``f(random_state, *arguments, size)`` where ``RandomState`` has none of that kind."""
import numpy as np


def random_integers(random_state, low, high, size):
    """Integers between `low` and `high`, both included and of any shapes that broadcast to `size`."""
    beyond = np.asarray(high + np.int64(1)).astype('int64')       # 127 + 1 is no int8
    return random_state.randint(np.asarray(low).astype('int64'), beyond, size)


def choice(random_state, a, replace, p, size):
    """Elements of `a`, or of ``range(a)``; an empty `p` stands for equal probabilities."""
    if a.ndim > 1:
        raise ValueError('a.ndim (%i) must be 0 or 1' % a.ndim)
    if p.ndim != 1:
        raise ValueError('p.ndim (%i) must be 1' % p.ndim)
    return random_state.choice(a if a.ndim else a.item(), size, bool(replace), p if p.size else None)


def permutation(random_state, n, size):
    """Permutations of ``range(n)``, shape `size` + (n,)."""
    size = size or ()
    drawn = np.empty(size + (int(n),), dtype='int64')
    for index in np.ndindex(*size):
        drawn[index] = random_state.permutation(int(n))
    return drawn


def multinomial(random_state, n, pvals, size):
    """Counts of the outcomes whose probabilities are in the rows of `pvals`, shape `size` + (outcomes,).

    `n` and the rows broadcast to `size`, or to one another if that is None.
    """
    rows = np.empty(pvals.shape[:-1])
    size = np.broadcast_shapes(n.shape, rows.shape) if size is None else size
    if pvals.min() < 0:
        raise ValueError('multinomial: pvals must not be negative, got %s' % pvals.min())
    ns = np.broadcast_to(n, size)
    rows = np.broadcast_to(pvals, size + pvals.shape[-1:])
    drawn = np.empty(rows.shape, dtype='int64')
    for index in np.ndindex(*size):
        drawn[index] = random_state.multinomial(ns[index], _damped(rows[index]).astype('float64'))
    return drawn


def _damped(pvals):
    """`pvals`, a little less where rounding might have their sum exceed 1, which NumPy refuses."""
    total = np.sum(pvals)
    if 1.0 < total < 1.0 + 1e-5 or pvals[-1] < 5e-5:
        pvals = pvals * (1.0 - 5e-5)
        total = np.sum(pvals)
    if total > 1.0:
        raise ValueError('multinomial: pvals must add up to at most 1, got %s' % total)
    return pvals
