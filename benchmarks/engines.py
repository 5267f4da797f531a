"""The same training on another engine: same numbers?

    python3.11 benchmarks/engines.py theano.npz
    python3.13 benchmarks/engines.py pytensor.npz --compare theano.npz

Trains four small Lasagne networks in float32, without chance, from weights and on data that NumPy's
RandomState makes of a fixed seed, and writes these, the losses and the final parameters. With
``--compare`` it then shows how far both results are apart: the largest difference relative to the
largest value, of the losses, of any parameter, and of the predictions after loading the other engine's
parameters into the network. The status is 1 if a difference is more than single precision explains.
The mode is the configured one: ``THEANO_FLAGS=mode=JAX python3.13 benchmarks/engines.py jax.npz``.
"""
import argparse
import os
import sys
import time
import zipfile

import lasagne_ext
import lasagne
import numpy as np
import theano
import theano.tensor as T
from lasagne.layers import (DenseLayer, InputLayer, LSTMLayer, Conv2DLayer, MaxPool2DLayer, SliceLayer,
                            get_all_param_values, get_all_params, get_output, set_all_param_values)
from lasagne.nonlinearities import softmax, tanh
from lasagne.updates import adam, nesterov_momentum

from lasagne_ext.layers import TransformerLayer

USAGE_ERROR = 2

SEED = 1
BATCHES, BATCH_SIZE, CLASSES = 10, 16, 4

#: Largest difference, relative to the largest value, that float32 explains after 50 steps. What jumps
#: (the slope at a pixel centre, a rectifier's at 0) may part two trainings by a thousand times as much,
#: when a value comes within rounding of it: the seed and the rates are ones for which none does.
TOLERANCE = {'losses': 1e-5, 'parameters': 1e-4, 'predictions': 1e-5}


class Failure(Exception):
    """To be told in one line."""


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(USAGE_ERROR, '%s: error: %s\n' % (self.prog, message))


def mlp(inputs):
    hidden = DenseLayer(inputs[0], 32, nonlinearity=tanh)
    return DenseLayer(DenseLayer(hidden, 32), CLASSES, nonlinearity=softmax)


def convnet(inputs):
    incoming = inputs[0]
    for filters in (6, 8):
        incoming = MaxPool2DLayer(Conv2DLayer(incoming, filters, 3), 2)
    return DenseLayer(DenseLayer(incoming, 16), CLASSES, nonlinearity=softmax)


def lstm(inputs):
    sequences, mask = inputs
    hidden = LSTMLayer(sequences, 12, mask_input=mask, grad_clipping=5)
    return DenseLayer(SliceLayer(hidden, -1, axis=1), CLASSES, nonlinearity=softmax)


def transformer(inputs):
    images, = inputs
    identity = np.array([1, 0, 0, 0, 1, 0], dtype='float32')
    theta = DenseLayer(DenseLayer(images, 16, nonlinearity=tanh), 6, W=lasagne.init.Constant(0),
                       b=identity, nonlinearity=None)
    moved = TransformerLayer(images, theta, downsample_factor=2, border_mode='zeros')
    return DenseLayer(DenseLayer(moved, 16), CLASSES, nonlinearity=softmax)


#: Name -> how its network is built, what shape an example has, what trains it and how fast.
MODELS = {'mlp': (mlp, (20,), nesterov_momentum, .05),
          'convnet': (convnet, (1, 14, 14), nesterov_momentum, .05),
          'lstm': (lstm, (9, 5), adam, .01),
          'transformer': (transformer, (1, 12, 12), adam, .003)}


def examples(shape, rng):
    """Inputs, among them a mask for sequences, and the class that a random linear map gives them."""
    inputs = [rng.randn(BATCHES * BATCH_SIZE, *shape).astype('float32')]
    teacher = rng.randn(int(np.prod(shape)), CLASSES)
    classes = inputs[0].reshape(len(inputs[0]), -1).dot(teacher).argmax(axis=1)
    if len(shape) == 2:
        lengths = rng.randint(1, shape[0] + 1, len(classes))
        inputs.append((np.arange(shape[0]) < lengths[:, None]).astype('float32'))
    return inputs, classes.astype('int32')


class Model:
    """A network with its data and its compiled training function.

    Parameters
    ----------
    name : str
        One of ``MODELS``.
    """

    def __init__(self, name):
        build, shape, update, rate = MODELS[name]
        rng = np.random.RandomState([SEED, sorted(MODELS).index(name)])
        lasagne.random.set_rng(rng)
        self.inputs, self.classes = examples(shape, rng)
        layers = [InputLayer((None,) + array.shape[1:]) for array in self.inputs]
        self.network = build(layers)
        self.initial = get_all_param_values(self.network)
        variables, classes = [layer.input_var for layer in layers], T.ivector('classes')
        prediction = get_output(self.network)
        loss = lasagne.objectives.categorical_crossentropy(prediction, classes).mean()
        updates = update(loss, get_all_params(self.network, trainable=True), learning_rate=rate)
        self.step = theano.function(variables + [classes], [loss, prediction], updates=updates)

    def predictions(self):
        """Predictions for all data, by the training function: another would double the compilation."""
        before = get_all_param_values(self.network)
        _, prediction = self.step(*self.inputs, self.classes)
        set_all_param_values(self.network, before)
        return prediction

    def train(self, steps):
        """Losses of so many steps, the batches in turn."""
        losses = []
        for step in range(steps):
            batch = slice(step % BATCHES * BATCH_SIZE, (step % BATCHES + 1) * BATCH_SIZE)
            losses.append(self.step(*[array[batch] for array in self.inputs], self.classes[batch])[0])
        return np.array(losses)

    def result(self, losses):
        """All that the other engine needs for the comparison, as named arrays."""
        arrays = {'losses': losses, 'predictions': self.predictions(), 'classes': self.classes}
        for what, values in (('input', self.inputs), ('initial', self.initial),
                             ('final', get_all_param_values(self.network))):
            arrays.update(('%s.%d' % (what, k), value) for k, value in enumerate(values))
        return arrays


