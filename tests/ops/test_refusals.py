"""What the operations refuse, where it enters, and in which words."""
import numpy as np
import pytest
import theano.tensor as T

from lasagne_ext.ops import (AffineTransformGrad, GridSampleGrad, affine_grid, affine_transform,
                             flow_grid, flow_warp, grid_sample, projective_grid, projective_transform)

pytestmark = pytest.mark.usefixtures('nothing_compiled')

IDENTITY = np.array([[1, 0, 0, 0, 1, 0]], dtype='float64')


def test_image_without_pixels_is_refused():
    with pytest.raises(ValueError, match='has no pixel to sample from'):
        affine_transform(np.zeros((1, 1, 0, 3)), IDENTITY, (2, 2)).eval()


@pytest.mark.parametrize('arguments, message', [
    ({'border_mode': 'reflection'}, "did you mean 'mirror'"),
    ({'border_mode': 'border'}, "did you mean 'nearest'"),
    ({'border_mode': 'Wrap'}, "did you mean 'wrap'"),
    ({'border_mode': 'neerest'}, "did you mean 'nearest'"),
    ({'border_mode': 'symmetric'}, "did you mean 'reflect'"),
    ({'border_mode': None}, "must be one of 'zeros', 'nearest', 'mirror', 'reflect', 'wrap', got None"),
    ({'interpolation': 'linear'}, "did you mean 'bilinear'"),
    ({'interpolation': 'trilinear'}, "did you mean 'bilinear'"),
    ({'interpolation': 'cubic'}, "must be one of 'nearest', 'bilinear', 'bicubic', got 'cubic'; did you "
                                 "mean 'bicubic'"),
    ({'cubic': .5}, 'cubic must be from -1 to 0, got 0.5'),
    ({'cubic': np.nan}, 'cubic must be from -1 to 0, got nan'),
    ({'outside_grad': -1}, 'outside_grad must be at least 0, got -1'),
    ({'outside_grad': np.inf}, 'outside_grad must be at least 0, got inf'),
    ({'aspect': 'img'}, "aspect must be one of 'image', got 'img'; did you mean 'image'"),
    ({'out_shape': (2,)}, r'out_shape must be \(rows, columns\), got \(2,\)'),
    ({'out_shape': 3}, r'out_shape must be \(rows, columns\), got 3'),
    ({'out_shape': (2, 2, 2)}, r'out_shape must be \(rows, columns\), got \(2, 2, 2\)'),
    ({'out_shape': (2, 2), 'input': T.TensorType('float64', (False,) * 5)()},
     r'out_shape must be \(depth, rows, columns\), got \(2, 2\)'),
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
    ({'input': T.dtensor3()}, r'must have 4 dimensions \(batch, channels, rows, columns\) or 5 '
                              r'\(batch, channels, depth, rows, columns\), got 3'),
    ({'theta': T.dvector()}, r'theta must have shape \(batch, 6\) or \(batch, K, 6\), got 1 dimensions'),
    ({'theta': T.matrix(dtype='complex64')}, 'theta must be float32 or float64'),
    ({'out_shape': (2., 2)}, 'must hold whole numbers'),
    ({'out_shape': (True, 2)}, 'must hold whole numbers'),
    ({'out_shape': T.dmatrix()}, 'must be a vector of integers'),
    ({'out_shape': (T.scalar(), 2)}, 'must be an integer scalar'),
    ({'align_corners': 1}, 'align_corners must be True or False, got 1'),
    ({'antialias': 1}, 'antialias must be True or False, got 1'),
    ({'cubic': '-0.5'}, "cubic must be a number, got '-0.5'"),
    ({'outside_grad': True}, 'outside_grad must be a number, got True'),
    ({'check_finite': 'yes'}, 'check_finite must be True or False')])
def test_bad_types_are_refused_where_they_enter(arguments, message):
    call = dict(input=T.dtensor4(), theta=T.dmatrix(), out_shape=(2, 2))
    call.update(arguments)
    with pytest.raises(TypeError, match=message):
        affine_transform(**call)


@pytest.mark.parametrize('theta, message', [
    (np.ones((3, 6)), 'the batch sizes of input and theta must be the same, got input of shape '
                      r'\(2, 1, 3, 3\) and theta of shape \(3, 6\)'),
    (np.ones((3, 2, 6)), 'the batch sizes of input and theta must be the same'),
    (np.ones((2, 5)), r'theta must have shape \(batch, 6\) or \(batch, K, 6\), got \(2, 5\)'),
    (np.ones((2, 2, 3)), r'.*got \(2, 2, 3\); flatten it with theta.flatten\(2\)'),
    (np.ones((2, 12)), r'theta must have shape .* got \(2, 12\)')])
@pytest.mark.parametrize('modes', [{}, {'antialias': True}, {'aspect': 'image'}])
def test_wrong_theta_at_run_time(theta, message, modes):
    if modes and 'batch sizes' in message:
        message = 'the batch sizes of input and (grid|theta) must be the same'
    image = np.zeros((2, 1, 3, 3))
    with pytest.raises(ValueError, match='somebody: ' + message):
        affine_transform(image, theta, (2, 2), name='somebody', **modes).eval()


@pytest.mark.parametrize('H, message', [
    (np.ones((2, 6)), r'H must have shape \(batch, 9\) or \(batch, K, 9\), got \(2, 6\)'),
    (np.ones((2, 3, 3)), r'.*got \(2, 3, 3\); flatten it with H.flatten\(2\)')])
