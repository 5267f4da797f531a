"""The symbolic side of the operations: values, shapes, types."""
import pickle

import numpy as np
import pytest
import theano
import theano.tensor as T

from lasagne_ext.kernels import sampling, sampling_reference
from lasagne_ext.ops import (AffineTransform, AffineTransformGrad, FlowWarp, GridSample,
                             ProjectiveTransform, SamplerOptions, affine_grid, affine_transform,
                             flow_grid, flow_warp, grid_sample, projective_grid, projective_transform)

pytestmark = pytest.mark.usefixtures('nothing_compiled')

IDENTITY = np.array([[1, 0, 0, 0, 1, 0]], dtype='float64')

#: As in a default mode, but nothing is compiled in C.
OPTIMIZED = theano.compile.Mode(linker='py', optimizer='fast_run')

SIZES = [(3, 4), (1, 1), (1, 5), (2, 3, 4), (1, 2, 1)]


def matrices(rng, rank, more_rows=0, spread=.4):
    """Two of them near the identity, flat."""
    return (np.eye(rank + more_rows, rank + 1).ravel()
            + spread * rng.randn(2, (rank + more_rows) * (rank + 1)))


def image_of_rank(rng, rank):
    return rng.randn(2, 3, *(6, 5, 4)[:rank])


@pytest.mark.parametrize('align_corners', [True, False])
@pytest.mark.parametrize('size', SIZES)
def test_affine_op_equals_grid_and_sampling(rng, assert_close, align_corners, size):
    image, theta = image_of_rank(rng, len(size)), matrices(rng, len(size))
    fused = affine_transform(image, theta, size, align_corners=align_corners)
    grid = affine_grid(theta, size, align_corners=align_corners)
    apart = grid_sample(image, grid, align_corners=align_corners)
    assert_close(fused.eval(), apart.eval())
    shaped = theta.reshape(2, len(size), -1)
    assert_close(grid.eval(), sampling_reference.affine_grid(shaped, size, align_corners))


@pytest.mark.parametrize('align_corners', [True, False])
@pytest.mark.parametrize('size', SIZES)
def test_projective_op_equals_grid_and_sampling(rng, assert_close, align_corners, size):
    image, H = image_of_rank(rng, len(size)), matrices(rng, len(size), 1, .1)
    fused = projective_transform(image, H, size, border_mode='mirror', align_corners=align_corners)
    apart = grid_sample(image, projective_grid(H, size, align_corners=align_corners), border_mode='mirror',
                        align_corners=align_corners)
    assert_close(fused.eval(), apart.eval(), factor=10)


@pytest.mark.parametrize('align_corners', [True, False])
@pytest.mark.parametrize('size', [(3, 4), (6, 5), (2, 3, 4)])
def test_flow_op_equals_grid_and_sampling(rng, assert_close, align_corners, size):
    image, flow = image_of_rank(rng, len(size)), 2 * rng.randn(2, len(size), *size)
    grid = flow_grid(flow, align_corners=align_corners, in_shape=image.shape[2:], rank=len(size))
    apart = grid_sample(image, grid, align_corners=align_corners)
    assert_close(flow_warp(image, flow).eval(), apart.eval(), factor=10)


def test_size_of_a_flows_input_is_its_own_by_default(rng):
    flow = rng.randn(1, 2, 3, 4)
    np.testing.assert_array_equal(flow_grid(flow).eval(), flow_grid(flow, in_shape=(3, 4)).eval())


@pytest.mark.parametrize('interpolation', sampling.INTERPOLATIONS)
@pytest.mark.parametrize('rank', [2, 3])
def test_identities_return_the_input_bit_for_bit(rng, rank, interpolation):
    image = image_of_rank(rng, rank).astype('float32')
    image[0, 0, 1, 1], image[0, 1, 1, 2] = np.nan, -0.
    size, modes = image.shape[2:], {'interpolation': interpolation}
    theta, H = np.eye(rank, rank + 1).reshape(1, -1), np.eye(rank + 1).reshape(1, -1)
    for output in (affine_transform(image, theta.repeat(2, 0), size, **modes),
                   affine_transform(image, theta.repeat(2, 0), size, aspect='image', **modes),
                   projective_transform(image, H.repeat(2, 0), size, **modes),
                   flow_warp(image, np.zeros((2, rank) + size), **modes)):
        assert output.eval().tobytes() == image.tobytes()


@pytest.mark.parametrize('size', SIZES)
def test_projective_with_the_last_row_of_the_affine_is_affine_bit_for_bit(rng, size):
    rank = len(size)
    image, theta = image_of_rank(rng, rank), matrices(rng, rank)
    H = np.concatenate([theta, np.tile(np.eye(rank + 1)[-1], (2, 1))], axis=1)
    for interpolation in sampling.INTERPOLATIONS:
        affine = affine_transform(image, theta, size, interpolation=interpolation)
        projective = projective_transform(image, H, size, interpolation=interpolation)
        assert affine.eval().tobytes() == projective.eval().tobytes()


