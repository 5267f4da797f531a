"""Families of transforms: their matrices from few numbers."""
from functools import partial

import numpy as np
import pytest
import theano
import theano.tensor as T

from lasagne_ext import ops
from lasagne_ext.ops import (SamplerOptions, TransformFamily, affine_transform,
                             identity_parameters, invert_theta, num_parameters, theta_from_parameters)
from lasagne_ext.ops.families import FAMILIES

pytestmark = pytest.mark.usefixtures('nothing_compiled')

#: Of rotations: none, where the series are taken, about where they end, and more than a turn.
ANGLES = [0, 1e-9, 1e-3, .0999, .1001, 1., 3., 10.]


def run(function, *arrays, **options):
    """What a function of tensors computes. Constants in its graph would be folded one by one."""
    variables = [T.TensorType(array.dtype, (False,) * array.ndim)() for array in arrays]
    return theano.function(variables, function(*variables, **options))(*arrays)


def homogeneous(theta, rank):
    """Matrices (..., rank + 1, rank + 1) of rows that may lack the last."""
    matrix = np.asarray(theta).reshape(np.shape(theta)[:-1] + (-1, rank + 1))
    last = np.broadcast_to(np.eye(rank + 1)[rank:], matrix.shape[:-2] + (1, rank + 1))
    return matrix if matrix.shape[-2] == rank + 1 else np.concatenate([matrix, last], axis=-2)


def turn(vector):
    """Rotation matrix of a rotation vector, by the exponential of its cross product."""
    x, y, z = vector
    step = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    total = term = np.eye(3)
    for k in range(1, 60):
        term = term @ step / k
        total = total + term
    return total


@pytest.mark.parametrize('rank', [2, 3])
@pytest.mark.parametrize('family', FAMILIES)
@pytest.mark.parametrize('dtype', ['float32', 'float64'])
def test_identity_is_exact(family, rank, dtype):
    identity = identity_parameters(family, rank)
    assert identity.shape == (num_parameters(family, rank),)
    for leading in ((2,), (2, 3)):
        parameters = np.broadcast_to(identity, leading + identity.shape).astype(dtype)
        theta = run(partial(theta_from_parameters, family), parameters, rank=rank)
        assert theta.dtype == dtype and theta.shape[:-1] == leading
        assert (homogeneous(theta, rank) == np.eye(rank + 1)).all()


def test_sizes():
    sizes = {family: (num_parameters(family), num_parameters(family, 3)) for family in FAMILIES}
    assert sizes == {'affine': (6, 12), 'similarity': (4, 7), 'rigid': (3, 6), 'attention': (3, 4),
                     'scale': (2, 3), 'translation': (2, 3), 'rotation': (1, 3),
                     'projective': (8, 15)}


@pytest.mark.parametrize('family, parameters, expected', [
    ('affine', [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6]),
    ('similarity', [2, np.pi / 6, .1, .2], [3 ** .5, -1, .1, 1, 3 ** .5, .2]),
    ('rigid', [np.pi / 2, .1, .2], [0, -1, .1, 1, 0, .2]),
    ('attention', [2, .1, .2], [2, 0, .1, 0, 2, .2]),
    ('scale', [2, 3], [2, 0, 0, 0, 3, 0]),
    ('translation', [.1, .2], [1, 0, .1, 0, 1, .2]),
    ('rotation', [np.pi / 2], [0, -1, 0, 1, 0, 0]),
    ('projective', [1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4, 5, 6, 7, 8, 1])])
def test_values_in_2d(assert_close, family, parameters, expected):
    theta = run(partial(theta_from_parameters, family), np.array([parameters], 'float64'))
    assert_close(theta, np.array([expected], 'float64'))


def test_values_in_3d(rng, assert_close):
    directions = rng.randn(len(ANGLES), 3)
    vectors = directions / np.linalg.norm(directions, axis=1)[:, None] * np.array(ANGLES)[:, None]
    rotations, shifts = np.stack([turn(vector) for vector in vectors]), rng.randn(len(ANGLES), 3)
    still, scale = np.zeros_like(shifts), np.full((len(ANGLES), 1), .7)

    def check(family, parameters, linear, shift):
        theta = run(partial(theta_from_parameters, family), np.column_stack(parameters), rank=3)
        linear = np.broadcast_to(linear, rotations.shape)
        assert_close(theta.reshape(-1, 3, 4), np.concatenate([linear, shift[:, :, None]], axis=2))
    check('rotation', [vectors], rotations, still)
    check('rigid', [vectors, shifts], rotations, shifts)
    check('similarity', [scale, vectors, shifts], .7 * rotations, shifts)
    check('attention', [scale, shifts], .7 * np.eye(3), shifts)
    check('scale', [np.tile([1, 2., 3], (len(ANGLES), 1))], np.diag([1, 2, 3]), still)
    check('translation', [shifts], np.eye(3), shifts)


def test_rotation_about_z_is_that_of_2d(assert_close):
    rotation = partial(theta_from_parameters, 'rotation')
    flat = run(rotation, np.array([[.4]])).reshape(2, 3)
    solid = run(rotation, np.array([[0, 0, .4]]), rank=3).reshape(3, 4)
    assert_close(solid[:2, :2], flat[:, :2])


