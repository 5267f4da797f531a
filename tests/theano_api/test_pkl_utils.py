"""Zip files with a pickle and its arrays."""
import io
import zipfile

import numpy as np
import pytest
import theano
from theano.misc.pkl_utils import PersistentSharedVariableID, dump, load


def written(obj, **kwargs):
    file = io.BytesIO()
    dump(obj, file, **kwargs)
    file.seek(0)
    return file


def test_arrays_lie_apart_under_the_names_of_their_variables():
    weights = theano.shared(np.arange(3.), name='weights')
    file = written((weights, weights, np.eye(2), 'text'))
    with zipfile.ZipFile(file) as zip_file:
        assert {'pkl', 'weights', 'array_0'} <= set(zip_file.namelist())
        assert np.lib.format.read_array(zip_file.open('weights')).tolist() == [0, 1, 2]
    file.seek(0)
    first, second, array, text = load(file)
    assert first is second and first.get_value().tolist() == [0, 1, 2]
    assert array.tolist() == [[1, 0], [0, 1]] and text == 'text'


def test_variables_of_the_same_name():
    pair = [theano.shared(np.array([float(k)]), name='x') for k in (1, 2)]
    file = written(pair)
    with zipfile.ZipFile(file) as zip_file:
        assert {'x', 'x_2'} <= set(zip_file.namelist())
    file.seek(0)
    assert [x.get_value().tolist() for x in load(file)] == [[1], [2]]
    with pytest.raises(ValueError):
        written(pair, persistent_id=lambda f: PersistentSharedVariableID(f, allow_duplicates=False))


def test_unnamed_variables_may_be_refused():
    with pytest.raises(ValueError):
        written(theano.shared(np.zeros(1)),
                persistent_id=lambda f: PersistentSharedVariableID(f, allow_unnamed=False))
