"""Sampling side by side with torch, and with Lasagne's own layer where Lasagne has one.

    python benchmarks/sampling.py [--threads 1 2] [--repeats 15] [--parts affine grid bicubic volume lasagne]
                                  [--mode JAX] [--memory] [--overhead]

Every shape is (batch, channels, size): images and outputs of size x size, float32, theta the identity
plus 0.1 N(0, 1), border zeros (nearest against Lasagne, which has no zeros). The figures are
milliseconds, medians over `repeats` turns in which every peer runs once, each turn on other inputs,
so that no cache is measured; then the peers' medians divided by ours. A copy of the output's size shows
what memory alone takes.
"""
import argparse
import ctypes
import os
import platform
import subprocess
import sys
import time

import lasagne_ext  # noqa: F401  (makes theano and lasagne importable)
import lasagne
import numpy as np
import theano
import theano.tensor as T

from lasagne_ext import kernels, ops
from lasagne_ext.ops import set_num_threads

SHAPES = [(32, 3, 128), (32, 16, 64), (32, 64, 32), (256, 1, 28), (8, 64, 64), (4, 3, 512)]
VOLUMES = [(4, 1, 48), (4, 16, 24), (2, 32, 24), (2, 3, 64)]
INPUTS = 3

#: What is compared: spatial axes, interpolation, and whether points are a grid instead of theta.
PARTS = {'affine': (2, 'bilinear', False), 'grid': (2, 'bilinear', True), 'bicubic': (2, 'bicubic', False),
         'volume': (3, 'bilinear', False), 'lasagne': (2, 'bilinear', False)}


def compiled(image, points, output, mode=None):
    """Forward and forward + backward as functions of an image, points, and the output's gradient."""
    seed = output.type()
    gradients = T.grad(None, [image, points], known_grads={output: seed})
    forward = theano.function([image, points], output, mode=mode)
    both = theano.function([image, points, seed], [output] + gradients, mode=mode)
    return (lambda image, points, seed: forward(image, points)), both


def through_ours(part, mode=None):
    rank, interpolation, free = PARTS[part]
    image = T.TensorType('float32', (False,) * (2 + rank))()
    points = T.TensorType('float32', (False,) * (2 + rank if free else 2))()
    options = {'interpolation': interpolation, 'border_mode': 'nearest' if part == 'lasagne' else 'zeros'}
    output = ops.grid_sample(image, points, **options) if free else ops.affine_transform(
        image, points, image.shape[2:], **options)
    return compiled(image, points, output, mode)


def through_lasagne():
    image = lasagne.layers.InputLayer((None,) * 4, T.ftensor4())
    theta = lasagne.layers.InputLayer((None, 6), T.fmatrix())
    output = lasagne.layers.get_output(lasagne.layers.TransformerLayer(image, theta))
    return compiled(image.input_var, theta.input_var, output)


def through_torch(part, threads):
    import torch
    torch.set_num_threads(threads)
    functional = torch.nn.functional
    rank, interpolation, free = PARTS[part]

    def sample(image, points):
        if not free:
            points = functional.affine_grid(points.view(-1, rank, rank + 1), image.shape, align_corners=True)
        return functional.grid_sample(image, points, mode=interpolation, align_corners=True)

    def forward(image, points, seed):
        with torch.no_grad():
            return sample(torch.from_numpy(image), torch.from_numpy(points))

    def both(image, points, seed):
        images, places = (torch.from_numpy(v).requires_grad_() for v in (image, points))
        sample(images, places).backward(torch.from_numpy(seed))
        return images.grad, places.grad
    return forward, both


def inputs(part, shape):
    rank, _, free = PARTS[part]
    batch, channels, size = shape
    rng = np.random.RandomState(0)
    cases = []
    for _ in range(INPUTS):
        theta = np.eye(rank, rank + 1) + .1 * rng.randn(batch, rank, rank + 1)
        axes = [np.linspace(-1, 1, size)] * rank
        mesh = [*np.meshgrid(*axes, indexing='ij')[::-1], np.ones((size,) * rank)]
        grid = np.einsum('brc,c...->b...r', theta, mesh)
        image, seed = (rng.randn(batch, channels, *(size,) * rank).astype('float32') for _ in range(2))
        points = grid if free else theta.reshape(batch, -1)
        cases.append((image, np.ascontiguousarray(points, dtype='float32'), seed))
    return cases


