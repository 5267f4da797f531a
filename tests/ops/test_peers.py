"""The operations against what others have written: SciPy, and torch where it is installed."""
import itertools

import numpy as np
import pytest
import scipy.ndimage

from lasagne_ext import kernels
from lasagne_ext.kernels import oracle

SCIPY_MODES = {'zeros': 'grid-constant', 'nearest': 'nearest', 'mirror': 'mirror',
               'wrap': 'grid-wrap'}


@pytest.mark.parametrize('implementation', [kernels, oracle], ids=['kernels', 'oracle'])
@pytest.mark.parametrize('border_mode', kernels.BORDER_MODES)
@pytest.mark.parametrize('size', [(5, 8), (2, 2), (31, 3)])
def test_scipy(rng, implementation, border_mode, size):
    image = rng.randn(2, 3, *size)
    pixels = rng.uniform(-2.5, 2.5, (2, 2, 9, 7)) * np.array(size)[:, None, None]
    grid = np.stack([2 * pixels[:, 1] / (size[1] - 1) - 1, 2 * pixels[:, 0] / (size[0] - 1) - 1], -1)
    expected = [[scipy.ndimage.map_coordinates(plane, points, order=1,
                                               mode=SCIPY_MODES[border_mode])
                 for plane in planes] for planes, points in zip(image, pixels)]
    np.testing.assert_allclose(implementation.grid_forward(image, grid, border_mode, True), expected,
                               atol=1e-10)


@pytest.mark.parametrize('border_mode, align_corners', list(itertools.product(
    ['zeros', 'nearest', 'mirror'], [True, False])))
@pytest.mark.parametrize('dtype', ['float32', 'float64'])
@pytest.mark.parametrize('in_size, out_size', [((9, 12), (7, 10)), ((4, 4), (1, 6)), ((1, 5), (3, 3))])
def test_torch(rng, assert_close, border_mode, align_corners, dtype, in_size, out_size):
    torch = pytest.importorskip('torch')
    if border_mode == 'mirror' and not align_corners:
        pytest.skip('torch reflects about the edges then, not about the outermost pixels')
    padding = {'zeros': 'zeros', 'nearest': 'border', 'mirror': 'reflection'}[border_mode]
    image = rng.randn(3, 2, *in_size).astype(dtype)
    theta = (np.eye(2, 3) + .5 * rng.randn(3, 2, 3)).astype(dtype)
    output_grad = rng.randn(3, 2, *out_size).astype(dtype)
    images, thetas = (torch.tensor(v, requires_grad=True) for v in (image, theta))
    grid = torch.nn.functional.affine_grid(thetas, (3, 2) + out_size, align_corners=align_corners)
    output = torch.nn.functional.grid_sample(images, grid, padding_mode=padding,
                                             align_corners=align_corners)
    output.backward(torch.tensor(output_grad))
    # torch works out its coordinates in float32 where the image is float32.
    assert_close(kernels.affine_forward(image, theta, *out_size, border_mode, align_corners),
                 output.detach().numpy(), factor=20)
    ours = kernels.affine_backward(image, theta, output_grad, border_mode, align_corners)
    assert_close(ours[0], images.grad.numpy(), factor=20)
    assert_close(ours[1], thetas.grad.numpy(), factor=100)
