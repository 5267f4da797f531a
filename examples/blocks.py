"""A convolutional network made of blocks, trained on handwritten digits.

The five calls that begin it are the toy example of a student's notes on a small framework of his own: two
convolutions of 32 filters, a rectifier behind each, and a maximum over windows of 2 x 2 pixels. What
follows makes a classifier of them: dropout, which is in the graph for training only, and a softmax over the
ten digits. ``chain`` is the same network, written in another way.

Run it with ``python examples/blocks.py``.
"""
import lasagne_ext
import lasagne
import numpy as np
import theano
import theano.tensor as T
from lasagne_ext.blocks import (activation, convolutional, dropout, input_block, layer_of, linear,
                                maxpool)
from lasagne_ext.datasets import load_digits, minibatches, split
from lasagne_ext.debug import summary

EPOCHS, BATCH, LEARNING_RATE = 10, 64, 2e-3
TRAINING_DIGITS, TEST_DIGITS = 1297, 500


def network(X, input_shape):
    """Step by step: what is computed for training and for prediction, and all parameters."""
    all_parameters = []

    # two convolutions, and a maximum over windows
    output, output_test, params, output_shape = convolutional(X, X, input_shape, 32, (3, 3))
    all_parameters += params
    output, output_test, params, output_shape = activation(output, output_test, output_shape, 'relu')
    output, output_test, params, output_shape = convolutional(output, output_test, output_shape, 32, (3, 3))
    all_parameters += params
    output, output_test, params, output_shape = activation(output, output_test, output_shape, 'relu')
    output, output_test, params, output_shape = maxpool(output, output_test, output_shape, (2, 2))

    # a classifier
    output, output_test, params, output_shape = dropout(output, output_test, output_shape, .3)
    output, output_test, params, output_shape = linear(output, output_test, output_shape, 10)
    all_parameters += params
    output, output_test, params, output_shape = activation(output, output_test, output_shape, 'softmax')
    return output, output_test, all_parameters


def chain(input_shape):
    """The same network, written as a chain."""
    return (input_block(input_shape)
            | convolutional(32, (3, 3)) | activation('relu')
            | convolutional(32, (3, 3)) | activation('relu') | maxpool((2, 2))
            | dropout(.3) | linear(10) | activation('softmax'))


def compile_functions(X, output, output_test, parameters):
    """One function that makes a training step and returns its loss, and one that predicts."""
    y = T.ivector('y')
    loss = lasagne.objectives.categorical_crossentropy(output, y).mean()
    updates = lasagne.updates.adam(loss, parameters, LEARNING_RATE)
    train = theano.function([X, y], loss, updates=updates, allow_input_downcast=True)
    predict = theano.function([X], output_test.argmax(axis=1), allow_input_downcast=True)
    return train, predict


def main(epochs=EPOCHS, training_digits=TRAINING_DIGITS, test_digits=TEST_DIGITS):
    np.random.seed(0)                        # Lasagne draws the first weights from there
    training, test = split(load_digits(), (training_digits, test_digits), seed=0)
    X = T.tensor4('X')
    output, output_test, parameters = network(X, (None, 1, 8, 8))
    print(summary(layer_of(output)))
    print('\nthe same as a chain:\n%s\n' % repr(chain((None, 1, 8, 8))).replace(' | ', '\n  | '), flush=True)
    train, predict = compile_functions(X, output, output_test, parameters)
    losses = []
    for epoch in range(epochs):
        losses.append(np.mean([train(*batch) for batch in minibatches(training, BATCH, epoch=epoch)]))
        error = (predict(test.images) != test.labels).mean()
        print('epoch %d  loss %.3f  test error %.1f %%' % (epoch, losses[-1], 100 * error), flush=True)
    return losses


if __name__ == '__main__':
    print('engine: %s\n' % lasagne_ext.engine.report()['engine'])
    main()