def test_several_transforms_are_those_of_repeated_images(sampling, some_case):
    if some_case.transforms is None:
        some_case = some_case._replace(transforms=3)
    function, (image, points), _ = sampling(some_case)
    transforms = some_case.transforms
    variables = [T.TensorType('float64', (False,) * value.ndim)() for value in (image, points)]
    output = function(*variables)
    run = theano.function(variables, [output] + T.grad(T.sum(T.sin(output)), variables))
    value, image_grad, points_grad = run(image, points)
    assert value.shape[:3] == (2, transforms, 2)
    for k in range(transforms):
        alone = run(image, points[:, k:k + 1])
        np.testing.assert_array_equal(value[:, k:k + 1], alone[0])
        np.testing.assert_allclose(points_grad[:, k:k + 1], alone[2], atol=1e-12)
        image_grad = image_grad - alone[1]
    np.testing.assert_allclose(image_grad, 0, atol=1e-12)
    single, = theano.function([], [function(image, T.constant(points[:, 0]))])()
    np.testing.assert_array_equal(value[:, 0], single)


QUARTER_TURN = np.array([[0, -1, 0, 1, 0, 0.]])


@pytest.mark.parametrize('align_corners', [True, False])
def test_aspect_makes_a_rotation_rotate(rng, align_corners):
    image = rng.randn(1, 2, 3, 7)
    modes = {'align_corners': align_corners, 'border_mode': 'zeros'}
    expected = np.zeros_like(image)
    expected[..., 2:5] = np.rot90(image[..., 2:5], axes=(2, 3))
    turned = affine_transform(image, QUARTER_TURN, (3, 7), aspect='image', **modes)
    np.testing.assert_array_equal(turned.eval(), expected)
    grid = affine_grid(QUARTER_TURN, (3, 7), align_corners=align_corners, aspect='image', in_shape=(3, 7))
    np.testing.assert_allclose(grid_sample(image, grid, **modes).eval(), expected, atol=1e-12)


def test_aspect_into_an_image_on_its_side(rng):
    image = rng.randn(1, 2, 4, 7)
    whole = 2 * QUARTER_TURN               # half the output's rows are twice half the input's: 3 and 1.5
    turned = affine_transform(image, whole, (7, 4), aspect='image')
    np.testing.assert_array_equal(turned.eval(), np.rot90(image, axes=(2, 3)))


def test_aspect_in_three_dimensions(rng):
    volume = rng.randn(1, 1, 5, 3, 3)
    swapped = np.array([[0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 0.]])          # x = z', y = y', z = x'
    turned = affine_transform(volume, swapped, (5, 3, 3), border_mode='zeros', aspect='image').eval()
    expected = np.zeros_like(volume)
    expected[:, :, 1:4] = volume[:, :, 1:4].transpose(0, 1, 4, 3, 2)
    np.testing.assert_array_equal(turned, expected)


def test_aspect_counts_in_half_rows():
    image = np.arange(20.).reshape(1, 1, 2, 10)
    to_the_right = np.array([[1, 0, 1, 0, 1, 0.]])                       # half of two rows is a pixel
    moved = affine_transform(image, to_the_right, (2, 10), align_corners=False, aspect='image').eval()
    np.testing.assert_array_equal(moved[..., :-1], image[..., 1:])


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
def test_optimized_graphs_call_the_kernels(rng, dtype):
    image, theta = T.tensor4(dtype=dtype), T.matrix(dtype=dtype)
    output = affine_transform(image, theta, (3, 2))
    run = theano.function([image, theta], [output, T.grad(output.sum(), theta)], mode=OPTIMIZED)
    images, thetas = rng.randn(2, 2, 4, 4).astype(dtype), rng.randn(2, 6).astype(dtype)
    value, gradient = run(images, thetas)
    mode = AffineTransform().mode
    assert value.dtype == dtype and gradient.dtype == dtype
    flat = thetas.reshape(2, 2, 3)
    np.testing.assert_array_equal(value, sampling.sample(images, flat, (3, 2), mode))
    _, expected = sampling.sample_backward(images, flat, np.ones_like(value), mode)
    np.testing.assert_array_equal(gradient, expected.reshape(2, 6))


def test_symbolic_output_size():
    image, theta, rows = T.dtensor4(), T.dmatrix(), T.iscalar()
    vector = T.lvector()
    pair = theano.function([image, theta, rows], affine_transform(image, theta, (rows, 2)))
    whole = theano.function([image, theta, vector], affine_transform(image, theta, vector))
    assert pair(np.ones((1, 1, 3, 3)), IDENTITY, 5).shape == (1, 1, 5, 2)
    assert whole(np.ones((1, 1, 3, 3)), IDENTITY, [4, 6]).shape == (1, 1, 4, 6)
    assert whole(np.ones((1, 1, 3, 3)), IDENTITY, [0, 6]).shape == (1, 1, 0, 6)
    with pytest.raises(ValueError, match='must not be negative'):
        whole(np.ones((1, 1, 3, 3)), IDENTITY, [-1, 6])


