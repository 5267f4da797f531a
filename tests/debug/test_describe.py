"""An array in one line."""
import numpy as np
import pytest

from lasagne_ext.debug import describe


def test_figures():
    figures = describe(np.array([[0, 1, np.nan], [np.inf, -3, -np.inf]], dtype='float32'))
    assert figures.to_dict() == {
        'shape': (2, 3), 'dtype': 'float32', 'size': 6, 'minimum': -3., 'maximum': 1.,
        'mean': pytest.approx(-2 / 3), 'std': pytest.approx(np.std([0, 1, -3])), 'zeros': 1,
        'nans': 1, 'infs': 2}


@pytest.mark.parametrize('array, line', [
    (np.arange(4), '(4,) int64, min 0 max 3 mean 1.5 std 1.118, 1 zero, 0 NaN, 0 Inf'),
    (np.zeros((0, 3)), '(0, 3) float64, empty, 0 NaN, 0 Inf'),
    (np.array(True), '() bool, min 1 max 1 mean 1 std 0, 0 NaN, 0 Inf'),
    (np.full(2, np.nan), '(2,) float64, 2 NaN, 0 Inf'),
    (np.array([np.inf, 1]), '(2,) float64, min 1 max 1 mean 1 std 0, 0 NaN, 1 Inf')])
def test_line(array, line):
    assert str(describe(array)) == line
    assert repr(describe(array)) == '<Description %s>' % line


def test_large_float32_values_do_not_overflow():
    assert describe(np.full(1000, 1e38, dtype='float32')).std == pytest.approx(0, abs=1e24)


def test_large_float64_values_do_not_overflow():
    figures = describe(np.array([1e308, -1e308]))
    assert (figures.mean, figures.std) == (0, pytest.approx(1e308))


@pytest.mark.parametrize('array', [np.array(['a']), np.array([1j]), np.array([object()])])
def test_what_is_not_real_numbers_is_refused(array):
    with pytest.raises(TypeError, match='expected an array of real numbers, got dtype'):
        describe(array)