def medians(functions, cases, repeats):
    """Median milliseconds of each function; they take turns, so that noise meets all alike."""
    times = {name: [] for name in functions}
    for turn in range(repeats + 1):
        for name, function in functions.items():
            start = time.perf_counter()
            function(*cases[turn % len(cases)])
            if turn:                                            # the first turn warms up
                times[name].append(1e3 * (time.perf_counter() - start))
    return {name: np.median(values) for name, values in times.items()}


def compare(part, threads, repeats, mode):
    set_num_threads(threads)
    peers = {'ours': through_ours(part, mode)}
    if part == 'lasagne':
        peers['lasagne'] = through_lasagne()
    else:
        peers['torch'] = through_torch(part, threads)
    for which, label in enumerate(('forward', 'forward + backward')):
        print('\n%s, %s, %d thread%s' % (part, label, threads, 's' * (threads > 1)))
        ratios = []
        for shape in VOLUMES if PARTS[part][0] == 3 else SHAPES:
            functions = {name: functions[which] for name, functions in peers.items()}
            if which == 0:
                functions['copy'] = lambda image, points, seed: seed.copy()
            result = medians(functions, inputs(part, shape), repeats)
            ratios.append([result[name] / result['ours'] for name in functions])
            print('%-14s' % ','.join(map(str, shape)) + ''.join(
                '  %s %8.2f ms %6.2f x' % (name, result[name], ratio)
                for name, ratio in zip(functions, ratios[-1])))
        means = np.exp(np.mean(np.log(ratios), axis=0))
        print('%-14s' % 'geometric mean' + ''.join('  %s %18.2f x' % pair for pair in zip(functions, means)))


def overhead(repeats=300):
    """Microseconds of one call on one small image."""
    print('\none call on (1, 1, 28, 28), one thread')
    set_num_threads(1)
    cases = inputs('affine', (1, 1, 28))
    ours, torchs = through_ours('affine'), through_torch('affine', 1)
    for which, label in enumerate(('forward', 'forward + backward')):
        result = medians({'ours': ours[which], 'torch': torchs[which]}, cases, repeats)
        print('%-20s  ours %6.1f us  torch %6.1f us' % (label, 1e3 * result['ours'], 1e3 * result['torch']))


def peak(peer, shape, threads):
    """Bytes beyond output and gradients that forward + backward needs at its peak, in this process."""
    set_num_threads(threads)
    _, both = through_ours('affine') if peer == 'ours' else through_torch('affine', threads)
    warm, = inputs('affine', (threads, 1, 8))[:1]
    both(*warm)
    image, theta, seed = inputs('affine', shape)[0]
    ctypes.CDLL(None).malloc_trim(0)                            # or freed memory would be used again, unseen

    def resident(which):
        with open('/proc/self/status') as f:
            return 1024 * int(next(line for line in f if line.startswith(which)).split()[1])

    with open('/proc/self/clear_refs', 'w') as f:
        f.write('5')                                            # the peak begins anew
    before = resident('VmRSS')
    both(image, theta, seed)
    return resident('VmHWM') - before - 2 * image.nbytes


def memory():
    print('\npeak of forward + backward beyond output and gradients, MB')
    for shape in SHAPES:
        for threads in (1, 2):
            found = [int(subprocess.run(
                [sys.executable, os.path.abspath(__file__), '--peak', peer, *map(str, shape), str(threads)],
                stdout=subprocess.PIPE, check=True).stdout.split()[-1]) for peer in ('ours', 'torch')]
            print('%-14s %d thread%s  ours %6.2f  torch %6.2f' % (
                ','.join(map(str, shape)), threads, 's' * (threads > 1), *(size / 2 ** 20 for size in found)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--threads', type=int, nargs='+', default=[1, 2])
    parser.add_argument('--repeats', type=int, default=15)
    parser.add_argument('--parts', nargs='*', choices=sorted(PARTS), default=['affine'])
    parser.add_argument('--mode', help="of ours, such as JAX")
    parser.add_argument('--memory', action='store_true', help='peak memory too (Linux)')
    parser.add_argument('--overhead', action='store_true', help='one small call too')
    parser.add_argument('--peak', nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    theano.config.floatX = 'float32'
    if options.peak:
        print(peak(options.peak[0], tuple(map(int, options.peak[1:4])), int(options.peak[4])))
        return
    print('%s, Python %s, kernels %s' % (platform.machine(), platform.python_version(),
                                         kernels.library.isa if kernels.library else 'numpy'))
    for part in options.parts:
        for threads in options.threads:
            compare(part, threads, options.repeats, options.mode)
    if options.overhead:
        overhead()
    if options.memory:
        memory()


if __name__ == '__main__':
    main()