def test_shape_is_inferred_without_computing():
    image, theta, several, field = T.dtensor4(), T.dmatrix(), T.dtensor3(), T.dtensor4()
    samplers = AffineTransform, AffineTransformGrad, FlowWarp, GridSample, ProjectiveTransform
    for output, expected in ((affine_transform(image, theta, (7, 9)), [2, 3, 7, 9]),
                             (projective_transform(image, several, (7, 9)), [2, 4, 3, 7, 9]),
                             (grid_sample(image, field), [2, 3, 5, 6]),
                             (flow_warp(image, field), [2, 3, 6, 8])):
        for graph, shape in ((output, expected), (T.grad(output.sum(), image), [2, 3, 4, 5])):
            run = theano.function([image, theta, several, field], graph.shape,
                                  on_unused_input='ignore', mode=OPTIMIZED)
            assert not [node for node in run.maker.fgraph.toposort() if isinstance(node.op, samplers)]
            assert run(np.ones((2, 3, 4, 5)), np.ones((2, 6)), np.ones((2, 4, 9)),
                       np.ones((2, 5, 6, 8))).tolist() == shape


def test_broadcastable_dimensions():
    single = T.TensorType('float64', (True, True, False, False))()
    theta = T.dmatrix()
    assert affine_transform(single, theta, (1, 5)).broadcastable == (True, True, True, False)
    row = T.TensorType('float64', (True, False))()
    assert affine_transform(T.dtensor4(), row, (2, 2)).broadcastable == (True, False, False, False)
    several = T.TensorType('float64', (False, True, False))()
    assert affine_transform(single, several, (1, 5)).broadcastable == (True, True, True, True, False)
    flow = T.TensorType('float64', (False, False, True, False, False))()
    assert flow_warp(T.TensorType('float64', (False, True, False, False, False))(), flow).broadcastable \
        == (False, True, True, False, False)
    gradients = T.grad(affine_transform(single, theta, (2, 2)).sum(), [single, theta])
    assert [g.broadcastable for g in gradients] == [single.broadcastable, theta.broadcastable]


def test_empty_batch_and_no_channels():
    theta = np.zeros((0, 6))
    assert affine_transform(np.zeros((0, 2, 3, 3)), theta, (2, 2)).eval().shape == (0, 2, 2, 2)
    assert affine_transform(np.zeros((1, 0, 3, 3)), IDENTITY, (2, 2)).eval().shape == (1, 0, 2, 2)
    assert grid_sample(np.zeros((0, 2, 3, 3)), np.zeros((0, 2, 2, 2))).eval().shape == (0, 2, 2, 2)


def test_equal_modes_make_equal_ops():
    ops = [AffineTransform(SamplerOptions(border_mode='zeros'), 'a') for _ in range(2)]
    assert ops[0] == ops[1] and hash(ops[0]) == hash(ops[1])
    for options in ({'border_mode': 'wrap'}, {'border_mode': 'zeros', 'cubic': -.5}):
        assert ops[0] != AffineTransform(SamplerOptions(**options), 'a')
    gradients = [AffineTransformGrad(wanted=wanted) for wanted in ((True, True), (True, False))]
    assert gradients[0] != gradients[1]
    for op in ops + gradients:
        assert pickle.loads(pickle.dumps(op)) == op


def test_functions_can_be_pickled(rng):
    image, H = T.dtensor4(), T.dmatrix()
    outputs = [projective_transform(image, H, (2, 2), interpolation='bicubic'), projective_grid(H, (2, 2))]
    run = theano.function([image, H], outputs)
    values = rng.randn(2, 1, 3, 3), matrices(rng, 2, 1, .1)
    for value, expected in zip(pickle.loads(pickle.dumps(run))(*values), run(*values)):
        np.testing.assert_array_equal(value, expected)


def test_whole_numbers_serve_as_points():
    image = np.arange(4.).reshape(1, 1, 2, 2)
    assert (affine_transform(image, [[1, 0, 0, 0, 1, 0]], (2, 2)).eval() == image).all()
    shifted = flow_warp(image, np.stack([np.ones((1, 2, 2), int), np.zeros((1, 2, 2), int)], 1))
    assert shifted.eval().ravel().tolist() == [1, 1, 3, 3]


def test_points_may_have_another_dtype_than_images(rng):
    image, grid = rng.randn(1, 1, 4, 4), rng.uniform(-1, 1, (1, 3, 3, 2)).astype('float32')
    output = grid_sample(image, grid).eval()
    assert output.dtype == 'float64'
    np.testing.assert_array_equal(output, grid_sample(image, grid.astype('float64')).eval())
