"""What is left of a checkpoint when the process that writes it is killed.

    python benchmarks/kill.py [--kills 100] [--megabytes 4] [--seed 0]

A child process saves one checkpoint after another, each of a later generation, whose number all of its
parameters hold; it says when one is complete. ``kill -9`` ends it at a random moment. Each time the file must
load, be of a single generation, and not be older than the last that was complete. POSIX only.
"""
import argparse
import os
import random
import signal
import struct
import sys
import tempfile
import time


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--kills', type=int, default=100)
    parser.add_argument('--megabytes', type=float, default=4)
    parser.add_argument('--seed', type=int, default=0)
    options = parser.parse_args()
    network = make_network(options.megabytes)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'model.npz')
        fill(network, 0)
        begun = time.perf_counter()
        save(path, network, 0)
        duration = time.perf_counter() - begun
        found, newer, unfinished = 0, 0, 0
        rng = random.Random(options.seed)
        for _ in range(options.kills):
            complete = killed_after(rng.uniform(0, 4 * duration), path, network, found)
            unfinished += len(os.listdir(folder)) > 1
            found = generation(path, network)
            if found not in (complete, complete + 1):
                sys.exit('generation %d was complete, the file holds %d' % (complete, found))
            newer += found > complete
        save(path, network, found)
        if os.listdir(folder) != ['model.npz']:
            sys.exit('left over: %s' % os.listdir(folder))
        size = os.path.getsize(path) / 1e6
    print('%d kills in %d generations of %.1f MB (%.1f ms each): every file whole; %d kills left an '
          'unfinished one beside it, %d came between a file and the word of it'
          % (options.kills, found, size, 1e3 * duration, unfinished, newer))


def make_network(megabytes):
    import lasagne_ext  # noqa: F401  (first: makes lasagne importable)
    from lasagne.layers import DenseLayer, InputLayer
    layer, units = InputLayer((None, 128)), max(1, int(megabytes * 1e6 / 8 / 128 / 8))
    outputs = [DenseLayer(layer, units, name='dense%d' % number) for number in range(8)]
    return outputs


def save(path, network, number):
    from lasagne_ext.training.checkpoint import save_checkpoint
    save_checkpoint(path, network, epoch=number)


def fill(network, number):
    for parameter in parameters(network):
        value = parameter.get_value(borrow=True)
        value[...] = number
        parameter.set_value(value, borrow=True)


def parameters(network):
    import lasagne
    return lasagne.layers.get_all_params(network)


def killed_after(seconds, path, network, number):
    """Kill a child that saves generation after generation; the last that it called complete."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            while True:
                fill(network, number + 1)
                save(path, network, number + 1)
                number += 1
                os.write(writing, struct.pack('q', number))
        finally:
            os._exit(1)
    os.close(writing)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        sys.exit('the child ended by itself')
    with os.fdopen(reading, 'rb') as f:
        said = f.read()
    return struct.unpack('q', said[-8:])[0] if said else number


def generation(path, network):
    """The generation in a file; all of its parts must be of it."""
    from lasagne_ext.training.checkpoint import load_checkpoint
    fill(network, -1)
    number = load_checkpoint(path, network).epoch
    for parameter in parameters(network):
        if not (parameter.get_value(borrow=True) == number).all():
            sys.exit('generation %d, but %s is of another' % (number, parameter))
    return number


if __name__ == '__main__':
    main()
