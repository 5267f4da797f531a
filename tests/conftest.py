"""Fixtures of the whole suite: one tolerance table, cases off the kinks, programs run apart."""
import os
import subprocess
import sys

import hypothesis
import numpy as np
import pytest

import lasagne_ext                           # first: activates the engine
import lasagne
import theano
from lasagne_ext import kernels
from lasagne_ext.kernels import sampling, sampling_reference
from theano.sandbox import rng_mrg

ON_THEANO = lasagne_ext.engine.report()['engine'].startswith('theano')

#: Largest difference allowed between two ways to the same result, relative to its largest value.
TOLERANCE = {'float32': 2e-5, 'float64': 1e-12}

#: Distance in pixels from a kink below which a numeric gradient means nothing.
KINK_MARGIN = 1e-3

hypothesis.settings.register_profile('suite', deadline=None, max_examples=60, derandomize=True,
                                     suppress_health_check=list(hypothesis.HealthCheck))
hypothesis.settings.load_profile('suite')


def pytest_addoption(parser):
    parser.addoption('--update-golden', action='store_true',
                     help='rewrite the files in tests/golden with what is printed now')


@pytest.fixture(autouse=True)
def same_weights_in_every_run():
    """Lasagne draws weights and seeds from NumPy's global generator, unless a test has set another."""
    lasagne.random.set_rng(np.random)
    np.random.seed(1234)


@pytest.fixture
def fast_compile(monkeypatch):
    """Compile hardly anything in C: for tests whose point is not the linker."""
    # Theano remembers the mode it made first, whatever the configuration says later.
    monkeypatch.setattr(theano.compile.mode, 'instantiated_default_mode', None, raising=False)
    if ON_THEANO:
        # Theano keeps the function that seeds random streams, and so compiled it would serve other tests.
        monkeypatch.setattr(rng_mrg.multMatVect, 'dot_modulo', None)
    with theano.configparser.change_flags(mode='FAST_COMPILE'):
        yield


@pytest.fixture
def nothing_compiled(fast_compile):
    """Compile nothing in C, not even, as Theano would, to fold constants: for tests of our own Ops."""
    if ON_THEANO:
        with theano.configparser.change_flags(cxx=''):
            yield
    else:
        yield


@pytest.fixture
def golden(request):
    """Compare a text with the file of that name in tests/golden, or write it when asked to."""
    folder = os.path.join(os.path.dirname(__file__), 'golden')

    def check(name, text):
        path = os.path.join(folder, name)
        if request.config.getoption('--update-golden'):
            os.makedirs(folder, exist_ok=True)
            with open(path, 'w') as f:
                f.write(text + '\n')
        with open(path) as f:
            assert text + '\n' == f.read()
    return check


@pytest.fixture
def rng():
    return np.random.RandomState(1234)


@pytest.fixture
def assert_close():
    """Assert that two arrays are the same but for rounding in the actual array's dtype."""
    def check(actual, expected, factor=1):
        assert actual.shape == expected.shape
        if not actual.size:
            return
        assert np.array_equal(np.isnan(actual), np.isnan(expected))
        scale = max(1, np.nanmax(np.abs(expected), initial=0))
        tolerance = factor * scale * TOLERANCE[str(actual.dtype)]
        np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance)
    return check


@pytest.fixture
def off_kink_theta(rng):
    """Random thetas, flat, whose samples all keep their distance from every kink.

    Kinks lie on the pixels' centres and half-way between them. Between the centres of the only
    pixel of an axis nothing can move, so nothing can be kinked.
    """
    def draw(batch, in_size, out_size, align_corners, spread=.5):
        rank = len(in_size)
        mode = sampling.SamplingMode('affine', 'bilinear', 'nearest', align_corners, -.75)
        movable = np.array([size > align_corners for size in in_size[::-1]])
        thetas = []
        while len(thetas) < batch:
            theta = np.eye(rank, rank + 1)[None] + spread * rng.randn(1, rank, rank + 1)
            halves = 2 * sampling_reference.pixel_coordinates(theta, out_size, in_size, mode)[movable]
            if np.abs(halves - np.round(halves)).min(initial=1) > 2 * KINK_MARGIN:
                thetas.append(theta[0])
        return np.array(thetas).reshape(batch, rank * (rank + 1))
    return draw


@pytest.fixture
def off_kink_grid(rng):
    """A random grid, reaching beyond the image, whose points all keep their distance from kinks."""
    def draw(batch, in_size, out_size, align_corners):
        points = (batch,) + tuple(out_size)
        pixels = np.stack([rng.randint(-size - 2, 2 * size + 2, points)
                           + rng.choice([0, .5], points) + rng.uniform(.1, .4, points)
                           for size in in_size[::-1]], -1)
        size = np.array(in_size[::-1])
        extent = (size - 1) / 2 if align_corners else size / 2
        return (pixels - (size - 1) / 2) / np.where(extent > 0, extent, 1)
    return draw


def _every_library():
    libraries = [pytest.param(None, id='numpy')]
    if kernels.library is not None:
        libraries += [pytest.param(kernels.Library(kernels.library.path, isa), id=isa)
                      for isa in kernels.library.runnable_isas()]
    return libraries


@pytest.fixture(params=_every_library())
def every_library(request, monkeypatch):
    """Run a test with every implementation of the kernels that this machine has."""
    monkeypatch.setattr(kernels, 'library', request.param)
    return request.param


@pytest.fixture
def run_python(tmp_path):
    """Run a program in a process of its own; returns it with its output."""
    def run(code, *arguments, flags=(), check=True, **environment):
        path = tmp_path / 'program.py'
        path.write_text(code)
        return run_command([sys.executable, *flags, str(path), *arguments], check, environment)

    def run_command(command, check=True, environment=()):
        variables = dict(os.environ, THEANO_FLAGS='')
        variables.update(environment)
        done = subprocess.run(command, cwd=str(tmp_path), env=variables, timeout=600,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              universal_newlines=True)
        if check:
            assert done.returncode == 0, done.stderr
        return done

    run.command = run_command
    return run
