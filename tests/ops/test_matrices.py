"""Matrices of transforms: inverses and compositions."""
from functools import partial

import numpy as np
import pytest
import theano
import theano.tensor as T

from lasagne_ext.ops import affine_transform, compose_thetas, invert_theta, theta_from_parameters

pytestmark = pytest.mark.usefixtures('nothing_compiled')

KINDS = [(2, False), (3, False), (2, True), (3, True)]


def run(function, *arrays, **options):
    """What a function of tensors computes. Constants in its graph would be folded one by one."""
    variables = [T.TensorType(array.dtype, (False,) * array.ndim)() for array in arrays]
    return theano.function(variables, function(*variables, **options))(*arrays)


def homogeneous(theta, rank):
    """Matrices (..., rank + 1, rank + 1) of rows that may lack the last."""
    matrix = np.asarray(theta).reshape(np.shape(theta)[:-1] + (-1, rank + 1))
    last = np.broadcast_to(np.eye(rank + 1)[rank:], matrix.shape[:-2] + (1, rank + 1))
    return matrix if matrix.shape[-2] == rank + 1 else np.concatenate([matrix, last], axis=-2)


def random_matrices(rng, rank, projective, leading=(3,)):
    size = rank + 1
    matrices = np.eye(size) + .3 * rng.randn(*leading, size, size)
    return matrices[..., :rank + projective, :].reshape(leading + (-1,))


@pytest.mark.parametrize('rank, projective', KINDS)
@pytest.mark.parametrize('leading', [(3,), (2, 4)])
def test_inverse(rng, assert_close, rank, projective, leading):
    theta = random_matrices(rng, rank, projective, leading)
    inverse = run(invert_theta, theta, rank=rank, projective=projective)
    assert inverse.shape == theta.shape
    expected = np.linalg.inv(homogeneous(theta, rank))
    assert_close(homogeneous(inverse, rank), expected, factor=100)


@pytest.mark.parametrize('rank, projective', KINDS)
def test_inverse_of_the_identity_is_exact(rank, projective):
    identity = np.eye(rank + 1, dtype='float32')[:rank + projective].reshape(1, -1)
    inverse = run(invert_theta, identity, rank=rank, projective=projective)
    assert inverse.dtype == 'float32' and (inverse == identity).all()


@pytest.mark.parametrize('rank, projective', KINDS)
def test_singular_has_no_finite_inverse(rank, projective):
    theta = np.zeros((1, (rank + 1) * (rank + projective)))
    inverse = run(invert_theta, theta, rank=rank, projective=projective)
    assert not np.isfinite(inverse).any()


@pytest.mark.parametrize('rank, projective', KINDS)
@pytest.mark.parametrize('first, second', [((3,), (3,)), ((3, 2), (3, 2)), ((3,), (3, 2)),
                                           ((3, 2), (3,))])
def test_composition_is_the_product(rng, assert_close, rank, projective, first, second):
    one = random_matrices(rng, rank, projective, first)
    two = random_matrices(rng, rank, projective, second)
    both = run(compose_thetas, one, two, rank=rank, projective=projective)
    if len(first) != len(second):
        one, two = (theta if theta.ndim == 3 else theta[:, None] for theta in (one, two))
    assert_close(homogeneous(both, rank), homogeneous(one, rank) @ homogeneous(two, rank))


def test_composition_samples_with_the_first_and_then_with_the_second(rng, assert_close):
    """Shifts by whole pixels and quarter turns need no interpolation: both ways are the same."""
    image = np.zeros((1, 1, 9, 9))
    image[..., 3:6, 3:6] = rng.randn(3, 3)
    shift = np.array([[1, 0, .25, 0, 1, 0]])
    turned = run(partial(theta_from_parameters, 'rotation'), np.array([[np.pi / 2]]))
    for first, second in ((shift, turned), (turned, shift)):
        half_way = run(affine_transform, image, first, out_shape=(9, 9))
        steps = run(affine_transform, half_way, second, out_shape=(9, 9))
        once, other = (run(affine_transform, image, run(compose_thetas, *thetas), out_shape=(9, 9))
                       for thetas in ((first, second), (second, first)))
        assert_close(once, steps, factor=10)
        assert abs(other - steps).max() > .1


@pytest.mark.parametrize('rank, projective', KINDS)
def test_gradients_of_inverse_and_composition(rng, rank, projective):
    one, two = (random_matrices(rng, rank, projective, (2,)) for _ in range(2))
    weights = rng.randn(*one.shape)
    theano.gradient.verify_grad(lambda value: invert_theta(value, rank, projective) * weights, [one],
                                rng=rng)
    theano.gradient.verify_grad(
        lambda *values: compose_thetas(*values, rank, projective) * weights, [one, two], rng=rng)


@pytest.mark.parametrize('call, error, message', [
    (lambda: invert_theta(np.ones((1, 12))), ValueError,
     r'invert_theta: theta must have shape \(batch, 6\), got \(1, 12\)'),
    (lambda: invert_theta(np.ones((1, 9)), projective='yes'), TypeError,
     'invert_theta: projective must be True or False'),
    (lambda: compose_thetas(np.ones((1, 6)), np.ones((1, 9))), ValueError,
     r'compose_thetas: second must have shape \(batch, 6\), got \(1, 9\)')])
def test_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
