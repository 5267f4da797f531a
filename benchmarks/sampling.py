"""Sampling side by side with torch, and with Lasagne's own layer where Lasagne has one.

    python benchmarks/sampling.py [--threads 1 2] [--repeats 15]

Every shape is (batch, channels, size): images and outputs of size x size, float32, theta the identity
plus 0.1 N(0, 1), border zeros (nearest against Lasagne, which has no zeros). The figures are
milliseconds, medians over `repeats` turns in which every peer runs once, each turn on other inputs,
so that no cache is measured; then the peers' medians divided by ours.
"""
import argparse
import platform
import time

import lasagne_ext  # noqa: F401  (makes theano and lasagne importable)
import lasagne
import numpy as np
import theano
import theano.tensor as T

from lasagne_ext import kernels
from lasagne_ext.layers import TransformerLayer
from lasagne_ext.ops import set_num_threads

SHAPES = [(32, 3, 128), (32, 16, 64), (32, 64, 32), (256, 1, 28), (8, 64, 64), (4, 3, 512)]
INPUTS = 3


def through_lasagne(kind, border_mode):
    """Forward and forward + backward functions of a transformer layer, as networks run it."""
    images = lasagne.layers.InputLayer((None,) * 4, T.ftensor4())
    theta = lasagne.layers.InputLayer((None, 6), T.fmatrix())
    output = lasagne.layers.get_output(kind(images, theta, border_mode=border_mode))
    variables, seed = [images.input_var, theta.input_var], T.ftensor4()
    gradients = T.grad(None, variables, known_grads={output: seed})
    forward = theano.function(variables, output)
    both = theano.function(variables + [seed], [output] + gradients)
    return (lambda image, theta, seed: forward(image, theta)), both


def through_torch(threads):
    import torch
    torch.set_num_threads(threads)
    functional = torch.nn.functional

    def forward(image, theta, seed):
        with torch.no_grad():
            grid = functional.affine_grid(torch.from_numpy(theta).view(-1, 2, 3), image.shape,
                                          align_corners=True)
            return functional.grid_sample(torch.from_numpy(image), grid, align_corners=True)

    def both(image, theta, seed):
        images, thetas = (torch.from_numpy(v).requires_grad_() for v in (image, theta))
        grid = functional.affine_grid(thetas.view(-1, 2, 3), image.shape, align_corners=True)
        output = functional.grid_sample(images, grid, align_corners=True)
        output.backward(torch.from_numpy(seed))
    return forward, both


def inputs(shape, rng):
    batch, channels, size = shape
    return [(rng.randn(batch, channels, size, size).astype('float32'),
             (np.array([1, 0, 0, 0, 1, 0]) + .1 * rng.randn(batch, 6)).astype('float32'),
             rng.randn(batch, channels, size, size).astype('float32')) for _ in range(INPUTS)]


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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--threads', type=int, nargs='+', default=[1, 2])
    parser.add_argument('--repeats', type=int, default=15)
    options = parser.parse_args()
    theano.config.floatX = 'float32'
    print('%s, Python %s, kernels %s' % (platform.machine(), platform.python_version(),
                                         kernels.library.isa if kernels.library else 'numpy'))
    peers = {'ours': through_lasagne(TransformerLayer, 'zeros')}
    if hasattr(lasagne.layers, 'TransformerLayer'):
        peers['lasagne'] = through_lasagne(lasagne.layers.TransformerLayer, 'nearest')
    for threads in options.threads:
        set_num_threads(threads)
        try:
            peers['torch'] = through_torch(threads)
        except ImportError:
            print('torch is not installed: no comparison with it')
        for part, label in enumerate(('forward', 'forward + backward')):
            print('\n%s, %d thread%s' % (label, threads, 's' * (threads > 1)))
            ratios = []
            for shape in SHAPES:
                result = medians({name: functions[part] for name, functions in peers.items()},
                                 inputs(shape, np.random.RandomState(0)), options.repeats)
                ratios.append([result[name] / result['ours'] for name in peers])
                print('%-16s' % (shape,) + ''.join('  %s %8.2f ms %6.2f x' % (name, result[name], r)
                                                   for name, r in zip(peers, ratios[-1])))
            means = np.exp(np.mean(np.log(ratios), axis=0))
            print('%-16s' % 'geometric mean' + ''.join('  %s %18.2f x' % pair
                                                       for pair in zip(peers, means)))


if __name__ == '__main__':
    main()
