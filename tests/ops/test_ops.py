"""The symbolic side of the operations: shapes, types, messages."""
import pickle

import numpy as np
import pytest
import theano
import theano.tensor as T

from lasagne_ext import kernels
from lasagne_ext.kernels import oracle
from lasagne_ext.ops import AffineTransform, affine_grid, affine_transform, grid_sample

pytestmark = pytest.mark.usefixtures('fast_compile')

IDENTITY = np.array([[1, 0, 0, 0, 1, 0]], dtype='float64')


@pytest.mark.parametrize('align_corners', [True, False])
@pytest.mark.parametrize('size', [(3, 4), (1, 1), (1, 5)])
def test_fused_op_equals_grid_and_sampling(rng, align_corners, size):
    image, theta = rng.randn(2, 3, 6, 5), IDENTITY + .4 * rng.randn(2, 6)
    fused = affine_transform(image, theta, size, align_corners=align_corners)
    grid = affine_grid(theta, size, align_corners)
    apart = grid_sample(image, grid, align_corners=align_corners)
    np.testing.assert_allclose(fused.eval(), apart.eval(), atol=1e-12)
    np.testing.assert_allclose(grid.eval(), oracle.affine_grid(theta.reshape(2, 2, 3), *size,
                                                               align_corners), atol=1e-12)


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
def test_default_mode_and_both_layouts_of_theta(rng, dtype):
    image, flat, matrix = T.tensor4(dtype=dtype), T.matrix(dtype=dtype), T.tensor3(dtype=dtype)
    run = theano.function([image, flat, matrix],
                          [affine_transform(image, flat, (3, 2)),
                           affine_transform(image, matrix, (3, 2)),
                           T.grad(affine_transform(image, matrix, (3, 2)).sum(), matrix)],
                          mode='FAST_RUN')
    images, theta = rng.randn(2, 2, 4, 4).astype(dtype), rng.randn(2, 6).astype(dtype)
    first, second, gradient = run(images, theta, theta.reshape(2, 2, 3))
    assert first.dtype == dtype and first.shape == (2, 2, 3, 2)
    assert (first == second).all()
    assert gradient.shape == (2, 2, 3)
    np.testing.assert_array_equal(
        first, kernels.affine_forward(images, theta.reshape(2, 2, 3), 3, 2, 'nearest', True))


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
    image, theta, grid = T.dtensor4(), T.dmatrix(), T.dtensor4()
    for output in (affine_transform(image, theta, (7, 9)), grid_sample(image, grid)):
        for graph in (output, T.grad(output.sum(), image)):
            run = theano.function([image, theta, grid], graph.shape, on_unused_input='ignore',
                                  mode='FAST_RUN')
            names = [type(node.op).__name__ for node in run.maker.fgraph.toposort()]
            assert not [name for name in names if 'AffineTransform' in name or 'GridSample' in name]
    shape = theano.function([image, theta], affine_transform(image, theta, (7, 9)).shape,
                            on_unused_input='ignore')
    assert shape(np.ones((2, 3, 4, 5)), np.ones((2, 6))).tolist() == [2, 3, 7, 9]


def test_broadcastable_dimensions():
    single = T.TensorType('float64', (True, True, False, False))()
    theta = T.dmatrix()
    assert affine_transform(single, theta, (1, 5)).broadcastable == (True, True, True, False)
    row = T.TensorType('float64', (True, False))()
    assert affine_transform(T.dtensor4(), row, (2, 2)).broadcastable == (True, False, False, False)
    gradients = T.grad(affine_transform(single, theta, (2, 2)).sum(), [single, theta])
    assert [g.broadcastable for g in gradients] == [single.broadcastable, theta.broadcastable]


def test_empty_batch_and_no_channels():
    theta = np.zeros((0, 6))
    assert affine_transform(np.zeros((0, 2, 3, 3)), theta, (2, 2)).eval().shape == (0, 2, 2, 2)
    assert affine_transform(np.zeros((1, 0, 3, 3)), IDENTITY, (2, 2)).eval().shape == (1, 0, 2, 2)
    assert grid_sample(np.zeros((0, 2, 3, 3)), np.zeros((0, 2, 2, 2))).eval().shape == (0, 2, 2, 2)


def test_image_without_pixels_is_refused():
    with pytest.raises(ValueError, match='has no pixel to sample from'):
        affine_transform(np.zeros((1, 1, 0, 3)), IDENTITY, (2, 2)).eval()


def test_equal_modes_make_equal_ops():
    ops = [AffineTransform('bilinear', 'zeros', True, False, 'a') for _ in range(2)]
    assert ops[0] == ops[1] and hash(ops[0]) == hash(ops[1])
    assert ops[0] != AffineTransform('bilinear', 'wrap', True, False, 'a')
    assert pickle.loads(pickle.dumps(ops[0])) == ops[0]


