"""Theano's workflow, from a model to its predictions: softmax regression on handwritten digits.

A model is described by symbols, its loss too; Theano works out the gradients; one compiled function makes
a step of gradient descent, another one predicts; a loop calls the first.

The workflow is that of a pseudo-code that is often shown, which leaves out details and cannot run. What is
different here, and why:

- ``x`` and ``y`` are symbolic variables, ``T.matrix('x')`` and ``T.ivector('y')``. The data are given to the
  compiled functions; written into the graph as arrays, they could not be exchanged for those of the test.
- ``theano.shared(w, 'W')``: the second argument is a name. The precision comes from the array, which is
  cast to ``theano.config.floatX``, with a capital X.
- ``T.dot(x, W) + b``: examples are rows, so that the weights stand on the right, and one bias for each class
  is added to every row.
- The loss is ``-log p[y]``, averaged. The minus makes it something to be minimised; the mean makes it one
  number, of which alone ``T.grad`` can take the gradient, and keeps the step's size apart from the number
  of examples. ``y log p + (1 - y) log(1 - p)`` is for outputs that are each a question of its own, as
  those of a sigmoid; the classes of a softmax are one question.
- ``theano.function(inputs=[x, y], outputs=loss, updates=...)``: the arguments are called so, inputs are a
  list, and the targets are among them. The prediction needs none, and has no updates.

Run it with ``python examples/workflow.py``.
"""
from collections import namedtuple

import lasagne_ext
import numpy as np
import theano
import theano.tensor as T
from lasagne_ext.datasets import load_digits

STEPS, LEARNING_RATE = 200, 1.
TRAINING_DIGITS = 1297

#: The compiled functions, and the shared variables that training changes.
Model = namedtuple('Model', 'train predict weights biases')


def softmax_regression(features, classes, learning_rate=LEARNING_RATE, seed=0):
    """A linear classifier: ``train(x, y)`` makes a step and returns the loss before it."""
    rng = np.random.RandomState(seed)
    x, y = T.matrix('x'), T.ivector('y')
    weights = theano.shared((.01 * rng.randn(features, classes)).astype(theano.config.floatX), 'W')
    biases = theano.shared(np.zeros(classes, dtype=theano.config.floatX), 'b')

    probabilities = T.nnet.softmax(T.dot(x, weights) + biases)
    loss = -T.log(probabilities[T.arange(y.shape[0]), y]).mean()

    parameters = [weights, biases]
    gradients = T.grad(loss, parameters)
    rate = np.asarray(learning_rate, dtype=theano.config.floatX)
    updates = [(parameter, parameter - rate * gradient)
               for parameter, gradient in zip(parameters, gradients)]

    train = theano.function(inputs=[x, y], outputs=loss, updates=updates)
    predict = theano.function(inputs=[x], outputs=probabilities.argmax(axis=1))
    return Model(train, predict, weights, biases)


def digits():
    """Rows of 64 pixels and their classes: to train with, then to test with."""
    dataset = load_digits()
    x = dataset.images.reshape(len(dataset.images), -1).astype(theano.config.floatX)
    y = dataset.labels
    return (x[:TRAINING_DIGITS], y[:TRAINING_DIGITS]), (x[TRAINING_DIGITS:], y[TRAINING_DIGITS:])


def main():
    (x, y), (test_x, test_y) = digits()
    model = softmax_regression(x.shape[1], 10)
    for step in range(STEPS):
        loss = model.train(x, y)
        if step % 40 == 0 or step == STEPS - 1:
            print('step %3d  loss %.4f' % (step, loss))
    wrong = (model.predict(test_x) != test_y).mean()
    print('%s: test error %.1f %%' % (lasagne_ext.engine.report()['engine'], 100 * wrong))


if __name__ == '__main__':
    main()
