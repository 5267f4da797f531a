"""Published orderings in miniature: a fully connected network, and the same behind a transformer.

    python benchmarks/orderings.py [--seeds 3] [--epochs 150] [--tasks R RTS clutter]
                                   [--learning-rate .02]

After Jaderberg, Simonyan, Zisserman, Kavukcuoglu (2015): Spatial Transformer Networks, section 4.1 and its
appendix, with scikit-learn's digits of 8 x 8 pixels instead of MNIST, on smaller canvases and with
smaller networks. Of each task both networks have about as many parameters, and they get the same
optimiser, learning rate, epochs and data. The seed decides which digits are for training, where they
are placed, anew in every epoch, and the first weights. Errors are those after the last epoch.
"""
import argparse
import time
from collections import OrderedDict, namedtuple

import numpy as np

import lasagne_ext  # noqa: F401  (activates the engine before theano is imported)
import lasagne
import theano
import theano.tensor as T
from lasagne.layers import DenseLayer, InputLayer
from lasagne_ext import datasets
from lasagne_ext.layers import TransformerLayer, localization

#: Pixels put around each digit, how `datasets.scatter` places it, and the paper's errors in per cent.
Task = namedtuple('Task', 'margin placing paper')

TASKS = OrderedDict([
    # Images as large as the canvas stay in its middle; with a margin nothing of the digit is cut off.
    ('R', Task(1, dict(canvas=20, size=(20, 20), rotation=90, clutter=0), (2.1, 1.2))),
    ('RTS', Task(0, dict(canvas=28, size=(10, 17), rotation=45, clutter=0), (5.2, .8))),
    ('clutter', Task(0, dict(canvas=28, size=(14, 14), rotation=0, clutter=4, piece=5), (13.2, 2.)))])

NETWORKS = ('FCN', 'ST-FCN')
TRAINING_DIGITS, TEST_DIGITS = 1297, 500
#: Each test digit is placed so many times, since a placement can be lucky.
TEST_REPEATS = 4
BATCH, MOMENTUM = 32, .9
#: Of the localisation network, in parts of the learning rate.
LOCALIZATION_RATE = .1
HIDDEN, CROP = 128, 14


def fcn(images, hidden):
    """Two hidden layers and the digit's probabilities."""
    layer = DenseLayer(DenseLayer(images, hidden), HIDDEN)
    return DenseLayer(layer, 10, nonlinearity=lasagne.nonlinearities.softmax)


def st_fcn(images):
    """The same behind an affine transformer, which at first shows the whole canvas."""
    theta = localization(DenseLayer(DenseLayer(images, 48), 32), 'affine')
    crops = TransformerLayer(images, theta, output_shape=(CROP, CROP), border_mode='zeros',
                             theta_lr_scale=LOCALIZATION_RATE)
    return fcn(crops, HIDDEN)


def networks(canvas):
    """The output layers of both; the plain one gets as many hidden units as make it as large."""
    images = InputLayer((None, 1, canvas, canvas))
    transformer = st_fcn(images)
    one, two = (lasagne.layers.count_params(fcn(images, hidden)) for hidden in (1, 2))
    hidden = 1 + (lasagne.layers.count_params(transformer) - one) / (two - one)
    return OrderedDict(zip(NETWORKS, (fcn(images, int(round(hidden))), transformer)))


def compiled(network, rate):
    """One function that makes a training step, and one that reads digits."""
    images, digits = lasagne.layers.get_all_layers(network)[0].input_var, T.ivector('digits')
    output = lasagne.layers.get_output(network)
    loss = lasagne.objectives.categorical_crossentropy(output, digits).mean()
    updates = lasagne.updates.nesterov_momentum(
        loss, lasagne.layers.get_all_params(network, trainable=True), rate, MOMENTUM)
    return (theano.function([images, digits], updates=updates, allow_input_downcast=True),
            theano.function([images], output.argmax(axis=1), allow_input_downcast=True))


def load(task, seed):
    """Digits to train on and, placed once and for all, digits to test with."""
    digits = datasets.load_digits()
    around = (0, 0), (0, 0), (task.margin, task.margin), (task.margin, task.margin)
    digits = digits._replace(images=np.pad(digits.images, around, mode='constant'))
    training, test = datasets.split(digits, (TRAINING_DIGITS, TEST_DIGITS), seed)
    placed = datasets.scatter(np.repeat(test.images, TEST_REPEATS, axis=0),
                              np.random.RandomState([seed, 1]), **task.placing)
    return training, datasets.Dataset(placed, np.repeat(test.labels, TEST_REPEATS))


def test_error(task, name, seed, epochs, learning_rate):
    """Train a network; what it reads wrongly in per cent, and the number of its parameters."""
    lasagne.random.set_rng(np.random.RandomState(seed))
    network = networks(task.placing['canvas'])[name]
    rate = theano.shared(np.float32(learning_rate))
    step, predict = compiled(network, rate)
    training, test = load(task, seed)
    rng = np.random.RandomState(seed)
    for epoch in range(epochs):
        # Full speed for the first half, then down towards zero.
        rate.set_value(np.float32(learning_rate * min(1, 2 * (1 - epoch / epochs))))
        canvases = datasets.scatter(training.images, rng, **task.placing)
        for batch in np.array_split(rng.permutation(len(canvases)), len(canvases) // BATCH):
            step(canvases[batch], training.labels[batch])
    wrong = predict(test.images) != test.labels
    return 100 * wrong.mean(), lasagne.layers.count_params(network)


def spread(errors):
    """Mean and, of several, standard deviation."""
    deviation = ' +- %.1f' % np.std(errors, ddof=1) if len(errors) > 1 else ''
    return '%.1f%s' % (np.mean(errors), deviation)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--seeds', type=int, default=3)
    parser.add_argument('--epochs', type=int, default=150)
    parser.add_argument('--tasks', nargs='+', choices=list(TASKS), default=list(TASKS))
    parser.add_argument('--learning-rate', type=float, default=.02)
    options = parser.parse_args()
    print('%d seeds, %d epochs of %d digits, learning rate %g; test error in %%: mean +- standard deviation'
          % (options.seeds, options.epochs, TRAINING_DIGITS, options.learning_rate))
    row = '%-8s %-7s %11s %14s   %-22s %6s %8s'
    print(row % ('task', 'network', 'parameters', 'test error', 'of each seed', 'paper', 'seconds'))
    with theano.configparser.change_flags(floatX='float32'):
        for name in options.tasks:
            for network, paper in zip(NETWORKS, TASKS[name].paper):
                start = time.time()
                errors, counts = zip(*[test_error(TASKS[name], network, seed, options.epochs,
                                                  options.learning_rate)
                                       for seed in range(options.seeds)])
                print(row % (name, network, counts[0], spread(errors),
                             ' '.join('%.1f' % error for error in errors), paper,
                             '%.0f' % (time.time() - start)), flush=True)


if __name__ == '__main__':
    main()
