"""Test values: an error comes in the line that makes the wrong node."""
import numpy as np
import pytest
import theano
import theano.tensor as T
from theano.gof.op import get_test_value

pytestmark = pytest.mark.usefixtures('fast_compile')


def matrix(*shape):
    x = T.dmatrix()
    x.tag.test_value = np.ones(shape)
    return x


def test_values_go_along():
    w = theano.shared(np.full((3, 2), 2.))
    with theano.change_flags(compute_test_value='raise'):
        y = T.dot(matrix(4, 3), w) + 1
        assert get_test_value(y).tolist() == [[7, 7]] * 4
        assert get_test_value(T.constant(3)) == 3


def test_a_wrong_shape_raises_at_once():
    with theano.change_flags(compute_test_value='raise'), pytest.raises(ValueError):
        T.dot(matrix(4, 3), matrix(4, 3))


def test_a_missing_value():
    with theano.change_flags(compute_test_value='raise'), pytest.raises(ValueError):
        T.exp(T.dmatrix())
    with theano.change_flags(compute_test_value='ignore'):
        assert not hasattr(T.exp(T.dmatrix()).tag, 'test_value')
    assert not hasattr(T.exp(matrix(1, 1)).tag, 'test_value')


def test_scan_and_gradients_carry_them():
    with theano.change_flags(compute_test_value='raise'):
        x = T.dvector()
        x.tag.test_value = np.array([1., 2.])
        slope = T.grad((x ** 2).sum(), x)
        assert get_test_value(slope).tolist() == [2, 4]


def test_unknown_modes_are_refused():
    with pytest.raises(ValueError):
        theano.config.compute_test_value = 'sometimes'
    assert theano.config.compute_test_value in ('off', 'ignore')
