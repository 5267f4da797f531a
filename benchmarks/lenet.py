"""A training step of LeNet on this engine, in several modes, beside torch.

    python benchmarks/lenet.py [--modes default JAX] [--threads 1] [--steps 30]
                               [--python PYTHON_OF_THE_OTHER_ENGINE ...]

Batch 128 of 28 x 28, two convolutions of 32 filters of 5 x 5 with 2 x 2 max pooling, dense 256 and 10,
Nesterov momentum, float32. Every mode runs in processes of its own, pinned to as many processors as
threads: the first with empty caches of compiled code (cold), the second with the first one's (warm).
Compilation is ``theano.function`` and the first step. Steps are medians of a process in which torch,
where it is installed, takes turns with the engine; so each ratio is of one run.
"""
import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time

BATCH = 128


def lenet():
    """The training function, its shared parameters, and the names of what runs."""
    import lasagne_ext
    import lasagne
    import theano
    import theano.tensor as T
    from lasagne.layers import Conv2DLayer, DenseLayer, InputLayer, MaxPool2DLayer
    images, labels = T.tensor4('images'), T.ivector('labels')
    layer = InputLayer((None, 1, 28, 28), images)
    for _ in range(2):
        layer = MaxPool2DLayer(Conv2DLayer(layer, 32, 5), 2)
    layer = DenseLayer(DenseLayer(layer, 256), 10, nonlinearity=lasagne.nonlinearities.softmax)
    loss = lasagne.objectives.categorical_crossentropy(lasagne.layers.get_output(layer), labels).mean()
    parameters = lasagne.layers.get_all_params(layer, trainable=True)
    updates = lasagne.updates.nesterov_momentum(loss, parameters, .01, .9)
    report = lasagne_ext.engine.report()
    start = time.perf_counter()
    return theano.function([images, labels], loss, updates=updates), start, report['engine']


def torch_lenet():
    """The same step in torch, or None where it is not installed."""
    try:
        import torch
    except ImportError:
        return None
    from torch import nn
    net = nn.Sequential(nn.Conv2d(1, 32, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 32, 5), nn.ReLU(),
                        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 10))
    optimizer = torch.optim.SGD(net.parameters(), .01, .9, nesterov=True)
    loss_of = nn.CrossEntropyLoss()

    def step(images, labels):
        optimizer.zero_grad()
        loss = loss_of(net(torch.from_numpy(images)), torch.from_numpy(labels).long())
        loss.backward()
        optimizer.step()
        return loss.item()
    return step


def child(mode, threads, steps):
    """Compile and run in this process; print the figures as JSON."""
    os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:threads]))
    import numpy as np
    rng = np.random.RandomState(0)
    batches = [(rng.rand(BATCH, 1, 28, 28).astype('float32'), rng.randint(0, 10, BATCH).astype('int32'))
               for _ in range(3)]
    step, start, engine = lenet()
    step(*batches[0])
    figures = {'engine': engine, 'compile': time.perf_counter() - start}
    peers = {'step': step}
    if steps:
        peer = torch_lenet()
        if peer is not None:
            import torch
            torch.set_num_threads(threads)
            peers['torch'] = peer
    times = {name: [] for name in peers}
    for turn in range(steps + 3 if steps else 0):
        for name, function in peers.items():
            start = time.perf_counter()
            function(*batches[turn % 3])
            if turn > 2:                                        # the first turns warm up
                times[name].append(1e3 * (time.perf_counter() - start))
    figures.update({name: list(np.percentile(values, [50, 25, 75])) for name, values in times.items()
                    if values})
    print(json.dumps(figures))


def run(python, mode, threads, steps, cache):
    """The figures of one process."""
    environment = dict(os.environ, THEANO_FLAGS='floatX=float32,base_compiledir=' + cache)
    environment.pop('PYTENSOR_FLAGS', None)
    if mode != 'default':
        environment['THEANO_FLAGS'] += ',mode=' + mode
    for name in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'):
        environment[name] = str(threads)
    done = subprocess.run([python, os.path.abspath(__file__), '--child', mode, '--threads', str(threads),
                           '--steps', str(steps)], env=environment, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout.decode().splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--modes', nargs='+', default=['default'])
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument('--steps', type=int, default=30)
    parser.add_argument('--python', nargs='*', default=[], help='other interpreters, in the default mode')
    parser.add_argument('--child', help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return child(options.child, options.threads, options.steps)
    print('%s, %d thread(s)' % (platform.platform(), options.threads))
    print('%-44s %-8s %8s %8s %22s %22s %7s'
          % ('engine', 'mode', 'cold s', 'warm s', 'step ms (quartiles)', 'torch ms (quartiles)', 'ratio'))
    for python, mode in [(sys.executable, mode) for mode in options.modes] + [
            (python, 'default') for python in options.python]:
        with tempfile.TemporaryDirectory() as cache:
            cold = run(python, mode, options.threads, 0, cache)
            warm = run(python, mode, options.threads, options.steps, cache)

        def cell(name):
            return '%.1f (%.1f - %.1f)' % tuple(warm[name]) if name in warm else '-'
        ratio = '%.2f' % (warm['step'][0] / warm['torch'][0]) if 'torch' in warm else '-'
        print('%-44s %-8s %8.1f %8.1f %22s %22s %7s' % (
            warm['engine'], mode, cold['compile'], warm['compile'], cell('step'), cell('torch'), ratio))


if __name__ == '__main__':
    main()
