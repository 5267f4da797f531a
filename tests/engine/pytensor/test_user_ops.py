"""Ops of one's own on every linker."""
import numpy as np
import pytest

pytest.importorskip('pytensor')

import theano  # noqa: E402
import theano.tensor as T  # noqa: E402


class Shifted(theano.Op):
    """Its output's shape is the input's, and it runs in Python alone."""

    __props__ = ('by',)

    def __init__(self, by):
        self.by = by

    def make_node(self, x):
        x = T.as_tensor_variable(x)
        return theano.Apply(self, [x], [x.type()])

    def perform(self, node, inputs, output_storage):
        output_storage[0][0] = inputs[0] + self.by

    def infer_shape(self, node, input_shapes):
        return input_shapes

    def grad(self, inputs, output_grads):
        return [output_grads[0]]


@pytest.mark.filterwarnings('ignore:Numba will use object mode', 'ignore:the Op Shifted has no JAX')
@pytest.mark.parametrize('mode', ['NUMPY', 'FAST_COMPILE', 'CVM', 'NUMBA', 'JAX'])
def test_python_op(mode):
    if mode == 'JAX':
        pytest.importorskip('jax')
    x = T.dmatrix('x')
    y = T.tanh(Shifted(1.)(x))
    f = theano.function([x], [y, T.grad(y.sum(), x)], mode=mode)
    value, slope = f([[0., 1.]])
    np.testing.assert_allclose(value, np.tanh([[1., 2.]]))
    np.testing.assert_allclose(slope, 1 - np.tanh([[1., 2.]]) ** 2)


def test_an_op_with_a_jax_function_needs_no_callback():
    jax = pytest.importorskip('jax')

    class Known(Shifted):
        def jax_function(self, node):
            return lambda x: jax.numpy.add(x, self.by)

        def perform(self, node, inputs, output_storage):
            raise AssertionError('not to be called')

    x = T.dvector('x')
    assert theano.function([x], Known(2.)(x), mode='JAX')([1.]).tolist() == [3]
