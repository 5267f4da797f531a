"""The workflow's example against the same training written in NumPy."""
import importlib.util
import os
import runpy

import numpy as np
import pytest
import theano

pytest.importorskip('sklearn')

PATH = os.path.join(os.path.dirname(__file__), os.pardir, 'examples', 'workflow.py')


@pytest.fixture
def workflow():
    """The example as a module, without running it."""
    spec = importlib.util.spec_from_file_location('example_workflow', PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class InNumpy:
    """Softmax regression by gradient descent, its gradients worked out by hand."""

    def __init__(self, weights, biases, learning_rate):
        self.weights, self.biases, self.learning_rate = weights, biases, learning_rate

    def probabilities(self, x):
        scores = x @ self.weights + self.biases
        exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
        return exponentials / exponentials.sum(axis=1, keepdims=True)

    def train(self, x, y):
        p = self.probabilities(x)
        examples = np.arange(len(x))
        loss = -np.log(p[examples, y]).mean()
        slope = p.copy()
        slope[examples, y] -= 1
        slope /= len(x)
        self.weights = self.weights - self.learning_rate * x.T @ slope
        self.biases = self.biases - self.learning_rate * slope.sum(axis=0)
        return loss

    def predict(self, x):
        return self.probabilities(x).argmax(axis=1)


@pytest.fixture
def float64():
    with theano.configparser.change_flags(floatX='float64'):
        yield


def test_losses_are_those_of_numpy(workflow, fast_compile, float64):
    (x, y), (test_x, test_y) = workflow.digits()
    assert len(x) == 1297 and len(test_x) == 500 and x.dtype == 'float64'
    model = workflow.softmax_regression(64, 10)
    reference = InNumpy(model.weights.get_value(), model.biases.get_value(), workflow.LEARNING_RATE)
    losses = [(float(model.train(x, y)), reference.train(x, y)) for _ in range(60)]
    ours, theirs = np.array(losses).T
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)
    assert ours[-1] < .2 * ours[0]
    np.testing.assert_allclose(model.weights.get_value(), reference.weights, rtol=0, atol=1e-9)
    np.testing.assert_allclose(model.biases.get_value(), reference.biases, rtol=0, atol=1e-9)
    assert np.array_equal(model.predict(test_x), reference.predict(test_x))


def test_prediction_changes_nothing(workflow, fast_compile, float64, rng):
    model = workflow.softmax_regression(3, 2)
    before = model.weights.get_value()
    model.predict(rng.randn(4, 3))
    assert np.array_equal(before, model.weights.get_value())
    model.train(rng.randn(4, 3), np.array([0, 1, 1, 0], dtype='int32'))
    assert not np.array_equal(before, model.weights.get_value())


def test_it_runs_as_a_program(float64, capsys):
    runpy.run_path(PATH, run_name='__main__')
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == 'step   0  loss 2.2975' and lines[-1].endswith('test error 10.2 %')