def test_positive_angle_turns_the_contents_counter_clockwise():
    image = np.zeros((1, 1, 3, 3))
    image[0, 0, 1, 2] = 1                                # right of the middle
    turned = run(lambda angle: affine_transform(image, theta_from_parameters('rotation', angle), (3, 3)),
                 np.array([[np.pi / 2]]))
    assert turned[0, 0].round(9).tolist() == [
        [0, 1, 0], [0, 0, 0], [0, 0, 0]]                 # above it


@pytest.mark.parametrize('rank', [2, 3])
@pytest.mark.parametrize('family', FAMILIES)
def test_gradient(rng, family, rank):
    parameters = identity_parameters(family, rank) + .5 * rng.randn(2, num_parameters(family, rank))
    weights = rng.randn(*run(partial(theta_from_parameters, family), parameters, rank=rank).shape)
    theano.gradient.verify_grad(lambda value: theta_from_parameters(family, value, rank) * weights, [parameters],
                                rng=rng)


def test_rotation_is_smooth_at_no_rotation(rng):
    vectors = np.array([[0, 0, 0], [1e-5, 0, 0], [.05, .05, 0], [.3, -.2, .1]])
    weights = rng.randn(12)
    theano.gradient.verify_grad(lambda value: theta_from_parameters('rotation', value, 3) * weights, [vectors],
                                rng=rng)
    theano.gradient.verify_grad(
        lambda value: T.grad(T.sum(T.sqr(theta_from_parameters('rotation', value, 3)) * weights), value), [vectors],
        rng=rng)


def test_r_operator(rng):
    value, step = T.dmatrix(), T.dmatrix()
    theta = theta_from_parameters('similarity', value)
    along = theano.function([value, step], T.Rop(theta, value, step))
    start, change = rng.randn(2, 4), rng.randn(2, 4)
    theta = theano.function([value], theta)
    expected = (theta(start + 1e-6 * change) - theta(start - 1e-6 * change)) / 2e-6
    np.testing.assert_allclose(along(start, change), expected, atol=1e-8)


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
def test_default_mode(rng, dtype):
    value = T.matrix(dtype=dtype)
    theta = invert_theta(theta_from_parameters('rigid', value))
    function = theano.function([value], [theta, T.grad(theta.sum(), value)], mode='FAST_RUN')
    theta, gradient = function(rng.randn(2, 3).astype(dtype))
    assert theta.dtype == gradient.dtype == dtype
    assert theta.shape == (2, 6) and np.isfinite(gradient).all()


def test_whole_numbers_take_the_default_float():
    assert theta_from_parameters('attention', np.array([[1, 0, 0]])).dtype == theano.config.floatX


@pytest.mark.parametrize('call, error, message', [
    (lambda: theta_from_parameters('similar', np.ones((1, 4))), ValueError,
     "theta_from_parameters: family must be one of .* got 'similar'; did you mean 'similarity'"),
    (lambda: theta_from_parameters('rigid', np.ones((1, 4))), ValueError,
     r'theta_from_parameters: parameters must have shape \(batch, 3\), got \(1, 4\)'),
    (lambda: theta_from_parameters('rigid', np.ones((1, 2, 4)), name='stn'), ValueError,
     r'stn: parameters must have shape \(batch, K, 3\), got \(1, 2, 4\)'),
    (lambda: theta_from_parameters('rigid', np.ones(3)), TypeError, r'\(batch, 3\) or \(batch, K, 3\)'),
    (lambda: theta_from_parameters('rigid', np.ones((1, 3)), rank=4), ValueError,
     r'theta_from_parameters: rank must be 2 \(images\) or 3 \(volumes\), got 4'),
    (lambda: num_parameters('rigid', 1), ValueError, 'num_parameters: rank must be 2')])
def test_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize('mode', ['FAST_RUN', 'FAST_COMPILE'])
def test_wrong_count_is_refused_at_run_time(mode):
    value = T.dmatrix()
    function = theano.function([value], theta_from_parameters('attention', value), mode=mode)
    with pytest.raises(ValueError, match=r'theta_from_parameters: parameters must have shape \(batch, 3\), got '
                                         r'\(2, 4\)'):
        function(np.ones((2, 4)))


class Shear(TransformFamily):
    """A family of a user's."""

    name = 'shear'

    def num_parameters(self, rank=2):
        return 1

    def identity_parameters(self, rank=2):
        return np.zeros(1)

    def theta_from_parameters(self, parameters, rank=2):
        one, zero = T.ones_like(parameters), T.zeros_like(parameters)
        return T.concatenate([one, parameters, zero, zero, one, zero], axis=parameters.ndim - 1)


def test_family_of_ones_own(rng):
    shear = Shear()
    assert num_parameters(shear) == 1 and identity_parameters(shear).tolist() == [0]
    theta = run(partial(theta_from_parameters, shear), np.array([[.5]]))
    assert theta.tolist() == [[1, .5, 0, 0, 1, 0]]
    image = rng.randn(1, 1, 4, 5)
    expected = run(affine_transform, image, theta, out_shape=(4, 5))
    actual = shear.transform(T.constant(image), T.constant(np.array([[.5]])), (4, 5), SamplerOptions(), 'mine')
    assert np.array_equal(actual.eval(), expected)
    with pytest.raises(ValueError, match=r'mine: parameters must have shape \(batch, 1\), got \(1, 2\)'):
        shear.transform(T.constant(image), T.constant(np.ones((1, 2))), (4, 5), SamplerOptions(), 'mine')


def test_names_of_earlier_releases():
    assert ops.theta_of is theta_from_parameters
    assert ops.family_size is num_parameters and ops.family_identity is identity_parameters
