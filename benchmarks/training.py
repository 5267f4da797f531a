"""What `fit` adds to a training step: LeNet beside a hand-written loop over the same compiled function.

    python benchmarks/training.py [--batches 40] [--rounds 9] [--progress]

Batch 128 of 28 x 28, two convolutions of 32 filters of 5 x 5 with 2 x 2 max pooling, dense 256 and 10,
Nesterov momentum, float32. Both loops train in one process and take turns; a round is an epoch of each, in
alternating order, and its ratio the quotient of their times; that of the processor time is the one to
trust on a machine that does other things as well. What is added is measured once more with a step that
does nothing. The hand-written loop shuffles, cuts batches,
trains and sums the loss, and nothing else. `fit` moreover keeps a copy of the parameters, once an epoch.
Asked: a median of at most 1.03.
"""
import argparse
import os
import platform
import time

BATCH = 128


def functions():
    import lasagne_ext  # noqa: F401  (first: makes lasagne importable)
    import lasagne
    from lasagne.layers import Conv2DLayer, DenseLayer, InputLayer, MaxPool2DLayer
    from lasagne_ext.training import compile_functions
    layer = InputLayer((None, 1, 28, 28))
    for _ in range(2):
        layer = MaxPool2DLayer(Conv2DLayer(layer, 32, 5), 2)
    layer = DenseLayer(DenseLayer(layer, 256), 10, nonlinearity=lasagne.nonlinearities.softmax)
    return compile_functions(layer, updates='nesterov_momentum', metrics=())


def by_hand(step, images, labels, seed):
    """An epoch without anything around it."""
    import numpy as np
    order = np.random.RandomState(seed).permutation(len(images))
    total = 0.
    for start in range(0, len(images), BATCH):
        batch = order[start:start + BATCH]
        total += float(step(images[batch], labels[batch])[0])
    return total


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--batches', type=int, default=40, help='in an epoch')
    parser.add_argument('--rounds', type=int, default=9)
    parser.add_argument('--progress', action='store_true', help='with the bar')
    options = parser.parse_args()
    os.environ.setdefault('THEANO_FLAGS', 'floatX=float32')
    made = functions()
    import numpy as np
    import lasagne_ext
    from lasagne_ext.training import fit
    rng = np.random.RandomState(0)
    images = rng.rand(BATCH * options.batches, 1, 28, 28).astype('float32')
    labels = rng.randint(0, 10, len(images)).astype('int32')
    step = made.train.function
    loops = {'by hand': lambda: by_hand(step, images, labels, 0),
             'fit': lambda: fit(made, (images, labels), epochs=1, batch_size=BATCH,
                                progress=options.progress)}
    print('%s, %s' % (lasagne_ext.engine.report()['engine'], platform.platform()))
    figures = rounds(loops, options.rounds)
    for name in loops:
        print('%-8s %8.2f ms per step (quartiles %.2f - %.2f)' % ((name,) + tuple(
            1e3 * np.percentile(figures[name][:, 0], [50, 25, 75]) / options.batches)))
    for column, what in enumerate(('time', 'processor time')):
        ratios = figures['fit'][:, column] / figures['by hand'][:, column]
        print('ratio of %-16s %.4f (quartiles %.4f - %.4f, %d rounds)' % (
            (what, np.median(ratios)) + tuple(np.percentile(ratios, [25, 75])) + (len(ratios),)))
    result = step(images[:BATCH], labels[:BATCH])
    made.train.function = step = lambda *batch: result
    figures = rounds(loops, options.rounds)
    added = np.median(figures['fit'][:, 0] - figures['by hand'][:, 0]) / options.batches
    print('added    %8.4f ms per step, the copy at the end of the epoch included' % (1e3 * added))


def rounds(loops, count):
    """Seconds, and seconds of the processor, of every round: name -> array (rounds, 2)."""
    import numpy as np
    times = {name: [] for name in loops}
    for turn in range(count + 1):
        for name in sorted(loops, reverse=turn % 2):
            start = time.perf_counter(), time.process_time()
            loops[name]()
            if turn:                                            # the first round warms up
                times[name].append((time.perf_counter() - start[0], time.process_time() - start[1]))
    return {name: np.array(values) for name, values in times.items()}


if __name__ == '__main__':
    main()