def run(name, steps):
    """Build and train a model; returns it with its result."""
    start = time.time()
    model = Model(name)
    compiled = time.time()
    losses = model.train(steps)
    print('%-12s  graph and compilation %6.1f s, %d steps %6.2f s, loss %.4f -> %.4f'
          % (name, compiled - start, steps, time.time() - compiled, losses[0], losses[-1]), flush=True)
    return model, model.result(losses)


def difference(ours, theirs):
    """Largest difference relative to the largest value; NaN where anything is."""
    return float(np.abs(ours - theirs).max() / (np.abs(theirs).max() or 1))


def numbered(arrays, what):
    """The arrays ``what.0``, ``what.1``, ... in order."""
    return [arrays['%s.%d' % (what, k)] for k in range(sum(key.split('.')[0] == what for key in arrays))]


def compare(model, ours, theirs):
    """Differences of one model's results by name; loads the other's parameters to see that they fit."""
    for key, value in ours.items():
        given = not key.startswith(('losses', 'predictions', 'final'))
        if key not in theirs or theirs[key].shape != value.shape or given and (theirs[key] != value).any():
            raise Failure('the other training had other networks, data, initial weights or steps: they '
                          'differ in %r' % key)
    set_all_param_values(model.network, numbered(theirs, 'final'))
    parameters = zip(numbered(ours, 'final'), numbered(theirs, 'final'))
    return {'losses': difference(ours['losses'], theirs['losses']),
            'parameters': float(np.max([difference(*pair) for pair in parameters])),
            'predictions': difference(model.predictions(), theirs['predictions'])}


def table(differences):
    rows = [('',) + tuple(TOLERANCE)]
    rows += [(name,) + tuple('%.1e' % values[what] for what in TOLERANCE)
             for name, values in differences.items()]
    rows.append(('allowed',) + tuple('%.1e' % limit for limit in TOLERANCE.values()))
    return '\n'.join('%-12s' % row[0] + ''.join('%13s' % cell for cell in row[1:]) for row in rows)


def read(path, names):
    """The other engine's results, ``{model: {name: array}}``."""
    try:
        with np.load(path) as archive:
            arrays = dict(archive)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, AttributeError) as error:
        raise Failure('cannot read %r: %s' % (path, str(error).splitlines()[0])) from None
    version = str(arrays.get('lasagne', 'unknown'))
    if version != lasagne.__version__:
        raise Failure('%r was made with Lasagne %s, this is %s: their recurrent layers differ'
                      % (path, version, lasagne.__version__))
    result = {name: {key.split('/')[1]: value for key, value in arrays.items()
                     if key.startswith(name + '/')} for name in names}
    missing = [name for name in names if not result[name]]
    if missing:
        raise Failure('%r holds no result for %s' % (path, ', '.join(missing)))
    return result


def engine_name():
    report = lasagne_ext.engine.report()
    return '%s; Lasagne %s, Python %s, NumPy %s, mode %s' % (
        report['engine'], report['Lasagne'], report['Python'].split()[0], report['NumPy'],
        theano.config.mode)


def arguments(argv):
    parser = _Parser(description=__doc__.splitlines()[0])
    parser.add_argument('output', metavar='OUTPUT.npz', help='file to write')
    parser.add_argument('--compare', metavar='OTHER.npz', help="the other engine's file")
    parser.add_argument('--steps', type=int, default=50, metavar='N', help='default: %(default)s')
    parser.add_argument('--models', nargs='+', choices=sorted(MODELS), default=list(MODELS))
    options = parser.parse_args(argv)
    if options.steps < 1:
        parser.error('argument --steps: must be at least 1, got %d' % options.steps)
    folder = os.path.dirname(options.output) or '.'
    if not os.path.isdir(folder):
        parser.error('argument OUTPUT.npz: there is no folder %r' % folder)
    return options


def main(argv=None):
    options = arguments(argv)
    theano.config.floatX = 'float32'
    theirs = read(options.compare, options.models) if options.compare else None
    print(engine_name(), flush=True)
    arrays, differences = {'lasagne': np.array(lasagne.__version__)}, {}
    for name in options.models:
        model, ours = run(name, options.steps)
        arrays.update(('%s/%s' % (name, key), value) for key, value in ours.items())
        if theirs:
            differences[name] = compare(model, ours, theirs[name])
    with open(options.output, 'wb') as f:
        np.savez(f, **arrays)
    if not theirs:
        return 0
    print('\nlargest differences from %s\n%s' % (options.compare, table(differences)))
    return int(not all(values[what] <= limit for values in differences.values()
                       for what, limit in TOLERANCE.items()))


if __name__ == '__main__':
    try:
        sys.exit(main())
    except Failure as failure:
        sys.stderr.write('engines.py: error: %s\n' % failure)
        sys.exit(USAGE_ERROR)
