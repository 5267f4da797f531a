"""What it costs to look at every layer of LeNet, beside the plain forward pass.

    python benchmarks/probe.py [--threads 1] [--batch 128] [--steps 30]

The network of ``benchmarks/lenet.py`` in float32. After compilation the plain function, which returns
the prediction alone, takes turns with ``probe``, which returns all layers' values, and with
``probe_statistics``; and the gradients of the weights with ``probe(..., gradients=True)``. Printed are
medians and quartiles in milliseconds, and the ratio to the first of each group.
"""
import argparse
import os
import platform
import time


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument('--batch', type=int, default=128)
    parser.add_argument('--steps', type=int, default=30)
    options = parser.parse_args()
    os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:options.threads]))
    for name in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'):
        os.environ[name] = str(options.threads)
    print('%s, %d thread(s)' % (platform.platform(), options.threads))
    measure(options.batch, options.steps)


def measure(batch, steps):
    import lasagne_ext
    import lasagne
    import numpy as np
    import theano
    import theano.tensor as T
    from lasagne.layers import Conv2DLayer, DenseLayer, InputLayer, MaxPool2DLayer, get_output
    from lasagne_ext.debug import probe, probe_statistics
    theano.config.floatX = 'float32'
    images = T.tensor4('images')
    layer = InputLayer((None, 1, 28, 28), images)
    for _ in range(2):
        layer = MaxPool2DLayer(Conv2DLayer(layer, 32, 5), 2)
    net = DenseLayer(DenseLayer(layer, 256), 10, nonlinearity=lasagne.nonlinearities.softmax)
    rng = np.random.RandomState(0)
    x = rng.rand(batch, 1, 28, 28).astype('float32')
    labels = rng.randint(0, 10, batch)

    def loss(y):
        return lasagne.objectives.categorical_crossentropy(y, labels).mean()
    prediction = get_output(net, deterministic=True)
    slopes = theano.grad(loss(prediction), lasagne.layers.get_all_params(net, trainable=True))
    plain, training = theano.function([images], prediction), theano.function([images], slopes)
    groups = [{'plain': lambda: plain(x), 'probe': lambda: probe(net, x),
               'probe_statistics': lambda: probe_statistics(net, [x])},
              {'gradients of the weights': lambda: training(x),
               'probe with gradients': lambda: probe(net, x, gradients=True, loss=loss)}]
    assert plain(x).tobytes() == list(probe(net, x).values())[-1].tobytes()
    print('%s, batch %d' % (lasagne_ext.engine.report()['engine'], batch))
    print('%-28s %26s %8s' % ('', 'ms (quartiles)', 'ratio'))
    for group in groups:
        times = {name: [] for name in group}
        for turn in range(steps + 3):
            for name, call in group.items():
                start = time.perf_counter()
                call()
                if turn > 2:                                    # the first turns warm up
                    times[name].append(1e3 * (time.perf_counter() - start))
        base = None
        for name, values in times.items():
            low, middle, high = np.percentile(values, [25, 50, 75])
            base = base or middle
            print('%-28s %26s %8.2f' % (name, '%.1f (%.1f - %.1f)' % (middle, low, high), middle / base))


if __name__ == '__main__':
    main()
