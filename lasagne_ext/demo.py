"""Train a network to find, turn and enlarge a digit before it reads it.

Real handwritten digits lie turned, scaled and shifted among clutter on a larger canvas. A plain
convolutional network and the same network behind a `TransformerLayer` are trained on them for the
same number of epochs. Run it with ``python -m lasagne_ext demo``, and copy from it.
"""
import contextlib
import os
import sys
from collections import namedtuple

import lasagne
import numpy as np
import theano
import theano.tensor as T
from lasagne.layers import Conv2DLayer, DenseLayer, InputLayer, MaxPool2DLayer
from tqdm import tqdm

from lasagne_ext import datasets
from lasagne_ext._files import whole_file
from lasagne_ext.debug import show_transform, summary
from lasagne_ext.layers import TransformerLayer, localization
from lasagne_ext.ops import get_num_threads, set_num_threads

CANVAS = 40
BATCH, TEST_BATCH = 32, 500
LEARNING_RATE = 2e-3
#: A localisation network that learns as fast as the rest loses the digit before it can be read.
LOCALIZATION_RATE = .1
EPOCHS, QUICK_EPOCHS = 80, 7
#: Distracting pieces on a canvas; without any, the digits are found in a few epochs.
CLUTTER, QUICK_CLUTTER = 6, 0
TRAINING_DIGITS, TEST_DIGITS = 1297, 500
PICTURE_FORMATS = ('png', 'svg', 'pdf')
#: Each test digit is placed so many times, since a placement can be lucky.
TEST_REPEATS = 4

#: A network: its input, its output (class probabilities), and the transformer inside, if any.
Network = namedtuple('Network', 'input output transformer')


class DemoError(Exception):
    """Raised if the demo cannot run as asked; nothing has been written."""


def classifier(images):
    """Build the convolutional network that reads a digit."""
    layer = Conv2DLayer(images, num_filters=16, filter_size=5, name='conv1')
    layer = MaxPool2DLayer(layer, pool_size=2, name='pool1')
    layer = Conv2DLayer(layer, num_filters=32, filter_size=3, name='conv2')
    layer = MaxPool2DLayer(layer, pool_size=2, name='pool2')
    layer = DenseLayer(layer, num_units=64, name='hidden')
    return DenseLayer(layer, num_units=10, nonlinearity=lasagne.nonlinearities.softmax,
                      name='digit')


def localization_network(images):
    """Build a small network that looks at the whole canvas and says where the digit is.

    Its last layer starts with weights of zero and the identity as bias: at first nothing is moved.
    """
    layer = MaxPool2DLayer(images, pool_size=2, name='loc_pool1')
    layer = Conv2DLayer(layer, num_filters=16, filter_size=5, name='loc_conv1')
    layer = MaxPool2DLayer(layer, pool_size=2, name='loc_pool2')
    layer = Conv2DLayer(layer, num_filters=16, filter_size=3, name='loc_conv2')
    layer = DenseLayer(layer, num_units=32, name='loc_hidden')
    return localization(layer, name='theta')


def plain_network():
    """Build the network that reads the canvas as it is."""
    images = InputLayer((None, 1, CANVAS, CANVAS), name='canvas')
    return Network(images, classifier(images), None)


def transformer_network():
    """Build the network that reads what a transformer makes of the canvas."""
    images = InputLayer((None, 1, CANVAS, CANVAS), name='canvas')
    straightened = TransformerLayer(images, localization_network(images), downsample_factor=2,
                                    border_mode='zeros', name='transformer')
    return Network(images, classifier(straightened), straightened)


def updates_for(network, loss, learning_rate):
    """Return the updates of Adam, slower for the localisation network."""
    parameters = lasagne.layers.get_all_params(network.output, trainable=True)
    gradients = dict(zip(parameters, theano.grad(loss, parameters)))
    slow = [] if network.transformer is None else lasagne.layers.get_all_params(
        network.transformer, trainable=True)
    updates = lasagne.updates.adam([gradients[p] for p in parameters if p not in slow],
                                   [p for p in parameters if p not in slow], learning_rate)
    if slow:
        updates.update(lasagne.updates.adam([gradients[p] for p in slow], slow,
                                            learning_rate * LOCALIZATION_RATE))
    return updates


