"""Jumping ahead in MRG31k3p, and the start of every stream.

A stream starts 2 ** 134 steps after the one before, a substream 2 ** 72 (L'Ecuyer, Simard, Chen and
Kelton 2002). A step is a product with a matrix modulo a prime, many steps one with its power.
"""
import numpy as np

from lasagne_ext.kernels.mrg import M1, M2


def _power(first_row, log2_steps, modulus):
    """The matrix of 2 ** `log2_steps` steps of a recurrence over three values, the newest first."""
    matrix = np.array([first_row, [1, 0, 0], [0, 1, 0]], dtype=object)
    for _ in range(log2_steps):
        matrix = matrix.dot(matrix) % modulus
    return matrix.astype('int64')


A1p72, A2p72 = _power([0, 2 ** 22, 2 ** 7 + 1], 72, M1), _power([2 ** 15, 0, 2 ** 15 + 1], 72, M2)
A1p134, A2p134 = _power([0, 2 ** 22, 2 ** 7 + 1], 134, M1), _power([2 ** 15, 0, 2 ** 15 + 1], 134, M2)


def jump(states, matrix1, matrix2):
    """States, (n, 6) int32, after the steps of two matrices.

    Remainders have the sign of the dividend, as in C: so the streams of a negative seed are Theano's.
    """
    states = states.astype('int64')
    return np.concatenate([_multiply(matrix1, states[:, :3], M1), _multiply(matrix2, states[:, 3:], M2)],
                          axis=1).astype('int32')


def _multiply(matrix, vectors, modulus):
    # Every product is less than 2 ** 62, so that they are reduced before they are added.
    products = np.fmod(vectors[:, None, :] * matrix, modulus)
    return np.fmod(products.sum(axis=2), modulus)


def next_stream(state):
    """The start of the stream after the one that starts at `state`, (6,) int32."""
    return jump(state[None], A1p134, A2p134)[0]


def next_substream(state):
    """The start of the substream after the one that starts at `state`, (6,) int32."""
    return jump(state[None], A1p72, A2p72)[0]


def substreams(state, count):
    """Starts of `count` substreams, (count, 6) int32, the first of them `state`."""
    states = state[None]
    matrix1, matrix2 = A1p72, A2p72
    while len(states) < count:
        states = np.concatenate([states, jump(states, matrix1, matrix2)])
        matrix1, matrix2 = _square(matrix1, M1), _square(matrix2, M2)
    return np.ascontiguousarray(states[:count])


def _square(matrix, modulus):
    return _multiply(matrix, matrix.T, modulus).T