@pytest.mark.parametrize('arguments, message', [
    ({'border_mode': 'reflection'}, "did you mean 'mirror'"),
    ({'border_mode': 'border'}, "did you mean 'nearest'"),
    ({'border_mode': 'Wrap'}, "did you mean 'wrap'"),
    ({'border_mode': 'neerest'}, "did you mean 'nearest'"),
    ({'border_mode': None}, "must be one of 'zeros', 'nearest', 'mirror', 'wrap', got None"),
    ({'interpolation': 'linear'}, "did you mean 'bilinear'"),
    ({'interpolation': 'cubic'}, "must be one of 'bilinear', got 'cubic'"),
    ({'out_shape': (2,)}, 'must be a pair'),
    ({'out_shape': 3}, 'must be a pair'),
    ({'out_shape': T.dtensor4().shape}, r'got a vector of length 4; of an image take'),
    ({'out_shape': (2, 0)}, 'must be positive'),
    ({'out_shape': (2, -1)}, 'must be positive')])
def test_bad_values_are_refused_where_they_enter(arguments, message):
    call = dict(input=T.dtensor4(), theta=T.dmatrix(), out_shape=(2, 2))
    call.update(arguments)
    with pytest.raises(ValueError, match=message):
        affine_transform(**call)


@pytest.mark.parametrize('arguments, message', [
    ({'input': T.itensor4()}, r"input must be float32 or float64, got int32; cast it first, for "
                              r"example with input.astype\('float32'\)"),
    ({'input': T.tensor4(dtype='float16')}, 'got float16'),
    ({'input': T.dtensor3()}, r'must have 4 dimensions \(batch, channels, rows, columns\), got 3'),
    ({'theta': T.dvector()}, r'theta must have shape \(batch, 6\) or \(batch, 2, 3\)'),
    ({'theta': T.matrix(dtype='complex64')}, 'theta must be float32 or float64'),
    ({'out_shape': (2., 2)}, 'must hold whole numbers'),
    ({'out_shape': (True, 2)}, 'must hold whole numbers'),
    ({'out_shape': T.dmatrix()}, 'must be a vector of integers'),
    ({'out_shape': (T.scalar(), 2)}, 'must be an integer scalar'),
    ({'align_corners': 1}, 'align_corners must be True or False, got 1'),
    ({'check_finite': 'yes'}, 'check_finite must be True or False')])
def test_bad_types_are_refused_where_they_enter(arguments, message):
    call = dict(input=T.dtensor4(), theta=T.dmatrix(), out_shape=(2, 2))
    call.update(arguments)
    with pytest.raises(TypeError, match=message):
        affine_transform(**call)


def test_whole_numbers_serve_as_theta():
    image = np.arange(4.).reshape(1, 1, 2, 2)
    assert (affine_transform(image, [[1, 0, 0, 0, 1, 0]], (2, 2)).eval() == image).all()


@pytest.mark.parametrize('theta, message', [
    (np.ones((3, 6)), 'the batch sizes of input and theta must be the same, got input of shape '
                      r'\(2, 1, 3, 3\) and theta of shape \(3, 6\)'),
    (np.ones((2, 5)), r'theta must have shape \(batch, 6\) or \(batch, 2, 3\), got \(2, 5\)'),
    (np.ones((2, 3, 2)), r'theta must have shape .* got \(2, 3, 2\)')])
def test_wrong_theta_at_run_time(theta, message):
    image = np.zeros((2, 1, 3, 3))
    with pytest.raises(ValueError, match='somebody: ' + message):
        affine_transform(image, theta, (2, 2), name='somebody').eval()


@pytest.mark.parametrize('grid, message', [
    (np.ones((3, 2, 2, 2)), 'the batch sizes of input and grid must be the same'),
    (np.ones((2, 2, 2, 3)), r'grid must have shape \(batch, rows, columns, 2\)')])
def test_wrong_grid_at_run_time(grid, message):
    with pytest.raises(ValueError, match='grid_sample: ' + message):
        grid_sample(np.zeros((2, 1, 3, 3)), grid).eval()


def test_check_finite_says_which():
    theta = np.tile(IDENTITY, (3, 1))
    theta[1, 2] = np.nan
    image = np.zeros((3, 1, 2, 2))
    assert np.isnan(affine_transform(image, theta, (2, 2)).eval()[1]).all()
    with pytest.raises(ValueError, match='theta is not finite for 1 of 3 images; the first is '
                                         r'number 1: \[ 1.  0. nan'):
        affine_transform(image, theta, (2, 2), check_finite=True).eval()