def train(network, training, epochs, clutter, seed, label):
    """Train for some epochs, with new placements in each, and a progress bar.

    Returns
    -------
    callable
        Predicts the digits on a batch of canvases.
    """
    with tqdm(total=epochs, desc=label + ' (compiling)', unit='epoch', file=sys.stderr) as progress:
        rate = theano.shared(np.asarray(LEARNING_RATE, dtype=theano.config.floatX))
        step, predict = compile_functions(network, rate)
        progress.set_description(label)
        progress.unpause()
        rng = np.random.RandomState(seed)
        for epoch in range(epochs):
            # Full speed for the first half, then down towards zero.
            rate.set_value(np.asarray(LEARNING_RATE * min(1, 2 * (1 - epoch / epochs)),
                                      dtype=rate.dtype))
            canvases = datasets.scatter(training.images, rng, CANVAS, clutter=clutter)
            order = rng.permutation(len(canvases))
            losses = [step(canvases[batch], training.labels[batch])
                      for batch in np.array_split(order, max(1, len(order) // BATCH))]
            progress.set_postfix(loss='%.3f' % np.mean(losses), refresh=False)
            progress.update()
    return predict


def compile_functions(network, rate):
    """Compile a function that makes a training step and returns its loss, and one that predicts."""
    images, digit = network.input.input_var, T.ivector('digit')
    loss = lasagne.objectives.categorical_crossentropy(
        lasagne.layers.get_output(network.output), digit).mean()
    step = theano.function([images, digit], loss, updates=updates_for(network, loss, rate),
                           allow_input_downcast=True)
    prediction = lasagne.layers.get_output(network.output, deterministic=True).argmax(axis=1)
    return step, theano.function([images], prediction, allow_input_downcast=True)


def test_error(predict, test):
    """Return the share of test images that are read wrongly."""
    parts = max(1, len(test.labels) // TEST_BATCH)
    wrong = [predict(images) != labels for images, labels in zip(np.array_split(test.images, parts),
                                                                 np.array_split(test.labels, parts))]
    return float(np.concatenate(wrong).mean())


def draw(network, test, path, count=8):
    """Write a picture: canvases, where the transformer looks, and what it makes of them."""
    transforms = show_transform(network.transformer, test.images[:count])
    figure = transforms.figure(titles=test.labels[:count])
    figure.axes[2 * len(transforms)].set_ylabel('straightened')
    save_picture(figure, path)


def save_picture(figure, path):
    """Write a figure as a file that is whole or absent."""
    try:
        with whole_file(path) as unfinished:
            figure.savefig(unfinished, format=_picture_format(path), dpi=110)
    except OSError as error:
        raise DemoError('cannot write the picture %s: %s' % (path, error.strerror)) from None


def _picture_format(path):
    return os.path.splitext(path)[1][1:].lower()


def check_output(path):
    """Refuse a picture that could not be written, before an hour has gone into it."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise DemoError("the picture needs matplotlib (%s); mend it with: pip install "
                        "'lasagne-ext[demo]'" % error) from None
    if _picture_format(path) not in PICTURE_FORMATS:
        raise DemoError('cannot write the picture %s: its name must end in one of %s'
                        % (path, ', '.join('.' + name for name in PICTURE_FORMATS)))
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise DemoError('cannot write the picture %s: there is no folder %s' % (path, folder))
    if not os.access(folder, os.W_OK) or os.path.isdir(path):
        raise DemoError('cannot write the picture %s: it is a folder, or in one that is read-only'
                        % path)


def load(mnist, clutter, seed):
    """Load digits to train on and, placed once and for all, digits to test with."""
    if mnist is None:
        training, test = datasets.split(datasets.load_digits(), (TRAINING_DIGITS, TEST_DIGITS), seed)
    else:
        training, test = (part_of_mnist(mnist, subset, size, seed)
                          for subset, size in (('train', TRAINING_DIGITS), ('test', TEST_DIGITS)))
    images = np.repeat(test.images, TEST_REPEATS, axis=0)
    placed = datasets.scatter(images, np.random.RandomState([seed, 1]), CANVAS, clutter=clutter)
    return training, datasets.Dataset(placed, np.repeat(test.labels, TEST_REPEATS))


def part_of_mnist(folder, subset, size, seed):
    """Load at most `size` digits, since the demo is to be done in minutes."""
    whole = datasets.load_mnist(folder, subset)
    if not len(whole.labels):
        raise datasets.DatasetError('%s: the files of the subset %r hold no digits'
                                    % (folder, subset))
    part, = datasets.split(whole, (min(size, len(whole.labels)),), seed)
    return part


@contextlib.contextmanager
def one_thread():
    """Keep everything on one thread while entered, unless ``OMP_NUM_THREADS`` says otherwise."""
    # So small networks gain little from a second thread, which on a busy machine is mostly waited for.
    before = get_num_threads()
    with contextlib.ExitStack() as limits:
        if 'OMP_NUM_THREADS' not in os.environ:
            set_num_threads(1)
            limits.callback(set_num_threads, before)
            try:
                from threadpoolctl import threadpool_limits   # scikit-learn brings it
            except ImportError:
                pass
            else:
                limits.enter_context(threadpool_limits(1))
        yield


def run(mnist=None, epochs=None, seed=0, output='lasagne_ext_demo.png', quick=False):
    """Train both networks, print what they are and how well they read, and write the picture.

    Parameters
    ----------
    mnist : str, optional
        Folder with the MNIST files; by default the digits that come with scikit-learn.
    epochs : int, optional
        For each network.
    seed : int
        Of all chance: the same seed gives the same result.
    output : str
        Picture to write.
    quick : bool
        No clutter, and fewer epochs unless `epochs` says how many.

    Returns
    -------
    dict
        Test error of ``'plain'`` and ``'transformer'``, as shares of 1.

    Raises
    ------
    DemoError, DatasetError
        If it cannot run as asked; nothing has been written then.
    """
    check_output(output)
    clutter = QUICK_CLUTTER if quick else CLUTTER
    training, test = load(mnist, clutter, seed)
    if epochs is None:
        epochs = QUICK_EPOCHS if quick else EPOCHS
    print('%d digits to learn from, %d placements of other digits to test with, %d pieces of clutter '
          'around each; %d epochs' % (len(training.labels), len(test.labels), clutter, epochs))
    errors = {}
    with one_thread(), theano.configparser.change_flags(floatX='float32'):
        for label, build in (('plain', plain_network), ('transformer', transformer_network)):
            lasagne.random.set_rng(np.random.RandomState(seed))
            network = build()
            print('\n%s network\n%s\n' % (label, summary(network.output)), flush=True)
            predict = train(network, training, epochs, clutter, seed, label)
            errors[label] = test_error(predict, test)
            print('test error, %s: %.1f %%' % (label, 100 * errors[label]), flush=True)
        # Different digits side by side, not the placements of one.
        spread = datasets.Dataset(test.images[::TEST_REPEATS], test.labels[::TEST_REPEATS])
        draw(network, spread, output)
    print('\nWith the transformer %.1f %% are read wrongly, without it %.1f %%. Picture: %s'
          % (100 * errors['transformer'], 100 * errors['plain'], output))
    return errors
