"""The sampling kernels against what others have written: SciPy, and torch where it is installed."""
import numpy as np
import pytest
import scipy.ndimage

from lasagne_ext.kernels import sampling, sampling_reference
from lasagne_ext.kernels.sampling import SamplingMode

SCIPY_MODES = {'zeros': 'grid-constant', 'nearest': 'nearest', 'mirror': 'mirror',
               'reflect': 'reflect', 'wrap': 'grid-wrap'}

#: torch's reflection turns at the centres of the outermost pixels, or at their edges.
TORCH_MODES = {('zeros', True): 'zeros', ('zeros', False): 'zeros',
               ('nearest', True): 'border', ('nearest', False): 'border',
               ('mirror', True): 'reflection', ('reflect', False): 'reflection'}

implementations = pytest.mark.parametrize('implementation', [sampling, sampling_reference],
                                          ids=['kernels', 'reference'])


@implementations
@pytest.mark.parametrize('border_mode', sampling.BORDER_MODES)
@pytest.mark.parametrize('interpolation', ['nearest', 'bilinear'])
@pytest.mark.parametrize('size', [(5, 8), (2, 2), (31, 3), (4, 3, 5), (1, 2, 3), (6, 1, 4)])
def test_scipy(rng, implementation, border_mode, interpolation, size):
    rank, out_size = len(size), (9, 7, 3)[:len(size)]
    image = rng.randn(2, 3, *size)
    flow = rng.uniform(-2.5, 2.5, (2, rank) + out_size) * np.array(size[::-1])[(Ellipsis,) + (None,) * rank]
    positions = (flow + np.stack(np.meshgrid(*map(np.arange, out_size), indexing='ij')[::-1]))[:, ::-1]
    expected = [[scipy.ndimage.map_coordinates(plane, points, order=int(interpolation == 'bilinear'),
                                               mode=SCIPY_MODES[border_mode])
                 for plane in planes] for planes, points in zip(image, positions)]
    mode = SamplingMode('flow', interpolation, border_mode, True, -.75)
    np.testing.assert_allclose(implementation.sample(image, flow, out_size, mode), expected, atol=1e-10)


def torch_interpolations():
    for rank in (2, 3):
        for interpolation in ('nearest', 'bilinear') + (('bicubic',) if rank == 2 else ()):
            yield rank, interpolation


def kept_from_kinks(pixels):
    """Move positions to at least a tenth of a pixel from where a gradient jumps."""
    halves = 2 * pixels
    return (np.floor(halves) + np.clip(halves - np.floor(halves), .2, .8)) / 2


@implementations
@pytest.mark.parametrize('border_mode, align_corners', list(TORCH_MODES))
@pytest.mark.parametrize('rank, interpolation', list(torch_interpolations()))
@pytest.mark.parametrize('dtype', ['float32', 'float64'])
def test_torch_grid_sample(rng, assert_close, implementation, border_mode, align_corners, rank,
                           interpolation, dtype):
    torch = pytest.importorskip('torch')
    in_size, out_size = (9, 5, 6)[:rank], (4, 7, 3)[:rank]
    image = rng.randn(2, 3, *in_size).astype(dtype)
    output_grad = rng.randn(2, 3, *out_size).astype(dtype)
    sizes = np.array(in_size[::-1])
    pixels = kept_from_kinks(rng.uniform(-1, 2, (2,) + out_size + (rank,)) * sizes)
    grid = ((pixels - (sizes - 1) / 2) / ((sizes - 1) / 2 if align_corners else sizes / 2)).astype(dtype)
    images, grids = (torch.tensor(value, requires_grad=True) for value in (image, grid))
    output = torch.nn.functional.grid_sample(
        images, grids, mode=interpolation, padding_mode=TORCH_MODES[border_mode, align_corners],
        align_corners=align_corners)
    output.backward(torch.tensor(output_grad))
    mode = SamplingMode('grid', interpolation, border_mode, align_corners, -.75)
    # torch works out its coordinates in float32 where the image is float32.
    assert_close(implementation.sample(image, grid, out_size, mode), output.detach().numpy(), factor=20)
    ours = implementation.sample_backward(image, grid, output_grad, mode)
    assert_close(ours[0], images.grad.numpy(), factor=20)
    assert_close(ours[1], grids.grad.numpy(), factor=100)


@implementations
@pytest.mark.filterwarnings('ignore:Since version 1.3.0')      # of torch, about axes of one pixel
@pytest.mark.parametrize('align_corners', [True, False])
@pytest.mark.parametrize('in_size, out_size', [
    ((9, 12), (7, 10)), ((4, 4), (1, 6)), ((1, 5), (3, 3)), ((4, 5, 6), (3, 4, 5)), ((2, 1, 3), (1, 4, 2))])
@pytest.mark.parametrize('dtype', ['float32', 'float64'])
def test_torch_affine(rng, assert_close, implementation, align_corners, in_size, out_size, dtype):
    torch = pytest.importorskip('torch')
    rank = len(in_size)
    image = rng.randn(3, 2, *in_size).astype(dtype)
    theta = (np.eye(rank, rank + 1) + .5 * rng.randn(3, rank, rank + 1)).astype(dtype)
    output_grad = rng.randn(3, 2, *out_size).astype(dtype)
    images, thetas = (torch.tensor(value, requires_grad=True) for value in (image, theta))
    grid = torch.nn.functional.affine_grid(thetas, (3, 2) + out_size, align_corners=align_corners)
    assert_close(sampling_reference.affine_grid(theta, out_size, align_corners).astype(dtype),
                 grid.detach().numpy())
    output = torch.nn.functional.grid_sample(images, grid, padding_mode='border',
                                             align_corners=align_corners)
    output.backward(torch.tensor(output_grad))
    mode = SamplingMode('affine', 'bilinear', 'nearest', align_corners, -.75)
    assert_close(implementation.sample(image, theta, out_size, mode), output.detach().numpy(), factor=20)
    ours = implementation.sample_backward(image, theta, output_grad, mode)
    assert_close(ours[0], images.grad.numpy(), factor=20)
    assert_close(ours[1], thetas.grad.numpy(), factor=100)
