"""How long a training step waits for images that are read from a folder in the background.

    python benchmarks/pipeline.py [--images 512] [--edge 64] [--batch 32] [--epochs 4] [--prefetch 0 1]
                                  [--worker process]

Writes PNG files of noisy colour gradients into folders of its own, as many classes as digits, and trains
a network of three convolutions on them with `minibatches`, a new iterator in every epoch. Before each step
it measures how long the batch takes to come, and whether it had been ready before it was asked for: what
is waited for then is a processor, not data. The first batch of an epoch, which nothing could make ahead
of time, is reported apart.
"""
import argparse
import os
import platform
import tempfile
import time

import numpy as np

import lasagne_ext
import lasagne
import theano
import theano.tensor as T
from lasagne.layers import Conv2DLayer, DenseLayer, InputLayer, MaxPool2DLayer
from lasagne_ext import datasets

CLASSES = 10
#: A step that waits for more than this part of its own time counts as one that waited.
NEGLIGIBLE = .01


def write_images(folder, count, edge):
    """So many files, in a folder for each class."""
    from PIL import Image
    rng = np.random.RandomState(0)
    ramp = np.linspace(0, 1, edge)
    for number in range(count):
        inside = os.path.join(folder, str(number % CLASSES))
        os.makedirs(inside, exist_ok=True)
        slopes = rng.uniform(0, 100, (2, 3))
        pixels = ramp[:, None, None] * slopes[0] + ramp[:, None] * slopes[1]
        pixels = pixels + rng.uniform(0, 20 + 3 * (number % CLASSES), pixels.shape)
        Image.fromarray(pixels.astype('uint8')).save(os.path.join(inside, '%05d.png' % number))


def compiled(edge):
    """The training step of a small network."""
    images, labels = T.tensor4('images'), T.ivector('labels')
    layer = InputLayer((None, 3, edge, edge), images)
    for filters in (16, 32, 32):
        layer = MaxPool2DLayer(Conv2DLayer(layer, filters, 5), 2)
    layer = DenseLayer(DenseLayer(layer, 64), CLASSES, nonlinearity=lasagne.nonlinearities.softmax)
    loss = lasagne.objectives.categorical_crossentropy(lasagne.layers.get_output(layer), labels).mean()
    updates = lasagne.updates.nesterov_momentum(loss, lasagne.layers.get_all_params(layer), .01, .9)
    return theano.function([images, labels], loss, updates=updates)


def train(step, folder, mean, batch, epochs, prefetch, worker):
    """Seconds of waiting for the first batches, for the others, of their steps; and how long before it was
    asked for each of the others was ready.
    """
    first, waits, steps, early = [], [], [], []
    for epoch in range(epochs):
        def transform(pair, rng):
            normalized = mean.normalize(pair.images)
            # All processes share this clock.
            return normalized, pair.labels, np.full(len(pair.labels), time.perf_counter())
        start = time.perf_counter()
        batches = datasets.minibatches(folder, batch, epoch=epoch, prefetch=prefetch, transform=transform,
                                       worker=worker)
        for number, (images, labels, ready) in enumerate(batches):
            came = time.perf_counter()
            step(images, labels)
            if number:
                waits.append(came - start)
                early.append(start - ready[0])
                steps.append(time.perf_counter() - came)
            else:
                first.append(came - start)
            start = time.perf_counter()
    return tuple(map(np.array, (first, waits, steps, early)))


def alone(step, folder, mean, batch):
    """Seconds of the step when nothing else happens."""
    images, labels = folder[:batch]
    images, times = mean.normalize(images), []
    for _ in range(12):
        start = time.perf_counter()
        step(images, labels)
        times.append(time.perf_counter() - start)
    return np.median(times[2:])


def reading(folder, batch):
    """Seconds to read a batch when nothing else happens."""
    times = []
    for begin in range(0, len(folder) - batch + 1, batch):
        start = time.perf_counter()
        folder[begin:begin + batch]
        times.append(time.perf_counter() - start)
    return np.median(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--images', type=int, default=512)
    parser.add_argument('--edge', type=int, default=64)
    parser.add_argument('--batch', type=int, default=32)
    parser.add_argument('--epochs', type=int, default=4)
    parser.add_argument('--prefetch', type=int, nargs='+', default=[0, 1])
    parser.add_argument('--worker', choices=['thread', 'process'], help='by default what minibatches chooses')
    options = parser.parse_args()
    with theano.configparser.change_flags(floatX='float32'), tempfile.TemporaryDirectory() as directory:
        write_images(directory, options.images, options.edge)
        folder = datasets.load_image_folder(directory)
        mean = datasets.compute_mean(folder, per='channel', std=True)
        step = compiled(options.edge)
        print('%s, %s, %d processor(s)' % (lasagne_ext.engine.report()['engine'], platform.platform(),
                                           len(os.sched_getaffinity(0))))
        print('%d PNG files of %d x %d, batches of %d: read in %.1f ms; the step alone %.1f ms (medians)'
              % (options.images, options.edge, options.edge, options.batch,
                 1e3 * reading(folder, options.batch),
                 1e3 * alone(step, folder, mean, options.batch)))
        row = '%-8s %10s %12s %18s %15s %15s %10s'
        print(row % ('prefetch', 'wait: ms', 'largest', 'of over 1 %', 'ready earlier', 'first batch: ms',
                     'step: ms'))
        for prefetch in options.prefetch:
            first, waits, steps, early = train(step, folder, mean, options.batch, options.epochs, prefetch,
                                               options.worker)
            long = np.count_nonzero(waits > NEGLIGIBLE * steps)
            print(row % (prefetch, '%.3f' % (1e3 * np.median(waits)), '%.3f' % (1e3 * waits.max()),
                         '%d of %d (%.0f %%)' % (long, len(waits), 100 * long / len(waits)),
                         '%d of %d' % (np.count_nonzero(early > 0), len(early)),
                         '%.1f' % (1e3 * np.median(first)), '%.1f' % (1e3 * np.median(steps))), flush=True)


if __name__ == '__main__':
    main()