def test_wrong_matrix_at_run_time(H, message):
    with pytest.raises(ValueError, match='projective_transform: ' + message):
        projective_transform(np.zeros((2, 1, 3, 3)), H, (2, 2)).eval()


@pytest.mark.parametrize('grid, message', [
    (np.ones((3, 2, 2, 2)), 'the batch sizes of input and grid must be the same'),
    (np.ones((2, 2, 2, 3)), r'grid must have shape \(batch, rows, columns, 2\) or '
                            r'\(batch, K, rows, columns, 2\), got \(2, 2, 2, 3\)'),
    (np.ones((2, 2, 2, 2, 3)), r'grid must have shape')])
@pytest.mark.parametrize('antialias', [False, True])
def test_wrong_grid_at_run_time(grid, message, antialias):
    with pytest.raises(ValueError, match='grid_sample: ' + message):
        grid_sample(np.zeros((2, 1, 3, 3)), grid, antialias=antialias).eval()


@pytest.mark.parametrize('flow, message', [
    (np.ones((3, 2, 2, 2)), 'the batch sizes of input and flow must be the same'),
    (np.ones((2, 3, 2, 2)), r'flow must have shape \(batch, 2, rows, columns\) or '
                            r'\(batch, K, 2, rows, columns\), got \(2, 3, 2, 2\)')])
def test_wrong_flow_at_run_time(flow, message):
    with pytest.raises(ValueError, match='flow_warp: ' + message):
        flow_warp(np.zeros((2, 1, 3, 3)), flow).eval()


def test_shapes_of_volumes_in_messages():
    volumes = np.zeros((1, 1, 2, 2, 2))
    for function, points, size, message in [
            (affine_transform, np.ones((1, 6)), [(2, 2, 2)], r'\(batch, 12\) or \(batch, K, 12\)'),
            (projective_transform, np.ones((1, 9)), [(2, 2, 2)], r'\(batch, 16\) or \(batch, K, 16\)'),
            (grid_sample, np.ones((1, 1, 1, 1, 2)), [], r'\(batch, depth, rows, columns, 3\) or'),
            (flow_warp, np.ones((1, 2, 1, 1, 1)), [], r'\(batch, 3, depth, rows, columns\) or')]:
        with pytest.raises(ValueError, match='must have shape ' + message):
            function(volumes, points, *size).eval()
    with pytest.raises(TypeError, match=r'grid must have shape \(batch, depth, rows, columns, 3\) or '
                                        r'\(batch, K, depth, rows, columns, 3\), got 4 dimensions'):
        grid_sample(volumes, np.ones((1, 2, 2, 2)))


@pytest.mark.parametrize('call, message', [
    (lambda: affine_grid(np.ones((1, 6)), (2, 2), aspect='image'),
     "affine_grid: aspect='image' needs in_shape"),
    (lambda: affine_grid(np.ones((1, 6)), (2,)),
     r'out_shape must be \(rows, columns\) or \(depth, rows, columns\), got \(2,\)'),
    (lambda: affine_grid(np.ones((1, 6)), (2, 2), in_shape=(2, 2, 2)),
     r'in_shape must be \(rows, columns\), got \(2, 2, 2\)'),
    (lambda: affine_grid(np.ones((1, 2, 3)), (2, 2)).eval(), r'flatten it with theta.flatten\(2\)'),
    (lambda: projective_grid(np.ones((1, 9)), (2, 2, 2)).eval(), r'H must have shape \(batch, 16\)'),
    (lambda: flow_grid(np.ones((1, 2, 3, 3)), rank=4), 'flow_grid: rank must be 2 or 3, got 4'),
    (lambda: flow_grid(np.ones((1, 3, 3, 3, 3))).eval(), r'flow must have shape \(batch, 2, rows')])
def test_wrong_arguments_of_grids(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize('op, points', [(AffineTransformGrad, np.ones((2, 6))),
                                        (AffineTransformGrad, np.ones((2, 3, 6))),
                                        (GridSampleGrad, np.ones((2, 2, 2, 2)))])
def test_gradient_of_another_shape_is_refused(op, points):
    for shape in ((2, 3, 2, 2), (1, 1, 2, 2)):
        with pytest.raises((ValueError, TypeError), match='the gradient of the output must have'):
            op(caller='somebody')(np.zeros((2, 1, 3, 3)), points, np.ones(shape))[0].eval()


def test_check_finite_says_which():
    theta = np.tile(IDENTITY, (3, 1))
    theta[1, 2] = np.nan
    image = np.zeros((3, 1, 2, 2))
    assert np.isnan(affine_transform(image, theta, (2, 2)).eval()[1]).all()
    with pytest.raises(ValueError, match='theta is not finite for 1 of 3 images; the first is '
                                         r'number 1: \[ 1.  0. nan'):
        affine_transform(image, theta, (2, 2), check_finite=True).eval()
    several = np.stack([np.tile(IDENTITY, (3, 1)), theta], axis=1)
    with pytest.raises(ValueError, match=r'1 of 6 transforms; the first is number \(1, 1\): \[ 1.  0. nan'):
        affine_transform(image, several, (2, 2), check_finite=True).eval()
    flow = np.zeros((3, 2, 2, 2))
    flow[2, 1] = np.inf
    with pytest.raises(ValueError, match='flow is not finite for 1 of 3 images; the first is number 2'):
        flow_warp(image, flow, check_finite=True).eval()
