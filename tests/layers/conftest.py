"""What the tests of all layers need: inputs of any number of dimensions, and a run."""
import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T

FLOAT = theano.config.floatX


class Network:
    """Makes input layers and runs networks above them.

    Attributes
    ----------
    float_type : str
        Of all inputs.
    """

    float_type = FLOAT

    @staticmethod
    def source(shape, name=None):
        """An input layer of that shape."""
        variable = T.TensorType(FLOAT, (False,) * len(shape))()
        return lasagne.layers.InputLayer(shape, variable, name=name)

    @staticmethod
    def run(layer, *values):
        """The layer's output for values of the input layers below it."""
        sources = [below for below in lasagne.layers.get_all_layers(layer)
                   if isinstance(below, lasagne.layers.InputLayer)]
        function = theano.function([source.input_var for source in sources],
                                   lasagne.layers.get_output(layer))
        return function(*[np.asarray(value, FLOAT) for value in values])

    @staticmethod
    def compute(function, *arrays, **options):
        """What a function of tensors computes. Constants in its graph would be folded one by one."""
        variables = [T.TensorType(array.dtype, (False,) * array.ndim)() for array in arrays]
        return theano.function(variables, function(*variables, **options))(*arrays)

    @staticmethod
    def gradients(layer, image):
        """Gradients of the output's sum of squares to all parameters, for a network of one input."""
        source, = [below for below in lasagne.layers.get_all_layers(layer)
                   if isinstance(below, lasagne.layers.InputLayer)]
        loss = T.sum(T.sqr(lasagne.layers.get_output(layer)))
        gradients = theano.grad(loss, lasagne.layers.get_all_params(layer, trainable=True))
        return theano.function([source.input_var], gradients)(np.asarray(image, FLOAT))

    @staticmethod
    def check_shapes(layer, *values):
        """Assert that the shape declared, for None too, is the one that comes out."""
        actual = Network.run(layer, *values).shape
        assert len(layer.output_shape) == len(actual)
        assert all(d is None or d == a for d, a in zip(layer.output_shape, actual))
        sources = [below for below in lasagne.layers.get_all_layers(layer)
                   if isinstance(below, lasagne.layers.InputLayer)]
        shapes = {source: np.shape(value) for source, value in zip(sources, values)}
        assert lasagne.layers.get_output_shape(layer, shapes) == actual
        return actual


@pytest.fixture
def network():
    return Network
